//! One pass over a table for a survey: every field is shown, whatever stands in it, and nothing is refused for its value.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::BLOCK;
use super::blocks::{Source, source};
use super::error::Error;
use super::select::{Header, Selection};

/// What stands in a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A number, perhaps an infinite one.
    Number(f64),
    /// Nothing, or a word for it.
    Missing,
    /// Anything else.
    Text(Cow<'a, str>),
}

impl Cell<'_> {
    /// NaN stands for a missing value.
    pub(super) fn of(value: f64) -> Self {
        if value.is_nan() {
            Cell::Missing
        } else {
            Cell::Number(value)
        }
    }
}

/// All fields of a table.
pub struct Cells {
    file: PathBuf,
    source: Source,
}

impl Cells {
    /// Reads the names.
    ///
    /// # Errors
    /// The file cannot be read or is no table.
    pub fn open(path: &Path, header: Header) -> Result<Self, Error> {
        let selection = Selection {
            header,
            ..Selection::default()
        };
        Ok(Cells {
            source: source(path, &selection).map_err(|problem| problem.of(path))?,
            file: path.to_owned(),
        })
    }

    /// Names of all columns; `1`, `2`, ... where the file has none.
    pub fn names(&self) -> &[String] {
        match &self.source {
            Source::Csv(rows) => rows.names(),
            Source::Npy(npy) => npy.names(),
        }
    }

    /// Shows every field with its column, from 0, row after row.
    ///
    /// # Errors
    /// The file can no longer be read, or a row has another length than the first.
    pub fn each(mut self, mut see: impl FnMut(usize, Cell<'_>)) -> Result<(), Error> {
        let shown = match &mut self.source {
            Source::Csv(rows) => loop {
                match rows.show(&mut see) {
                    Ok(true) => {}
                    end => break end,
                }
            },
            Source::Npy(npy) => loop {
                match npy.show(BLOCK, &mut see) {
                    Ok(true) => {}
                    end => break end,
                }
            },
        };
        shown.map(|_| ()).map_err(|problem| problem.of(&self.file))
    }
}
