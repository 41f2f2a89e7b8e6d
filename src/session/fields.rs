//! The fields of a session by name, what an edit changes, and what of it a running session takes up.
//!
//! The fields themselves stand in `table.rs`.

use std::fmt;

use super::Session;
use super::range::Held;
use super::table::{FIELDS, Row, rows};
use super::tokens::dotted;

/// When an edit of a running session takes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// At the next iteration.
    Live,
    /// When the batch is drawn again.
    Resample,
    /// Not before a new run.
    Restart,
}

/// One field of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Dotted, as `optimizer.lr`.
    pub name: &'static str,
    /// When an edit takes hold.
    pub applies: Applies,
    /// As the session file writes it.
    pub value: String,
}

/// One field that an edit changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Dotted, as `optimizer.lr`.
    pub field: &'static str,
    /// As the session file writes it.
    pub old: String,
    /// As the session file writes it.
    pub new: String,
    /// When the edit takes hold.
    pub applies: Applies,
}

/// Every field that the session has, in the order of the file.
pub fn fields(session: &Session) -> Vec<Field> {
    let field = |row: &Row| {
        let held = (row.held)(session);
        (held != Held::Absent).then(|| Field {
            name: row.name,
            applies: row.applies,
            value: held.to_string(),
        })
    };
    FIELDS.iter().filter_map(field).collect()
}

/// What a field, or a part of one, holds as the session file writes it; None if there is no such.
pub fn value(session: &Session, name: &str) -> Option<String> {
    let row = rows().find(|row| row.name == name)?;
    let held = (row.held)(session);
    (held != Held::Absent).then(|| held.to_string())
}

/// Dotted names of the parts of a field that have steps of their own, with what they hold in `value`, its text.
pub fn parts(field: &str, value: &str) -> Vec<(&'static str, String)> {
    let inner = value
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    let entries = inner.into_iter().flat_map(|inner| inner.split(", "));
    let part = |entry: &str| {
        let (key, value) = entry.split_once(": ")?;
        let name = rows().find(|row| dotted(field, key) == row.name)?.name;
        Some((name, value.to_owned()))
    };
    entries.filter_map(part).collect()
}

/// What differs between two sessions; a field that one of them does not have is `absent` there.
pub fn changes(old: &Session, new: &Session) -> Vec<Change> {
    let change = |row: &Row| {
        let (old, new) = ((row.held)(old), (row.held)(new));
        (old != new).then(|| Change {
            field: row.name,
            old: old.to_string(),
            new: new.to_string(),
            applies: row.applies,
        })
    };
    FIELDS.iter().filter_map(change).collect()
}

/// The edited session with every restart-only field as it is in force.
pub fn apply(in_force: &Session, edited: &Session) -> Session {
    let mut session = edited.clone();
    session.model = in_force.model;
    session.start = in_force.start.with_pace_of(&edited.start);
    session.validation.samples = in_force.validation.samples;
    session.data = in_force.data.with_batch_of(&edited.data);
    session
}

impl fmt::Display for Applies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Live => "live",
            Self::Resample => "resample",
            Self::Restart => "restart",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::session::parse;

    fn session(text: &str) -> Session {
        parse(text, Path::new("test.ron")).unwrap()
    }

    /// Two sessions that differ in every field but those of the other kind of data, of toy sets or of tables.
    fn opposites() -> [(Session, Session); 2] {
        let toys = [
            r#"Toy(name: "moons")"#,
            r#"Toy(name: "rings", batch: 7, resample_every: 8)"#,
        ];
        let tables = [
            r#"Table(path: "a.csv")"#,
            r#"Table(path: "b.npy", columns: ["a"], given: ["b"], header: Yes, missing: Drop, jitter: {"a": 1.5},
                transform: {"a": Logit(0, 1)},
                split: (test: 0.5, validation: 0.25, shuffle: None), batch: 7)"#,
        ];
        [toys, tables].map(differing)
    }

    fn differing([old, data]: [&str; 2]) -> (Session, Session) {
        let old = format!("(data: {old})");
        let new = r#"(
            data: DATA,
            model: (width: 3, layers: 4, rank: 5, precision: F32, seed: 6),
            flow: (steps: 9, stepper: Euler, trace: StepNodes),
            weights: (transport: 2.0, likelihood: 3.0, hjb: 4.0),
            optimizer: Adam(lr: 0.2, schedule: Halve(every: 500), clamp: Some(1.5)),
            validation: (every: 10, samples: 11, steps: 14),
            stop: (iterations: 15, seconds: Some(1e9)),
            recovery: (rollbacks: 16, factor: 0.25),
            pictures: (every: 17.0, samples: 18),
            gates: ["divergence <= 0.1"],
        )"#;
        (session(&old), session(&new.replace("DATA", data)))
    }

    #[test]
    fn sessions_that_differ_everywhere_change_every_field() {
        for (old, new) in opposites() {
            let changed: Vec<&str> = changes(&old, &new)
                .iter()
                .map(|change| change.field)
                .collect();
            let all: Vec<&str> = fields(&old).iter().map(|field| field.name).collect();
            assert_eq!(changed, all);
            assert_eq!(changes(&old, &old), []);
        }
    }

    #[test]
    fn another_kind_of_data_changes_the_fields_of_both() {
        let [(toy, _), (table, _)] = opposites();
        let changes = changes(&toy, &table);
        let find = |field| changes.iter().find(|change| change.field == field).unwrap();
        assert_eq!(find("data.name").new, "absent");
        assert_eq!(find("data.columns").old, "absent");
        assert_eq!(apply(&toy, &table), toy);
    }

    #[test]
    fn values_are_written_as_in_the_file() {
        let [(old, new), (_, table)] = opposites();
        let value = |session: &Session, name| {
            fields(session)
                .into_iter()
                .find(|field| field.name == name)
                .unwrap()
                .value
        };
        assert_eq!(value(&new, "data.name"), "\"rings\"");
        assert_eq!(value(&new, "model.precision"), "F32");
        assert_eq!(value(&new, "weights.transport"), "2.0");
        assert_eq!(value(&new, "optimizer.schedule"), "Halve(every: 500)");
        assert_eq!(value(&new, "optimizer.clamp"), "Some(1.5)");
        assert_eq!(value(&old, "optimizer.clamp"), "None");
        assert_eq!(value(&new, "gates"), "[\"divergence <= 0.1\"]");
        assert_eq!(value(&table, "data.columns"), "[\"a\"]");
        assert_eq!(value(&table, "data.jitter"), "{\"a\": 1.5}");
        assert_eq!(value(&table, "data.transform"), "{\"a\": Logit(0.0, 1.0)}");
        assert_eq!(value(&table, "data.split.shuffle"), "None");
    }

    #[test]
    fn an_edit_applies_all_but_the_restart_only_fields() {
        for (in_force, edited) in opposites() {
            let applied = apply(&in_force, &edited);
            assert!(
                changes(&in_force, &applied)
                    .iter()
                    .all(|c| c.applies != Applies::Restart)
            );
            assert!(
                changes(&edited, &applied)
                    .iter()
                    .all(|c| c.applies == Applies::Restart)
            );
            assert!(!changes(&edited, &applied).is_empty());
        }
    }

    #[test]
    fn classes_are_as_the_types_document_them() {
        let [(toy, _), (table, _)] = opposites();
        for field in fields(&toy).into_iter().chain(fields(&table)) {
            let live = matches!(field.name, "data.batch" | "data.resample_every");
            let restart = field.name.starts_with("model.")
                || field.name == "validation.samples"
                || (field.name.starts_with("data.") && !live);
            let resample = field.name.starts_with("flow.") || field.name == "data.batch";
            assert_eq!(field.applies == Applies::Restart, restart, "{}", field.name);
            assert_eq!(
                field.applies == Applies::Resample,
                resample,
                "{}",
                field.name
            );
        }
    }
}
