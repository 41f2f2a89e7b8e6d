//! One pass over a table in blocks of rows; the file is never held whole.

use std::path::{Path, PathBuf};

use super::csv::Rows;
use super::error::{Error, Problem};
use super::npy::Npy;
use super::select::Selection;
use super::{is_npy, open_file};

/// An iterator of blocks of rows, each row-major (rows x width) with at least one row; it ends after an error.
pub struct Blocks {
    file: PathBuf,
    source: Source,
    rows: usize,
    ended: bool,
}

pub(super) enum Source {
    Csv(Rows),
    Npy(Npy),
}

pub(super) fn source(path: &Path, selection: &Selection) -> Result<Source, Problem> {
    let (file, bytes) = open_file(path)?;
    Ok(if is_npy(path) {
        Source::Npy(Npy::open(file, bytes, selection)?)
    } else {
        Source::Csv(Rows::open(file, bytes, selection)?)
    })
}

impl Blocks {
    /// Starts a pass; every block has at most `rows_per_block` rows, which must be at least 1.
    ///
    /// # Errors
    /// The file cannot be read or is no table; a column is not there. What is wrong with a value is an error of its block.
    pub fn open(path: &Path, selection: &Selection, rows_per_block: usize) -> Result<Self, Error> {
        let source = source(path, selection).map_err(|problem| problem.of(path))?;
        Ok(Blocks::new(path, source, rows_per_block))
    }

    pub(super) fn new(path: &Path, source: Source, rows_per_block: usize) -> Self {
        Blocks {
            file: path.to_owned(),
            source,
            rows: rows_per_block.max(1),
            ended: false,
        }
    }

    /// Names of the columns; `1`, `2`, ... where the file has none.
    pub fn names(&self) -> &[String] {
        match &self.source {
            Source::Csv(rows) => rows.names(),
            Source::Npy(npy) => npy.names(),
        }
    }

    /// Rows left out so far because a value is missing.
    pub fn dropped(&self) -> u64 {
        match &self.source {
            Source::Csv(rows) => rows.dropped(),
            Source::Npy(npy) => npy.dropped(),
        }
    }

    /// Fraction of the file that has been read, 0 to 1.
    pub fn progress(&self) -> f64 {
        match &self.source {
            Source::Csv(rows) => rows.progress(),
            Source::Npy(npy) => npy.progress(),
        }
    }

    fn block(&mut self) -> Result<Vec<f64>, Problem> {
        let mut block = Vec::new();
        match &mut self.source {
            Source::Csv(rows) => {
                for _ in 0..self.rows {
                    if !rows.next(&mut block)? {
                        break;
                    }
                }
            }
            Source::Npy(npy) => while block.is_empty() && npy.next(self.rows, &mut block)? {},
        }
        Ok(block)
    }
}

impl Iterator for Blocks {
    type Item = Result<Vec<f64>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let block = self.block();
        self.ended = !matches!(&block, Ok(values) if !values.is_empty());
        match block {
            Ok(values) if values.is_empty() => None,
            block => Some(block.map_err(|problem| problem.of(&self.file))),
        }
    }
}
