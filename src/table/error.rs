//! What can be wrong with a table: where, what, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A table that cannot be used as asked.
#[derive(Debug, Error)]
#[error("{}: {problem}", file.display())]
pub struct Error {
    /// The table.
    pub file: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Row of the table, from 1.
    pub row: u64,
    /// Line of the file, from 1, where it has lines.
    pub line: Option<u64>,
    /// Name of the column.
    pub column: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        write!(f, ", column `{}`", short(&self.column))
    }
}

/// What is wrong with a table.
#[derive(Debug, Error)]
pub enum Problem {
    /// The system's error.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Not a file.
    #[error("is a directory, not a table")]
    Directory,
    /// A pipe, device or socket.
    #[error("is a pipe or a device; a table must be a regular file")]
    Special,
    /// No bytes.
    #[error("is empty")]
    Empty,
    /// No rows, or none that is left.
    #[error("has no rows{}", if *dropped > 0 { format!(": all {dropped} have missing values and were dropped") } else { String::new() })]
    NoRows {
        /// Rows left out.
        dropped: u64,
    },
    /// The text is no CSV.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: u64,
        /// What is wrong there.
        what: String,
    },
    /// The file is no NPY, or not such as can be read here.
    #[error("{0}")]
    Npy(String),
    /// A row of another length than the first.
    #[error("line {line} has {got} fields, but the first line has {first}")]
    Ragged {
        /// From 1.
        line: u64,
        /// Its fields.
        got: u64,
        /// Fields of the first line.
        first: u64,
    },
    /// More columns than a table may have.
    #[error("has {0} columns; a table may have {most}", most = super::select::MOST)]
    TooWide(u64),
    /// A name that no column has.
    #[error("unknown column `{}`{hint} Valid: {valid}", short(name))]
    UnknownColumn {
        /// As asked for.
        name: String,
        /// The end of the sentence, with the nearest valid name if one is like it.
        hint: String,
        /// The valid names, shortened.
        valid: String,
    },
    /// A name that two of the columns have.
    #[error("two columns are named `{}`: rename one", short(.0))]
    SameName(String),
    /// A column asked for twice.
    #[error("column `{}` is asked for twice", short(.0))]
    AskedTwice(String),
    /// Nothing where a number should be.
    #[error(
        "{place}: the value is missing ({}); to leave such rows out, set `missing: Drop` (--drop-missing)",
        field(text)
    )]
    Missing {
        /// Of the value.
        place: Place,
        /// What stands there.
        text: String,
    },
    /// Text where a number should be.
    #[error("{place}: {} is not a number", field(text))]
    NotANumber {
        /// Of the value.
        place: Place,
        /// What stands there.
        text: String,
    },
    /// Infinite, or too large for a 64-bit number.
    #[error("{place}: {} is infinite", field(text))]
    Infinite {
        /// Of the value.
        place: Place,
        /// What stands there.
        text: String,
    },
    /// A row that is not there.
    #[error("row {row} (from 0) is asked for, but there are {rows}")]
    NoSuchRow {
        /// From 0.
        row: usize,
        /// Rows of the table.
        rows: usize,
    },
    /// A buffer that does not fit the rows.
    #[error("{asked} values are asked for into a buffer of {got}")]
    Size {
        /// Values of the rows.
        asked: usize,
        /// Values of the buffer.
        got: usize,
    },
}

impl Problem {
    /// Says of which file this is the problem.
    pub(super) fn of(self, file: &Path) -> Error {
        Error {
            file: file.to_owned(),
            problem: self,
        }
    }
}

/// Enough of a name or field to recognise it: a hostile one is a mebibyte of control characters.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 40;
    let mut short: String = text
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

fn field(text: &str) -> String {
    if text.is_empty() {
        "empty field".into()
    } else {
        format!("`{}`", short(text))
    }
}
