//! Single fields of a session at other values, as `optimizer.lr=0.01` on the command line gives them.

use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::field_table::all_fields;
use super::fields::{allowed, changes, value};
use super::tokens;
use super::value_text::{replace_value, value_tokens};
use super::{Session, parse, to_ron};
use crate::nearest::hint;

/// A field and the value that it is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Dotted name of the field, as `optimizer.lr`.
    pub field: String,
    /// Value, as a session file would write it.
    pub value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, value) = text
            .split_once('=')
            .ok_or("expected FIELD=VALUE, as optimizer.lr=0.01")?;
        let (field, value) = (field.trim(), value.trim());
        if !all_fields().any(|known| known.name == field) {
            return Err(describe_unknown_field(field));
        }
        if !is_single(value) {
            return Err(format!(
                "`{value}` is no single value; it is written as in a session file"
            ));
        }
        Ok(Assignment::new(field, value))
    }
}

impl Assignment {
    /// The assignment of a value to a field.
    pub fn new(field: &str, value: &str) -> Self {
        Assignment {
            field: field.to_owned(),
            value: value.to_owned(),
        }
    }
}

/// Sets fields of a session to other values; a relative path is relative to the working directory.
///
/// # Errors
/// When the session has no such field, or may not have such a value, in one line.
pub fn set(session: &Session, assignments: &[Assignment]) -> Result<Session, String> {
    // A kind before what it has: its fields are written once it is there.
    let mut ordered: Vec<&Assignment> = assignments.iter().collect();
    ordered.sort_by_key(|one| one.field.matches('.').count());
    let mut text = to_ron(session);
    for Assignment { field, value } in ordered {
        let tokens = tokens::read(&text);
        let old_value = value_tokens(&tokens, field).ok_or_else(|| lacking(session, field))?;
        text = replace_value(&text, old_value, value);
        if is_group(field) {
            text = to_ron(&parsed(&text)?);
        }
    }
    let new = parsed(&text)?;
    let stray = changes(session, &new).into_iter().find(|change| {
        let mut names = assignments.iter().map(|one| one.field.as_str());
        !names.any(|name| is_within(change.field, name) || is_within(name, change.field))
    });
    match stray {
        Some(change) => Err(format!("it would change `{}` too", change.field)),
        None => Ok(new),
    }
}

/// The message for a name that no field has: the fields of the same last name, else the nearest.
fn describe_unknown_field(field: &str) -> String {
    let names: Vec<&str> = all_fields().map(|known| known.name).collect();
    let last = |name: &str| name.rsplit('.').next().map(str::to_lowercase);
    let namesakes = names.iter().filter(|name| last(name) == last(field));
    let namesakes: Vec<String> = namesakes.map(|name| format!("`{name}`")).collect();
    let hint = match namesakes.is_empty() || field.contains('.') {
        true => hint(field, &names),
        false => format!("; did you mean {}?", namesakes.join(" or ")),
    };
    format!("there is no field `{field}`{hint} `otflow check SESSION` prints all")
}

/// What is to be written into a session file so that a field, a kind or a part gets the value that a person has typed, as `--set` takes
/// it. Of a kind every field that comes, goes or changes is named.
///
/// # Errors
/// When the text is no value of the field beside the others, in one line that tells the values allowed.
pub fn typed(session: &Session, field: &str, text: &str) -> Result<Vec<Assignment>, String> {
    let text = text.trim();
    let explained = |reason: String| match allowed(field) {
        Some(allowed) if !reason.contains(&allowed) => {
            format!("{reason}; `{field}` must be {allowed}")
        }
        _ => reason,
    };
    if text.is_empty() {
        return Err(explained("no value".to_owned()));
    }
    let assignment: Result<Assignment, String> = format!("{field}={text}").parse();
    let assignment = assignment.map_err(explained)?;
    let new = set(session, &[assignment]).map_err(explained)?;
    if is_group(field) {
        let changes = changes(session, &new).into_iter();
        return Ok(changes
            .map(|change| Assignment::new(change.field, &change.new))
            .collect());
    }
    let values = [value(session, field), value(&new, field)];
    let [old, new] = values.map(Option::unwrap_or_default);
    let change = (old != new).then(|| Assignment::new(field, &new));
    Ok(change.into_iter().collect())
}

/// Parses a text as if it were a file in the working directory.
fn parsed(text: &str) -> Result<Session, String> {
    let first = |message: &str| message.lines().next().unwrap_or_default().to_owned();
    parse(text, Path::new("session")).map_err(|refused| first(&refused.message))
}

/// The message for a field that the session does not have, with the kind of its group where that decides.
fn lacking(session: &Session, field: &str) -> String {
    let group = field.split('.').next().unwrap_or(field);
    let kind = value(session, group).filter(|_| group != field);
    let kind = kind.map_or(String::new(), |kind| format!(": `{group}` is {kind}"));
    format!("`{field}` is no field that this session has{kind}")
}

/// Whether a field is the other one or a part of it.
pub(super) fn is_within(field: &str, other: &str) -> bool {
    let rest = field.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether other fields stand in its brackets.
fn is_group(field: &str) -> bool {
    all_fields().any(|other| other.name != field && is_within(other.name, field))
}

/// The value of a field with everything in its brackets, so that the session can be [`set`] to it; None if the session has no such
/// field.
pub fn value_with_entries(session: &Session, field: &str) -> Option<String> {
    let short = value(session, field)?;
    if !is_group(field) {
        return Some(short);
    }
    let text = to_ron(session);
    let tokens = tokens::read(&text);
    let old_value = value_tokens(&tokens, field)?;
    Some(text[old_value.first()?.start..old_value.last()?.end()].to_owned())
}

/// Whether the text is one value and nothing beside it.
fn is_single(text: &str) -> bool {
    let tokens = tokens::read(text);
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return false;
    };
    let mut depth = 0_usize;
    for token in &tokens {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return false,
            ")" | "]" | "}" => depth -= 1,
            "," | ":" if depth == 0 => return false,
            _ => {}
        }
    }
    // Nothing in front or behind that is hidden in a comment.
    depth == 0 && first.start == 0 && last.end() == text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOY: &str = "(data: Toy(name: \"moons\"), optimizer: Adam(schedule: Halve(every: 9)))";

    fn session(text: &str) -> Session {
        parse(text, Path::new("s.ron")).unwrap()
    }

    fn with(text: &str, assignments: &[&str]) -> Result<Session, String> {
        let assignments: Vec<Assignment> = assignments
            .iter()
            .map(|text| text.parse())
            .collect::<Result<_, _>>()?;
        set(&session(text), &assignments)
    }

    #[test]
    fn a_field_gets_its_value_and_no_other_changes() {
        for (assignment, field, written) in [
            ("optimizer.lr=0.01", "optimizer.lr", "0.01"),
            ("optimizer.lr = 1e-2", "optimizer.lr", "0.01"),
            ("optimizer.clamp=1.5", "optimizer.clamp", "Some(1.5)"),
            ("stop.seconds=Some(60)", "stop.seconds", "Some(60.0)"),
            ("model.width=7", "model.width", "7"),
            ("model.precision=F32", "model.precision", "F32"),
            ("flow.grid=Square", "flow.grid", "Square"),
            ("data.name=\"rings\"", "data.name", "\"rings\""),
            (
                "gates=[\"validation_C<=3\"]",
                "gates",
                "[\"validation_C <= 3\"]",
            ),
            (
                "optimizer.schedule=Constant",
                "optimizer.schedule",
                "Constant",
            ),
            (
                "optimizer.schedule.every=4",
                "optimizer.schedule",
                "Halve(every: 4)",
            ),
        ] {
            let new = with(TOY, &[assignment]).unwrap();
            let changed = changes(&session(TOY), &new);
            assert_eq!(changed.len(), 1, "{assignment}");
            assert_eq!(
                (changed[0].field, changed[0].new.as_str()),
                (field, written)
            );
            assert_eq!(value(&new, field).as_deref(), Some(written));
        }
    }

    #[test]
    fn a_kind_is_set_with_what_stands_in_its_brackets() {
        let matching = "(data: Toy(name: \"moons\"), start: Matching(batch: 9), optimizer: Muon())";
        for (text, assignments, expected) in [
            (
                TOY,
                &["start=Matching(lr: 0.01)"][..],
                "start: Matching(lr: 0.01), optimizer: Adam(schedule: Halve(every: 9))",
            ),
            (
                TOY,
                &["start.iterations=100", "start=Matching()"],
                "start: Matching(iterations: 100), optimizer: Adam(schedule: Halve(every: 9))",
            ),
            (
                TOY,
                &["optimizer.average=0.98", "optimizer=Muon()"],
                "optimizer: Muon(average: 0.98)",
            ),
            (
                matching,
                &[
                    "start.lr=0.01",
                    "start.iterations=100",
                    "optimizer.momentum=0.9",
                ],
                "start: Matching(batch: 9, lr: 0.01, iterations: 100), optimizer: Muon(momentum: 0.9)",
            ),
            (matching, &["start=None"], "optimizer: Muon()"),
        ] {
            let expected = session(&format!("(data: Toy(name: \"moons\"), {expected})"));
            assert_eq!(with(text, assignments), Ok(expected));
        }
    }

    #[test]
    fn all_of_a_kind_is_told_so_that_it_can_be_set_again() {
        let text =
            "(data: Toy(name: \"moons\"), start: Matching(lr: 0.01), optimizer: Muon(clip: 2))";
        let (there, plain) = (session(text), session("(data: Toy(name: \"moons\"))"));
        let told = ["start", "optimizer"].map(|field| Assignment {
            field: field.into(),
            value: value_with_entries(&there, field).unwrap(),
        });
        assert_eq!(set(&plain, &told), Ok(there.clone()));
        assert_eq!(
            value_with_entries(&there, "optimizer.clip").unwrap(),
            "Some(2.0)"
        );
        assert_eq!(value_with_entries(&plain, "start.lr"), None);
    }

    #[test]
    fn what_is_typed_becomes_what_is_written() {
        let typed = |field: &str, text: &str| {
            let assignments = typed(&session(TOY), field, text)?;
            let one = |one: &Assignment| format!("{}={}", one.field, one.value);
            Ok::<_, String>(assignments.iter().map(one).collect::<Vec<_>>().join(" "))
        };
        for (field, text, written) in [
            ("optimizer.lr", " 1e-2 ", "optimizer.lr=0.01"),
            ("optimizer.lr", "0.1", ""),
            ("optimizer.clamp", "2", "optimizer.clamp=Some(2.0)"),
            ("model.width", "7", "model.width=7"),
            (
                "optimizer.schedule.every",
                "4",
                "optimizer.schedule.every=4",
            ),
            (
                "optimizer.schedule",
                "Constant",
                "optimizer.schedule=Constant",
            ),
            (
                "optimizer",
                "Muon(lr: 0.02)",
                "optimizer=Muon() optimizer.lr=0.02 optimizer.schedule=Constant optimizer.momentum=0.95",
            ),
        ] {
            assert_eq!(typed(field, text).as_deref(), Ok(written), "{field} {text}");
        }
        for (field, text, reason) in [
            ("optimizer.lr", "", "above 0 and up to 10"),
            ("optimizer.lr", "50", "above 0 and up to 10"),
            ("optimizer.lr", "0.1, clamp: 3", "above 0 and up to 10"),
            ("flow.grid", "Evn", "Even, Square or Drawn"),
            ("start.lr", "0.1", "no field that this session has"),
        ] {
            let error = typed(field, text).unwrap_err();
            assert!(error.contains(reason), "{field} {text}: {error}");
        }
    }

    #[test]
    fn values_that_are_valid_together_need_no_order() {
        let both = ["flow.trace=StepNodes", "flow.steps=2"];
        let one = "(data: Toy(name: \"moons\"), flow: (steps: 1))";
        assert!(with(one, &both[..1]).is_err());
        assert!(with(one, &both).is_ok());
        assert!(with(one, &[both[1], both[0]]).is_ok());
    }

    #[test]
    fn fields_of_a_table_are_set_and_a_path_is_one_of_the_working_directory() {
        let table = "(data: Table(path: \"/a/t.csv\"))";
        let new = with(table, &["data.path=\"u.csv\""]).unwrap();
        let expected = std::env::current_dir().unwrap().join("u.csv");
        assert_eq!(new.data.table().unwrap().path, expected);
        let white = with(table, &["data.whiten=Yes"]).unwrap();
        assert_eq!(
            white.data.table().unwrap().whiten,
            crate::session::Whiten::Yes
        );
        assert!(
            with(TOY, &["data.path=\"u.csv\""])
                .unwrap_err()
                .contains("no field")
        );
    }

    #[test]
    fn what_is_no_value_of_the_field_is_refused_as_in_a_file() {
        for (assignment, part) in [
            (
                "optimizer.lr=50",
                "`optimizer.lr` must be a number above 0 and up to 10",
            ),
            (
                "optimizer.lr=abc",
                "`optimizer.lr` must be a number above 0 and up to 10",
            ),
            ("data.name=\"moon\"", "did you mean `moons`"),
            ("optimizer.rate=1", "there is no field `optimizer.rate`"),
            ("optimizer.lrr=1", "did you mean `optimizer.lr`?"),
            ("optimzer.lr=1", "did you mean `optimizer.lr`?"),
            ("lr=1", "did you mean `start.lr` or `optimizer.lr`?"),
            ("width=1", "did you mean `model.width`?"),
            ("learning_rate=1", "`learning_rate`. `otflow check"),
            ("optimizer.lr", "expected FIELD=VALUE"),
            ("optimizer.lr=", "no single value"),
            ("optimizer.lr=0.1, clamp: 3", "no single value"),
            ("optimizer.lr=0.1), stop: (iterations: 3", "no single value"),
            ("optimizer.lr=0.1 // x", "no single value"),
            ("optimizer.lr=0.1 /* x */", "no single value"),
            ("optimizer.schedule=Halve(every: 9", "no single value"),
            ("gates=[\"C\"", "no single value"),
            ("data.name=\"moons", "Expected end of string"),
            (
                "start.lr=0.01",
                "no field that this session has: `start` is None",
            ),
            (
                "optimizer.momentum=0.9",
                "no field that this session has: `optimizer` is Adam()",
            ),
            ("optimizer=Muon(lr: 50)", "`optimizer.lr` must be a number"),
            ("optimizer=Moun()", "did you mean `Muon`?"),
            (
                "optimizer.average=1",
                "None or a number above 0 and below 1",
            ),
            ("start=Model(\"\")", "must be the path of a file"),
        ] {
            let error = with(TOY, &[assignment]).unwrap_err();
            assert!(error.contains(part), "{assignment}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
