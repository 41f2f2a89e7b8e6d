//! The errors of tables: where, what is wrong, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::number::hint;

/// The error of a table that cannot be used as asked.
#[derive(Debug, Error)]
#[error("{}: {problem}", file.display())]
pub struct TableError {
    /// The file of the table.
    pub file: PathBuf,
    /// The problem of the table.
    pub problem: TableProblem,
}

/// The location of a value in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueLocation {
    /// Row of the table, from 1.
    pub row: u64,
    /// Line of the file, from 1, where it has lines.
    pub line: Option<u64>,
    /// Name of the column.
    pub column: String,
}

impl fmt::Display for ValueLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        write!(f, ", column `{}`", shorten(&self.column))
    }
}

/// A problem with a table: what is wrong, where, and what to do about it.
#[derive(Debug, Error)]
pub enum TableProblem {
    /// The file cannot be read: the error of the system.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The path is one of a directory.
    #[error("is a directory, not a table")]
    Directory,
    /// The path is one of a device.
    #[error("is a device; a table must be a file or a pipe")]
    Special,
    /// The path is one of a pipe, where the table must still be there later.
    #[error(
        "comes by a pipe, and a session needs a table that is still there later: save it as a file first"
    )]
    Pipe,
    /// The file has no bytes.
    #[error("is empty")]
    Empty,
    /// The table has no rows, or none that is left.
    #[error("has no rows{}", if *dropped > 0 { format!(": all {dropped} have missing values and were dropped") } else { String::new() })]
    NoRows {
        /// Rows left out.
        dropped: u64,
    },
    /// The text is no CSV.
    #[error("line {line}: {what}")]
    Line {
        /// Line of the file, from 1.
        line: u64,
        /// The problem of the line, in words.
        what: String,
    },
    /// The file is no NPY, or one of a kind that is not supported.
    #[error("{0}")]
    Npy(String),
    /// A row has another length than the first.
    #[error("line {line} has {got} fields, but the first line has {first}")]
    Ragged {
        /// Line of the row, from 1.
        line: u64,
        /// Fields of the row.
        got: u64,
        /// Fields of the first line.
        first: u64,
    },
    /// The table has more columns than a table may have.
    #[error("has {columns} columns; a table may have {most}")]
    TooWide {
        /// Columns of the table.
        columns: u64,
        /// Columns that a table may have.
        most: u64,
    },
    /// A column was asked for by a name that no column has.
    #[error("unknown column `{}`{hint} Valid: {valid}", shorten(name))]
    UnknownColumn {
        /// Name that was asked for.
        name: String,
        /// The end of the sentence, with the nearest valid name if one is like it.
        hint: String,
        /// The valid names, shortened.
        valid: String,
    },
    /// A column was asked for twice.
    #[error("column `{}` is asked for twice", shorten(.0))]
    AskedTwice(String),
    /// A value is missing where a number should be.
    #[error(
        "{location}: the value is missing ({}); to leave such rows out, set `missing: Drop` (--drop-missing)",
        describe_field(text)
    )]
    Missing {
        /// Location of the value.
        location: ValueLocation,
        /// Content of the field.
        text: String,
    },
    /// There is text where a number should be.
    #[error("{location}: {} is not a number{}", describe_field(text), hint(text))]
    NotANumber {
        /// Location of the value.
        location: ValueLocation,
        /// Content of the field.
        text: String,
    },
    /// A number is infinite, or too large for a 64-bit number.
    #[error("{location}: {} is infinite", describe_field(text))]
    Infinite {
        /// Location of the value.
        location: ValueLocation,
        /// Content of the field.
        text: String,
    },
    /// A row was asked for that is not there.
    #[error("row {row} (from 0) is asked for, but there are {rows}")]
    NoSuchRow {
        /// Number of the row, from 0.
        row: usize,
        /// Rows of the table.
        rows: usize,
    },
    /// A buffer does not fit the rows.
    #[error("{asked} values are asked for into a buffer of {got}")]
    Size {
        /// Values of the rows.
        asked: usize,
        /// Values of the buffer.
        got: usize,
    },
}

impl TableProblem {
    /// The error of this problem in a file.
    pub(crate) fn at(self, file: &Path) -> TableError {
        TableError {
            file: file.to_owned(),
            problem: self,
        }
    }
}

/// Shortens a name or field to what recognises it: a hostile one is a mebibyte of control characters.
pub(crate) fn shorten(text: &str) -> String {
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

/// The text of a field in a message.
fn describe_field(text: &str) -> String {
    if text.is_empty() {
        "empty field".into()
    } else {
        format!("`{}`", shorten(text))
    }
}
