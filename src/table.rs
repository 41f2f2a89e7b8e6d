//! The users' tables: numbers in rows and named columns, as CSV, as NumPy's NPY and NPZ, or, with the feature `parquet`, as Parquet and
//! Arrow. They are written as CSV or NPY.
//!
//! | type | reads or writes | memory |
//! | --- | --- | --- |
//! | [`IndexedTable`] | rows by number | NPY and NPZ, whose rows are read by their position: a number for each row left out; others: all selected values, as where a row begins takes reading all before it |
//! | [`Blocks`] | all rows once, in their order | a block |
//! | [`Cells`] | all fields once, whatever their content | a block |
//! | [`TableWriter`] | rows in their order | a buffer |
//!
//! | file | holds |
//! | --- | --- |
//! | `indexed.rs`, `blocks.rs`, `cells.rs`, `write.rs` | the types above |
//! | `reader.rs`, `format.rs` | the reader of a table of any format; the formats |
//! | `csv.rs`, `npy.rs`, `arrow.rs` | the rows of a CSV; the arrays of an NPY or NPZ; the rows of a Parquet or Arrow file |
//! | `integer.rs` | integers that a 64-bit float need not hold |
//! | `cell.rs` | the content of a field |
//! | `select.rs` | the columns that are read, and how |
//! | `error.rs` | what can be wrong with a table |

#[cfg_attr(not(feature = "parquet"), path = "table/no_arrow.rs")]
mod arrow;
mod blocks;
mod cell;
mod cells;
mod csv;
mod error;
mod format;
mod indexed;
mod integer;
mod npy;
mod reader;
mod select;
mod write;

pub use blocks::{BLOCK_ROWS, Blocks};
pub use cell::Cell;
pub use cells::Cells;
pub(crate) use error::shorten;
pub use error::{TableError, TableProblem, ValueLocation};
pub use format::{not_written, table_file};
pub use indexed::IndexedTable;
pub use integer::LargeInteger;
pub use select::{Header, Missing, Selection};
pub use write::TableWriter;

#[cfg(test)]
mod tests;
