//! What the dashboard is started with.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::pixels::protocol::Protocol;
use super::terminal_owner::TerminalOwner;
use super::theme::Theme;
use crate::session::reload::FileWatcher;

/// The options of a dashboard.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The markers and the colours.
    pub theme: Theme,
    /// The protocol for pictures; None for characters only.
    pub graphics: Option<Protocol>,
    /// The flags shared with the thread that handles signals.
    pub switches: Switches,
    /// Whether changes of the session file reach the run, so that it can be steered from the settings.
    pub followed: bool,
    /// Whether the run was opened from the table of many, to which one goes back by leaving it.
    pub within_runs: bool,
    /// The session, if no file has it and one that is written can be followed.
    pub unwritten: Option<UnwrittenSession>,
}

/// Follows a file, whose changes reach the run; the error is a line for the user.
pub type Follow = dyn Fn(&Path) -> Result<FileWatcher, String> + Send + Sync;

/// A session that no file has so far.
#[derive(Clone)]
pub struct UnwrittenSession {
    /// The text that its file is to have.
    pub text: String,
    /// The way to follow that file.
    pub follow: Arc<Follow>,
}

impl fmt::Debug for UnwrittenSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnwrittenSession")
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

/// The flags that the dashboard shares with the thread that handles signals.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// Whether to leave a run that has ended, as a signal asks; until then its result stays on the screen.
    pub leave: Arc<AtomicBool>,
    /// The owner of the terminal: dashboard or editor.
    pub terminal: TerminalOwner,
}
