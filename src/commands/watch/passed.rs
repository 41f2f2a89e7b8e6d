//! What of a run was handed on already. When it goes on from a checkpoint its files are cut back and written again from there, with
//! other times: each row is to be handed on once.

use std::mem::{Discriminant, discriminant};

use crate::event::Event;
use crate::run::line;

/// Events that were handed on.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// The last iteration.
    last: u64,
    /// Kinds of events of the last iteration.
    kinds: Vec<Discriminant<Event>>,
    edits: Vec<Event>,
    begun: bool,
}

impl Passed {
    /// Takes up an event that is handed on.
    pub(super) fn add(&mut self, event: &Event) {
        if let Event::Edit { .. } = event {
            self.edits.push(event.clone());
        }
        self.begun |= matches!(event, Event::Start(_));
        match line::iteration(event) {
            Some(iteration) if iteration > self.last => {
                self.last = iteration;
                self.kinds = vec![discriminant(event)];
            }
            Some(iteration) if iteration == self.last => self.kinds.push(discriminant(event)),
            _ => {}
        }
    }

    /// True if an event is of a later iteration than any that was handed on.
    pub(super) fn is_before(&self, event: &Event) -> bool {
        line::iteration(event) > Some(self.last)
    }

    /// True if an event of the files as they are now was handed on.
    pub(super) fn knows(&self, event: &Event) -> bool {
        match (event, line::iteration(event)) {
            (Event::Start(_), _) => self.begun,
            (Event::Edit { .. }, _) => self.edits.contains(event),
            (_, Some(iteration)) if iteration == self.last => {
                self.kinds.contains(&discriminant(event))
            }
            (_, iteration) => iteration.is_none_or(|iteration| iteration < self.last),
        }
    }
}
