//! The progress bar on stderr; it hides itself where that is no terminal. A start by matching has it to itself first: its
//! iterations say nothing of how long the others take.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::number::{DIGITS, general};
use crate::event::Event;
use crate::session::Initial;

const TEMPLATE: &str = "{prefix}{wide_bar} {pos}/{len}  {per_sec}  {eta} left  {msg}";

pub(super) struct Bar {
    bar: ProgressBar,
    /// Iterations of the start, and of the run.
    ends: [u64; 2],
    matching: bool,
    /// Rows go to the same screen, so the bar must make place for them.
    shared: bool,
}

impl Bar {
    pub(super) fn new(target: ProgressDrawTarget) -> Self {
        let shared = !target.is_hidden() && io::stdout().is_terminal();
        let style =
            ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        Bar {
            bar: ProgressBar::with_draw_target(None, target).with_style(style),
            ends: [0, 0],
            matching: false,
            shared,
        }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Start(start) => {
                let session = &start.session;
                let matching = match session.start {
                    Initial::Matching { iterations, .. } => iterations,
                    _ => 0,
                };
                self.ends = [matching, session.stop.iterations];
                self.measure();
            }
            Event::Iteration { iteration, .. } => {
                self.turn_to(false);
                self.bar.set_position(*iteration);
            }
            Event::Matching { iteration, m, .. } => {
                self.turn_to(true);
                self.bar.set_position(*iteration);
                self.bar.set_message(format!("M {}", general(*m, DIGITS)));
            }
            Event::Validation { losses, .. } => self
                .bar
                .set_message(format!("C {}", general(losses.c, DIGITS))),
            Event::Edit { field, new, .. } => {
                let end = match field.as_str() {
                    "start.iterations" => 0,
                    "stop.iterations" => 1,
                    _ => return,
                };
                if let Ok(iterations) = new.parse() {
                    self.ends[end] = iterations;
                    self.measure();
                }
            }
            _ => {}
        }
    }

    fn turn_to(&mut self, matching: bool) {
        if self.matching != matching {
            self.matching = matching;
            self.bar.set_prefix(if matching { "matching " } else { "" });
            self.measure();
            self.bar.reset_eta();
        }
    }

    fn measure(&self) {
        let [matching, run] = self.ends;
        let end = if self.matching {
            matching.min(run)
        } else {
            run
        };
        self.bar.set_length(end);
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
