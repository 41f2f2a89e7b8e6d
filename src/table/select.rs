//! Which columns of a table are read, and how.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::error::{Place, Problem, short};
use crate::nearest::nearest;

/// Columns that a table may have: names must not take more memory than the file does.
pub(super) const MOST: usize = 1 << 16;

/// Names listed in an error.
const LISTED: usize = 20;

/// Which columns of a table are read, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// Names in the wanted order; where the file has no names, numbers from "1". None: all columns.
    pub columns: Vec<String>,
    /// Whether the first line of a CSV names the columns; default Auto.
    pub header: Header,
    /// What happens to rows with missing values; default Refuse.
    pub missing: Missing,
}

/// Whether the first line of a CSV names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Header {
    /// It does if one of its fields is neither a number nor a missing value.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// What happens to rows with missing values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// The table is refused.
    #[default]
    Refuse,
    /// They are left out and counted.
    Drop,
}

impl Missing {
    /// Whether the row of a value may be kept; NaN is a missing value.
    pub(super) fn admits(
        self,
        value: f64,
        place: impl FnOnce() -> Place,
        text: impl FnOnce() -> String,
    ) -> Result<bool, Problem> {
        if value.is_finite() {
            return Ok(true);
        }
        if value.is_nan() && self == Missing::Drop {
            return Ok(false);
        }
        let (place, text) = (place(), text());
        Err(if value.is_nan() {
            Problem::Missing { place, text }
        } else {
            Problem::Infinite { place, text }
        })
    }
}

/// The columns that are read.
pub(super) struct Columns {
    /// Index in the file, from 0.
    pub indices: Vec<usize>,
    /// In the same order.
    pub names: Vec<String>,
}

impl Columns {
    /// Finds the columns asked for among all names of the file.
    pub fn find(all: &[String], asked: &[String]) -> Result<Self, Problem> {
        if all.len() > MOST {
            return Err(Problem::TooWide(all.len() as u64));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = asked.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(Problem::AskedTwice(twice.clone()));
        }
        let places = places(all);
        let names = if asked.is_empty() { all } else { asked };
        let indices = names
            .iter()
            .map(|name| match places.get(name.as_str()).map(Vec::as_slice) {
                Some(&[index]) => Ok(index),
                Some(_) => Err(Problem::SameName(name.clone())),
                None => Err(unknown(name, all)),
            })
            .collect::<Result<_, Problem>>()?;
        Ok(Columns {
            indices,
            names: names.to_vec(),
        })
    }
}

/// The names of `width` columns without names.
pub(super) fn numbered(width: usize) -> Vec<String> {
    (1..=width).map(|number| number.to_string()).collect()
}

fn places(all: &[String]) -> HashMap<&str, Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, name) in all.iter().enumerate() {
        places.entry(name).or_default().push(index);
    }
    places
}

fn unknown(name: &str, all: &[String]) -> Problem {
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let hint = nearest(name, &all).map_or(".".to_owned(), |near| {
        format!("; did you mean `{}`?", short(near))
    });
    let mut valid = all[..all.len().min(LISTED)]
        .iter()
        .map(|name| short(name))
        .collect::<Vec<_>>()
        .join(", ");
    if all.len() > LISTED {
        valid.push_str(&format!(", … ({} columns)", all.len()));
    }
    Problem::UnknownColumn {
        name: name.to_owned(),
        hint,
        valid,
    }
}
