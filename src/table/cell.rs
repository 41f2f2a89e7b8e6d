//! The content of a field of a table: a number, no value, or text.

use std::borrow::Cow;

use super::integer::{is_rounded, may_be_rounded};

/// The content of a field of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A number, perhaps an infinite one.
    Number(f64),
    /// An integer that a 64-bit float does not hold.
    Rounded {
        /// The nearest number.
        value: f64,
        /// The integer's own digits.
        digits: String,
    },
    /// No value, or a word for a missing one.
    Missing,
    /// Any other text.
    Text(Cow<'a, str>),
}

impl Cell<'_> {
    /// The content of a field with a number; NaN stands for a missing value. `digits` gives those of a large integer.
    pub(super) fn read(value: f64, digits: impl FnOnce() -> Option<String>) -> Self {
        if value.is_nan() {
            return Cell::Missing;
        }
        let digits = if may_be_rounded(value) {
            digits()
        } else {
            None
        };
        match digits.filter(|digits| is_rounded(value, digits)) {
            Some(digits) => Cell::Rounded { value, digits },
            None => Cell::Number(value),
        }
    }
}
