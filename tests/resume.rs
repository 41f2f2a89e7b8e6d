//! `otflow train --resume`: a run that was cut, by whatever, goes on in its directory as if it had not been.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs::{self, File};
use std::path::Path;

use runs::{Place, SMALL, SWITCHING, code, lines, named, text};

/// What another limit leaves of a session.
fn until(session: &str, iterations: u64) -> String {
    session.replace("iterations: 40", &format!("iterations: {iterations}"))
}

#[test]
fn a_finished_run_goes_on_past_its_limit_to_the_bits_of_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let data = runs::table(folder.path());
    for session in [SMALL, SWITCHING, &data] {
        let unbroken = Place::new(session);
        unbroken.trains(&[]);
        for cut in [1, 7, 18, 39] {
            let place = Place::new(&until(session, cut));
            place.trains(&[]);
            let output = place.resume(&["--iterations", "40"]).output().unwrap();
            assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
            runs::same(
                &place,
                &unbroken.left(),
                &format!("cut at {cut} of {session}"),
            );
        }
    }
}

#[test]
fn what_is_torn_or_later_than_the_checkpoint_is_done_again_and_not_doubled() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let whole_run = place.left();
    // As if the process had been killed in the middle of a line, its last checkpoint not the last of its iterations.
    fs::remove_file(place.run().join("state.ckpt")).unwrap();
    let metrics = place.run().join("metrics.jsonl");
    let whole = fs::read(&metrics).unwrap();
    fs::write(&metrics, &whole[..whole.len() - 7]).unwrap();
    fs::write(place.run().join("best.safetensors"), b"half of").unwrap();
    place.goes_on(&[]);
    runs::same(&place, &whole_run, "resumed");
    let log = fs::read_to_string(place.run().join("log.txt")).unwrap();
    let count = |word| {
        log.lines()
            .filter(|line| line[30..].starts_with(word))
            .count()
    };
    assert_eq!([count("start"), count("resume"), count("finished")], [1; 3]);
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_it_used() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let whole_run = place.left();
    let last = place.run().join("state.ckpt");
    let whole = fs::read(&last).unwrap();
    for damage in 0..3 {
        let mut bytes = fs::read(&last).unwrap();
        let middle = bytes.len() / 2;
        match damage {
            0 => bytes[middle] ^= 1,
            1 => bytes.truncate(middle),
            _ => bytes.clear(),
        }
        fs::write(&last, bytes).unwrap();
        let output = place.resume(&[]).output().unwrap();
        assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
        let rows = text(&output.stdout);
        assert!(rows.contains("state.ckpt is damaged: it"), "{rows}");
        assert!(place.run().join("state.damaged.ckpt").is_file());
        runs::same(&place, &whole_run, "resumed");
    }
    // Both of them: nothing is touched.
    for name in ["state.ckpt", "state.1.ckpt"] {
        fs::write(place.run().join(name), &whole[..whole.len() - 1]).unwrap();
    }
    let before = fs::read(place.run().join("metrics.jsonl")).unwrap();
    let output = place.resume(&[]).output().unwrap();
    assert_eq!(code(&output), Some(2));
    assert!(
        text(&output.stderr).contains("checksum"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(fs::read(place.run().join("metrics.jsonl")).unwrap(), before);
}

#[test]
fn a_directory_that_is_in_use_or_no_run_is_refused() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let refused = |part: &str| {
        let output = place.resume(&[]).output().unwrap();
        let said = text(&output.stderr);
        assert!(code(&output) == Some(2) && said.contains(part), "{said}");
    };
    let lock = File::open(place.run().join("lock")).unwrap();
    lock.lock().unwrap();
    refused("is in use: another process trains it");
    lock.unlock().unwrap();
    for name in ["state.ckpt", "state.1.ckpt"] {
        fs::remove_file(place.run().join(name)).unwrap();
    }
    refused("has no checkpoint to go on from");
    fs::remove_dir_all(place.run()).unwrap();
    refused("there is no such directory");
}

#[test]
fn an_edit_while_the_run_was_dead_is_an_edit_of_the_iteration_it_goes_on_from() {
    let place = Place::new(&until(SMALL, 12));
    place.trains(&["--watch=poll"]);
    fs::write(place.session(), SMALL.replace("lr: 0.05", "lr: 0.02")).unwrap();
    place.goes_on(&[]);
    let edits = lines(&place.run().join("edits.jsonl"));
    assert_eq!(edits[0]["event"], "session");
    assert!(edits[0]["session"].as_str().unwrap().contains("lr: 0.02"));
    let told: Vec<_> = named(&edits, "edit")
        .iter()
        .map(|edit| {
            (
                edit["iteration"].as_u64().unwrap(),
                edit["field"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let at = |field: &str| (12, field.to_owned());
    assert_eq!(told, [at("optimizer.lr"), at("stop.iterations")]);
    let metrics = lines(&place.run().join("metrics.jsonl"));
    let rate = |i: usize| named(&metrics, "iteration")[i - 1]["lr"].as_f64();
    // Halved once, after the ninth iteration.
    assert_eq!((rate(12), rate(13)), (Some(0.025), Some(0.01)));
}

#[test]
fn a_file_that_is_not_followed_is_not_taken_up_but_told_of() {
    let place = Place::new(&until(SMALL, 12));
    place.trains(&[]);
    let whole_run = place.left();
    fs::write(place.session(), SMALL.replace("lr: 0.05", "lr: 0.02")).unwrap();
    let output = place.resume(&[]).output().unwrap();
    assert_eq!(code(&output), Some(0));
    assert!(text(&output.stderr).contains("--watch takes it up"));
    runs::same(&place, &whole_run, "resumed");
}

#[test]
fn a_table_that_has_changed_is_no_run_to_go_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&runs::table(folder.path()));
    place.trains(&["--iterations", "5"]);
    let table = folder.path().join("t.csv");
    let rows = fs::read_to_string(&table).unwrap();
    fs::write(&table, rows.replacen('4', "5", 1)).unwrap();
    let output = place.resume(&[]).output().unwrap();
    assert_eq!(code(&output), Some(2));
    assert!(text(&output.stderr).contains("the rows of its table"));
    fs::remove_file(&table).unwrap();
    assert_eq!(code(&place.resume(&[]).output().unwrap()), Some(2));
    fs::write(&table, rows).unwrap();
    place.goes_on(&[]);
}

#[test]
fn curves_for_tensorboard_go_on_in_their_file() {
    let size = |place: &Place| {
        let folder = place.run().join("tensorboard");
        let files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        assert_eq!(files.len(), 1);
        fs::metadata(&files[0]).unwrap().len()
    };
    let unbroken = Place::new(SMALL);
    unbroken.trains(&["--tensorboard"]);
    let place = Place::new(SMALL);
    place.trains(&["--tensorboard"]);
    fs::remove_file(place.run().join("state.ckpt")).unwrap();
    place.goes_on(&[]);
    assert_eq!(size(&place), size(&unbroken));
}

#[test]
fn a_run_that_was_moved_goes_on_where_it_is() {
    let place = Place::new(&until(SMALL, 12));
    place.trains(&[]);
    let moved = place.folder.path().join("elsewhere");
    fs::rename(place.run(), &moved).unwrap();
    let arguments = ["--iterations", "13"];
    let output = runs::resume(Path::new("elsewhere"), &arguments)
        .current_dir(place.folder.path())
        .output();
    assert_eq!(code(&output.unwrap()), Some(0));
    let metrics = lines(&moved.join("metrics.jsonl"));
    assert_eq!(named(&metrics, "iteration").len(), 13);
}
