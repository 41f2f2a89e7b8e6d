//! The events of a run directory in order, those of `edits.jsonl` at their places: what there is, then what is appended.

use std::io;
use std::mem;
use std::path::Path;

use super::METRICS;
use super::edits::Edits;
use super::event::event;
use super::tail::Tail;
use crate::event::Event;

/// The reader of the events of a run directory.
#[derive(Debug)]
pub struct History {
    tail: Tail,
    edits: Edits,
    /// Lines that are no JSON and were not told of.
    broken: u64,
}

impl History {
    /// Reads from the beginning. A file that is not there is an error of the first read.
    pub fn new(run: &Path) -> Self {
        History {
            tail: Tail::new(run.join(METRICS)),
            edits: Edits::new(run.join("edits.jsonl")),
            broken: 0,
        }
    }

    /// `metrics.jsonl` of the run.
    pub fn path(&self) -> &Path {
        self.tail.path()
    }

    /// True if `metrics.jsonl` has become shorter than what was read of it, as when a run goes on from a checkpoint.
    pub(crate) fn is_cut(&self) -> bool {
        self.tail.is_cut()
    }

    /// Appends what is new to `events`, a slice at a time. True if there may be more at once.
    ///
    /// # Errors
    /// When the file can't be read, or has become shorter than what was read of it.
    pub fn read(&mut self, events: &mut Vec<Event>) -> io::Result<bool> {
        let (mut found, broken) = (Vec::new(), &mut self.broken);
        let read = self.tail.read(|line| match event(line) {
            Ok(event) => found.extend(event),
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) => *broken += 1,
        });
        self.edits.read();
        for event in found {
            events.extend(self.edits.before(&event));
            events.push(event);
        }
        read
    }

    /// A sentence on the lines that are no JSON, once for all that were found since the last time.
    pub fn complaint(&mut self) -> Option<String> {
        let lines = match mem::take(&mut self.broken) {
            0 => return None,
            1 => "1 line is".into(),
            count => format!("{count} lines are"),
        };
        let file = self.path().display();
        Some(format!("{file}: {lines} no JSON and left out"))
    }
}
