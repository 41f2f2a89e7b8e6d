//! Follows a session file: change -> debounce -> read -> parse -> session or refusal, on a thread of its own.
//!
//! Editors write in place, or truncate and write, or write aside and rename; volumes of containers swap a link. So
//! directories are watched, not the file, and only content decides whether anything has changed.

mod debounce;
mod places;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::{Rejection, Session, parse, read};
use serde::{Deserialize, Serialize};

use debounce::Debounce;
use places::Places;

/// Between two looks where the system tells nothing.
const POLL: Duration = Duration::from_secs(1);

/// A file that is empty or gone may be half saved: it is read again so often, after so long.
const RETRIES: usize = 3;
const RETRY: Duration = Duration::from_millis(50);

/// How a session file is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Follow {
    /// By the events of the file system.
    Native,
    /// By looking once a second.
    Poll,
    /// Not at all.
    Off,
}

/// How the file is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The system tells of changes.
    Native,
    /// The file is read once a second: for network and shared file systems, which tell nothing.
    Poll,
}

/// Follows a file until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    signals: Sender<Signal>,
    mode: Mode,
}

#[derive(Debug)]
enum Signal {
    Seen(notify::Result<notify::Event>),
    Reread,
    Stop,
}

/// Follows `path`, whose text is `current`, and sends what every new text of it gives.
///
/// Falls back to polling where the system cannot watch; [`Watcher::mode`] tells.
pub fn watch(
    path: &Path,
    mode: Mode,
    current: &str,
    send: impl Fn(Result<Arc<Session>, Rejection>) + Send + 'static,
) -> io::Result<Watcher> {
    let (signals, inbox) = unbounded();
    let mut follower = Follower {
        path: path.to_owned(),
        absolute: std::path::absolute(path)?,
        native: (mode == Mode::Native)
            .then(|| native(signals.clone()))
            .flatten(),
        places: Places::default(),
        blind: true,
        last: Ok(current.to_owned()),
        looked: Instant::now(),
        send,
    };
    follower.aim();
    let mode = if follower.blind {
        Mode::Poll
    } else {
        Mode::Native
    };
    thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || follower.run(&inbox))?;
    Ok(Watcher { signals, mode })
}

impl Watcher {
    /// How the file is followed.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Reads the file now and sends what it gives, even if nothing has changed.
    pub fn reread(&self) {
        // The thread ends with the watcher only.
        let _ = self.signals.send(Signal::Reread);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Not joined: the thread may stand in a read that hangs, and quitting must not.
        let _ = self.signals.send(Signal::Stop);
    }
}

/// The system's watcher, if it has one to spare.
fn native(signals: Sender<Signal>) -> Option<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Our own reading is an access.
        if !matches!(&event, Ok(event) if matches!(event.kind, EventKind::Access(_))) {
            let _ = signals.send(Signal::Seen(event));
        }
    })
    .ok()
}

struct Follower<F> {
    /// As the user wrote it: refusals name it so.
    path: PathBuf,
    absolute: PathBuf,
    native: Option<RecommendedWatcher>,
    /// What the native watcher is aimed at.
    places: Places,
    /// The system tells nothing of the file's directory.
    blind: bool,
    /// What was last read.
    last: Result<String, Rejection>,
    /// When that was.
    looked: Instant,
    send: F,
}

impl<F: Fn(Result<Arc<Session>, Rejection>)> Follower<F> {
    fn run(mut self, signals: &Receiver<Signal>) {
        let mut debounce = Debounce::default();
        // An edit between the first reading and the start of the watch would go unseen.
        debounce.touch(Instant::now());
        loop {
            let now = Instant::now();
            if debounce.due().is_some_and(|due| due <= now) {
                debounce.clear();
                self.look();
            } else if self.blind && self.looked + POLL <= now {
                self.looked = now;
                if read(&self.path) != self.last {
                    debounce.touch(now);
                }
            }
            match signals.recv_timeout(self.rest(&debounce)) {
                Ok(Signal::Seen(event)) if self.concerns(&event) => debounce.touch(Instant::now()),
                Ok(Signal::Reread) => self.deliver(self.settled()),
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Signal::Seen(_)) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Time until something is due.
    fn rest(&self, debounce: &Debounce) -> Duration {
        let poll = self.blind.then(|| self.looked + POLL);
        let due = [debounce.due(), poll].into_iter().flatten().min();
        due.map_or(POLL, |due| due.saturating_duration_since(Instant::now()))
    }

    /// An error of the watcher may hide a change.
    fn concerns(&self, event: &notify::Result<notify::Event>) -> bool {
        event
            .as_ref()
            .map_or(true, |event| self.places.concern(event))
    }

    fn look(&mut self) {
        // First, so that no change falls between the reading and the new watch.
        self.aim();
        let text = self.settled();
        if text != self.last {
            self.deliver(text);
        }
    }

    /// Watches the places as they are now: a link may point elsewhere, a directory may be a new one of the same name.
    fn aim(&mut self) {
        let Some(native) = &mut self.native else {
            return;
        };
        for directory in &self.places.directories {
            // It may be gone, and the watch with it.
            let _ = native.unwatch(directory);
        }
        self.places = Places::of(&self.absolute);
        self.blind = true;
        for directory in &self.places.directories {
            let watched = native.watch(directory, RecursiveMode::NonRecursive).is_ok();
            if watched && self.absolute.parent() == Some(directory) {
                self.blind = false;
            }
        }
    }

    /// The text of the file once it is neither empty nor gone, or what stays after some patience.
    fn settled(&self) -> Result<String, Rejection> {
        for _ in 0..RETRIES {
            match read(&self.path) {
                Ok(text) if !text.trim().is_empty() => return Ok(text),
                _ => thread::sleep(RETRY),
            }
        }
        read(&self.path)
    }

    fn deliver(&mut self, text: Result<String, Rejection>) {
        self.looked = Instant::now();
        self.last = text.clone();
        let session = text.and_then(|text| parse(&text, &self.path)).map(Arc::new);
        (self.send)(session);
    }
}
