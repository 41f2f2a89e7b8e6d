//! Columns that have no density, or none that can be computed, each with the reason.

use std::fmt;

/// Number of terms of a sum that a message shows.
const TERMS: usize = 6;
/// Significant digits of coefficients in messages.
const DIGITS: usize = 6;

/// A column that cannot be learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlearnable {
    /// Name of the column.
    pub column: String,
    /// Reason why it cannot be learned.
    pub reason: NoDensity,
}

/// The reason why a column cannot be learned.
#[derive(Clone, Debug, PartialEq)]
pub enum NoDensity {
    /// All rows but some of the test part have the same value.
    Constant {
        /// Value of the column.
        value: f64,
    },
    /// The values differ by little more than the rounding of 64-bit numbers of their size.
    Rounding {
        /// Standard deviation of the column.
        deviation: f64,
        /// Mean of the column.
        mean: f64,
    },
    /// The squares of the deviations are too large for 64-bit numbers.
    Overflow,
    /// The squares of the deviations are too small for 64-bit numbers.
    Underflow,
    /// There are no more rows than columns: every column is a sum of multiples of the others in them.
    FewRows {
        /// Number of rows of the training and validation part.
        rows: usize,
    },
    /// The column is a sum of multiples of other columns.
    Dependent(Sum),
}

/// A sum of multiples of columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// Part that does not depend on a column, in the units of the determined column; None where the columns have maps, so that no
    /// coefficient is in their units.
    pub constant: Option<f64>,
    /// Columns with their coefficients.
    pub terms: Vec<NamedTerm>,
    /// What the sum leaves open of the column.
    pub open: Open,
}

/// The part of a column that a sum leaves open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Open {
    /// Nothing but the rounding of 64-bit numbers.
    Nothing,
    /// The rounding of the values in the table.
    Rounding,
    /// A part with this share of the column's deviation.
    Share(f64),
}

/// A term of a sum.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTerm {
    /// Name of the column.
    pub column: String,
    /// Coefficient of the column, in the units of the determined column for one of the column's own.
    pub coefficient: f64,
}

impl fmt::Display for NoDensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoDensity::Constant { value } => {
                write!(f, "{} in every row but some of the test part", short(*value))
            }
            NoDensity::Rounding { deviation, mean } => write!(
                f,
                "varies by {} around {}, hardly more than numbers of this size are rounded by (less a number near it, it can be learned)",
                short(rounded(*deviation, 2)),
                short(*mean)
            ),
            NoDensity::Overflow => f.write_str(
                "too large to be standardised, as its square is no 64-bit number (in a larger unit it can)",
            ),
            NoDensity::Underflow => f.write_str(
                "too small to be standardised, as its square is no 64-bit number (in a smaller unit it can)",
            ),
            NoDensity::FewRows { rows } => write!(
                f,
                "the columns before it leave nothing open in so few rows as {rows}"
            ),
            NoDensity::Dependent(sum) => {
                let too_little = match sum.open {
                    Open::Share(_) => ", which is too little to be computed with",
                    _ => "",
                };
                write!(f, "{sum}{too_little}")
            }
        }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |term: &NamedTerm| format!("`{}`", crate::table::shorten(&term.column));
        let Some(constant) = self.constant else {
            let names: Vec<String> = self.terms.iter().take(TERMS).map(name).collect();
            let more = self.more();
            let sum = if names.len() == 1 {
                "a copy"
            } else {
                "a sum of multiples"
            };
            return write!(f, "once mapped, {sum} of {}{more}", names.join(", "));
        };
        if let [term] = &self.terms[..] {
            write!(f, "a copy of {}", name(term))?;
            if (term.coefficient, constant) == (1.0, 0.0) {
                return write!(f, "{}", self.open);
            }
            f.write_str(": ")?;
        }
        let mut text = String::new();
        if constant != 0.0 || self.terms.is_empty() {
            text.push_str(&short(constant));
        }
        for term in self.terms.iter().take(TERMS) {
            let sign = match (text.is_empty(), term.coefficient < 0.0) {
                (true, true) => "-",
                (true, false) => "",
                (false, true) => " - ",
                (false, false) => " + ",
            };
            text.push_str(sign);
            let size = term.coefficient.abs();
            if size != 1.0 {
                text.push_str(&short(size));
                text.push(' ');
            }
            text.push_str(&name(term));
        }
        write!(f, "{text}{}{}", self.more(), self.open)
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Open::Nothing => Ok(()),
            Open::Rounding => f.write_str(", but for the rounding"),
            Open::Share(share) => write!(f, ", but for {share:.0e} of its deviation"),
        }
    }
}

impl Sum {
    /// The words for the terms that are not shown.
    fn more(&self) -> String {
        match self.terms.len().saturating_sub(TERMS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        }
    }
}

/// A number with few digits.
pub(super) fn short(value: f64) -> String {
    let rounded: f64 = rounded(value, DIGITS);
    let plain = rounded.to_string();
    if plain.len() <= 2 * DIGITS {
        plain
    } else {
        format!("{rounded:e}")
    }
}

/// Rounds a number to so many significant digits.
pub(super) fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}
