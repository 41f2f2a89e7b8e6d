//! The dashboard: keys and the trainer's events in, a screen out.
//!
//! | file | holds |
//! | --- | --- |
//! | state, phase, matching, history, other, journal, pace, gauge | what the screen shows, as a fold over events |
//! | lens, window | what part of the curves is seen, and how |
//! | keys, update | the table of keys, and what they do to the state |
//! | steer, pen, edits, editor | steering by the session file: keys, what is written, what came of it; the user's own editor |
//! | stage | what of the flow is looked at |
//! | layout, pane, panels | the screen as a pure function of the state |
//! | component, axis, dots, ramp, format, paint, theme | what panels draw with |
//! | look | what the terminal can show |
//! | portrait, gallery | a screen as text and as a picture; the pictures of the flow and the losses |
//! | desk | the loop between keys, events and frames |
//! | terminal, input | the terminal, taken and given back; its keys |
//!
//! The trainer never waits for the screen: events lie in the ring of the feed until they are fetched, at most ten times a second.
//! The loop sleeps until a key comes or a frame is due, so a key is answered at once and drawing takes at most 2% of a core.

pub mod axis;
pub mod component;
mod desk;
pub mod dots;
mod editor;
pub mod edits;
pub mod format;
mod gallery;
pub mod gauge;
pub mod history;
pub mod input;
pub mod journal;
pub mod keys;
pub mod layout;
pub mod lens;
pub mod look;
pub mod matching;
pub mod other;
pub mod pace;
pub mod paint;
pub mod pane;
pub mod panels;
mod pen;
pub mod phase;
pub mod portrait;
pub mod ramp;
pub mod stage;
pub mod state;
pub mod steer;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod window;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod screens;

use std::io::{self, BufWriter};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::event::Finished;
use crate::feed::Feed;
use desk::{Desk, End};
pub use editor::Loan;
use input::Input;
use terminal::Guard;
use theme::Theme;

/// How the dashboard looks and ends.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Markers and colour.
    pub theme: Theme,
    /// What who handles the signals must know, and tells.
    pub switches: Switches,
    /// Whether changes of the session file reach the run, which can then be steered from the settings.
    pub followed: bool,
}

/// Between the dashboard and who handles the signals.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// Set from outside to leave a run that has ended, as a signal does; until then its result stays on the screen.
    pub leave: Arc<AtomicBool>,
    /// Whether the user's editor has the terminal.
    pub loan: Loan,
}

/// How the dashboard was left. Only after `Finished` has the trainer ended.
#[derive(Debug)]
pub enum Outcome {
    /// The run is over and the user has seen it.
    Finished(Finished),
    /// The user left without waiting, by a second Ctrl-C: the trainer was asked to stop but may not have saved.
    Abandoned,
    /// The trainer went without a last event, or a thread panicked; the terminal is given back and the panic's message is on it.
    Broken,
    /// The terminal died. The trainer goes on: send it `Command::Stop` for a checkpoint, or let it train and read its events without a screen.
    Lost(io::Error),
}

/// Shows a run until it is over and the user leaves. A run that ended by the user or a signal is left at once.
/// Signals are not handled here, but for job control: who handles them sends `Command::Stop(Reason::Signal(n))` to the trainer.
/// Fails only when the terminal can't be taken.
pub fn run(feed: &Feed, options: Options) -> io::Result<Outcome> {
    let guard = Guard::enter()?;
    let mut input = Input::spawn()?;
    let screen = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())))?;
    let mut desk = Desk::new(feed, options, screen);
    let taken = guard.taken();
    while taken.holds() {
        let end = match (guard.jobs().take_stop(), guard.jobs().take_resumed()) {
            (true, _) => Some(End::Suspend),
            (false, true) => Some(End::Resumed),
            _ => desk.turn(input.keys()),
        };
        let retaken = match end {
            None => continue,
            Some(End::Outcome(Outcome::Lost(error))) => return Ok(lost(desk, error)),
            Some(End::Outcome(outcome)) => return Ok(outcome),
            Some(End::Suspend) => guard.suspend(),
            Some(End::Resumed) => guard.retake(),
            Some(End::Editor) => lend(&guard, &mut input, &mut desk),
        };
        if let Err(error) = retaken.and_then(|()| desk.repaint()) {
            return Ok(lost(desk, error));
        }
    }
    Ok(Outcome::Broken)
}

/// A screen that nobody sees is not taken down: ratatui would complain of it on a stderr that is gone too, and panic.
fn lost<W: io::Write>(desk: Desk<W>, error: io::Error) -> Outcome {
    std::mem::forget(desk);
    Outcome::Lost(error)
}

/// Lends terminal and keys to the user's editor.
fn lend<W: io::Write>(guard: &Guard, input: &mut Input, desk: &mut Desk<W>) -> io::Result<()> {
    input.end()?;
    guard.lend(|jobs| desk.edit(jobs))?;
    *input = Input::spawn()?;
    Ok(())
}
