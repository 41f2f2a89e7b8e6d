//! The dashboard: keys and the trainer's events in, a screen out.
//!
//! | file | holds |
//! | --- | --- |
//! | event_loop, frame_pacer | the loop between keys, events and frames; when a frame is due |
//! | state | everything that the screen shows, as plain data; the fold over events |
//! | pane, action, keys, update | the panes; what keys ask for, the table of keys, and how the state follows them |
//! | layout, panels | the screen as a pure function of the state, a panel a file |
//! | canvas, dot_grid, axis, window, range, shades, theme, format, component | what panels draw with |
//! | phase | what the run is doing, in words |
//! | theme_options | the colours and symbols that the terminal can show |
//! | pixels | the flow pane in pixels, where the terminal has a protocol for them |
//! | session_file, user_editor | the session file: written by the dashboard, opened in the user's editor |
//! | save | the screen and the figures as files |
//! | runs | the dashboard of a folder of runs |
//! | terminal, terminal_owner, input | the terminal, taken and given back; its keys |
//! | options, outcome | what the dashboard is started with, how it was left |
//!
//! A pane that has keys of its own is found by its name: its choices in `state/losses.rs`, its keys in `keys/losses.rs`, what they do in
//! `update/losses.rs`, its drawing in `panels/losses.rs`; likewise `flow` and `settings`.
//!
//! The trainer never waits for the screen: events lie in the ring of the feed until they are fetched, at most ten times a second.
//! The loop sleeps until a key comes or a frame is due, so a key is answered at once and drawing takes at most 2% of a core.

pub mod action;
pub mod axis;
pub mod canvas;
pub mod component;
pub mod dot_grid;
mod event_loop;
pub mod format;
mod frame_pacer;
pub mod input;
pub mod keys;
pub mod layout;
mod options;
mod outcome;
pub mod pane;
pub mod panels;
pub mod phase;
pub mod pixels;
pub mod range;
pub mod runs;
pub mod save;
mod session_file;
pub mod shades;
pub mod state;
pub mod terminal;
mod terminal_owner;
mod terms;
pub mod theme;
pub mod theme_options;
pub mod update;
mod user_editor;
pub mod window;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod screens;

use std::io::{self, BufWriter, IsTerminal};

use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::feed::Feed;
use crate::terminal_size::terminal_size;
use event_loop::{EventLoop, LoopExit};
use input::InputThread;
pub use options::{Options, Switches, UnwrittenSession};
pub use outcome::Outcome;
use pixels::protocol::Protocol;
use runs::{RunsDashboard, RunsExit, RunsInterruption};
use terminal::TerminalGuard;
pub use terminal_owner::TerminalOwner;

/// The size of a terminal that has lost its own since the program was started.
const UNKNOWN_SIZE: Size = Size {
    width: 80,
    height: 24,
};

/// The terminal while dashboards have it, with its keys; dropping it gives the terminal back.
pub struct Screen {
    guard: TerminalGuard,
    input: InputThread,
}

/// Shows a run on a screen of its own, as [`Screen::show`] does.
pub fn run(feed: &Feed, options: Options) -> io::Result<Outcome> {
    Screen::take(options.graphics)?.show(feed, options)
}

impl Screen {
    /// Takes the terminal, for pictures by this protocol if there is one. Fails only when it can't be taken.
    pub fn take(graphics: Option<Protocol>) -> io::Result<Self> {
        Ok(Screen {
            guard: TerminalGuard::enter(graphics)?,
            input: InputThread::spawn()?,
        })
    }

    /// Shows a run until it is over and the user leaves the dashboard. A run that ended by the user or a signal is left at once.
    /// Signals are not handled here, but for job control: who handles them sends `Command::Stop(Reason::Signal(n))` to the trainer.
    pub fn show(&mut self, feed: &Feed, options: Options) -> io::Result<Outcome> {
        let Screen { guard, input } = self;
        let mut event_loop = EventLoop::new(feed, options, terminal()?);
        // What another dashboard has left is no part of the first frame.
        if let Err(error) = event_loop.repaint() {
            return Ok(lost(event_loop, error));
        }
        let taken = guard.taken();
        while taken.holds() {
            let exit = match (guard.jobs().take_stop(), guard.jobs().take_resumed()) {
                (true, _) => Some(LoopExit::Suspend),
                (false, true) => Some(LoopExit::Resumed),
                _ => event_loop.turn(input.keys()),
            };
            let retaken = match exit {
                None => continue,
                Some(LoopExit::Outcome(Outcome::Lost(error))) => {
                    return Ok(lost(event_loop, error));
                }
                Some(LoopExit::Outcome(outcome)) => {
                    // Hung up on, before a write could fail.
                    if !io::stdout().is_terminal() {
                        std::mem::forget(event_loop);
                    }
                    return Ok(outcome);
                }
                Some(LoopExit::Suspend) => guard.suspend(),
                Some(LoopExit::Resumed) => guard.retake(),
                Some(LoopExit::OpenEditor) => lend(guard, input, &mut event_loop),
            };
            if let Err(error) = retaken.and_then(|()| event_loop.repaint()) {
                return Ok(lost(event_loop, error));
            }
        }
        Ok(Outcome::Broken)
    }

    /// Shows a folder of runs until it is left or a run is to be shown.
    pub fn show_runs(&mut self, runs: &mut RunsDashboard) -> io::Result<RunsExit> {
        let guard = &self.guard;
        let mut screen = terminal()?;
        let mut painted = runs.repaint(&mut screen);
        let taken = guard.taken();
        while taken.holds() {
            if let Err(error) = painted {
                std::mem::forget(screen);
                return Ok(RunsExit::Lost(error));
            }
            let interruption = match (guard.jobs().take_stop(), guard.jobs().take_resumed()) {
                (true, _) => Some(RunsInterruption::Suspend),
                (false, true) => {
                    painted = guard.retake().and_then(|()| runs.repaint(&mut screen));
                    continue;
                }
                _ => runs.turn(&mut screen, self.input.keys()),
            };
            painted = match interruption {
                None => Ok(()),
                Some(RunsInterruption::Exit(RunsExit::Lost(error))) => Err(error),
                Some(RunsInterruption::Exit(exit)) => return Ok(exit),
                Some(RunsInterruption::Suspend) => {
                    guard.suspend().and_then(|()| runs.repaint(&mut screen))
                }
            };
        }
        Ok(RunsExit::Broken)
    }
}

/// The terminal at its size, which ratatui itself would take for no cells where the system does not know it.
fn terminal() -> io::Result<Terminal<CrosstermBackend<BufWriter<io::Stdout>>>> {
    let size = terminal_size().unwrap_or(UNKNOWN_SIZE);
    let viewport = Viewport::Fixed(Rect::from(size));
    let backend = CrosstermBackend::new(BufWriter::new(io::stdout()));
    Terminal::with_options(backend, TerminalOptions { viewport })
}

/// A screen that nobody sees is not taken down: ratatui would complain of it on a stderr that is gone too, and panic.
fn lost<W: io::Write>(event_loop: EventLoop<W>, error: io::Error) -> Outcome {
    std::mem::forget(event_loop);
    Outcome::Lost(error)
}

/// Lends terminal and keys to the user's editor.
fn lend<W: io::Write>(
    guard: &TerminalGuard,
    input: &mut InputThread,
    event_loop: &mut EventLoop<W>,
) -> io::Result<()> {
    input.end()?;
    guard.lend(|jobs| event_loop.open_editor(jobs))?;
    *input = InputThread::spawn()?;
    Ok(())
}
