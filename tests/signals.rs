//! The signals that end a process by default: what each does to a run and to a command that writes a file. Code 128 + n is that of the
//! shell for signal n.
#![cfg(target_os = "linux")]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pty;
mod runs;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use otflow::checkpoint::{Checkpoint, Latest};
use pty::{DEADLINE, Pty};
use runs::{Place, SMALL, code, lines, otflow, text, wait};
use serde_json::Value;

/// Signals that end a process and its core, if there is one: all of Linux but those of faults, and the real-time ones by two.
const ENDING: [(&str, i32); 13] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("XCPU", 24),
    ("VTALRM", 26),
    ("PROF", 27),
    ("POLL", 29),
    ("PWR", 30),
    ("34", 34),
    ("64", 64),
];

/// More iterations than a test can wait for.
fn endless() -> Place {
    Place::new(&SMALL.replace("iterations: 40", "iterations: 1000000000"))
}

/// A run under way.
fn begun(place: &Place, mut command: Command) -> Child {
    let log = fs::File::create(place.folder.path().join("out")).unwrap();
    let child = command.stdout(log).stderr(Stdio::null()).spawn().unwrap();
    until("rows", || place.run().join("metrics.jsonl").exists());
    wait(&place.run(), 4000);
    child
}

fn kill(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let signal = format!("-{signal}");
    let status = Command::new("kill").args([&signal, &id]).status().unwrap();
    assert!(status.success());
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "no {what}");
        sleep(Duration::from_millis(5));
    }
}

fn end(mut child: Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(start.elapsed() < DEADLINE, "does not end");
        sleep(Duration::from_millis(5));
    }
}

/// The rows that were printed.
fn printed(place: &Place) -> String {
    fs::read_to_string(place.folder.path().join("out")).unwrap()
}

fn done(run: &Path) -> u64 {
    let Latest { saved, .. } = Checkpoint::latest(run).unwrap();
    saved.checkpoint.state.iteration
}

fn replays(place: &Place) {
    let output = otflow("replay").arg(place.run()).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_run_ends_by_each_with_its_parameters_and_a_checkpoint_written() {
    for (name, number) in ENDING {
        let place = endless();
        let child = begun(&place, place.train(&[]));
        kill(&child, name);
        assert_eq!(end(child).code(), Some(128 + number), "{name}");
        let summary = fs::read_to_string(place.run().join("summary.json")).unwrap();
        let summary: Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["reason"], format!("signal {number}"));
        assert_eq!(summary["iterations"], done(&place.run()), "{name}");
        assert!(place.run().join("last.safetensors").is_file());
    }
}

#[test]
fn the_dashboard_gives_the_terminal_back_by_each_that_no_key_stands_for() {
    for (name, code) in [("-QUIT", 131), ("-XCPU", 152), ("-34", 162)] {
        let pty = Pty::open(&pty::small(1_000_000_000), &[]);
        pty.wait_for("RUN");
        pty.kill(name);
        assert_eq!(pty.leave(), code, "{name}");
    }
}

#[test]
fn usr1_saves_a_checkpoint_and_the_run_goes_on_to_the_same_bits() {
    // No other checkpoint comes between: a validation would take one.
    let place = Place::new(
        &SMALL
            .replace("iterations: 40", "iterations: 1000000000")
            .replace("every: 2", "every: 1000000"),
    );
    let child = begun(&place, place.train(&[]));
    assert_eq!(done(&place.run()), 0, "that of the start");
    kill(&child, "USR1");
    until("row", || printed(&place).contains(" saved "));
    let saved = done(&place.run());
    assert!(saved > 0);
    let log = || fs::read_to_string(place.run().join("log.txt")).unwrap();
    until("line in the log", || log().contains("state.ckpt"));
    let length = fs::metadata(place.run().join("metrics.jsonl"))
        .unwrap()
        .len();
    wait(&place.run(), length + 1000);
    kill(&child, "TERM");
    assert_eq!(end(child).code(), Some(143));
    assert!(done(&place.run()) > saved);
    replays(&place);
}

#[test]
fn usr1_saves_a_paused_run_in_the_dashboard_and_says_so() {
    let mut pty = Pty::open(&pty::small(1_000_000_000), &[]);
    pty.wait_for("1 losses");
    pty.press(b"p");
    pty.wait_for("PAUSED");
    pty.kill("-USR1");
    pty.wait_for("state.ckpt");
    pty.press(b"qq");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn usr2_has_the_session_file_read_and_the_edit_replays() {
    let place = endless();
    let child = begun(&place, place.train(&[]));
    let text = fs::read_to_string(place.session()).unwrap();
    fs::write(place.session(), text.replace("lr: 0.05", "lr: 0.01")).unwrap();
    kill(&child, "USR2");
    until("edit", || {
        printed(&place).contains("optimizer.lr 0.05 -> 0.01")
    });
    fs::write(place.session(), "(").unwrap();
    kill(&child, "USR2");
    until("refusal", || printed(&place).contains("rejected"));
    kill(&child, "TERM");
    assert_eq!(end(child).code(), Some(143));
    let edits = lines(&place.run().join("edits.jsonl"));
    assert!(edits.iter().any(|edit| edit["field"] == "optimizer.lr"));
    replays(&place);
}

#[test]
fn usr2_to_a_session_without_a_file_is_answered() {
    let place = endless();
    let mut train = otflow("train");
    train.args(["moons", "--headless", "--iterations", "1000000000", "--out"]);
    train.arg(place.run()).current_dir(place.folder.path());
    let child = begun(&place, train);
    kill(&child, "USR2");
    until("answer", || printed(&place).contains("it has no file"));
    kill(&child, "TERM");
    assert_eq!(end(child).code(), Some(143));
}

#[test]
fn what_was_ignored_at_the_start_stays_ignored() {
    let place = endless();
    let train = place.train(&[]);
    let mut shell = Command::new("sh");
    let script = "trap '' TERM HUP USR1 ALRM; exec \"$@\"";
    shell.args(["-c", script, "sh"]).arg(train.get_program());
    shell
        .args(train.get_args())
        .current_dir(place.folder.path());
    let child = begun(&place, shell);
    for signal in ["TERM", "HUP", "USR1", "ALRM"] {
        kill(&child, signal);
    }
    let length = fs::metadata(place.run().join("metrics.jsonl"))
        .unwrap()
        .len();
    wait(&place.run(), length + 1000);
    kill(&child, "INT");
    assert_eq!(end(child).code(), Some(130));
    assert!(!printed(&place).contains(" saved "));
}

/// A small trained run.
fn trained() -> Place {
    let place = Place::new(SMALL);
    place.trains(&[]);
    place
}

#[test]
fn a_command_that_writes_a_table_ends_by_each_and_leaves_no_file() {
    let place = trained();
    let folder = place.folder.path().join("new");
    fs::create_dir(&folder).unwrap();
    let numbers = [
        ("INT", 2),
        ("USR1", 10),
        ("USR2", 12),
        ("XCPU", 24),
        ("64", 64),
    ];
    for (name, number) in numbers {
        let mut sample = otflow("sample");
        sample.arg(place.run()).args(["-n", "1000000000", "-o"]);
        let child = sample.arg(folder.join("new.csv")).spawn().unwrap();
        let files = || fs::read_dir(&folder).unwrap().count();
        // Signals are heard before it is made.
        until("file", || files() > 0);
        kill(&child, name);
        assert_eq!(end(child).code(), Some(128 + number), "{name}");
        assert_eq!(files(), 0, "{name}");
    }
}

#[test]
fn a_table_that_a_signal_cut_short_is_not_taken_for_whole() {
    let place = Place::new("");
    let session = runs::table(place.folder.path());
    let session = session.replace("jitter: {", "columns: [\"1\"], given: [\"2\"], jitter: {");
    fs::write(place.session(), session).unwrap();
    place.trains(&[]);
    let folder = place.folder.path().join("new");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("o.csv"), "old").unwrap();
    for arguments in [
        "convert - o.csv",
        "score ../run - -o o.csv",
        "sample ../run -n 2 --given - -o o.csv",
    ] {
        let mut arguments = arguments.split(' ');
        let mut command = otflow(arguments.next().unwrap());
        command.args(arguments).current_dir(&folder);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(b"1,2\n3,4\n5").unwrap();
        kill(&child, "INT");
        drop(pipe);
        // Nothing is written before the table is there: the signal does what it does by default.
        assert_eq!(end(child).signal(), Some(2), "{command:?}");
        assert_eq!(fs::read_to_string(folder.join("o.csv")).unwrap(), "old");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}

#[test]
fn a_signal_after_the_last_density_ends_the_command_too() {
    let place = trained();
    let folder = place.folder.path();
    // More than a pipe holds is left to write when the first rows arrive, after the line of names that is written before signals are heard.
    let left_out = "NA,1\n".repeat(40_000);
    fs::write(folder.join("t.csv"), format!("x1,x2\n1,2\n{left_out}")).unwrap();
    let mut score = otflow("score");
    score.args(["run", "t.csv", "--append", "--drop-missing", "-o", "-"]);
    score.current_dir(folder).stdout(Stdio::piped());
    let mut child = score.spawn().unwrap();
    let mut written = child.stdout.take().unwrap();
    written.read_exact(&mut [0; 100]).unwrap();
    kill(&child, "INT");
    written.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(end(child).code(), Some(130));
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_that_leaves_no_file() {
    let place = trained();
    let folder = place.folder.path().join("new");
    fs::create_dir(&folder).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f 8; exec \"$@\"", "sh"]);
    shell
        .args([env!("CARGO_BIN_EXE_otflow"), "sample"])
        .arg(place.run());
    shell
        .args(["-n", "1000000", "-o"])
        .arg(folder.join("new.csv"));
    let output = shell.output().unwrap();
    assert_eq!(code(&output), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("new.csv"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
