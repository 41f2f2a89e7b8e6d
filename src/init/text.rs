//! The text of the session: what was seen of the table, then every field with its comment. The comments are those of the
//! sessions that explain the fields, so that there is one place for each.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::Chosen;
use super::settings;
use super::survey::Survey;
use crate::session::{self, Data, EMBEDDED, Session, changes, parse, rewrite};
use crate::table::short;

/// Explains the fields of tables.
const TABLE: &str = include_str!("../../sessions/diamonds.ron");
/// The path in it.
const PATH: &str = "\"diamonds.csv\"";

/// Where the fields of tables begin and end in the one, and the others begin in the other.
const DATA: &str = "    data: Table(\n";
const END: &str = "\n    ),\n";
const REST: &str = "    // The potential Phi.\n";

/// The session file for the chosen columns of a table, whose path is as the file will have it, and the session that it is.
///
/// # Errors
/// When the sessions that explain the fields have changed beyond recognition.
pub fn text(
    survey: &Survey,
    chosen: &Chosen,
    (table, out): (&str, &Path),
) -> Result<(String, Session)> {
    let plain = template(&ron::ser::to_string(table)?)?;
    let plain = format!("{}{plain}", head(survey, chosen, table));
    let read = |text: &str| parse(text, out).map_err(|rejection| anyhow!("{rejection}"));
    let old = read(&plain)?;
    let mut new = old.clone();
    choose(&mut new, survey, chosen);
    settings::settle(&mut new, chosen.rows, chosen.names.len());
    let values = changes(&old, &new);
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|change| (change.field, change.new.as_str()))
        .collect();
    let text = rewrite(&plain, &values)?;
    let session = read(&text)?;
    Ok((text, session))
}

/// Every field with its comment, of a table at this path.
fn template(path: &str) -> Result<String> {
    let lost = "a field of sessions/diamonds.ron or sessions/8gaussians.ron has moved";
    let data = TABLE.find(DATA).context(lost)?;
    let end = data + TABLE[data..].find(END).context(lost)? + END.len();
    let rest = EMBEDDED.find(REST).context(lost)?;
    let data = TABLE[data..end].replacen(PATH, path, 1);
    Ok(format!("Session(\n{data}{}", &EMBEDDED[rest..]))
}

/// What was seen, as comments.
fn head(survey: &Survey, chosen: &Chosen, table: &str) -> String {
    let names = survey.columns.iter().map(|column| short(&column.name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = format!("// {}: {} rows.\n//\n", short(table), survey.rows);
    for column in &survey.columns {
        let name = short(&column.name);
        let left_out = chosen
            .left_out
            .iter()
            .find(|(left, _)| *left == column.name);
        let words = left_out.map_or_else(|| column.words(), |(_, why)| format!("left out: {why}"));
        text.push_str(&format!("//     {name:<width$}  {words}\n"));
    }
    text.push_str(
        "//
// The sizes below are a start for so many rows and columns. A step of the values is what rounding has left of them: `jitter` fills it.
// A column that is skewed or has heavy tails goes through a map before the flow learns it: `transform` says which.
// Everything but `data` may be left out. Behind every field: meaning; what is allowed; default; when an edit of a running
// session takes hold: live (at the next iteration), resample (at the next epoch), restart (not before a new run).
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
            .filter_map(|column| Some((column.name.clone(), column.transform()?.transform)))
            .collect();
    }
}
