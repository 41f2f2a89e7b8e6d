//! The rows of a table that a trained flow is asked about: which columns of the table are those of the model.
//!
//! ```text
//! names of the model        table                          the columns are
//! of a file                 has all of them                those, in any order, beside any others
//! of a file                 lacks one, or has no names     refused
//! numbers, or none          has them                       those
//! numbers, or none          has other names, or none       by their numbers, else in the order of the table where the width fits
//! any, --by-position        has as many columns            in the order of the table
//! ```
//!
//! A line on stderr says what was taken by position. In a header of numbers the names of a model of a file are found all the same.

use std::path::Path;

use anyhow::{Result, bail};

use crate::fitted::{FittedFlow, Units};
use crate::nearest::nearest;
use crate::say;
use crate::session::Session;
use crate::table::{
    Blocks, Dialect, Fields, Header, Missing, NameSource, Selection, TableError, shorten,
};

/// Names that a message lists, at most.
const LISTED: usize = 20;

/// How the columns of a table are matched with those of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnMatch {
    /// By their names.
    Name,
    /// In the order of the table.
    Position,
}

/// The columns of a model that a table is to have.
pub struct ModelColumns {
    names: Vec<String>,
    source: NameSource,
    /// The settings that the learned table was read with.
    header: Header,
    dialect: Dialect,
    missing: Missing,
}

impl ModelColumns {
    /// All columns of (x, y).
    pub fn all(fitted: &FittedFlow) -> Self {
        let table = fitted
            .session()
            .and_then(|session: &Session| session.data.table());
        ModelColumns {
            names: fitted.names(),
            source: fitted.name_source(),
            header: table.map_or(Header::Auto, |table| table.header),
            dialect: table.map_or_else(Dialect::default, |table| table.dialect),
            missing: table.map_or(Missing::Refuse, |table| table.missing.clone()),
        }
    }

    /// The given columns y.
    pub fn given(fitted: &FittedFlow) -> Self {
        let all = ModelColumns::all(fitted);
        ModelColumns {
            names: all.names[fitted.shape().d..].to_vec(),
            ..all
        }
    }

    /// Names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Opens a table in blocks of these columns, with at most `rows` rows each. What the learned table's session calls missing is missing
    /// here too.
    ///
    /// # Errors
    /// The file cannot be read, or does not have the columns: then it is said which it lacks.
    pub fn open(
        &self,
        path: &Path,
        how: ColumnMatch,
        missing: Missing,
        rows: usize,
    ) -> Result<Blocks> {
        let TableColumns {
            header,
            dialect,
            names,
        } = self.read_names(path)?;
        let columns = self.find(path, &names, how, header)?;
        let words = self.missing.clone();
        let selection = Selection {
            columns,
            header,
            dialect,
            missing: match missing {
                Missing::Refuse => words.refusing(),
                _ => words.dropping(),
            },
        };
        Ok(Blocks::open(path, &selection, rows)?)
    }

    /// Opens the text of all columns of a table, whose first line is read as by [`ModelColumns::open`].
    ///
    /// # Errors
    /// The file cannot be read or is no table.
    pub fn open_fields(&self, path: &Path) -> Result<Fields, TableError> {
        let TableColumns {
            header, dialect, ..
        } = self.read_names(path)?;
        let selection = Selection {
            header,
            dialect,
            ..Selection::default()
        };
        Fields::open(path, &selection)
    }

    /// Reads the names of a table's columns. Where one of the model is among the fields of the first line, numbers are names too. The
    /// dialect is that of the learned table, or where the names are not found by it, the one that the table seems to have.
    fn read_names(&self, path: &Path) -> Result<TableColumns, TableError> {
        let read = |header, dialect: &Dialect| {
            let selection = Selection {
                header,
                dialect: *dialect,
                ..Selection::default()
            };
            let names = Blocks::open(path, &selection, 1)?.names().to_vec();
            Ok::<_, TableError>(TableColumns {
                header,
                dialect: selection.dialect,
                names,
            })
        };
        if self.source == NameSource::Numbers {
            return read(self.header, &self.dialect);
        }
        for dialect in [&self.dialect, &Dialect::default()] {
            match read(Header::Yes, dialect) {
                Ok(named) if self.names.iter().any(|name| named.names.contains(name)) => {
                    return Ok(named);
                }
                _ => {}
            }
        }
        read(Header::Auto, &self.dialect)
    }

    /// The names in a table of the columns that are to be read, in the order of the model.
    fn find(
        &self,
        path: &Path,
        there: &[String],
        how: ColumnMatch,
        header: Header,
    ) -> Result<Vec<String>> {
        let fits = there.len() == self.names.len();
        if how == ColumnMatch::Position {
            if !fits {
                bail!(
                    "{}: --by-position takes tables of {} columns, as many as the model's ({}); this one has {}: {}",
                    path.display(),
                    self.names.len(),
                    list(&self.names),
                    there.len(),
                    list(there)
                );
            }
            self.tell(path, there);
            return Ok(there.to_vec());
        }
        let named = NameSource::of(there, header) == NameSource::File;
        let comparable = named || self.source == NameSource::Numbers;
        if comparable && self.names.iter().all(|name| there.contains(name)) {
            if !named && fits && self.names != there {
                self.tell(path, &self.names);
            }
            return Ok(self.names.clone());
        }
        if self.source == NameSource::File || self.is_renamed(there) {
            bail!("{}: {}", path.display(), self.lacking(there, named));
        }
        let numbered = self.by_number(there);
        let columns = match numbered {
            Some(columns) => columns,
            None if fits => there.to_vec(),
            None => bail!("{}: {}", path.display(), self.lacking(there, named)),
        };
        if named || NameSource::guess(&self.names) == NameSource::Numbers {
            self.tell(path, &columns);
        }
        Ok(columns)
    }

    /// Whether a table has one of the names, perhaps in other cases: then it was meant by name.
    fn is_renamed(&self, there: &[String]) -> bool {
        let same = |name: &String| {
            there
                .iter()
                .any(|other| other.to_lowercase() == name.to_lowercase())
        };
        NameSource::guess(&self.names) == NameSource::File && self.names.iter().any(same)
    }

    /// The columns of a table whose numbers are the names; None where one has no such number.
    fn by_number(&self, there: &[String]) -> Option<Vec<String>> {
        let column = |name: &String| {
            there
                .get(name.parse::<usize>().ok()?.checked_sub(1)?)
                .cloned()
        };
        self.names.iter().map(column).collect()
    }

    /// Says on stderr which column was taken for which.
    fn tell(&self, path: &Path, columns: &[String]) {
        let pairs = columns.iter().zip(&self.names).take(LISTED);
        let pairs =
            pairs.map(|(column, name)| format!("`{}` for `{}`", shorten(column), shorten(name)));
        let mut taken = pairs.collect::<Vec<_>>().join(", ");
        if columns.len() > LISTED {
            taken.push_str(", ...");
        }
        say::err(&format!(
            "{}: columns are taken by position: {taken}",
            path.display()
        ));
    }

    /// Why a table cannot be read by the model's names, and what to do.
    fn lacking(&self, there: &[String], named: bool) -> String {
        let fits = there.len() == self.names.len();
        let otherwise = match fits {
            true => "; or --by-position takes its columns in their order",
            false => "",
        };
        if !named {
            return format!(
                "has {} columns without names, and the model's are called {}: give it a line with these names{otherwise}",
                there.len(),
                list(&self.names)
            );
        }
        let others: Vec<&str> = there
            .iter()
            .filter(|name| !self.names.contains(name))
            .map(String::as_str)
            .collect();
        let lacking: Vec<&String> = self
            .names
            .iter()
            .filter(|name| !there.contains(name))
            .collect();
        let named = |name: &&String| match nearest(name, &others) {
            Some(near) => format!("`{}` (nearest: `{}`)", shorten(name), shorten(near)),
            None => format!("`{}`", shorten(name)),
        };
        let mut words: Vec<String> = lacking.iter().take(LISTED).map(named).collect();
        words.extend((lacking.len() > LISTED).then(|| format!("... ({} columns)", lacking.len())));
        format!(
            "lacks the model's column{} {}; it has {}: name its columns as the model does ({}){otherwise}",
            if lacking.len() == 1 { "" } else { "s" },
            words.join(", "),
            list(there),
            list(&self.names)
        )
    }
}

/// The columns of a table, and how its first line was read.
struct TableColumns {
    header: Header,
    dialect: Dialect,
    names: Vec<String>,
}

/// Names in a message.
fn list(names: &[String]) -> String {
    let mut shown: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| shorten(name))
        .collect();
    if names.len() > LISTED {
        shown.push(format!("... ({} columns)", names.len()));
    }
    shown.join(", ")
}

/// The beginning of a sentence about so many rows: `1 row is`, `3 rows are`.
pub fn count_rows(rows: u64) -> String {
    match rows {
        1 => "1 row is".to_owned(),
        rows => format!("{rows} rows are"),
    }
}

/// The treatment of missing values that `--drop-missing` asks for.
pub fn missing(drop: bool) -> Missing {
    if drop { Missing::Drop } else { Missing::Refuse }
}

/// The match of columns that `--by-position` asks for.
pub fn column_match(by_position: bool) -> ColumnMatch {
    match by_position {
        true => ColumnMatch::Position,
        false => ColumnMatch::Name,
    }
}

/// The units that `--standardized` asks for.
pub fn units(standardized: bool) -> Units {
    if standardized {
        Units::Standardized
    } else {
        Units::Data
    }
}
