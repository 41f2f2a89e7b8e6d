//! The errors of data that can't be learned, or read.

use thiserror::Error;

use crate::table::TableError;

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
    /// A column has the same value in every row.
    #[error(
        "column {column:?} is {value:?} in every row, so it has no density: leave it out of `data.columns`"
    )]
    Constant {
        /// Name of the column.
        column: String,
        /// Value of the column.
        value: f64,
    },
    /// The variance of a column is no finite number.
    #[error("column {column:?} has values too large to be standardised: write it in a larger unit")]
    Overflow {
        /// Name of the column.
        column: String,
    },
    /// A column is determined by another one.
    #[error(
        "column {column:?} is a copy of {of:?}, up to scale and offset, so the two have no density: leave one out of `data.columns`"
    )]
    Copy {
        /// Name of the column.
        column: String,
        /// Name of the other column.
        of: String,
    },
    /// A column is determined by others.
    #[error(
        "column {column:?} is a sum of multiples of {of:?}, so they have no density: leave one of them out of `data.columns`"
    )]
    Dependent {
        /// Name of the column.
        column: String,
        /// Names of the columns before it.
        of: Vec<String>,
    },
    /// Noise is asked for on a column that is not used.
    #[error("`data.jitter` names {column:?}, which is none of the columns {columns}")]
    Jitter {
        /// Name that is no column.
        column: String,
        /// Names of the columns that there are.
        columns: String,
    },
    /// A map is asked for on a column that is not used.
    #[error("`data.transform` names {column:?}, which is none of the columns {columns}")]
    Transform {
        /// Name that is no column.
        column: String,
        /// Names of the columns that there are.
        columns: String,
    },
    /// A column has values for which its map is not defined.
    #[error(
        "`data.transform` takes column {column:?} for one of values {domain}, and it has {value:?}: take another map, such as Normal"
    )]
    Domain {
        /// Name of the column.
        column: String,
        /// Values for which the map is defined, in words.
        domain: String,
        /// The least or the largest value of the column, for which the map is not defined.
        value: f64,
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
