//! The published checkpoint, as `evaluate` and `score` see it: every figure and log density of the published evaluation.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Relative; both compute in f64, in another order.
const ROUNDING: f64 = 1e-9;

fn reference(ending: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    folder.join(format!("swissroll_published{ending}"))
}

/// What a command prints about the checkpoint and its 2000 rows, in the published 12 steps.
fn otflow(command: &str, rest: &[&str]) -> String {
    let mut otflow = Command::new(env!("CARGO_BIN_EXE_otflow"));
    otflow.arg(command);
    otflow.args([reference(".safetensors"), reference("_x.npy")]);
    let output = otflow.args(["--steps", "12"]).args(rest).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn agree(name: &str, ours: f64, published: f64) {
    let error = (ours / published - 1.0).abs();
    assert!(error < ROUNDING, "{name}: {ours} for {published}");
}

#[test]
fn the_published_figures_and_log_densities_are_found_again() {
    let published: Value = serde_json::from_slice(&fs::read(reference(".json")).unwrap()).unwrap();
    let found = otflow("evaluate", &["--weights", "1,30,15", "--json"]);
    let found: Value = serde_json::from_str(&found).unwrap();
    for (name, theirs) in [
        ("loss", "loss"),
        ("L", "cost_L"),
        ("C", "cost_C"),
        ("R", "cost_R"),
        ("inverse_error", "inverse_error"),
    ] {
        let value = |value: &Value| value.as_f64().unwrap();
        agree(name, value(&found[0][name]), value(&published[theirs]));
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("scores.csv");
    otflow("score", &["--out", out.to_str().unwrap()]);
    let scores = fs::read_to_string(out).unwrap();
    let mut lines = scores.lines();
    assert_eq!(lines.next(), Some("log_density"));
    let ours: Vec<f64> = lines.map(|line| line.parse().unwrap()).collect();
    assert_eq!(ours.len(), 2000);
    let theirs = published["log_prob"].as_array().unwrap();
    assert!(theirs.len() >= 300);
    for (ours, theirs) in ours.iter().zip(theirs) {
        agree("log density", *ours, theirs.as_f64().unwrap());
    }
}
