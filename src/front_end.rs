//! Which front end shows a run, and what keeps the dashboard from being it.

use std::io::{self, IsTerminal};

use crate::terminal_size::terminal_size;

/// The front end of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrontEnd {
    /// The screen of `dashboard.rs`.
    Dashboard,
    /// The rows of `headless.rs`.
    Headless,
}

/// The reason why no dashboard can be had, if there is one.
pub(crate) fn obstacle() -> Option<&'static str> {
    if !io::stdout().is_terminal() {
        Some("stdout is no terminal")
    } else if !io::stdin().is_terminal() {
        Some("stdin is no terminal")
    } else if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
        Some("TERM is dumb or not set")
    } else if terminal_size().is_none() {
        Some("the terminal has no size (0 x 0), nor have COLUMNS and LINES")
    } else {
        None
    }
}
