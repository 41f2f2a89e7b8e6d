//! A record that has not every row: replay, resume, fork, export and compare go by the rule in its start row. The N of these runs is 16, put
//! into the record of a run of one iteration, which then goes on.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::path::Path;
use std::process::Output;

use otflow::checkpoint::{Checkpoint, Saved};
use otflow::event::Thinning;
use runs::{Place, code, lines, named, text};
use serde_json::Value;

/// Iterations of which these records have every row.
const ALL: u64 = 16;

/// Little happens besides iterations: validations at 60, 120, .., drops of the rate at 70, 140, ..
const SESSION: &str = r#"Session(
    data: Toy(name: "moons", batch: 50, resample_every: 3),
    model: (width: 5),
    flow: (steps: 2),
    optimizer: Adam(lr: 0.05, schedule: Halve(every: 70)),
    validation: (every: 60, samples: 50, steps: 4),
    stop: (iterations: 300),
)"#;

/// Gives the rule of a run, which has ended, another N; None for none.
fn set_rule(run: &Path, all: Option<u64>) {
    let path = run.join("metrics.jsonl");
    let metrics = fs::read_to_string(&path).unwrap();
    let (start, rest) = metrics.split_once('\n').unwrap();
    let old = format!(",\"thinned_after\":{}", Thinning::ALL);
    assert!(start.contains(&old), "{start}");
    let new = all.map_or(String::new(), |all| format!(",\"thinned_after\":{all}"));
    fs::write(&path, [&start.replace(&old, &new), "\n", rest].concat()).unwrap();
    let shorter = old.len() - new.len();
    let path = run.join("state.ckpt");
    let Saved {
        mut checkpoint,
        mut lengths,
    } = Checkpoint::load(&path).unwrap();
    checkpoint.start.thinned_after = all;
    lengths.metrics -= shorter as u64;
    checkpoint.save(run, &lengths).unwrap();
}

/// A run up to the first of these iterations, which then goes on up to each.
fn run(all: Option<u64>, until: &[u64]) -> Place {
    let place = Place::new(SESSION);
    place.trains(&["--iterations", "1"]);
    set_rule(&place.run(), all);
    for limit in until {
        place.goes_on(&["--iterations", &limit.to_string()]);
    }
    place
}

fn replay(run: &Path) -> Output {
    runs::otflow("replay").arg(run).output().unwrap()
}

#[track_caller]
fn replays(run: &Path) -> String {
    let output = replay(run);
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn differs(run: &Path, what: &str) {
    let output = replay(run);
    let said = text(&output.stderr);
    assert!(code(&output) == Some(1) && said.contains(what), "{said}");
}

/// The iterations of the rows of a kind.
fn iterations(run: &Path, kind: &str) -> Vec<u64> {
    let rows = lines(&run.join("metrics.jsonl"));
    let rows = named(&rows, kind).into_iter();
    rows.map(|row| row["iteration"].as_u64().unwrap()).collect()
}

#[test]
fn the_rows_are_those_of_the_rule_and_those_around_what_happens() {
    let place = run(Some(ALL), &[300]);
    let happens = [1, 60, 70, 120, 140, 180, 210, 240, 280, 300];
    let rule = Thinning::new(ALL, 0);
    let kept = |i: &u64| rule.keeps(*i) || happens.contains(i) || happens.contains(&(i - 1));
    let expected: Vec<u64> = (1..=300).filter(kept).collect();
    assert_eq!(iterations(&place.run(), "iteration"), expected);
    let batches: Vec<u64> = (1..=300).filter(|i| i % 3 == 0 && rule.keeps(*i)).collect();
    assert_eq!(iterations(&place.run(), "resample"), batches);
    assert_eq!(
        iterations(&place.run(), "validation"),
        [60, 120, 180, 240, 300]
    );
    assert_eq!(iterations(&place.run(), "rate"), [70, 140, 210, 280]);
    let all = run(None, &[300]);
    assert_eq!(
        iterations(&all.run(), "iteration"),
        (1..=300).collect::<Vec<_>>()
    );
    // Every row is one of those of a record that has all, and what it tells of the run the same.
    let whole = runs::told(&all.run());
    assert!(
        runs::told(&place.run())
            .iter()
            .all(|row| whole.contains(row))
    );
    assert!(runs::models(&place.run()) == runs::models(&all.run()));
}

#[test]
fn a_replay_compares_the_rows_that_there_are_and_misses_those_that_should_be() {
    let place = run(Some(ALL), &[300]);
    // All but the start.
    let rows = lines(&place.run().join("metrics.jsonl")).len() - 1;
    assert!(replays(&place.run()).contains(&format!("300 iterations, {rows} rows")));
    let path = place.run().join("metrics.jsonl");
    let metrics = fs::read_to_string(&path).unwrap();
    let without = |iteration: u64| {
        let begin = format!("{{\"event\":\"iteration\",\"iteration\":{iteration},");
        let lines = metrics.split_inclusive('\n');
        let rest: String = lines.filter(|line| !line.starts_with(&begin)).collect();
        assert!(rest.len() < metrics.len());
        rest
    };
    // One that the rule keeps; one that is there because of a validation, which a program with another idea might not have.
    fs::write(&path, without(64)).unwrap();
    differs(&place.run(), "iteration");
    fs::write(&path, without(121)).unwrap();
    replays(&place.run());
    let row = metrics
        .lines()
        .find(|line| line.contains("\"iteration\":121,"));
    let changed = row.unwrap().replace("\"lr\":0.", "\"lr\":1.");
    fs::write(&path, metrics.replace(row.unwrap(), &changed)).unwrap();
    differs(&place.run(), "iteration 121: lr is ");
}

#[test]
fn a_record_from_before_has_every_row_and_goes_on_so() {
    let place = run(None, &[150, 300]);
    assert_eq!(
        iterations(&place.run(), "iteration"),
        (1..=300).collect::<Vec<_>>()
    );
    replays(&place.run());
    let path = place.run().join("metrics.jsonl");
    let metrics = fs::read_to_string(&path).unwrap();
    let lines = metrics.split_inclusive('\n');
    let rest = lines.filter(|line| !line.contains("\"iteration\":299,"));
    fs::write(&path, rest.collect::<String>()).unwrap();
    differs(&place.run(), "iteration");
}

#[test]
fn a_run_that_was_cut_goes_on_to_the_rows_of_one_that_was_not() {
    let unbroken = run(Some(ALL), &[300]);
    let place = run(Some(ALL), &[300]);
    // Back to the checkpoint of a validation, as after a kill, with a torn line.
    fs::remove_file(place.run().join("state.ckpt")).unwrap();
    let path = place.run().join("metrics.jsonl");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 7]).unwrap();
    place.goes_on(&[]);
    runs::same(&place, &unbroken.left(), "after a kill");
    // Where it had ended there is a row more, and one after it.
    let place = run(Some(ALL), &[173, 300]);
    let (rows, expected) = (runs::told(&place.run()), runs::told(&unbroken.run()));
    let more: Vec<u64> = rows
        .iter()
        .filter(|row| !expected.contains(row))
        .map(|row| {
            serde_json::from_str::<Value>(row).unwrap()["iteration"]
                .as_u64()
                .unwrap()
        })
        .collect();
    assert_eq!((more, rows.len()), (vec![173, 174], expected.len() + 2));
    assert!(runs::models(&place.run()) == runs::models(&unbroken.run()));
    replays(&place.run());
}

#[test]
fn a_fork_goes_on_to_the_same_bits_and_counts_its_rows_from_its_own_first() {
    let place = run(Some(ALL), &[300]);
    let fork = |out: &str, arguments: &[&str]| {
        let out = place.run().with_file_name(out);
        let mut command = runs::otflow("train");
        command.args(["--headless", "--fork-at", "167", "--from"]);
        command
            .arg(place.run())
            .arg("--out")
            .arg(&out)
            .args(arguments);
        let output = command.current_dir(place.folder.path()).output().unwrap();
        assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
        out
    };
    // 167 has no row: it is trained again from the start.
    assert!(!iterations(&place.run(), "iteration").contains(&167));
    let whole = fork("whole", &[]);
    assert_eq!(
        iterations(&whole, "iteration"),
        (168..=300).collect::<Vec<_>>()
    );
    assert!(runs::models(&whole) == runs::models(&place.run()));
    replays(&whole);
    let thinned = fork("thinned", &["--iterations", "168"]);
    set_rule(&thinned, Some(ALL));
    let output = runs::resume(&thinned, &["--iterations", "300"])
        .output()
        .unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let rule = Thinning::new(ALL, 167);
    let rows = iterations(&thinned, "iteration");
    assert!(
        (168..=300)
            .filter(|&i| rule.keeps(i))
            .all(|i| rows.contains(&i))
    );
    assert!(
        (168..=300)
            .filter(|i| !rule.keeps(*i))
            .any(|i| !rows.contains(&i))
    );
    assert!(runs::models(&thinned) == runs::models(&place.run()));
    replays(&thinned);
}

#[test]
fn tables_and_comparisons_have_the_rows_that_there_are() {
    let place = run(Some(ALL), &[300]);
    let csv = place.folder.path().join("f.csv");
    let mut export = runs::otflow("export");
    let output = export
        .arg(place.run())
        .arg("--csv")
        .arg(&csv)
        .output()
        .unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let table = fs::read_to_string(csv).unwrap();
    let rows = iterations(&place.run(), "iteration");
    assert_eq!(table.lines().count(), 1 + rows.len());
    // Every validation stands beside the row of its iteration.
    let full = |row: &&str| row.split(',').filter(|cell| !cell.is_empty()).count() == 16;
    assert_eq!(table.lines().skip(1).filter(full).count(), 5);
    let mut compare = runs::otflow("compare");
    let output = compare.arg(place.run()).arg("--json").output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told[0]["iterations"], 300);
    assert_eq!(told[0]["reason"], "iterations");
    let summary = fs::read(place.run().join("summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!(summary["best"], told[0]["best"]);
}
