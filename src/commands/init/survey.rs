//! A look at a whole table, before anybody has said what of it is to be learned.

use std::path::Path;

use super::profile::Profile;
use crate::session::Header;
use crate::table::{Cells, TableError};

/// Different values that are remembered, of one column and of all together.
const VALUES: (usize, usize) = (10_000, 4_000_000);

/// What is known of a table.
pub struct Survey {
    /// Rows of the file.
    pub rows: u64,
    /// Whether the first line has names.
    pub header: Header,
    /// Of every column.
    pub columns: Vec<Profile>,
}

impl Survey {
    /// Goes through the table.
    ///
    /// # Errors
    /// It cannot be read, or is no table.
    pub fn of(path: &Path) -> Result<Self, TableError> {
        let survey = Survey::with(path, Header::Auto)?;
        if survey.headless() {
            return Survey::with(path, Header::No);
        }
        Ok(survey)
    }

    fn with(path: &Path, header: Header) -> Result<Self, TableError> {
        let cells = Cells::open(path, header)?;
        let names = cells.names();
        let (most, together) = VALUES;
        let most = most.min(together / names.len().max(1));
        let mut survey = Survey {
            rows: 0,
            header,
            columns: names.iter().map(|name| Profile::new(name, most)).collect(),
        };
        cells.for_each(|column, cell| {
            survey.rows += u64::from(column == 0);
            survey.columns[column].add(survey.rows, &cell);
        })?;
        Ok(survey)
    }

    /// Whether the names look like a row: numbers where the column has numbers, text where it has text.
    fn headless(&self) -> bool {
        let number = |profile: &Profile| profile.name.parse::<f64>().is_ok();
        let alike = |profile: &Profile| number(profile) != profile.is_text();
        self.header == Header::Auto
            && self.columns.iter().any(Profile::is_text)
            && self.columns.iter().any(number)
            && self.columns.iter().all(alike)
    }
}
