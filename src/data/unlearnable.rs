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
    /// Whether nothing is left open of the column, not even by the rounding of values.
    pub exact: bool,
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
            NoDensity::Dependent(sum) => sum.fmt(f),
        }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |term: &NamedTerm| format!("`{}`", crate::table::shorten(&term.column));
        let Some(constant) = self.constant else {
            let names: Vec<String> = self.terms.iter().take(TERMS).map(name).collect();
            let more = self.more();
            return write!(
                f,
                "once mapped, a sum of multiples of {}{more}",
                names.join(", ")
            );
        };
        if let [term] = &self.terms[..] {
            write!(f, "a copy of {}", name(term))?;
            if (term.coefficient, constant) == (1.0, 0.0) {
                return f.write_str(self.rounding());
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
        write!(f, "{text}{}{}", self.more(), self.rounding())
    }
}

impl Sum {
    /// The words for what rounding leaves open.
    fn rounding(&self) -> &'static str {
        if self.exact {
            ""
        } else {
            ", but for the rounding"
        }
    }

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
