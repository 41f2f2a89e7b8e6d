//! The signals that end a process by default. A run is ended by them within the current iteration, but for USR1, which has a checkpoint
//! written, and USR2, which has the session file read; a command that writes a file hears them between two blocks of rows, so that no
//! half file is left. One that was ignored when the program was started, as by nohup, stays ignored.
//!
//! Faults of the program (SEGV, ABRT, ...) are left alone, as is PIPE, which is an error of the write.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;

use anyhow::{Context, Result};
use signal_hook::consts::{
    SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
    SIGXFSZ,
};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};
use signal_hook::iterator::Signals;

use crate::dashboard::Switches;
use crate::event::{Command, Reason};
use crate::exit::Exit;
use crate::feed::Commands;
use crate::front_end::FrontEnd;

/// The signals of every system that end a program.
const ENDING: [i32; 8] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU,
];

/// What a signal asks of a run that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// A checkpoint now.
    Checkpoint,
    /// The session file is to be read again.
    Reread,
}

impl Request {
    /// The request that a signal stands for.
    fn of(signal: i32) -> Option<Self> {
        match signal {
            SIGUSR1 => Some(Request::Checkpoint),
            SIGUSR2 => Some(Request::Reread),
            _ => None,
        }
    }
}

/// The latest signal, if one has come, of a command that writes a file.
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Listens from now on. A second signal ends the program at once: it may be waiting for its input.
    ///
    /// # Errors
    /// When the system lets no handler in.
    pub fn listen() -> io::Result<Self> {
        let latest = Arc::new(AtomicUsize::new(0));
        let heard = Arc::new(AtomicBool::new(false));
        for signal in ending().chain([SIGUSR1, SIGUSR2]).filter(is_heard) {
            if !repeats(signal) {
                let code = i32::from(Exit::Signal(signal).code());
                register_conditional_shutdown(signal, code, Arc::clone(&heard))?;
            }
            register(signal, Arc::clone(&heard))?;
            register_usize(signal, Arc::clone(&latest), signal as usize)?;
        }
        outlive_limit_of_files()?;
        Ok(Interrupt(latest))
    }

    /// The number of the signal.
    pub fn signal(&self) -> Option<i32> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => i32::try_from(signal).ok(),
        }
    }
}

/// Ignores the signals: what ends a run, or asks for something, does so at rank 0, which tells the others.
///
/// # Errors
/// When the system lets no handler in.
pub(crate) fn leave_to_rank_0() -> Result<()> {
    ending()
        .chain([SIGUSR1, SIGUSR2])
        .try_for_each(|signal| register(signal, Arc::default()).map(drop))
        .context("cannot handle signals")
}

/// Ignores the requests to a run until it begins: it then reads its session, and writes a checkpoint, unasked.
///
/// # Errors
/// When the system lets no handler in.
pub(crate) fn ignore_requests() -> Result<()> {
    [SIGUSR1, SIGUSR2]
        .into_iter()
        .filter(is_heard)
        .try_for_each(|signal| register(signal, Arc::default()).map(drop))
        .context("cannot handle signals")
}

/// Makes the signals end the run within the current iteration; `answer` gets the requests, which end it too where there is none.
/// Headless, a second one ends the program at once; a dashboard whose run has ended is told to leave. INT and QUIT are the editor's
/// while that has the terminal.
///
/// # Errors
/// When the system lets no handler in.
pub(crate) fn end_run(
    commands: Commands,
    front_end: FrontEnd,
    answer: Option<Box<dyn Fn(Request) + Send>>,
) -> Result<Switches> {
    let heard = ending().chain([SIGUSR1, SIGUSR2]).filter(is_heard);
    outlive_limit_of_files().context("cannot handle signals")?;
    let mut signals = Signals::new(heard).context("cannot handle signals")?;
    let switches = Switches::default();
    let Switches { leave, terminal } = switches.clone();
    let body = move || {
        for signal in signals.forever() {
            if let (Some(answer), Some(request)) = (&answer, Request::of(signal)) {
                answer(request);
                continue;
            }
            if [SIGINT, SIGQUIT].contains(&signal) && terminal.interrupts_editor() {
                continue;
            }
            let again = leave.swap(true, Ordering::Relaxed) && !repeats(signal);
            if again && front_end == FrontEnd::Headless {
                std::process::exit(i32::from(Exit::Signal(signal).code()));
            }
            // A trainer that has ended needs no command.
            let _ = commands.send(Command::Stop(Reason::Signal(signal)));
        }
    };
    thread::Builder::new().name("signals".into()).spawn(body)?;
    Ok(switches)
}

/// The signals that end a program on this system.
fn ending() -> impl Iterator<Item = i32> {
    ENDING.into_iter().chain(ending_here())
}

#[cfg(target_os = "linux")]
fn ending_here() -> impl Iterator<Item = i32> {
    use nix::libc::{SIGIO, SIGPWR, SIGRTMAX, SIGRTMIN, SIGSTKFLT};
    [SIGIO, SIGPWR, SIGSTKFLT]
        .into_iter()
        .chain(SIGRTMIN()..=SIGRTMAX())
}

#[cfg(not(target_os = "linux"))]
fn ending_here() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

/// Whether the system sends a signal again and again until the program has ended, as every second of CPU time above its limit.
fn repeats(signal: i32) -> bool {
    signal == SIGXCPU
}

/// Makes the limit on the size of files an error of the write, as a full disk is; by default its signal would end the program.
fn outlive_limit_of_files() -> io::Result<()> {
    register(SIGXFSZ, Arc::default()).map(drop)
}

/// Whether a signal was not ignored when this program was started.
fn is_heard(signal: &i32) -> bool {
    // Read before the first handler is let in, which hides that.
    static IGNORED: LazyLock<u64> = LazyLock::new(ignored);
    *IGNORED >> (signal - 1) & 1 == 0
}

/// The signals that are ignored now as a mask in which bit n - 1 stands for signal n; none where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
