//! `kill -9` at any time: the directory can be read, and the run goes on from it to the bits of one that was never killed.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use otflow::checkpoint::{Checkpoint, Latest};
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
