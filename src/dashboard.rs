//! The dashboard: keys and the trainer's events in, a screen out.
//!
//! | file | holds |
//! | --- | --- |
//! | event_loop | the loop between keys, events and frames |
//! | state | everything that the screen shows, as plain data; the fold over events |
//! | pane, action, keys, update | the panes; what keys ask for, the table of keys, and how the state follows them |
//! | layout, panels | the screen as a pure function of the state, a panel a file |
//! | canvas, dot_grid, axis, window, range, shades, theme, format, component | what panels draw with |
//! | phase | what the run is doing, in words |
//! | theme_options | the colours and symbols that the terminal can show |
//! | pixels | the flow pane in pixels, where the terminal has a protocol for them |
//! | session_file, user_editor | the session file: written by the dashboard, opened in the user's editor |
//! | save | the screen and the figures as files |
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

use std::io::{self, BufWriter};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::feed::Feed;
use event_loop::{EventLoop, LoopExit};
use input::InputThread;
pub use options::{Options, Switches, UnwrittenSession};
pub use outcome::Outcome;
use terminal::TerminalGuard;
pub use terminal_owner::TerminalOwner;

/// Shows a run until it is over and the user leaves the dashboard. A run that ended by the user or a signal is left at once.
/// Signals are not handled here, but for job control: who handles them sends `Command::Stop(Reason::Signal(n))` to the trainer.
/// Fails only when the terminal can't be taken.
pub fn run(feed: &Feed, options: Options) -> io::Result<Outcome> {
    let guard = TerminalGuard::enter(options.graphics)?;
    let mut input = InputThread::spawn()?;
    let screen = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())))?;
    let mut event_loop = EventLoop::new(feed, options, screen);
    let taken = guard.taken();
    while taken.holds() {
        let exit = match (guard.jobs().take_stop(), guard.jobs().take_resumed()) {
            (true, _) => Some(LoopExit::Suspend),
            (false, true) => Some(LoopExit::Resumed),
            _ => event_loop.turn(input.keys()),
        };
        let retaken = match exit {
            None => continue,
            Some(LoopExit::Outcome(Outcome::Lost(error))) => return Ok(lost(event_loop, error)),
            Some(LoopExit::Outcome(outcome)) => return Ok(outcome),
            Some(LoopExit::Suspend) => guard.suspend(),
            Some(LoopExit::Resumed) => guard.retake(),
            Some(LoopExit::OpenEditor) => lend(&guard, &mut input, &mut event_loop),
        };
        if let Err(error) = retaken.and_then(|()| event_loop.repaint()) {
            return Ok(lost(event_loop, error));
        }
    }
    Ok(Outcome::Broken)
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
