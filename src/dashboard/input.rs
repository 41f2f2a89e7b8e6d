//! The thread that reads the terminal, so that a key wakes the screen at once and a dead terminal can't hold it up.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use crossterm::event::{self, Event};
use ratatui::layout::Size;

use super::keys::Key;
use crate::terminal_size::terminal_size;

/// Longest time until the thread notices that it is no longer needed.
const POLL: Duration = Duration::from_millis(100);
/// Longest wait for the thread to end.
const PATIENCE: Duration = Duration::from_secs(1);
/// Most keys that may wait while a frame is drawn.
const WAITING: usize = 256;

/// An input of the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalInput {
    /// A key that was pressed.
    Key(Key),
    /// A text that was pasted, where the terminal tells it from keys.
    Pasted(String),
    /// The size has changed to this.
    Resized(Size),
}

/// The inputs that have come within this time, in order.
///
/// # Errors
/// When the terminal can't be read any more.
pub fn await_input(
    inputs: &Receiver<TerminalInput>,
    time: Duration,
) -> io::Result<impl Iterator<Item = TerminalInput>> {
    let first = match inputs.recv_timeout(time) {
        Ok(input) => Some(input),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => {
            return Err(io::Error::other("the terminal can't be read any more"));
        }
    };
    let others = first.is_some().then(|| inputs.try_iter());
    Ok(first.into_iter().chain(others.into_iter().flatten()))
}

/// The handle of the thread; dropping it ends the thread. It is not joined: nothing waits for a terminal that has died.
#[derive(Debug)]
pub struct InputThread {
    keys: Receiver<TerminalInput>,
    /// Whether the thread is to end.
    ended: Arc<AtomicBool>,
}

impl InputThread {
    /// Starts the thread.
    pub fn spawn() -> io::Result<Self> {
        let (sender, keys) = bounded(WAITING);
        let ended = Arc::new(AtomicBool::new(false));
        let input = Self {
            keys,
            ended: Arc::clone(&ended),
        };
        thread::Builder::new()
            .name("keys".into())
            .spawn(move || listen(&sender, &ended))?;
        Ok(input)
    }

    /// The inputs; they end when the terminal can't be read any more.
    pub fn keys(&self) -> &Receiver<TerminalInput> {
        &self.keys
    }

    /// Ends the thread and waits until it is gone, so that it takes no key from who reads next.
    pub fn end(&self) -> io::Result<()> {
        self.ended.store(true, Ordering::SeqCst);
        loop {
            match self.keys.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(io::Error::other("the terminal does not answer"));
                }
            }
        }
    }
}

impl Drop for InputThread {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

/// Reads the terminal until the thread is to end or the terminal fails.
fn listen(keys: &Sender<TerminalInput>, ended: &AtomicBool) {
    while !ended.load(Ordering::SeqCst) {
        let event = match event::poll(POLL) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(_) => return,
        };
        let heard = match event {
            Ok(Event::Key(key)) => Key::pressed(key).map(TerminalInput::Key),
            Ok(Event::Paste(text)) => Some(TerminalInput::Pasted(text)),
            // Where nothing tells the new size, the old one is the best guess.
            Ok(Event::Resize(..)) => terminal_size().map(TerminalInput::Resized),
            Ok(_) => None,
            Err(_) => return,
        };
        if heard.is_some_and(|heard| keys.send(heard).is_err()) {
            return;
        }
    }
}
