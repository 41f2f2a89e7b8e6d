//! The type of an element of an array: how NumPy names it, and the number in its bytes.

use half::f16;

use crate::table::cell::Cell;
use crate::table::error::{TableProblem, shorten};

/// The type of an element: what is stored, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ElementType {
    content: Content,
    byte_order: ByteOrder,
    /// Bytes of an element.
    pub size: usize,
}

/// What an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Float,
    Signed,
    Unsigned,
    /// False and true are 0 and 1.
    Bool,
    /// A date or a duration, in the unit of its type; the least integer is NumPy's NaT.
    Time,
    /// Text of a byte a character, filled up with zeros.
    Bytes,
    /// Text of four bytes a character, filled up with zeros.
    Unicode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByteOrder {
    LittleEndian,
    BigEndian,
}

impl ElementType {
    /// The type of a name of NumPy's, such as `<f8`.
    ///
    /// # Errors
    /// Elements of this type are no numbers; the message says what to do in NumPy.
    pub fn named(name: &str) -> Result<Self, TableProblem> {
        use ByteOrder::{BigEndian, LittleEndian};
        let (byte_order, rest) = match name.split_at_checked(1) {
            Some(("<" | "|", rest)) => (LittleEndian, rest),
            Some((">", rest)) => (BigEndian, rest),
            _ => (LittleEndian, ""),
        };
        let (kind, digits) = rest.split_at_checked(1).unwrap_or_default();
        // A date has its unit behind its size: <M8[ns].
        let digits = digits.split('[').next().unwrap_or_default();
        let size: usize = digits.parse().unwrap_or(0);
        let content = match (kind, size) {
            ("f", 2 | 4 | 8) => Content::Float,
            ("i", 1 | 2 | 4 | 8) => Content::Signed,
            ("u", 1 | 2 | 4 | 8) => Content::Unsigned,
            ("b", 1) => Content::Bool,
            ("M" | "m", 8) => Content::Time,
            ("S" | "a", _) => Content::Bytes,
            ("U", _) => Content::Unicode,
            _ => return Err(refused(name, kind)),
        };
        let unit = if content == Content::Unicode { 4 } else { 1 };
        let size = size.checked_mul(unit).ok_or_else(|| refused(name, kind))?;
        Ok(ElementType {
            content,
            byte_order,
            size,
        })
    }

    /// Whether the elements are text.
    pub fn is_text(self) -> bool {
        matches!(self.content, Content::Bytes | Content::Unicode)
    }

    /// The number in the bytes of an element; NaN of NaT and of text. Integers beyond 2^53 are rounded.
    pub fn value(self, bytes: &[u8]) -> f64 {
        match self.content {
            Content::Float => match self.size {
                2 => f16::from_bits(self.word(bytes) as u16).to_f64(),
                4 => f64::from(f32::from_bits(self.word(bytes) as u32)),
                _ => f64::from_bits(self.word(bytes)),
            },
            Content::Signed => self.signed(bytes) as f64,
            Content::Unsigned => self.word(bytes) as f64,
            Content::Bool => f64::from(u8::from(self.word(bytes) != 0)),
            Content::Time => match self.signed(bytes) {
                i64::MIN => f64::NAN,
                time => time as f64,
            },
            Content::Bytes | Content::Unicode => f64::NAN,
        }
    }

    /// The digits of an integer; None of other elements.
    pub fn digits(self, bytes: &[u8]) -> Option<String> {
        match self.content {
            Content::Signed | Content::Time => Some(self.signed(bytes).to_string()),
            Content::Unsigned => Some(self.word(bytes).to_string()),
            _ => None,
        }
    }

    /// The content of an element.
    pub fn cell(self, bytes: &[u8]) -> Cell<'static> {
        let text: String = match self.content {
            Content::Bytes => bytes.iter().map(|&byte| char::from(byte)).collect(),
            Content::Unicode => {
                let characters = bytes.chunks_exact(4).map(|bytes| self.word(bytes) as u32);
                let known = |code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                characters.map(known).collect()
            }
            _ => return Cell::read(self.value(bytes), || self.digits(bytes)),
        };
        match text.trim_end_matches('\0') {
            "" => Cell::Missing,
            text => Cell::Text(text.to_owned().into()),
        }
    }

    fn signed(self, bytes: &[u8]) -> i64 {
        let unused = 64 - 8 * self.size;
        (self.word(bytes) << unused) as i64 >> unused
    }

    /// The bytes as a number of 64 bits.
    fn word(self, bytes: &[u8]) -> u64 {
        let append = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
        match self.byte_order {
            ByteOrder::BigEndian => bytes.iter().fold(0, append),
            ByteOrder::LittleEndian => bytes.iter().rev().fold(0, append),
        }
    }
}

/// The refusal of a type, with what to do about it.
fn refused(name: &str, kind: &str) -> TableProblem {
    let what = match kind {
        "O" => {
            "Python objects, which only Python can read: save its numbers as array.astype('f8'), of a DataFrame as \
             df.select_dtypes('number').to_numpy()"
        }
        "c" => {
            "complex numbers: save their parts as columns, np.column_stack([array.real, array.imag]) of an array of one axis"
        }
        "V" => "raw bytes without a type: save it as array.view(...) of a type of numbers",
        _ => {
            "no numbers that can be read; those that can are f2, f4, f8, i1 to i8, u1 to u8 and b1: save it as array.astype('f8')"
        }
    };
    TableProblem::Format(format!(
        "holds elements of type `{}`, {what}",
        shorten(name)
    ))
}
