//! One pass over a table in blocks of rows; the file is never held whole.

use std::path::{Path, PathBuf};

use super::error::{TableError, TableProblem};
use super::integer::LargeInteger;
use super::name_source::NameSource;
use super::reader::TableReader;
use super::select::{Header, Selection};

/// Rows of a block where nothing else asks for a number: little memory also for wide tables.
pub const BLOCK_ROWS: usize = 1024;

/// An iterator of blocks of rows, each row-major (rows x width) with at least one row; it ends after an error.
pub struct Blocks {
    file: PathBuf,
    reader: TableReader,
    /// Rows of a block, at most.
    rows: usize,
    ended: bool,
    large: Vec<LargeInteger>,
}

impl Blocks {
    /// Begins a pass; every block has at most `rows_per_block` rows, which must be at least 1.
    ///
    /// # Errors
    /// The file cannot be read or is no table; a column is not there. A value that cannot be used is an error of its block.
    pub fn open(
        path: &Path,
        selection: &Selection,
        rows_per_block: usize,
    ) -> Result<Self, TableError> {
        let reader = TableReader::open(path, selection).map_err(|problem| problem.at(path))?;
        Ok(Blocks::new(path, reader, rows_per_block))
    }

    /// A pass over what a reader has not read yet.
    pub(super) fn new(path: &Path, reader: TableReader, rows_per_block: usize) -> Self {
        Blocks {
            file: path.to_owned(),
            reader,
            rows: rows_per_block.max(1),
            ended: false,
            large: Vec::new(),
        }
    }

    /// The same pass, of which nothing was read yet, over other columns of the file and with another treatment of missing values. The
    /// first line and the dialect of a text stay as they were judged when the pass was opened over all its columns.
    ///
    /// # Errors
    /// The file cannot be read; a column is not there.
    pub fn select(mut self, selection: &Selection) -> Result<Self, TableError> {
        let selected = match &mut self.reader {
            TableReader::Csv(rows) => rows.select(selection),
            reader => TableReader::open(&self.file, selection).map(|opened| *reader = opened),
        };
        selected.map_err(|problem| problem.at(&self.file))?;
        Ok(self)
    }

    /// Names of the columns; `1`, `2`, ... where the file has none.
    pub fn names(&self) -> &[String] {
        self.reader.names()
    }

    /// What the further columns of this name in the file are called instead.
    pub fn doubles(&self, name: &str) -> &[String] {
        match &self.reader {
            TableReader::Csv(rows) => rows.reading().doubled.get(name).map_or(&[], Vec::as_slice),
            TableReader::Npy(_) | TableReader::Arrow(_) => &[],
        }
    }

    /// Whether the file is a text, in which a line may name the columns.
    pub fn is_text(&self) -> bool {
        matches!(self.reader, TableReader::Csv(_))
    }

    /// The source of the names, of a pass over all columns of a file that was opened with this setting.
    pub fn name_source(&self, header: Header) -> NameSource {
        match &self.reader {
            // It has no line that the setting could be about.
            TableReader::Npy(columns) => columns.name_source(),
            reader => NameSource::of(reader.names(), header),
        }
    }

    /// Rows left out so far because a value is missing.
    pub fn dropped(&self) -> u64 {
        self.reader.dropped()
    }

    /// Fraction of the file that has been read, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.reader.progress()
    }

    /// The integers from 2^53 on in size of the last block, in their order: 64-bit floats need not hold them.
    pub fn large_integers(&self) -> &[LargeInteger] {
        &self.large
    }

    /// Reads the next block; empty at the end of the table.
    fn read_block(&mut self) -> Result<Vec<f64>, TableProblem> {
        let mut block = Vec::new();
        match &mut self.reader {
            TableReader::Csv(rows) => {
                for _ in 0..self.rows {
                    if !rows.next(&mut block)? {
                        break;
                    }
                }
            }
            TableReader::Npy(columns) => {
                while block.is_empty() && columns.next(self.rows, &mut block)? {}
            }
            TableReader::Arrow(rows) => {
                while block.is_empty() && rows.next(self.rows, &mut block)? {}
            }
        }
        self.large = self.reader.take_large();
        Ok(block)
    }
}

impl Iterator for Blocks {
    type Item = Result<Vec<f64>, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let block = self.read_block();
        self.ended = !matches!(&block, Ok(values) if !values.is_empty());
        match block {
            Ok(values) if values.is_empty() => None,
            block => Some(block.map_err(|problem| problem.at(&self.file))),
        }
    }
}
