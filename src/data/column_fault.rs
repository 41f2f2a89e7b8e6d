//! Faults of a single column that spoil a density, each treated by a field of the session. `find.rs` has how they are found.

mod find;

use std::fmt;

pub(super) use find::{JudgedColumn, find_faults};

use super::unlearnable::{Sum, short};
use crate::session::ColumnBounds;
use crate::table::shorten;

/// A fault of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnFault {
    /// Name of the column.
    pub column: String,
    /// The fault.
    pub kind: FaultKind,
}

/// The kinds of faults.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// A value that seems to stand for a missing one.
    Sentinel {
        /// The value.
        value: f64,
        /// Share of the rows.
        share: f64,
    },
    /// A value at an end of the range that often stands for a missing one, and may be one of the column's own.
    Suspect {
        /// The value.
        value: f64,
        /// Share of the rows.
        share: f64,
    },
    /// A few rows that take up the range.
    Outlier {
        /// Share of the rows that lie close together.
        share: f64,
        /// Width of these rows, in ranges.
        width: f64,
        /// The extreme that is furthest from them.
        value: f64,
        /// Row of this value, from 1, among those without missing values.
        row: usize,
    },
    /// A few rows that have most of the variance, and are not the end of a tail.
    FarRows {
        /// Share of the rows.
        rows: f64,
        /// Share of the variance.
        share: f64,
    },
    /// A few rows that have most of the variance, at the end of a tail.
    HeavyTail {
        /// Share of the rows.
        rows: f64,
        /// Share of the variance.
        share: f64,
    },
    /// A value that recurs in a column of many values.
    Atom {
        /// The value.
        value: f64,
        /// Share of the rows.
        share: f64,
    },
    /// Values that recur without noise.
    Rounded {
        /// Number of different values.
        values: usize,
        /// Number of rows.
        rows: usize,
    },
    /// An end of the range with the mass at it, beyond which samples will lie.
    Bounded(ColumnBounds),
    /// A sum of multiples of other columns whose density is that of the noise.
    RoundedSum(Sum),
    /// A sum of multiples of other columns but for a small part.
    NearSum(Sum),
}

impl fmt::Display for ColumnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column `{}`: {}", shorten(&self.column), self.kind)?;
        match &self.kind {
            FaultKind::Sentinel { value, .. } => write!(f, ": set `data.missing: [\"{value}\"]`"),
            FaultKind::Suspect { value, .. } => {
                write!(f, ": if it does, set `data.missing: [\"{value}\"]`")
            }
            FaultKind::Outlier { .. } | FaultKind::FarRows { .. } | FaultKind::HeavyTail { .. } => {
                f.write_str(": correct them, or take Log or Asinh in `data.transform`")
            }
            FaultKind::Atom { .. } => f.write_str(": leave the column out, or make it two"),
            FaultKind::Rounded { .. } => f.write_str(": give it `data.jitter`"),
            FaultKind::Bounded(_) => f.write_str(": set `data.bounds`"),
            FaultKind::RoundedSum(_) => f.write_str(": leave it out of `data.columns`"),
            FaultKind::NearSum(_) => f.write_str(
                ": learn the small part in its place, or leave it out of `data.columns`",
            ),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::Sentinel { value, share } => write!(
                f,
                "{} in {} of the rows, far from all others, seems to stand for a missing value",
                short(*value),
                percent(*share)
            ),
            FaultKind::Suspect { value, share } => write!(
                f,
                "{} in {} of the rows, beyond all others, may stand for a missing value",
                short(*value),
                percent(*share)
            ),
            FaultKind::Outlier {
                share,
                width,
                value,
                row,
            } => write!(
                f,
                "{} of the rows lie within {width:.0e} of the range, which reaches to {} in row {row}",
                percent(*share),
                short(*value)
            ),
            FaultKind::FarRows { rows, share } => write!(
                f,
                "{} of the variance lies in {} of the rows, far from the others",
                percent(*share),
                percent(*rows)
            ),
            FaultKind::HeavyTail { rows, share } => write!(
                f,
                "{} of the variance lies in {} of the rows, a heavy tail",
                percent(*share),
                percent(*rows)
            ),
            FaultKind::Atom { value, share } => write!(
                f,
                "{} in {} of the rows: a spike, which a flow fits badly",
                short(*value),
                percent(*share)
            ),
            FaultKind::Rounded { values, rows } => write!(
                f,
                "{values} different values in {rows} rows, whose density grows without limit"
            ),
            FaultKind::Bounded(bounds) => write!(
                f,
                "{bounds} in every row, with many near that end, and samples will lie beyond"
            ),
            FaultKind::RoundedSum(sum) | FaultKind::NearSum(sum) => sum.fmt(f),
        }
    }
}

/// A share of rows in a sample in percent: 99.95 %, and 100 % neither of all nor of fewer rows.
fn percent(share: f64) -> String {
    if share == 1.0 {
        return "nearly all".to_owned();
    }
    let percent = 100.0 * share;
    let places = |p: &usize| {
        let rounded = format!("{percent:.p$}");
        !(rounded.starts_with("100") || rounded.chars().all(|c| "0.".contains(c)))
    };
    let places = (0..8).find(places).unwrap_or(0);
    format!("{percent:.places$} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_in_as_many_digits_as_they_need() {
        let shares = [0.9995, 0.05, 1e-3, 0.5, 1.0].map(percent);
        assert_eq!(shares, ["99.95 %", "5 %", "0.1 %", "50 %", "nearly all"]);
    }
}
