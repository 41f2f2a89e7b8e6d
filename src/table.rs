//! The users' tables: numbers in rows and named columns, as text (CSV and its relatives), as NumPy's NPY and NPZ, or, with the feature
//! `parquet`, as Parquet and Arrow. They are written as CSV or NPY.
//!
//! | type | reads or writes | memory |
//! | --- | --- | --- |
//! | [`IndexedTable`] | rows by number | NPY and NPZ, whose rows are read by their position: a number for each row left out; others: all selected values, as where a row begins takes reading all before it |
//! | [`Blocks`] | all rows once, in their order | a block |
//! | [`Cells`] | all fields once, whatever their content | a block |
//! | [`Fields`] | the text of all fields, row after row | a block |
//! | [`TableWriter`] | rows in their order | a buffer |
//!
//! | file | holds |
//! | --- | --- |
//! | `indexed.rs`, `blocks.rs`, `cells.rs`, `fields.rs`, `write.rs` | the types above |
//! | `reader.rs`, `format.rs` | the reader of a table of any format; the formats |
//! | `csv.rs`, `npy.rs`, `arrow.rs` | the rows of a CSV; the arrays of an NPY or NPZ; the rows of a Parquet or Arrow file |
//! | `integer.rs` | integers that a 64-bit float need not hold |
//! | `dialect.rs`, `judge.rs`, `first_line.rs` | separator, marks and encoding of a text; how they, and the names, are judged |
//! | `one_column.rs`, `doubtful.rs` | commas and blanks that separate nothing; marks that always stand before three digits |
//! | `records.rs`, `lead.rs` | the records of the part that is judged; what stands before them |
//! | `source.rs`, `pipe.rs` | the text of a file, unpacked and decoded; what comes by a pipe |
//! | `number.rs`, `naming.rs` | the numbers in fields; names that tell columns apart |
//! | `cell.rs` | the content of a field |
//! | `select.rs`, `name_source.rs` | the columns that are read, and how; where their names come from |
//! | `error.rs` | what can be wrong with a table |

#[cfg_attr(not(feature = "parquet"), path = "table/no_arrow.rs")]
mod arrow;
mod blocks;
mod cell;
mod cells;
mod csv;
mod dialect;
mod doubtful;
mod error;
mod fields;
mod first_line;
mod format;
mod indexed;
mod integer;
mod judge;
mod lead;
mod name_source;
mod naming;
mod npy;
mod number;
mod one_column;
mod pipe;
mod reader;
mod records;
mod select;
mod source;
mod write;

pub use blocks::{BLOCK_ROWS, Blocks};
pub use cell::Cell;
pub use cells::Cells;
pub use dialect::{DecimalMark, Dialect, Encoding, Separator, ThousandsMark};
pub(crate) use error::shorten;
pub use error::{TableError, TableProblem, ValueLocation};
pub use fields::Fields;
pub use format::{not_written, table_file};
pub use indexed::IndexedTable;
pub use integer::LargeInteger;
pub use judge::Reading;
pub use name_source::NameSource;
pub use pipe::refuse_pipe;
pub use select::{Header, Missing, MissingWords, Selection};
pub use write::TableWriter;

#[cfg(test)]
mod tests;
