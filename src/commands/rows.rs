//! The rows of a table that a trained flow is asked about: which columns of the table are those of the model.
//!
//! ```text
//! names of the model        table                          the columns are
//! of a file                 has all of them                those, in any order, beside any others
//! of a file                 lacks one, or has no names     refused
//! any                       has one of them several times  refused, unless all of them are columns of the model
//! numbers, or none          has them                       those
//! numbers, or none          has other names, or none       by their numbers, else in the order of the table where the width fits
//! any, --by-position        has as many columns            in the order of the table
//! ```
//!
//! A line on stderr says what was taken by position. In a header of numbers the names of a model of a file are found all the same; an array
//! without names has none, whatever the model's are. A text is judged once where the names of a model of a file are found in its dialect.

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

/// What becomes of rows with missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncompleteRows {
    /// The table is refused.
    Refuse,
    /// They are left out and counted.
    LeaveOut,
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
        incomplete: IncompleteRows,
        rows: usize,
    ) -> Result<ModelRows> {
        let asked = |line: LineReading, columns: Vec<String>| Selection {
            columns,
            header: line.header,
            dialect: line.dialect,
            missing: match incomplete {
                IncompleteRows::Refuse => self.missing.clone().refusing(),
                IncompleteRows::LeaveOut => self.missing.clone().dropping(),
            },
        };
        if how == ColumnMatch::Name && self.source == NameSource::File {
            for line in self.named_lines() {
                let selection = asked(line, self.names.clone());
                let found = Blocks::open(path, &selection, rows);
                let named = |blocks: &Blocks| blocks.name_source(Header::Yes) == NameSource::File;
                if let Some(blocks) = found.ok().filter(named) {
                    self.refuse_doubled(path, &blocks)?;
                    return Ok(ModelRows { blocks, selection });
                }
            }
        }
        let OpenTable { line, blocks } = self.open_all(path, rows)?;
        let there = TableColumns {
            path,
            names: blocks.names(),
            source: blocks.name_source(line.header),
            is_text: blocks.is_text(),
        };
        let selection = asked(line, self.find(&there, how)?);
        if how == ColumnMatch::Name {
            self.refuse_doubled(path, &blocks)?;
        }
        let blocks = blocks.select(&selection)?;
        Ok(ModelRows { blocks, selection })
    }

    /// Refuses a table that has several columns of one of the names, unless the model knows them all.
    fn refuse_doubled(&self, path: &Path, blocks: &Blocks) -> Result<()> {
        let unknown = |name: &&String| {
            let mut doubles = blocks.doubles(name).iter();
            doubles.any(|double| !self.names.contains(double))
        };
        if let Some(name) = self.names.iter().find(unknown) {
            bail!(
                "{}: has {} columns `{}`, and which of them is the model's cannot be known: rename the others",
                path.display(),
                1 + blocks.doubles(name).len(),
                shorten(name)
            );
        }
        Ok(())
    }

    /// The ways to read a line of names, numbers too: in the dialect of the learned table, and in the one that the table seems to have.
    fn named_lines(&self) -> impl Iterator<Item = LineReading> {
        let header = Header::Yes;
        let line = |dialect| LineReading { header, dialect };
        let judged = (self.dialect != Dialect::default()).then(|| line(Dialect::default()));
        std::iter::once(line(self.dialect)).chain(judged)
    }

    /// Opens all columns of a table. Where one of the model is among the fields of the first line, numbers are names too.
    fn open_all(&self, path: &Path, rows: usize) -> Result<OpenTable, TableError> {
        let open = |line: LineReading| {
            let selection = Selection {
                header: line.header,
                dialect: line.dialect,
                ..Selection::default()
            };
            let blocks = Blocks::open(path, &selection, rows)?;
            Ok::<_, TableError>(OpenTable { line, blocks })
        };
        let has_one = |table: &OpenTable| {
            let mut names = table.blocks.names().iter();
            names.any(|name| self.names.contains(name))
        };
        let named = (self.source == NameSource::File).then(|| self.named_lines());
        let mut named = named
            .into_iter()
            .flatten()
            .filter_map(|line| open(line).ok());
        if let Some(table) = named.find(has_one) {
            return Ok(table);
        }
        open(LineReading {
            header: match self.source {
                NameSource::File => Header::Auto,
                NameSource::Numbers => self.header,
            },
            dialect: self.dialect,
        })
    }

    /// The names in a table of the columns that are to be read, in the order of the model.
    fn find(&self, there: &TableColumns, how: ColumnMatch) -> Result<Vec<String>> {
        let fits = there.names.len() == self.names.len();
        if how == ColumnMatch::Position {
            if !fits {
                bail!(
                    "{}: --by-position takes tables of {}, as many as the model's ({}); this one has {}: {}{}",
                    there.path.display(),
                    count_columns(self.names.len()),
                    list(&self.names),
                    there.names.len(),
                    list(there.names),
                    self.picking(there)
                );
            }
            self.tell(there.path, there.names);
            return Ok(there.names.to_vec());
        }
        let named = there.source == NameSource::File;
        let comparable = named || self.source == NameSource::Numbers;
        if comparable && self.names.iter().all(|name| there.names.contains(name)) {
            if !named && fits && self.names != there.names {
                self.tell(there.path, &self.names);
            }
            return Ok(self.names.clone());
        }
        if self.source == NameSource::File || self.is_renamed(there.names) {
            bail!("{}: {}", there.path.display(), self.lacking(there));
        }
        let columns = match self.by_number(there.names) {
            Some(columns) => columns,
            None if fits => there.names.to_vec(),
            None => bail!("{}: {}", there.path.display(), self.lacking(there)),
        };
        if named || are_numbers(&self.names) {
            self.tell(there.path, &columns);
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
        !are_numbers(&self.names) && self.names.iter().any(same)
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
    fn lacking(&self, there: &TableColumns) -> String {
        let fits = there.names.len() == self.names.len();
        let in_order = match fits {
            true => "; or --by-position takes its columns, in their order, for these".to_owned(),
            false => self.picking(there),
        };
        if there.source == NameSource::Numbers {
            let naming = match there.is_text {
                true => "give it a line with these names",
                false => {
                    "save each column under its name: as an array of an NPZ, or as a field of a structured array"
                }
            };
            return format!(
                "has {} without names, and the model's {} called {}: {naming}{in_order}",
                count_columns(there.names.len()),
                match self.names.len() {
                    1 => "one is".to_owned(),
                    n => format!("{n} are"),
                },
                list(&self.names)
            );
        }
        let there = there.names;
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
            "lacks the model's column{} {}; it has {}: name its columns as the model does ({}){in_order}",
            if lacking.len() == 1 { "" } else { "s" },
            words.join(", "),
            list(there),
            list(&self.names)
        )
    }

    /// How a table with more columns than the model's becomes one that --by-position takes.
    fn picking(&self, there: &TableColumns) -> String {
        if there.names.len() <= self.names.len() {
            return String::new();
        }
        format!(
            "; or pick {} in the model's order (otflow convert {} PICKED --columns ...), for --by-position",
            count_columns(self.names.len()),
            there.path.display()
        )
    }
}

/// The rows of a table in the columns of a model.
pub struct ModelRows {
    /// The rows.
    pub blocks: Blocks,
    /// How they are read.
    selection: Selection,
}

impl ModelRows {
    /// Opens the text of all columns of the same table, which must still be there.
    ///
    /// # Errors
    /// The file cannot be read or is no table.
    pub fn fields(&self, path: &Path) -> Result<Fields, TableError> {
        Fields::open(path, &self.selection)
    }
}

/// How the first line of a text is read.
#[derive(Clone, Copy)]
struct LineReading {
    header: Header,
    dialect: Dialect,
}

/// A table with all of its columns, and how its first line was read.
struct OpenTable {
    line: LineReading,
    blocks: Blocks,
}

/// All columns of a table.
struct TableColumns<'a> {
    path: &'a Path,
    names: &'a [String],
    source: NameSource,
    /// Whether it is a text, and not an array without a line.
    is_text: bool,
}

/// Whether names may be those of columns without names.
fn are_numbers(names: &[String]) -> bool {
    NameSource::guess(names) == NameSource::Numbers
}

/// A number of columns in a message.
fn count_columns(n: usize) -> String {
    match n {
        1 => "1 column".to_owned(),
        n => format!("{n} columns"),
    }
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

/// What becomes of rows with missing values, as `--drop-missing` asks.
pub fn incomplete(drop_missing: bool) -> IncompleteRows {
    match drop_missing {
        true => IncompleteRows::LeaveOut,
        false => IncompleteRows::Refuse,
    }
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
