//! A table whose rows are read by number: a CSV is held in memory, an NPY is read by position.

use std::path::{Path, PathBuf};

use super::blocks::{BLOCK_ROWS, Blocks};
use super::error::{TableError, TableProblem};
use super::npy::NpyArray;
use super::pipe::is_pipe;
use super::reader::TableReader;
use super::select::Selection;

/// The selected columns of a table, whose rows are read by number.
pub struct IndexedTable {
    file: PathBuf,
    names: Vec<String>,
    rows: usize,
    dropped: u64,
    values: TableValues,
}

/// The values of a table.
enum TableValues {
    /// All values, row-major.
    Memory(Vec<f64>),
    /// The array of a file, read by position.
    File(NpyArray),
}

impl IndexedTable {
    /// Opens a table and reads the whole file once, so that every value that cannot be used is found here.
    ///
    /// # Errors
    /// The file cannot be read or is no table, or is a pipe; a column is not there; a value is text, infinite, or missing and not to be
    /// dropped; no row is left.
    pub fn open(path: &Path, selection: &Selection) -> Result<Self, TableError> {
        let at = |problem: TableProblem| problem.at(path);
        if is_pipe(path) {
            return Err(at(TableProblem::Pipe));
        }
        let table = match TableReader::open(path, selection).map_err(at)? {
            TableReader::Npy(mut array) => {
                array.index().map_err(at)?;
                IndexedTable {
                    file: path.to_owned(),
                    names: array.names().to_vec(),
                    rows: array.rows(),
                    dropped: array.dropped(),
                    values: TableValues::File(array),
                }
            }
            reader => {
                let mut blocks = Blocks::new(path, reader, BLOCK_ROWS);
                let mut values = Vec::new();
                for block in &mut blocks {
                    values.extend(block?);
                }
                IndexedTable {
                    file: path.to_owned(),
                    names: blocks.names().to_vec(),
                    rows: values.len() / blocks.names().len(),
                    dropped: blocks.dropped(),
                    values: TableValues::Memory(values),
                }
            }
        };
        if table.rows == 0 {
            return Err(at(TableProblem::NoRows {
                dropped: table.dropped,
            }));
        }
        Ok(table)
    }

    /// Names of the columns; `1`, `2`, ... where the file has none.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Rows, at least one.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a table without rows is refused"
    )]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Columns, at least one.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// Rows left out because a value is missing.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Copies the rows of these numbers, from 0, into `out`, row-major (rows x width).
    ///
    /// # Errors
    /// `out` has another size, a row is not there, or the file can no longer be read.
    pub fn gather(&self, rows: &[usize], out: &mut [f64]) -> Result<(), TableError> {
        self.check_fit(rows.len(), rows.iter().max().copied(), out)?;
        let into = out.chunks_exact_mut(self.width());
        match &self.values {
            TableValues::Memory(values) => {
                for (&row, into) in rows.iter().zip(into) {
                    into.copy_from_slice(&values[row * self.width()..][..self.width()]);
                }
                Ok(())
            }
            TableValues::File(array) => rows
                .iter()
                .zip(into)
                .try_for_each(|(&row, into)| array.read(row, into))
                .map_err(|problem| problem.at(&self.file)),
        }
    }

    /// Fills `out`, row-major (rows x width), with rows in their order from number `first` on.
    ///
    /// # Errors
    /// The errors of [`IndexedTable::gather`].
    pub fn read(&self, first: usize, out: &mut [f64]) -> Result<(), TableError> {
        let rows = out.len() / self.width();
        let last = rows.checked_sub(1).map(|more| first.saturating_add(more));
        self.check_fit(rows, last, out)?;
        match &self.values {
            TableValues::Memory(values) => {
                out.copy_from_slice(&values[first * self.width()..][..out.len()]);
                Ok(())
            }
            TableValues::File(array) => array
                .read(first, out)
                .map_err(|problem| problem.at(&self.file)),
        }
    }

    /// Checks that rows up to the number `last` are there and that a buffer has room for `rows` of them, no more and no less.
    fn check_fit(&self, rows: usize, last: Option<usize>, out: &[f64]) -> Result<(), TableError> {
        let problem = match last {
            _ if out.len() != rows * self.width() => TableProblem::Size {
                asked: rows * self.width(),
                got: out.len(),
            },
            Some(row) if row >= self.rows => TableProblem::NoSuchRow {
                row,
                rows: self.rows,
            },
            _ => return Ok(()),
        };
        Err(problem.at(&self.file))
    }
}
