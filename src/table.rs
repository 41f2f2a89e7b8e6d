//! The users' tables: numbers in rows and named columns, as CSV or as NumPy's NPY. Files ending in .npy are NPY, all others CSV.
//!
//! | type | reads or writes | memory |
//! | --- | --- | --- |
//! | [`Table`] | rows by number | CSV: all selected values, as where a row begins takes reading all before it; NPY, whose rows are read by their position: a number for each row left out |
//! | [`Blocks`] | all rows once, in their order | a block |
//! | [`Cells`] | all fields once, whatever stands in them | a block |
//! | [`Writer`] | rows in their order | a buffer |

mod blocks;
mod cells;
mod csv;
mod error;
mod npy;
mod select;
mod write;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

pub use blocks::Blocks;
pub use cells::{Cell, Cells};
pub(crate) use error::short;
pub use error::{Error, Place, Problem};
pub use select::{Header, Missing, Selection};
pub use write::Writer;

use blocks::Source;
use npy::Npy;

/// Rows of a block where nothing else asks for a number: little memory also for wide tables.
pub const BLOCK: usize = 1024;

/// The selected columns of a table, for reading rows by number.
pub struct Table {
    file: PathBuf,
    names: Vec<String>,
    rows: usize,
    dropped: u64,
    store: Store,
}

enum Store {
    /// Row-major.
    Memory(Vec<f64>),
    File(Npy),
}

impl Table {
    /// Goes through the whole file once, so that every value that cannot be used is known here.
    ///
    /// # Errors
    /// The file cannot be read or is no table; a column is not there; a value is text, infinite, or missing and not to be
    /// dropped; no row is left.
    pub fn open(path: &Path, selection: &Selection) -> Result<Self, Error> {
        let at = |problem: Problem| problem.of(path);
        let (names, dropped, store) = match blocks::source(path, selection).map_err(at)? {
            Source::Npy(mut npy) => {
                npy.index().map_err(at)?;
                (npy.names().to_vec(), npy.dropped(), Store::File(npy))
            }
            Source::Csv(rows) => {
                let mut blocks = Blocks::new(path, Source::Csv(rows), BLOCK);
                let mut values = Vec::new();
                for block in &mut blocks {
                    values.extend(block?);
                }
                let names = blocks.names().to_vec();
                (names, blocks.dropped(), Store::Memory(values))
            }
        };
        let rows = match &store {
            Store::Memory(values) => values.len() / names.len(),
            Store::File(npy) => npy.rows(),
        };
        if rows == 0 {
            return Err(at(Problem::NoRows { dropped }));
        }
        Ok(Table {
            file: path.to_owned(),
            names,
            rows,
            dropped,
            store,
        })
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

    /// Puts the rows of these numbers, from 0, into `out`, row-major (rows x width).
    ///
    /// # Errors
    /// `out` has another size, a row is not there, or the file can no longer be read.
    pub fn gather(&self, rows: &[usize], out: &mut [f64]) -> Result<(), Error> {
        self.fits(rows.len(), rows.iter().max().copied(), out)?;
        let into = out.chunks_exact_mut(self.width());
        match &self.store {
            Store::Memory(values) => {
                for (&row, into) in rows.iter().zip(into) {
                    into.copy_from_slice(&values[row * self.width()..][..self.width()]);
                }
                Ok(())
            }
            Store::File(npy) => rows
                .iter()
                .zip(into)
                .try_for_each(|(&row, into)| npy.read(row, into))
                .map_err(|problem| problem.of(&self.file)),
        }
    }

    /// Fills `out`, row-major (rows x width), with rows in their order from number `first` on.
    ///
    /// # Errors
    /// As of [`Table::gather`].
    pub fn read(&self, first: usize, out: &mut [f64]) -> Result<(), Error> {
        let rows = out.len() / self.width();
        let last = rows.checked_sub(1).map(|more| first.saturating_add(more));
        self.fits(rows, last, out)?;
        match &self.store {
            Store::Memory(values) => {
                out.copy_from_slice(&values[first * self.width()..][..out.len()]);
                Ok(())
            }
            Store::File(npy) => npy
                .read(first, out)
                .map_err(|problem| problem.of(&self.file)),
        }
    }

    fn fits(&self, rows: usize, last: Option<usize>, out: &[f64]) -> Result<(), Error> {
        let problem = match last {
            _ if out.len() != rows * self.width() => Problem::Size {
                asked: rows * self.width(),
                got: out.len(),
            },
            Some(row) if row >= self.rows => Problem::NoSuchRow {
                row,
                rows: self.rows,
            },
            _ => return Ok(()),
        };
        Err(problem.of(&self.file))
    }
}

/// Opens what can be a table; a pipe would block, and nothing could be read from it twice.
fn open_file(path: &Path) -> Result<(File, u64), Problem> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(Problem::Directory);
    }
    if !metadata.is_file() {
        return Err(Problem::Special);
    }
    if metadata.len() == 0 {
        return Err(Problem::Empty);
    }
    Ok((File::open(path)?, metadata.len()))
}

fn is_npy(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("npy"))
}

#[cfg(test)]
mod tests;
