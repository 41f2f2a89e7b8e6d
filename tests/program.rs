//! The program as its users meet it: exit codes, rows, JSON lines, gates, signals, an edit of a running session.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Map, Value};
use tempfile::TempDir;

/// Seconds of training are not needed to see what the program does.
const SMALL: &str = r#"Session(
    data: Toy(name: "moons", batch: 100, resample_every: 5),
    model: (width: 6),
    flow: (steps: 3),
    optimizer: Adam(lr: 0.05),
    validation: (every: 2, samples: 50, steps: 4),
    stop: (iterations: 6),
)"#;

struct Place {
    folder: TempDir,
}

impl Place {
    fn new(session: &str) -> Self {
        let place = Place {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(place.session(), session).unwrap();
        place
    }

    fn session(&self) -> PathBuf {
        self.folder.path().join("small.ron")
    }

    fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    fn train(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
        command.current_dir(self.folder.path());
        command.arg("train").arg(self.session()).args(arguments);
        command.arg("--out").arg(self.run()).stdin(Stdio::null());
        command
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["event"] == name)
        .collect()
}

#[test]
fn a_run_into_a_pipe_prints_rows_without_escape_codes_and_leaves_its_directory() {
    let place = Place::new(SMALL);
    let output = place.train(&[]).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let rows = text(&output.stdout);
    assert!(!rows.contains('\u{1b}') && !rows.contains('\r'));
    assert!(rows.contains("iteration") && rows.contains("C - H"));
    assert!(text(&output.stderr).contains("stdout is no terminal"));
    for file in [
        "session.ron",
        "metrics.jsonl",
        "edits.jsonl",
        "log.txt",
        "summary.json",
        "best.safetensors",
        "last.safetensors",
    ] {
        assert!(place.run().join(file).is_file(), "{file}");
    }
    assert_eq!(
        fs::read_to_string(place.run().join("session.ron")).unwrap(),
        SMALL
    );
}

#[test]
fn json_lines_start_with_the_schema_and_are_those_of_the_metrics() {
    let place = Place::new(SMALL);
    let output = place.train(&["--json"]).output().unwrap();
    assert_eq!(code(&output), Some(0));
    let printed: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(printed[0]["event"], "start");
    assert_eq!(printed[0]["schema"], 1);
    assert_eq!(printed.last().unwrap()["event"], "finished");
    let metrics = lines(&place.run().join("metrics.jsonl"));
    for name in ["iteration", "validation"] {
        assert_eq!(named(&printed, name), named(&metrics, name));
    }
    assert_eq!(named(&printed, "iteration").len(), 6);
    assert!(named(&printed, "validation")[0]["divergence_se"].is_f64());
}

#[test]
fn runs_of_any_number_of_threads_have_the_same_metrics() {
    let of = |threads: &str| {
        let place = Place::new(SMALL);
        let output = place
            .train(&["--headless", "--threads", threads])
            .output()
            .unwrap();
        assert_eq!(code(&output), Some(0));
        let mut metrics = lines(&place.run().join("metrics.jsonl"));
        metrics.retain(|event| event["event"] == "iteration" || event["event"] == "validation");
        for event in &mut metrics {
            event["seconds"] = Value::Null;
        }
        let best = fs::read(place.run().join("best.safetensors")).unwrap();
        (metrics, best)
    };
    let one = of("1");
    assert_eq!(of("2"), one);
    assert_eq!(of("3"), one);
    // More than there are tiles.
    assert_eq!(of("300"), one);
}

#[test]
fn a_gate_that_is_missed_ends_with_4_and_says_which() {
    let place = Place::new(SMALL);
    let output = place
        .train(&["--require", "validation_C<=0.1"])
        .output()
        .unwrap();
    assert_eq!(code(&output), Some(4));
    assert!(text(&output.stderr).contains("validation_C <= 0.1"));
    let passed = Place::new(SMALL)
        .train(&["--require", "validation_C<=100"])
        .output()
        .unwrap();
    assert_eq!(code(&passed), Some(0));
}

#[test]
fn a_bad_session_or_argument_ends_with_2_and_says_where() {
    let place = Place::new(&SMALL.replace("width: 6", "widht: 6"));
    let output = place.train(&[]).output().unwrap();
    assert_eq!(code(&output), Some(2));
    let message = text(&output.stderr);
    assert!(
        message.contains("small.ron:3:13") && message.contains("width") && message.contains('^'),
        "{message}"
    );
    let unknown = Place::new(SMALL).train(&["--nonsense"]).output().unwrap();
    assert_eq!(code(&unknown), Some(2));
    let no_screen = Place::new(SMALL).train(&["--tui"]).output().unwrap();
    assert_eq!(code(&no_screen), Some(2));
}

#[test]
fn a_run_directory_in_use_is_refused_and_left_alone() {
    let place = Place::new(SMALL);
    assert_eq!(code(&place.train(&[]).output().unwrap()), Some(0));
    let before = fs::read(place.run().join("metrics.jsonl")).unwrap();
    let again = place.train(&[]).output().unwrap();
    assert_eq!(code(&again), Some(1));
    assert!(text(&again.stderr).contains("not empty"));
    assert_eq!(fs::read(place.run().join("metrics.jsonl")).unwrap(), before);
}

#[test]
fn a_run_that_diverges_ends_with_3_and_keeps_finite_parameters() {
    let wild = SMALL
        .replace("lr: 0.05", "lr: 10")
        .replace("model: (width: 6)", "model: (width: 6, precision: F32)")
        .replace("iterations: 6", "iterations: 400")
        .replace("stop:", "recovery: (rollbacks: 2, factor: 0.9), stop:");
    let place = Place::new(&wild);
    let output = place.train(&["--json"]).output().unwrap();
    let events: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(code(&output), Some(3), "{}", text(&output.stdout));
    assert_eq!(named(&events, "rollback").len(), 2);
    assert_eq!(events.last().unwrap()["reason"], "diverged");
    let model = otflow::model::TrainedModel::load(&place.run().join("last.safetensors")).unwrap();
    assert!(model.theta.iter().all(|value| value.is_finite()));
}

/// A long run whose stdout has told its first iterations.
fn started(place: &Place, arguments: &[&str]) -> (Child, impl Iterator<Item = Value>) {
    let mut child = place
        .train(arguments)
        .arg("--json")
        .args(["--iterations", "1000000", "--seconds", "60"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    events.find(|event| event["event"] == "validation").unwrap();
    (child, events)
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(status.success());
}

#[test]
fn signals_end_a_run_with_its_parameters_written() {
    for (signal, expected) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let place = Place::new(SMALL);
        let (mut child, events) = started(&place, &[]);
        send(signal, &child);
        let last = events.last().unwrap();
        assert_eq!(last["event"], "finished");
        assert_eq!(child.wait().unwrap().code(), Some(expected), "{signal}");
        assert!(otflow::model::TrainedModel::load(&place.run().join("last.safetensors")).is_ok());
        assert!(place.run().join("summary.json").is_file());
    }
}

#[test]
fn an_edited_session_takes_hold_while_the_run_goes_on() {
    let place = Place::new(SMALL);
    let (mut child, mut events) = started(&place, &["--watch"]);
    fs::write(place.session(), SMALL.replace("lr: 0.05", "lr: 0.0")).unwrap();
    let rejected = events.find(|event| event["event"] == "rejected").unwrap();
    assert_eq!(
        (&rejected["line"], &rejected["column"]),
        (&5.into(), &25.into())
    );
    fs::write(place.session(), SMALL.replace("lr: 0.05", "lr: 0.002")).unwrap();
    let edit = events.find(|event| event["event"] == "edit").unwrap();
    assert_eq!(edit["field"], "optimizer.lr");
    assert_eq!(
        (&edit["old"], &edit["new"]),
        (&"0.05".into(), &"0.002".into())
    );
    let next = events.find(|event| event["event"] == "iteration").unwrap();
    assert_eq!(next["lr"], 0.002);
    assert_eq!(
        next["iteration"].as_u64(),
        edit["iteration"].as_u64().map(|i| i + 1)
    );
    send("-TERM", &child);
    events.last().unwrap();
    child.wait().unwrap();
    let recorded = lines(&place.run().join("edits.jsonl"));
    assert_eq!(named(&recorded, "edit"), [&edit]);
    let session = named(&recorded, "session")[0]["session"].as_str();
    assert!(session.unwrap().contains("lr: 0.002"));
}

#[test]
fn a_reader_that_goes_away_does_not_end_the_run() {
    let place = Place::new(SMALL);
    let (mut child, events) = started(&place, &[]);
    drop(events);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the run goes on");
    send("-TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn verify_prints_every_quantity_and_ends_with_1_past_the_tolerance() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/d2_m8_n5_nt4.json");
    let verify = |file: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
        command.arg("verify").arg(file).arg("--json");
        command.output().unwrap()
    };
    let good = verify(&file);
    assert_eq!(code(&good), Some(0));
    let list: Value = serde_json::from_slice(&good.stdout).unwrap();
    let errors = list[0]["errors"].as_object().unwrap();
    for name in [
        "phi",
        "grad_s",
        "trace_hess",
        "loss",
        "costs",
        "N.layers.1.weight",
        "c.bias",
        "forward",
        "inverse_x",
        "log_prob",
    ] {
        assert!(errors.contains_key(name), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let changed = folder.path().join("changed.json");
    let mut reference: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    reference["phi"][0] = (reference["phi"][0].as_f64().unwrap() + 1e-6).into();
    fs::write(&changed, reference.to_string()).unwrap();
    assert_eq!(code(&verify(&changed)), Some(1));
    assert_eq!(code(&verify(Path::new("no such file"))), Some(1));
}

fn bench(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
    command.arg("bench").args(arguments);
    command.output().unwrap()
}

#[test]
fn bench_prints_the_measurements_of_its_contract() {
    for what in ["iteration", "density", "sample"] {
        let arguments = ["toy", "--n", "64", "--seconds", "0.1", "--threads", "1"];
        let json = bench(&[&arguments[..], &["--what", what, "--json"]].concat());
        assert_eq!(code(&json), Some(0), "{}", text(&json.stderr));
        let list: Vec<Map<String, Value>> = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!(list.len(), 1);
        let names: BTreeSet<&str> = list[0].keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(MEASURED));
        let one = &list[0];
        assert_eq!(
            (&one["workload"], &one["what"]),
            (&"toy".into(), &what.into())
        );
        assert_eq!((&one["n"], &one["threads"]), (&64.into(), &1.into()));
        assert_eq!(
            (&one["precision"], &one["trace"]),
            (&"f32".into(), &"every-stage".into())
        );
        let number = |name: &str| one[name].as_f64().unwrap();
        assert!(0.0 < number("best_s") && number("best_s") <= number("median_s"));
        assert!(number("gflops") > 0.0 && number("peak_gflops") > 0.0);
        assert_eq!(
            number("fraction_of_peak"),
            number("gflops") / number("peak_gflops")
        );
        // A process with the kernels' code and one thread's arrays: more than 1 MB, less than 1 GB.
        assert!((1e6..1e9).contains(&number("peak_rss_bytes")));
    }
}

const MEASURED: [&str; 14] = [
    "workload",
    "what",
    "trace",
    "precision",
    "n",
    "threads",
    "best_s",
    "median_s",
    "cpu_s",
    "gflops",
    "peak_gflops",
    "fraction_of_peak",
    "peak_rss_bytes",
    "lanes",
];

#[test]
fn more_threads_than_tiles_are_timed_as_any_number() {
    for what in ["iteration", "density", "sample"] {
        let arguments = ["toy", "--n", "16", "--seconds", "0.1", "--threads", "64"];
        let done = bench(&[&arguments[..], &["--what", what]].concat());
        assert_eq!(code(&done), Some(0), "{}", text(&done.stderr));
    }
}

#[test]
fn bench_takes_each_workload_at_its_own_precision() {
    let arguments = ["toy_5000", "toy", "--n", "20000", "--seconds", "0.1"];
    let rows = bench(&[&arguments[..], &["--what", "sample"]].concat());
    assert_eq!(code(&rows), Some(0), "{}", text(&rows.stderr));
    let rows = text(&rows.stdout);
    let words = |line: &str| line.split_whitespace().take(3).map(String::from).collect();
    let starts: Vec<Vec<String>> = rows.lines().map(words).collect();
    assert_eq!(starts.len(), 4, "{rows}");
    assert_eq!(starts[2], ["toy_5000", "f64", "20000"]);
    assert_eq!(starts[3], ["toy", "f32", "20000"]);
}

#[test]
fn bench_names_its_workloads_when_asked_for_another() {
    let output = bench(&["miniboon"]);
    assert_eq!(code(&output), Some(2));
    let message = text(&output.stderr);
    for name in [
        "toy",
        "toy_5000",
        "power",
        "gas",
        "hepmass",
        "miniboone",
        "bsds300",
    ] {
        assert!(message.contains(name), "{message}");
    }
}

/// `otflow watch` on this path, into a pipe.
fn watched(path: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
    command.arg("watch").arg(path).stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn what_can_not_be_watched_is_told_in_one_sentence() {
    let place = Place::new(SMALL);
    let cases = [
        (place.run(), "there is no such directory"),
        (place.session(), "is no directory"),
        (place.folder.path().to_owned(), "is no run directory"),
    ];
    for (path, reason) in cases {
        let output = watched(&path);
        let message = text(&output.stderr);
        assert_eq!(code(&output), Some(2), "{message}");
        assert!(message.contains(reason), "{message}");
        assert!(message.contains(path.to_str().unwrap()), "{message}");
        assert_eq!((message.lines().count(), output.stdout.len()), (1, 0));
    }
    assert_eq!(code(&place.train(&[]).output().unwrap()), Some(0));
    let message = text(&watched(&place.run()).stderr);
    assert!(message.contains("stdout is no terminal"), "{message}");
}

#[test]
fn a_directory_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new(SMALL);
    assert_eq!(code(&place.train(&[]).output().unwrap()), Some(0));
    let allow = |mode| fs::set_permissions(place.run(), fs::Permissions::from_mode(mode)).unwrap();
    allow(0o000);
    let readable = fs::read_dir(place.run()).is_ok();
    let output = watched(&place.run());
    allow(0o700);
    // Nothing is forbidden to root.
    let reason = if readable {
        "no dashboard"
    } else {
        "cannot read"
    };
    assert!(text(&output.stderr).contains(reason));
    assert_eq!(code(&output), Some(2));
}

#[test]
fn the_curves_go_to_tensorboard_and_into_a_table() {
    let place = Place::new(SMALL);
    let output = place.train(&["--tensorboard"]).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let board = fs::read_dir(place.run().join("tensorboard")).unwrap();
    let files: Vec<PathBuf> = board.map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else {
        panic!("{files:?}");
    };
    let records = fs::read(file).unwrap();
    for name in ["training/loss", "validation/C", "session"] {
        let found = records.windows(name.len()).any(|w| w == name.as_bytes());
        assert!(found, "{name}");
    }
    let mut export = Command::new(env!("CARGO_BIN_EXE_otflow"));
    export.current_dir(place.folder.path());
    let output = export.args(["export", "run", "--csv", "run.csv"]).output();
    assert_eq!(code(&output.unwrap()), Some(0));
    let table = fs::read_to_string(place.folder.path().join("run.csv")).unwrap();
    assert!(table.starts_with("iteration,seconds,lr,"));
    assert_eq!(table.lines().count(), 1 + 6);
}
