//! The records of the first part of a text table, under a separator that is tried.

use std::str;

use ::csv::{ByteRecord, ReaderBuilder};

use super::dialect::Separator;
use super::number::{NumberFormat, is_missing};
use super::source::BlankRuns;

/// The records of a part of a text.
#[derive(Clone, Copy)]
pub(super) struct Records<'a> {
    text: &'a [u8],
    /// Whether it is the whole text.
    whole: bool,
    /// The quote: `'` where the first line begins with one and there is no `"`.
    pub quote: u8,
}

impl<'a> Records<'a> {
    /// The records of a part of a text.
    pub fn of(text: &'a [u8], whole: bool) -> Self {
        let single = text.starts_with(b"'") && !text.contains(&b'"');
        let quote = if single { b'\'' } else { b'"' };
        Records { text, whole, quote }
    }

    /// Whether a byte is in the text.
    pub fn have(self, byte: u8) -> bool {
        self.text.contains(&byte)
    }

    /// Calls `see` with every record that is neither blank nor cut off, and with whether it may be a comment.
    pub fn for_each(self, separator: Separator, mut see: impl FnMut(&ByteRecord, bool)) {
        let mut replaced = Vec::new();
        let text = if separator == Separator::Blanks {
            BlankRuns::new(self.quote).replace(self.text, &mut replaced);
            &replaced
        } else {
            self.text
        };
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator.byte())
            .quote(self.quote)
            .from_reader(text);
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).is_ok_and(|more| more) {
            let cut = !self.whole && reader.position().byte() >= text.len() as u64;
            if !cut && !is_blank(&record) {
                see(
                    &record,
                    record[0].starts_with(b"#") && !is_value(&record[0], NumberFormat::PLAIN),
                );
            }
        }
    }
}

/// Whether a record is a line of nothing but blanks.
pub(super) fn is_blank(record: &ByteRecord) -> bool {
    record.len() <= 1 && record.iter().all(|field| field.trim_ascii().is_empty())
}

/// Whether a field is a number or a missing value.
pub(super) fn is_value(field: &[u8], format: NumberFormat) -> bool {
    str::from_utf8(field.trim_ascii())
        .is_ok_and(|text| format.parse(text).is_some() || is_missing(text))
}

/// The text of a field; bytes that are not UTF-8 are replaced.
pub(super) fn lossy(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim().to_owned()
}
