//! INT, TERM and HUP. A run is ended by them within the current iteration; a command that writes a file hears them between two
//! blocks of rows, so that no half file is left.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};
#[cfg(unix)]
use signal_hook::consts::SIGXFSZ;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_usize};
use signal_hook::iterator::Signals;

use crate::dashboard::Switches;
use crate::event::{Command, Reason};
use crate::exit::Exit;
use crate::feed::Commands;
use crate::front_end::FrontEnd;

/// The signals that end a program.
const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// The latest signal, if one has come, of a command that writes a file.
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system lets no handler in.
    pub fn listen() -> io::Result<Self> {
        let latest = Arc::new(AtomicUsize::new(0));
        for signal in ENDING {
            register_usize(signal, Arc::clone(&latest), signal as usize)?;
        }
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

/// Ignores the signals: what ends a run, ends it at rank 0, which tells the others.
///
/// # Errors
/// When the system lets no handler in.
pub(crate) fn leave_to_rank_0() -> Result<()> {
    for signal in ENDING {
        register(signal, Arc::default()).context("cannot handle signals")?;
    }
    Ok(())
}

/// Makes the signals end the run within the current iteration, unless this program was started with them ignored, as by nohup.
/// Headless, a second one ends the program at once; a dashboard whose run has ended is told to leave. INT is the editor's
/// while that has the terminal.
///
/// # Errors
/// When the system lets no handler in.
pub(crate) fn end_run(commands: Commands, front_end: FrontEnd) -> Result<Switches> {
    let ignored = ignored_at_start();
    let wanted = ENDING.into_iter().filter(|n| ignored >> (n - 1) & 1 == 0);
    // A limit on the size of files is an error of the write, as a full disk is; by default it would end the program.
    #[cfg(unix)]
    register(SIGXFSZ, Arc::default()).context("cannot handle signals")?;
    let mut signals = Signals::new(wanted).context("cannot handle signals")?;
    let switches = Switches::default();
    let Switches { leave, terminal } = switches.clone();
    let body = move || {
        for signal in signals.forever() {
            if signal == SIGINT && terminal.interrupts_editor() {
                continue;
            }
            if leave.swap(true, Ordering::Relaxed) && front_end == FrontEnd::Headless {
                std::process::exit(i32::from(Exit::Signal(signal).code()));
            }
            // A trainer that has ended needs no command.
            let _ = commands.send(Command::Stop(Reason::Signal(signal)));
        }
    };
    thread::Builder::new().name("signals".into()).spawn(body)?;
    Ok(switches)
}

/// A mask in which bit n - 1 stands for signal n; no bit is set where the system does not tell.
fn ignored_at_start() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
