//! The rows of a CSV, one at a time. Fields are separated by comma, semicolon or tab; byte-order mark, quotes, CRLF and blank lines
//! are accepted.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::str;

use ::csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder};

use super::cell::Cell;
use super::error::{TableProblem, ValueLocation};
use super::integer::{LargeInteger, large_digits};
use super::select::{Header, Missing, SelectedColumns, Selection, number_columns};

/// Bytes that a row may have, at most.
const LONGEST: usize = 1 << 20;

/// Bytes read at a time, and bytes searched for the separator.
const CHUNK: usize = 1 << 16;

/// Fields without a value, in upper or lower case; all spellings of NaN are others.
const MISSING: [&str; 4] = ["", "NA", "null", "?"];

/// The rows of a CSV, read one by one in the selected columns.
pub(super) struct CsvRows {
    reader: Reader<TextFile>,
    record: ByteRecord,
    next: NextRecord,
    columns: SelectedColumns,
    missing: Missing,
    /// Rows read so far.
    row: u64,
    /// Rows left out so far.
    dropped: u64,
    /// The large integers since they were last asked for.
    large: Vec<LargeInteger>,
    /// Size of the file.
    bytes: u64,
    line_break: LineBreak,
}

/// The record of the next row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NextRecord {
    /// The first record: it was read when the file was opened, and is no header.
    AlreadyRead,
    /// A record that is still to be read.
    Unread,
}

/// The line break of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineBreak {
    CrLf,
    /// CR or LF alone.
    Single,
}

impl CsvRows {
    /// Reads the first line of a file of this many bytes.
    ///
    /// # Errors
    /// The file cannot be read or is no CSV, or a column is not there.
    pub fn open(mut file: File, bytes: u64, selection: &Selection) -> Result<Self, TableProblem> {
        let mut head = Vec::new();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut head)?;
        file.rewind()?;
        let line = first_line(&head);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .delimiter(separator(line))
            .buffer_capacity(CHUNK)
            .from_reader(TextFile {
                file,
                left: LONGEST,
            });
        let line_break = if head[line.len()..].starts_with(b"\r\n") {
            LineBreak::CrLf
        } else {
            LineBreak::Single
        };
        let mut record = ByteRecord::new();
        if !read_record(&mut reader, &mut record, line_break)? {
            return Err(TableProblem::Empty);
        }
        let header = match selection.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => !record.iter().all(is_value),
        };
        let names = if header {
            record.iter().map(lossy).collect()
        } else {
            number_columns(record.len())
        };
        let next = if header {
            NextRecord::Unread
        } else {
            NextRecord::AlreadyRead
        };
        Ok(CsvRows {
            reader,
            record,
            next,
            columns: SelectedColumns::find(&names, &selection.columns)?,
            missing: selection.missing,
            row: 0,
            dropped: 0,
            large: Vec::new(),
            bytes,
            line_break,
        })
    }

    /// Names of the selected columns.
    pub fn names(&self) -> &[String] {
        &self.columns.names
    }

    /// Rows left out so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The large integers since they were last asked for.
    pub fn take_large(&mut self) -> Vec<LargeInteger> {
        std::mem::take(&mut self.large)
    }

    /// Fraction of the file that has been read.
    pub fn progress(&self) -> f64 {
        self.reader.position().byte() as f64 / self.bytes as f64
    }

    /// Appends the values of the next row to `out`; false at the end.
    pub fn next(&mut self, out: &mut Vec<f64>) -> Result<bool, TableProblem> {
        while self.advance()? {
            if self.append_values(out)? {
                return Ok(true);
            }
            self.dropped += 1;
        }
        Ok(false)
    }

    /// Calls `see` with the position and the content of every field of the next row; false at the end.
    pub fn show(&mut self, mut see: impl FnMut(usize, Cell<'_>)) -> Result<bool, TableProblem> {
        if !self.advance()? {
            return Ok(false);
        }
        for (position, &index) in self.columns.indices.iter().enumerate() {
            let bytes = &self.record[index];
            let text = || Cell::Text(String::from_utf8_lossy(bytes.trim_ascii()));
            let cell = |value| Cell::read(value, || large_digits(value, bytes));
            see(position, number(bytes).map_or_else(text, cell));
        }
        Ok(true)
    }

    /// Reads the next row; false at the end.
    fn advance(&mut self) -> Result<bool, TableProblem> {
        if self.next == NextRecord::Unread
            && !read_record(&mut self.reader, &mut self.record, self.line_break)?
        {
            return Ok(false);
        }
        self.next = NextRecord::Unread;
        self.row += 1;
        Ok(true)
    }

    /// Appends the values of the current row to `out`; false, and none of them, if the row is to be left out.
    fn append_values(&mut self, out: &mut Vec<f64>) -> Result<bool, TableProblem> {
        let (start, mut whole) = (out.len(), true);
        for (position, &index) in self.columns.indices.iter().enumerate() {
            let bytes = &self.record[index];
            let value = number(bytes).ok_or_else(|| TableProblem::NotANumber {
                location: self.location(position),
                text: lossy(bytes),
            })?;
            whole &= self
                .missing
                .admits(value, || self.location(position), || lossy(bytes))?;
            if let Some(digits) = large_digits(value, bytes) {
                let location = self.location(position);
                self.large.push(LargeInteger {
                    index: out.len(),
                    digits,
                    location,
                });
            }
            out.push(value);
        }
        if !whole {
            out.truncate(start);
            self.large.retain(|integer| integer.index < start);
        }
        Ok(whole)
    }

    /// The location of a field of the current row.
    fn location(&self, position: usize) -> ValueLocation {
        ValueLocation {
            row: self.row,
            line: self
                .record
                .position()
                .map(|position| line_number(position, self.line_break)),
            column: self.columns.names[position].clone(),
        }
    }
}

/// Whether a field can be part of a row; a first line of nothing else is no header.
pub(super) fn is_value(field: &[u8]) -> bool {
    number(field).is_some()
}

/// The number in a field, NaN for a missing value; None if the field is text.
fn number(field: &[u8]) -> Option<f64> {
    let text = str::from_utf8(field.trim_ascii()).ok()?;
    if MISSING.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return Some(f64::NAN);
    }
    text.parse().ok()
}

/// The text of a field; bytes that are not UTF-8 are replaced.
fn lossy(field: &[u8]) -> String {
    String::from_utf8_lossy(field.trim_ascii()).into_owned()
}

/// Reads the next record; false at the end.
fn read_record(
    reader: &mut Reader<TextFile>,
    record: &mut ByteRecord,
    line_break: LineBreak,
) -> Result<bool, TableProblem> {
    reader.get_mut().left = LONGEST;
    let start = line_number(reader.position(), line_break);
    reader
        .read_byte_record(record)
        .map_err(|error| match error.into_kind() {
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                TableProblem::Line {
                    line: start,
                    what: error.to_string(),
                }
            }
            ErrorKind::Io(error) => TableProblem::Io(error),
            ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => TableProblem::Ragged {
                line: start,
                got: len,
                first: expected_len,
            },
            other => TableProblem::Line {
                line: start,
                what: format!("{other:?}"),
            },
        })
}

/// The number of the line at a position. The reader ends a record at CR: the LF of a CRLF counts as part of the next one.
fn line_number(position: &Position, line_break: LineBreak) -> u64 {
    position.line() + u64::from(line_break == LineBreak::CrLf && position.byte() > 0)
}

/// The bytes up to the first line break that is not in quotes, or all.
fn first_line(head: &[u8]) -> &[u8] {
    let end = outside_quotes(head).find(|at| matches!(at.byte, b'\r' | b'\n'));
    end.map_or(head, |end| &head[..end.index])
}

/// The most frequent of the separators in a line.
fn separator(line: &[u8]) -> u8 {
    let count = |&separator: &u8| {
        outside_quotes(line)
            .filter(|at| at.byte == separator)
            .count()
    };
    // Of equals the last, so commas win.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(b',')
}

/// A byte of a text.
struct ByteAt {
    index: usize,
    byte: u8,
}

/// The bytes that are not in quotes.
fn outside_quotes(bytes: &[u8]) -> impl Iterator<Item = ByteAt> {
    let mut inside = false;
    let bytes = bytes.iter().enumerate();
    let bytes = bytes.map(|(index, &byte)| ByteAt { index, byte });
    bytes.filter(move |at| {
        inside ^= at.byte == b'"';
        !inside
    })
}

/// A file that gives an error where it is no text or a row does not end: the reader of CSV would keep a row of any length.
struct TextFile {
    file: File,
    /// Bytes that may be read until the row must have ended.
    left: usize,
}

impl Read for TextFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let refuse = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        if self.left == 0 {
            return refuse("is longer than 1 MiB; is a quote not closed?");
        }
        let read = self.file.read(buffer)?;
        self.left = self.left.saturating_sub(read);
        if buffer[..read].contains(&0) {
            return refuse(
                "holds NUL bytes: not a CSV, or not in UTF-8; NPY files must end in .npy",
            );
        }
        Ok(read)
    }
}
