//! The real binary in a pseudo-terminal: what a person sees first, and that every way out leaves the terminal as it was.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pty;

use std::fs;
use std::process::Command;
use std::time::Duration;

use pty::Pty;

fn open(iterations: u64) -> Pty {
    Pty::open(&pty::small(iterations), &[])
}

/// More iterations than a test can wait for.
const ENDLESS: u64 = 1_000_000_000;

#[test]
fn the_first_screen_has_every_pane_at_80_by_24() {
    let mut pty = open(ENDLESS);
    for pane in ["RUN", "1 losses", "2 flow", "3 settings", "4 log", "q quit"] {
        pty.wait_for(pane);
    }
    pty.press(b"?");
    pty.wait_for("this help");
    pty.press(b"\x1b");
    // A key right behind an escape would be one key with Alt.
    pty.wait_until("without help", |text| !text.contains("this help"));
    pty.press(b"p");
    pty.wait_for("PAUSED");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn the_command_line_goes_before_what_the_terminal_promises() {
    let rich = [
        ("COLORTERM", "truecolor"),
        ("LANG", "en_US.UTF-8"),
        ("NO_COLOR", ""),
    ];
    let mut pty = Pty::open_in(&pty::small(ENDLESS), &[], &rich);
    pty.wait_for(": x1, x2");
    assert!(pty.coloured() && !pty.text().is_ascii());
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
    let args = ["--markers", "ascii", "--colors", "none"];
    let mut pty = Pty::open_in(&pty::small(ENDLESS), &args, &rich);
    pty.wait_for(": x1, x2");
    assert!(!pty.coloured() && pty.text().is_ascii());
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn s_saves_the_screen_and_the_pictures_while_training_goes_on() {
    let mut pty = open(ENDLESS);
    pty.wait_for(": x1, x2");
    pty.press(b"s");
    pty.wait_for("{,-pan");
    pty.press(b"qq");
    let run = pty.run();
    pty.wait_for("run ");
    let files = fs::read_dir(run).unwrap();
    let names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("screen-"))
        .collect();
    let endings = [
        ".txt",
        ".svg",
        // Of the screen; one more than the figures have.
        ".png",
        "-panels.png",
        "-paths.png",
        "-density.png",
        "-losses.png",
    ];
    for ending in endings {
        assert!(
            names.iter().any(|name| name.ends_with(ending)),
            "{ending}: {names:?}"
        );
    }
    assert_eq!(names.len(), endings.len());
    assert_eq!(pty.leave(), 0);
}

#[test]
fn control_c_stops_saves_and_gives_the_terminal_back() {
    let mut pty = open(ENDLESS);
    pty.wait_for("RUN");
    pty.press(b"\x03");
    assert_eq!(pty.leave(), 130);
}

#[test]
fn a_signal_stops_saves_and_gives_the_terminal_back() {
    for (signal, code) in [("-TERM", 143), ("-HUP", 129), ("-INT", 130)] {
        let pty = open(ENDLESS);
        pty.wait_for("RUN");
        pty.kill(signal);
        assert_eq!(pty.leave(), code, "{signal}");
    }
}

#[test]
fn the_result_stays_until_a_key_or_a_signal() {
    let mut pty = open(3);
    pty.wait_for("DONE");
    pty.press(b"q");
    assert_eq!(pty.leave(), 0);
    let pty = open(3);
    pty.wait_for("DONE");
    pty.kill("-TERM");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn the_dashboard_changes_no_bit_of_the_run() {
    let mut pty = open(40);
    pty.wait_for("DONE");
    let folder = tempfile::tempdir().unwrap();
    let headless = Command::new(env!("CARGO_BIN_EXE_otflow"))
        .args(["train", "--headless", "--out", "run"])
        .arg(pty.session())
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(headless.status.success());
    let (shown, unseen) = (pty.run(), folder.path().join("run"));
    let rows = |run: &std::path::Path| -> Vec<serde_json::Value> {
        let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
        let row = |line| {
            let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
            row["seconds"] = 0.into();
            row
        };
        // The first row holds where the session file lies.
        text.lines().skip(1).map(row).collect()
    };
    let (shown_rows, unseen_rows) = (rows(&shown), rows(&unseen));
    assert_eq!(shown_rows.len(), unseen_rows.len());
    let different = shown_rows
        .iter()
        .zip(&unseen_rows)
        .position(|(a, b)| a != b);
    assert_eq!(different, None, "number of the first row that differs");
    let parameters = |run: &std::path::Path| {
        let bytes = fs::read(run.join("last.safetensors")).unwrap();
        let model = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors: Vec<_> = model
            .iter()
            .map(|(name, t)| (name.to_owned(), t.data().to_vec()))
            .collect();
        tensors.sort();
        tensors
    };
    pty.press(b"q");
    pty.wait_for("run ");
    assert_eq!(parameters(&shown), parameters(&unseen));
}

#[test]
fn a_terminal_of_one_cell_and_back() {
    let mut pty = open(ENDLESS);
    pty.wait_for("1 losses");
    for size in [(1, 1), (19, 4), (300, 2), (80, 24)] {
        pty.resize(size);
        std::thread::sleep(Duration::from_millis(300));
    }
    pty.wait_for("3 settings");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_terminal_without_a_size_trains_headless_and_ends_by_itself() {
    let pty = Pty::open_unsized(&pty::small(3), &[], &[]);
    pty.wait_for("training headless: the terminal has no size (0 x 0)");
    assert_eq!(pty.leave(), 0);
    let pty = Pty::open_unsized(&pty::small(3), &[], &[("LINES", "24")]);
    pty.wait_for("training headless");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn columns_and_lines_are_the_size_of_a_terminal_without_one() {
    let size = [("COLUMNS", "80"), ("LINES", "24")];
    let mut pty = Pty::open_unsized(&pty::small(ENDLESS), &[], &size);
    for pane in ["RUN", "1 losses", "3 settings", "4 log", "q quit"] {
        pty.wait_for(pane);
    }
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_size_that_is_lost_later_leaves_the_screen_as_it_was() {
    let mut pty = open(ENDLESS);
    pty.wait_for("1 losses");
    pty.resize((0, 0));
    std::thread::sleep(Duration::from_millis(300));
    pty.press(b"?");
    pty.wait_for("this help");
    pty.press(b"\x1b");
    pty.wait_until("without help", |text| !text.contains("this help"));
    pty.resize((79, 23));
    pty.wait_for("3 settings");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_key_and_another_size_that_come_together_are_both_heard() {
    let mut pty = open(ENDLESS);
    pty.wait_for("1 losses");
    // A reader that loses one of them does so in every sixth round.
    for rows in [20, 24].repeat(20) {
        pty.resize((80, rows));
        pty.press(b"?");
        pty.wait_for("this help");
        pty.press(b"\x1b");
        pty.wait_until("without help", |text| !text.contains("this help"));
        pty.wait_until("keys in the last row", |text| {
            let last = text.lines().nth(usize::from(rows) - 1);
            last.is_some_and(|row| row.contains("q quit"))
        });
    }
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_dumb_terminal_trains_headless() {
    let pty = Pty::open_unsized(&pty::small(3), &[], &[("TERM", "dumb")]);
    pty.wait_for("training headless: TERM is dumb");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn job_control_gives_the_terminal_to_the_shell_and_takes_it_back() {
    let mut pty = open(ENDLESS);
    pty.wait_for("1 losses");
    for how in ["key", "signal"] {
        match how {
            "key" => pty.press(b"\x1a"),
            _ => pty.kill("-TSTP"),
        }
        pty.wait_shell(true);
        pty.wait_stopped();
        pty.kill("-CONT");
        pty.wait_shell(false);
        pty.wait_for("1 losses");
    }
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_terminal_that_is_gone_ends_the_run_with_its_parameters_written() {
    let pty = open(ENDLESS);
    pty.wait_for("RUN");
    let (code, run) = pty.hang_up();
    assert_eq!(code, 129);
    assert!(run.path().join("run/last.safetensors").is_file());
    let summary = fs::read_to_string(run.path().join("run/summary.json")).unwrap();
    assert!(summary.contains("signal 1"), "{summary}");
}

/// A session with what a change of a value must leave alone.
const NOTED: &str = r#"// Mine.
(
    data: Toy(name: "moons", batch: 100),
    model: (width: 6),
    flow: (steps: 8),
    optimizer: Adam(
        lr: 1e-2, // tried: 0.1
    ),
    validation: (every: 5, samples: 50, steps: 8),
    stop: (iterations: 1000000000),
    recovery: (rollbacks: 1000),
)
"#;

/// A dashboard with the learning rate selected in the settings.
fn steering(environment: &[(&str, &str)]) -> Pty {
    let mut pty = Pty::open_in(NOTED, &[], environment);
    pty.wait_for("RUN");
    pty.press(b"3jjjjj");
    pty.wait_for(">  optimizer.lr");
    pty
}

fn wait_for_file(pty: &Pty, expected: &str) {
    pty.wait_until(expected, |_| {
        fs::read_to_string(pty.session()).unwrap() == expected
    });
}

#[test]
fn the_best_parameters_come_back_by_a_key_and_the_run_replays() {
    let mut pty = open(ENDLESS);
    pty.wait_for("b best");
    pty.press(b"B");
    pty.wait_for("go on from the best?");
    pty.press(b"\r");
    pty.wait_for("the best by loss is back");
    pty.press(b"BB");
    pty.wait_for("the best by C is back");
    pty.press(b"qq");
    pty.wait_for("finished");
    pty.wait_for("run ");
    let edits = fs::read_to_string(pty.run().join("edits.jsonl")).unwrap();
    assert_eq!(edits.matches("\"restored\"").count(), 2, "{edits}");
    let replay = Command::new(env!("CARGO_BIN_EXE_otflow"))
        .arg("replay")
        .arg(pty.run())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&replay.stderr).into_owned();
    assert_eq!(replay.status.code(), Some(0), "{told}");
}

#[test]
fn plus_changes_the_file_and_through_it_the_run_and_u_takes_it_back() {
    let mut pty = steering(&[]);
    pty.press(b"+");
    pty.wait_for(">* optimizer.lr 0.01 -> 0.02");
    wait_for_file(&pty, &NOTED.replace("1e-2", "0.02"));
    pty.press(b"+");
    pty.wait_for(">* optimizer.lr 0.02 -> 0.05");
    pty.press(b"u");
    pty.wait_for(">* optimizer.lr 0.05 -> 0.02");
    pty.press(b"u");
    pty.wait_for(">* optimizer.lr 0.02 -> 0.01");
    wait_for_file(&pty, &NOTED.replace("1e-2", "0.01"));
    pty.press(b"u");
    pty.wait_for("nothing to undo");
    pty.press(b"i");
    pty.wait_for("edits: 4");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_typed_value_gives_a_built_in_session_a_file_and_reaches_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    // Somebody else's, of the name that the session's own would have.
    fs::write(path.join("8gaussians.ron"), "mine").unwrap();
    let set = [
        "data.batch=32",
        "start=None",
        "model.width=4",
        "model.layers=2",
        "flow.steps=2",
        "validation.samples=20",
        "validation.steps=2",
        "stop.iterations=1000000000",
        "recovery.rollbacks=1000",
    ];
    let mut args = vec!["train", "--tui", "--out", "run"];
    args.extend(set.iter().flat_map(|field| ["--set", field]));
    let mut pty = Pty::start(&args, folder);
    pty.wait_for("RUN");
    pty.press(b"3jjjjj");
    pty.wait_for(">  optimizer.lr");
    let files = || {
        let files = fs::read_dir(&path).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".ron")).collect();
        names.sort();
        names
    };
    pty.press(b"\r");
    pty.wait_for(">  optimizer.lr = 0.02");
    pty.press(b"\x155\x1b[D4\r");
    pty.wait_for("above 0 and up to 10");
    assert_eq!(
        files(),
        ["8gaussians.ron"],
        "what is refused leaves no file"
    );
    pty.press(b"\x1b[F\x150.03\r");
    pty.wait_for(">* optimizer.lr 0.02 -> 0.03");
    assert_eq!(files(), ["8gaussians-2.ron", "8gaussians.ron"]);
    let text = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    assert!(text("8gaussians-2.ron").contains("lr: 0.03,"));
    assert_eq!(text("8gaussians.ron"), "mine");
    // It is followed: an edit by another program reaches the run too.
    let edited = text("8gaussians-2.ron").replace("lr: 0.03,", "lr: 0.04,");
    fs::write(path.join("8gaussians-2.ron"), edited).unwrap();
    pty.wait_for(">* optimizer.lr 0.03 -> 0.04");
    pty.press(b"\r\x15now 0.01");
    pty.wait_for("= now 0.01");
    pty.press(b"\x1b");
    pty.wait_until("no line", |text| !text.contains("optimizer.lr ="));
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_broken_file_is_shown_until_it_is_mended_and_no_step_touches_it() {
    let mut pty = steering(&[]);
    let broken = NOTED.replace("1e-2", "20");
    fs::write(pty.session(), &broken).unwrap();
    pty.wait_for("small.ron:7:13: refused");
    pty.press(b"+");
    pty.wait_for("mend the file first");
    assert!(pty.text().contains("small.ron:7:13: refused"));
    assert_eq!(fs::read_to_string(pty.session()).unwrap(), broken);
    fs::write(pty.session(), NOTED).unwrap();
    pty.wait_until("no refusal", |text| {
        !text.contains("small.ron:7:13: refused")
    });
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn e_lends_the_terminal_to_the_editor_with_its_keys() {
    // It shows a word, reads a line, and edits only then.
    let editor = r#"sh -c 'echo EDITING; read line; sed -i "s/1e-2/$line/" "$2"' editor -w"#;
    let mut pty = steering(&[("EDITOR", editor), ("VISUAL", "")]);
    pty.press(b"e");
    pty.wait_for("EDITING");
    // Keys of the dashboard, if it heard them.
    pty.press(b"0.03\r");
    pty.wait_for(">* optimizer.lr 0.01 -> 0.03");
    wait_for_file(&pty, &NOTED.replace("1e-2", "0.03"));
    pty.wait_for("1 losses");
    pty.press(b"u");
    pty.wait_for(">* optimizer.lr 0.03 -> 0.01");
    pty.press(b"p");
    pty.wait_for("PAUSED");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn control_c_is_the_editor_s_while_it_has_the_terminal() {
    // One that goes on, as most do.
    let editor = r#"sh -c 'trap "echo ASKED" INT; echo EDITING; until read line; do :; done; sed -i "s/1e-2/$line/" "$1"' editor"#;
    let mut pty = steering(&[("EDITOR", editor), ("VISUAL", "")]);
    pty.press(b"e");
    pty.wait_for("EDITING");
    pty.press(b"\x03");
    pty.wait_for("ASKED");
    pty.press(b"0.03\r");
    pty.wait_for(">* optimizer.lr 0.01 -> 0.03");
    pty.press(b"\x03");
    assert_eq!(pty.leave(), 130, "the dashboard's again");
    // One that is ended by it: a builtin waits, for dash loses a signal while it forks a command.
    let mut pty = steering(&[
        ("EDITOR", "sh -c 'echo EDITING; read line'"),
        ("VISUAL", ""),
    ]);
    pty.press(b"e");
    pty.wait_for("EDITING");
    pty.press(b"\x03");
    pty.wait_for("editor `sh`: signal: 2");
    pty.press(b"p");
    pty.wait_for("PAUSED");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn an_editor_that_is_not_there_is_named_in_a_line() {
    let mut pty = steering(&[("VISUAL", "no-such-editor -w")]);
    pty.press(b"e");
    pty.wait_for("no editor `no-such-editor`");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}
