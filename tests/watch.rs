//! `otflow watch` in a pseudo-terminal: a run of another process, finished or growing, and every way out of it.
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
    pty.wait_for("flow 1/");
    pty.press(b"p");
    pty.wait_for("another process");
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
    pty.wait_for("starting  0/10");
    append(lines[1]);
    pty.wait_for("starting  1/10");
    let (torn, rest) = lines[2].split_at(lines[2].len() / 2);
    append(torn);
    pty.press(b"w");
    pty.wait_for("weighted");
    assert!(pty.text().contains("starting  1/10"));
    append(rest);
    pty.wait_for("starting  2/10");
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
