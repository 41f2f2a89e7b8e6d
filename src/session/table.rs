//! The table of all fields of a session: name, class, allowed values. It drives range checks, messages, the list on
//! the screen, and what happens to an edit of a running session.

use serde::Serialize;

use super::fields::Applies;
use super::load::plain;
use super::range::{Allowed, Held};
use super::{Data, Initial, Optimizer, Schedule, Session, Stepping, Table};

/// One line of the table.
pub(super) struct Row {
    /// Dotted.
    pub name: &'static str,
    /// When an edit takes hold.
    pub applies: Applies,
    /// What the field may hold.
    pub allowed: Allowed,
    /// What the field of a session holds.
    pub held: fn(&Session) -> Held,
}

const SAMPLES: Allowed = Allowed::Whole(1, 10_000_000);
const STEPS: Allowed = Allowed::Whole(1, 1000);
const SIZE: Allowed = Allowed::Whole(1, 8192);
const COUNT: Allowed = Allowed::Whole(1, u64::MAX);
const FRACTION: Allowed = Allowed::Between(0.0, 1.0);
const WEIGHT: Allowed = Allowed::From(0.0, 1e9);
const TOYS: &str = "one of 8gaussians, checkerboard, swissroll, circles, rings, moons, pinwheel, 2spirals, in quotes";
const COLUMNS: &str = "a list of names or numbers such as [\"carat\", \"price\"]";
const GATES: &str = "a list such as [\"validation_C <= 2.95\"]";
const SCHEDULES: &str = "Constant, Halve(every: 500), Cosine(warmup: 20, floor: 0.01) or Plateau(patience: 15, factor: 0.1, drops: 3)";
const INITIAL: &str = "None, Matching() or Model(\"best.safetensors\")";
const TRANSFORMS: &str =
    "maps by column such as {\"price\": Log}; each None, Normal, Log, Asinh(0, 1) or Logit(0, 1)";

use Allowed::{Above, From, NoneOrAbove, Whole, Words};
use Applies::{Live, Resample, Restart};

/// In the order of the file.
pub(super) static FIELDS: &[Row] = &[
    row("data.name", Restart, Words(TOYS), |s| match &s.data {
        Data::Toy { name, .. } => written(name),
        Data::Table { .. } => Held::Absent,
    }),
    row(
        "data.path",
        Restart,
        Words("the path of a CSV or NPY file, in quotes"),
        |s| table(s, |t| written(t.path)),
    ),
    row("data.columns", Restart, Words(COLUMNS), |s| {
        table(s, |t| written(t.columns))
    }),
    row("data.given", Restart, Words(COLUMNS), |s| {
        table(s, |t| written(t.given))
    }),
    row("data.header", Restart, Words("Auto, Yes or No"), |s| {
        table(s, |t| written(&t.header))
    }),
    row("data.missing", Restart, Words("Refuse or Drop"), |s| {
        table(s, |t| written(&t.missing))
    }),
    row(
        "data.jitter",
        Restart,
        Words("widths by column such as {\"price\": 1.0}"),
        |s| table(s, |t| written(t.jitter)),
    ),
    row("data.transform", Restart, Words(TRANSFORMS), |s| {
        table(s, |t| written(t.transform))
    }),
    row("data.whiten", Restart, Words("No, Yes or Normal"), |s| {
        table(s, |t| written(&t.whiten))
    }),
    row("data.split.test", Restart, From(0.0, 0.9), |s| {
        table(s, |t| Held::Number(t.split.test))
    }),
    row("data.split.validation", Restart, Above(0.0, 0.9), |s| {
        table(s, |t| Held::Number(t.split.validation))
    }),
    row(
        "data.split.shuffle",
        Restart,
        Words("None or a seed, an integer"),
        |s| table(s, |t| written(&t.split.shuffle)),
    ),
    row("data.batch", Resample, SAMPLES, |s| whole(s.data.batch())),
    row("data.resample_every", Live, COUNT, |s| match s.data {
        Data::Toy { resample_every, .. } => Held::Whole(resample_every),
        Data::Table { .. } => Held::Absent,
    }),
    row("model.width", Restart, SIZE, |s| whole(s.model.width)),
    row("model.layers", Restart, Whole(2, 64), |s| {
        whole(s.model.layers)
    }),
    row("model.rank", Restart, SIZE, |s| whole(s.model.rank)),
    row("model.precision", Restart, Words("F32 or F64"), |s| {
        written(&s.model.precision)
    }),
    row("model.seed", Restart, Whole(0, u64::MAX), |s| {
        Held::Whole(s.model.seed)
    }),
    row("start", Restart, Words(INITIAL), |s| match &s.start {
        Initial::None => Held::Written("None".into()),
        Initial::Matching { .. } => Held::Written("Matching()".into()),
        model @ Initial::Model(_) => written(model),
    }),
    row("start.iterations", Live, COUNT, |s| match s.start {
        Initial::Matching { iterations, .. } => Held::Whole(iterations),
        _ => Held::Absent,
    }),
    row("start.batch", Resample, SAMPLES, |s| match s.start {
        Initial::Matching { batch, .. } => whole(batch),
        _ => Held::Absent,
    }),
    row("start.group", Resample, Whole(1, 4096), |s| match s.start {
        Initial::Matching { group, .. } => whole(group),
        _ => Held::Absent,
    }),
    row("start.reuse", Resample, COUNT, |s| match s.start {
        Initial::Matching { reuse, .. } => Held::Whole(reuse),
        _ => Held::Absent,
    }),
    row("start.lr", Live, Above(0.0, 10.0), |s| match s.start {
        Initial::Matching { lr, .. } => Held::Number(lr),
        _ => Held::Absent,
    }),
    row("start.every", Live, COUNT, |s| match s.start {
        Initial::Matching { every, .. } => Held::Whole(every),
        _ => Held::Absent,
    }),
    row("flow.steps", Resample, STEPS, |s| whole(s.flow.steps)),
    row("flow.stepper", Resample, Words("Rk4 or Euler"), |s| {
        written(&s.flow.stepper)
    }),
    row(
        "flow.trace",
        Resample,
        Words("EveryStage, StepNodes or GaussPoints"),
        |s| written(&s.flow.trace),
    ),
    row("flow.grid", Resample, Words("Even, Square or Drawn"), |s| {
        written(&s.flow.grid)
    }),
    row("weights.transport", Live, Above(0.0, 1e9), |s| {
        Held::Number(s.weights.transport)
    }),
    row("weights.likelihood", Live, WEIGHT, |s| {
        Held::Number(s.weights.likelihood)
    }),
    row("weights.hjb", Live, WEIGHT, |s| Held::Number(s.weights.hjb)),
    row("optimizer", Live, Words("Adam() or Muon()"), |s| {
        let kind = match s.optimizer {
            Optimizer::Adam { .. } => "Adam()",
            Optimizer::Muon { .. } => "Muon()",
        };
        Held::Written(kind.into())
    }),
    row("optimizer.lr", Live, Above(0.0, 10.0), |s| {
        Held::Number(stepping(s).lr)
    }),
    row("optimizer.schedule", Live, Words(SCHEDULES), |s| {
        written(&stepping(s).schedule)
    }),
    row(
        "optimizer.momentum",
        Live,
        Allowed::Below(0.0, 1.0),
        |s| match s.optimizer {
            Optimizer::Muon { momentum, .. } => Held::Number(momentum),
            Optimizer::Adam { .. } => Held::Absent,
        },
    ),
    row("optimizer.clamp", Live, NoneOrAbove(0.0, 100.0), |s| {
        Held::Maybe(stepping(s).clamp)
    }),
    row("optimizer.decay", Live, From(0.0, 10.0), |s| {
        Held::Number(stepping(s).decay)
    }),
    row("optimizer.clip", Live, NoneOrAbove(0.0, 1000.0), |s| {
        Held::Maybe(stepping(s).clip)
    }),
    row("optimizer.average", Live, Allowed::NoneOrBetween, |s| {
        Held::Maybe(stepping(s).average)
    }),
    row("validation.every", Live, COUNT, |s| {
        Held::Whole(s.validation.every)
    }),
    row("validation.samples", Restart, SAMPLES, |s| {
        whole(s.validation.samples)
    }),
    row("validation.steps", Live, STEPS, |s| {
        whole(s.validation.steps)
    }),
    row("stop.iterations", Live, COUNT, |s| {
        Held::Whole(s.stop.iterations)
    }),
    row("stop.seconds", Live, NoneOrAbove(0.0, 1e6), |s| {
        Held::Maybe(s.stop.seconds)
    }),
    row("recovery.rollbacks", Live, Whole(0, 1000), |s| {
        Held::Whole(s.recovery.rollbacks.into())
    }),
    row("recovery.factor", Live, FRACTION, |s| {
        Held::Number(s.recovery.factor)
    }),
    row("pictures.every", Live, From(0.1, 3600.0), |s| {
        Held::Number(s.pictures.every)
    }),
    row("pictures.samples", Live, Whole(1, 100_000), |s| {
        whole(s.pictures.samples)
    }),
    row("gates", Live, Words(GATES), |s| written(&s.gates)),
];

/// Parts of `optimizer.schedule`: checked and stepped one by one, shown and told of as a whole.
pub(super) static PARTS: &[Row] = &[
    row(
        "optimizer.schedule.every",
        Live,
        COUNT,
        |s| match stepping(s).schedule {
            Schedule::Halve { every } => Held::Whole(every),
            _ => Held::Absent,
        },
    ),
    row(
        "optimizer.schedule.warmup",
        Live,
        Whole(0, 1_000_000),
        |s| match stepping(s).schedule {
            Schedule::Cosine { warmup, .. } => Held::Whole(warmup),
            _ => Held::Absent,
        },
    ),
    row(
        "optimizer.schedule.floor",
        Live,
        From(0.0, 1.0),
        |s| match stepping(s).schedule {
            Schedule::Cosine { floor, .. } => Held::Number(floor),
            _ => Held::Absent,
        },
    ),
    row(
        "optimizer.schedule.patience",
        Live,
        Whole(1, 10_000),
        |s| match stepping(s).schedule {
            Schedule::Plateau { patience, .. } => Held::Whole(patience),
            _ => Held::Absent,
        },
    ),
    row(
        "optimizer.schedule.factor",
        Live,
        FRACTION,
        |s| match stepping(s).schedule {
            Schedule::Plateau { factor, .. } => Held::Number(factor),
            _ => Held::Absent,
        },
    ),
    row(
        "optimizer.schedule.drops",
        Live,
        Whole(0, 100),
        |s| match stepping(s).schedule {
            Schedule::Plateau { drops, .. } => Held::Whole(drops),
            _ => Held::Absent,
        },
    ),
];

/// Every field that can be checked.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    FIELDS.iter().chain(PARTS)
}

const fn row(
    name: &'static str,
    applies: Applies,
    allowed: Allowed,
    held: fn(&Session) -> Held,
) -> Row {
    Row {
        name,
        applies,
        allowed,
        held,
    }
}

fn whole(value: usize) -> Held {
    Held::Whole(value as u64)
}

/// As the session file writes it.
fn written<T: Serialize + ?Sized>(value: &T) -> Held {
    let style = ron::ser::PrettyConfig::new().depth_limit(0);
    let text = ron::ser::to_string_pretty(value, style);
    Held::Written(plain(
        &text.unwrap_or_else(|error| format!("/* {error} */")),
    ))
}

/// What `get` finds in the fields of a table; nothing where a toy set is learned.
fn table(session: &Session, get: fn(&Table) -> Held) -> Held {
    session
        .data
        .table()
        .map_or(Held::Absent, |table| get(&table))
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

    /// Of the kinds that the two do not have.
    const OTHER: &str = r#"(data: Toy(name: "8gaussians"), start: Matching(), optimizer: Muon())"#;

    /// Dotted names of the fields of a serialised structure; the name of a variant is no part of them.
    fn names_in(value: &serde_json::Value, name: &str, found: &mut BTreeSet<String>) {
        let fields = match value {
            serde_json::Value::Object(fields)
                if !matches!(
                    name,
                    "optimizer.schedule" | "data.jitter" | "data.transform"
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
        let listed: BTreeSet<String> = FIELDS.iter().map(|row| row.name.to_owned()).collect();
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
        let mut listed: Vec<&str> = PARTS.iter().map(|row| row.name).collect();
        listed.sort_unstable();
        assert_eq!(listed, names);
    }

    #[test]
    fn the_manual_explains_every_field_and_another_one_those_of_tables() {
        let read = |text| parse(text, Path::new("least.ron")).unwrap();
        let toy = read(r#"(data: Toy(name: "8gaussians"))"#);
        let table = read(r#"(data: Table(path: "/power.npy"))"#);
        let other = read(OTHER);
        for row in rows() {
            let absent = (row.held)(&toy) == Held::Absent;
            explained(row, MANUAL, if absent { &other } else { &toy });
        }
        let of_tables = rows().filter(|row| row.name.starts_with("data."));
        for row in of_tables.filter(|row| (row.held)(&table) != Held::Absent) {
            explained(row, TABLE_MANUAL, &table);
        }
    }

    /// Whether the text of a session says what a field may hold, when an edit takes hold, and what it is in the `least` session.
    fn explained(row: &Row, text: &str, least: &Session) {
        if row.name.starts_with("data.") && (row.held)(least) == Held::Absent {
            return;
        }
        let key = row.name.rsplit('.').next().unwrap();
        let group = row.name.split('.').next().unwrap();
        let (before, section) = text.split_once(&format!("\n    {group}: ")).unwrap();
        let section = section.split("\n    )").next().unwrap();
        let comment = before.lines().rev();
        let comment = comment.take_while(|line| line.trim_start().starts_with("//"));
        let mut needed = vec![format!("{key}:")];
        // Words are for messages; what each word means is told in the file's own words.
        if !matches!(row.allowed, Allowed::Words(_)) {
            needed.push(row.allowed.to_string());
        }
        let default = (row.held)(least);
        if default != Held::Absent {
            needed.push(format!("; {}", row.applies));
        }
        if default != Held::Absent && !matches!(row.name, "data.name" | "data.path") {
            needed.push(format!("default {default}"));
        }
        let told = |line: &str| needed.iter().all(|part| line.contains(part));
        let mut lines = section.lines().chain(comment);
        assert!(lines.any(told), "{}: {needed:?}", row.name);
        if FIELDS.iter().any(|field| field.name == row.name) {
            let beside = explain(text, row.name).unwrap().beside;
            assert!(beside.contains(&row.applies.to_string()), "{}", row.name);
        }
    }
}
