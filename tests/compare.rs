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

/// A run of a set without a validation, beside the others.
fn unvalidated(place: &Place) {
    let never = SMALL.replace("every: 2", "every: 1000");
    fs::write(place.folder.path().join("never.ron"), never).unwrap();
    let mut command = runs::otflow("train");
    command.args(["never.ron", "--iterations=3", "--headless", "--out=never"]);
    let output = command.current_dir(place.folder.path()).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let metrics = place.folder.path().join("never/metrics.jsonl");
    let events = fs::read_to_string(&metrics).unwrap();
    let kept = events
        .lines()
        .filter(|line| !line.contains("\"event\":\"validation\""));
    let kept: Vec<&str> = kept.collect();
    fs::write(metrics, kept.join("\n") + "\n").unwrap();
}

#[test]
fn the_picture_has_a_curve_for_every_run_and_peer_and_the_entropy() {
    let place = place();
    unvalidated(&place);
    let at = |name: &str| place.folder.path().join(name);
    let peers = r#"{"peer": "OT-CFM", "seconds": 0.5, "validation_C": 3.25}
        {"peer": "OT-CFM", "seconds": 1.5, "validation_C": 3.0, "final": true}"#;
    fs::write(at("peers.jsonl"), peers).unwrap();
    let drawn = ["--peer", "peers.jsonl", "--title", "Moons & stars"];
    let runs = ["run", "slow", "never", "--out", "c.svg"];
    let output = compare(&place, &[&runs[..], &drawn].concat());
    let said = text(&output.stderr);
    assert_eq!(code(&output), Some(0), "{said}");
    assert_eq!(
        said,
        "left out of the picture: never has no validation so far\n"
    );
    assert_eq!(text(&output.stdout).lines().count(), 4);
    let svg = fs::read_to_string(at("c.svg")).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let nodes = document.descendants();
    let texts: Vec<&str> = nodes
        .filter_map(|node| node.text().map(str::trim))
        .collect();
    for words in [
        "run  ",
        "slow  ",
        "OT-CFM  3.0",
        "H, entropy",
        "Moons & stars",
    ] {
        let found = texts.iter().any(|text| text.starts_with(words));
        assert!(found, "{words} is not among {texts:?}");
    }
    assert!(!svg.contains("never"));

    let alone = compare(&place, &[&drawn[..], &["--out", "p.png"]].concat());
    assert_eq!((code(&alone), alone.stdout.len()), (Some(0), 0));
    assert!(fs::read(at("p.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn what_cannot_be_drawn_is_said_and_leaves_no_picture() {
    let place = place();
    unvalidated(&place);
    fs::write(place.folder.path().join("p.jsonl"), "seconds,C\n1,2\n").unwrap();
    for (arguments, exit, words) in [
        (&["run", "--out", "c.pdf"][..], 2, "ends in .png or .svg"),
        (
            &["run", "--out", "c.svg", "--peer", "p.jsonl"],
            2,
            "p.jsonl:1: ",
        ),
        (
            &["run", "--out", "c.svg", "--peer", "gone"],
            2,
            "cannot read gone",
        ),
        (&["run", "--peer", "p.jsonl"], 2, "--out"),
        (
            &["never", "--out", "c.svg"],
            1,
            "c.svg: there is nothing to draw",
        ),
        (&["run", "--out", "no/c.svg"], 1, "no/c.svg"),
        (&[], 2, "<RUN>"),
    ] {
        let output = compare(&place, arguments);
        let said = text(&output.stderr);
        assert_eq!(code(&output), Some(exit), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(!place.folder.path().join("c.svg").exists());
    }
}

#[test]
fn stretches_stand_side_by_side_with_their_difference() {
    let place = place();
    let output = compare(&place, &["run@1-", "slow@-4", "--out", "s.svg"]);
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let rows = text(&output.stdout);
    let row = |name: &str| {
        let found = rows.lines().find(|line| line.starts_with(name));
        found.unwrap_or_else(|| panic!("no {name} in {rows}"))
    };
    assert!(row("stretch").contains("run@1-") && row("stretch").contains("slow@1-4"));
    assert!(row("stretch").ends_with("difference"));
    assert!(
        row("iterations").split_whitespace().next_back() == Some("4"),
        "{rows}"
    );
    assert!(row("optimizer.lr").contains("0.05") && row("optimizer.lr").contains("0.01"));
    assert!(row("training C").ends_with("noise"), "{rows}");
    let svg = fs::read_to_string(place.folder.path().join("s.svg")).unwrap();
    assert!(svg.contains("slow@1-4"));
    let json = compare(&place, &["run@2-3", "run", "--json"]);
    let told: Vec<Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((told.len(), &told[0]["stretch"]), (2, &"run@2-3".into()));
    assert_eq!(told[0]["training"]["count"], 2);
}

#[test]
fn a_slip_in_a_stretch_is_told_from_a_run_that_is_not_there() {
    let place = place();
    for (argument, exit, words) in [
        ("run@5", 2, "RUN@FROM-TO"),
        ("run:1-5", 2, "RUN@FROM-TO"),
        ("run@5-1", 2, "before it begins"),
        ("run@1000-2000", 1, "no iteration from 1000 to 2000"),
        ("gone@1-2", 1, "gone"),
    ] {
        let output = compare(&place, &[argument]);
        let said = text(&output.stderr);
        assert_eq!(code(&output), Some(exit), "{argument}: {said}");
        assert!(said.contains(words), "{argument}: {said}");
    }
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
