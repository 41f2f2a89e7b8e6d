//! Columns made normal, from the table to densities, losses and samples.
//!
//! A flow of zeros leaves every row where it is, so that the density of a row is known by hand:
//!
//! ```text
//! log p(x) = sum over the learned columns of log N(z_k) + log dz_k/dx_k,     z = the standardised row
//! ```
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod runs;

use std::f64::consts::TAU;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use otflow::data::{DataError, Dataset, SplitPart};
use otflow::event::{Event, Losses};
use otflow::fitted::{FittedFlow, Units};
use otflow::model::TrainedModel;
use otflow::problem::shape;
use otflow::scaling::{ColumnRange, Scaling};
use otflow::session::{self, Session};
use otflow::table::{Blocks, Selection, TableWriter};
use otflow::trainer::Trainer;
use runs::{code, otflow, text};
use tempfile::TempDir;

/// Rows of the table.
const ROWS: u32 = 3000;

/// Numbers in (0, 1) that look irregular.
fn noise(k: u32) -> f64 {
    let wave = (f64::from(k) * 12.9898).sin() * 43_758.545_3;
    wave - wave.floor()
}

/// A table of a heavy tail, of counts with many zeros, of percentages that reach their bounds, and of amounts above 0.
fn table() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "tail,count,percent,amount\n".to_owned();
    for k in 0..ROWS {
        let tail = (3.1 * (noise(4 * k) - 0.5)).tan();
        let count = if noise(4 * k + 1) < 0.4 {
            0.0
        } else {
            (9.0 / noise(4 * k + 1)).round()
        };
        let percent = (100.0 * noise(4 * k + 2)).round();
        let amount = (5.0 * noise(4 * k + 3)).exp() / 7.0;
        writeln!(text, "{tail},{count},{percent},{amount}").unwrap();
    }
    fs::write(folder.path().join("t.csv"), text).unwrap();
    folder
}

const MAPS: &str = r#"jitter: {"count": 1.0, "percent": 1.0},
    transform: {"tail": Normal, "count": Normal, "percent": Logit(0, 100), "amount": Log}"#;

fn session(folder: &Path, fields: &str) -> Session {
    let text = format!(
        "(data: Table(path: \"t.csv\", batch: 3000, {fields}), model: (width: 4, seed: 3),
          flow: (steps: 4), validation: (every: 1, samples: 200, steps: 4))"
    );
    session::parse(&text, &folder.join("s.ron")).unwrap()
}

fn open(session: &Session) -> Result<Dataset, DataError> {
    Dataset::open(&session.data, session.model.seed)
}

/// A flow that leaves rows where they are.
fn still(session: &Session) -> (FittedFlow, Scaling) {
    let data = open(session).unwrap();
    let shape = shape(session, &data);
    let model = TrainedModel {
        shape,
        precision: session::Precision::F64,
        theta: vec![0.0; shape.parameters()],
        scaling: data.scaling().cloned(),
        name_source: data.name_source(),
        origin: None,
    };
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("m.safetensors");
    model.save(&path).unwrap();
    let read = TrainedModel::load(&path).unwrap();
    assert_eq!(read, model);
    (
        FittedFlow::new(&read, 1, Some(2)).unwrap(),
        read.scaling.unwrap(),
    )
}

fn log_normal(z: f64) -> f64 {
    -0.5 * (z * z + TAU.ln())
}

/// Rows of a part in the table's units.
fn rows(data: &Dataset, part: SplitPart) -> Vec<f64> {
    let mut rows = data.table().unwrap().spaced_rows(part, usize::MAX).unwrap();
    let all = ColumnRange {
        first: 0,
        width: data.dimension() + data.context(),
    };
    data.scaling().unwrap().restore(&mut rows, all, Units::Data);
    rows
}

#[test]
fn densities_are_those_of_the_map_by_hand_in_both_units() {
    let folder = table();
    let session = session(folder.path(), MAPS);
    let (mut flow, scaling) = still(&session);
    let rows = rows(&open(&session).unwrap(), SplitPart::Test);
    let log = flow.log_densities(rows.clone(), Units::Data);
    let raw = scaling.columns.iter().map(|column| column.raw().scale.ln());
    let determinant: f64 = raw.sum();
    let mut standardized = rows.clone();
    for row in standardized.chunks_exact_mut(4) {
        for (value, column) in row.iter_mut().zip(&scaling.columns) {
            *value = (*value - column.raw().mean) / column.raw().scale;
        }
    }
    let same = flow.log_densities(standardized, Units::Standardized);
    for ((row, log), same) in rows.chunks_exact(4).zip(&log).zip(&same) {
        let by_hand = row.iter().zip(&scaling.columns).map(|(x, column)| {
            let h = 1e-6 * (x.abs() + 1e-3).min(column.raw().scale);
            let slope = (column.standardize(x + h) - column.standardize(x - h)) / (2.0 * h);
            log_normal(column.standardize(*x)) + slope.ln()
        });
        let by_hand: f64 = by_hand.sum();
        assert!(
            (log - by_hand).abs() < 1e-3,
            "{row:?}: {log}, {by_hand} by hand"
        );
        assert!((same - determinant - log).abs() < 1e-9, "{row:?}");
    }
}

#[test]
fn the_density_of_every_kind_of_column_has_mass_one() {
    let folder = table();
    for column in ["tail", "count", "percent", "amount"] {
        let fields = format!("columns: [\"{column}\"], {}", of(column));
        let (mut flow, scaling) = still(&session(folder.path(), &fields));
        for units in [Units::Data, Units::Standardized] {
            // Even in z, from -9 to 9, with the ends of the cells in the units asked for.
            let n = 200_000;
            let ends = (0..=n).map(|k| 18.0 * f64::from(k) / f64::from(n) - 9.0);
            let mut ends: Vec<f64> = ends.collect();
            let one = ColumnRange { first: 0, width: 1 };
            scaling.restore(&mut ends, one, units);
            let middles: Vec<f64> = ends.windows(2).map(|x| 0.5 * (x[0] + x[1])).collect();
            let log = flow.log_densities(middles, units);
            let cells = ends.windows(2).zip(&log);
            let mass: f64 = cells.map(|(x, log)| (x[1] - x[0]) * log.exp()).sum();
            assert!((mass - 1.0).abs() < 1e-4, "{column}, {units:?}: {mass}");
        }
    }
}

/// The fields of one column in [`MAPS`].
fn of(column: &str) -> &'static str {
    match column {
        "tail" => r#"transform: {"tail": Normal}"#,
        "count" => r#"jitter: {"count": 1.0}, transform: {"count": Normal}"#,
        "percent" => r#"jitter: {"percent": 1.0}, transform: {"percent": Logit(0, 100)}"#,
        _ => r#"transform: {"amount": Log}"#,
    }
}

#[test]
fn columns_have_mean_0_and_deviation_1_after_their_maps_and_come_back() {
    let folder = table();
    let data = open(&session(folder.path(), MAPS)).unwrap();
    let parts = data.table().unwrap();
    let part = |part| parts.spaced_rows(part, usize::MAX).unwrap();
    let (training, validation) = (part(SplitPart::Training), part(SplitPart::Validation));
    let offsets = data.offsets(&training);
    let mean = offsets.iter().sum::<f64>() / offsets.len() as f64;
    assert!((mean - data.mean_offset()).abs() < 1e-9, "{mean}");
    let all = [training, validation].concat();
    for k in 0..4 {
        let column = || all.iter().skip(k).step_by(4);
        let n = column().count() as f64;
        let mean = column().sum::<f64>() / n;
        let variance = column().map(|z| (z - mean) * (z - mean)).sum::<f64>() / n;
        assert!(
            mean.abs() < 1e-9 && (variance - 1.0).abs() < 1e-9,
            "{k}: {mean} {variance}"
        );
    }
    // Of those made normal no row lies further out than a normal's would.
    let far = all.chunks_exact(4).flat_map(|row| &row[..2]);
    assert!(far.fold(0.0_f64, |far, z| far.max(z.abs())) < 4.5);
    let back = rows(&data, SplitPart::Training);
    let percent = back.iter().skip(2).step_by(4);
    assert!(percent.clone().all(|x| 0.0 < *x && *x < 100.0));
    assert!(percent.clone().any(|x| *x < 0.5) && percent.clone().any(|x| *x > 99.5));
}

#[test]
fn what_a_map_is_not_for_is_refused_by_column_and_value() {
    let folder = table();
    let refusal = |fields: &str| {
        let refused = open(&session(folder.path(), fields));
        refused
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    for (fields, words) in [
        (
            r#"transform: {"mount": Log}"#,
            "`data.transform` names \"mount\", which is none",
        ),
        (
            r#"transform: {"count": Log}"#,
            "column \"count\" for one of values above 0.0, and it has 0.0",
        ),
        (r#"transform: {"tail": Log}"#, "above 0.0, and it has -"),
        (
            r#"transform: {"percent": Logit(0, 90)}, jitter: {"percent": 1.0}"#,
            "column \"percent\" for one of values between 0.0 and 90.0, and it has 100.0",
        ),
        (
            r#"transform: {"percent": Logit(0, 100)}"#,
            "between 0.0 and 100.0, and it has 0.0",
        ),
    ] {
        let refusal = refusal(fields);
        assert!(refusal.contains(words), "{refusal}");
    }
    // In noise a count of 0 has a logarithm.
    assert_eq!(
        refusal(r#"transform: {"count": Log}, jitter: {"count": 1.0}"#),
        ""
    );
}

#[test]
fn rows_beyond_the_bounds_have_no_density_and_those_beyond_the_data_a_little() {
    let folder = table();
    let (mut flow, _) = still(&session(folder.path(), MAPS));
    let log = flow.log_densities(
        [
            [0.0, 5.0, 50.0, -1.0],
            [0.0, 5.0, 100.0, 1.0],
            [0.0, 5.0, 50.0, 0.0],
            [1e9, -1e6, 50.0, 1e30],
            [0.0, f64::NAN, 50.0, 1.0],
            [0.0, f64::NAN, 50.0, -1.0],
        ]
        .concat(),
        Units::Data,
    );
    assert_eq!(log[..3], [f64::NEG_INFINITY; 3]);
    assert!(log[3].is_finite() && log[3] < -100.0, "{log:?}");
    assert!(log[4].is_nan() && log[5].is_nan());
}

#[test]
fn given_columns_may_have_maps_and_count_in_no_density() {
    let folder = table();
    let given = r#"columns: ["tail"], given: ["amount"], transform: {"amount": Log}"#;
    let (mut flow, scaling) = still(&session(folder.path(), given));
    let log = flow.log_densities(vec![0.5, 1.0, 0.5, 20.0, 0.5, -1.0], Units::Data);
    let by_hand = log_normal(scaling.columns[0].standardize(0.5)) - scaling.columns[0].scale.ln();
    assert!((log[0] - by_hand).abs() < 1e-12 && log[0] == log[1]);
    assert_eq!(log[2], f64::NEG_INFINITY);
    let data = open(&session(folder.path(), given)).unwrap();
    assert_eq!(data.mean_offset(), 0.0);
}

#[test]
fn training_says_c_in_standardised_units_of_the_raw_columns() {
    let folder = table();
    let maps = r#"transform: {"tail": Normal, "amount": Log}, columns: ["tail", "amount"]"#;
    let session = Arc::new(session(folder.path(), maps));
    let data = Arc::new(open(&session).unwrap());
    let mut trainer = Trainer::new(Arc::clone(&session), Arc::clone(&data), 1).unwrap();
    let start = trainer.last_model();
    let mut told: Vec<Losses> = Vec::new();
    trainer.iterate(&mut |event| match event {
        Event::Iteration { losses, .. } => told.push(losses),
        Event::Validation { figures, .. } => told.push(figures.losses),
        _ => {}
    });
    let c = |model: &TrainedModel, part, n| {
        let mut flow = FittedFlow::new(model, 1, Some(4)).unwrap();
        let rows = data.table().unwrap().spaced_rows(part, n).unwrap();
        let log = flow.log_densities_of_flow_rows(&rows, Units::Standardized);
        -log.iter().sum::<f64>() / log.len() as f64
    };
    // The batch is the whole training part, and 200 rows validate.
    let trained = c(&start, SplitPart::Training, usize::MAX);
    let validated = c(&trainer.last_model(), SplitPart::Validation, 200);
    assert!((told[0].c - trained).abs() < 1e-9, "{told:?}, {trained}");
    assert!(
        (told[1].c - validated).abs() < 1e-9,
        "{told:?}, {validated}"
    );
    for Losses { loss, l, c, r } in told {
        let weighted = l + 100.0 * c + 5.0 * r;
        assert!((loss / weighted - 1.0).abs() < 1e-9, "{loss} {weighted}");
    }
}

#[test]
fn evaluate_says_what_score_says_in_both_units_and_samples_lie_within_the_bounds() {
    let folder = table();
    let at = |name: &str| folder.path().join(name);
    let model = {
        let session = session(folder.path(), MAPS);
        let data = Arc::new(open(&session).unwrap());
        Trainer::new(Arc::new(session), data, 1)
            .unwrap()
            .last_model()
    };
    model.save(&at("m.safetensors")).unwrap();
    // Rows of which none lies on a bound.
    let rows = rows(
        &open(&session(folder.path(), MAPS)).unwrap(),
        SplitPart::Test,
    );
    let names = ["tail", "count", "percent", "amount"].map(str::to_owned);
    let mut writer = TableWriter::create(&at("new.csv"), &names).unwrap();
    writer.write(&rows).unwrap();
    writer.finish().unwrap();
    let run = |command: &str, arguments: &[&str]| {
        let mut otflow = otflow(command);
        let output = otflow.arg("m.safetensors").args(arguments);
        let output = output.current_dir(folder.path()).output().unwrap();
        assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let read = |name: &str| {
        let blocks = Blocks::open(&at(name), &Selection::default(), 1000).unwrap();
        blocks.collect::<Result<Vec<_>, _>>().unwrap().concat()
    };
    run("score", &["new.csv", "--out=data.npy"]);
    let log = read("data.npy");
    let c = |log: &[f64]| -log.iter().sum::<f64>() / log.len() as f64;
    let said = run("evaluate", &["new.csv", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let said = |key: &str| said[0][key].as_f64().unwrap();
    assert!((said("C_data") - c(&log)).abs() < 1e-9);
    let raw = model.scaling.as_ref().unwrap().columns.iter();
    let determinant: f64 = raw.map(|column| column.raw().scale.ln()).sum();
    assert!((said("C") - (c(&log) - determinant)).abs() < 1e-9);
    run("sample", &["--n=2000", "--out=s.npy"]);
    run("sample", &["--n=2000", "--out=z.npy", "--standardized"]);
    let (samples, standardized) = (read("s.npy"), read("z.npy"));
    for (x, z) in samples.chunks_exact(4).zip(standardized.chunks_exact(4)) {
        assert!(0.0 < x[2] && x[2] < 100.0 && x[3] > 0.0, "{x:?}");
        for ((x, z), column) in x
            .iter()
            .zip(z)
            .zip(&model.scaling.as_ref().unwrap().columns)
        {
            let raw = column.raw();
            assert!(((x - raw.mean) / raw.scale - z).abs() < 1e-9 * (1.0 + z.abs()));
        }
    }
}
