//! The text of the session: what was seen of the table, then the fields with their comments, which are those of the manual, so that
//! there is one place for each. Fields that are at their defaults and that few will want to touch are left out.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::Chosen;
use super::settings;
use super::survey::Survey;
use crate::session::{
    self, Data, MANUAL, Session, TABLE_MANUAL, Whiten, explain, fields, parse, value,
};
use crate::table::shorten;

/// Fields that are written whatever they hold.
const TOUCHED: &[&str] = &[
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

/// The session file for the chosen columns of a table, whose path is as the file will have it, and the session that it is.
///
/// # Errors
/// When the manual has lost a field.
pub fn text(
    survey: &Survey,
    chosen: &Chosen,
    (table, out): (&str, &Path),
) -> Result<(String, Session)> {
    let read = |text: &str| parse(text, out).map_err(|rejection| anyhow!("{rejection}"));
    let path = ron::ser::to_string(table)?;
    let plain = format!("(data: Table(path: {path}), {})", settings::KINDS);
    let plain = read(&plain)?;
    let mut wanted = plain.clone();
    choose(&mut wanted, survey, chosen);
    settings::settle(&mut wanted, chosen.rows, chosen.names.len());
    let mut text = head(survey, chosen, table);
    text.push_str("Session(\n");
    let mut open = Vec::new();
    for field in fields(&wanted) {
        let held = match field.name {
            // The session has it from the root.
            "data.path" => path.clone(),
            _ => field.value,
        };
        let touched = field.name == "data.path" || TOUCHED.contains(&field.name);
        // A kind is the opening bracket of its group.
        let kind = !field.name.contains('.');
        if kind || !touched && value(&plain, field.name).as_ref() == Some(&held) {
            continue;
        }
        entry(&mut text, &mut open, &wanted, field.name, &held)?;
    }
    close(&mut text, &mut open, 0);
    text.push_str(")\n");
    let session = read(&text)?;
    Ok((text, session))
}

/// Writes a field with its comment, in the brackets of its groups; `open` has the names of those that are open.
fn entry<'a>(
    text: &mut String,
    open: &mut Vec<&'a str>,
    session: &Session,
    name: &'a str,
    held: &str,
) -> Result<()> {
    let mut groups: Vec<&str> = name.split('.').collect();
    let key = groups.pop().unwrap_or(name);
    let shared = open.iter().zip(&groups).take_while(|(a, b)| a == b).count();
    close(text, open, shared);
    for depth in shared..groups.len() {
        let group = groups[depth];
        let comments = explanation(&groups[..=depth].join("."))?;
        // Other kinds than that of the group are explained in further lines.
        if let Some(&line) = comments.above.first() {
            let line = line.replace(": one of", ".");
            text.push_str(&format!("{}// {line}\n", indent(open.len() + 1)));
        }
        let kind = match (depth, group) {
            (0, "data") => Some("Table".to_owned()),
            (0, group) => value(session, group),
            _ => None,
        };
        let kind = kind.unwrap_or_default();
        let kind = kind.trim_end_matches("()");
        text.push_str(&format!("{}{group}: {kind}(\n", indent(open.len() + 1)));
        open.push(group);
    }
    let comments = explanation(name)?;
    let indent = indent(open.len() + 1);
    for line in comments.above {
        text.push_str(&format!("{indent}// {line}\n"));
    }
    text.push_str(&format!("{indent}{key}: {held}, // {}\n", comments.beside));
    Ok(())
}

/// Closes all groups but so many.
fn close(text: &mut String, open: &mut Vec<&str>, left: usize) {
    while open.len() > left {
        text.push_str(&format!("{}),\n", indent(open.len())));
        open.pop();
    }
}

fn indent(depth: usize) -> String {
    "    ".repeat(depth)
}

fn explanation(name: &str) -> Result<session::Explanation<'static>> {
    let manual = if name.starts_with("data") {
        TABLE_MANUAL
    } else {
        MANUAL
    };
    explain(manual, name).with_context(|| format!("the manual has lost `{name}`"))
}

/// What was seen, as comments.
fn head(survey: &Survey, chosen: &Chosen, table: &str) -> String {
    let names = survey.columns.iter().map(|column| shorten(&column.name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = format!("// {}: {} rows.\n//\n", shorten(table), survey.rows);
    for column in &survey.columns {
        let name = shorten(&column.name);
        let left_out = chosen
            .left_out
            .iter()
            .find(|(left, _)| *left == column.name);
        let words = left_out.map_or_else(|| column.words(), |(_, why)| format!("left out: {why}"));
        let map = chosen.map(&column.name);
        let map = map.map_or(String::new(), |choice| format!("; {}", choice.why));
        text.push_str(&format!("//     {name:<width$}  {words}{map}\n"));
    }
    text.push_str(
        "//
// The sizes below are a start for so many rows and columns. A step of the values is what rounding has left of them: `jitter` fills it.
// What the columns have to do with each other is straightened before the flow learns them: `transform` has the maps, and `whiten` takes
// the correlations away after them.
// Behind every field: meaning; what is allowed; default; when an edit of a running session takes hold: live (at the next iteration),
// resample (at the next epoch), restart (not before a new run). Further fields are at their defaults: `otflow check` shows all.
",
    );
    text
}

/// The data's own fields.
fn choose(session: &mut Session, survey: &Survey, chosen: &Chosen) {
    if let Data::Table {
        columns,
        given,
        header,
        missing,
        jitter,
        transform,
        whiten,
        ..
    } = &mut session.data
    {
        *columns = chosen.names.clone();
        given.clear();
        *header = survey.header;
        let used = |name: &String| chosen.names.contains(name);
        let used = || survey.columns.iter().filter(|column| used(&column.name));
        *missing = if used().any(|column| column.missing > 0) {
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
                Some((column.name.clone(), choice.transform))
            })
            .collect();
        *whiten = Whiten::Normal;
    }
}
