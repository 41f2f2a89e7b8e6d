//! A session file that is saved many times a second, in every way an editor may, while it is trained: the last valid one is in
//! force in the end, none is half in force, and the run can be told again.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use runs::{Place, SMALL, code, lines, named, text};

/// A session whose rate is the one that it has in its file.
fn constant() -> String {
    let constant = SMALL.replace(", schedule: Halve(every: 9)", "");
    // Slower iterations are fewer to be told again.
    constant.replace("batch: 100", "batch: 2000")
}

/// Two fields that have to change together.
fn edited(i: u64) -> String {
    let (lr, weight) = (1e-3 + i as f64 * 1e-7, 100 + i);
    let weights = format!("weights: (likelihood: {weight}.0), stop:");
    let session = constant().replace("lr: 0.05", &format!("lr: {lr:?}"));
    session.replace("stop:", &weights)
}

/// Saves the file in some way; not every one leaves a valid session.
fn save(place: &Place, i: u64, random: &mut ChaCha8Rng) {
    let (path, whole) = (place.session(), edited(i));
    let part = &whole[..random.random_range(0..whole.len())];
    match random.random_range(0..6) {
        0 => fs::write(path, whole).unwrap(),
        1 => {
            fs::write(&path, part).unwrap();
            fs::write(path, whole).unwrap();
        }
        2 => {
            let aside = path.with_extension("tmp");
            fs::write(&aside, whole).unwrap();
            fs::rename(aside, path).unwrap();
        }
        3 => {
            fs::rename(&path, path.with_extension("bak")).unwrap();
            fs::write(path, whole).unwrap();
        }
        4 => fs::write(path, part).unwrap(),
        _ => fs::write(path, whole.replace("steps: 3", "steps: -3")).unwrap(),
    }
}

/// Saves so many times: in bursts, with as much rest between them as a save needs to be taken up.
fn under_fire(saves: u64) {
    let place = Place::new(&constant());
    let mut command = place.train(&["--watch", "--iterations", "100000000"]);
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    runs::wait(&place.run(), 5000);
    let mut random = ChaCha8Rng::seed_from_u64(saves);
    for i in 1..saves {
        save(&place, i, &mut random);
        thread::sleep(Duration::from_millis(if i % 15 == 0 { 250 } else { 4 }));
    }
    fs::write(place.session(), edited(saves)).unwrap();
    let saved = Instant::now();
    let last = format!("likelihood: {}.0", 100 + saves);
    let edits = place.run().join("edits.jsonl");
    while !fs::read_to_string(&edits).unwrap().contains(&last) {
        thread::sleep(Duration::from_millis(5));
    }
    println!(
        "the last of {saves} saves was recorded after {:?}",
        saved.elapsed()
    );
    // It is in force from the next iteration on: wait for rows of some.
    let written = fs::metadata(place.run().join("metrics.jsonl")).unwrap();
    runs::wait(&place.run(), written.len() + 1000);
    let pid = Pid::from_raw(child.id().cast_signed());
    kill(pid, Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), Some(143), "{}", text(&output.stderr));
    told_whole(&place, saves);
    let mut replay = runs::otflow("replay");
    let output = replay.arg(place.run()).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

/// Every edit is there, with both of its fields, and follows on the one before.
fn told_whole(place: &Place, saves: u64) {
    let metrics = lines(&place.run().join("metrics.jsonl"));
    let edits = lines(&place.run().join("edits.jsonl"));
    let of = |field: &str| -> Vec<_> {
        let edits = named(&metrics, "edit").into_iter();
        edits.filter(|edit| edit["field"] == field).collect()
    };
    let (rates, weights) = (of("optimizer.lr"), of("weights.likelihood"));
    assert_eq!(rates.len(), weights.len());
    assert_eq!(named(&edits, "edit"), named(&metrics, "edit"));
    let sessions = named(&edits, "session");
    assert_eq!(sessions.len(), rates.len());
    let (mut rate, mut weight) = ("0.05".to_owned(), "100.0".to_owned());
    for ((lr, likelihood), session) in rates.iter().zip(&weights).zip(sessions) {
        assert_eq!(lr["iteration"], likelihood["iteration"]);
        assert_eq!(
            (lr["old"].as_str(), likelihood["old"].as_str()),
            (Some(&*rate), Some(&*weight))
        );
        rate = lr["new"].as_str().unwrap().to_owned();
        weight = likelihood["new"].as_str().unwrap().to_owned();
        let i = weight.parse::<f64>().unwrap() - 100.0;
        assert_eq!(rate.parse::<f64>().unwrap(), 1e-3 + i * 1e-7);
        assert!(
            session["session"]
                .as_str()
                .unwrap()
                .contains(&format!("likelihood: {weight}"))
        );
    }
    println!(
        "{} edits, {} refused",
        rates.len(),
        named(&metrics, "rejected").len()
    );
    assert_eq!(weight, format!("{}.0", 100 + saves));
    let last = named(&metrics, "iteration").last().unwrap()["lr"]
        .as_f64()
        .unwrap();
    assert_eq!(last, rate.parse::<f64>().unwrap());
}

#[test]
fn the_last_of_many_saves_is_in_force_and_none_is_half_in_force() {
    under_fire(60);
}

#[test]
#[ignore = "20 seconds"]
fn the_last_of_a_thousand_saves_is_in_force_and_none_is_half_in_force() {
    under_fire(1000);
}
