//! Columns that spoil a density, as users meet them: what `init` makes of them, what `train` refuses and warns of; samples within
//! bounds and on the lattice of the column.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

mod runs;
#[path = "columns/sums.rs"]
mod sums;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use otflow::session::ColumnBounds::{Above, Between};
use otflow::session::{Missing, Session, load};
use runs::{code, otflow, text};
use tempfile::TempDir;

/// What a command did.
struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(folder: &Path, command: &str, arguments: &[&str]) -> Done {
    let mut otflow = otflow(command);
    let output = otflow.args(arguments).current_dir(folder).output().unwrap();
    Done {
        code: code(&output),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

/// A folder with a table `t.csv` of so many rows of numbers.
fn table(names: &str, rows: u32, row: impl Fn(u32) -> Vec<f64>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = format!("{names}\n");
    for k in 0..rows {
        let row: Vec<String> = row(k).iter().map(f64::to_string).collect();
        writeln!(text, "{}", row.join(",")).unwrap();
    }
    fs::write(folder.path().join("t.csv"), text).unwrap();
    folder
}

/// Numbers in (0, 1) that look irregular; another sequence for every column.
fn uniform(k: u32, column: u32) -> f64 {
    let wave = (f64::from(k * 16 + column + 1) * 12.9898).sin() * 43_758.545_3;
    (wave - wave.floor()).clamp(1e-9, 1.0 - 1e-9)
}

/// Normal numbers that look irregular.
fn normal(k: u32, column: u32) -> f64 {
    let (radius, angle) = (uniform(k, 2 * column), uniform(k, 2 * column + 1));
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// The session that `init` writes for the table, and what it says.
#[track_caller]
fn made(folder: &Path) -> (Session, String) {
    let Done { code, out, err } = run(folder, "init", &["t.csv"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    (load(&folder.join("t.ron")).unwrap(), out)
}

/// What `train` does with a session of these fields.
fn trained(folder: &Path, fields: &str) -> Done {
    let session = format!(
        "(data: Table(path: \"t.csv\", {fields}), model: (width: 4), flow: (steps: 2), validation: (samples: 50, steps: 2))"
    );
    fs::write(folder.join("s.ron"), session).unwrap();
    let _ = fs::remove_dir_all(folder.join("run"));
    let arguments = ["s.ron", "--headless", "--iterations=2", "--out=run"];
    run(folder, "train", &arguments)
}

fn rounded(x: f64, step: f64) -> f64 {
    (x / step).round() / (1.0 / step)
}

#[test]
fn samples_of_classes_are_classes() {
    let row = |k: u32| {
        let class = f64::from(u8::from(uniform(k, 0) < 0.3));
        let stars = 1.0 + (5.0 * uniform(k, 1)).floor();
        vec![class, stars, normal(k, 2)]
    };
    let folder = table("class,stars,y", 400, row);
    let (session, _) = made(folder.path());
    let data = session.data.table().unwrap();
    assert_eq!(data.bounds.get("class"), Some(&Between(-0.5, 1.5)));
    assert_eq!(data.bounds.get("stars"), Some(&Between(0.5, 5.5)));
    let arguments = ["t.ron", "--headless", "--iterations=3", "--out=run"];
    let trained = run(folder.path(), "train", &arguments);
    assert_eq!((trained.code, trained.err.as_str()), (Some(0), ""));
    let sampled = run(
        folder.path(),
        "sample",
        &["run", "-n", "1000", "-o", "new.csv"],
    );
    assert_eq!(sampled.code, Some(0), "{}", sampled.err);
    let new = fs::read_to_string(folder.path().join("new.csv")).unwrap();
    for line in new.lines().skip(1) {
        let (class, rest) = line.split_once(',').unwrap();
        let stars = rest.split_once(',').unwrap().0;
        assert!(
            ["0", "1"].contains(&class) && ["1", "2", "3", "4", "5"].contains(&stars),
            "{line}"
        );
    }
}

#[test]
fn init_tells_of_rows_far_out_that_a_map_brings_near() {
    let row = |k: u32| {
        let far = if k == 700 { 1e9 } else { normal(k, 0) };
        vec![far, normal(k, 1)]
    };
    let (session, said) = made(table("far,good", 1000, row).path());
    assert_eq!(session.data.table().unwrap().transform.len(), 1, "{said}");
    let told = "column `far`: 99.9 % of the rows lie within";
    assert!(
        said.contains(told) && said.contains("in row 701: its map brings them near"),
        "{said}"
    );
    assert!(!said.contains("`good`"), "{said}");
}

#[test]
fn train_warns_on_stderr_and_in_the_log_of_what_the_session_does_not_treat() {
    let row = |k: u32| {
        let far = if k == 700 {
            1e9
        } else {
            0.5 + 0.05 * normal(k, 0)
        };
        let sentinel = match k % 20 {
            3 => -999.0,
            _ => rounded(15.0 + normal(k, 1), 0.01),
        };
        let inflated = if k % 10 < 3 { 0.0 } else { 5.0 + normal(k, 2) };
        let positive = (1.5 * normal(k, 3)).exp();
        vec![far, sentinel, inflated, positive, normal(k, 4)]
    };
    let folder = table("far,temp,rain,price,good", 1000, row);
    let warned = trained(folder.path(), r#"jitter: {"temp": 0.01}"#);
    assert_eq!(warned.code, Some(0), "{}", warned.err);
    let log = fs::read_to_string(folder.path().join("run/log.txt")).unwrap();
    let log = log.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "column `far`: 99.9 % of the rows lie within",
        "column `temp`: -999 in 5 % of the rows, far from all others",
        "column `rain`: 0 in 30 % of the rows: a spike",
        "column `price`: above 0.0 in every row",
    ] {
        let lines = warned.err.lines();
        assert_eq!(
            lines.filter(|line| line.contains(words)).count(),
            1,
            "{words}: {}",
            warned.err
        );
        assert!(log.contains(words), "{log}");
    }
    assert_eq!(warned.err.matches("warning: ").count(), 4, "{}", warned.err);
    let treated = r#"columns: ["far", "price", "good"], transform: {"far": Asinh(0.5, 0.05)}, bounds: {"price": Above(0)}"#;
    assert_eq!(trained(folder.path(), treated).err, "");
}

#[test]
fn init_takes_sentinels_for_missing_values() {
    let row = |k: u32| {
        let temp = rounded(15.0 + normal(k, 0), 0.01);
        let wind = normal(k, 1).exp();
        match k {
            k if k % 20 == 3 => vec![-999.0, wind],
            k if k % 50 == 7 => vec![temp, 1e20],
            _ => vec![temp, wind],
        }
    };
    let folder = table("temp,wind", 500, row);
    let (session, said) = made(folder.path());
    let words = ["-999", "100000000000000000000"].map(String::from).to_vec();
    assert_eq!(
        *session.data.table().unwrap().missing,
        Missing::words(words)
    );
    // 25 and 10 rows.
    assert!(
        said.contains("; 35 with missing values are dropped"),
        "{said}"
    );
    assert!(
        said.contains("column `temp`: -999 in 6 % of the rows, far from all others"),
        "{said}"
    );
    let arguments = ["t.ron", "--headless", "--iterations=5", "--out=run"];
    let trained = run(folder.path(), "train", &arguments);
    assert_eq!((trained.code, trained.err.as_str()), (Some(0), ""));
}

#[test]
fn good_tables_are_not_warned_of() {
    let row = |k| {
        let (a, b, c) = (normal(k, 0), normal(k, 1), normal(k, 2));
        let near = 0.999 * a + (1.0_f64 - 0.999 * 0.999).sqrt() * b;
        vec![
            a,
            near,
            a + near + 0.05 * c,
            uniform(k, 15),
            1e6 + 1e3 * normal(k, 3),
        ]
    };
    let folder = table("a,near,nearly,even,far", 3000, row);
    let good = trained(folder.path(), "");
    assert_eq!((good.code, good.err.as_str()), (Some(0), ""));
    let (session, said) = made(folder.path());
    assert_eq!(session.data.table().unwrap().columns.len(), 5);
    assert!(!said.contains("column `"), "{said}");
}

#[test]
fn samples_keep_to_the_bounds_and_the_lattice_that_init_finds() {
    let row = |k: u32| {
        let price = (1.5 * normal(k, 0)).exp();
        let count = (2.0 * normal(k, 1).abs() * price.min(9.0)).floor();
        let time = 1_700_000_000.0 + (86_400.0 * uniform(k, 9)).floor();
        let share = (1.57 * uniform(k, 10)).sin().powi(2);
        vec![price, count, time, share]
    };
    let folder = table("price,count,time,share", 600, row);
    let (session, _) = made(folder.path());
    let data = session.data.table().unwrap();
    assert_eq!(data.bounds.get("price"), Some(&Above(0.0)));
    assert_eq!(data.bounds.get("count"), Some(&Above(-0.5)));
    assert_eq!(data.bounds.get("share"), Some(&Between(0.0, 1.0)));
    let round: Vec<_> = data.round.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_eq!(round, [("count", 1.0), ("time", 1.0)]);
    let arguments = ["t.ron", "--headless", "--iterations=5", "--out=run"];
    let trained = run(folder.path(), "train", &arguments);
    assert_eq!((trained.code, trained.err.as_str()), (Some(0), ""));
    let sampled = run(
        folder.path(),
        "sample",
        &["run", "-n", "2000", "-o", "new.csv"],
    );
    assert_eq!(sampled.code, Some(0), "{}", sampled.err);
    let new = fs::read_to_string(folder.path().join("new.csv")).unwrap();
    for line in new.lines().skip(1) {
        let row: Vec<f64> = line.split(',').map(|text| text.parse().unwrap()).collect();
        assert!(
            row[0] > 0.0 && row[1] >= 0.0 && (0.0..1.0).contains(&row[3]),
            "{line}"
        );
        assert!(row[1].fract() == 0.0 && row[2].fract() == 0.0, "{line}");
    }
    // Every row of the table has a density, and one beyond a bound has none.
    let scored = |table: &str| {
        let scored = run(folder.path(), "score", &["run", table, "-o", "d.csv"]);
        assert_eq!(scored.code, Some(0), "{}", scored.err);
        let text = fs::read_to_string(folder.path().join("d.csv")).unwrap();
        let densities = text.lines().skip(1).map(|line| line.parse().unwrap());
        densities.collect::<Vec<f64>>()
    };
    assert!(scored("t.csv").iter().all(|log| log.is_finite()));
    let beyond = "price,count,time,share\n-1,2,1700000001,0.5\n1,2,1700000001,1.5\n";
    fs::write(folder.path().join("beyond.csv"), beyond).unwrap();
    assert_eq!(scored("beyond.csv"), [f64::NEG_INFINITY; 2]);
}

#[test]
fn a_row_beyond_the_bounds_is_refused_with_its_value() {
    let row = |k: u32| {
        vec![
            if k == 41 { -3.0 } else { 1.0 + uniform(k, 0) },
            normal(k, 1),
        ]
    };
    let folder = table("x,y", 100, row);
    for (bounds, words) in [
        ("Above(0)", "values above 0.0, and it has -3.0 in row 42"),
        ("Below(1.5)", "values below 1.5, and it has "),
        (
            "Between(-1, 9)",
            "values between -1.0 and 9.0, and it has -3.0 in row 42",
        ),
    ] {
        let refused = trained(folder.path(), &format!("bounds: {{\"x\": {bounds}}}"));
        assert_eq!(refused.code, Some(2));
        assert!(
            refused.err.contains("`data.bounds` takes column \"x\""),
            "{}",
            refused.err
        );
        assert!(refused.err.contains(words), "{}", refused.err);
    }
    for (fields, words) in [
        (r#"bounds: {"x": Between(1, 0)}"#, "the lower one first"),
        (
            r#"bounds: {"x": Above(-9)}, transform: {"x": Log}"#,
            "take it out of `data.transform`",
        ),
        (r#"bounds: {"z": Above(0)}"#, "`data.bounds` names \"z\""),
        (r#"round: {"x": 0.0}"#, "must be a finite number above 0"),
        (r#"round: {"z": 1.0}"#, "`data.round` names \"z\""),
    ] {
        let refused = trained(folder.path(), fields);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains(words), "{}", refused.err);
    }
}

#[test]
fn almost_constant_columns_are_told_as_what_they_are() {
    let row = |k: u32| {
        let grain = (8.0 * uniform(k, 0)).floor();
        vec![
            1e9 + grain * 1.2e-7,
            1.7e18 + 256.0 * grain,
            1e-200 * normal(k, 1),
            1e200 * normal(k, 2),
            normal(k, 3),
        ]
    };
    let folder = table("near,ns,tiny,huge,y", 300, row);
    let (_, said) = made(folder.path());
    for words in [
        "left out `near`: varies by ",
        "left out `ns`: varies by ",
        "around 1.7e18, hardly more than numbers of this size are rounded by",
        "left out `tiny`: too small to be standardised",
        "left out `huge`: too large to be standardised",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(said.lines().all(|line| line.len() < 200), "{said}");
}
