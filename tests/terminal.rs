//! The real binary in a pseudo-terminal: what a person sees first, and that every way out leaves the terminal as it was.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod desk;

use std::fs;
use std::process::Command;
use std::time::Duration;

use desk::Desk;

const SMALL: &str = r#"(
    data: Toy(name: "moons", batch: 100),
    model: (width: 6),
    flow: (steps: 3),
    validation: (every: 5, samples: 50, steps: 4),
    stop: (iterations: LIMIT),
)"#;

fn open(iterations: u64) -> Desk {
    Desk::open(&SMALL.replace("LIMIT", &iterations.to_string()), &[])
}

/// More iterations than a test can wait for.
const ENDLESS: u64 = 1_000_000_000;

#[test]
fn the_first_screen_has_every_pane_at_80_by_24() {
    let mut desk = open(ENDLESS);
    for pane in ["RUN", "1 losses", "2 flow", "3 settings", "4 log", "q quit"] {
        desk.wait_for(pane);
    }
    desk.press(b"?");
    desk.wait_for("Ctrl-L");
    desk.press(b"\x1b");
    // A key right behind an escape would be one key with Alt.
    desk.wait_until("without help", |text| !text.contains("Ctrl-L"));
    desk.press(b"p");
    desk.wait_for("PAUSED");
    desk.press(b"qq");
    assert_eq!(desk.leave(), 0);
}

#[test]
fn control_c_stops_saves_and_gives_the_terminal_back() {
    let mut desk = open(ENDLESS);
    desk.wait_for("RUN");
    desk.press(b"\x03");
    assert_eq!(desk.leave(), 130);
}

#[test]
fn a_signal_stops_saves_and_gives_the_terminal_back() {
    for (signal, code) in [("-TERM", 143), ("-HUP", 129), ("-INT", 130)] {
        let desk = open(ENDLESS);
        desk.wait_for("RUN");
        desk.kill(signal);
        assert_eq!(desk.leave(), code, "{signal}");
    }
}

#[test]
fn the_result_stays_until_a_key_or_a_signal() {
    let mut desk = open(3);
    desk.wait_for("DONE");
    desk.press(b"q");
    assert_eq!(desk.leave(), 0);
    let desk = open(3);
    desk.wait_for("DONE");
    desk.kill("-TERM");
    assert_eq!(desk.leave(), 0);
}

#[test]
fn the_dashboard_changes_no_bit_of_the_run() {
    let mut desk = open(40);
    desk.wait_for("DONE");
    let folder = tempfile::tempdir().unwrap();
    let headless = Command::new(env!("CARGO_BIN_EXE_otflow"))
        .args(["train", "--headless", "--out", "run"])
        .arg(desk.session())
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(headless.status.success());
    let (shown, unseen) = (desk.run(), folder.path().join("run"));
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
    desk.press(b"q");
    desk.wait_for("run ");
    assert_eq!(parameters(&shown), parameters(&unseen));
}

#[test]
fn a_terminal_of_one_cell_and_back() {
    let mut desk = open(ENDLESS);
    desk.wait_for("1 losses");
    for size in [(1, 1), (19, 4), (300, 2), (80, 24)] {
        desk.resize(size);
        std::thread::sleep(Duration::from_millis(300));
    }
    desk.wait_for("3 settings");
    desk.press(b"qq");
    assert_eq!(desk.leave(), 0);
}

#[test]
fn job_control_gives_the_terminal_to_the_shell_and_takes_it_back() {
    let mut desk = open(ENDLESS);
    desk.wait_for("1 losses");
    for how in ["key", "signal"] {
        match how {
            "key" => desk.press(b"\x1a"),
            _ => desk.kill("-TSTP"),
        }
        desk.wait_shell(true);
        desk.kill("-CONT");
        desk.wait_shell(false);
        desk.wait_for("1 losses");
    }
    desk.press(b"qq");
    assert_eq!(desk.leave(), 0);
}

#[test]
fn a_terminal_that_is_gone_ends_the_run_with_its_parameters_written() {
    let desk = open(ENDLESS);
    desk.wait_for("RUN");
    let (code, run) = desk.hang_up();
    assert_eq!(code, 129);
    assert!(run.path().join("run/last.safetensors").is_file());
    let summary = fs::read_to_string(run.path().join("run/summary.json")).unwrap();
    assert!(summary.contains("signal 1"), "{summary}");
}
