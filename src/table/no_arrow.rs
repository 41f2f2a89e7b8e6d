//! What stands for `arrow.rs` where the program is built without the feature `parquet`.

use std::convert::Infallible;
use std::fs::File;

use super::cell::Cell;
use super::error::TableProblem;
use super::format::FileFormat;
use super::integer::LargeInteger;
use super::select::Selection;

/// The rows of a Parquet or Arrow file: there are none.
pub(super) struct ArrowRows(Infallible);

impl ArrowRows {
    /// Refuses the file, with what to do.
    ///
    /// # Errors
    /// Always.
    pub fn open(_: File, format: FileFormat, _: &Selection) -> Result<Self, TableProblem> {
        let (name, reader) = match format {
            FileFormat::Parquet => ("a Parquet", "parquet"),
            _ => ("an Arrow", "feather"),
        };
        Err(TableProblem::Format(format!(
            "is {name} file, and this program was built without the feature `parquet`: build it by `cargo install --path . --features \
             parquet`, or write the table as CSV, pandas.read_{reader}(path).to_csv('table.csv', index=False)"
        )))
    }

    pub fn names(&self) -> &[String] {
        match self.0 {}
    }

    pub fn dropped(&self) -> u64 {
        match self.0 {}
    }

    pub fn progress(&self) -> f64 {
        match self.0 {}
    }

    pub fn take_large(&mut self) -> Vec<LargeInteger> {
        match self.0 {}
    }

    pub fn next(&mut self, _: usize, _: &mut Vec<f64>) -> Result<bool, TableProblem> {
        match self.0 {}
    }

    pub fn show(&mut self, _: usize, _: impl FnMut(usize, Cell<'_>)) -> Result<bool, TableProblem> {
        match self.0 {}
    }
}
