//! The events of a run directory in order, those of `edits.jsonl` at their places: what there is, then what is appended.

use std::fs;
use std::io;
use std::mem;
use std::path::Path;

use super::METRICS;
use super::edits::Edits;
use super::event::event;
use super::overview::Overview;
use super::tail::{Tail, lines};
use crate::event::Event;

/// Bytes of a long record; of a shorter one an overview has all lines.
const LONG: u64 = 1 << 24;

/// The reader of the events of a run directory.
#[derive(Debug)]
pub struct History {
    tail: Tail,
    edits: Edits,
    /// Chooses lines, as long as there are more at once.
    overview: Option<Overview>,
    /// Lines that are no JSON and were not told of.
    broken: u64,
}

impl History {
    /// Reads from the beginning. A file that is not there is an error of the first read.
    pub fn new(run: &Path) -> Self {
        History {
            tail: Tail::new(run.join(METRICS)),
            edits: Edits::new(run.join("edits.jsonl")),
            overview: None,
            broken: 0,
        }
    }

    /// Reads from the beginning what a picture of the run needs: of a long record a number of rows that grows with the logarithm of its
    /// length, all of what is appended later. `overview.rs` says which.
    pub fn overview(run: &Path) -> Self {
        History {
            overview: is_longer(run, LONG).then(Overview::new),
            ..History::new(run)
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
        let fresh = self.tail.read()?;
        let more = fresh.more;
        let mut found = FoundEvents::default();
        match &mut self.overview {
            None => lines(fresh.lines).for_each(|line| found.add(line)),
            Some(overview) => overview.choose(lines(fresh.lines), &mut |line| found.add(line)),
        }
        if !more && let Some(overview) = self.overview.take() {
            overview.finish(&mut |line| found.add(line));
        }
        self.take(found, events);
        Ok(more)
    }

    /// Appends the events of these lines to `events`.
    pub(super) fn read_lines(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        let mut found = FoundEvents::default();
        lines(bytes).for_each(|line| found.add(line));
        self.take(found, events);
    }

    fn take(&mut self, found: FoundEvents, events: &mut Vec<Event>) {
        self.broken += found.broken;
        self.edits.read();
        for event in found.events {
            events.extend(self.edits.before(&event));
            events.push(event);
        }
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

/// The events of some lines.
#[derive(Default)]
struct FoundEvents {
    events: Vec<Event>,
    /// Lines that are no JSON.
    broken: u64,
}

impl FoundEvents {
    fn add(&mut self, line: &[u8]) {
        match event(line) {
            Ok(event) => self.events.extend(event),
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) => self.broken += 1,
        }
    }
}

/// True if `metrics.jsonl` of a run has more bytes than these.
pub(super) fn is_longer(run: &Path, bytes: u64) -> bool {
    let metadata = fs::metadata(run.join(METRICS));
    metadata.is_ok_and(|metadata| metadata.len() > bytes)
}
