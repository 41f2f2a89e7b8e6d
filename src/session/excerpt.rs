//! Refusals with an excerpt of the text: file, line, column, what is wrong, the source line and a caret under the place.

use std::path::Path;
use std::string::FromUtf8Error;

use super::Rejection;

/// Characters of the source line shown before and after the caret.
const AROUND: usize = 80;

/// Makes the refusal of bytes that are not UTF-8.
pub(super) fn refuse_encoding(file: &Path, error: &FromUtf8Error) -> Rejection {
    let start = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes());
    // The valid part is the same in both.
    refuse_at(&text, file, start, "not UTF-8 text from here on")
}

/// Makes the refusal of what starts at a byte of the text.
pub(super) fn refuse_at(text: &str, file: &Path, start: usize, what: &str) -> Rejection {
    let before = &text[..start];
    let line = 1 + before.matches('\n').count();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = 1 + text[line_start..start].chars().count();
    // What is said may quote the file, and its control characters would move the caret or the terminal's.
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let what: String = what.chars().map(shown).collect();
    let skip = (column - 1).saturating_sub(AROUND);
    let source = text[line_start..]
        .lines()
        .next()
        .unwrap_or("")
        .chars()
        .map(shown);
    let source: String = source.skip(skip).take(2 * AROUND).collect();
    let caret = " ".repeat(column - 1 - skip);
    let message = format!("{what}\n{}\n{caret}^", source.trim_end());
    Rejection {
        file: file.to_owned(),
        line,
        column,
        message,
    }
}
