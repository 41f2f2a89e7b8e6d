//! The reader of the selected columns of a table, whatever its format.

use std::fs::{self, File};
use std::path::Path;

use super::csv::CsvRows;
use super::error::TableProblem;
use super::format::TableFormat;
use super::npy::NpyArray;
use super::pipe::{copied, is_pipe};
use super::select::Selection;

/// The reader of a table.
pub(super) enum TableReader {
    /// The rows of a CSV.
    Csv(CsvRows),
    /// The array of an NPY.
    Npy(NpyArray),
}

impl TableReader {
    /// Opens a table and finds the selected columns.
    ///
    /// # Errors
    /// The file cannot be read or is no table, or a column is not there.
    pub fn open(path: &Path, selection: &Selection) -> Result<Self, TableProblem> {
        let OpenFile { file, bytes } = open_regular(path)?;
        Ok(match TableFormat::of(path) {
            TableFormat::Npy => Self::Npy(NpyArray::open(file, bytes, selection)?),
            TableFormat::Csv => Self::Csv(CsvRows::open(file, bytes, selection)?),
        })
    }

    /// Names of the selected columns; `1`, `2`, ... where the file has none.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Csv(rows) => rows.names(),
            Self::Npy(array) => array.names(),
        }
    }

    /// Rows left out so far because a value is missing.
    pub fn dropped(&self) -> u64 {
        match self {
            Self::Csv(rows) => rows.dropped(),
            Self::Npy(array) => array.dropped(),
        }
    }

    /// Fraction of the file that has been read, 0 to 1.
    pub fn progress(&self) -> f64 {
        match self {
            Self::Csv(rows) => rows.progress(),
            Self::Npy(array) => array.progress(),
        }
    }
}

/// A file that is open, with its size.
struct OpenFile {
    file: File,
    bytes: u64,
}

/// Opens a file that is not empty, or the copy of what comes by a pipe.
fn open_regular(path: &Path) -> Result<OpenFile, TableProblem> {
    let file = if is_pipe(path) {
        copied(path)?
    } else {
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(TableProblem::Directory);
        }
        if !metadata.is_file() {
            return Err(TableProblem::Special);
        }
        File::open(path)?
    };
    let bytes = file.metadata()?.len();
    if bytes == 0 {
        return Err(TableProblem::Empty);
    }
    Ok(OpenFile { file, bytes })
}
