//! Fields of a session that name columns, as a value for every column of a table.

use std::collections::BTreeMap;

use super::DataError;
use crate::session::{self, Transform};

/// The numbers of a field by column: of every column, 0 where the field does not name it.
pub(super) fn numbers(
    field: &'static str,
    by_column: &BTreeMap<String, f64>,
    columns: &[String],
) -> Result<Vec<f64>, DataError> {
    check_names(field, by_column.keys(), columns)?;
    let number = |name: &String| by_column.get(name).copied().unwrap_or(0.0);
    Ok(columns.iter().map(number).collect())
}

/// The kind of map that is asked for, of every column.
pub(super) fn transforms(
    table: &session::TableSource,
    columns: &[String],
) -> Result<Vec<Transform>, DataError> {
    check_names("data.transform", table.transform.keys(), columns)?;
    check_names("data.bounds", table.bounds.keys(), columns)?;
    let map = |name: &String| match table.bounds.get(name) {
        Some(bounds) => bounds.map(),
        None => table.transform.get(name).copied().unwrap_or_default(),
    };
    Ok(columns.iter().map(map).collect())
}

/// Checks that all names of a field are those of columns.
fn check_names<'a>(
    field: &'static str,
    mut names: impl Iterator<Item = &'a String>,
    columns: &[String],
) -> Result<(), DataError> {
    match names.find(|name| !columns.contains(name)) {
        None => Ok(()),
        Some(name) => Err(DataError::NoSuchColumn {
            field,
            column: name.clone(),
            columns: columns.join(", "),
        }),
    }
}
