//! The header of an NPY file: the type of the elements and their order. The bytes are
//!
//! ```text
//! \x93NUMPY, version (2 bytes), length of the text (2 bytes; 4 from version 2 on), the text, the elements
//! {'descr': '<f8', 'fortran_order': False, 'shape': (1000, 6), }
//! ```
//!
//! The text is a Python literal, which becomes RON by changing some characters. The crates that read Python literals reserve as
//! much memory as the header claims, and recurse as deep as its brackets go.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use serde::Deserialize;

use crate::table::error::{TableProblem, shorten};

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest text of version 1; NumPy itself has no use for more.
const LONGEST: usize = 1 << 16;

/// Bytes of a header written here: a multiple of 64, as NumPy asks, with room for any shape.
const WRITTEN: usize = 128;

/// The layout of an array of one or two axes in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ArrayLayout {
    pub element: ElementType,
    pub order: ElementOrder,
    pub rows: usize,
    /// Columns, at least 1.
    pub width: usize,
    /// Bytes before the elements.
    pub start: u64,
}

/// The order of the elements of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementOrder {
    /// Row after row.
    RowMajor,
    /// Column after column.
    ColumnMajor,
}

/// The type of an element: how a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ElementType {
    number: NumberType,
    byte_order: ByteOrder,
    /// Bytes of an element.
    pub size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberType {
    Float,
    Signed,
    Unsigned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByteOrder {
    LittleEndian,
    BigEndian,
}

/// The fields of the text of a header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "struct Text", rename = "Text")]
struct HeaderFields {
    descr: String,
    fortran_order: bool,
    shape: Vec<u64>,
}

impl ArrayLayout {
    /// Reads the header of a file of this many bytes.
    pub fn read(file: &File, bytes: u64) -> Result<Self, TableProblem> {
        let HeaderText { text, end: start } = read_text(file)?;
        let fields: HeaderFields = ron::from_str(&to_ron(&text)).map_err(|error| {
            TableProblem::Npy(format!(
                "has a header that is not understood: {} in `{}`",
                error.code,
                shorten(text.trim())
            ))
        })?;
        let element = ElementType::named(&fields.descr)?;
        let (rows, width) = match fields.shape[..] {
            [rows] => (rows, 1),
            [rows, width] if width > 0 => (rows, width),
            _ => {
                return Err(TableProblem::Npy(format!(
                    "is an array of shape {:?}; a table has rows and columns",
                    fields.shape
                )));
            }
        };
        let needed = rows
            .checked_mul(width)
            .and_then(|count| count.checked_mul(element.size as u64));
        if needed != Some(bytes.saturating_sub(start)) {
            return Err(TableProblem::Npy(format!(
                "is cut short or damaged: its header says {rows} x {width} values of {} bytes, but {} bytes follow",
                element.size,
                bytes.saturating_sub(start)
            )));
        }
        let whole = |count: u64| {
            usize::try_from(count)
                .map_err(|_| TableProblem::Npy("is too large for this machine".into()))
        };
        let order = if fields.fortran_order {
            ElementOrder::ColumnMajor
        } else {
            ElementOrder::RowMajor
        };
        Ok(ArrayLayout {
            element,
            order,
            rows: whole(rows)?,
            width: whole(width)?,
            start,
        })
    }
}

impl ElementType {
    /// The type of a name of NumPy's, such as `<f8`.
    fn named(name: &str) -> Result<Self, TableProblem> {
        use ByteOrder::{BigEndian, LittleEndian};
        let (byte_order, rest) = match name.split_at_checked(1) {
            Some(("<" | "|", rest)) => (LittleEndian, rest),
            Some((">", rest)) => (BigEndian, rest),
            _ => (LittleEndian, ""),
        };
        let (number, size) = match rest {
            "f4" => (NumberType::Float, 4),
            "f8" => (NumberType::Float, 8),
            "i1" => (NumberType::Signed, 1),
            "i2" => (NumberType::Signed, 2),
            "i4" => (NumberType::Signed, 4),
            "i8" => (NumberType::Signed, 8),
            "u1" => (NumberType::Unsigned, 1),
            "u2" => (NumberType::Unsigned, 2),
            "u4" => (NumberType::Unsigned, 4),
            "u8" => (NumberType::Unsigned, 8),
            _ => {
                return Err(TableProblem::Npy(format!(
                    "holds elements of type `{}`; those that can be read are f4, f8, i1 to i8 and u1 to u8, so save it as \
                     array.astype('f8')",
                    shorten(name)
                )));
            }
        };
        Ok(ElementType {
            number,
            byte_order,
            size,
        })
    }

    /// The number in the bytes of an element; integers beyond 2^53 are rounded.
    pub fn value(&self, bytes: &[u8]) -> f64 {
        let append = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
        let word = match self.byte_order {
            ByteOrder::BigEndian => bytes.iter().fold(0, append),
            ByteOrder::LittleEndian => bytes.iter().rev().fold(0, append),
        };
        let unused = 64 - 8 * self.size;
        match self.number {
            NumberType::Float if self.size == 4 => f64::from(f32::from_bits(word as u32)),
            NumberType::Float => f64::from_bits(word),
            NumberType::Signed => ((word << unused) as i64 >> unused) as f64,
            NumberType::Unsigned => word as f64,
        }
    }
}

/// The text of a header.
struct HeaderText {
    text: String,
    /// Bytes of the file before the end of the text.
    end: u64,
}

/// Reads the text of the header of a file.
fn read_text(file: &File) -> Result<HeaderText, TableProblem> {
    let damaged = |what: &str| TableProblem::Npy(format!("is no NPY file: {what}"));
    let read = |buffer: &mut [u8], offset| {
        file.read_exact_at(buffer, offset)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => damaged("it ends within its header"),
                _ => TableProblem::Io(error),
            })
    };
    let mut fixed = [0; 12];
    read(&mut fixed, 0)?;
    let (magic, rest) = fixed.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(damaged("it does not start as one"));
    }
    let (length, start) = match *rest {
        [1, _, a, b, ..] => (u32::from_le_bytes([a, b, 0, 0]), 10),
        [2 | 3, _, a, b, c, d] => (u32::from_le_bytes([a, b, c, d]), 12),
        _ => return Err(damaged("its version is none of 1, 2 and 3")),
    };
    let length = length as usize;
    if length > LONGEST {
        return Err(damaged("its header is too long"));
    }
    let mut text = vec![0; length];
    read(&mut text, start)?;
    let text = String::from_utf8(text).map_err(|_| damaged("its header is no text"))?;
    Ok(HeaderText {
        text,
        end: start + length as u64,
    })
}

/// Writes a Python dictionary with these three keys as a RON struct.
fn to_ron(text: &str) -> String {
    let mut ron = text.to_owned();
    for (python, instead) in [
        ("(", "["),
        (")", "]"),
        ("{", "("),
        ("}", ")"),
        ("'descr'", "descr"),
        ("'fortran_order'", "fortran_order"),
        ("'shape'", "shape"),
        ("False", "false"),
        ("True", "true"),
        ("'", "\""),
    ] {
        ron = ron.replace(python, instead);
    }
    ron
}

/// The bytes of the header, always of one length, of an array of 64-bit floats; the array has one axis if there is one column.
pub(in crate::table) fn header_bytes(rows: u64, width: usize) -> Vec<u8> {
    let shape = if width == 1 {
        format!("({rows},)")
    } else {
        format!("({rows}, {width})")
    };
    let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let length = WRITTEN - MAGIC.len() - 4;
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend((length as u16).to_le_bytes());
    header.extend(format!("{text:<0$}\n", length - 1).bytes());
    header
}
