//! What stands before the first record of a text table: a byte-order mark, Excel's line `sep=;`, comments that begin with `#`, and blank
//! lines. The comment right before the rows names the columns if it has as many words, as numpy.savetxt writes it.

use super::dialect::Separator;
use super::number::NumberFormat;
use super::records::{Records, is_value, lossy};

/// What stands before the first record: a byte-order mark, a line `sep=;`, comments, blank lines.
#[derive(Default)]
pub(super) struct Lead {
    pub bytes: usize,
    pub lines: u64,
    /// Separator that the line names.
    pub separator: Option<Separator>,
    /// The comment right before the first record, without its mark.
    comment: Option<String>,
}

impl Lead {
    /// Finds the first record.
    pub fn of(text: &[u8]) -> Self {
        let mut lead = Lead::default();
        if text.starts_with(b"\xef\xbb\xbf") {
            lead.bytes = 3;
        }
        while lead.bytes < text.len() {
            let rest = &text[lead.bytes..];
            let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let line = &rest[..end.unwrap_or(rest.len())];
            let bytes = line.trim_ascii();
            if let Some(separator) = separator_line(line)
                && lead.lines == 0
            {
                lead.separator = Some(separator);
            } else if is_comment(bytes) {
                lead.comment = Some(lossy(&bytes[1..]));
            } else if bytes.is_empty() {
                lead.comment = None;
            } else {
                break;
            }
            let after = &rest[line.len()..];
            let line_break = if after.starts_with(b"\r\n") {
                2
            } else {
                after.len().min(1)
            };
            lead.bytes += line.len() + line_break;
            lead.lines += 1;
        }
        lead
    }

    /// The names in the last comment, if they are so many.
    pub fn names(&self, separator: Separator, width: usize) -> Option<Vec<String>> {
        let comment = self.comment.as_ref()?;
        let records = Records::of(comment.as_bytes(), true);
        let mut names = None;
        records.for_each(separator, |record, _| {
            names = Some(record.iter().map(lossy).collect())
        });
        names.filter(|names: &Vec<String>| {
            names.len() == width
                && names
                    .iter()
                    .any(|name| !is_value(name.as_bytes(), NumberFormat::PLAIN))
        })
    }
}

/// The separator that Excel's first line `sep=;` names; some programs quote it.
fn separator_line(line: &[u8]) -> Option<Separator> {
    let quoted = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""));
    let (word, separator) = quoted.unwrap_or(line).split_at_checked(4)?;
    match separator {
        _ if !word.eq_ignore_ascii_case(b"sep=") => None,
        [byte] => Separator::of_byte(*byte),
        _ => None,
    }
}

/// Whether a line is a comment, and not a row that begins with `#N/A`.
fn is_comment(line: &[u8]) -> bool {
    let mut fields = line.split(|byte| b",;\t| ".contains(byte));
    line.starts_with(b"#")
        && fields
            .next()
            .is_some_and(|field| !is_value(field, NumberFormat::PLAIN))
}
