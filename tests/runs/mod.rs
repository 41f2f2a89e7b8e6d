//! Runs of the real program in a directory of their own, and what is left of them.
#![allow(dead_code)]

#[cfg(target_os = "linux")]
pub mod several;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Every part of training within 40 iterations of a millisecond.
pub const SMALL: &str = r#"Session(
    data: Toy(name: "moons", batch: 100, resample_every: 5),
    model: (width: 6),
    flow: (steps: 3),
    optimizer: Adam(lr: 0.05, schedule: Halve(every: 9)),
    validation: (every: 2, samples: 50, steps: 4),
    stop: (iterations: 40),
)"#;

/// The other schedule.
pub const SWITCHING: &str = r#"Session(
    data: Toy(name: "rings", batch: 100, resample_every: 7),
    model: (width: 6),
    flow: (steps: 3),
    optimizer: Adam(lr: 0.3, schedule: Plateau(patience: 1, factor: 0.5, drops: 9)),
    validation: (every: 1, samples: 50, steps: 4),
    stop: (iterations: 40),
)"#;

/// A start by matching, Muon and averaged parameters.
pub const STARTING: &str = r#"Session(
    data: Toy(name: "pinwheel", batch: 100, resample_every: 5),
    model: (width: 6, layers: 3),
    start: Matching(iterations: 17, batch: 300, group: 20, reuse: 4, every: 6),
    flow: (steps: 3),
    optimizer: Muon(lr: 0.01, schedule: Cosine(warmup: 3, floor: 0.1), decay: 0.1, clip: 20.0, average: 0.9),
    validation: (every: 2, samples: 50, steps: 4),
    stop: (iterations: 40),
)"#;

/// A session of a table in `folder`: 24 rows to train on, by 7.
pub fn table(folder: &Path) -> String {
    let rows: Vec<String> = (0..30).map(|i| format!("{},{}", i * i, i % 7)).collect();
    let path = folder.join("t.csv");
    fs::write(&path, rows.join("\n")).unwrap();
    let data = format!("Table(path: {path:?}, jitter: {{\"1\": 1.0, \"2\": 1.0}}, batch: 7)");
    SMALL.replace(
        r#"Toy(name: "moons", batch: 100, resample_every: 5)"#,
        &data,
    )
}

/// A session file and a run of it.
pub struct Place {
    pub folder: TempDir,
}

impl Place {
    pub fn new(session: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { folder };
        fs::write(place.session(), session).unwrap();
        place
    }

    pub fn session(&self) -> PathBuf {
        self.folder.path().join("small.ron")
    }

    pub fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    pub fn train(&self, arguments: &[&str]) -> Command {
        let mut command = otflow("train");
        command.arg(self.session()).args(arguments);
        command.arg("--out").arg(self.run());
        command.arg("--headless").current_dir(self.folder.path());
        command
    }

    pub fn resume(&self, arguments: &[&str]) -> Command {
        let mut command = resume(&self.run(), arguments);
        command.current_dir(self.folder.path());
        command
    }

    /// Trains to the end.
    pub fn trains(&self, arguments: &[&str]) {
        done(self.train(arguments).output().unwrap());
    }

    /// Goes on to the end.
    pub fn goes_on(&self, arguments: &[&str]) {
        done(self.resume(arguments).output().unwrap());
    }

    /// What two runs have to agree in.
    pub fn left(&self) -> Left {
        left(&self.run())
    }
}

/// What two runs have to agree in.
pub fn left(run: &Path) -> Left {
    (told(run), models(run))
}

/// What the trainer told of its work, times and the limit left out.
pub fn told(run: &Path) -> Vec<String> {
    let events = lines(&run.join("metrics.jsonl")).into_iter();
    let work = [
        "iteration",
        "matching",
        "validation",
        "resample",
        "rate",
        "rollback",
        "finished",
    ];
    let events = events.filter(|event| work.contains(&event["event"].as_str().unwrap()));
    let timeless = events.map(|mut event| {
        event.as_object_mut().unwrap().remove("seconds");
        event.to_string()
    });
    timeless.collect()
}

/// The bytes of the parameters that there are, without the session in their metadata.
pub fn models(run: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let names = ["best.safetensors", "last.safetensors"].into_iter();
    let there = names.filter(|name| run.join(name).exists());
    let theta = |name| {
        let bytes = fs::read(run.join(name)).unwrap();
        let header = u64::from_le_bytes(*bytes.first_chunk().unwrap());
        (name, bytes[8 + header as usize..].to_vec())
    };
    there.map(theta).collect()
}

/// Rows and parameters.
pub type Left = (Vec<String>, BTreeMap<&'static str, Vec<u8>>);

/// The run has left the same bits; else the first row that differs.
#[track_caller]
pub fn same(place: &Place, (expected, models): &Left, when: &str) {
    let rows = told(&place.run());
    for (i, (row, expected)) in rows.iter().zip(expected).enumerate() {
        assert_eq!(row, expected, "row {i}, {when}");
    }
    assert_eq!(rows.len(), expected.len(), "rows, {when}");
    assert!(&self::models(&place.run()) == models, "parameters, {when}");
}

/// Waits until a run under way has written so many bytes of metrics.
pub fn wait(run: &Path, bytes: u64) {
    let metrics = run.join("metrics.jsonl");
    while fs::metadata(&metrics).map_or(0, |file| file.len()) < bytes {
        thread::sleep(Duration::from_millis(5));
    }
}

/// The program with one of its commands.
pub fn otflow(command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_otflow"));
    program.arg(command).stdin(Stdio::null());
    program
}

/// The run goes on.
pub fn resume(run: &Path, arguments: &[&str]) -> Command {
    let mut command = otflow("train");
    command
        .arg("--resume")
        .arg(run)
        .args(arguments)
        .arg("--headless");
    command
}

fn done(output: Output) {
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
}

pub fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The rows of a run, its remarks on one line each whatever the width of a line.
pub fn unwrapped(stdout: &[u8]) -> String {
    let continued = format!("\n#{}", " ".repeat(21));
    text(stdout).replace(&continued, " ")
}

/// The objects of a file of JSON lines.
pub fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    let events = events.iter();
    events.filter(|event| event["event"] == name).collect()
}
