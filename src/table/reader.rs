//! The reader of the selected columns of a table, whatever its format.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::arrow::ArrowRows;
use super::csv::CsvRows;
use super::error::TableProblem;
use super::format::{FileFormat, HEAD, TablePath};
use super::integer::LargeInteger;
use super::npy::{NpyColumns, open_archive};
use super::pipe::{copied, is_pipe};
use super::select::Selection;
use super::source::{Bytes, GZIP};

/// The reader of a table.
pub(super) enum TableReader {
    /// The rows of a CSV.
    Csv(Box<CsvRows>),
    /// The arrays of an NPY or NPZ.
    Npy(NpyColumns),
    /// The rows of a Parquet or Arrow file.
    Arrow(ArrowRows),
}

impl TableReader {
    /// Opens a table and finds the selected columns.
    ///
    /// # Errors
    /// The file cannot be read or is no table, or a column is not there.
    pub fn open(path: &Path, selection: &Selection) -> Result<Self, TableProblem> {
        let path = TablePath::of(path);
        let OpenFile { file, bytes } = unpack_array(open_regular(&path.file)?)?;
        let format = FileFormat::of(&path.file, &head(&file)?)?;
        Ok(match format {
            FileFormat::Csv => Self::Csv(Box::new(CsvRows::open(file, bytes, selection)?)),
            FileFormat::Npy => Self::Npy(NpyColumns::open(file, bytes, selection)?),
            FileFormat::Npz => Self::Npy(open_archive(file, path.array.as_deref(), selection)?),
            FileFormat::Parquet | FileFormat::Arrow | FileFormat::ArrowStream => {
                Self::Arrow(ArrowRows::open(file, format, selection)?)
            }
        })
    }

    /// Names of the selected columns; `1`, `2`, ... where the file has none.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Csv(rows) => rows.names(),
            Self::Npy(columns) => columns.names(),
            Self::Arrow(rows) => rows.names(),
        }
    }

    /// Rows left out so far because a value is missing.
    pub fn dropped(&self) -> u64 {
        match self {
            Self::Csv(rows) => rows.dropped(),
            Self::Npy(columns) => columns.dropped(),
            Self::Arrow(rows) => rows.dropped(),
        }
    }

    /// Fraction of the file that has been read, 0 to 1.
    pub fn progress(&self) -> f64 {
        match self {
            Self::Csv(rows) => rows.progress(),
            Self::Npy(columns) => columns.progress(),
            Self::Arrow(rows) => rows.progress(),
        }
    }

    /// The large integers among the values that were read since they were last asked for.
    pub fn take_large(&mut self) -> Vec<LargeInteger> {
        match self {
            Self::Csv(rows) => rows.take_large(),
            Self::Npy(columns) => columns.take_large(),
            Self::Arrow(rows) => rows.take_large(),
        }
    }
}

/// The first bytes of a file.
fn head(file: &File) -> io::Result<Vec<u8>> {
    let mut head = [0; HEAD];
    let read = file.read_at(&mut head, 0)?;
    Ok(head[..read].to_vec())
}

/// The temporary file that a gzip of arrays is unpacked into, as arrays are read by position; any other file as it is.
///
/// # Errors
/// The file cannot be read, or there is no room.
fn unpack_array(open: OpenFile) -> Result<OpenFile, TableProblem> {
    if !head(&open.file)?.starts_with(GZIP) {
        return Ok(open);
    }
    let mut start = Vec::new();
    let mut bytes = Bytes::open(&open.file)?;
    bytes.by_ref().take(HEAD as u64).read_to_end(&mut start)?;
    if !FileFormat::of_bytes(&start)?.is_some_and(FileFormat::is_of_arrays) {
        return Ok(open);
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&start)?;
    let rest = io::copy(&mut bytes, &mut file).map_err(|error| {
        TableProblem::Format(format!("cannot be unpacked into a temporary file: {error}"))
    })?;
    Ok(OpenFile {
        file,
        bytes: start.len() as u64 + rest,
    })
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
