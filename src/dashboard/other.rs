//! A run that is not shown but compared with: its curves, by its name.

use super::history::{History, Series};
use super::state::State;
use crate::event::Event;

/// The curves of another run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Other {
    /// Name of its directory.
    pub name: String,
    /// Training curves.
    pub training: History,
    /// Validation curves.
    pub validation: History,
}

impl Other {
    /// No curves yet.
    pub fn new(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// Takes up one event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Iteration {
                iteration, losses, ..
            } => self.training.push(*iteration, losses),
            Event::Validation {
                iteration, losses, ..
            } => self.validation.push(*iteration, losses),
            _ => {}
        }
    }

    /// First and last iteration.
    pub fn span(&self) -> Option<(u64, u64)> {
        let spans = [self.training.span(), self.validation.span()];
        spans
            .into_iter()
            .flatten()
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The letter that stands for the other run of this number, from 0, at its curves and before its name.
    pub fn letter(number: usize) -> char {
        char::from(b'A' + (number % 26) as u8)
    }
}

impl State {
    /// First and last iteration on the charts.
    pub fn span(&self) -> Option<(u64, u64)> {
        let start = self.matching.as_ref().map(|matching| &matching.curve);
        let start = start.and_then(Series::span);
        let spans = [self.training.span(), self.validation.span(), start];
        let others = self.others.iter().map(Other::span);
        spans
            .into_iter()
            .chain(others)
            .flatten()
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}
