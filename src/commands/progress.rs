//! The progress bar of commands that read or write many rows.

use std::io::{self, IsTerminal};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::file;

/// Length of the bar: it counts in thousandths, as the number of rows of a CSV file is not known before its end.
pub const WHOLE: f64 = 1000.0;

/// A progress bar on stderr where it is a terminal; hidden elsewhere.
pub fn progress_bar() -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{wide_bar} {percent} %  {eta} left  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(WHOLE as u64), target).with_style(style)
}

/// A progress bar of what writes an output; hidden also where the output itself goes to the terminal.
pub fn progress_bar_of_output(output: &Path) -> ProgressBar {
    let bar = progress_bar();
    if file::is_terminal(output) {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
