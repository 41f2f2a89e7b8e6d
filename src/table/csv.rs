//! The rows of a text table, one at a time, in the dialect that was judged (`judge.rs`).

use std::fs::File;
use std::io::{self, Read};
use std::str;

use ::csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder};

use super::cell::Cell;
use super::dialect::Encoding;
use super::error::{TableProblem, ValueLocation};
use super::integer::{LargeInteger, large_digits, may_be_rounded};
use super::judge::{Judgement, Reading, SAMPLE, Sample, judge};
use super::number::{NumberFormat, is_missing};
use super::records::{self, is_blank, lossy};
use super::select::{Missing, SelectedColumns, Selection};
use super::source::{Bytes, SeparatedText, Text};

/// Bytes that a row may have, at most.
const LONGEST: usize = 1 << 20;

/// Bytes read at a time.
const CHUNK: usize = 1 << 16;

/// The rows of a CSV, read one by one in the selected columns.
pub(super) struct CsvRows {
    reader: Reader<SeparatedText>,
    record: ByteRecord,
    columns: SelectedColumns,
    /// Fields of every row.
    width: usize,
    numbers: NumberFormat,
    missing: Missing,
    reading: Reading,
    /// Rows read so far.
    row: u64,
    /// Rows left out so far.
    dropped: u64,
    /// The large integers since they were last asked for.
    large: Vec<LargeInteger>,
    /// Size of the file.
    bytes: u64,
    /// Lines before the first record that is read by the reader.
    lines_before: u64,
    line_break: LineBreak,
}

/// The line break of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineBreak {
    CrLf,
    /// CR or LF alone.
    Single,
}

impl CsvRows {
    /// Judges the first part of a file of this many bytes, and reads its names.
    ///
    /// # Errors
    /// The file cannot be read or is no text, or a column is not there.
    pub fn open(file: File, bytes: u64, selection: &Selection) -> Result<Self, TableProblem> {
        let mut head = Vec::new();
        let most = SAMPLE as u64;
        Bytes::open(&file)?.take(most).read_to_end(&mut head)?;
        let encoding = match selection.dialect.encoding {
            Encoding::Auto => Encoding::judge(&head)?,
            said => said,
        };
        if encoding.decoder().is_some() {
            head.clear();
            let mut text = Text::open(&file, encoding)?;
            text.by_ref().take(most).read_to_end(&mut head)?;
        }
        let sample = Sample {
            whole: head.len() < SAMPLE,
            text: &head,
            encoding,
        };
        let Judgement {
            dialect,
            quote,
            lead,
            header_record,
            names,
            reading,
        } = judge(&sample, selection)?;
        let text = Text::open(&file, encoding)?;
        let text = SeparatedText::new(text, lead.bytes as u64, dialect.separator, quote)?;
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.separator.byte())
            .quote(quote)
            .buffer_capacity(CHUNK)
            .from_reader(text);
        let mut rows = CsvRows {
            reader,
            record: ByteRecord::new(),
            columns: SelectedColumns::find(&names, &selection.columns)?,
            width: names.len(),
            numbers: dialect.numbers(),
            missing: selection.missing.clone(),
            reading,
            row: 0,
            dropped: 0,
            large: Vec::new(),
            bytes,
            lines_before: lead.lines,
            line_break: LineBreak::of(&head),
        };
        // What cannot be read at all is an error now, not that of the first row.
        if header_record {
            rows.read_record()?;
        }
        Ok(rows)
    }

    /// Takes these of the columns that were selected, before the first row is read.
    ///
    /// # Errors
    /// A column is not among them.
    pub fn select(&mut self, selection: &Selection) -> Result<(), TableProblem> {
        let all = &self.columns;
        let mut columns = SelectedColumns::find(&all.names, &selection.columns)?;
        for index in &mut columns.indices {
            *index = all.indices[*index];
        }
        self.columns = columns;
        self.missing = selection.missing.clone();
        Ok(())
    }

    /// Names of the selected columns.
    pub fn names(&self) -> &[String] {
        &self.columns.names
    }

    /// Rows left out so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How the table is read.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The large integers since they were last asked for.
    pub fn take_large(&mut self) -> Vec<LargeInteger> {
        std::mem::take(&mut self.large)
    }

    /// Fraction of the file that has been read.
    pub fn progress(&self) -> f64 {
        let packed = self.reader.get_ref().packed();
        let read = packed.unwrap_or_else(|| self.reader.position().byte());
        (read as f64 / self.bytes as f64).min(1.0)
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
            let cell = |value| Cell::read(value, || self.large_digits(value, bytes));
            see(position, self.number(bytes).map_or_else(text, cell));
        }
        Ok(true)
    }

    /// Reads the next row; false at the end.
    fn advance(&mut self) -> Result<bool, TableProblem> {
        loop {
            let line = self.line_number(self.reader.position());
            if !self.read_record()? {
                return Ok(false);
            }
            if self.record.len() == self.width {
                self.row += 1;
                return Ok(true);
            }
            let comment = self.record[0].starts_with(b"#");
            if !comment && !is_blank(&self.record) {
                return Err(TableProblem::Ragged {
                    line,
                    got: self.record.len() as u64,
                    first: self.width as u64,
                });
            }
        }
    }

    /// Reads the next record, of any number of fields; false at the end.
    fn read_record(&mut self) -> Result<bool, TableProblem> {
        self.reader.get_mut().left = LONGEST;
        let line = self.line_number(self.reader.position());
        let read = self.reader.read_byte_record(&mut self.record);
        let end = self.reader.position().byte();
        if matches!(read, Ok(true)) && self.reader.get_ref().is_open_at(end) {
            let what = "has a quote that is not closed".to_owned();
            return Err(TableProblem::Line { line, what });
        }
        read.map_err(|error| match error.into_kind() {
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                let what = error.to_string();
                TableProblem::Line { line, what }
            }
            ErrorKind::Io(error) => TableProblem::Io(error),
            other => TableProblem::Line {
                line,
                what: format!("{other:?}"),
            },
        })
    }

    /// The number in a field, NaN for a missing value; None if the field is text.
    fn number(&self, field: &[u8]) -> Option<f64> {
        let text = str::from_utf8(field.trim_ascii()).ok()?;
        let word = |text| is_missing(text) || self.missing.names(text);
        let number = self.numbers.parse(text);
        number.or_else(|| word(text).then_some(f64::NAN))
    }

    /// The digits of the number in a field if it is an integer that a 64-bit float need not hold.
    fn large_digits(&self, value: f64, field: &[u8]) -> Option<String> {
        if !may_be_rounded(value) {
            return None;
        }
        let text = str::from_utf8(field.trim_ascii()).ok()?;
        large_digits(value, self.numbers.plain(text)?.as_bytes())
    }

    /// The number of the line at a position. The reader ends a record at CR: the LF of a CRLF counts as part of the next one.
    fn line_number(&self, position: &Position) -> u64 {
        let broken = self.line_break == LineBreak::CrLf && position.byte() > 0;
        self.lines_before + position.line() + u64::from(broken)
    }

    /// Appends the values of the current row to `out`; false, and none of them, if the row is to be left out.
    fn append_values(&mut self, out: &mut Vec<f64>) -> Result<bool, TableProblem> {
        let (start, mut whole) = (out.len(), true);
        for (position, &index) in self.columns.indices.iter().enumerate() {
            let bytes = &self.record[index];
            let value = self.number(bytes).ok_or_else(|| TableProblem::NotANumber {
                location: self.location(position),
                text: lossy(bytes),
            })?;
            whole &= self
                .missing
                .admits(value, || self.location(position), || lossy(bytes))?;
            if let Some(digits) = self.large_digits(value, bytes) {
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
                .map(|position| self.line_number(position)),
            column: self.columns.names[position].clone(),
        }
    }
}

impl CsvRows {
    /// Reads the text of all fields of the next row, whatever columns are selected; None at the end.
    pub fn next_text(&mut self) -> Result<Option<Vec<String>>, TableProblem> {
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        let there = self.advance()?;
        Ok(there.then(|| self.record.iter().map(text).collect()))
    }
}

/// Whether a field can be part of a row; a first line of nothing else is no header.
pub(super) fn is_value(field: &[u8]) -> bool {
    records::is_value(field, NumberFormat::PLAIN)
}

impl LineBreak {
    /// The first line break of a text.
    fn of(text: &[u8]) -> Self {
        let end = text.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        match end {
            Some(end) if text[end..].starts_with(b"\r\n") => LineBreak::CrLf,
            _ => LineBreak::Single,
        }
    }
}
