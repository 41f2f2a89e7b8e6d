//! Keys on a thread of their own, so that a key wakes the screen at once and a dead terminal can't hold it up.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use crossterm::event::{self, Event};

use super::keys::Key;

/// How late the thread may notice that it is no longer needed.
const NAP: Duration = Duration::from_millis(100);
/// How long the thread may take to end.
const PATIENCE: Duration = Duration::from_secs(1);
/// Keys that may wait while a frame is drawn.
const WAITING: usize = 256;

/// What the terminal tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A key.
    Key(Key),
    /// Another size.
    Resized,
}

/// The thread's handle; dropping it ends the thread. It is not joined: crossterm 0.29 never returns from a terminal that has died.
#[derive(Debug)]
pub struct Input {
    keys: Receiver<Heard>,
    enough: Arc<AtomicBool>,
}

impl Input {
    /// Starts to listen.
    pub fn spawn() -> io::Result<Self> {
        let (sender, keys) = bounded(WAITING);
        let enough = Arc::new(AtomicBool::new(false));
        let input = Self {
            keys,
            enough: Arc::clone(&enough),
        };
        thread::Builder::new()
            .name("keys".into())
            .spawn(move || listen(&sender, &enough))?;
        Ok(input)
    }

    /// What was heard; ends when the terminal can't be read any more.
    pub fn keys(&self) -> &Receiver<Heard> {
        &self.keys
    }

    /// Ends the thread and waits until it is gone, so that it takes no key from who reads next.
    pub fn end(&self) -> io::Result<()> {
        self.enough.store(true, Ordering::SeqCst);
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

impl Drop for Input {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::SeqCst);
    }
}

/// Until nobody needs it or the terminal fails.
fn listen(keys: &Sender<Heard>, enough: &AtomicBool) {
    while !enough.load(Ordering::SeqCst) {
        let event = match event::poll(NAP) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(_) => return,
        };
        let heard = match event {
            Ok(Event::Key(key)) => Key::pressed(key).map(Heard::Key),
            Ok(Event::Resize(..)) => Some(Heard::Resized),
            Ok(_) => None,
            Err(_) => return,
        };
        if heard.is_some_and(|heard| keys.send(heard).is_err()) {
            return;
        }
    }
}
