//! The users' tables: numbers in rows and named columns, as CSV or as NumPy's NPY. Files ending in .npy are NPY, all others CSV.
//!
//! | type | reads or writes | memory |
//! | --- | --- | --- |
//! | [`IndexedTable`] | rows by number | CSV: all selected values, as where a row begins takes reading all before it; NPY, whose rows are read by their position: a number for each row left out |
//! | [`Blocks`] | all rows once, in their order | a block |
//! | [`Cells`] | all fields once, whatever their content | a block |
//! | [`TableWriter`] | rows in their order | a buffer |
//!
//! | file | holds |
//! | --- | --- |
//! | `indexed.rs`, `blocks.rs`, `cells.rs`, `write.rs` | the types above |
//! | `reader.rs`, `format.rs` | the reader of a table of either format; the formats |
//! | `csv.rs`, `npy.rs` | the rows of a CSV; the array of an NPY |
//! | `dialect.rs`, `judge.rs`, `first_line.rs` | separator, marks and encoding of a text; how they, and the names, are judged |
//! | `source.rs`, `pipe.rs` | the text of a file, unpacked and decoded; what comes by a pipe |
//! | `number.rs`, `naming.rs` | the numbers in fields; names that tell columns apart |
//! | `cell.rs` | the content of a field |
//! | `select.rs` | the columns that are read, and how |
//! | `error.rs` | what can be wrong with a table |

mod blocks;
mod cell;
mod cells;
mod csv;
mod dialect;
mod error;
mod first_line;
mod format;
mod indexed;
mod judge;
mod naming;
mod npy;
mod number;
mod pipe;
mod reader;
mod select;
mod source;
mod write;

pub use blocks::{BLOCK_ROWS, Blocks};
pub use cell::Cell;
pub use cells::Cells;
pub use dialect::{DecimalMark, Dialect, Encoding, Separator, ThousandsMark};
pub(crate) use error::shorten;
pub use error::{TableError, TableProblem, ValueLocation};
pub use indexed::IndexedTable;
pub use judge::Reading;
pub use pipe::is_pipe;
pub use select::{Header, Missing, MissingWords, Selection};
pub use write::TableWriter;

#[cfg(test)]
mod tests;
