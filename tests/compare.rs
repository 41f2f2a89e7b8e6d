//! `otflow compare`: runs of the real program side by side.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::process::Output;

use runs::{Place, SMALL, code, text};
use serde_json::Value;

/// Two runs and a fork of the first, one directory that is no run and one that is damaged.
fn place() -> Place {
    let place = Place::new(SMALL);
    place.trains(&[]);
    for arguments in [
        ["--set", "optimizer.lr=0.01", "--out", "slow"],
        ["--from", "run", "--out", "fork"],
    ] {
        let mut command = runs::otflow("train");
        command
            .arg(place.session())
            .args(arguments)
            .arg("--headless");
        let output = command.current_dir(place.folder.path()).output().unwrap();
        assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    }
    let at = |name: &str| place.folder.path().join(name);
    fs::create_dir(at("foreign")).unwrap();
    fs::create_dir(at("damaged")).unwrap();
    fs::write(
        at("damaged/metrics.jsonl"),
        "{\"event\":\"iteration\"}\nnonsense",
    )
    .unwrap();
    place
}

fn compare(place: &Place, arguments: &[&str]) -> Output {
    let mut command = runs::otflow("compare");
    command.args(arguments).current_dir(place.folder.path());
    command.output().unwrap()
}

#[test]
fn runs_are_told_and_what_is_none_is_left_out() {
    let place = place();
    let all = ["run", "foreign", "slow", "damaged", "fork", "gone"];
    let output = compare(&place, &all);
    assert_eq!(code(&output), Some(0));
    let rows = text(&output.stdout);
    let head: Vec<&str> = rows.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head.last(), Some(&"optimizer.lr"), "{rows}");
    assert_eq!(rows.lines().count(), 4);
    let said = text(&output.stderr);
    for name in ["foreign", "damaged", "gone"] {
        let line = said.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.starts_with("left out: "), "{said}");
    }
    let none = compare(&place, &["foreign", "gone"]);
    assert_eq!(code(&none), Some(1));
    assert!(none.stdout.is_empty());
}

#[test]
fn json_has_the_figures_of_the_summaries_in_order() {
    let place = place();
    let output = compare(&place, &["slow", "run", "fork", "--json", "--sort", "c"]);
    let runs: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let figure = |run: &Value| run["best"]["C"].as_f64().unwrap();
    assert!(runs.is_sorted_by(|a, b| figure(a) <= figure(b)));
    for run in &runs {
        let name = run["run"].as_str().unwrap();
        let summary = place.folder.path().join(name).join("summary.json");
        let summary: Value = serde_json::from_slice(&fs::read(summary).unwrap()).unwrap();
        for field in ["best", "iterations", "reason", "seconds"] {
            assert_eq!(run[field], summary[field], "{name} {field}");
        }
        let settings = run["settings"].as_object().unwrap();
        assert_eq!(settings.len(), 1);
        let rate = if name == "slow" { "0.01" } else { "0.05" };
        assert_eq!(settings["optimizer.lr"]["end"], rate);
    }
}
