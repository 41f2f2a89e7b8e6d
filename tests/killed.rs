//! `kill -9` at any time: the directory can be read, and the run goes on from it to the bits of one that was never killed.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use otflow::checkpoint::{Checkpoint, Latest};
use otflow::event::Thinning;
use otflow::model::TrainedModel;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use runs::{Place, SMALL};
use serde_json::Value;

/// What a kill has cost, and where it fell.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    /// Before this process had changed anything.
    idle: usize,
    torn: usize,
    /// The last checkpoint was being replaced.
    between: usize,
    half_written: usize,
    iterations_lost: u64,
    most_lost: u64,
}

fn spawn(mut command: Command) -> Child {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn kill(mut child: Child) -> bool {
    let finished = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    finished
}

/// The directory as the kill has left it.
fn look(place: &Place, before: u64, tally: &mut Tally) -> u64 {
    let run = place.run();
    let metrics = fs::read(run.join("metrics.jsonl")).unwrap();
    let mut lines: Vec<&[u8]> = metrics.split(|&byte| byte == b'\n').collect();
    let torn = lines.pop().unwrap();
    let events: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    for name in ["best.safetensors", "last.safetensors"] {
        let path = run.join(name);
        if path.exists() {
            TrainedModel::load(&path).unwrap();
        }
    }
    let Latest { saved, damaged } = Checkpoint::latest(&run).unwrap();
    let checkpoint = saved.checkpoint;
    assert_eq!(damaged, None);
    let reached = events
        .iter()
        .rev()
        .find(|event| event["event"] == "iteration");
    let reached = reached.map_or(0, |event| event["iteration"].as_u64().unwrap());
    let kept = checkpoint.state.iteration;
    assert!(
        kept >= before,
        "a checkpoint of {kept} after one of {before}"
    );
    let names = fs::read_dir(&run)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let half = names.filter(|name| name.to_string_lossy().starts_with(".otflow-"));
    let lost = reached.saturating_sub(kept);
    tally.kills += 1;
    tally.idle += usize::from(kept == before);
    tally.torn += usize::from(!torn.is_empty());
    tally.between += usize::from(!run.join("state.ckpt").exists());
    tally.half_written += half.count();
    tally.iterations_lost += lost;
    tally.most_lost = tally.most_lost.max(lost);
    kept
}

/// Kills a run so often and then lets it end.
fn survives(kills: usize, iterations: usize, seed: u64) -> Tally {
    let limit = iterations.to_string();
    let limit = ["--iterations", &limit];
    let unbroken = Place::new(SMALL);
    unbroken.trains(&limit);
    let place = Place::new(SMALL);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut child = spawn(place.train(&limit));
    while !place.run().join("state.ckpt").exists() {
        thread::yield_now();
    }
    let (mut tally, mut kept) = (Tally::default(), 0);
    loop {
        thread::sleep(Duration::from_millis(random.random_range(0..400)));
        let finished = kill(child);
        kept = look(&place, kept, &mut tally);
        if finished || tally.kills == kills {
            break;
        }
        child = spawn(place.resume(&[]));
    }
    // One that has ended by itself goes on to the same end.
    place.goes_on(&[]);
    runs::same(&place, &unbroken.left(), &format!("after {tally:?}"));
    tally
}

#[test]
fn a_run_that_is_killed_ten_times_ends_with_the_bits_of_one_that_was_not() {
    let tally = survives(10, 2000, 1);
    assert!(tally.kills > 1, "{tally:?}");
    println!("{tally:?}");
}

/// As many as KILLS says, 200 if it says nothing.
#[test]
#[ignore = "minutes"]
fn a_run_that_is_killed_many_times_ends_with_the_bits_of_one_that_was_not() {
    let kills = std::env::var("KILLS").map_or(200, |kills| kills.parse().unwrap());
    // More than the fastest machine does between so many kills.
    println!("{:?}", survives(kills, 800 * kills, 2));
}

/// Iterations of some 50 microseconds.
const FAST: &str = r#"Session(
    data: Toy(name: "moons", batch: 16),
    model: (width: 4, precision: F32),
    flow: (steps: 2),
    optimizer: Adam(lr: 0.001),
    validation: (every: 100000, samples: 50, steps: 4),
    stop: (iterations: 1000000000),
)"#;

/// The last iteration that a run without end has told when it is killed, once it has come to this one and has written rows, and its time.
fn killed_after(place: &Place, iterations: u64) -> (u64, f64) {
    let mut command = place.train(&["--threads", "1", "--every", "100"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut told = (0, 0.0);
    let metrics = place.run().join("metrics.jsonl");
    // More than the start, which is written at once.
    let written = || fs::metadata(&metrics).is_ok_and(|file| file.len() > 1 << 14);
    let rows = BufReader::new(child.stdout.take().unwrap()).lines();
    for row in rows.map_while(Result::ok) {
        let mut cells = row.split_whitespace();
        let iteration = cells.next().and_then(|cell| cell.parse().ok());
        let seconds = cells.next().and_then(|cell| cell.parse().ok());
        told = iteration.zip(seconds).unwrap_or(told);
        if told.0 >= iterations && written() {
            // What it has told until then is read to the end.
            let _ = child.kill();
        }
    }
    child.wait().unwrap();
    told
}

/// The iterations of the rows that a kill has left, and the time of the last.
fn rows_left(place: &Place) -> (Vec<u64>, f64) {
    let text = fs::read_to_string(place.run().join("metrics.jsonl")).unwrap();
    let rows = text.split_inclusive('\n');
    let rows = rows.filter(|line| line.ends_with('\n') && line.contains(r#""event":"iteration""#));
    let rows: Vec<Value> = rows.map(|row| serde_json::from_str(row).unwrap()).collect();
    let seconds = rows.last().unwrap()["seconds"].as_f64().unwrap();
    let iterations = rows.iter().map(|row| row["iteration"].as_u64().unwrap());
    (iterations.collect(), seconds)
}

/// Every row up to the last is there that the rule keeps.
fn without_gap(rows: &[u64]) {
    let rule = Thinning::new(Thinning::ALL, 0);
    let all = (1..=*rows.last().unwrap()).filter(|&i| rule.keeps(i));
    let there: BTreeSet<&u64> = rows.iter().collect();
    assert!(all.into_iter().all(|i| there.contains(&i)));
    assert!(rows.is_sorted() && there.len() == rows.len());
}

#[test]
fn a_kill_takes_the_last_rows_alone() {
    let place = Place::new(FAST);
    killed_after(&place, 3000);
    let (rows, _) = rows_left(&place);
    without_gap(&rows);
    place.goes_on(&["--iterations", "4000"]);
    let (rows, _) = rows_left(&place);
    assert_eq!(rows, (1..=*rows.last().unwrap()).collect::<Vec<_>>());
}

/// After so many iterations as ITERATIONS says, 540,000 if it says nothing: long after a validation, with which lines are written at once.
#[test]
#[ignore = "minutes"]
fn what_a_kill_takes_of_the_record_of_a_fast_run() {
    let iterations = std::env::var("ITERATIONS").map_or(540_000, |count| count.parse().unwrap());
    for _ in 0..5 {
        let place = Place::new(FAST);
        let (told, time) = killed_after(&place, iterations);
        let (rows, seconds) = rows_left(&place);
        without_gap(&rows);
        println!(
            "killed after iteration {told} ({:.0} a second): {} rows, the last of iteration {}, {:.2} s before",
            told as f64 / time,
            rows.len(),
            rows.last().unwrap(),
            time - seconds
        );
    }
}
