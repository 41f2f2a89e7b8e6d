//! The terminal: taken over on entry, given back on every exit by one function that may be called any number of times: by the drop
//! of the guard, by the panic hook, before the process is suspended.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, style};

use super::pixels::kitty;
use super::pixels::protocol::Protocol;

/// Whether the terminal is taken; shared with the panic hook.
#[derive(Clone, Debug, Default)]
pub struct TerminalTaken {
    flag: Arc<AtomicBool>,
    /// The protocol of the pictures that may be on the screen.
    graphics: Option<Protocol>,
}

impl TerminalTaken {
    /// Whether the terminal is taken: no thread has panicked and the guard is not gone.
    pub fn holds(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    /// Gives the terminal back. A failure means that it is gone, and then nobody needs it back.
    fn restore(&self) {
        if self.flag.swap(false, Ordering::SeqCst) {
            // Each on its own: one that fails must not keep the others from being tried.
            let mut out = io::stdout();
            // Sixels go with the screen that they are on.
            if self.graphics == Some(Protocol::Kitty) {
                let _ = kitty::delete(&mut out);
            }
            let _ = execute!(out, DisableMouseCapture);
            let _ = execute!(out, DisableBracketedPaste);
            let _ = execute!(out, LeaveAlternateScreen);
            let _ = disable_raw_mode();
            let _ = execute!(out, Show);
        }
    }
}

/// The guard of the terminal; dropping it gives the terminal back.
#[derive(Debug)]
pub struct TerminalGuard {
    taken: TerminalTaken,
    jobs: JobControl,
}

impl TerminalGuard {
    /// Takes the terminal, and sees to it that a panic on any thread gives it back before the message is written.
    pub fn enter(graphics: Option<Protocol>) -> io::Result<Self> {
        let guard = Self {
            taken: TerminalTaken {
                graphics,
                ..TerminalTaken::default()
            },
            jobs: JobControl::watch()?,
        };
        let (taken, previous) = (guard.taken.clone(), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| {
            taken.restore();
            previous(panic);
        }));
        guard.take()?;
        Ok(guard)
    }

    /// The flag that tells whether the terminal is still taken.
    pub fn taken(&self) -> TerminalTaken {
        self.taken.clone()
    }

    /// The requests of the shell.
    pub fn jobs(&self) -> &JobControl {
        &self.jobs
    }

    fn take(&self) -> io::Result<()> {
        // The theme decides about colour; crossterm's own switch would also wipe bold and reverse.
        style::force_color_output(true);
        enable_raw_mode()?;
        self.taken.flag.store(true, Ordering::SeqCst);
        let mut out = io::stdout();
        execute!(out, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        out.flush()
    }

    /// Takes the terminal anew, after the shell has had it.
    pub fn retake(&self) -> io::Result<()> {
        self.taken.restore();
        self.take()
    }

    /// Gives the terminal back while `body` runs, which is to obey the requests of the shell.
    pub fn lend(&self, body: impl FnOnce(&JobControl)) -> io::Result<()> {
        self.taken.restore();
        body(&self.jobs);
        self.take()
    }

    /// Gives the terminal back, stops the process as Ctrl-Z does, and takes the terminal when the shell lets it go on.
    pub fn suspend(&self) -> io::Result<()> {
        self.taken.restore();
        self.jobs.stop()?;
        self.take()
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        self.taken.restore();
    }
}

/// The requests of the shell: SIGTSTP sent from outside, and SIGCONT after a stop that was not announced.
#[derive(Debug, Default)]
pub struct JobControl {
    stop: Arc<AtomicBool>,
    resumed: Arc<AtomicBool>,
    #[cfg(unix)]
    handlers: Vec<signal_hook::SigId>,
}

impl JobControl {
    /// Whether SIGTSTP has come since the last call.
    pub fn take_stop(&self) -> bool {
        self.stop.swap(false, Ordering::SeqCst)
    }

    /// Whether SIGCONT has come since the last call.
    pub fn take_resumed(&self) -> bool {
        self.resumed.swap(false, Ordering::SeqCst)
    }

    /// Stops the process if the shell has asked for it: without the terminal there is nothing else to do.
    pub fn stop_if_asked(&self) -> io::Result<()> {
        if self.take_stop() {
            self.stop()
        } else {
            Ok(())
        }
    }

    #[cfg(unix)]
    fn watch() -> io::Result<Self> {
        use signal_hook::consts::{SIGCONT, SIGTSTP};
        let mut jobs = Self::default();
        for (signal, flag) in [(SIGTSTP, &jobs.stop), (SIGCONT, &jobs.resumed)] {
            jobs.handlers
                .push(signal_hook::flag::register(signal, Arc::clone(flag))?);
        }
        Ok(jobs)
    }

    #[cfg(unix)]
    fn stop(&self) -> io::Result<()> {
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        // Our own stop is over: `suspend` takes the terminal by itself.
        self.resumed.store(false, Ordering::SeqCst);
        Ok(())
    }

    #[cfg(not(unix))]
    fn watch() -> io::Result<Self> {
        Ok(Self::default())
    }

    #[cfg(not(unix))]
    fn stop(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
impl Drop for JobControl {
    fn drop(&mut self) {
        for &handler in &self.handlers {
            signal_hook::low_level::unregister(handler);
        }
    }
}
