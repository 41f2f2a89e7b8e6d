//! The survey of a table: one pass over all of its fields.

use std::path::Path;

use super::profile::ColumnProfile;
use crate::session::Header;
use crate::table::{Cells, TableError};

/// Largest number of different values of a column that are counted.
const VALUES: usize = 10_000;
/// Largest number of different values of all columns together that are counted.
const ALL_VALUES: usize = 4_000_000;

/// The profiles of a table's columns.
pub struct TableSurvey {
    /// Number of rows of the file.
    pub rows: u64,
    /// Whether the first line holds the names of the columns.
    pub header: Header,
    /// Profile of every column.
    pub columns: Vec<ColumnProfile>,
}

impl TableSurvey {
    /// Surveys the table of a file.
    ///
    /// # Errors
    /// When the file cannot be read, or is no table.
    pub fn of(path: &Path) -> Result<Self, TableError> {
        let survey = TableSurvey::with(path, Header::Auto)?;
        if survey.names_are_a_row() {
            return TableSurvey::with(path, Header::No);
        }
        Ok(survey)
    }

    fn with(path: &Path, header: Header) -> Result<Self, TableError> {
        let cells = Cells::open(path, header)?;
        let names = cells.names();
        let most = VALUES.min(ALL_VALUES / names.len().max(1));
        let mut survey = TableSurvey {
            rows: 0,
            header,
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

    /// Whether the names seem to be a row: numbers where the column has numbers, text where it has text.
    fn names_are_a_row(&self) -> bool {
        let number = |profile: &ColumnProfile| profile.name.parse::<f64>().is_ok();
        let alike = |profile: &ColumnProfile| number(profile) != profile.is_text();
        self.header == Header::Auto
            && self.columns.iter().any(ColumnProfile::is_text)
            && self.columns.iter().any(number)
            && self.columns.iter().all(alike)
    }
}
