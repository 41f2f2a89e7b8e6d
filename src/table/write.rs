//! The writing of a table, as NPY (64-bit floats, row after row) or as CSV by the ending of its name. CSV numbers are the
//! shortest that are read as the same bits.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::csv::is_value;
use super::format::{TableFormat, not_written};
use super::integer::LargeInteger;
use super::npy::header_bytes;
use crate::file;

/// The writer of a table: rows go to a temporary file in the same directory, and a file at the path stays until
/// [`TableWriter::finish`].
pub struct TableWriter {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
    width: usize,
    rows: u64,
    format: TableFormat,
    line: String,
}

impl TableWriter {
    /// Begins a table with these columns. An NPY has no names, and a CSV gets none if all of them are numbers: they could not
    /// be told from a row.
    ///
    /// # Errors
    /// There is no column, the path is one of something other than a regular file, or the directory cannot be written to. Errors
    /// name the path.
    pub fn create(path: &Path, names: &[String]) -> io::Result<Self> {
        let check = || {
            if names.is_empty() {
                return Err(io::Error::other("a table without columns"));
            }
            if let Some(what) = not_written(path) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            }
            // Renaming would replace a device by a file.
            if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
                return Err(io::Error::other("what is there is no regular file"));
            }
            Ok(())
        };
        check().map_err(file::naming("write", path))?;
        let mut writer = TableWriter {
            path: path.to_owned(),
            out: BufWriter::new(file::begin(path)?),
            width: names.len(),
            rows: 0,
            format: TableFormat::of(path),
            line: String::new(),
        };
        writer
            .write_header(names)
            .map_err(file::naming("write", &writer.path))?;
        Ok(writer)
    }

    /// Appends rows, row-major (rows x width).
    ///
    /// # Errors
    /// The values are not whole rows, or the file cannot be written.
    pub fn write(&mut self, rows: &[f64]) -> io::Result<()> {
        self.write_exact(rows, &[])
    }

    /// Appends rows, row-major (rows x width). A CSV gets the digits of these integers, which are in the order of their indices in `rows`.
    ///
    /// # Errors
    /// As of [`TableWriter::write`].
    pub fn write_exact(&mut self, rows: &[f64], large: &[LargeInteger]) -> io::Result<()> {
        if !rows.len().is_multiple_of(self.width) {
            let what = format!("{} values in rows of {}", rows.len(), self.width);
            return Err(file::naming("write", &self.path)(io::Error::other(what)));
        }
        self.write_rows(rows, large)
            .map_err(file::naming("write", &self.path))?;
        self.rows += (rows.len() / self.width) as u64;
        Ok(())
    }

    /// Whether the table keeps the digits of integers that a 64-bit float does not hold.
    pub fn keeps_digits(&self) -> bool {
        self.format == TableFormat::Csv
    }

    /// Puts the table at its path, and returns the number of rows written.
    ///
    /// # Errors
    /// The file cannot be written; an old file at the path is still there.
    pub fn finish(self) -> io::Result<u64> {
        let TableWriter { path, mut out, .. } = self;
        let mut end = || {
            out.flush()?;
            if self.format == TableFormat::Npy {
                out.rewind()?;
                out.write_all(&header_bytes(self.rows, self.width))?;
            }
            Ok(())
        };
        end().map_err(file::naming("write", &path))?;
        let whole = out.into_inner().map_err(|error| error.into_error());
        file::finish(whole.map_err(file::naming("write", &path))?, &path)?;
        Ok(self.rows)
    }

    fn write_header(&mut self, names: &[String]) -> io::Result<()> {
        if self.format == TableFormat::Npy {
            return self.out.write_all(&header_bytes(0, self.width));
        }
        if names.iter().all(|name| is_value(name.as_bytes())) {
            return Ok(());
        }
        let mut header = ::csv::Writer::from_writer(&mut self.out);
        header.write_record(names)?;
        header.flush()
    }

    fn write_rows(&mut self, rows: &[f64], large: &[LargeInteger]) -> io::Result<()> {
        if self.format == TableFormat::Npy {
            let mut bytes = rows.iter().map(|value| value.to_le_bytes());
            return bytes.try_for_each(|bytes| self.out.write_all(&bytes));
        }
        let mut large = large.iter().peekable();
        for (row, values) in rows.chunks_exact(self.width).enumerate() {
            self.line.clear();
            for (column, &value) in values.iter().enumerate() {
                match large.next_if(|integer| integer.index == row * self.width + column) {
                    Some(integer) => self.line.push_str(&integer.digits),
                    None => append_number(&mut self.line, value),
                }
                self.line.push(',');
            }
            self.line.pop();
            self.line.push('\n');
            self.out.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }
}

/// Appends a number in the shortest digits, with an exponent where there would be many zeros.
fn append_number(line: &mut String, value: f64) {
    let plain = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
    // Writing to a string does not fail.
    let _ = if plain {
        write!(line, "{value}")
    } else {
        write!(line, "{value:e}")
    };
}
