//! Runs of several ranks under `mpirun`, and their processes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::{Place, SMALL};

/// How long a rank may be silent, by default.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Time in which all ranks have to be gone once one is lost.
pub const GONE: Duration = Duration::from_secs(10);

/// An iteration takes some tenths of a second, and there is always another.
pub fn endless() -> String {
    SMALL
        .replace("batch: 100", "batch: 20000")
        .replace("iterations: 40", "iterations: 1000000")
}

/// `mpirun`, also for root.
pub fn mpirun() -> Command {
    let mut mpirun = Command::new("mpirun");
    mpirun.envs([
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
    ]);
    mpirun
}

pub fn metrics(place: &Place) -> String {
    fs::read_to_string(place.run().join("metrics.jsonl")).unwrap_or_default()
}

#[track_caller]
pub fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(120), "in vain");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The process of a rank of the run in `place`.
pub fn process(place: &Place, rank: usize) -> Option<Pid> {
    let wanted = format!("OMPI_COMM_WORLD_RANK={rank}");
    let of_run = |folder: &PathBuf| {
        let parts = |name: &str| {
            let bytes = fs::read(folder.join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let run = place.run().display().to_string();
        parts("environ").split('\0').any(|part| part == wanted)
            && parts("cmdline").split('\0').any(|part| part == run)
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    let folder = all.map(|entry| entry.path()).find(of_run)?;
    let id = folder.file_name()?.to_str()?.parse().ok()?;
    Some(Pid::from_raw(id))
}

/// One thread of a process that is held while the others go on, as one that hangs; released with the thread that holds it.
pub struct Held(Pid);

impl Held {
    /// Holds the thread of this name.
    pub fn new(process: Pid, name: &str) -> Self {
        let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let named = |folder: &PathBuf| {
            fs::read_to_string(folder.join("comm")).is_ok_and(|text| text.trim() == name)
        };
        let folder = threads.map(|entry| entry.unwrap().path()).find(named);
        let id = folder.unwrap().file_name().unwrap().to_owned();
        let thread = Pid::from_raw(id.to_str().unwrap().parse().unwrap());
        ptrace::attach(thread).unwrap();
        waitpid(thread, Some(WaitPidFlag::__WALL)).unwrap();
        Held(thread)
    }

    /// Takes note of its death, as who holds it must: the process is not gone before.
    pub fn bury(&self) {
        let _ = waitpid(self.0, Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG));
    }
}
