//! `otflow init`: a session file for a table, every field of it commented.
//!
//! | file | holds |
//! | --- | --- |
//! | `survey.rs` | a look at the whole table |
//! | `profile.rs`, `step.rs` | what follows for a column; the rounding step of its values |
//! | `maps.rs` | the maps that the columns get |
//! | `settings.rs` | sizes by rows and columns |
//! | `text.rs` | the text of the session |
//!
//! The session is written once it can be trained: columns that the data set refuses are left out too.

mod maps;
mod profile;
mod settings;
mod step;
mod survey;
mod text;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::cli;
use crate::data::{DataError, Dataset, SplitPart};
use crate::exit::{Exit, refuse};
use crate::file;
use crate::say;
use crate::scaling::{Column, Span, Units};
use crate::session::Session;
use crate::table::shorten;
use maps::Choice;
use profile::Profile;
use survey::Survey;
use text::text;

/// What of a table is learned.
struct Chosen {
    /// Columns.
    names: Vec<String>,
    /// The others, each with the reason.
    left_out: Vec<(String, String)>,
    /// The map of each of these columns, if it gets one; none before they were looked at together.
    maps: Option<Vec<Option<Choice>>>,
    /// Rows that are left.
    rows: usize,
}

impl Chosen {
    /// The map of a column.
    fn map(&self, name: &str) -> Option<&Choice> {
        let place = self.names.iter().position(|other| other == name)?;
        self.maps.as_ref()?.get(place)?.as_ref()
    }
}

/// Looks at the table and writes the session; the value is the exit code.
///
/// # Errors
/// When the session cannot be written.
pub fn init(args: &cli::InitArgs) -> Result<Exit> {
    let table = &args.table;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => PathBuf::from(table.file_stem().unwrap_or_default()).with_extension("ron"),
    };
    if out.symlink_metadata().is_ok() {
        return Ok(exists(&out));
    }
    // Before a long look at the table.
    if let Some(folder) = out.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !folder.is_dir()
    {
        bail!(
            "cannot write {}: there is no directory {}",
            out.display(),
            folder.display()
        );
    }
    let survey = match Survey::of(table) {
        Ok(survey) => survey,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    let Some(path) = relative(table, &out) else {
        let name = table.display();
        return Ok(refuse(&format!(
            "{name}: a session can name paths in UTF-8 only"
        )));
    };
    let (text, data, chosen) = match learnable(&survey, (&path, &out))? {
        Ok(found) => found,
        Err(why) => return Ok(refuse(&format!("{}: {why}", table.display()))),
    };
    if !file::create(&out, text.as_bytes())? {
        return Ok(exists(&out));
    }
    say::out(&report(&survey, &chosen, (&data, &out)));
    Ok(Exit::Done)
}

fn exists(out: &Path) -> Exit {
    let out = out.display();
    refuse(&format!(
        "{out} is there already: give another name with --out"
    ))
}

/// The session's text, its data and what it takes of the table; or why nothing can be learned.
fn learnable(
    survey: &Survey,
    paths: (&str, &Path),
) -> Result<Result<(String, Dataset, Chosen), String>> {
    let mut chosen = choose(survey);
    loop {
        if chosen.names.is_empty() {
            return Ok(Err(nothing(survey, &chosen)));
        }
        let (text, session): (String, Session) = text(survey, &chosen, paths)?;
        let (name, why) = match Dataset::open(&session.data, session.model.seed) {
            Ok(data) => {
                let rows = rows(&data).iter().sum();
                if rows == chosen.rows && chosen.maps.is_some() {
                    return Ok(Ok((text, data, chosen)));
                }
                chosen.rows = rows;
                chosen.maps = Some(maps(survey, &data)?);
                continue;
            }
            Err(DataError::Copy { column, of }) => {
                (column, format!("a copy of `{}`", shorten(&of)))
            }
            Err(DataError::Constant { column, value }) => (
                column,
                format!("{value} in every row but some of the test part"),
            ),
            Err(DataError::Overflow { column }) => {
                (column, "too large to be standardised".to_owned())
            }
            Err(DataError::Dependent { column, .. }) => {
                (column, "a sum of multiples of columns before it".to_owned())
            }
            Err(error) => return Ok(Err(error.to_string())),
        };
        chosen.names.retain(|other| *other != name);
        chosen.maps = None;
        chosen.left_out.push((name, why));
    }
}

/// The maps of the columns of a data set.
fn maps(survey: &Survey, data: &Dataset) -> Result<Vec<Option<Choice>>> {
    let (Some(table), Some(scaling)) = (data.table(), data.scaling()) else {
        return Ok(Vec::new());
    };
    let mut rows = table.spaced_rows(SplitPart::Training, maps::ROWS)?;
    let all = Span {
        first: 0,
        width: scaling.columns.len(),
    };
    scaling.restore(&mut rows, all, Units::Data);
    let look = |column: &Column| {
        let profiles = survey.columns.iter();
        let mut profiles = profiles.filter(|profile| profile.name == column.name);
        profiles.next().map(Profile::look)
    };
    let looks: Vec<_> = scaling.columns.iter().filter_map(look).collect();
    Ok(maps::choose(&rows, &looks))
}

/// All columns but those that cannot be learned.
fn choose(survey: &Survey) -> Chosen {
    let mut chosen = Chosen {
        names: Vec::new(),
        left_out: Vec::new(),
        maps: None,
        rows: usize::try_from(survey.rows).unwrap_or(usize::MAX),
    };
    for column in &survey.columns {
        match column.fault() {
            None => chosen.names.push(column.name.clone()),
            Some(why) => chosen.left_out.push((column.name.clone(), why)),
        }
    }
    chosen
}

fn nothing(survey: &Survey, chosen: &Chosen) -> String {
    if survey.rows == 0 {
        return "has no rows".to_owned();
    }
    format!("no column can be learned\n{}", left_out(chosen))
}

/// Rows of training, validation and test part.
fn rows(data: &Dataset) -> [usize; 3] {
    use SplitPart::{Test, Training, Validation};
    [Training, Validation, Test].map(|part| data.table().map_or(0, |table| table.len(part)))
}

/// What was written, and what comes next.
fn report(survey: &Survey, chosen: &Chosen, (data, out): (&Dataset, &Path)) -> String {
    let [training, validation, test] = rows(data);
    let out = out.display();
    let dropped = data.table().map_or(0, |table| table.dropped());
    let dropped = match dropped {
        0 => String::new(),
        rows => format!("; {rows} with missing values are dropped"),
    };
    format!(
        "{out}: {} of {} columns; {training} training, {validation} validation, {test} test rows{dropped}\n{}\
         next: otflow train {out}",
        chosen.names.len(),
        survey.columns.len(),
        left_out(chosen)
    )
}

fn left_out(chosen: &Chosen) -> String {
    let columns = chosen.left_out.iter();
    columns
        .map(|(name, why)| format!("  left out `{}`: {why}\n", shorten(name)))
        .collect()
}

/// The path of the table as the session at `out` is to have it: relative, unless it was given as an absolute one that lies elsewhere.
/// None if it is no UTF-8.
fn relative(table: &Path, out: &Path) -> Option<String> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let path = match folder {
        None if table.is_relative() => Some(table.to_owned()),
        folder => between(folder.unwrap_or(Path::new(".")), table),
    };
    let beside = path.filter(|path| table.is_relative() || !path.starts_with(".."));
    beside
        .as_deref()
        .unwrap_or(table)
        .to_str()
        .map(str::to_owned)
}

/// The way from a directory to a file, if both are there.
fn between(folder: &Path, file: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let (parent, name) = (file.parent()?, file.file_name()?);
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let parent = parent.canonicalize().ok()?;
    let shared = folder.components().zip(parent.components());
    let shared = shared.take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| "..");
    let mut way: PathBuf = up.collect();
    way.extend(parent.components().skip(shared));
    Some(way.join(name))
}
