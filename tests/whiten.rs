//! Columns whose correlations are taken away, from the table to densities, losses and samples.
//!
//! A flow of zeros leaves every row where it is, so that the density of a row is known by hand:
//!
//! ```text
//! log p(x) = sum over the learned columns of log N(w_k) + log |dw/dx|,     w = L^-1 z or h(L^-1 z),  z = the standardised row
//! ```
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod runs;

use std::f64::consts::TAU;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use otflow::data::{DataError, Dataset, SplitPart};
use otflow::fitted::{FittedFlow, Units};
use otflow::model::TrainedModel;
use otflow::problem::shape;
use otflow::scaling::{ColumnRange, Scaling};
use otflow::session::{self, Session, Whiten};
use otflow::table::{Blocks, Selection, TableWriter};
use runs::{code, otflow, text};
use tempfile::TempDir;

/// Numbers in (0, 1) that look irregular.
fn noise(k: u32) -> f64 {
    let wave = (f64::from(k) * 12.9898).sin() * 43_758.545_3;
    wave - wave.floor()
}

/// Three measures of one thing, amounts above 0; counts; and a column that the others tell nothing of.
fn table() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "width,height,weight,count,place\n".to_owned();
    for k in 0..3000 {
        let size = (noise(5 * k) - 0.5).exp();
        let width = size * (1.0 + 0.05 * noise(5 * k + 1));
        let height = 10.0 * size * (1.0 + 0.1 * noise(5 * k + 2));
        let weight = size.powi(3) * (1.0 + 0.2 * noise(5 * k + 3));
        let count = (6.0 * size + 3.0 * noise(5 * k + 1)).round();
        let place = noise(5 * k + 4);
        writeln!(text, "{width},{height},{weight},{count},{place}").unwrap();
    }
    fs::write(folder.path().join("t.csv"), text).unwrap();
    folder
}

const ALL: &str = r#"jitter: {"count": 1.0}, transform: {"width": Normal, "weight": Log}"#;
const GIVEN: &str =
    r#"given: ["place"], jitter: {"count": 1.0}, transform: {"height": Log, "place": Normal}"#;

fn session(folder: &Path, fields: &str) -> Session {
    of_kind(folder, Whiten::Yes, fields)
}

fn of_kind(folder: &Path, whiten: Whiten, fields: &str) -> Session {
    let text = format!(
        "(data: Table(path: \"t.csv\", batch: 3000, whiten: {whiten:?}, {fields}), model: (width: 4, seed: 3),
          flow: (steps: 4), validation: (every: 1, samples: 200, steps: 4))"
    );
    session::parse(&text, &folder.join("s.ron")).unwrap()
}

fn open(session: &Session) -> Result<Dataset, DataError> {
    Dataset::open(&session.data, session.model.seed)
}

/// A flow that leaves rows where they are.
fn still(session: &Session) -> TrainedModel {
    let data = open(session).unwrap();
    let shape = shape(session, &data);
    TrainedModel {
        shape,
        precision: session::Precision::F64,
        theta: vec![0.0; shape.parameters()],
        scaling: data.scaling().cloned(),
        name_source: data.name_source(),
        origin: None,
    }
}

/// Rows of a part in the flow's units.
fn rows(data: &Dataset, part: SplitPart) -> Vec<f64> {
    data.table().unwrap().spaced_rows(part, usize::MAX).unwrap()
}

fn log_normal(w: f64) -> f64 {
    -0.5 * (w * w + TAU.ln())
}

/// log |det| by elimination with pivots.
fn log_determinant(mut matrix: Vec<Vec<f64>>) -> f64 {
    let mut log = 0.0;
    while !matrix.is_empty() {
        let size = |row: &[f64]| row[0].abs();
        let best = (0..matrix.len()).max_by(|&i, &j| size(&matrix[i]).total_cmp(&size(&matrix[j])));
        let pivot = matrix.swap_remove(best.unwrap());
        log += pivot[0].abs().ln();
        for row in &mut matrix {
            let share = row[0] / pivot[0];
            *row = row[1..]
                .iter()
                .zip(&pivot[1..])
                .map(|(value, above)| value - share * above)
                .collect();
        }
    }
    log
}

/// log |dw/dx| over the first d columns at a row of the table, by central differences.
fn log_jacobian(scaling: &Scaling, x: &[f64], d: usize) -> f64 {
    let span = ColumnRange {
        first: 0,
        width: x.len(),
    };
    let moved = |k: usize, by: f64| {
        let mut row = x.to_vec();
        row[k] += by;
        scaling.standardize(&mut row, span, Units::Data);
        row
    };
    let slopes = (0..d).map(|k| {
        let h = 1e-6 * scaling.columns[k].raw().scale;
        let (above, below) = (moved(k, h), moved(k, -h));
        let off = above.iter().zip(&below).take(d);
        off.map(|(a, b)| (a - b) / (2.0 * h)).collect()
    });
    log_determinant(slopes.collect())
}

#[test]
fn what_the_flow_gets_has_mean_0_and_the_identity_as_its_covariance() {
    let folder = table();
    for (fields, d, width) in [("", 5, 5), (ALL, 5, 5), (GIVEN, 4, 5)] {
        let data = open(&session(folder.path(), fields)).unwrap();
        let learned = [SplitPart::Training, SplitPart::Validation].map(|part| rows(&data, part));
        let learned = learned.concat();
        let n = (learned.len() / width) as f64;
        let column = |i: usize| learned.iter().skip(i).step_by(width);
        let mean = |i: usize| column(i).sum::<f64>() / n;
        for i in 0..d {
            // Noise of an unmapped column counts in its deviation, and on average only in its mean.
            let most = if fields.is_empty() { 1e-9 } else { 0.05 };
            assert!(mean(i).abs() < most, "{fields}: mean {}", mean(i));
            for j in 0..=i {
                let product: f64 = column(i).zip(column(j)).map(|(a, b)| a * b).sum();
                let covariance = product / n - mean(i) * mean(j);
                let want = f64::from(u8::from(i == j));
                assert!(
                    (covariance - want).abs() < 1e-7,
                    "{fields}: {covariance} of {i} and {j}"
                );
            }
        }
        // Given columns are standardised alone.
        for i in d..width {
            let variance = column(i).map(|y| y * y).sum::<f64>() / n - mean(i) * mean(i);
            assert!((variance - 1.0).abs() < 1e-9, "{variance}");
        }
        let offsets = data.offsets(&rows(&data, SplitPart::Training));
        let mean = offsets.iter().sum::<f64>() / offsets.len() as f64;
        assert!((mean - data.mean_offset()).abs() < 1e-9, "{mean}");
    }
}

#[test]
fn a_few_rows_far_out_leave_the_others_normal() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "a,b,c\n".to_owned();
    for k in 0..3000 {
        let [a, b, c] = [0, 1, 2].map(|j| (0..12).map(|i| noise(36 * k + 12 * j + i)).sum::<f64>());
        let (a, b, c) = (a, a + 0.01 * b, c * c);
        // Seven rows without a measure of b.
        let b = if k % 400 == 7 { 0.0 } else { b };
        writeln!(text, "{a},{b},{c}").unwrap();
    }
    fs::write(folder.path().join("t.csv"), text).unwrap();
    let data = open(&of_kind(folder.path(), Whiten::Normal, "")).unwrap();
    let learned = [SplitPart::Training, SplitPart::Validation].map(|part| rows(&data, part));
    let learned = learned.concat();
    for i in 0..3 {
        let mut column: Vec<f64> = learned.iter().skip(i).step_by(3).copied().collect();
        column.sort_by(f64::total_cmp);
        // Deciles, the hundredth and the ends of the normal; the last ones are where 1 of 2700 rows lies.
        let at = |share: f64| column[(share * column.len() as f64) as usize];
        for (share, want) in [
            (0.01, -2.326),
            (0.1, -1.282),
            (0.5, 0.0),
            (0.9, 1.282),
            (0.99, 2.326),
        ] {
            assert!(
                (at(share) - want).abs() < 0.12,
                "{i}: {} at {share}",
                at(share)
            );
        }
        let ends = column[0].abs().max(column[column.len() - 1].abs());
        assert!((3.0..5.0).contains(&ends), "{i}: {ends}");
    }
    let offsets = data.offsets(&rows(&data, SplitPart::Training));
    let mean = offsets.iter().sum::<f64>() / offsets.len() as f64;
    assert!((mean - data.mean_offset()).abs() < 1e-9, "{mean}");
}

#[test]
fn the_same_rows_come_back_as_without_whitening() {
    let folder = table();
    let kinds = [Whiten::Yes, Whiten::Normal];
    for (fields, whiten) in [ALL, GIVEN]
        .into_iter()
        .flat_map(|of| kinds.map(|kind| (of, kind)))
    {
        let whitened = of_kind(folder.path(), whiten, fields);
        let plain = {
            let text = format!("(data: Table(path: \"t.csv\", {fields}), model: (seed: 3))");
            session::parse(&text, &folder.path().join("s.ron")).unwrap()
        };
        let back = |session: &Session, units| {
            let data = open(session).unwrap();
            let mut rows = rows(&data, SplitPart::Test);
            let span = ColumnRange { first: 0, width: 5 };
            data.scaling().unwrap().restore(&mut rows, span, units);
            rows
        };
        for units in [Units::Data, Units::Standardized] {
            let (whitened, plain) = (back(&whitened, units), back(&plain, units));
            let pairs = whitened.iter().zip(&plain);
            let off = pairs.fold(0.0_f64, |off, (a, b)| {
                off.max((a - b).abs() / (1.0 + b.abs()))
            });
            assert!(off < 1e-11, "{fields} {whiten:?} {units:?}: {off:e}");
        }
    }
}

#[test]
fn a_column_that_others_determine_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "a,b,y,sum,c\n".to_owned();
    for k in 0..400 {
        let (a, b) = (noise(2 * k), noise(2 * k + 1));
        let (y, sum, c) = (a + b, 3.0 * a - b, noise(5 * k + 3));
        writeln!(text, "{a},{b},{y},{sum},{c}").unwrap();
    }
    fs::write(folder.path().join("t.csv"), text).unwrap();
    let refusal = |fields: &str| {
        let refused = open(&session(folder.path(), fields)).err();
        refused.map_or_else(String::new, |error| error.to_string())
    };
    let all = refusal("");
    let words = "column `y` is `a` + `b`; column `sum` is 3 `a` - `b`: leave";
    assert!(all.contains(words), "{all}");
    // A given column determines a learned one as well, and no map takes the relation away.
    let given = refusal(r#"columns: ["a", "b"], given: ["y"]"#);
    assert!(given.contains("column `b` is `y` - `a`"), "{given}");
    let mapped = refusal(r#"columns: ["a", "b", "y"], transform: {"y": Asinh(0, 1)}"#);
    assert!(mapped.contains("column `y` is `a` + `b`"), "{mapped}");
    // Noise does, and given columns may depend on each other.
    assert_eq!(
        refusal(r#"columns: ["a", "b", "y"], jitter: {"y": 0.1}"#),
        ""
    );
    assert_eq!(
        refusal(r#"columns: ["c"], given: ["a", "b", "y", "sum"]"#),
        ""
    );
}

#[test]
fn densities_are_those_of_the_columns_and_their_whitening_by_hand() {
    let folder = table();
    for (fields, d, whiten) in [
        (ALL, 5, Whiten::Yes),
        (GIVEN, 4, Whiten::Yes),
        (ALL, 5, Whiten::Normal),
        (GIVEN, 4, Whiten::Normal),
    ] {
        let session = of_kind(folder.path(), whiten, fields);
        let model = still(&session);
        let scaling = model.scaling.clone().unwrap();
        let mut flow = FittedFlow::new(&model, 1, Some(2)).unwrap();
        let w = rows(&open(&session).unwrap(), SplitPart::Test);
        let x = flow.restored(w.clone(), Units::Data);
        let s = flow.restored(w.clone(), Units::Standardized);
        let log = flow.log_densities(x.clone(), Units::Data);
        let same = flow.log_densities(s, Units::Standardized);
        let raw = scaling.columns.iter().take(d);
        let determinant: f64 = raw.map(|column| column.raw().scale.ln()).sum();
        let points = x.chunks_exact(5).zip(w.chunks_exact(5));
        for ((x, w), (log, same)) in points.zip(log.iter().zip(&same)).step_by(7) {
            let normal: f64 = w[..d].iter().copied().map(log_normal).sum();
            let by_hand = normal + log_jacobian(&scaling, x, d);
            assert!(
                (log - by_hand).abs() < 1e-4 * (1.0 + by_hand.abs()),
                "{x:?}: {log}, {by_hand} by hand"
            );
            assert!((same - determinant - log).abs() < 1e-7 * (1.0 + log.abs()));
        }
    }
}

#[test]
fn rows_beyond_the_bounds_have_no_density_whatever_stands_beside_them() {
    let folder = table();
    let model = still(&session(folder.path(), ALL));
    let mut flow = FittedFlow::new(&model, 1, Some(2)).unwrap();
    let rows = [
        [1.0, 10.0, -1.0, 6.0, 0.5],
        [1.0, 10.0, 0.0, 6.0, 0.5],
        [1.0, f64::NAN, -1.0, 6.0, 0.5],
        [1.0, 10.0, 1.0, 6.0, 0.5],
    ];
    let log = flow.log_densities(rows.concat(), Units::Data);
    assert_eq!(log[..2], [f64::NEG_INFINITY; 2]);
    assert!(log[2].is_nan() && log[3].is_finite(), "{log:?}");
}

#[test]
fn a_model_file_keeps_its_whitening_and_a_damaged_one_is_refused() {
    let folder = table();
    let path = folder.path().join("m.safetensors");
    let mapped = still(&of_kind(folder.path(), Whiten::Normal, ALL));
    let model = still(&session(folder.path(), ALL));
    for model in [&mapped, &model] {
        model.save(&path).unwrap();
        assert_eq!(TrainedModel::load(&path).unwrap(), *model);
    }
    let damaged = |model: &TrainedModel, damage: &dyn Fn(&mut serde_json::Value)| {
        let mut json = serde_json::to_value(model.scaling.as_ref().unwrap()).unwrap();
        damage(&mut json);
        let scaling = serde_json::from_value(json).ok()?;
        let other = TrainedModel {
            scaling: Some(scaling),
            ..model.clone()
        };
        // Not every model can be saved that could not be loaded.
        other.save(&path).ok()?;
        Some(TrainedModel::load(&path).unwrap_err().to_string())
    };
    type Damage<'a> = &'a dyn Fn(&mut serde_json::Value);
    let cases: [(&str, &TrainedModel, Damage); 7] = [
        ("negative", &model, &|json| {
            json["whitening"][1][1] = (-1.0).into()
        }),
        ("zero", &model, &|json| json["whitening"][4][4] = 0.0.into()),
        ("short", &model, &|json| {
            json["whitening"].as_array_mut().unwrap().truncate(4);
        }),
        ("ragged", &model, &|json| {
            json["whitening"][2].as_array_mut().unwrap().truncate(1);
        }),
        ("twice", &mapped, &|json| {
            json["whitening"]["order"] = serde_json::json!([0, 1, 2, 3, 3]);
        }),
        ("few maps", &mapped, &|json| {
            json["whitening"]["maps"]
                .as_array_mut()
                .unwrap()
                .truncate(1);
        }),
        ("falling", &mapped, &|json| {
            json["whitening"]["maps"][0]["u"][0] = 1e9.into();
        }),
    ];
    for (name, model, damage) in cases {
        let refusal = damaged(model, damage).unwrap_or_default();
        assert!(refusal.contains("metadata columns"), "{name}: {refusal:?}");
    }
}

#[test]
fn score_evaluate_and_sample_speak_the_units_of_the_table() {
    let folder = table();
    let at = |name: &str| folder.path().join(name);
    let session = session(folder.path(), ALL);
    let model = still(&session);
    model.save(&at("m.safetensors")).unwrap();
    let flow = FittedFlow::new(&model, 1, Some(4)).unwrap();
    let scaling = model.scaling.clone().unwrap();
    let w = rows(&open(&session).unwrap(), SplitPart::Test);
    let x = flow.restored(w.clone(), Units::Data);
    let mut writer = TableWriter::create(&at("new.csv"), &scaling.names()).unwrap();
    writer.write(&x).unwrap();
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
    let c = -log.iter().sum::<f64>() / log.len() as f64;
    let said = run("evaluate", &["new.csv", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let said = |key: &str| said[0][key].as_f64().unwrap();
    let raw = scaling.columns.iter();
    let determinant: f64 = raw.map(|column| column.raw().scale.ln()).sum();
    assert!((said("C_data") - c).abs() < 1e-9);
    assert!((said("C") - (c - determinant)).abs() < 1e-9);
    // By hand: the mean of -log N(w) and of the offsets.
    let normal = w.iter().copied().map(log_normal).sum::<f64>() / log.len() as f64;
    let offset = scaling.offsets(&w, 5).iter().sum::<f64>() / log.len() as f64;
    assert!((said("C") + normal + offset).abs() < 1e-9);
    assert!(said("L") == 0.0 && said("inverse_error_max") == 0.0);
    run("sample", &["--n=20000", "--out=s.npy"]);
    let samples = read("s.npy");
    assert!(samples.chunks_exact(5).all(|x| x[2] > 0.0));
    // The samples of a flow that does nothing have the table's correlations, as far as its maps are straight.
    let correlation = |rows: &[f64], i: usize, j: usize| {
        let n = (rows.len() / 5) as f64;
        let column = |i: usize| rows.iter().skip(i).step_by(5);
        let mean = |i: usize| column(i).sum::<f64>() / n;
        let product = |i: usize, j: usize| {
            let pairs = column(i).zip(column(j));
            pairs.map(|(a, b)| a * b).sum::<f64>() / n - mean(i) * mean(j)
        };
        product(i, j) / (product(i, i) * product(j, j)).sqrt()
    };
    for (i, j) in [(0, 1), (1, 3), (0, 4), (3, 4)] {
        let (of_samples, of_table) = (correlation(&samples, i, j), correlation(&x, i, j));
        assert!(
            (of_samples - of_table).abs() < 0.15,
            "{i}, {j}: {of_samples} {of_table}"
        );
    }
}
