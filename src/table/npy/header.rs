//! The header of an NPY file: the type of the elements and their order. The bytes are
//!
//! ```text
//! \x93NUMPY, version (2 bytes), length of the text (2 bytes; 4 from version 2 on), the text, the elements
//! {'descr': '<f8', 'fortran_order': False, 'shape': (1000, 6), }
//! {'descr': [('x', '<f8'), ('n', '<i4', (2,))], 'fortran_order': False, 'shape': (1000,), }
//! ```

use std::io;

use serde::Deserialize;
use serde_json::Value;

use super::literal::to_json;
use super::source::Source;
use crate::table::error::{TableProblem, shorten};

/// The first bytes of an NPY file.
pub(in crate::table) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest text, with room for the names of the most columns that a table may have.
const LONGEST: usize = 1 << 22;

/// Bytes of a header written here: a multiple of 64, as NumPy asks, with room for any shape.
const WRITTEN: usize = 128;

/// The text of a header.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderFields {
    descr: Value,
    fortran_order: bool,
    shape: Vec<u64>,
}

/// The header of an array.
#[derive(Debug)]
pub(super) struct Header {
    /// The name of a type, or a list of fields: each has a name, a type and perhaps a shape.
    pub descr: Value,
    /// Whether columns follow each other, not rows.
    pub fortran_order: bool,
    pub shape: Vec<u64>,
    /// Bytes before the elements.
    pub start: u64,
}

impl Header {
    /// Reads the header of an array.
    ///
    /// # Errors
    /// The bytes are no NPY, or its header is not understood.
    pub fn read(source: &Source) -> Result<Self, TableProblem> {
        let HeaderText { text, end: start } = read_text(source)?;
        let HeaderFields {
            descr,
            fortran_order,
            shape,
        } = serde_json::from_str(&to_json(&text)).map_err(|error| {
            TableProblem::Format(format!(
                "has a header that is not understood: {error} in `{}`",
                shorten(text.trim())
            ))
        })?;
        Ok(Header {
            descr,
            fortran_order,
            shape,
            start,
        })
    }
}

/// The text of a header.
struct HeaderText {
    text: String,
    /// Bytes before the end of the text.
    end: u64,
}

/// Reads the text of a header.
fn read_text(source: &Source) -> Result<HeaderText, TableProblem> {
    let damaged = |what: &str| TableProblem::Format(format!("is no NPY file: {what}"));
    let read = |buffer: &mut [u8], offset| {
        source
            .read(offset, buffer)
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
    let version = rest[0];
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
    let text = if version == 3 {
        String::from_utf8(text).map_err(|_| damaged("its header is no text"))?
    } else {
        // Latin-1.
        text.into_iter().map(char::from).collect()
    };
    Ok(HeaderText {
        text,
        end: start + length as u64,
    })
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
