//! The selection of the columns of a table that are read, and how they are read.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::error::{TableProblem, ValueLocation, shorten};
use crate::nearest::nearest;

/// Columns that a table may have: names must not take more memory than the file does.
const MOST_COLUMNS: usize = 1 << 16;

/// Names listed in an error.
const LISTED: usize = 20;

/// The selection of the columns of a table that are read, and how they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// Names in the wanted order; where the file has no names, numbers from "1". None: all columns.
    pub columns: Vec<String>,
    /// Whether the first line of a CSV names the columns; default Auto.
    pub header: Header,
    /// Treatment of rows with missing values; default Refuse.
    pub missing: Missing,
}

/// Whether the first line of a CSV names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Header {
    /// The first line names the columns if one of its fields is neither a number nor a missing value.
    #[default]
    Auto,
    /// The first line names the columns.
    Yes,
    /// The first line is a row.
    No,
}

/// The treatment of rows with missing values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// The table is refused.
    #[default]
    Refuse,
    /// The rows are left out and counted.
    Drop,
    /// The values are NaN: for a copy of a table, not for a density.
    #[serde(skip)]
    Keep,
}

impl Missing {
    /// Whether the row of a value may be kept; NaN is a missing value.
    ///
    /// # Errors
    /// The value is missing and refused, or infinite.
    pub(super) fn admits(
        self,
        value: f64,
        location: impl FnOnce() -> ValueLocation,
        text: impl FnOnce() -> String,
    ) -> Result<bool, TableProblem> {
        if value.is_finite() || (value.is_nan() && self == Missing::Keep) {
            return Ok(true);
        }
        if value.is_nan() && self == Missing::Drop {
            return Ok(false);
        }
        let (location, text) = (location(), text());
        Err(if value.is_nan() {
            TableProblem::Missing { location, text }
        } else {
            TableProblem::Infinite { location, text }
        })
    }
}

/// The columns that are read, in the order asked for.
pub(super) struct SelectedColumns {
    /// Indices of the columns in the file, from 0.
    pub indices: Vec<usize>,
    /// Names of the columns.
    pub names: Vec<String>,
}

impl SelectedColumns {
    /// Finds the columns asked for among all names of the file.
    pub fn find(all: &[String], asked: &[String]) -> Result<Self, TableProblem> {
        check_width(all.len())?;
        let mut seen = HashSet::new();
        if let Some(twice) = asked.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(TableProblem::AskedTwice(twice.clone()));
        }
        let indices_of = indices_by_name(all);
        let names = if asked.is_empty() { all } else { asked };
        let indices = names
            .iter()
            .map(
                |name| match indices_of.get(name.as_str()).map(Vec::as_slice) {
                    Some(&[index]) => Ok(index),
                    Some(_) => Err(TableProblem::SameName(name.clone())),
                    None => Err(unknown_column(name, all)),
                },
            )
            .collect::<Result<_, TableProblem>>()?;
        Ok(SelectedColumns {
            indices,
            names: names.to_vec(),
        })
    }
}

/// Checks a number of columns before there is a name for each.
///
/// # Errors
/// There are more columns than a table may have.
pub(super) fn check_width(columns: usize) -> Result<(), TableProblem> {
    if columns > MOST_COLUMNS {
        return Err(TableProblem::TooWide {
            columns: columns as u64,
            most: MOST_COLUMNS as u64,
        });
    }
    Ok(())
}

/// The names of `width` columns without names.
pub(super) fn number_columns(width: usize) -> Vec<String> {
    (1..=width).map(|number| number.to_string()).collect()
}

fn indices_by_name(all: &[String]) -> HashMap<&str, Vec<usize>> {
    let mut indices: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, name) in all.iter().enumerate() {
        indices.entry(name).or_default().push(index);
    }
    indices
}

fn unknown_column(name: &str, all: &[String]) -> TableProblem {
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let hint = nearest(name, &all).map_or(".".to_owned(), |near| {
        format!("; did you mean `{}`?", shorten(near))
    });
    let mut valid = all[..all.len().min(LISTED)]
        .iter()
        .map(|name| shorten(name))
        .collect::<Vec<_>>()
        .join(", ");
    if all.len() > LISTED {
        valid.push_str(&format!(", … ({} columns)", all.len()));
    }
    TableProblem::UnknownColumn {
        name: name.to_owned(),
        hint,
        valid,
    }
}
