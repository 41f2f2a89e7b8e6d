//! The names of a table's columns: which of them are read, and whether the file has them.

use super::selection;
use crate::data::DataError;
use crate::session;
use crate::table::{Blocks, NameSource};

/// The columns of a table that are read.
pub(super) struct TableNames {
    /// Names of the learned columns, then of the given ones.
    pub(super) columns: Vec<String>,
    pub(super) source: NameSource,
}

impl TableNames {
    /// Reads the names of a table's columns.
    ///
    /// # Errors
    /// The table can't be read.
    pub(super) fn read(table: &session::TableSource) -> Result<Self, DataError> {
        let (learned, source) = match Blocks::open(table.path, &selection(table, Vec::new()), 1) {
            Ok(blocks) => {
                let all = blocks.names();
                let learned = match table.columns {
                    [] => all
                        .iter()
                        .filter(|name| !table.given.contains(name))
                        .cloned()
                        .collect(),
                    asked => asked.to_vec(),
                };
                // Asked for, numbers in the first line are names, though nobody would take them for names otherwise.
                let are_there = |names: &[String]| names.iter().all(|name| all.contains(name));
                let source = match are_there(table.columns) && are_there(table.given) {
                    true => blocks.name_source(table.header),
                    false => NameSource::File,
                };
                (learned, source)
            }
            Err(error) if table.columns.is_empty() => return Err(error.into()),
            // Two columns that are not read may have the same name.
            Err(_) => (table.columns.to_vec(), NameSource::File),
        };
        Ok(TableNames {
            columns: [learned.as_slice(), table.given].concat(),
            source,
        })
    }
}
