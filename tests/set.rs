//! `otflow train --set FIELD=VALUE`: single fields without a file of their own.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::path::Path;

use runs::{Place, SMALL, code, lines, named, text};

/// Rates of the iterations.
fn rates(run: &Path) -> Vec<f64> {
    let rows = lines(&run.join("metrics.jsonl"));
    let rows = named(&rows, "iteration");
    rows.iter().map(|row| row["lr"].as_f64().unwrap()).collect()
}

#[track_caller]
fn replays(run: &Path) {
    let output = runs::otflow("replay").arg(run).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_run_has_the_bits_of_one_whose_file_has_the_values() {
    let written = SMALL
        .replace("lr: 0.05", "lr: 0.02")
        .replace("width: 6", "width: 5");
    let expected = Place::new(&written);
    expected.trains(&[]);
    let set = ["--set", "optimizer.lr=0.02", "--set", "model.width=5"];
    let place = Place::new(SMALL);
    place.trains(&set);
    runs::same(&place, &expected.left(), "set");
    let start = &lines(&place.run().join("metrics.jsonl"))[0];
    assert_eq!(start["session"]["model"]["width"], 5);
    replays(&place.run());
    // Also when it is cut.
    let cut = Place::new(&SMALL.replace("iterations: 40", "iterations: 13"));
    cut.trains(&set);
    cut.goes_on(&["--iterations", "40"]);
    runs::same(&cut, &expected.left(), "resumed");
}

#[test]
fn an_edit_of_the_field_in_the_file_counts_and_one_of_another_field_does_not() {
    let place = Place::new(&SMALL.replace("iterations: 40", "iterations: 4"));
    place.trains(&["--watch=poll", "--set", "optimizer.lr=0.02"]);
    let edit = |from: &str, to: &str| {
        let text = fs::read_to_string(place.session()).unwrap();
        fs::write(place.session(), text.replace(from, to)).unwrap();
        place.goes_on(&[]);
    };
    edit("iterations: 4", "iterations: 6");
    edit("lr: 0.05, schedule", "lr: 0.01, schedule");
    edit("iterations: 6", "iterations: 8");
    let (set, edited) = (0.02, 0.01);
    assert_eq!(rates(&place.run())[..6], [set; 6]);
    assert_eq!(rates(&place.run())[6..], [edited; 2]);
    replays(&place.run());
}

#[test]
fn a_run_that_goes_on_takes_a_new_value_as_an_edit() {
    let place = Place::new(&SMALL.replace("iterations: 40", "iterations: 4"));
    place.trains(&["--set", "optimizer.lr=0.02"]);
    place.goes_on(&["--iterations", "8", "--set", "optimizer.lr=0.01"]);
    assert_eq!(
        rates(&place.run()),
        [0.02, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01, 0.01]
    );
    let edits = lines(&place.run().join("edits.jsonl"));
    let told = named(&edits, "edit");
    let told = told
        .iter()
        .find(|edit| edit["field"] == "optimizer.lr")
        .unwrap();
    assert_eq!(
        (told["iteration"].as_u64(), told["new"].as_str()),
        (Some(4), Some("0.01"))
    );
    replays(&place.run());
    // And stays.
    place.goes_on(&["--iterations", "9"]);
    assert_eq!(rates(&place.run())[8], 0.01);
}

#[test]
fn a_fork_may_set_what_it_changes() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let fork = |out: &str, set: &str| {
        let mut command = runs::otflow("train");
        command.arg("--headless").arg("--from").arg(place.run());
        command.args(["--fork-at", "20", "--set", set, "--out", out]);
        command.current_dir(place.folder.path()).output().unwrap()
    };
    let output = fork("slow", "optimizer.lr=0.02");
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let slow = place.folder.path().join("slow");
    // Halved twice by then.
    assert_eq!(rates(&slow)[0], 0.005);
    replays(&slow);
    let output = fork("wide", "model.width=7");
    let said = text(&output.stderr);
    assert!(
        code(&output) == Some(2) && said.contains("`model.width` is 6"),
        "{said}"
    );
}

#[test]
fn what_can_not_be_set_is_refused_before_anything_is_made() {
    let place = Place::new(SMALL);
    for (set, part) in [
        (
            "optimizer.lr=50",
            "--set optimizer.lr=50: `optimizer.lr` must be a number above 0",
        ),
        ("optimizer.lrr=0.1", "did you mean `optimizer.lr`?"),
        (
            "data.path=\"x.csv\"",
            "--set data.path=\"x.csv\": `data.path` is no field that this session has",
        ),
        ("optimizer.lr", "expected FIELD=VALUE"),
    ] {
        let output = place.train(&["--set", set]).output().unwrap();
        let said = text(&output.stderr);
        assert!(code(&output) == Some(2) && said.contains(part), "{said}");
        assert!(!place.run().exists());
    }
}
