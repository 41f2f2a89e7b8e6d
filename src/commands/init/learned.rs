//! The columns of a table that a new session learns, and those that are left out.

use super::maps::MapChoice;
use crate::data::{ColumnFault, FaultKind};

/// The columns of a table that are learned.
pub struct LearnedColumns {
    /// Names of the learned columns.
    pub names: Vec<String>,
    /// Other columns.
    pub left_out: Vec<LeftOut>,
    /// Maps of the learned columns, None for a column without one; None before the columns were looked at together.
    pub maps: Option<Vec<Option<MapChoice>>>,
    /// What is to be known of the learned columns.
    pub faults: Vec<ColumnFault>,
    /// Rows far out that the maps bring near.
    pub mapped: Vec<ColumnFault>,
    /// Values that are taken for missing ones, with the columns that they were found in.
    pub sentinels: Vec<ColumnFault>,
    /// Number of rows without missing values.
    pub rows: usize,
}

/// A column that is not learned.
pub struct LeftOut {
    /// Name of the column.
    pub name: String,
    /// Reason, as it is told.
    pub reason: String,
}

impl LearnedColumns {
    /// What is to be known of a column.
    pub fn faults(&self, name: &str) -> impl Iterator<Item = &ColumnFault> {
        let all = self.sentinels.iter().chain(&self.faults);
        all.filter(move |fault| fault.column == name)
    }

    /// The words for missing values: those of the sentinels.
    pub fn missing_words(&self) -> Vec<String> {
        let value = |fault: &ColumnFault| match fault.kind {
            FaultKind::Sentinel { value, .. } => Some(value.to_string()),
            _ => None,
        };
        let mut words: Vec<String> = self.sentinels.iter().filter_map(value).collect();
        words.sort();
        words.dedup();
        words
    }

    /// The map of a column; None where it has none.
    pub fn map(&self, name: &str) -> Option<&MapChoice> {
        let place = self.names.iter().position(|other| other == name)?;
        self.maps.as_ref()?.get(place)?.as_ref()
    }
}
