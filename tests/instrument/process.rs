//! A child process with its wall and CPU seconds. The CPU seconds are those of all children that have ended meanwhile: one at a time.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};

/// What a process has taken from its start to its end, seconds.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    pub wall: f64,
    pub cpu: f64,
}

/// What a process has printed, and taken.
pub struct Ran {
    pub stdout: String,
    pub spent: Spent,
}

/// Waits for a process; fails with what it said if it failed.
pub fn run(command: &mut Command) -> Ran {
    let (start, before) = (Instant::now(), children());
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let spent = Spent {
        wall: start.elapsed().as_secs_f64(),
        cpu: children() - before,
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}",
        output.status
    );
    Ran {
        stdout: String::from_utf8(output.stdout).unwrap(),
        spent,
    }
}

/// User and system time of all children that have been waited for, seconds.
fn children() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}
