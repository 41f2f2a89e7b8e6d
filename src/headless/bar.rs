//! The progress bar on stderr, hidden where that is no terminal. A start by matching has a bar of its own first: the time of its
//! iterations says nothing of that of the others.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::number::{DIGITS, format_number};
use crate::event::Event;
use crate::session::Initial;

const TEMPLATE: &str = "{prefix}{wide_bar} {pos}/{len}  {per_sec}  {eta} left  {msg}";

/// The phase of a run that the bar shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BarPhase {
    /// The start by matching.
    Matching,
    /// The iterations that minimise the loss.
    Loss,
}

/// The progress bar of a run.
pub(super) struct RunProgressBar {
    bar: ProgressBar,
    /// Iterations of the start by matching; 0 without one.
    matching_iterations: u64,
    /// Iterations of the whole run.
    run_iterations: u64,
    phase: BarPhase,
    /// Whether rows go to the same terminal, so that the bar has to be suspended while they are printed.
    shared: bool,
}

impl RunProgressBar {
    /// A bar on this target.
    pub(super) fn new(target: ProgressDrawTarget) -> Self {
        let shared = !target.is_hidden() && io::stdout().is_terminal();
        let style =
            ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        RunProgressBar {
            bar: ProgressBar::with_draw_target(None, target).with_style(style),
            matching_iterations: 0,
            run_iterations: 0,
            phase: BarPhase::Loss,
            shared,
        }
    }

    /// Moves the bar by an event.
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Start(start) => {
                let session = &start.session;
                self.matching_iterations = match session.start {
                    Initial::Matching { iterations, .. } => iterations,
                    _ => 0,
                };
                self.run_iterations = session.stop.iterations;
                self.set_length();
            }
            Event::Iteration { iteration, .. } => {
                self.enter(BarPhase::Loss);
                self.bar.set_position(*iteration);
            }
            Event::Matching { iteration, m, .. } => {
                self.enter(BarPhase::Matching);
                self.bar.set_position(*iteration);
                self.bar
                    .set_message(format!("M {}", format_number(*m, DIGITS)));
            }
            Event::Validation { figures, .. } => self
                .bar
                .set_message(format!("C {}", format_number(figures.losses.c, DIGITS))),
            Event::Edit { field, new, .. } => {
                let edited = match field.as_str() {
                    "start.iterations" => &mut self.matching_iterations,
                    "stop.iterations" => &mut self.run_iterations,
                    _ => return,
                };
                if let Ok(iterations) = new.parse() {
                    *edited = iterations;
                    self.set_length();
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, phase: BarPhase) {
        if self.phase != phase {
            self.phase = phase;
            self.bar.set_prefix(match phase {
                BarPhase::Matching => "matching ",
                BarPhase::Loss => "",
            });
            self.set_length();
            self.bar.reset_eta();
        }
    }

    /// Sets the length of the bar to the end of the phase.
    fn set_length(&self) {
        self.bar.set_length(match self.phase {
            BarPhase::Matching => self.matching_iterations.min(self.run_iterations),
            BarPhase::Loss => self.run_iterations,
        });
    }

    /// Prints while the bar is removed from the terminal.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        if self.shared {
            self.bar.suspend(print)
        } else {
            print()
        }
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
