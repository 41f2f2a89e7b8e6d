//! The selection of the columns of a table that are read, and how they are read.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::dialect::Dialect;
use super::error::{TableProblem, ValueLocation, shorten};
use super::naming;
use crate::nearest::nearest;

/// Columns that a table may have: names must not take more memory than the file does.
const MOST_COLUMNS: usize = 1 << 16;

/// Names listed in an error.
const LISTED: usize = 20;

/// The selection of the columns of a table that are read, and how they are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// Names in the wanted order; where the file has no names, numbers from "1". None: all columns.
    pub columns: Vec<String>,
    /// Whether the first line of a CSV names the columns; default Auto.
    pub header: Header,
    /// Treatment of rows with missing values; default Refuse.
    pub missing: Missing,
    /// The dialect of a text table; what it does not say is judged.
    pub dialect: Dialect,
}

/// Whether the first line of a CSV names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Header {
    /// The first line names the columns if it differs from the rows: by text, or by numbers that count, as years do.
    #[default]
    Auto,
    /// The first line names the columns.
    Yes,
    /// The first line is a row.
    No,
}

/// The treatment of rows with missing values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "MissingText", into = "MissingText")]
pub enum Missing {
    /// The table is refused.
    #[default]
    Refuse,
    /// The rows are left out and counted.
    Drop,
    /// Further words stand for missing values; the rows are left out and counted.
    Words(MissingWords),
}

/// Words for missing values beside those that are known; one that is a number stands for all spellings of the number.
#[derive(Clone, Debug, PartialEq)]
pub struct MissingWords {
    words: Vec<String>,
    /// The numbers among the words.
    numbers: Vec<f64>,
}

/// What a session says of missing values: `Refuse`, `Drop`, or a list of words.
#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected Refuse, Drop or a list of words such as [\"-999\", \"unknown\"]"
)]
enum MissingText {
    Kind(MissingKind),
    Words(Vec<String>),
}

#[derive(Serialize, Deserialize)]
enum MissingKind {
    Refuse,
    Drop,
}

impl From<MissingText> for Missing {
    fn from(text: MissingText) -> Self {
        match text {
            MissingText::Kind(MissingKind::Refuse) => Missing::Refuse,
            MissingText::Kind(MissingKind::Drop) => Missing::Drop,
            MissingText::Words(words) => Missing::words(words),
        }
    }
}

impl From<Missing> for MissingText {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Refuse => MissingText::Kind(MissingKind::Refuse),
            Missing::Drop => MissingText::Kind(MissingKind::Drop),
            Missing::Words(list) => MissingText::Words(list.words),
        }
    }
}

impl Missing {
    /// Rows with these words, or with known ones, are left out.
    pub fn words(words: Vec<String>) -> Self {
        let numbers = words.iter().filter_map(|word| word.trim().parse().ok());
        Missing::Words(MissingWords {
            numbers: numbers.collect(),
            words,
        })
    }

    /// Whether a text is one of the words; upper and lower case are the same.
    pub(super) fn names(&self, text: &str) -> bool {
        let Missing::Words(MissingWords { words, .. }) = self else {
            return false;
        };
        words
            .iter()
            .any(|word| word.trim().eq_ignore_ascii_case(text))
    }

    /// Whether a number is one of the words.
    fn names_number(&self, value: f64) -> bool {
        matches!(self, Missing::Words(MissingWords { numbers, .. }) if numbers.contains(&value))
    }

    /// Whether the row of a value may be kept; NaN is a missing value.
    ///
    /// # Errors
    /// The value is missing and refused, or infinite.
    pub(super) fn admits(
        &self,
        value: f64,
        location: impl FnOnce() -> ValueLocation,
        text: impl FnOnce() -> String,
    ) -> Result<bool, TableProblem> {
        let missing = value.is_nan() || self.names_number(value);
        if value.is_finite() && !missing {
            return Ok(true);
        }
        if missing && *self != Missing::Refuse {
            return Ok(false);
        }
        let (location, text) = (location(), text());
        Err(if missing {
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
        let all = &naming::distinct(all.to_vec()).names;
        let mut seen = HashSet::new();
        if let Some(twice) = asked.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(TableProblem::AskedTwice(twice.clone()));
        }
        let indices_of: HashMap<&str, usize> = all
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), index))
            .collect();
        let names = if asked.is_empty() { all } else { asked };
        let indices = names
            .iter()
            .map(|name| {
                let index = indices_of.get(name.as_str()).copied();
                index.ok_or_else(|| unknown_column(name, all))
            })
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
