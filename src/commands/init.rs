//! `otflow init`: writes a session file for a table or a 2-D set, with a comment on every field.
//!
//! | file | holds |
//! | --- | --- |
//! | `survey.rs` | a pass over the whole table |
//! | `profile.rs`, `step.rs` | the profile of a column; the rounding step of its values |
//! | `learned.rs` | the columns that are learned, and those that are left out |
//! | `maps.rs` | the choice of the maps of the columns |
//! | `settings.rs` | sizes by rows and columns |
//! | `text.rs` | the text of the session |
//! | `toy.rs` | the session of a 2-D set |
//!
//! The session is written once it can be trained: columns that the data set refuses are left out too.

mod learned;
mod maps;
mod profile;
mod settings;
mod step;
mod survey;
mod text;
mod toy;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::cli;
use crate::commands::given::{self, Given};
use crate::data::{ColumnFault, DataError, Dataset, FaultKind, SplitPart, Unlearnable};
use crate::exit::{Exit, refuse};
use crate::file;
use crate::say;
use crate::scaling::{Column, ColumnRange, Units};
use crate::session::Toy;
use crate::table::{refuse_pipe, shorten};
use learned::{LearnedColumns, LeftOut};
use maps::{ColumnSummary, MapChoice, MapLimit};
use profile::ColumnProfile;
use survey::TableSurvey;
use text::{GeneratedSession, SessionPaths, session_file};

/// Share of the rows that are left out for a value at most.
const MOST_MISSING: f64 = 0.3;

/// A session for a table that can be trained, with its data set.
struct NewSession {
    /// Text of the session file.
    text: String,
    data: Dataset,
    columns: LearnedColumns,
}

/// The result of looking for a session that can be trained.
enum Learnable {
    Yes(Box<NewSession>),
    /// The reason why no column can be learned.
    No(String),
}

/// The numbers of rows of the parts of a data set.
struct PartRows {
    training: usize,
    validation: usize,
    test: usize,
}

/// Surveys the table, or takes the built-in session of the 2-D set, and writes the session; the value is the exit code.
///
/// # Errors
/// When the session cannot be written.
pub fn init(args: &cli::InitArgs) -> Result<Exit> {
    let table = &args.table;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => PathBuf::from(table.file_stem().unwrap_or_default()).with_extension("ron"),
    };
    let stream = file::is_stream(&out);
    if !stream && out.exists() {
        return Ok(refuse_existing(&out));
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
    if let Err(error) = refuse_pipe(table) {
        return Ok(refuse(&error.to_string()));
    }
    let table = match given::table(table) {
        Ok(Given::File(table)) => table,
        Ok(Given::Toy(toy)) => return write_toy(toy, &out),
        Err(message) => return Ok(refuse(&message)),
    };
    let survey = match TableSurvey::of(&table) {
        Ok(survey) => survey,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    // What goes into a pipe is read from there, and names its table from the working directory.
    let session = if stream {
        file::STANDARD.as_ref()
    } else {
        &*out
    };
    let Some(path) = relative(&table, session) else {
        let name = table.display();
        return Ok(refuse(&format!(
            "{name}: a session can name paths in UTF-8 only"
        )));
    };
    let paths = SessionPaths {
        table: &path,
        session,
    };
    let new = match find_learnable(&survey, paths)? {
        Learnable::Yes(new) => new,
        Learnable::No(why) => return Ok(refuse(&format!("{}: {why}", table.display()))),
    };
    if !file::create_output(&out, new.text.as_bytes())? {
        return Ok(refuse_existing(&out));
    }
    say::of_output(&out, &report(&survey, &new, &out));
    Ok(Exit::Done)
}

/// Writes the session of a 2-D set.
fn write_toy(toy: Toy, out: &Path) -> Result<Exit> {
    let text = toy::session_text(toy, out)?;
    if !file::create_output(out, text.as_bytes())? {
        return Ok(refuse_existing(out));
    }
    let name = out.display();
    say::of_output(out, &format!("{name}: the 2-D set {toy}\n{}", next(out)));
    Ok(Exit::Done)
}

/// The line that names the next command; empty where the session goes by a pipe, and that command has begun.
fn next(out: &Path) -> String {
    match file::is_stream(out) {
        true => String::new(),
        false => format!("next: otflow train {}", out.display()),
    }
}

/// Refuses to overwrite a file.
fn refuse_existing(out: &Path) -> Exit {
    let out = out.display();
    refuse(&format!(
        "{out} is there already: give another name with --out"
    ))
}

/// Looks for a session that can be trained: leaves out columns that the data set refuses until it accepts the others.
fn find_learnable(survey: &TableSurvey, paths: SessionPaths) -> Result<Learnable> {
    let mut chosen = learnable_columns(survey);
    loop {
        if chosen.names.is_empty() {
            return Ok(Learnable::No(nothing_learnable(survey, &chosen)));
        }
        let GeneratedSession { session, .. } = session_file(survey, &chosen, paths)?;
        let unlearnable = match Dataset::open(&session.data, session.model.seed) {
            Ok(data) => {
                chosen.faults = data
                    .table()
                    .map_or(Vec::new(), |table| table.faults().to_vec());
                let sentinels = new_sentinels(&chosen);
                if !sentinels.is_empty() {
                    // The columns are judged anew without these rows.
                    chosen.sentinels.extend(sentinels);
                    chosen.maps = None;
                    continue;
                }
                let sums = rounded_sums(&chosen.faults);
                let rows = PartRows::of(&data).sum();
                if sums.is_empty() && rows == chosen.rows && chosen.maps.is_some() {
                    // With the faults that are left.
                    let left = far_out(&chosen.faults);
                    let is_left = |name: &str| left.iter().any(|fault| fault.column == name);
                    chosen.mapped.retain(|fault| !is_left(&fault.column));
                    let text = session_file(survey, &chosen, paths)?.text;
                    return Ok(Learnable::Yes(Box::new(NewSession {
                        text,
                        data,
                        columns: chosen,
                    })));
                }
                if sums.is_empty() {
                    chosen.rows = rows;
                    chosen.mapped = far_out(&chosen.faults);
                    chosen.maps = Some(choose_maps(survey, &data)?);
                    continue;
                }
                sums
            }
            Err(DataError::Unlearnable(columns)) => {
                let reason = |of: Unlearnable| LeftOut {
                    name: of.column,
                    reason: of.reason.to_string(),
                };
                columns.into_iter().map(reason).collect()
            }
            Err(error) => return Ok(Learnable::No(error.to_string())),
        };
        let named = |name: &String| unlearnable.iter().any(|left| left.name == *name);
        chosen.names.retain(|name| !named(name));
        chosen.maps = None;
        chosen.left_out.extend(unlearnable);
    }
}

/// The faults of rows that lie far out.
fn far_out(faults: &[ColumnFault]) -> Vec<ColumnFault> {
    let is_far_out = |fault: &&ColumnFault| {
        matches!(
            fault.kind,
            FaultKind::Outlier { .. } | FaultKind::FarRows { .. } | FaultKind::HeavyTail { .. }
        )
    };
    faults.iter().filter(is_far_out).cloned().collect()
}

/// The values that seem to stand for missing ones, are not taken for such, and leave most of the rows.
fn new_sentinels(chosen: &LearnedColumns) -> Vec<ColumnFault> {
    let known = chosen.missing_words();
    let is_new = |fault: &&ColumnFault| match fault.kind {
        FaultKind::Sentinel { value, share } => {
            share < MOST_MISSING && !known.contains(&value.to_string())
        }
        _ => false,
    };
    chosen.faults.iter().filter(is_new).cloned().collect()
}

/// The columns that say no more than others, but for their rounding.
fn rounded_sums(faults: &[ColumnFault]) -> Vec<LeftOut> {
    let sums = faults
        .iter()
        .filter(|fault| matches!(fault.kind, FaultKind::RoundedSum(_)));
    let left_out = |fault: &ColumnFault| LeftOut {
        name: fault.column.clone(),
        reason: fault.kind.to_string(),
    };
    sums.map(left_out).collect()
}

/// Chooses the maps of the columns of a data set; None for a column that gets none.
fn choose_maps(survey: &TableSurvey, data: &Dataset) -> Result<Vec<Option<MapChoice>>> {
    let (Some(parts), Some(scaling)) = (data.table(), data.scaling()) else {
        return Ok(Vec::new());
    };
    let mut rows = parts.spaced_rows(SplitPart::Training, maps::ROWS)?;
    let all = ColumnRange {
        first: 0,
        width: scaling.columns.len(),
    };
    scaling.restore(&mut rows, all, Units::Data);
    let summary = |column: &Column| {
        let mut profiles = survey.columns.iter();
        let profile = profiles.find(|profile| profile.name == column.name)?;
        let faults = parts.faults().iter();
        let faults = faults.filter(|fault| fault.column == column.name);
        Some(ColumnSummary {
            jitter: profile.jitter().unwrap_or(0.0),
            least: profile.least(),
            limit: profile
                .class_bounds()
                .map_or_else(|| limit(faults), MapLimit::Few),
        })
    };
    let summaries: Vec<_> = scaling.columns.iter().filter_map(summary).collect();
    Ok(maps::choose(&rows, &summaries))
}

/// The limit that the faults of a column set to its maps.
fn limit<'a>(faults: impl Iterator<Item = &'a ColumnFault>) -> MapLimit {
    faults.fold(MapLimit::Any, |limit, fault| match (limit, &fault.kind) {
        (_, FaultKind::Bounded(bounds)) => MapLimit::Bounds(*bounds),
        (
            MapLimit::Any,
            FaultKind::Outlier { .. } | FaultKind::FarRows { .. } | FaultKind::HeavyTail { .. },
        ) => MapLimit::BothSides,
        _ => limit,
    })
}

/// All columns but those that cannot be learned.
fn learnable_columns(survey: &TableSurvey) -> LearnedColumns {
    let mut chosen = LearnedColumns {
        names: Vec::new(),
        left_out: Vec::new(),
        maps: None,
        faults: Vec::new(),
        mapped: Vec::new(),
        sentinels: Vec::new(),
        rows: usize::try_from(survey.rows).unwrap_or(usize::MAX),
    };
    for column in &survey.columns {
        match column.fault() {
            None => chosen.names.push(column.name.clone()),
            Some(reason) => chosen.left_out.push(LeftOut {
                name: column.name.clone(),
                reason,
            }),
        }
    }
    chosen
}

/// The message that no column can be learned.
fn nothing_learnable(survey: &TableSurvey, chosen: &LearnedColumns) -> String {
    if survey.rows == 0 {
        return "has no rows".to_owned();
    }
    format!("no column can be learned\n{}", left_out(chosen))
}

impl PartRows {
    fn of(data: &Dataset) -> Self {
        let rows = |part| data.table().map_or(0, |parts| parts.len(part));
        PartRows {
            training: rows(SplitPart::Training),
            validation: rows(SplitPart::Validation),
            test: rows(SplitPart::Test),
        }
    }

    fn sum(&self) -> usize {
        self.training + self.validation + self.test
    }
}

/// The message on the session that was written, and on the next command.
fn report(survey: &TableSurvey, new: &NewSession, out: &Path) -> String {
    let NewSession {
        data,
        columns: chosen,
        ..
    } = new;
    let PartRows {
        training,
        validation,
        test,
    } = PartRows::of(data);
    let dropped = data.table().map_or(0, |table| table.dropped());
    let dropped = match dropped {
        0 => String::new(),
        rows => format!("; {rows} with missing values are dropped"),
    };
    let remarks = survey.reading.remarks.iter();
    let remarks: String = remarks.map(|remark| format!("  {remark}\n")).collect();
    format!(
        "{}: {} of {} columns; {training} training, {validation} validation, {test} test rows{dropped}\n{remarks}{}{}",
        out.display(),
        chosen.names.len(),
        survey.columns.len(),
        left_out(chosen) + &faults(chosen) + &rounded(survey, chosen),
        next(out)
    )
}

/// A line for every learned column with integers that a 64-bit float does not hold.
fn rounded(survey: &TableSurvey, chosen: &LearnedColumns) -> String {
    let columns = survey.columns.iter();
    let columns =
        columns.filter(|column| column.rounded > 0 && chosen.names.contains(&column.name));
    let line = |column: &ColumnProfile| {
        let (name, rows) = (shorten(&column.name), column.rounded);
        format!(
            "  warning: `{name}` has integers beyond 2^53 that are rounded, in {rows} rows: leave it out if it is an identifier\n"
        )
    };
    columns.map(line).collect()
}

/// A line for every value that is taken for missing, for rows far out that a map brings near, and for every fault of a column that the
/// session does not treat.
fn faults(chosen: &LearnedColumns) -> String {
    let sentinels = chosen.sentinels.iter().map(|fault| {
        let name = shorten(&fault.column);
        format!("  column `{name}`: {}: taken for missing\n", fault.kind)
    });
    let mapped = chosen.mapped.iter().map(|fault| {
        let name = shorten(&fault.column);
        format!(
            "  column `{name}`: {}: its map brings them near; correct them if they are wrong\n",
            fault.kind
        )
    });
    let lines = chosen.faults.iter().map(|fault| format!("  {fault}\n"));
    sentinels.chain(mapped).chain(lines).collect()
}

/// A line for every column that is left out.
fn left_out(chosen: &LearnedColumns) -> String {
    let columns = chosen.left_out.iter();
    columns
        .map(|LeftOut { name, reason }| format!("  left out `{}`: {reason}\n", shorten(name)))
        .collect()
}

/// The path of the table for the session at `out`: relative to the session, unless it was given as an absolute path to another
/// directory tree. None if it is not UTF-8.
fn relative(table: &Path, out: &Path) -> Option<String> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let path = match folder {
        None if table.is_relative() => Some(table.to_owned()),
        folder => path_between(folder.unwrap_or(Path::new(".")), table),
    };
    let beside = path.filter(|path| table.is_relative() || !path.starts_with(".."));
    beside
        .as_deref()
        .unwrap_or(table)
        .to_str()
        .map(str::to_owned)
}

/// The relative path from a directory to a file; None if one of them does not exist.
fn path_between(folder: &Path, file: &Path) -> Option<PathBuf> {
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
