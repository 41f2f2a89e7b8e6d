//! `otflow train --resume`: a run that was cut, by whatever, goes on in its directory as if it had not been.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Output, Stdio};

use runs::{Place, SMALL, STARTING, SWITCHING, code, lines, named, text};

/// What another limit leaves of a session.
fn until(session: &str, iterations: u64) -> String {
    session.replace("iterations: 40", &format!("iterations: {iterations}"))
}

#[test]
fn a_finished_run_goes_on_past_its_limit_to_the_bits_of_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let data = runs::table(folder.path());
    // Cut short, a cosine would end earlier.
    let start = STARTING.replace("Cosine(warmup: 3, floor: 0.1)", "Halve(every: 9)");
    for session in [SMALL, SWITCHING, &start, &data] {
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
        let rows = runs::unwrapped(&output.stdout);
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
fn a_copy_goes_on_with_curves_of_its_own() {
    let place = Place::new(&until(SMALL, 12));
    place.trains(&["--tensorboard"]);
    let copy = place.folder.path().join("copy");
    let curves = |run: &Path| {
        let file = fs::read_dir(run.join("tensorboard")).unwrap().next();
        file.unwrap().unwrap().path()
    };
    fs::create_dir_all(copy.join("tensorboard")).unwrap();
    for file in fs::read_dir(place.run()).unwrap() {
        let file = file.unwrap();
        if file.path().is_file() {
            fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
    }
    let name = curves(&place.run()).file_name().unwrap().to_owned();
    fs::copy(curves(&place.run()), copy.join("tensorboard").join(name)).unwrap();
    let before = fs::read(curves(&place.run())).unwrap();
    let output = runs::resume(&copy, &["--iterations", "30"]).output();
    assert_eq!(code(&output.unwrap()), Some(0));
    assert!(fs::read(curves(&place.run())).unwrap() == before);
    let after = fs::read(curves(&copy)).unwrap();
    assert!(after.len() > before.len() && after.starts_with(&before));
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

#[test]
fn a_run_with_edits_is_told_again_by_any_number_of_threads() {
    let place = Place::new(&until(SMALL, 12));
    place.trains(&["--watch=poll"]);
    fs::write(
        place.session(),
        SMALL
            .replace("lr: 0.05", "lr: 0.02")
            .replace("steps: 4)", "steps: 5), weights: (hjb: 0.1)")
            .replace("batch: 100", "batch: 90")
            .replace("iterations: 40", "iterations: 25"),
    )
    .unwrap();
    place.goes_on(&[]);
    fs::write(place.session(), SMALL.replace("width: 6", "width: 7")).unwrap();
    place.goes_on(&[]);
    for threads in ["1", "2"] {
        let output = replay(&place, threads);
        let said = text(&output.stdout);
        assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
        assert!(said.starts_with("the same bits: 40 iterations, "), "{said}");
        assert!(said.contains("parameters best, best-C, last"), "{said}");
    }
}

fn replay(place: &Place, threads: &str) -> Output {
    let mut command = runs::otflow("replay");
    command.arg(place.run()).args(["--threads", threads]);
    command.output().unwrap()
}

#[test]
fn the_first_difference_is_named() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let metrics = place.run().join("metrics.jsonl");
    let whole = fs::read_to_string(&metrics).unwrap();
    let differs = |text: &str, part: &str| {
        fs::write(&metrics, text).unwrap();
        let output = replay(&place, "1");
        let said = runs::text(&output.stderr);
        assert!(code(&output) == Some(1) && said.contains(part), "{said}");
    };
    let rows: Vec<&str> = whole.lines().collect();
    let row = rows
        .iter()
        .position(|row| row.contains("\"iteration\":9,"))
        .unwrap();
    let mut object: serde_json::Value = serde_json::from_str(rows[row]).unwrap();
    let bits = object["R"].as_f64().unwrap().to_bits();
    object["R"] = f64::from_bits(bits + 1).into();
    let changed = whole.replace(rows[row], &object.to_string());
    differs(
        &changed,
        &format!("metrics.jsonl, line {}: iteration 9: R is ", row + 1),
    );
    differs(
        &whole.replacen(&format!("{}\n", rows[row]), "", 1),
        "event is \"rate\" in the run and \"iteration\"",
    );
    // Parameters of another run.
    fs::write(&metrics, &whole).unwrap();
    let other = Place::new(&SMALL.replace("width: 6", "width: 6, seed: 2"));
    other.trains(&[]);
    fs::copy(
        other.run().join("last.safetensors"),
        place.run().join("last.safetensors"),
    )
    .unwrap();
    differs(&whole, "last.safetensors, iteration 40: ");
}

#[test]
fn single_precision_both_schedules_and_tables_are_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let single = SMALL.replace("width: 6", "width: 6, precision: F32");
    for session in [&single, SWITCHING, STARTING, &runs::table(folder.path())] {
        let place = Place::new(session);
        place.trains(&[]);
        let output = replay(&place, "2");
        assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    }
}

#[test]
fn a_run_that_a_signal_has_ended_goes_on_and_is_told_again_before_and_after() {
    let unbroken = Place::new(SMALL);
    let limit = ["--iterations", "1000"];
    unbroken.trains(&limit);
    let place = Place::new(SMALL);
    let mut child = place
        .train(&limit)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    let iterations =
        || fs::read_to_string(place.run().join("metrics.jsonl")).map_or(0, |rows| rows.len());
    while iterations() < 10_000 {
        std::thread::yield_now();
    }
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let output = replay(&place, "1");
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    place.goes_on(&[]);
    runs::same(&place, &unbroken.left(), "after a signal");
    let output = replay(&place, "2");
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_run_from_a_model_replays_when_the_model_is_gone() {
    let first = Place::new(SMALL);
    first.trains(&[]);
    let model = first.run().join("best.safetensors");
    let start = format!("start: Model({model:?}), flow:");
    let place = Place::new(&SMALL.replace("flow:", &start));
    place.trains(&["--iterations", "9"]);
    fs::remove_file(model).unwrap();
    place.goes_on(&["--iterations", "20"]);
    let output = runs::otflow("replay").arg(place.run()).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}
