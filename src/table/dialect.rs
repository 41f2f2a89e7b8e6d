//! The dialect of a text table: its separator, decimal mark, thousands mark and encoding. What a session does not say is judged
//! (`judge.rs`).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::TableProblem;
use super::number::NumberFormat;

/// The dialect of a text table; what is left out is judged by the first MiB of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// The separator of the fields.
    #[serde(skip_serializing_if = "is_default")]
    pub separator: Separator,
    /// The decimal mark of the numbers.
    #[serde(skip_serializing_if = "is_default")]
    pub decimal: DecimalMark,
    /// The mark between groups of three digits.
    #[serde(skip_serializing_if = "is_default")]
    pub thousands: ThousandsMark,
    /// The encoding of the text.
    #[serde(skip_serializing_if = "is_default")]
    pub encoding: Encoding,
}

/// The separator of the fields of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Separator {
    /// The one that gives every row the same number of fields, and most of them numbers.
    #[default]
    Auto,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
    /// Runs of blanks and tabs.
    Blanks,
}

/// The decimal mark of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecimalMark {
    /// The one under which most fields are numbers.
    #[default]
    Auto,
    /// `.`
    Point,
    /// `,`
    Comma,
}

/// The mark between groups of three digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThousandsMark {
    /// The one under which most fields are numbers.
    #[default]
    Auto,
    /// No mark.
    None,
    /// `,`
    Comma,
    /// `.`
    Point,
    /// A blank, also a thin one or one that does not break.
    Blank,
    /// `'`
    Apostrophe,
}

/// The encoding of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// By the byte-order mark, else UTF-16 where every other byte is NUL, else UTF-8 if it is valid, else Windows-1252.
    #[default]
    Auto,
    /// UTF-8, of which ASCII is a part.
    Utf8,
    /// UTF-16, low bytes first.
    Utf16Le,
    /// UTF-16, high bytes first.
    Utf16Be,
    /// Windows-1252, of which the letters of Latin-1 are a part.
    Windows1252,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Dialect {
    /// What a session has to say of a judged dialect: all that is not as in a plain CSV.
    pub(super) fn unusual(mut self) -> Dialect {
        if self.separator == Separator::Comma {
            self.separator = Separator::Auto;
        }
        if self.numbers() == NumberFormat::PLAIN {
            (self.decimal, self.thousands) = Default::default();
        }
        if self.encoding == Encoding::Utf8 {
            self.encoding = Encoding::Auto;
        }
        self
    }

    /// The format of the numbers; of a judged dialect.
    pub(super) fn numbers(self) -> NumberFormat {
        NumberFormat {
            decimal: self.decimal,
            thousands: self.thousands,
        }
    }
}

impl Separator {
    /// Those that are judged; of equals the first is taken.
    pub(super) const ALL: [Separator; 5] = [
        Separator::Tab,
        Separator::Semicolon,
        Separator::Pipe,
        Separator::Comma,
        Separator::Blanks,
    ];

    /// The byte between two fields; runs of blanks have become a tab.
    pub(super) fn byte(self) -> u8 {
        match self {
            Separator::Semicolon => b';',
            Separator::Pipe => b'|',
            Separator::Tab | Separator::Blanks => b'\t',
            Separator::Comma | Separator::Auto => b',',
        }
    }

    /// The separator that a byte is.
    pub(super) fn of_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            b',' => Separator::Comma,
            b';' => Separator::Semicolon,
            b'\t' => Separator::Tab,
            b'|' => Separator::Pipe,
            b' ' => Separator::Blanks,
            _ => return None,
        })
    }
}

impl Encoding {
    /// Judges the encoding of a text by its first bytes.
    ///
    /// # Errors
    /// The text is in UTF-32, or no text.
    pub(super) fn judge(head: &[u8]) -> Result<Self, TableProblem> {
        let refuse = |what: &str| {
            Err(TableProblem::Line {
                line: 1,
                what: what.to_owned(),
            })
        };
        if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
            return refuse("is in UTF-32: save the table in UTF-8");
        }
        match head {
            [0xff, 0xfe, ..] => return Ok(Encoding::Utf16Le),
            [0xfe, 0xff, ..] => return Ok(Encoding::Utf16Be),
            _ => {}
        }
        // Digits, separators and line breaks have one NUL each in UTF-16.
        let pairs = head[..head.len().min(4096)].as_chunks::<2>().0;
        let nul = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
        if !pairs.is_empty() && 2 * nul(1) > pairs.len() && nul(0) == 0 {
            return Ok(Encoding::Utf16Le);
        }
        if !pairs.is_empty() && 2 * nul(0) > pairs.len() && nul(1) == 0 {
            return Ok(Encoding::Utf16Be);
        }
        Ok(match std::str::from_utf8(head) {
            Err(error) if error.error_len().is_some() => Encoding::Windows1252,
            _ => Encoding::Utf8,
        })
    }

    /// The decoder; None where the bytes are UTF-8 already.
    pub(super) fn decoder(self) -> Option<&'static encoding_rs::Encoding> {
        match self {
            Encoding::Auto | Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(encoding_rs::UTF_16LE),
            Encoding::Utf16Be => Some(encoding_rs::UTF_16BE),
            Encoding::Windows1252 => Some(encoding_rs::WINDOWS_1252),
        }
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Separator::Auto => "judged",
            Separator::Comma => "comma",
            Separator::Semicolon => "semicolon",
            Separator::Tab => "tab",
            Separator::Pipe => "|",
            Separator::Blanks => "runs of blanks",
        })
    }
}

impl fmt::Display for DecimalMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DecimalMark::Auto => "judged",
            DecimalMark::Point => "point",
            DecimalMark::Comma => "comma",
        })
    }
}

impl fmt::Display for ThousandsMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ThousandsMark::Auto => "judged",
            ThousandsMark::None => "none",
            ThousandsMark::Comma => "comma",
            ThousandsMark::Point => "point",
            ThousandsMark::Blank => "blank",
            ThousandsMark::Apostrophe => "apostrophe",
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encoding::Auto => "judged",
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16, low bytes first",
            Encoding::Utf16Be => "UTF-16, high bytes first",
            Encoding::Windows1252 => "Windows-1252",
        })
    }
}
