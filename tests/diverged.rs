//! Numbers that are not finite: the run goes back and slows down, or ends with 3; none of them is ever in what is kept.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;

use otflow::checkpoint::{Checkpoint, Latest};
use otflow::model::TrainedModel;
use runs::{Place, SMALL, code, lines, named, text};
use serde_json::Value;

/// Steps so large that single precision overflows.
fn wild() -> String {
    let single = SMALL.replace("width: 6", "width: 6, precision: F32");
    single.replace("lr: 0.05", "lr: 10.0")
}

/// Every number that is kept is finite.
fn sound(place: &Place) {
    let Latest { saved, damaged } = Checkpoint::latest(&place.run()).unwrap();
    let checkpoint = saved.checkpoint;
    assert_eq!(damaged, None);
    assert!(checkpoint.state.is_sound(checkpoint.state.parameters()));
    for name in ["best.safetensors", "last.safetensors"] {
        let path = place.run().join(name);
        if path.exists() {
            let model = TrainedModel::load(&path).unwrap();
            assert!(model.theta.iter().all(|value| value.is_finite()));
        }
    }
    let summary = fs::read(place.run().join("summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    let best = &summary["best"];
    assert!(best.is_null() || best["loss"].is_f64(), "{best}");
}

#[test]
fn steps_that_go_too_far_are_taken_back_and_the_rate_falls_also_where_the_run_was_cut() {
    let unbroken = Place::new(&wild());
    unbroken.trains(&[]);
    let metrics = lines(&unbroken.run().join("metrics.jsonl"));
    let rollbacks = named(&metrics, "rollback");
    assert!(!rollbacks.is_empty());
    for rollback in &rollbacks {
        let quantity = rollback["quantity"].as_str().unwrap();
        assert!(
            ["L", "C", "R", "loss", "validation loss"].contains(&quantity)
                || quantity.starts_with("gradient of ")
        );
    }
    sound(&unbroken);
    let at = rollbacks[0]["iteration"].as_u64().unwrap();
    for cut in at.saturating_sub(1).max(1)..=at + 1 {
        let place = Place::new(&wild().replace("iterations: 40", &format!("iterations: {cut}")));
        place.trains(&[]);
        sound(&place);
        place.goes_on(&["--iterations", "40"]);
        runs::same(&place, &unbroken.left(), &format!("cut at {cut}"));
    }
    let mut replay = runs::otflow("replay");
    let output = replay.arg(unbroken.run()).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

#[test]
fn without_a_rollback_left_it_ends_with_3_and_the_last_good_parameters() {
    let place = Place::new(&wild().replace("stop:", "recovery: (rollbacks: 0), stop:"));
    let output = place.train(&["--watch=poll"]).output().unwrap();
    let rows = runs::unwrapped(&output.stdout);
    assert_eq!(code(&output), Some(3), "{rows}");
    let metrics = lines(&place.run().join("metrics.jsonl"));
    let failed = named(&metrics, "iteration").last().unwrap()["iteration"]
        .as_u64()
        .unwrap();
    let named = format!("is not finite at iteration {failed} and no rollback is left");
    assert!(rows.contains(&named), "{rows}");
    sound(&place);
    // The same end again, and what an edit makes of it.
    let left = place.left();
    let output = place.resume(&[]).output().unwrap();
    assert_eq!(code(&output), Some(3));
    runs::same(&place, &left, "ended again");
    let tame = wild().replace("lr: 10.0", "lr: 0.01");
    fs::write(place.session(), tame).unwrap();
    place.goes_on(&[]);
    sound(&place);
    let mut replay = runs::otflow("replay");
    let output = replay.arg(place.run()).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_run_whose_loss_explodes_but_stays_finite_ends_with_3_and_no_false_best() {
    let double = SMALL.replace("lr: 0.05", "lr: 10.0");
    let place = Place::new(&double.replace("stop:", "recovery: (rollbacks: 2), stop:"));
    let output = place.train(&[]).output().unwrap();
    let metrics = lines(&place.run().join("metrics.jsonl"));
    let rows = named(&metrics, "iteration");
    assert!(rows.iter().all(|row| row["loss"].is_f64()), "all is finite");
    let top = rows.iter().map(|row| row["loss"].as_f64().unwrap());
    assert!(top.fold(0.0, f64::max) > 1e6, "and far away");
    assert_eq!(code(&output), Some(3), "{}", text(&output.stdout));
    assert!(!named(&metrics, "rollback").is_empty());
    let first = rows[0]["loss"].as_f64().unwrap();
    let summary = fs::read(place.run().join("summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    let best = summary["best"]["loss"].as_f64();
    assert!(best.is_none_or(|best| best < 10.0 * first), "{best:?}");
    assert_eq!(summary["verdict"]["verdict"], "diverged");
    sound(&place);
    let mut replay = runs::otflow("replay");
    let output = replay.arg(place.run()).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

#[test]
fn weights_of_a_million_train_or_are_taken_back() {
    let weights = "weights: (transport: 1e6, likelihood: 1e6, hjb: 1e6), stop:";
    for session in [SMALL.replace("lr: 0.05", "lr: 10.0"), wild()] {
        let place = Place::new(&session.replace("stop:", weights));
        let output = place.train(&[]).output().unwrap();
        assert!([Some(0), Some(3)].contains(&code(&output)));
        sound(&place);
    }
}

#[test]
fn values_of_a_table_that_no_flow_can_take_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let session = runs::table(folder.path());
    let table = folder.path().join("t.csv");
    let rows = fs::read_to_string(&table).unwrap();
    for (row, said) in [
        ("inf,3", "row 31"),
        ("-1e999,3", "row 31"),
        ("1e300,3", "column `1` is too large to be standardised"),
        (
            "3,-1.7e308\n3,1.7e308",
            "column `2` is too large to be standardised",
        ),
    ] {
        // In the order of the file, so that the last rows are looked at too.
        fs::write(&table, format!("{rows}\n{row}")).unwrap();
        let whole = "batch: 7, split: (test: 0.0, shuffle: None)";
        let place = Place::new(&session.replace("batch: 7", whole));
        let output = place.train(&[]).output().unwrap();
        let error = text(&output.stderr);
        assert!(
            code(&output) == Some(2) && error.contains(said),
            "{row}: {error}"
        );
        assert!(!place.run().exists());
    }
    // Large, but a column like any other once it is standardised.
    fs::write(&table, format!("1e30,3\n{rows}")).unwrap();
    let place = Place::new(&session);
    place.trains(&[]);
    sound(&place);
}
