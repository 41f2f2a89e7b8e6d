//! The edits that stand in `edits.jsonl` alone, as in directories from before `metrics.jsonl` had them too: each comes
//! before the first event of a later iteration.

use std::collections::VecDeque;
use std::path::PathBuf;

use super::event::event;
use super::tail::{Tail, lines};
use crate::event::Event;
use crate::run::line;

/// The part of `edits.jsonl` that was read, held against `metrics.jsonl`.
#[derive(Debug)]
pub(super) struct Edits {
    tail: Tail,
    /// The edits not seen in the metrics so far.
    waiting: VecDeque<Event>,
    /// Seen in the metrics, but not here so far.
    passed: Vec<Event>,
}

impl Edits {
    pub(super) fn new(path: PathBuf) -> Self {
        Edits {
            tail: Tail::new(path),
            waiting: VecDeque::new(),
            passed: Vec::new(),
        }
    }

    /// Reads what is new. A file that is not there has no edits.
    pub(super) fn read(&mut self) {
        let (waiting, passed) = (&mut self.waiting, &mut self.passed);
        let mut take = |line: &[u8]| {
            let Ok(Some(edit @ Event::Edit { .. })) = event(line) else {
                return;
            };
            match passed.iter().position(|known| *known == edit) {
                Some(place) => _ = passed.remove(place),
                None => waiting.push_back(edit),
            }
        };
        let mut more = true;
        while more {
            let Ok(new) = self.tail.read() else { return };
            more = new.more;
            lines(new.lines).for_each(&mut take);
        }
    }

    /// The edits that come before this event of the metrics.
    pub(super) fn before(&mut self, event: &Event) -> Vec<Event> {
        if let Event::Edit { .. } = event {
            match self.waiting.iter().position(|edit| edit == event) {
                Some(place) => _ = self.waiting.remove(place),
                None => self.passed.push(event.clone()),
            }
            return Vec::new();
        }
        let reached = line::iteration(event).unwrap_or(0);
        let ended = matches!(event, Event::Finished(_));
        let due = |edit: &&Event| ended || line::iteration(edit).is_some_and(|i| i < reached);
        let count = self.waiting.iter().take_while(due).count();
        self.waiting.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic;
    use crate::session::Applies;
    use std::fs;

    fn edit(iteration: u64) -> Event {
        let [field, old, new] = ["optimizer.lr", "0.1", "0.05"].map(String::from);
        Event::Edit {
            iteration,
            field,
            old,
            new,
            applies: Applies::Live,
        }
    }

    fn edits(iterations: &[u64]) -> (tempfile::TempDir, Edits) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("edits.jsonl");
        let lines = iterations.iter().map(|&i| line::json(&edit(i)));
        fs::write(&path, lines.collect::<String>()).unwrap();
        (folder, Edits::new(path))
    }

    #[test]
    fn edits_come_between_the_iterations_they_were_made_between() {
        let (_folder, mut edits) = edits(&[0, 2, 2, 7]);
        edits.read();
        let mut before = |iteration| edits.before(&synthetic::iteration(iteration, 1.0, 0.1, 0.5));
        assert_eq!(before(1), [edit(0)]);
        assert!(before(2).is_empty());
        assert_eq!(before(3), [edit(2), edit(2)]);
        let end = synthetic::events().pop().unwrap();
        assert_eq!(edits.before(&end), [edit(7)]);
    }

    #[test]
    fn an_edit_that_the_metrics_have_is_not_told_twice() {
        let (_folder, mut edits) = edits(&[2, 2]);
        let none: [Event; 0] = [];
        assert_eq!(edits.before(&edit(2)), none, "before it was read here");
        edits.read();
        assert_eq!(edits.before(&edit(2)), none, "and after");
        let next = synthetic::iteration(3, 1.0, 0.1, 0.5);
        assert_eq!(edits.before(&next), none);
    }
}
