//! The session file followed while a run trains, on a thread of its own: change -> debounce -> read -> parse -> session or refusal.
//!
//! Editors write in place, or truncate and write, or write aside and rename; volumes of containers swap a link. So
//! directories are watched, not the file, and only content decides whether anything has changed. Of some changes no system tells:
//! once a second the state of the file is looked at too, and its text where that differs.

mod debounce;
mod file_state;
mod watched_paths;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use clap::ValueEnum;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use serde::{Deserialize, Serialize};

use super::{Rejection, Session, parse, read};

use debounce::Debounce;
use file_state::FileState;
use watched_paths::WatchedPaths;

/// Time between two looks at the file that no event asks for.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Readings of a file that is empty or gone, which may be half saved.
const RETRIES: usize = 3;
/// Time between two such readings.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The choice of a user whether and how a session file is followed. The docs of the variants are help texts of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum WatchChoice {
    /// By the events of the file system, and once a second by its size and time.
    Native,
    /// By reading it once a second.
    Poll,
    /// Not at all.
    Off,
}

/// The way in which a session file is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchMode {
    /// The system reports changes; those of which it does not, show in the state of the file.
    Native,
    /// The file is read once a second: for network and shared file systems, which report nothing.
    Poll,
}

/// The handle of a followed file; dropping it ends the following.
#[derive(Debug)]
pub struct FileWatcher {
    messages: Sender<WatchMessage>,
    mode: WatchMode,
}

/// A message to the thread that follows a file.
#[derive(Debug)]
enum WatchMessage {
    /// The system has reported an event.
    Reported(notify::Result<notify::Event>),
    Reread,
    Stop,
}

/// Follows the file at `path`, whose text is `current`: `send` gets the session of every new text, or its refusal.
///
/// Polls where the system cannot watch; [`FileWatcher::mode`] tells which.
///
/// # Errors
/// The path has no absolute form, or no thread can be started.
pub fn watch(
    path: &Path,
    mode: WatchMode,
    current: &str,
    send: impl Fn(Result<Arc<Session>, Rejection>) + Send + 'static,
) -> io::Result<FileWatcher> {
    let (messages, inbox) = unbounded();
    let mut follower = FileFollower {
        path: path.to_owned(),
        absolute: std::path::absolute(path)?,
        system: match mode {
            WatchMode::Native => system_watcher(messages.clone()),
            WatchMode::Poll => None,
        },
        watched: WatchedPaths::default(),
        mode: WatchMode::Poll,
        last: Ok(current.to_owned()),
        state: None,
        looked_at: Instant::now(),
        send,
    };
    follower.watch_paths();
    let mode = follower.mode;
    thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || follower.run(&inbox))?;
    Ok(FileWatcher { messages, mode })
}

impl FileWatcher {
    /// The way in which the file is followed.
    pub fn mode(&self) -> WatchMode {
        self.mode
    }

    /// Has the file read now and its session or refusal sent, even if nothing has changed.
    pub fn reread(&self) {
        // The thread ends with the watcher only.
        let _ = self.messages.send(WatchMessage::Reread);
    }
}

impl Drop for FileWatcher {
    fn drop(&mut self) {
        // Not joined: the thread may stand in a read that hangs, and quitting must not.
        let _ = self.messages.send(WatchMessage::Stop);
    }
}

/// Makes a watcher of the system; None if the system has no more of them.
fn system_watcher(messages: Sender<WatchMessage>) -> Option<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Our own reading is an access.
        if !matches!(&event, Ok(event) if matches!(event.kind, EventKind::Access(_))) {
            let _ = messages.send(WatchMessage::Reported(event));
        }
    })
    .ok()
}

/// The state of the thread that follows a file.
struct FileFollower<F> {
    /// Path as the user wrote it: refusals name it so.
    path: PathBuf,
    absolute: PathBuf,
    /// Watcher of the system; None if the file is polled anyway.
    system: Option<RecommendedWatcher>,
    /// Paths that the watcher of the system watches.
    watched: WatchedPaths,
    /// Whether the system reports changes of the file's directory.
    mode: WatchMode,
    /// Text that was last read.
    last: Result<String, Rejection>,
    /// State of the file before it was last read; None while its text has to be compared in any case.
    state: Option<FileState>,
    /// Time of the last reading or look.
    looked_at: Instant,
    /// Receiver of sessions and refusals.
    send: F,
}

impl<F: Fn(Result<Arc<Session>, Rejection>)> FileFollower<F> {
    fn run(mut self, inbox: &Receiver<WatchMessage>) {
        let mut debounce = Debounce::default();
        // An edit between the first reading and the start of the watch would go unseen.
        debounce.touch(Instant::now());
        loop {
            let now = Instant::now();
            if debounce.due().is_some_and(|due| due <= now) {
                debounce.clear();
                self.reload();
            } else if self.looked_at + LOOK_INTERVAL <= now {
                self.looked_at = now;
                if self.differs() {
                    debounce.touch(now);
                }
            }
            match inbox.recv_timeout(self.time_to_wait(&debounce)) {
                Ok(WatchMessage::Reported(event)) if self.concerns(&event) => {
                    debounce.touch(Instant::now())
                }
                Ok(WatchMessage::Reread) => self.deliver(self.read_settled()),
                Ok(WatchMessage::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(WatchMessage::Reported(_)) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Time until a reading is due.
    fn time_to_wait(&self, debounce: &Debounce) -> Duration {
        let look = self.looked_at + LOOK_INTERVAL;
        let due = debounce.due().map_or(look, |due| due.min(look));
        due.saturating_duration_since(Instant::now())
    }

    /// Whether the file has another text than the last. Where the system reports changes, it is read only if its state does not exclude
    /// that.
    fn differs(&mut self) -> bool {
        let state = FileState::of(&self.path);
        if self.mode == WatchMode::Native && state.is_some() && state == self.state {
            return false;
        }
        self.state = state.filter(|state| !state.is_young(SystemTime::now()));
        read(&self.path) != self.last
    }

    /// Whether an event may be a change of the file; so may an error of the watcher.
    fn concerns(&self, event: &notify::Result<notify::Event>) -> bool {
        event
            .as_ref()
            .map_or(true, |event| self.watched.concern(event))
    }

    /// Reads the file and sends what it has become, if it has changed.
    fn reload(&mut self) {
        // First, so that no change falls between the reading and the new watch.
        self.watch_paths();
        let text = self.read_settled();
        if text != self.last {
            self.deliver(text);
        }
    }

    /// Watches the paths as they are now: a link may point elsewhere, a directory may be a new one of the same name.
    fn watch_paths(&mut self) {
        let Some(system) = &mut self.system else {
            return;
        };
        for directory in &self.watched.directories {
            // It may be gone, and the watch with it.
            let _ = system.unwatch(directory);
        }
        self.watched = WatchedPaths::of(&self.absolute);
        self.mode = WatchMode::Poll;
        for directory in &self.watched.directories {
            let watched = system.watch(directory, RecursiveMode::NonRecursive).is_ok();
            if watched && self.absolute.parent() == Some(directory) {
                self.mode = WatchMode::Native;
            }
        }
    }

    /// Reads the file until it is neither empty nor gone, at most [`RETRIES`] times and once more.
    fn read_settled(&self) -> Result<String, Rejection> {
        for _ in 0..RETRIES {
            match read(&self.path) {
                Ok(text) if !text.trim().is_empty() => return Ok(text),
                _ => thread::sleep(RETRY_INTERVAL),
            }
        }
        read(&self.path)
    }

    /// Sends the session or the refusal of a text.
    fn deliver(&mut self, text: Result<String, Rejection>) {
        self.looked_at = Instant::now();
        self.last = text.clone();
        let session = text.and_then(|text| parse(&text, &self.path)).map(Arc::new);
        (self.send)(session);
    }
}
