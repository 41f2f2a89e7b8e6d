//! `otflow train --from RUN --fork-at K`: a new run that begins with the state that another one had.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use runs::{Place, SMALL, STARTING, SWITCHING, code, lines, named, text};
use serde_json::Value;

/// A fork of a run, made at `out` beside it.
fn forked(run: &Path, out: &str, arguments: &[&str]) -> (PathBuf, Output) {
    let out = run.with_file_name(out);
    let mut command = runs::otflow("train");
    command.arg("--headless").arg("--from").arg(run);
    command.arg("--out").arg(&out).args(arguments);
    let output = command.current_dir(run.parent().unwrap()).output().unwrap();
    (out, output)
}

#[track_caller]
fn fork(run: &Path, out: &str, arguments: &[&str]) -> PathBuf {
    let (out, output) = forked(run, out, arguments);
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    out
}

#[track_caller]
fn refused(run: &Path, arguments: &[&str], part: &str) {
    let (out, output) = forked(run, "refused", arguments);
    let said = text(&output.stderr);
    assert!(code(&output) == Some(2) && said.contains(part), "{said}");
    assert!(!out.exists());
}

/// The rows that a run has of iterations after `iteration`.
fn rest(told: &[String], iteration: u64) -> Vec<&String> {
    let after = |row: &&String| {
        let row: Value = serde_json::from_str(row).unwrap();
        row["event"] == "finished" || row["iteration"].as_u64() > Some(iteration)
    };
    told.iter().filter(after).collect()
}

fn last_iteration(run: &Path) -> u64 {
    let rows = lines(&run.join("metrics.jsonl"));
    named(&rows, "finished")[0]["iteration"].as_u64().unwrap()
}

/// From iteration `at` on a fork has what the run has.
#[track_caller]
fn goes_on_as(fork: &Path, run: &Path, at: u64, when: &str) {
    let ((rows, models), (all, last)) = (runs::left(fork), runs::left(run));
    assert_eq!(rest(&rows, at), rest(&all, at), "{when}");
    assert_eq!(rest(&rows, at).len(), rows.len(), "{when}");
    assert!(models == last, "parameters, {when}");
    let output = runs::otflow("replay").arg(fork).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let last = last_iteration(run);
    let told = format!("the same bits: {} iterations", last - at);
    assert!(text(&output.stdout).starts_with(&told), "{when}");
}

#[test]
fn with_the_same_session_it_goes_on_to_the_bits_of_the_run_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let data = runs::table(folder.path());
    for session in [SMALL, SWITCHING, STARTING, &data] {
        let place = Place::new(session);
        place.trains(&[]);
        let file = place.session();
        for at in [0, 1, 9, 20, last_iteration(&place.run()) - 2] {
            let given = fork(
                &place.run(),
                &format!("given{at}"),
                &[file.to_str().unwrap(), "--fork-at", &at.to_string()],
            );
            goes_on_as(&given, &place.run(), at, &format!("{at} of {session}"));
        }
        let without = fork(&place.run(), "without", &["--fork-at", "11"]);
        goes_on_as(&without, &place.run(), 11, "without a session");
    }
}

#[test]
fn it_may_begin_with_the_best_validation() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    for (point, measure) in [("best", "best"), ("best-C", "best_C")] {
        let fork = fork(&place.run(), point, &["--fork-at", point]);
        let rows = lines(&place.run().join("metrics.jsonl"));
        let best = named(&rows, "finished")[0][measure]["iteration"].clone();
        let start = lines(&fork.join("metrics.jsonl"));
        assert_eq!(
            named(&start, "start")[0]["fork"]["iteration"],
            best,
            "{point}"
        );
        goes_on_as(&fork, &place.run(), best.as_u64().unwrap(), point);
    }
    refused(&place.run(), &["--fork-at", "beste"], "`best` or `best-C`");
}

#[test]
fn it_says_where_it_comes_from_and_can_be_resumed() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let fork = fork(
        &place.run(),
        "fork",
        &["--fork-at", "20", "--iterations", "30"],
    );
    let start = lines(&fork.join("metrics.jsonl")).remove(0);
    assert_eq!(start["fork"]["run"], place.run().to_str().unwrap());
    assert_eq!(start["fork"]["iteration"], 20);
    assert_eq!(start["fork"]["state"].as_str().unwrap().len(), 16);
    let seconds = |run: &Path, iteration: u64| {
        let rows = lines(&run.join("metrics.jsonl"));
        let rows = named(&rows, "iteration");
        let row = rows.iter().find(|row| row["iteration"] == iteration);
        row.unwrap()["seconds"].as_f64().unwrap()
    };
    assert!(seconds(&fork, 21) > seconds(&place.run(), 20));
    let log = fs::read_to_string(fork.join("log.txt")).unwrap();
    assert!(log.contains("after iteration 20"), "{log}");
    let output = runs::resume(&fork, &["--iterations", "40"])
        .output()
        .unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    goes_on_as(&fork, &place.run(), 20, "resumed");
}

#[test]
fn what_the_session_changes_is_in_force_from_the_next_iteration_on() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let other = SMALL
        .replace("lr: 0.05", "lr: 0.02")
        .replace("batch: 100", "batch: 70")
        .replace("steps: 3", "steps: 5")
        .replace("iterations: 40", "iterations: 50");
    fs::write(place.folder.path().join("other.ron"), &other).unwrap();
    let fork = fork(&place.run(), "fork", &["other.ron", "--fork-at", "20"]);
    let rows = lines(&fork.join("metrics.jsonl"));
    let iterations = named(&rows, "iteration");
    assert_eq!(iterations.len(), 30);
    assert_eq!(iterations[0]["iteration"], 21);
    // Halved twice by then.
    assert_eq!(iterations[0]["lr"], 0.005);
    assert_eq!(rows[0]["session"]["data"]["Toy"]["batch"], 70);
    assert_eq!(fs::read_to_string(fork.join("session.ron")).unwrap(), other);
    // As the same edit of the run itself would have been.
    let edited = Place::new(&SMALL.replace("iterations: 40", "iterations: 20"));
    edited.trains(&["--watch=poll"]);
    fs::write(edited.session(), &other).unwrap();
    edited.goes_on(&[]);
    let rows = runs::told(&edited.run());
    assert_eq!(rest(&runs::told(&fork), 20), rest(&rows, 20));
    let output = runs::otflow("replay").arg(&fork).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_fork_of_an_edited_run_and_a_fork_of_that() {
    let place = Place::new(&SMALL.replace("iterations: 40", "iterations: 12"));
    place.trains(&["--watch=poll"]);
    let edited = SMALL
        .replace("lr: 0.05", "lr: 0.02")
        .replace("steps: 4)", "steps: 5), weights: (hjb: 0.1)")
        .replace("batch: 100", "batch: 90");
    fs::write(place.session(), &edited).unwrap();
    place.goes_on(&[]);
    // Before, at and after the edit.
    let before = fork(
        &place.run(),
        "before",
        &["--fork-at", "11", "--iterations", "14"],
    );
    assert_eq!(
        lines(&before.join("metrics.jsonl"))[0]["session"]["optimizer"]["Adam"]["lr"],
        0.05
    );
    for at in [12, 17] {
        let once = fork(
            &place.run(),
            &format!("once{at}"),
            &["--fork-at", &at.to_string()],
        );
        goes_on_as(&once, &place.run(), at, "once");
        let twice = fork(&once, &format!("twice{at}"), &["--fork-at", "23"]);
        goes_on_as(&twice, &place.run(), 23, "twice");
    }
    let once = place.run().with_file_name("once17");
    refused(&once, &["--fork-at", "16"], "begins after iteration 17");
}

#[test]
fn what_a_state_can_not_be_carried_over_to_is_refused() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let run = place.run();
    let write = |text: &str| fs::write(place.folder.path().join("other.ron"), text).unwrap();
    for (old, new, part) in [
        (
            "width: 6",
            "width: 7",
            "`model.width` is 6 in the run and 7 here",
        ),
        ("moons", "rings", "`data.name` is \"moons\" in the run"),
        ("samples: 50", "samples: 60", "`validation.samples`"),
    ] {
        write(&SMALL.replace(old, new));
        refused(&run, &["other.ron", "--fork-at", "20"], part);
    }
    write(&SMALL.replace("lr: 0.05", "lr: 50"));
    refused(&run, &["other.ron"], "`optimizer.lr` must be");
    refused(&run, &["--fork-at", "41"], "it has come to 40");
    refused(place.folder.path(), &["--fork-at", "4"], "no run directory");
    let (_, output) = forked(&run, "run", &["--fork-at", "4"]);
    assert_eq!(code(&output), Some(1), "the run itself is no new directory");
}

#[test]
fn a_table_may_move_but_not_change() {
    let folder = tempfile::tempdir().unwrap();
    let session = runs::table(folder.path());
    let place = Place::new(&session);
    place.trains(&[]);
    let moved = folder.path().join("moved.csv");
    fs::rename(folder.path().join("t.csv"), &moved).unwrap();
    let other = place.folder.path().join("other.ron");
    fs::write(&other, session.replace("t.csv", "moved.csv")).unwrap();
    for at in [15, 40] {
        let arguments = ["other.ron", "--fork-at", &at.to_string()];
        let fork = fork(&place.run(), &format!("fork{at}"), &arguments);
        goes_on_as(&fork, &place.run(), at, "moved");
    }
    let rows = fs::read_to_string(&moved).unwrap();
    fs::write(&moved, rows.replacen('4', "5", 1)).unwrap();
    refused(&place.run(), &["other.ron"], "the rows of the table");
    for name in ["state.ckpt", "state.1.ckpt"] {
        fs::remove_file(place.run().join(name)).unwrap();
    }
    let part = "can't be trained again to the bits that it had; it has checkpoints";
    refused(&place.run(), &["other.ron", "--fork-at", "15"], part);
}
