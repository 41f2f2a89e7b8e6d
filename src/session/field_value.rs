//! The value of a field, as checks, steps and messages handle it.

use std::fmt;

/// The word for the value of a field that a session does not have.
pub(crate) const ABSENT: &str = "absent";

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldValue {
    /// An integer.
    Whole(u64),
    /// A number.
    Number(f64),
    /// A number or None.
    Optional(Option<f64>),
    /// Any other value, as RON.
    Written(String),
    /// No value: the field belongs to a variant that was not chosen.
    Absent,
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => write!(f, "{value}"),
            // Debug keeps the decimal point, as RON writes numbers.
            Self::Number(value) => write!(f, "{value:?}"),
            Self::Optional(value) => write!(f, "{value:?}"),
            Self::Written(text) => f.write_str(text),
            Self::Absent => f.write_str(ABSENT),
        }
    }
}
