//! A panic on a thread beside the trainer: the shell gets a clean terminal and the run its parameters.
//!
//! Nothing that a user can do makes the program panic, and it has no switch for it. So this test starts itself once more in the
//! pseudo-terminal, trains there as `main` does, and panics on a thread of its own.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pty;

use std::fs;
use std::path::Path;
use std::process::exit;
use std::thread;
use std::time::Duration;

use clap::Parser;
use otflow::cli::{Cli, ProgramCommand};
use otflow::commands;
use pty::Pty;

/// Set for the one in the pseudo-terminal.
const INSIDE: &str = "OTFLOW_TEST_PANIC";

#[test]
fn a_panic_gives_the_terminal_back_and_saves_the_run() {
    if std::env::var_os(INSIDE).is_some() {
        train();
    }
    let program = std::env::current_exe().unwrap();
    let name = "a_panic_gives_the_terminal_back_and_saves_the_run";
    let args = ["--exact", name, "--nocapture", "--test-threads=1"];
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.ron"), pty::small(1_000_000_000)).unwrap();
    let pty = Pty::run_in(
        &program,
        &args,
        folder,
        &[(INSIDE, "1"), ("RUST_BACKTRACE", "0")],
    );
    pty.wait_for("RUN");
    fs::write(pty.run().join("go"), "").unwrap();
    pty.wait_for("the run was ended and its parameters written");
    let text = pty.text();
    assert!(text.contains("panicked at") && text.contains("on purpose"));
    let run = pty.run();
    assert!(run.join("last.safetensors").is_file());
    let summary = fs::read_to_string(run.join("summary.json")).unwrap();
    assert!(summary.contains("quit"), "{summary}");
    assert_eq!(pty.leave(), 1);
}

/// As `main` does it, with a thread that panics as soon as it is told to.
fn train() -> ! {
    let args = ["otflow", "train", "--tui", "small.ron", "--out", "run"];
    let Some(ProgramCommand::Train(train)) = Cli::parse_from(args).command else {
        panic!("no command to train");
    };
    thread::spawn(|| {
        while !Path::new("run/go").exists() {
            thread::sleep(Duration::from_millis(10));
        }
        panic!("on purpose");
    });
    let code = commands::train::train(&train).map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            1
        },
        |exit| exit.code(),
    );
    exit(code.into());
}
