//! Single fields of a session at other values, as `optimizer.lr=0.01` on the command line gives them.

use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::fields::changes;
use super::nearest::unknown;
use super::rewrite::{replaced, value_tokens};
use super::table::{Row, rows};
use super::tokens;
use super::{Session, parse, to_ron};

/// A field and the value that it is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Dotted, as `optimizer.lr`.
    pub field: String,
    /// As a session file would write it.
    pub value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, value) = text
            .split_once('=')
            .ok_or("expected FIELD=VALUE, as optimizer.lr=0.01")?;
        let (field, value) = (field.trim(), value.trim());
        if row(field).is_none() {
            let names: Vec<&str> = rows().map(|row| row.name).collect();
            return Err(unknown("field", field, &names));
        }
        if !is_single(value) {
            return Err(format!(
                "`{value}` is no single value; it is written as in a session file"
            ));
        }
        Ok(Assignment {
            field: field.into(),
            value: value.into(),
        })
    }
}

/// The session with these fields at these values; a relative path is one of the working directory.
///
/// # Errors
/// When the session has no such field, or may not have such a value, in one line.
pub fn set(session: &Session, assignments: &[Assignment]) -> Result<Session, String> {
    let mut text = to_ron(session);
    for Assignment { field, value } in assignments {
        let tokens = tokens::read(&text);
        let held = value_tokens(&tokens, field)
            .ok_or_else(|| format!("`{field}` is no field that this session has"))?;
        text = replaced(&text, held, value);
    }
    // A path is anchored beside the file that it is read from.
    let new = parse(&text, Path::new("session"));
    let new = new.map_err(|refused| {
        refused
            .message
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    })?;
    let part_of = |name: &str, field: &str| field.starts_with(name);
    let stray = changes(session, &new).into_iter().find(|change| {
        let mut names = assignments.iter().map(|one| one.field.as_str());
        !names.any(|name| part_of(change.field, name))
    });
    match stray {
        Some(change) => Err(format!("it would change `{}` too", change.field)),
        None => Ok(new),
    }
}

fn row(field: &str) -> Option<&'static Row> {
    rows().find(|row| row.name == field)
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
    use super::super::value;
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
    fn values_that_are_valid_together_need_no_order() {
        let both = ["flow.trace=StepNodes", "flow.steps=2"];
        let one = "(data: Toy(name: \"moons\"), flow: (steps: 1))";
        assert!(with(one, &both[..1]).is_err());
        assert!(with(one, &both).is_ok());
        assert!(with(one, &[both[1], both[0]]).is_ok());
    }

    #[test]
    fn a_path_is_one_of_the_working_directory() {
        let table = "(data: Table(path: \"/a/t.csv\"))";
        let new = with(table, &["data.path=\"u.csv\""]).unwrap();
        let expected = std::env::current_dir().unwrap().join("u.csv");
        assert_eq!(new.data.table().unwrap().path, expected);
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
            ("optimizer.rate=1", "unknown field `optimizer.rate`"),
            ("optimizer.lrr=1", "did you mean `optimizer.lr`?"),
            ("lr=1", "unknown field `lr`"),
            ("optimizer.lr", "expected FIELD=VALUE"),
            ("optimizer.lr=", "no single value"),
            ("optimizer.lr=0.1, clamp: 3", "no single value"),
            ("optimizer.lr=0.1), stop: (iterations: 3", "no single value"),
            ("optimizer.lr=0.1 // x", "no single value"),
            ("optimizer.lr=0.1 /* x */", "no single value"),
            ("optimizer.schedule=Halve(every: 9", "no single value"),
            ("gates=[\"C\"", "no single value"),
            ("data.name=\"moons", "Expected end of string"),
        ] {
            let error = with(TOY, &[assignment]).unwrap_err();
            assert!(error.contains(part), "{assignment}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
