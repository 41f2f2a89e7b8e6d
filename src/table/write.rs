//! Writes a table, as NPY (64-bit floats, row after row) or as CSV by the ending of its name. CSV numbers are the shortest
//! that read back to the same bits.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::csv::is_value;
use super::is_npy;
use super::npy::written;
use crate::file;

/// Writes rows under a temporary name in the same directory; what was at the path stays until [`Writer::finish`].
pub struct Writer {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
    width: usize,
    rows: u64,
    npy: bool,
    line: String,
}

impl Writer {
    /// Begins a table with these columns. An NPY has no names, and a CSV gets none if all of them are numbers: they could not
    /// be told from a row.
    ///
    /// # Errors
    /// There is no column, what is at the path is no regular file, or the directory cannot be written to. Errors name the path.
    pub fn create(path: &Path, names: &[String]) -> io::Result<Self> {
        let begin = || {
            if names.is_empty() {
                return Err(io::Error::other("a table without columns"));
            }
            // Renaming would replace a device by a file.
            if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
                return Err(io::Error::other("what is there is no regular file"));
            }
            Ok(())
        };
        begin().map_err(file::naming("write", path))?;
        let mut writer = Writer {
            path: path.to_owned(),
            out: BufWriter::new(file::begin(path)?),
            width: names.len(),
            rows: 0,
            npy: is_npy(path),
            line: String::new(),
        };
        writer
            .begin(names)
            .map_err(file::naming("write", &writer.path))?;
        Ok(writer)
    }

    /// Appends rows, row-major (rows x width).
    ///
    /// # Errors
    /// Not whole rows, or the file cannot be written.
    pub fn write(&mut self, rows: &[f64]) -> io::Result<()> {
        if !rows.len().is_multiple_of(self.width) {
            let what = format!("{} values in rows of {}", rows.len(), self.width);
            return Err(file::naming("write", &self.path)(io::Error::other(what)));
        }
        self.append(rows)
            .map_err(file::naming("write", &self.path))?;
        self.rows += (rows.len() / self.width) as u64;
        Ok(())
    }

    /// Puts the table at its path; gives the rows written.
    ///
    /// # Errors
    /// The file cannot be written; what was at the path is still there.
    pub fn finish(self) -> io::Result<u64> {
        let Writer { path, mut out, .. } = self;
        let mut end = || {
            out.flush()?;
            if self.npy {
                out.rewind()?;
                out.write_all(&written(self.rows, self.width))?;
            }
            Ok(())
        };
        end().map_err(file::naming("write", &path))?;
        let whole = out.into_inner().map_err(|error| error.into_error());
        file::finish(whole.map_err(file::naming("write", &path))?, &path)?;
        Ok(self.rows)
    }

    fn begin(&mut self, names: &[String]) -> io::Result<()> {
        if self.npy {
            return self.out.write_all(&written(0, self.width));
        }
        if names.iter().all(|name| is_value(name.as_bytes())) {
            return Ok(());
        }
        let mut header = ::csv::Writer::from_writer(&mut self.out);
        header.write_record(names)?;
        header.flush()
    }

    fn append(&mut self, rows: &[f64]) -> io::Result<()> {
        if self.npy {
            let mut bytes = rows.iter().map(|value| value.to_le_bytes());
            return bytes.try_for_each(|bytes| self.out.write_all(&bytes));
        }
        for row in rows.chunks_exact(self.width) {
            self.line.clear();
            for &value in row {
                number(&mut self.line, value);
                self.line.push(',');
            }
            self.line.pop();
            self.line.push('\n');
            self.out.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }
}

/// The shortest digits; with an exponent where there would be many zeros.
fn number(line: &mut String, value: f64) {
    let plain = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
    // Writing to a string does not fail.
    let _ = if plain {
        write!(line, "{value}")
    } else {
        write!(line, "{value:e}")
    };
}
