//! The content of a field of a table: a number, no value, or text.

use std::borrow::Cow;

/// The content of a field of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A number, perhaps an infinite one.
    Number(f64),
    /// No value, or a word for a missing one.
    Missing,
    /// Any other text.
    Text(Cow<'a, str>),
}

impl Cell<'_> {
    /// The content of a field with a number; NaN stands for a missing value.
    pub(super) fn of(value: f64) -> Self {
        if value.is_nan() {
            Cell::Missing
        } else {
            Cell::Number(value)
        }
    }
}
