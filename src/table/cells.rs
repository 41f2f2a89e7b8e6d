//! One pass over all fields of a table for a survey: nothing is refused for its value.

use std::path::{Path, PathBuf};

use super::blocks::BLOCK_ROWS;
use super::cell::Cell;
use super::error::TableError;
use super::judge::Reading;
use super::reader::TableReader;
use super::select::Selection;

/// A pass over all fields of a table.
pub struct Cells {
    file: PathBuf,
    reader: TableReader,
}

impl Cells {
    /// Opens a table and reads the names of its columns.
    ///
    /// # Errors
    /// The file cannot be read or is no table.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let reader = TableReader::open(path, &Selection::default());
        Ok(Cells {
            reader: reader.map_err(|problem| problem.at(path))?,
            file: path.to_owned(),
        })
    }

    /// How a text table is read; of another format the default.
    pub fn reading(&self) -> Reading {
        match &self.reader {
            TableReader::Csv(rows) => rows.reading().clone(),
            TableReader::Npy(_) => Reading::default(),
        }
    }

    /// Names of all columns; `1`, `2`, ... where the file has none.
    pub fn names(&self) -> &[String] {
        self.reader.names()
    }

    /// Calls `see` with the column, from 0, and the content of every field, row after row.
    ///
    /// # Errors
    /// The file can no longer be read, or a row has another length than the first.
    pub fn for_each(mut self, mut see: impl FnMut(usize, Cell<'_>)) -> Result<(), TableError> {
        let shown = match &mut self.reader {
            TableReader::Csv(rows) => loop {
                match rows.show(&mut see) {
                    Ok(true) => {}
                    end => break end,
                }
            },
            TableReader::Npy(array) => loop {
                match array.show(BLOCK_ROWS, &mut see) {
                    Ok(true) => {}
                    end => break end,
                }
            },
        };
        shown.map(|_| ()).map_err(|problem| problem.at(&self.file))
    }
}
