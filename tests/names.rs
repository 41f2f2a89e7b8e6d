//! Names on the command line: the eight 2-D sets, run directories in the place of models, and the nearest name to one that is unknown.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use otflow::session::{Toy, built_in, parse};
use runs::{Place, SMALL, code, lines, otflow, text, told};

/// Exit code, stdout and stderr of a command in a directory.
fn run(folder: &Path, command: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut program = otflow(command);
    let output = program
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (code(&output), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_set_is_trained_by_its_name_and_its_run_has_that_name() {
    let folder = tempfile::tempdir().unwrap();
    // A folder of the name hides nothing.
    fs::create_dir(folder.path().join("moons")).unwrap();
    for toy in ["moons", "2spirals"] {
        let (code, _, said) = run(folder.path(), "train", &[toy, "-q", "--iterations=2"]);
        assert_eq!(code, Some(0), "{said}");
        let runs = fs::read_dir(folder.path().join("runs")).unwrap();
        let runs = runs.map(|run| run.unwrap().path());
        let mut runs = runs.filter(|run| {
            let name = run.file_name().unwrap().to_str().unwrap();
            name.starts_with(&format!("{toy}-"))
        });
        let run = runs.next().unwrap();
        let start = &lines(&run.join("metrics.jsonl"))[0];
        assert_eq!(start["name"], toy);
        assert_eq!(start["session"]["data"]["Toy"]["name"], toy);
        assert!(start["file"].is_null());
        let text = fs::read_to_string(run.join("session.ron")).unwrap();
        assert_eq!(text, built_in(toy.parse().unwrap()));
    }
}

#[test]
fn the_session_of_a_set_is_written_with_comments_and_then_trained_by_the_name() {
    let folder = tempfile::tempdir().unwrap();
    for toy in Toy::ALL {
        let (code, said, error) = run(folder.path(), "init", &[toy.name()]);
        assert_eq!(code, Some(0), "{error}");
        let name = format!("{toy}.ron");
        assert!(
            said.contains(&format!("next: otflow train {name}")),
            "{said}"
        );
        let path = folder.path().join(&name);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(parse(&text, &path), parse(built_in(toy), &path));
        assert!(text.contains("// the 2-D set; "), "{text}");
    }
    let (code, _, error) = run(folder.path(), "init", &["rings"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("rings.ron is there already"), "{error}");
    let text = fs::read_to_string(folder.path().join("rings.ron")).unwrap();
    let edited = text.replace("iterations: 5000", "iterations: 3");
    fs::write(folder.path().join("rings.ron"), edited).unwrap();
    let (code, _, error) = run(folder.path(), "train", &["rings", "-q", "--out=run"]);
    assert_eq!(code, Some(0), "{error}");
    let metrics = lines(&folder.path().join("run/metrics.jsonl"));
    assert_eq!(metrics[0]["file"], "rings.ron");
    assert_eq!(metrics[0]["session"]["stop"]["iterations"], 3);
}

#[test]
fn an_unknown_set_file_field_gate_picture_or_format_is_answered_with_the_nearest_name() {
    let place = Place::new(SMALL);
    place.trains(&["--iterations=2"]);
    for (command, arguments, near) in [
        ("train", &["mons"][..], "did you mean `moons`?"),
        ("train", &["smal.ron"], "did you mean `small.ron`?"),
        (
            "train",
            &["--from=run", "smal.ron"],
            "did you mean `small.ron`?",
        ),
        ("init", &["pinwhel"], "did you mean `pinwheel`?"),
        ("check", &["8gausians"], "did you mean `8gaussians`?"),
        (
            "train",
            &["small.ron", "--set=optimzer.lr=1"],
            "did you mean `optimizer.lr`?",
        ),
        (
            "train",
            &["small.ron", "--set=lr=1"],
            "did you mean `start.lr` or `optimizer.lr`?",
        ),
        (
            "train",
            &["small.ron", "--set=data.name=\"mons\""],
            "did you mean `moons`?",
        ),
        (
            "train",
            &["small.ron", "--require=divergnce<=0.1"],
            "did you mean `divergence`?",
        ),
        (
            "train",
            &["small.ron", "--require=C<=0.1"],
            "did you mean `validation_C`?",
        ),
        (
            "train",
            &["small.ron", "--require=val_C<=0.1"],
            "did you mean `validation_C`?",
        ),
        (
            "plot",
            &["run", "--out=a.svg", "--what=pannels"],
            "'panels'",
        ),
        (
            "plot",
            &["run", "--out=a.svg", "--what=losses,densty"],
            "'density'",
        ),
        ("bench", &["--what=iterations"], "'iteration'"),
        ("compare", &["run", "--sort=divergance"], "'divergence'"),
    ] {
        let (code, _, said) = run(place.folder.path(), command, arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(near), "{arguments:?}: {said}");
    }
}

#[test]
fn a_session_that_is_checked_may_be_a_set() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said, _) = run(folder.path(), "check", &["rings"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("\"rings\""), "{said}");
}

#[test]
fn a_run_directory_stands_for_its_best_parameters() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let folder = place.folder.path();
    let of = |source: &str| {
        let (code, figures, said) = run(folder, "evaluate", &[source, "--n=50", "--json"]);
        assert_eq!(code, Some(0), "{said}");
        let mut figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
        figures[0]["rows_per_second"] = serde_json::Value::Null;
        let sampled = run(folder, "sample", &[source, "-n", "5", "-o", "s.csv"]);
        assert_eq!(sampled.0, Some(0), "{}", sampled.2);
        let samples = fs::read_to_string(folder.join("s.csv")).unwrap();
        let scored = run(folder, "score", &[source, "s.csv", "-o", "d.csv"]);
        assert_eq!(scored.0, Some(0), "{}", scored.2);
        let densities = fs::read_to_string(folder.join("d.csv")).unwrap();
        (figures, samples, densities)
    };
    let best = of("run/best.safetensors");
    assert_eq!(of("run"), best);
    assert_eq!(of("run/"), best);
    // What is left of a run before its first validation.
    fs::copy(folder.join("run/last.safetensors"), folder.join("l")).unwrap();
    fs::remove_file(folder.join("run/best.safetensors")).unwrap();
    assert_eq!(of("run"), of("run/last.safetensors"));
    fs::create_dir(folder.join("empty")).unwrap();
    let commands: [(&str, &[&str]); 4] = [
        ("evaluate", &[]),
        ("sample", &["-n", "5", "-o", "s.csv"]),
        ("score", &["s.csv", "-o", "d.csv"]),
        ("plot", &["--out=a.svg"]),
    ];
    for (command, rest) in commands {
        let arguments = [&["empty"], rest].concat();
        let (code, _, said) = run(folder, command, &arguments);
        assert_eq!(code, Some(2), "{command}");
        assert!(
            said.contains("empty has neither best.safetensors"),
            "{said}"
        );
        assert!(!said.contains("panicked"));
    }
}

#[test]
fn a_file_of_a_run_a_link_and_a_slash_stand_for_the_run() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let folder = place.folder.path();
    symlink("run", folder.join("link")).unwrap();
    symlink("run/last.safetensors", folder.join("latest")).unwrap();
    let sources = [
        "run",
        "run/",
        "link",
        "link/",
        "run/metrics.jsonl",
        "run/best.safetensors",
        "run/state.ckpt",
        "link/session.ron",
        "latest",
    ];
    for source in sources {
        let commands: [(&str, &[&str]); 6] = [
            ("export", &["--csv=e.csv"]),
            ("compare", &[]),
            ("plot", &["--what=losses", "--out=a.svg"]),
            ("replay", &[]),
            ("train", &["-q", "--out=fork", "--iterations=41", "--from"]),
            ("train", &["-q", "--iterations=40", "--resume"]),
        ];
        for (command, first) in commands {
            let arguments = [first, &[source]].concat();
            let (code, _, said) = run(folder, command, &arguments);
            assert_eq!(code, Some(0), "{command} {arguments:?}: {said}");
        }
        fs::remove_dir_all(folder.join("fork")).unwrap();
    }
    let of = |run_argument: &str| run(folder, "compare", &[run_argument]);
    assert_eq!(of("run/log.txt@1-20").0, Some(0));
    // Which parameters a file that has none stands for is not guessed.
    let (code, _, said) = run(folder, "evaluate", &["run/state.ckpt"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("give run for the best parameters"), "{said}");
    // A file in no run is none.
    let commands: [(&str, &[&str], i32); 3] = [
        ("export", &["--csv=e.csv"], 2),
        ("replay", &[], 2),
        // The others are compared.
        ("compare", &[], 1),
    ];
    for (command, rest, expected) in commands {
        let (code, _, said) = run(folder, command, &[&["small.ron"], rest].concat());
        assert_eq!(code, Some(expected), "{command}");
        assert!(said.contains("give that of a run"), "{said}");
    }
}

#[test]
fn a_session_starts_from_a_run_as_from_its_best_parameters() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let folder = place.folder.path();
    let first = |source: &str| {
        let start = format!("start: Model({source:?}),\n    stop: (iterations: 1)");
        let session = SMALL.replace("stop: (iterations: 40)", &start);
        fs::write(folder.join("next.ron"), session).unwrap();
        let (code, _, said) = run(folder, "train", &["next.ron", "-q", "--out=next"]);
        assert_eq!(code, Some(0), "{said}");
        let rows = told(&folder.join("next"));
        fs::remove_dir_all(folder.join("next")).unwrap();
        rows
    };
    let best = first("run/best.safetensors");
    assert_eq!(first("run"), best);
    assert_eq!(first("run/"), best);
    assert_ne!(told(&place.run())[0], best[0], "that of random parameters");
}

#[test]
fn letters_of_a_name_that_no_font_has_are_named_and_svg_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..40).map(|i| format!("{},{}\n", i * i, i % 7)).collect();
    fs::write(folder.path().join("t.csv"), format!("温度,цена\n{rows}")).unwrap();
    let data = r#"Table(path: "t.csv", batch: 10)"#;
    let toy = r#"Toy(name: "moons", batch: 100, resample_every: 5)"#;
    fs::write(folder.path().join("t.ron"), SMALL.replace(toy, data)).unwrap();
    let (code, _, said) = run(
        folder.path(),
        "train",
        &["t.ron", "-q", "--iterations=2", "--out=run"],
    );
    assert_eq!(code, Some(0), "{said}");
    // A machine whose fonts lie in an empty folder.
    fs::create_dir(folder.path().join("fonts")).unwrap();
    let fonts = folder.path().join("fonts");
    let config = format!("<fontconfig><dir>{}</dir></fontconfig>", fonts.display());
    fs::write(folder.path().join("fonts.conf"), config).unwrap();
    let plot = |out: &str| {
        let mut plot = otflow("plot");
        plot.args(["run", "--what=density", "--n=20", "--steps=2", "--out", out]);
        plot.env("FONTCONFIG_FILE", folder.path().join("fonts.conf"));
        let output = plot.current_dir(folder.path()).output().unwrap();
        assert_eq!(runs::code(&output), Some(0));
        text(&output.stderr)
    };
    let said = plot("a.png");
    assert!(
        said.starts_with("warning: no font here has 度 温: "),
        "{said}"
    );
    assert_eq!(plot("a.svg"), "");
    let svg = fs::read_to_string(folder.path().join("a.svg")).unwrap();
    assert!(svg.contains("温度") && svg.contains("sans-serif"));
}
