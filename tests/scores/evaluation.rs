//! What `evaluate` makes of rows that are far out, and of a table that is not the one that was learned.

use std::fs;

use otflow::session::Precision;
use otflow::table::NameSource;
use serde_json::Value;

use super::runs::{self, Place, code, otflow, text};
use super::{Folder, log_normal};

#[test]
fn an_evaluation_says_that_the_table_was_changed_since() {
    let place = Place::new("");
    let folder = place.folder.path();
    // Noise is asked for by the columns' names.
    let session = runs::table(folder).replace("jitter: {\"1\": 1.0, \"2\": 1.0}, ", "");
    fs::write(place.session(), session).unwrap();
    place.trains(&["--iterations=2"]);
    let evaluate = || {
        let mut program = otflow("evaluate");
        program.arg("run").current_dir(folder).output().unwrap()
    };
    let output = evaluate();
    assert!(output.status.success() && output.stderr.is_empty());
    let rows = fs::read_to_string(folder.join("t.csv")).unwrap();
    fs::write(folder.join("t.csv"), format!("{rows}\n1000,3\n")).unwrap();
    let output = evaluate();
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("the table was changed since"));
    fs::write(folder.join("t.csv"), format!("a,b\n{rows}\n")).unwrap();
    let output = evaluate();
    assert_eq!(code(&output), Some(2));
    assert!(text(&output.stderr).contains("a, b in the place of 1, 2"));
}

#[test]
fn an_evaluation_counts_rows_that_only_f64_holds_and_leaves_out_those_without_a_density() {
    let folder = Folder::new(&["x"], Some(NameSource::File), Precision::F32);
    let evaluation = |rows: &str, arguments: &[&str]| {
        let output = folder.run("evaluate", rows, &[&["--json"], arguments].concat());
        assert!(output.status.success());
        let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
        (figures, text(&output.stderr))
    };
    let near = -(log_normal(0.5) + log_normal(-1.5)) / 2.0;
    let all = (2.0 * near - log_normal(-1e39 - 1.0)) / 3.0;
    let (figures, said) = evaluation("x\n1.5\n-1e39\n1e300\n-0.5\n", &[]);
    let figure = |name: &str| figures[0][name].as_f64().unwrap();
    let counts = ["rows", "in_f64", "without_density"].map(figure);
    assert_eq!(counts, [3.0, 1.0, 1.0]);
    assert!((figure("C") / all - 1.0).abs() < 1e-12);
    for name in ["loss", "L", "R", "inverse_error", "mmd"] {
        assert!(figure(name).is_finite(), "{name}");
    }
    let told: Vec<&str> = said.lines().collect();
    assert_eq!(told.len(), 2, "{said}");
    assert!(told[0].starts_with("1 row is so far out that f32 holds no density: computed in f64"));
    assert!(
        told[0].contains(&format!("C of the other rows is {near:.5}")),
        "{said}"
    );
    assert!(told[1].contains("holds no density: left out of all figures"));
    // Its C is the mean of the densities that score writes.
    let rows = "x\n1.5\n-1e25\n3e38\n-0.5\n";
    let densities = folder.scores(rows, &[]);
    let log = densities[1..].iter().map(|log| log.parse::<f64>().unwrap());
    let (figures, _) = evaluation(rows, &["--steps=4,8"]);
    let c = figures[1]["C_data"].as_f64().unwrap();
    assert!((-c / (log.sum::<f64>() / 4.0) - 1.0).abs() < 1e-6);
    // With no other rows there is nothing to follow in f32.
    let (figures, said) = evaluation("x\n1e39\n", &[]);
    assert!(figures[0]["inverse_error"].is_null() && said.contains("there are no other rows"));
    let output = folder.run("evaluate", "x\n1e300\n", &[]);
    assert_eq!(code(&output), Some(2));
    let output = folder.run("evaluate", "x\nNA\n", &["--drop-missing"]);
    assert_eq!(code(&output), Some(2));
    assert!(text(&output.stderr).contains("has no rows: all 1 have missing values"));
}
