//! The progress bar on stderr; it hides itself where that is no terminal.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Progress;
use super::number::{DIGITS, general};
use crate::event::Event;

const TEMPLATE: &str = "{wide_bar} {pos}/{len}  {per_sec}  {eta} left  {msg}";

pub(super) struct Bar {
    bar: ProgressBar,
    /// Rows go to the same screen, so the bar must make place for them.
    shared: bool,
}

impl Bar {
    pub(super) fn new(progress: Progress) -> Self {
        let (target, shared) = match progress {
            Progress::Stderr => (ProgressDrawTarget::stderr(), io::stdout().is_terminal()),
            Progress::Hidden => (ProgressDrawTarget::hidden(), false),
        };
        let style =
            ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        Bar {
            bar: ProgressBar::with_draw_target(None, target).with_style(style),
            shared,
        }
    }

    pub(super) fn apply(&self, event: &Event) {
        match event {
            Event::Start(start) => self.bar.set_length(start.session.stop.iterations),
            Event::Iteration { iteration, .. } => self.bar.set_position(*iteration),
            Event::Validation { losses, .. } => self
                .bar
                .set_message(format!("C {}", general(losses.c, DIGITS))),
            Event::Edit { field, new, .. } if field == "stop.iterations" => {
                if let Ok(iterations) = new.parse() {
                    self.bar.set_length(iterations);
                }
            }
            _ => {}
        }
    }

    /// Prints beside the bar without the two getting mixed up.
    pub(super) fn around(&self, print: impl FnOnce()) {
        if self.shared {
            self.bar.suspend(print)
        } else {
            print()
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
