//! The text of the session file: comments on the columns of the table, then the fields with the comments of the manual. Fields at their
//! defaults that are rarely changed are left out.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::learned::{LearnedColumns, LeftOut};
use super::settings;
use super::survey::TableSurvey;
use crate::session::{
    self, Data, MANUAL, Session, TABLE_MANUAL, Whiten, explain, fields, parse, value,
};
use crate::table::shorten;

/// Fields that are written even at their defaults.
const ALWAYS_WRITTEN: &[&str] = &[
    "data.name",
    "data.path",
    "data.columns",
    "data.given",
    "data.jitter",
    "data.transform",
    "data.whiten",
    "data.split.test",
    "data.split.validation",
    "data.split.shuffle",
    "data.batch",
    "model.width",
    "model.layers",
    "start.iterations",
    "start.lr",
    "flow.steps",
    "weights.transport",
    "weights.likelihood",
    "weights.hjb",
    "optimizer.lr",
    "optimizer.schedule",
    "optimizer.decay",
    "optimizer.average",
    "validation.every",
    "stop.iterations",
];

/// The comment on the comments behind the fields.
pub const LEGEND: &str = "\
// Behind every field: meaning; what is allowed; default; when an edit of a running session takes hold: live (at the next iteration),
// resample (at the next epoch, or when the batch is drawn again), restart (not before a new run). Further fields are at their
// defaults: `otflow check` shows all.
";

/// The paths of a table and of its session file.
#[derive(Clone, Copy)]
pub struct SessionPaths<'a> {
    /// Path of the table, as the session file is to have it.
    pub table: &'a str,
    /// Path of the session file.
    pub session: &'a Path,
}

/// A generated session with its text.
pub struct GeneratedSession {
    /// Text of the file.
    pub text: String,
    /// Session.
    pub session: Session,
}

/// Writes the text of the session file for the learned columns of a table.
///
/// # Errors
/// When the manual does not explain a field.
pub fn session_file(
    survey: &TableSurvey,
    chosen: &LearnedColumns,
    paths: SessionPaths,
) -> Result<GeneratedSession> {
    let read = |text: &str| parse(text, paths.session).map_err(|rejection| anyhow!("{rejection}"));
    let path = ron::ser::to_string(paths.table)?;
    let plain = format!("(data: Table(path: {path}), {})", settings::KINDS);
    let plain = read(&plain)?;
    let mut wanted = plain.clone();
    set_columns(&mut wanted, survey, chosen);
    settings::set_recipe(&mut wanted, chosen.rows, chosen.names.len());
    let text = head(survey, chosen, paths.table) + &fields_text(&wanted, &plain, Some(&path))?;
    let session = read(&text)?;
    Ok(GeneratedSession { text, session })
}

/// Writes the fields of a session with the comments of the manual, all but those that are rarely changed and as in `plain`; `path` is
/// what the file is to have for that of the table, as the session has it from the root.
///
/// # Errors
/// When the manual does not explain a field.
pub fn fields_text(wanted: &Session, plain: &Session, path: Option<&str>) -> Result<String> {
    let mut text = "Session(\n".to_owned();
    let mut open = Vec::new();
    for field in fields(wanted) {
        let held = match (field.name, path) {
            ("data.path", Some(path)) => path.to_owned(),
            _ => field.value,
        };
        let always = ALWAYS_WRITTEN.contains(&field.name);
        // A kind is the opening bracket of its group.
        let kind = !field.name.contains('.');
        if kind || !always && value(plain, field.name).as_ref() == Some(&held) {
            continue;
        }
        let written = FieldLine {
            session: wanted,
            name: field.name,
            held: &held,
        };
        written.write(&mut text, &mut open)?;
    }
    close(&mut text, &mut open, 0);
    text.push_str(")\n");
    Ok(text)
}

/// A field that is written.
struct FieldLine<'s, 'n> {
    session: &'s Session,
    /// Full name, with those of its groups.
    name: &'n str,
    /// Value, as the file has it.
    held: &'s str,
}

impl<'n> FieldLine<'_, 'n> {
    /// Writes the field with its comments, in the brackets of its groups; `open` holds the names of the groups that are open.
    fn write(&self, text: &mut String, open: &mut Vec<&'n str>) -> Result<()> {
        let mut groups: Vec<&str> = self.name.split('.').collect();
        let key = groups.pop().unwrap_or(self.name);
        let shared = open.iter().zip(&groups).take_while(|(a, b)| a == b).count();
        close(text, open, shared);
        for depth in shared..groups.len() {
            let group = groups[depth];
            let comments = self.explanation(&groups[..=depth].join("."))?;
            // Other kinds than that of the group are explained in further lines.
            if let Some(&line) = comments.above.first() {
                let line = line.replace(": one of", ".");
                text.push_str(&format!("{}// {line}\n", indent(open.len() + 1)));
            }
            let kind = match (depth, group) {
                (0, "data") => Some(match self.session.data {
                    Data::Toy { .. } => "Toy".to_owned(),
                    Data::Table { .. } => "Table".to_owned(),
                }),
                (0, group) => value(self.session, group),
                _ => None,
            };
            let kind = kind.unwrap_or_default();
            let kind = kind.trim_end_matches("()");
            text.push_str(&format!("{}{group}: {kind}(\n", indent(open.len() + 1)));
            open.push(group);
        }
        let comments = self.explanation(self.name)?;
        let indent = indent(open.len() + 1);
        for line in comments.above {
            text.push_str(&format!("{indent}// {line}\n"));
        }
        text.push_str(&format!(
            "{indent}{key}: {}, // {}\n",
            self.held, comments.beside
        ));
        Ok(())
    }

    /// The comments of the manual on a field.
    fn explanation(&self, name: &str) -> Result<session::Explanation<'static>> {
        let manual = match self.session.data {
            Data::Table { .. } if name.starts_with("data") => TABLE_MANUAL,
            _ => MANUAL,
        };
        explain(manual, name).with_context(|| format!("the manual has lost `{name}`"))
    }
}

/// Closes the groups that are open beyond the first `left`.
fn close(text: &mut String, open: &mut Vec<&str>, left: usize) {
    while open.len() > left {
        text.push_str(&format!("{}),\n", indent(open.len())));
        open.pop();
    }
}

fn indent(depth: usize) -> String {
    "    ".repeat(depth)
}

/// The comments on the columns.
fn head(survey: &TableSurvey, chosen: &LearnedColumns, table: &str) -> String {
    let names = survey.columns.iter().map(|column| shorten(&column.name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = format!("// {}: {} rows.\n//\n", shorten(table), survey.rows);
    for column in &survey.columns {
        let name = shorten(&column.name);
        let left_out = chosen.left_out.iter().find(|left| left.name == column.name);
        let words = left_out.map_or_else(
            || column.description(),
            |LeftOut { reason, .. }| format!("left out: {reason}"),
        );
        let map = chosen.map(&column.name);
        let map = map.map_or(String::new(), |choice| format!("; {}", choice.reason));
        let faults = chosen.faults(&column.name);
        let faults: String = faults.map(|fault| format!("; {}", fault.kind)).collect();
        text.push_str(&format!("//     {name:<width$}  {words}{map}{faults}\n"));
    }
    text.push_str(
        "//
// The sizes below are a start for so many rows and columns. A step of the values is what rounding has left of them: `jitter` fills it,
// and `round` takes samples back to it.
// What the columns have to do with each other is straightened before the flow learns them: `transform` has the maps, and `whiten` takes
// the correlations away after them.
",
    );
    text + LEGEND
}

/// Sets the fields of the table's columns.
fn set_columns(session: &mut Session, survey: &TableSurvey, chosen: &LearnedColumns) {
    if let Data::Table {
        columns,
        given,
        header,
        dialect,
        missing,
        jitter,
        transform,
        bounds,
        round,
        whiten,
        ..
    } = &mut session.data
    {
        *columns = chosen.names.clone();
        given.clear();
        *header = survey.reading.header;
        *dialect = survey.reading.dialect;
        let used = |name: &String| chosen.names.contains(name);
        let used = || survey.columns.iter().filter(|column| used(&column.name));
        let words = chosen.missing_words();
        *missing = if !words.is_empty() {
            session::Missing::words(words)
        } else if used().any(|column| column.missing > 0) {
            session::Missing::Drop
        } else {
            session::Missing::Refuse
        };
        *jitter = used()
            .filter_map(|column| Some((column.name.clone(), column.jitter()?)))
            .collect();
        *transform = used()
            .filter_map(|column| {
                let choice = chosen.map(&column.name)?;
                let unbounded = choice.bounds.is_none();
                unbounded.then(|| (column.name.clone(), choice.transform))
            })
            .collect();
        *bounds = used()
            .filter_map(|column| Some((column.name.clone(), chosen.map(&column.name)?.bounds?)))
            .collect();
        *round = used()
            .filter_map(|column| Some((column.name.clone(), column.lattice_step()?)))
            .collect();
        *whiten = Whiten::Normal;
    }
}
