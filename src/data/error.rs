//! The errors of data that can't be learned, or read.

use thiserror::Error;

use super::unlearnable::{NoDensity, Unlearnable};
use crate::table::{TableError, shorten};

/// The error of a data set that can't be learned, or read.
#[derive(Debug, Error)]
pub enum DataError {
    /// The table can't be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A split leaves a part without rows.
    #[error("{rows} rows are too few for a training part of 2 rows and a validation part of 1")]
    TooFew {
        /// Rows of the table.
        rows: usize,
    },
    /// No column is learned, as every column is given.
    #[error("no column is left to be learned: `data.given` has them all")]
    NothingToLearn,
    /// Columns have no density, or none that can be computed.
    #[error("{}: leave it out of `data.columns`{}", describe(.0), others(.0))]
    Unlearnable(Vec<Unlearnable>),
    /// A field names a column that is not used.
    #[error("`{field}` names {column:?}, which is none of the columns {columns}")]
    NoSuchColumn {
        /// Dotted name of the field.
        field: &'static str,
        /// Name that is no column.
        column: String,
        /// Names of the columns that there are.
        columns: String,
    },
    /// A column has values for which its map is not defined.
    #[error(
        "`{field}` takes column {column:?} for one of values {domain}, and it has {value:?} in row {row}{}: {advice}",
        if *dropped { " of those without missing values" } else { "" }
    )]
    Domain {
        /// Dotted name of the field that asks for the map.
        field: &'static str,
        /// Name of the column.
        column: String,
        /// Values for which the map is defined, in words.
        domain: String,
        /// The least or the largest value of the column, for which the map is not defined.
        value: f64,
        /// Row of this value, from 1, among those that are used.
        row: usize,
        /// Whether rows were left out for missing values.
        dropped: bool,
        /// What to do about it, in words.
        advice: &'static str,
    },
    /// A column has no spread, or no finite one, after its map.
    #[error(
        "column {column:?} has no spread once `data.transform` is applied, as nearly all of its rows hold one value: take it out of `data.transform`"
    )]
    Flat {
        /// Name of the column.
        column: String,
    },
}

/// Number of columns that a message describes.
const SHOWN: usize = 3;

/// The words for columns that cannot be learned.
fn describe(columns: &[Unlearnable]) -> String {
    let shown = columns.iter().take(SHOWN);
    let words = shown.map(|Unlearnable { column, reason }| {
        let verb = match reason {
            NoDensity::Rounding { .. } => "",
            _ => "is ",
        };
        format!("column `{}` {verb}{reason}", shorten(column))
    });
    words.collect::<Vec<_>>().join("; ")
}

/// The words for the columns that are not described.
fn others(columns: &[Unlearnable]) -> String {
    let names = columns.iter().skip(SHOWN);
    let names: Vec<String> = names
        .map(|other| format!("`{}`", shorten(&other.column)))
        .collect();
    match names.len() {
        0 => String::new(),
        1..=20 => format!(", and so with {}", names.join(", ")),
        more => format!(", and so with {more} others, from {} on", names[0]),
    }
}
