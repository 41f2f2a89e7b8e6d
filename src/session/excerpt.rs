//! A refusal as the reader sees it: file, line, column, what is wrong, the source line and a caret under the place.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::string::FromUtf8Error;

use crate::session::Rejection;

/// Characters of the source line shown before and after the caret.
const AROUND: usize = 80;

/// A refusal of the file as a whole.
pub(super) fn whole(file: &Path, message: String) -> Rejection {
    Rejection {
        file: file.to_owned(),
        line: 1,
        column: 1,
        message,
    }
}

/// A refusal of bytes that are not UTF-8.
pub(super) fn encoding(file: &Path, error: &FromUtf8Error) -> Rejection {
    let start = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes());
    // The valid part is the same in both.
    excerpt(&text, file, start, "not UTF-8 text from here on")
}

/// A refusal of what starts at a byte of the text.
pub(super) fn excerpt(text: &str, file: &Path, start: usize, what: &str) -> Rejection {
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

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file.display(),
            self.line,
            self.column,
            self.message
        )
    }
}

impl Error for Rejection {}
