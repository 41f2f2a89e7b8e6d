//! The fields of a session by name, what an edit changes, and what of it a running session adopts.
//!
//! The definitions of the fields are in `field_table.rs`.

use super::Session;
use super::applies::Applies;
use super::field_table::{FIELDS, FieldDefinition, PARTS, all_fields};
use super::field_value::{ABSENT, FieldValue};
use super::tokens::dotted;

/// One field of a session with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionField {
    /// Dotted name, as `optimizer.lr`.
    pub name: &'static str,
    /// Moment at which an edit applies.
    pub applies: Applies,
    /// Value, as the session file writes it.
    pub value: String,
}

/// One part of a field with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldPart {
    /// Dotted name, as `optimizer.schedule.every`.
    pub name: &'static str,
    /// Value, as the session file writes it.
    pub value: String,
}

/// One field that an edit changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Dotted name, as `optimizer.lr`.
    pub field: &'static str,
    /// Old value, as the session file writes it.
    pub old: String,
    /// New value, as the session file writes it.
    pub new: String,
    /// Moment at which the edit applies.
    pub applies: Applies,
}

/// Lists every field that the session has, in the order of the file.
pub fn fields(session: &Session) -> Vec<SessionField> {
    let field = |field: &FieldDefinition| {
        let value = (field.value)(session);
        (value != FieldValue::Absent).then(|| SessionField {
            name: field.name,
            applies: field.applies,
            value: value.to_string(),
        })
    };
    FIELDS.iter().filter_map(field).collect()
}

/// The value of a field, or of a part of one, as the session file writes it; None if the session has no such field.
pub fn value(session: &Session, name: &str) -> Option<String> {
    let field = all_fields().find(|field| field.name == name)?;
    let value = (field.value)(session);
    (value != FieldValue::Absent).then(|| value.to_string())
}

/// The values that a field, or a part of one, may have, in words; None if there is no such field.
pub fn allowed(name: &str) -> Option<String> {
    let field = all_fields().find(|field| field.name == name)?;
    Some(field.allowed.to_string())
}

/// Lists the parts of a field that have steps of their own, as `value`, the text of the field, has them.
pub fn parts(field: &str, value: &str) -> Vec<FieldPart> {
    let inner = value
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    let entries = inner.into_iter().flat_map(|inner| inner.split(", "));
    let part = |entry: &str| {
        let (key, value) = entry.split_once(": ")?;
        let part = PARTS.iter().find(|part| dotted(field, key) == part.name)?;
        Some(FieldPart {
            name: part.name,
            value: value.to_owned(),
        })
    };
    entries.filter_map(part).collect()
}

/// Lists what differs between two sessions; a field that one of them does not have is `absent` there.
pub fn changes(old: &Session, new: &Session) -> Vec<Change> {
    let change = |field: &FieldDefinition| {
        let (old, new) = ((field.value)(old), (field.value)(new));
        (old != new).then(|| Change {
            field: field.name,
            old: old.to_string(),
            new: new.to_string(),
            applies: applies(field, &old, &new),
        })
    };
    FIELDS.iter().filter_map(change).collect()
}

/// The moment at which a change applies: a field that only one of two sessions has comes and goes with the kind of its group.
fn applies(field: &FieldDefinition, old: &FieldValue, new: &FieldValue) -> Applies {
    if *old != FieldValue::Absent && *new != FieldValue::Absent {
        return field.applies;
    }
    let kind = field.name.split('.').next();
    let kind = FIELDS.iter().find(|field| Some(field.name) == kind);
    // The kind of the data has no name.
    kind.map_or(Applies::Restart, |kind| kind.applies)
}

/// Updates the list of the fields of a session by an edit of one: its value, or that it has come or gone.
pub fn update_fields(fields: &mut Vec<SessionField>, name: &str, value: &str) {
    fields.retain(|field| field.name != name || value != ABSENT);
    if let Some(field) = fields.iter_mut().find(|field| field.name == name) {
        field.value = value.to_owned();
        return;
    }
    let place = |name: &str| FIELDS.iter().position(|row| row.name == name);
    let Some(at) = place(name).filter(|_| value != ABSENT) else {
        return;
    };
    let before = fields
        .iter()
        .take_while(|field| place(field.name) < Some(at));
    let field = SessionField {
        name: FIELDS[at].name,
        applies: FIELDS[at].applies,
        value: value.to_owned(),
    };
    fields.insert(before.count(), field);
}

/// Applies an edit to the session in force: the edited session, but with every restart-only field as it is in force.
pub fn apply(in_force: &Session, edited: &Session) -> Session {
    let mut session = edited.clone();
    session.model = in_force.model;
    session.start = in_force.start.with_numbers_of(&edited.start);
    session.validation.samples = in_force.validation.samples;
    session.data = in_force.data.with_batch_of(&edited.data);
    session
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
            r#"Table(path: "b.npy", columns: ["a"], given: ["b"], header: Yes, dialect: (separator: Tab), missing: Drop, jitter: {"a": 1.5}, transform: {"a": Logit(0, 1)}, bounds: {"c": Below(1)}, round: {"a": 1.5}, whiten: Yes,
                split: (test: 0.5, validation: 0.25, shuffle: None), batch: 7)"#,
        ];
        [toys, tables].map(differing)
    }

    fn differing([old, data]: [&str; 2]) -> (Session, Session) {
        let old = format!("(data: {old}, start: Matching(), optimizer: Muon())");
        let new = r#"(
            data: DATA,
            model: (width: 3, layers: 4, rank: 5, precision: F32, seed: 6),
            flow: (steps: 9, stepper: Euler, trace: StepNodes, grid: Square),
            weights: (transport: 2.0, likelihood: 3.0, hjb: 4.0),
            start: Matching(iterations: 7, batch: 8, group: 9, reuse: 10, lr: 0.5, every: 11),
            optimizer: Muon(lr: 0.2, schedule: Halve(every: 500), momentum: 0.5, clamp: Some(1.5), decay: 0.1, clip: 2.0, average: 0.9),
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
            let mut all: Vec<&str> = fields(&old).iter().map(|field| field.name).collect();
            all.retain(|name| !matches!(*name, "start" | "optimizer"));
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

    fn moons(rest: &str) -> Session {
        session(&format!("(data: Toy(name: \"moons\"), {rest})"))
    }

    #[test]
    fn the_fields_of_another_kind_apply_when_the_kind_does() {
        let (plain, other) = (moons(""), moons("start: Matching(), optimizer: Muon()"));
        for (old, new) in [(&plain, &other), (&other, &plain)] {
            let changes = changes(old, new);
            let of = |group| changes.iter().filter(move |c| c.field.starts_with(group));
            assert!(of("start").all(|c| c.applies == Applies::Restart));
            assert!(of("optimizer").all(|c| c.applies == Applies::Live));
            let mut names: Vec<&str> = of("start").map(|c| c.field).collect();
            assert_eq!((names.remove(0), names.len()), ("start", 6));
            let names: Vec<&str> = of("optimizer").map(|c| c.field).collect();
            assert_eq!(names, ["optimizer", "optimizer.lr", "optimizer.momentum"]);
            let applied = apply(old, new);
            assert_eq!(
                (&applied.start, applied.optimizer),
                (&old.start, new.optimizer)
            );
        }
        let slower = moons("start: Matching(lr: 0.01)");
        assert_eq!(apply(&moons("start: Matching()"), &slower), slower);
        let models = ["a", "b"].map(|name| moons(&format!("start: Model(\"/{name}\")")));
        assert_eq!(changes(&models[0], &models[1])[0].new, "Model(\"/b\")");
        assert_eq!(apply(&models[0], &models[1]), models[0]);
    }

    #[test]
    fn edits_one_by_one_make_the_list_of_the_edited_session() {
        let kinds = [
            moons(""),
            moons("start: Matching(lr: 0.01), optimizer: Muon(decay: 0.1)"),
            moons("start: Model(\"/a\"), optimizer: Adam(average: 0.9)"),
        ];
        for (old, new) in kinds.iter().flat_map(|a| kinds.iter().map(move |b| (a, b))) {
            let mut list = fields(old);
            for change in changes(old, new) {
                update_fields(&mut list, change.field, &change.new);
            }
            assert_eq!(list, fields(new));
        }
    }

    #[test]
    fn the_path_of_a_model_has_no_parts() {
        assert_eq!(parts("start", "Model(\"a, lr: 3\")"), []);
        assert_eq!(parts("optimizer", "Muon()"), []);
        let cosine = parts("optimizer.schedule", "Cosine(warmup: 20, floor: 0.01)");
        let names: Vec<&str> = cosine.iter().map(|part| part.name).collect();
        assert_eq!(
            names,
            ["optimizer.schedule.warmup", "optimizer.schedule.floor"]
        );
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
                || matches!(field.name, "validation.samples" | "start")
                || (field.name.starts_with("data.") && !live);
            let pairs = ["start.batch", "start.group", "start.reuse"];
            let resample = field.name.starts_with("flow.")
                || field.name == "data.batch"
                || pairs.contains(&field.name);
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
