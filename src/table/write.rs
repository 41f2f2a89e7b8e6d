//! The writing of a table, as NPY (64-bit floats, row after row) or as CSV by the ending of its name. CSV numbers are the
//! shortest that are read as the same bits.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::csv::is_value;
use super::format::{TableFormat, not_written};
use super::integer::LargeInteger;
use super::npy::header_bytes;
use crate::file::{self, Output, OutputPlace};

/// The writer of a table: a file at the path stays until [`TableWriter::finish`]. Rows of a CSV go straight into a pipe or a device.
pub struct TableWriter {
    path: PathBuf,
    out: BufWriter<Output>,
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
    /// There is no column, or the path cannot be written to. Errors name the path.
    pub fn create(path: &Path, names: &[String]) -> io::Result<Self> {
        Self::begin(OutputPlace::open(path)?, names)
    }

    /// Begins the same table where a stream is open already.
    ///
    /// # Errors
    /// As of [`TableWriter::create`].
    pub(crate) fn begin(place: OutputPlace, names: &[String]) -> io::Result<Self> {
        let path = place.path().to_owned();
        let refuse = |error| Err(file::naming("write", &path)(error));
        if names.is_empty() {
            return refuse(io::Error::other("a table without columns"));
        }
        if let Some(what) = not_written(&path) {
            return refuse(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let format = TableFormat::of(&path);
        let out = match format {
            TableFormat::Csv => Output::begin(place)?,
            // Its header has the number of rows.
            TableFormat::Npy => Output::begin_rewindable(place)?,
        };
        let mut writer = TableWriter {
            path,
            out: BufWriter::new(out),
            width: names.len(),
            rows: 0,
            format,
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
        let TableWriter { path, out, .. } = self;
        let end = || {
            let mut out = out.into_inner().map_err(|error| error.into_error())?;
            if self.format == TableFormat::Npy {
                out.rewrite_beginning(&header_bytes(self.rows, self.width))?;
            }
            out.finish()
        };
        end().map_err(file::naming("write", &path))?;
        Ok(self.rows)
    }

    /// Writes the line of names also where all of them are numbers, which [`TableWriter::create`] leaves out: the reader of the table
    /// knows that these are names. To be called before any row.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_numeric_names(&mut self, names: &[String]) -> io::Result<()> {
        if self.format == TableFormat::Csv && names.iter().all(|name| is_value(name.as_bytes())) {
            self.write_record(names)?;
        }
        Ok(())
    }

    /// Whether the table can hold text.
    pub fn holds_text(&self) -> bool {
        self.format == TableFormat::Csv
    }

    /// Appends a row of text to a CSV.
    ///
    /// # Errors
    /// The row has another length than the first, or the file is none of text or cannot be written.
    pub fn write_text(&mut self, fields: &[String]) -> io::Result<()> {
        if !self.holds_text() || fields.len() != self.width {
            let error = io::Error::other("a row of text for another table");
            return Err(file::naming("write", &self.path)(error));
        }
        self.write_record(fields)?;
        self.rows += 1;
        Ok(())
    }

    fn write_record(&mut self, fields: &[String]) -> io::Result<()> {
        let mut write = || {
            let mut writer = ::csv::Writer::from_writer(&mut self.out);
            writer.write_record(fields)?;
            writer.flush()
        };
        write().map_err(file::naming("write", &self.path))
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
pub(super) fn append_number(line: &mut String, value: f64) {
    let plain = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
    // Writing to a string does not fail.
    let _ = if plain {
        write!(line, "{value}")
    } else {
        write!(line, "{value:e}")
    };
}
