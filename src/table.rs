//! The users' tables: numbers in rows and named columns, as CSV or as NumPy's NPY. Files ending in .npy are NPY, all others CSV.
//!
//! | type | reads or writes | memory |
//! | --- | --- | --- |
//! | [`IndexedTable`] | rows by number | CSV: all selected values, as where a row begins takes reading all before it; NPY, whose rows are read by their position: a number for each row left out |
//! | [`Blocks`] | all rows once, in their order | a block |
//! | [`Cells`] | all fields once, whatever their content | a block |
//! | [`Fields`] | the text of all fields, row after row | a block |
//! | [`TableWriter`] | rows in their order | a buffer |
//!
//! | file | holds |
//! | --- | --- |
//! | `indexed.rs`, `blocks.rs`, `cells.rs`, `fields.rs`, `write.rs` | the types above |
//! | `reader.rs`, `format.rs` | the reader of a table of either format; the formats |
//! | `csv.rs`, `npy.rs` | the rows of a CSV; the array of an NPY |
//! | `cell.rs` | the content of a field |
//! | `select.rs`, `name_source.rs` | the columns that are read, and how; where their names come from |
//! | `error.rs` | what can be wrong with a table |

mod blocks;
mod cell;
mod cells;
mod csv;
mod error;
mod fields;
mod format;
mod indexed;
mod name_source;
mod npy;
mod reader;
mod select;
mod write;

pub use blocks::{BLOCK_ROWS, Blocks};
pub use cell::Cell;
pub use cells::Cells;
pub(crate) use error::shorten;
pub use error::{TableError, TableProblem, ValueLocation};
pub use fields::Fields;
pub use indexed::IndexedTable;
pub use name_source::NameSource;
pub use select::{Header, Missing, Selection};
pub use write::TableWriter;

#[cfg(test)]
mod tests;
