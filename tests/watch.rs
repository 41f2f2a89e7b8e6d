//! `otflow watch` in a pseudo-terminal: a run of another process, finished or growing, a folder of runs, and every way out.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pty;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use pty::Pty;
use tempfile::TempDir;

/// A folder with a run of ten iterations in `run`, and its metrics.
fn trained() -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.ron"), pty::small(10)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
    command.current_dir(folder.path());
    command.args(["train", "small.ron", "--headless", "--out", "run"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let metrics = folder.path().join("run/metrics.jsonl");
    let text = fs::read_to_string(&metrics).unwrap();
    (folder, metrics, text)
}

#[test]
fn a_finished_run_is_shown_as_it_ended_and_left_by_a_key() {
    let (folder, _, metrics) = trained();
    let mut lines = metrics.lines().rev();
    let last = lines.find(|line| line.contains("\"event\":\"validation\""));
    let last: serde_json::Value = serde_json::from_str(last.unwrap()).unwrap();
    let loss = last["loss"].as_f64().unwrap();
    let mut pty = Pty::start(&["watch", "run"], folder);
    for what in ["DONE", "10/10", "small", "ended: all iterations done"] {
        pty.wait_for(what);
    }
    // The screen has four significant digits.
    let digits = 3 - loss.abs().log10().floor() as usize;
    pty.wait_for(&format!("val {loss:.digits$}"));
    pty.wait_for(": x1, x2");
    pty.resize((120, 40));
    // Only there is room for it; a key that comes with the change of the size itself may wait for the next one.
    pty.wait_for("at 10");
    pty.press(b"p");
    pty.wait_for("another process");
    pty.press(b"?");
    pty.wait_for("leave; the run goes on");
    assert!(!pty.text().contains("pause"));
    pty.press(b"q");
    pty.press(b"s");
    pty.wait_for("saved screen-10.svg");
    let written = fs::read_to_string(pty.run().join("screen-10.txt"));
    assert!(written.unwrap().contains("DONE"));
    pty.press(b"q");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_growing_run_is_followed_line_by_line() {
    let (folder, metrics, all) = trained();
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    fs::write(&metrics, lines[0]).unwrap();
    let append = |text: &str| {
        let mut file = OpenOptions::new().append(true).open(&metrics).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let mut pty = Pty::start(&["watch", "run"], folder);
    pty.wait_for("  0/10");
    append(lines[1]);
    pty.wait_for("  1/10");
    let (torn, rest) = lines[2].split_at(lines[2].len() / 2);
    append(torn);
    pty.press(b"w");
    pty.wait_for("weighted");
    assert!(pty.text().contains("  1/10"));
    append(rest);
    pty.wait_for("  2/10");
    append(&lines[3..].concat());
    pty.wait_for("DONE  10/10");
    pty.press(b"\x03");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn other_runs_are_named_beside_the_first() {
    let (folder, metrics, all) = trained();
    let other = folder.path().join("the other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("metrics.jsonl"), all).unwrap();
    assert!(metrics.is_file());
    let mut pty = Pty::start(&["watch", "run", "the other"], folder);
    pty.wait_for("A the other");
    pty.wait_for("DONE");
    pty.press(b"q");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_signal_and_a_hang_up_leave_with_their_code() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let (folder, metrics, all) = trained();
        let (start, _) = all.split_once('\n').unwrap();
        fs::write(&metrics, start.to_owned() + "\n").unwrap();
        let pty = Pty::start(&["watch", "run"], folder);
        pty.wait_for("WATCH");
        pty.kill(signal);
        assert_eq!(pty.leave(), code, "{signal}");
    }
    let pty = Pty::start(&["watch", "run"], trained().0);
    pty.wait_for("DONE");
    assert_eq!(pty.hang_up().0, 129);
}

/// A folder with three finished runs in `runs`, of different rates.
fn three_runs() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.ron"), pty::small(10)).unwrap();
    for (name, rate) in [("a", "0.01"), ("b", "0.02"), ("c", "0.05")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
        command.current_dir(folder.path());
        let (rate, out) = (format!("optimizer.lr={rate}"), format!("runs/{name}"));
        let args = ["train", "small.ron", "--headless", "--set", &rate];
        command.args(args).args(["--out", &out]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    folder
}

#[test]
fn a_folder_of_runs_is_a_live_table_that_opens_them() {
    let folder = three_runs();
    let runs = folder.path().join("runs");
    let mut pty = Pty::start(&["watch", "runs"], folder);
    for what in ["3 runs  3 ended", "lr 0.01", "lr 0.05", "validation C over"] {
        pty.wait_for(what);
    }
    pty.press(b"/0.02");
    pty.wait_for("1 of 3");
    pty.press(b"\r");
    pty.wait_for("q quit");
    pty.press(b"\r");
    pty.wait_for("DONE  10/10");
    pty.press(b"\x1b");
    pty.wait_for("1 of 3");
    pty.press(b"\r");
    pty.wait_for("DONE  10/10");
    pty.press(b"q");
    pty.wait_for("1 of 3");
    pty.press(b"\x1b");
    pty.wait_for("lr 0.05");
    fs::create_dir(runs.join("later")).unwrap();
    let metrics = fs::read_to_string(runs.join("a/metrics.jsonl")).unwrap();
    let (start, _) = metrics.split_once('\n').unwrap();
    fs::write(runs.join("later/metrics.jsonl"), start.to_owned() + "\n").unwrap();
    fs::remove_dir_all(runs.join("b")).unwrap();
    for what in ["4 runs  1 running  2 ended", "1 damaged or gone"] {
        pty.wait_for(what);
    }
    pty.press(b"q");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_folder_is_left_by_a_signal_also_from_one_of_its_runs() {
    let pty = Pty::start(&["watch", "runs"], three_runs());
    pty.wait_for("3 ended");
    pty.kill("-TERM");
    assert_eq!(pty.leave(), 143);
    let mut pty = Pty::start(&["watch", "runs"], three_runs());
    pty.wait_for("3 ended");
    pty.press(b"\r");
    pty.wait_for("DONE  10/10");
    pty.kill("-TERM");
    assert_eq!(pty.leave(), 143);
}

#[test]
fn without_a_terminal_a_folder_is_referred_to_compare() {
    let folder = three_runs();
    let watch = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
        command.current_dir(folder.path()).arg("watch").args(args);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let told = watch(&["runs/"]);
    assert!(
        told.contains("no dashboard here") && told.contains("otflow compare runs/*"),
        "{told}"
    );
    let told = watch(&["."]);
    assert!(told.contains("has none in it"), "{told}");
}
