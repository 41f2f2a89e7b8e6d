//! The table of all fields of a session: name, class, allowed values. It determines range checks, messages, the list on
//! the screen, and when an edit of a running session applies.

use serde::Serialize;

use super::allowed::Allowed;
use super::applies::Applies;
use super::field_value::FieldValue;
use super::write::value_to_ron;
use super::{Data, Initial, Optimizer, Schedule, Session, Stepping, TableSource};

/// The definition of one field: a line of the table.
pub(super) struct FieldDefinition {
    /// Dotted name, as `optimizer.lr`.
    pub name: &'static str,
    /// Moment at which an edit applies.
    pub applies: Applies,
    /// Values that the field may have.
    pub allowed: Allowed,
    /// Value that the field has in a session.
    pub value: fn(&Session) -> FieldValue,
}

const SAMPLES: Allowed = Allowed::Whole(1, 10_000_000);
const STEPS: Allowed = Allowed::Whole(1, 1000);
const SIZE: Allowed = Allowed::Whole(1, 8192);
const COUNT: Allowed = Allowed::Whole(1, u64::MAX);
const FRACTION: Allowed = Allowed::Between(0.0, 1.0);
const WEIGHT: Allowed = Allowed::From(0.0, 1e9);
const TOYS: &str = "one of 8gaussians, checkerboard, swissroll, circles, rings, moons, pinwheel, 2spirals, in quotes";
const COLUMNS: &str = "a list of names or numbers such as [\"carat\", \"price\"]";
const DIALECT: &str = "what differs from (separator: Comma, decimal: Point, thousands: None, encoding: Utf8); other values are \
    Semicolon, Tab, Pipe, Blanks; Comma; Comma, Point, Blank, Apostrophe; Utf16Le, Utf16Be, Windows1252";
const MISSING: &str = "Refuse, Drop, or a list of words such as [\"-999\"]";
const GATES: &str = "a list such as [\"validation_C <= 2.95\"]";
const SCHEDULES: &str = "Constant, Halve(every: 500), Cosine(warmup: 20, floor: 0.01) or Plateau(patience: 15, factor: 0.1, drops: 3)";
const INITIAL: &str = "None, Matching() or Model(\"best.safetensors\")";
const TRANSFORMS: &str =
    "maps by column such as {\"price\": Log}; each None, Normal, Log, Asinh(0, 1) or Logit(0, 1)";
const BOUNDS: &str =
    "bounds by column such as {\"price\": Above(0)}; each Above(0), Below(1) or Between(0, 1)";

use Allowed::{Above, From, Whole, Words};
use Applies::{Live, Resample, Restart};

/// All fields, in the order of the file.
pub(super) static FIELDS: &[FieldDefinition] = &[
    field("data.name", Restart, Words(TOYS), |s| match &s.data {
        Data::Toy { name, .. } => written(name),
        Data::Table { .. } => FieldValue::Absent,
    }),
    field(
        "data.path",
        Restart,
        Words("the path of a CSV or NPY file, in quotes"),
        |s| table(s, |t| written(t.path)),
    ),
    field("data.columns", Restart, Words(COLUMNS), |s| {
        table(s, |t| written(t.columns))
    }),
    field("data.given", Restart, Words(COLUMNS), |s| {
        table(s, |t| written(t.given))
    }),
    field("data.header", Restart, Words("Auto, Yes or No"), |s| {
        table(s, |t| written(&t.header))
    }),
    field("data.dialect", Restart, Words(DIALECT), |s| {
        table(s, |t| written(&t.dialect))
    }),
    field("data.missing", Restart, Words(MISSING), |s| {
        table(s, |t| written(t.missing))
    }),
    field(
        "data.jitter",
        Restart,
        Words("widths by column such as {\"price\": 1.0}"),
        |s| table(s, |t| written(t.jitter)),
    ),
    field("data.transform", Restart, Words(TRANSFORMS), |s| {
        table(s, |t| written(t.transform))
    }),
    field("data.bounds", Restart, Words(BOUNDS), |s| {
        table(s, |t| written(t.bounds))
    }),
    field(
        "data.round",
        Restart,
        Words("steps by column such as {\"price\": 1.0}"),
        |s| table(s, |t| written(t.round)),
    ),
    field("data.whiten", Restart, Words("No, Yes or Normal"), |s| {
        table(s, |t| written(&t.whiten))
    }),
    field("data.split.test", Restart, From(0.0, 0.9), |s| {
        table(s, |t| FieldValue::Number(t.split.test))
    }),
    field("data.split.validation", Restart, Above(0.0, 0.9), |s| {
        table(s, |t| FieldValue::Number(t.split.validation))
    }),
    field(
        "data.split.shuffle",
        Restart,
        Words("None or a seed, an integer"),
        |s| table(s, |t| written(&t.split.shuffle)),
    ),
    field("data.batch", Resample, SAMPLES, |s| whole(s.data.batch())),
    field("data.resample_every", Live, COUNT, |s| match s.data {
        Data::Toy { resample_every, .. } => FieldValue::Whole(resample_every),
        Data::Table { .. } => FieldValue::Absent,
    }),
    field("model.width", Restart, SIZE, |s| whole(s.model.width)),
    field("model.layers", Restart, Whole(2, 64), |s| {
        whole(s.model.layers)
    }),
    field("model.rank", Restart, SIZE, |s| whole(s.model.rank)),
    field("model.precision", Restart, Words("F32 or F64"), |s| {
        written(&s.model.precision)
    }),
    field("model.seed", Restart, Whole(0, u64::MAX), |s| {
        FieldValue::Whole(s.model.seed)
    }),
    field("start", Restart, Words(INITIAL), |s| match &s.start {
        Initial::None => FieldValue::Written("None".into()),
        Initial::Matching { .. } => FieldValue::Written("Matching()".into()),
        model @ Initial::Model(_) => written(model),
    }),
    field("start.iterations", Live, COUNT, |s| match s.start {
        Initial::Matching { iterations, .. } => FieldValue::Whole(iterations),
        _ => FieldValue::Absent,
    }),
    field("start.batch", Resample, SAMPLES, |s| match s.start {
        Initial::Matching { batch, .. } => whole(batch),
        _ => FieldValue::Absent,
    }),
    field("start.group", Resample, Whole(1, 4096), |s| match s.start {
        Initial::Matching { group, .. } => whole(group),
        _ => FieldValue::Absent,
    }),
    field("start.reuse", Resample, COUNT, |s| match s.start {
        Initial::Matching { reuse, .. } => FieldValue::Whole(reuse),
        _ => FieldValue::Absent,
    }),
    field("start.lr", Live, Above(0.0, 10.0), |s| match s.start {
        Initial::Matching { lr, .. } => FieldValue::Number(lr),
        _ => FieldValue::Absent,
    }),
    field("start.every", Live, COUNT, |s| match s.start {
        Initial::Matching { every, .. } => FieldValue::Whole(every),
        _ => FieldValue::Absent,
    }),
    field("flow.steps", Resample, STEPS, |s| whole(s.flow.steps)),
    field("flow.stepper", Resample, Words("Rk4 or Euler"), |s| {
        written(&s.flow.stepper)
    }),
    field(
        "flow.trace",
        Resample,
        Words("EveryStage, StepNodes or GaussPoints"),
        |s| written(&s.flow.trace),
    ),
    field("flow.grid", Resample, Words("Even, Square or Drawn"), |s| {
        written(&s.flow.grid)
    }),
    field("weights.transport", Live, Above(0.0, 1e9), |s| {
        FieldValue::Number(s.weights.transport)
    }),
    field("weights.likelihood", Live, WEIGHT, |s| {
        FieldValue::Number(s.weights.likelihood)
    }),
    field("weights.hjb", Live, WEIGHT, |s| {
        FieldValue::Number(s.weights.hjb)
    }),
    field("optimizer", Live, Words("Adam() or Muon()"), |s| {
        let kind = match s.optimizer {
            Optimizer::Adam { .. } => "Adam()",
            Optimizer::Muon { .. } => "Muon()",
        };
        FieldValue::Written(kind.into())
    }),
    field("optimizer.lr", Live, Above(0.0, 10.0), |s| {
        FieldValue::Number(stepping(s).lr)
    }),
    field("optimizer.schedule", Live, Words(SCHEDULES), |s| {
        written(&stepping(s).schedule)
    }),
    field(
        "optimizer.momentum",
        Live,
        Allowed::Below(0.0, 1.0),
        |s| match s.optimizer {
            Optimizer::Muon { momentum, .. } => FieldValue::Number(momentum),
            Optimizer::Adam { .. } => FieldValue::Absent,
        },
    ),
    field("optimizer.clamp", Live, none_or_above_0(100.0), |s| {
        FieldValue::Optional(stepping(s).clamp)
    }),
    field("optimizer.decay", Live, From(0.0, 10.0), |s| {
        FieldValue::Number(stepping(s).decay)
    }),
    field("optimizer.clip", Live, none_or_above_0(1000.0), |s| {
        FieldValue::Optional(stepping(s).clip)
    }),
    field("optimizer.average", Live, Allowed::NoneOrBetween, |s| {
        FieldValue::Optional(stepping(s).average)
    }),
    field("validation.every", Live, COUNT, |s| {
        FieldValue::Whole(s.validation.every)
    }),
    field("validation.samples", Restart, SAMPLES, |s| {
        whole(s.validation.samples)
    }),
    field("validation.steps", Live, STEPS, |s| {
        whole(s.validation.steps)
    }),
    field("stop.iterations", Live, COUNT, |s| {
        FieldValue::Whole(s.stop.iterations)
    }),
    field("stop.seconds", Live, none_or_above_0(1e6), |s| {
        FieldValue::Optional(s.stop.seconds)
    }),
    field("recovery.rollbacks", Live, Whole(0, 1000), |s| {
        FieldValue::Whole(s.recovery.rollbacks.into())
    }),
    field("recovery.factor", Live, FRACTION, |s| {
        FieldValue::Number(s.recovery.factor)
    }),
    field("pictures.every", Live, From(0.1, 3600.0), |s| {
        FieldValue::Number(s.pictures.every)
    }),
    field("pictures.samples", Live, Whole(1, 100_000), |s| {
        whole(s.pictures.samples)
    }),
    field("gates", Live, Words(GATES), |s| written(&s.gates)),
];

/// The parts of `optimizer.schedule`: checked and stepped one by one, shown and reported as a whole.
pub(super) static PARTS: &[FieldDefinition] = &[
    field(
        "optimizer.schedule.every",
        Live,
        COUNT,
        |s| match stepping(s).schedule {
            Schedule::Halve { every } => FieldValue::Whole(every),
            _ => FieldValue::Absent,
        },
    ),
    field(
        "optimizer.schedule.warmup",
        Live,
        Whole(0, 1_000_000),
        |s| match stepping(s).schedule {
            Schedule::Cosine { warmup, .. } => FieldValue::Whole(warmup),
            _ => FieldValue::Absent,
        },
    ),
    field(
        "optimizer.schedule.floor",
        Live,
        From(0.0, 1.0),
        |s| match stepping(s).schedule {
            Schedule::Cosine { floor, .. } => FieldValue::Number(floor),
            _ => FieldValue::Absent,
        },
    ),
    field(
        "optimizer.schedule.patience",
        Live,
        Whole(1, 10_000),
        |s| match stepping(s).schedule {
            Schedule::Plateau { patience, .. } => FieldValue::Whole(patience),
            _ => FieldValue::Absent,
        },
    ),
    field(
        "optimizer.schedule.factor",
        Live,
        FRACTION,
        |s| match stepping(s).schedule {
            Schedule::Plateau { factor, .. } => FieldValue::Number(factor),
            _ => FieldValue::Absent,
        },
    ),
    field(
        "optimizer.schedule.drops",
        Live,
        Whole(0, 100),
        |s| match stepping(s).schedule {
            Schedule::Plateau { drops, .. } => FieldValue::Whole(drops),
            _ => FieldValue::Absent,
        },
    ),
];

/// Every field that can be checked: all fields and all parts.
pub(super) fn all_fields() -> impl Iterator<Item = &'static FieldDefinition> {
    FIELDS.iter().chain(PARTS)
}

const fn field(
    name: &'static str,
    applies: Applies,
    allowed: Allowed,
    value: fn(&Session) -> FieldValue,
) -> FieldDefinition {
    FieldDefinition {
        name,
        applies,
        allowed,
        value,
    }
}

/// The values None and all numbers above 0; a step up from `largest_step` leads to None.
const fn none_or_above_0(largest_step: f64) -> Allowed {
    Allowed::NoneOrAbove {
        low: 0.0,
        largest_step,
    }
}

fn whole(value: usize) -> FieldValue {
    FieldValue::Whole(value as u64)
}

/// A value as the session file writes it.
fn written<T: Serialize + ?Sized>(value: &T) -> FieldValue {
    FieldValue::Written(value_to_ron(value))
}

/// The value that `get` finds in the source of a table; absent where a toy set is learned.
fn table(session: &Session, get: fn(&TableSource) -> FieldValue) -> FieldValue {
    session
        .data
        .table()
        .map_or(FieldValue::Absent, |table| get(&table))
}

fn stepping(session: &Session) -> Stepping {
    session.optimizer.stepping()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::session::{MANUAL, TABLE_MANUAL, explain, parse};

    /// A session of the kinds that the two do not have.
    const OTHER: &str = r#"(data: Toy(name: "8gaussians"), start: Matching(), optimizer: Muon())"#;

    /// Dotted names of the fields of a serialised structure; the name of a variant is no part of them.
    fn names_in(value: &serde_json::Value, name: &str, found: &mut BTreeSet<String>) {
        let fields = match value {
            serde_json::Value::Object(fields)
                if !matches!(
                    name,
                    "optimizer.schedule"
                        | "data.dialect"
                        | "data.jitter"
                        | "data.transform"
                        | "data.bounds"
                        | "data.round"
                ) =>
            {
                fields
            }
            _ => {
                found.insert(name.to_owned());
                return;
            }
        };
        for (key, value) in fields {
            let variant = key.starts_with(char::is_uppercase);
            let dot = if name.is_empty() || variant { "" } else { "." };
            let key = if variant { "" } else { key };
            names_in(value, &format!("{name}{dot}{key}"), found);
        }
    }

    #[test]
    fn the_table_has_every_field_of_the_types_and_no_other() {
        // Their kinds stand for the names of variants.
        let mut names = BTreeSet::from(["start".to_owned(), "optimizer".to_owned()]);
        for text in [MANUAL, TABLE_MANUAL, OTHER] {
            let session = parse(text, Path::new("s.ron")).unwrap();
            names_in(&serde_json::to_value(session).unwrap(), "", &mut names);
        }
        let listed: BTreeSet<String> = FIELDS.iter().map(|field| field.name.to_owned()).collect();
        assert_eq!(listed, names);
        assert_eq!(
            FIELDS.len(),
            names.len(),
            "a field stands twice in the table"
        );
    }

    #[test]
    fn every_part_of_a_schedule_is_in_the_table() {
        let halve = serde_json::to_value(Schedule::Halve { every: 1 }).unwrap();
        let plateau = Schedule::Plateau {
            patience: 1,
            factor: 0.5,
            drops: 1,
        };
        let plateau = serde_json::to_value(plateau).unwrap();
        let cosine = Schedule::Cosine {
            warmup: 1,
            floor: 0.5,
        };
        let cosine = serde_json::to_value(cosine).unwrap();
        let mut names = BTreeSet::new();
        names_in(&halve, "optimizer.schedule.", &mut names);
        names_in(&cosine, "optimizer.schedule.", &mut names);
        names_in(&plateau, "optimizer.schedule.", &mut names);
        let names: Vec<String> = names.iter().map(|name| name.replace("..", ".")).collect();
        let mut listed: Vec<&str> = PARTS.iter().map(|field| field.name).collect();
        listed.sort_unstable();
        assert_eq!(listed, names);
    }

    #[test]
    fn the_manual_explains_every_field_and_another_one_those_of_tables() {
        let read = |text| parse(text, Path::new("least.ron")).unwrap();
        let toy = read(r#"(data: Toy(name: "8gaussians"))"#);
        let table = read(r#"(data: Table(path: "/power.npy"))"#);
        let other = read(OTHER);
        for field in all_fields() {
            let absent = (field.value)(&toy) == FieldValue::Absent;
            explained(field, MANUAL, if absent { &other } else { &toy });
        }
        let of_tables = all_fields().filter(|field| field.name.starts_with("data."));
        for field in of_tables.filter(|field| (field.value)(&table) != FieldValue::Absent) {
            explained(field, TABLE_MANUAL, &table);
        }
    }

    /// Whether the text of a session says which values a field may have, when an edit applies, and the value in the `least`
    /// session.
    fn explained(field: &FieldDefinition, text: &str, least: &Session) {
        if field.name.starts_with("data.") && (field.value)(least) == FieldValue::Absent {
            return;
        }
        let key = field.name.rsplit('.').next().unwrap();
        let group = field.name.split('.').next().unwrap();
        let (before, section) = text.split_once(&format!("\n    {group}: ")).unwrap();
        let section = section.split("\n    )").next().unwrap();
        let comment = before.lines().rev();
        let comment = comment.take_while(|line| line.trim_start().starts_with("//"));
        let mut needed = vec![format!("{key}:")];
        // Words are for messages; what each word means is told in the file's own words.
        if !matches!(field.allowed, Allowed::Words(_)) {
            needed.push(field.allowed.to_string());
        }
        let default = (field.value)(least);
        if default != FieldValue::Absent {
            needed.push(format!("; {}", field.applies));
        }
        if default != FieldValue::Absent && !matches!(field.name, "data.name" | "data.path") {
            needed.push(format!("default {default}"));
        }
        let told = |line: &str| needed.iter().all(|part| line.contains(part));
        let mut lines = section.lines().chain(comment);
        assert!(lines.any(told), "{}: {needed:?}", field.name);
        if FIELDS.iter().any(|known| known.name == field.name) {
            let beside = explain(text, field.name).unwrap().beside;
            assert!(
                beside.contains(&field.applies.to_string()),
                "{}",
                field.name
            );
        }
    }
}
