//! One pass over all fields of a table as text, for tables that are written again with columns more.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::blocks::BLOCK_ROWS;
use super::cell::Cell;
use super::error::{TableError, TableProblem};
use super::reader::TableReader;
use super::select::Selection;
use super::write::append_number;

/// An iterator of rows, each the text of all fields: of a CSV as it stands in the file, of another format the shortest digits.
pub struct Fields {
    file: PathBuf,
    reader: TableReader,
    /// Rows that were read already, of formats that are read by blocks.
    waiting: VecDeque<Vec<String>>,
}

impl Fields {
    /// Begins a pass over all columns.
    ///
    /// # Errors
    /// The file cannot be read or is no table.
    pub fn open(path: &Path, selection: &Selection) -> Result<Self, TableError> {
        let all = Selection {
            columns: Vec::new(),
            ..selection.clone()
        };
        Ok(Fields {
            file: path.to_owned(),
            reader: TableReader::open(path, &all).map_err(|problem| problem.at(path))?,
            waiting: VecDeque::new(),
        })
    }

    /// Names of all columns; `1`, `2`, ... where the file has none.
    pub fn names(&self) -> &[String] {
        self.reader.names()
    }

    /// Reads the next row; None at the end.
    fn read(&mut self) -> Result<Option<Vec<String>>, TableProblem> {
        match &mut self.reader {
            TableReader::Csv(rows) => rows.next_text(),
            reader => {
                if self.waiting.is_empty() {
                    let see = |column, cell: Cell| {
                        if column == 0 {
                            self.waiting.push_back(Vec::new());
                        }
                        self.waiting
                            .back_mut()
                            .into_iter()
                            .for_each(|row| row.push(text(&cell)));
                    };
                    match reader {
                        TableReader::Npy(columns) => columns.show(BLOCK_ROWS, see)?,
                        TableReader::Arrow(rows) => rows.show(BLOCK_ROWS, see)?,
                        TableReader::Csv(_) => false,
                    };
                }
                Ok(self.waiting.pop_front())
            }
        }
    }
}

impl Iterator for Fields {
    type Item = Result<Vec<String>, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.read().map_err(|problem| problem.at(&self.file));
        row.transpose()
    }
}

/// The text of a field; empty where a value is missing.
fn text(cell: &Cell) -> String {
    let mut text = String::new();
    match cell {
        Cell::Number(value) => append_number(&mut text, *value),
        Cell::Rounded { digits, .. } => text.push_str(digits),
        Cell::Missing => {}
        Cell::Text(field) => text.push_str(field),
    }
    text
}
