//! `otflow train --report FILE`: what a CI system reads of every end of a run.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use roxmltree::Document;
use runs::{Place, SMALL, code, text};

/// More iterations than a test can wait for.
const LONG: [&str; 4] = ["--iterations", "1000000000", "--seconds", "60"];

/// A test of a report, as `name passed`, `name failure: message`, `name error TYPE: message` or `name skipped`.
fn tests(report: &Path) -> Vec<String> {
    let text = fs::read_to_string(report).unwrap();
    let document = Document::parse(&text).unwrap();
    let cases = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"));
    let told = cases.map(|case| {
        let name = case.attribute("name").unwrap();
        let outcome = case.children().find(|node| {
            ["failure", "error", "skipped"]
                .iter()
                .any(|tag| node.has_tag_name(*tag))
        });
        let Some(outcome) = outcome else {
            return format!("{name} passed");
        };
        let tag = outcome.tag_name().name();
        let message = outcome.attribute("message").unwrap_or_default();
        match outcome.attribute("type") {
            Some(kind) if tag == "error" => format!("{name} error {kind}: {message}"),
            _ => format!("{name} {tag}: {message}"),
        }
    });
    told.collect()
}

fn report(place: &Place) -> PathBuf {
    place.folder.path().join("report.xml")
}

fn trained(place: &Place, arguments: &[&str]) -> Output {
    let mut command = place.train(arguments);
    command.arg("--report").arg(report(place));
    command.output().unwrap()
}

fn spawned(place: &Place, arguments: &[&str]) -> Child {
    let mut command = place.train(arguments);
    command.arg("--report").arg(report(place)).args(LONG);
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    runs::wait(&place.run(), 5000);
    child
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(status.success());
}

#[test]
fn gates_pass_and_fail_with_their_values() {
    let place = Place::new(SMALL);
    let gates = ["--require=validation_C<=100", "--require=validation_L<=-1"];
    let output = trained(&place, &gates);
    assert_eq!(code(&output), Some(4));
    let told = tests(&report(&place));
    assert_eq!(told[..2], ["training passed", "validation_C <= 100 passed"]);
    assert!(
        told[2].starts_with("validation_L <= -1 failure: "),
        "{told:?}"
    );
    assert!(told[2].contains(" missed by "), "{told:?}");
    let text = fs::read_to_string(report(&place)).unwrap();
    let best = place.run().join("best.safetensors");
    for part in ["small", "C - H", best.to_str().unwrap(), "otflow 0.1.0"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn markdown_is_written_by_its_ending_also_into_the_run_directory() {
    let place = Place::new(SMALL);
    let file = place.run().join("report.md");
    let mut command = place.train(&["--require=validation_C<=100"]);
    let output = command.arg("--report").arg(&file).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let text = fs::read_to_string(file).unwrap();
    assert!(text.starts_with("## small: passed\n"), "{text}");
    assert!(text.contains("| validation\\_C &lt;= 100 | "), "{text}");
}

#[test]
fn a_signal_is_an_error_of_the_training() {
    for (signal, expected) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let place = Place::new(SMALL);
        let mut child = spawned(&place, &["--require=validation_C<=100"]);
        // Before the end it says so.
        let before = tests(&report(&place));
        assert!(
            before[0].starts_with("training error unfinished: "),
            "{before:?}"
        );
        assert_eq!(before[1], "validation_C <= 100 skipped: ");
        send(signal, &child);
        assert_eq!(child.wait().unwrap().code(), Some(expected));
        let number = expected - 128;
        let told = tests(&report(&place));
        let error = format!("training error signal: stopped by signal {number}");
        assert_eq!(told, [error.as_str(), "validation_C <= 100 passed"]);
    }
}

#[test]
fn a_killed_process_leaves_no_report_of_a_run_that_passed() {
    let place = Place::new(SMALL);
    assert_eq!(code(&trained(&place, &[])), Some(0));
    assert_eq!(tests(&report(&place)), ["training passed"]);
    let again = Place::new(SMALL);
    fs::copy(report(&place), report(&again)).unwrap();
    let mut child = spawned(&again, &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    let told = tests(&report(&again));
    assert!(told[0].contains("the process was killed"), "{told:?}");
}

#[test]
fn a_divergence_and_a_refused_session_are_errors() {
    let wild = SMALL
        .replace("lr: 0.05", "lr: 10")
        .replace("model: (width: 6)", "model: (width: 6, precision: F32)")
        .replace("stop:", "recovery: (rollbacks: 1, factor: 0.9), stop:");
    let place = Place::new(&wild);
    let output = trained(&place, &["--iterations=400"]);
    assert_eq!(code(&output), Some(3), "{}", text(&output.stdout));
    let told = tests(&report(&place));
    assert_eq!(
        told,
        ["training error diverged: diverged, no rollbacks left"]
    );
    let place = Place::new(&SMALL.replace("width: 6", "widht: 6"));
    assert_eq!(code(&trained(&place, &[])), Some(2));
    let told = tests(&report(&place));
    assert!(told[0].starts_with("training error refused: "), "{told:?}");
    assert!(told[0].contains("did you mean `width`?"), "{told:?}");
}

#[test]
fn what_can_not_be_written_is_an_error() {
    let place = Place::new(SMALL);
    let child = spawned(&place, &["--require=validation_C<=100"]);
    while place.run().exists() {
        let _ = fs::remove_dir_all(place.run());
    }
    send("-TERM", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), Some(1));
    let told = tests(&report(&place));
    assert!(told[0].starts_with("training error failed: "), "{told:?}");
    assert!(told[0].contains("run-best.safetensors instead"), "{told:?}");
    assert_eq!(told[1], "validation_C <= 100 passed");
}

#[test]
fn a_wrong_ending_or_place_is_found_before_the_training() {
    let place = Place::new(SMALL);
    let at = |name: &str| place.folder.path().join(name);
    fs::create_dir(at("taken.xml")).unwrap();
    for (file, expected, words) in [
        ("r.xlm", 2, "did you mean `.xml`?"),
        ("r.mdd", 2, "did you mean `.md`?"),
        ("r.json", 2, "Valid: .xml, .md"),
        ("r", 2, ".xml for JUnit, .md for Markdown"),
        ("gone/r.xml", 1, "gone/r.xml"),
        ("taken.xml", 1, "it is a directory"),
    ] {
        let mut command = place.train(&[]);
        let output = command.arg("--report").arg(at(file)).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(code(&output), Some(expected), "{file}: {said}");
        assert!(said.contains(words), "{file}: {said}");
        assert!(!place.run().exists() && output.stdout.is_empty(), "{file}");
    }
}

#[test]
fn the_name_of_a_session_may_be_anything() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new(SMALL);
    for (i, name) in [
        &b"a<b>&'\"]]>.ron"[..],
        b"\x1b[31m\x01\x02.ron",
        b"\xff\xfe|`*_\xc2\x9b.ron",
        "\u{fffe}\u{ffff} é\n.ron".as_bytes(),
    ]
    .into_iter()
    .enumerate()
    {
        let session = place.folder.path().join(OsStr::from_bytes(name));
        fs::write(&session, SMALL).unwrap();
        let mut command = runs::otflow("train");
        command.current_dir(place.folder.path());
        let run = format!("--out=run{i}");
        let command = command.arg(&session).args([&run, "--iterations=2", "-q"]);
        let output = command.args(["--report=n.xml"]).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(code(&output), Some(0), "{said}");
        let told = tests(&place.folder.path().join("n.xml"));
        assert_eq!(told, ["training passed"]);
    }
}
