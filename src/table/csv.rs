//! CSV, a row at a time: separated by comma, semicolon or tab; byte-order mark, quotes, CRLF and blank lines are fine.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::str;

use ::csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder};

use super::cells::Cell;
use super::error::{Place, Problem};
use super::select::{Columns, Header, Missing, Selection, numbered};

/// Bytes that a row may have.
const LONGEST: usize = 1 << 20;

/// Bytes read at a time, and those looked at for the separator.
const CHUNK: usize = 1 << 16;

/// Fields that hold no value, in any case; so do all spellings of NaN.
const MISSING: [&str; 4] = ["", "NA", "null", "?"];

/// The selected columns, row by row.
pub(super) struct Rows {
    reader: Reader<Guard>,
    record: ByteRecord,
    /// The first record was no header and is the first row.
    waiting: bool,
    columns: Columns,
    missing: Missing,
    row: u64,
    dropped: u64,
    bytes: u64,
    crlf: bool,
}

impl Rows {
    /// Reads the first line.
    pub fn open(mut file: File, bytes: u64, selection: &Selection) -> Result<Self, Problem> {
        let mut head = Vec::new();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut head)?;
        file.rewind()?;
        let line = first_line(&head);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .delimiter(separator(line))
            .buffer_capacity(CHUNK)
            .from_reader(Guard {
                file,
                left: LONGEST,
            });
        let crlf = head[line.len()..].starts_with(b"\r\n");
        let mut record = ByteRecord::new();
        if !read(&mut reader, &mut record, crlf)? {
            return Err(Problem::Empty);
        }
        let header = match selection.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => !record.iter().all(is_value),
        };
        let names = if header {
            record.iter().map(lossy).collect()
        } else {
            numbered(record.len())
        };
        Ok(Rows {
            reader,
            record,
            waiting: !header,
            columns: Columns::find(&names, &selection.columns)?,
            missing: selection.missing,
            row: 0,
            dropped: 0,
            bytes,
            crlf,
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

    /// Fraction of the file that has been read.
    pub fn progress(&self) -> f64 {
        self.reader.position().byte() as f64 / self.bytes as f64
    }

    /// Appends the values of the next row to `out`; false at the end.
    pub fn next(&mut self, out: &mut Vec<f64>) -> Result<bool, Problem> {
        while self.advance()? {
            if self.values(out)? {
                return Ok(true);
            }
            self.dropped += 1;
        }
        Ok(false)
    }

    /// Shows the fields of the next row with their places, whatever stands in them; false at the end.
    pub fn show(&mut self, mut see: impl FnMut(usize, Cell<'_>)) -> Result<bool, Problem> {
        if !self.advance()? {
            return Ok(false);
        }
        for (position, &index) in self.columns.indices.iter().enumerate() {
            let bytes = &self.record[index];
            let text = || Cell::Text(String::from_utf8_lossy(bytes.trim_ascii()));
            see(position, number(bytes).map_or_else(text, Cell::of));
        }
        Ok(true)
    }

    /// Goes to the next row; false at the end.
    fn advance(&mut self) -> Result<bool, Problem> {
        if !self.waiting && !read(&mut self.reader, &mut self.record, self.crlf)? {
            return Ok(false);
        }
        self.waiting = false;
        self.row += 1;
        Ok(true)
    }

    /// Appends the values of the current row; false and none of them, if it is to be left out.
    fn values(&self, out: &mut Vec<f64>) -> Result<bool, Problem> {
        let (start, mut whole) = (out.len(), true);
        for (position, &index) in self.columns.indices.iter().enumerate() {
            let bytes = &self.record[index];
            let value = number(bytes).ok_or_else(|| Problem::NotANumber {
                place: self.place(position),
                text: lossy(bytes),
            })?;
            whole &= self
                .missing
                .admits(value, || self.place(position), || lossy(bytes))?;
            out.push(value);
        }
        if !whole {
            out.truncate(start);
        }
        Ok(whole)
    }

    fn place(&self, position: usize) -> Place {
        Place {
            row: self.row,
            line: self
                .record
                .position()
                .map(|position| line(position, self.crlf)),
            column: self.columns.names[position].clone(),
        }
    }
}

/// Whether a field can be part of a row; a first line of nothing else is no header.
pub(super) fn is_value(field: &[u8]) -> bool {
    number(field).is_some()
}

/// The number in a field, NaN where there is none; nothing if the field is text.
fn number(field: &[u8]) -> Option<f64> {
    let text = str::from_utf8(field.trim_ascii()).ok()?;
    if MISSING.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return Some(f64::NAN);
    }
    text.parse().ok()
}

fn lossy(field: &[u8]) -> String {
    String::from_utf8_lossy(field.trim_ascii()).into_owned()
}

/// Reads the next record; false at the end.
fn read(reader: &mut Reader<Guard>, record: &mut ByteRecord, crlf: bool) -> Result<bool, Problem> {
    reader.get_mut().left = LONGEST;
    let start = line(reader.position(), crlf);
    reader
        .read_byte_record(record)
        .map_err(|error| match error.into_kind() {
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => Problem::Line {
                line: start,
                what: error.to_string(),
            },
            ErrorKind::Io(error) => Problem::Io(error),
            ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => Problem::Ragged {
                line: start,
                got: len,
                first: expected_len,
            },
            other => Problem::Line {
                line: start,
                what: format!("{other:?}"),
            },
        })
}

/// The reader ends a record at CR: of CRLF it counts the LF to the next one.
fn line(position: &Position, crlf: bool) -> u64 {
    position.line() + u64::from(crlf && position.byte() > 0)
}

/// Up to the first line break that is not in quotes, or all.
fn first_line(head: &[u8]) -> &[u8] {
    let end = outside_quotes(head).find(|(_, byte)| matches!(byte, b'\r' | b'\n'));
    end.map_or(head, |(index, _)| &head[..index])
}

/// The most frequent of the separators.
fn separator(line: &[u8]) -> u8 {
    let count = |&separator: &u8| {
        outside_quotes(line)
            .filter(|&(_, byte)| byte == separator)
            .count()
    };
    // Of equals the last, so commas win.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(b',')
}

fn outside_quotes(bytes: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let mut inside = false;
    bytes.iter().copied().enumerate().filter(move |(_, byte)| {
        inside ^= *byte == b'"';
        !inside
    })
}

/// The file, as long as it is text and its rows end: the reader would keep a row of any length.
struct Guard {
    file: File,
    /// Bytes that may be read until the row must have ended.
    left: usize,
}

impl Read for Guard {
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
