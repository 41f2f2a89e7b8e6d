//! What the thread that reads the directories tells of a run. Runs are numbered from 0 in the order in which they were found.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::event::Event;

/// News of a run.
#[derive(Clone, Debug)]
pub struct RunNews {
    /// The number of the run.
    pub run: usize,
    /// What is new.
    pub news: News,
}

/// What is new of a run.
#[derive(Clone, Debug)]
pub enum News {
    /// Its directory was found: the run with the next number.
    Found {
        /// The path of the directory.
        path: PathBuf,
    },
    /// Its record is read from the beginning again: what was told of it does not hold any more.
    Again,
    /// Events of its record.
    Events(Vec<Event>),
    /// All of its record was read.
    Read {
        /// When a line was last appended.
        written: SystemTime,
    },
    /// Its record can't be read, or some lines of it: a sentence.
    Fault(String),
    /// Its record is not there any more.
    Gone,
}
