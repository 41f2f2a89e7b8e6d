//! Disks that fail while a run is trained: it goes on, says so once, tries again, and saves its parameters wherever it can.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use otflow::model::TrainedModel;
use runs::{Place, SMALL, code, text};

/// Iterations of a run that lasts for some seconds, so that something can happen to it.
const LONG: [&str; 2] = ["--iterations", "1500"];

fn spawn(mut command: Command) -> Child {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Removes a directory in which something is written all the time.
fn remove(directory: &Path) {
    while directory.exists() {
        let _ = fs::remove_dir_all(directory);
    }
}

/// How often a file is warned of in the rows.
fn warnings(output: &Output, file: &str) -> usize {
    let rows = runs::unwrapped(&output.stdout);
    let warned = rows
        .lines()
        .filter(|row| row.contains("warning") && row.contains(file));
    warned.count()
}

#[test]
fn where_the_run_directory_is_gone_the_parameters_are_saved_beside_and_named() {
    let place = Place::new(SMALL);
    let child = spawn(place.train(&LONG));
    runs::wait(&place.run(), 5000);
    remove(&place.run());
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(code(&output), Some(1), "{said}");
    let unbroken = Place::new(SMALL);
    unbroken.trains(&LONG);
    for name in ["best", "last"] {
        let beside = format!("run-{name}.safetensors");
        assert!(said.contains(&format!("{beside} instead")), "{said}");
        let saved = TrainedModel::load(&place.folder.path().join(beside)).unwrap();
        let own = unbroken.run().join(name).with_extension("safetensors");
        assert_eq!(saved.theta, TrainedModel::load(&own).unwrap().theta);
    }
    for file in ["metrics.jsonl", "state.ckpt", "last.safetensors"] {
        assert_eq!(
            warnings(&output, file),
            1,
            "{file}: {}",
            text(&output.stdout)
        );
        assert!(text(&output.stdout).contains("make room"));
    }
}

#[test]
fn where_nothing_can_be_saved_beside_either_it_is_in_the_temporary_directory() {
    let place = Place::new(SMALL);
    for name in ["best", "last"] {
        // Nobody can put a file in the place of this, not even root.
        let taken = place
            .folder
            .path()
            .join(format!("run-{name}.safetensors/x"));
        fs::create_dir_all(taken).unwrap();
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = place.train(&LONG);
    command.env("TMPDIR", elsewhere.path());
    let child = spawn(command);
    runs::wait(&place.run(), 5000);
    remove(&place.run());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), Some(1));
    let saved = elsewhere.path().join("run-last.safetensors");
    assert!(text(&output.stderr).contains(&*saved.to_string_lossy()));
    assert_eq!(
        TrainedModel::load(&saved)
            .unwrap()
            .origin
            .unwrap()
            .iteration,
        1500
    );
}

#[test]
fn a_directory_that_comes_back_has_everything() {
    let place = Place::new(SMALL);
    let mut child = spawn(place.train(&LONG));
    runs::wait(&place.run(), 5000);
    let away = place.folder.path().join("away");
    fs::rename(place.run(), &away).unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(rows.any(|row| row.unwrap().contains("warning")));
    fs::rename(&away, place.run()).unwrap();
    rows.for_each(|row| drop(row.unwrap()));
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let unbroken = Place::new(SMALL);
    unbroken.trains(&LONG);
    runs::same(&place, &unbroken.left(), "came back");
}

#[test]
fn a_limit_on_the_size_of_files_is_told_and_does_not_end_the_program() {
    let place = Place::new(SMALL);
    let mut command = Command::new("sh");
    let train = place.train(&LONG);
    // Blocks of 512 bytes: room for parameters and checkpoints, not for the rows.
    let limited = "ulimit -f 40; exec \"$@\"";
    command.args(["-c", limited, "sh"]).arg(train.get_program());
    command
        .args(train.get_args())
        .current_dir(place.folder.path());
    let output = spawn(command).wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(code(&output), Some(1), "{said}");
    assert!(said.contains("metrics.jsonl"), "{said}");
    assert_eq!(warnings(&output, "metrics.jsonl"), 1);
    let last = TrainedModel::load(&place.run().join("last.safetensors")).unwrap();
    assert_eq!(last.origin.unwrap().iteration, 1500);
    let rows = fs::read_to_string(place.run().join("metrics.jsonl")).unwrap();
    let whole = rows.lines().count() - 1;
    for row in rows.lines().take(whole) {
        serde_json::from_str::<serde_json::Value>(row).unwrap();
    }
    // With room again it goes on: the rows that are missing stay so, which is told; the parameters are the same.
    let output = place.resume(&["--iterations", "1510"]).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("metrics.jsonl lacks"));
    let unbroken = Place::new(SMALL);
    unbroken.trains(&["--iterations", "1510"]);
    assert_eq!(runs::models(&place.run()), runs::models(&unbroken.run()));
}

#[test]
fn a_table_that_goes_while_it_is_trained_on_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t.npy");
    let values: Vec<f64> = (0..400).map(|i| f64::from(i * i % 97)).collect();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (200, 2), }";
    let header = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    fs::write(&table, bytes).unwrap();
    let data = format!("Table(path: {table:?}, jitter: {{\"1\": 1.0, \"2\": 1.0}}, batch: 50)");
    let toy = r#"Toy(name: "moons", batch: 100, resample_every: 5)"#;
    let place = Place::new(&SMALL.replace(toy, &data));
    let child = spawn(place.train(&LONG));
    runs::wait(&place.run(), 5000);
    // In place, so that whoever has it open sees it too.
    fs::File::options()
        .write(true)
        .open(&table)
        .unwrap()
        .set_len(0)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        warnings(&output, "training goes by the rows of the one before"),
        1
    );
    TrainedModel::load(&place.run().join("last.safetensors")).unwrap();
}
