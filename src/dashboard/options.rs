//! What the dashboard is started with.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::terminal_owner::TerminalOwner;
use super::theme::Theme;

/// The options of a dashboard.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The markers and the colours.
    pub theme: Theme,
    /// The flags shared with the thread that handles signals.
    pub switches: Switches,
    /// Whether changes of the session file reach the run, so that it can be steered from the settings.
    pub followed: bool,
}

/// The flags that the dashboard shares with the thread that handles signals.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// Whether to leave a run that has ended, as a signal asks; until then its result stays on the screen.
    pub leave: Arc<AtomicBool>,
    /// The owner of the terminal: dashboard or editor.
    pub terminal: TerminalOwner,
}
