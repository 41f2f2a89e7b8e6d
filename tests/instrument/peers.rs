//! The programs in `tests/peers/`, each a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::process::run;
use super::report::{Contender, Point, Test};
use super::settings::Settings;
use super::tables::Tables;

/// What they are given when nothing is set.
pub const SECONDS: f64 = 150.0;

const SCRIPTS: [&str; 2] = ["spline.py", "otcfm.py"];

/// A line of theirs; nats in units of the table.
#[derive(Deserialize)]
struct Line {
    peer: String,
    seconds: f64,
    cpu_seconds: f64,
    #[serde(rename = "validation_C_table")]
    validation_c: f64,
    #[serde(rename = "test_C_table")]
    test_c: Option<f64>,
    #[serde(rename = "test_C_se")]
    error: Option<f64>,
}

/// All of them on the table and, where there are other columns, on those.
pub fn contend(tables: &Tables, settings: &Settings) -> Vec<Contender> {
    let Some(python) = &settings.python else {
        println!("without the peers: OTFLOW_PEERS_PYTHON is not set");
        return Vec::new();
    };
    if tables.conditional {
        println!("without the peers: they learn no conditional densities");
        return Vec::new();
    }
    let mut found = Vec::new();
    for script in SCRIPTS {
        let mapped = tables.mapped.as_ref().map(Some);
        for mapped in [None].into_iter().chain(mapped) {
            let mut command = command(python, script, tables, settings);
            if let Some(mapped) = mapped {
                let (validation, test) = (mapped.validation_slope, mapped.test_slope);
                command.arg("--mapped").args(&mapped.files);
                command.arg(format!("--log-slope={validation},{test}"));
            }
            let ran = run(&mut command);
            found.push(contender(&ran.stdout, tables));
        }
    }
    found
}

fn command(python: &PathBuf, script: &str, tables: &Tables, settings: &Settings) -> Command {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let mut command = Command::new(python);
    command.arg(scripts.join(script)).args(&tables.raw);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, value) in [
        ("--test", tables.split.test),
        ("--validation", tables.split.validation),
        ("--seconds", settings.seconds.unwrap_or(SECONDS)),
        ("--threads", settings.threads as f64),
    ] {
        command.arg(format!("{name}={value}"));
    }
    command
}

fn contender(stdout: &str, tables: &Tables) -> Contender {
    let lines = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Line> = lines.collect();
    let point = |line: &Line| Point {
        seconds: line.seconds,
        cpu_seconds: line.cpu_seconds,
        c: tables.of_curves(line.validation_c),
    };
    let end = lines.last().unwrap();
    Contender {
        name: end.peer.clone(),
        curve: lines.iter().map(point).collect(),
        seconds: end.seconds,
        cpu_seconds: end.cpu_seconds,
        test: Test {
            c_table: end.test_c.unwrap(),
            error: end.error.unwrap(),
        },
        flow: None,
    }
}
