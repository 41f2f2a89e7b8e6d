//! The survey of a table: one pass over all of its fields.

use std::path::Path;

use super::profile::ColumnProfile;
use crate::table::{Cells, Reading, TableError};

/// Largest number of different values of a column that are counted.
const VALUES: usize = 10_000;
/// Largest number of different values of all columns together that are counted.
const ALL_VALUES: usize = 4_000_000;

/// The profiles of a table's columns.
pub struct TableSurvey {
    /// Number of rows of the file.
    pub rows: u64,
    /// How the file is read.
    pub reading: Reading,
    /// Profile of every column.
    pub columns: Vec<ColumnProfile>,
}

impl TableSurvey {
    /// Surveys the table of a file.
    ///
    /// # Errors
    /// When the file cannot be read, or is no table.
    pub fn of(path: &Path) -> Result<Self, TableError> {
        let cells = Cells::open(path)?;
        let names = cells.names();
        let most = VALUES.min(ALL_VALUES / names.len().max(1));
        let mut survey = TableSurvey {
            rows: 0,
            reading: cells.reading(),
            columns: names
                .iter()
                .map(|name| ColumnProfile::new(name, most))
                .collect(),
        };
        cells.for_each(|column, cell| {
            survey.rows += u64::from(column == 0);
            survey.columns[column].add(survey.rows, &cell);
        })?;
        Ok(survey)
    }
}
