//! Training without a screen, as a CI system meets it: rows, their pace, gates, and where there is a progress bar.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pty;
mod runs;

use std::fs;
use std::path::Path;

use pty::Pty;
use runs::{Place, SMALL, STARTING, code, lines, named, text};
use serde_json::Value;

/// The iterations that have a row of their own.
fn iterations(stdout: &str) -> Vec<u64> {
    let rows = stdout.lines().filter(|line| !line.starts_with('#'));
    let firsts = rows.filter_map(|row| row.split_whitespace().next()?.parse().ok());
    firsts.collect()
}

#[test]
fn rows_in_a_pipe_have_80_columns_and_as_many_as_asked_for() {
    for (session, width) in [(SMALL, 80), (STARTING, 80), (SMALL, 115)] {
        let place = Place::new(session);
        let asked = format!("--width={width}");
        let arguments: &[&str] = if width == 80 { &[] } else { &[&asked] };
        let output = place.train(arguments).output().unwrap();
        assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
        let stdout = text(&output.stdout);
        for line in stdout.lines() {
            let path = place.run().display().to_string();
            assert!(
                line.chars().count() <= width || line.ends_with(&path),
                "{line}"
            );
        }
        let head = stdout.lines().find(|line| line.contains("iteration "));
        assert_eq!(head.unwrap().contains("val loss"), width == 115);
    }
}

#[test]
fn rows_come_as_often_as_asked_for_and_at_every_validation() {
    let rare = SMALL.replace("every: 2, samples", "every: 15, samples");
    let of = |arguments: &[&str]| {
        let output = Place::new(&rare).train(arguments).output().unwrap();
        assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
        iterations(&text(&output.stdout))
    };
    assert_eq!(of(&["--log-every", "20"]), [1, 15, 20, 30, 40]);
    // By its earlier name.
    assert_eq!(of(&["--every", "20"]), [1, 15, 20, 30, 40]);
    assert_eq!(of(&["--log-every", "1000s"]), [1, 15, 30, 40]);
    assert_eq!(of(&["--log-every=0.0000001s"]).len(), 40);
    for bad in ["0", "0s", "ten", "5m"] {
        let arguments = ["--log-every", bad];
        let output = Place::new(SMALL).train(&arguments).output().unwrap();
        assert_eq!(code(&output), Some(2), "{bad}");
    }
}

#[test]
fn a_quiet_run_prints_its_end_alone() {
    let place = Place::new(SMALL);
    let gates = [
        "-q",
        "--require=validation_C<=100",
        "--require=validation_L<=-1",
    ];
    let output = place.train(&gates).output().unwrap();
    assert_eq!(code(&output), Some(4));
    let stdout = text(&output.stdout);
    assert!(
        stdout.starts_with("#      40 finished    all iterations done"),
        "{stdout}"
    );
    assert!(stdout.contains("gate validation_C <= 100: "), "{stdout}");
    assert!(stdout.contains(" missed by "), "{stdout}");
    assert!(
        stdout.trim_end().ends_with(place.run().to_str().unwrap()),
        "{stdout}"
    );
    assert_eq!(iterations(&stdout), [0_u64; 0]);
    let stderr = text(&output.stderr);
    assert!(
        stderr.starts_with("error: gate validation_L <= -1: "),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    for other in ["--json", "--log-every=3", "--tui"] {
        let output = Place::new(SMALL).train(&["-q", other]).output().unwrap();
        assert_eq!(code(&output), Some(2), "{other}");
    }
}

#[test]
fn gates_have_their_values_in_the_rows_the_json_and_the_summary() {
    let place = Place::new(SMALL);
    let gates = [
        "--json",
        "--require=divergence<=0.001",
        "--require=validation_C<=100",
    ];
    let output = place.train(&gates).output().unwrap();
    assert_eq!(code(&output), Some(4));
    let stdout = text(&output.stdout);
    let last: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let (best, gates) = (&last["best"], &last["gates"]);
    let number = |value: &Value| value.as_f64().unwrap();
    assert_eq!(gates[0]["gate"], "divergence <= 0.001");
    assert_eq!(gates[0]["value"], best["divergence"]);
    assert_eq!(
        number(&gates[0]["missed_by"]),
        number(&best["divergence"]) - 0.001
    );
    assert_eq!(gates[0]["passed"], false);
    assert_eq!(gates[1]["value"], best["C"]);
    assert_eq!(gates[1]["passed"], true);
    assert!(gates[1]["missed_by"].is_null() && gates[1]["missed"].is_null());
    let summary = fs::read_to_string(place.run().join("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(&summary["gates"], gates);
    let metrics = lines(&place.run().join("metrics.jsonl"));
    assert_eq!(&named(&metrics, "finished")[0]["gates"], gates);
    let log = fs::read_to_string(place.run().join("log.txt")).unwrap();
    assert!(log.contains("gate divergence <= 0.001: "), "{log}");
    // Gates follow from the best validation: another judgement is no other run.
    let replay = runs::otflow("replay").arg(place.run()).output().unwrap();
    assert_eq!(code(&replay), Some(0), "{}", text(&replay.stderr));
}

/// A terminal in which a shell trains without an end, stdout and stderr as in `redirected`.
fn shell(redirected: &str, arguments: &str) -> Pty {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.ron"), pty::small(1_000_000_000)).unwrap();
    let program = env!("CARGO_BIN_EXE_otflow");
    let line = format!(
        "{program} train s.ron --out run --headless --seconds 60 --log-every 0.2s {arguments} {redirected}"
    );
    Pty::run_in(Path::new("/bin/sh"), &["-c", &line], folder, &[])
}

fn is_row(line: &str) -> bool {
    line.trim_start().starts_with(char::is_numeric)
}

/// What the bar alone has.
const BAR: &str = " left  ";

/// Ends the program that a shell has started, by the iterations it has left.
fn end(pty: Pty) {
    pty.kill("-HUP");
    drop(pty);
}

#[test]
fn there_is_a_bar_where_no_row_can_come_between_and_nowhere_else() {
    // Rows and bar on the terminal: the bar stands below them.
    let pty = shell("", "");
    pty.wait_until("a bar below rows", |text| {
        let lines: Vec<&str> = text.lines().collect();
        let bar = lines.iter().rposition(|line| line.contains(BAR));
        let row = lines.iter().rposition(|line| is_row(line));
        matches!((bar, row), (Some(bar), Some(row)) if row < bar)
    });
    end(pty);
    // Rows in a file, the bar on the terminal.
    let pty = shell("> rows.txt", "");
    pty.wait_for(BAR);
    assert!(!pty.text().contains("iteration"), "{}", pty.text());
    end(pty);
    // Rows through a pipe to the same terminal, in which a bar would be torn; a bar in a file; a quiet run.
    for (redirected, arguments) in [("| cat", ""), ("2> err.txt", "")] {
        let pty = shell(redirected, arguments);
        pty.wait_until("ten rows", |text| {
            let rows = text.lines().filter(|line| is_row(line));
            rows.count() >= 10
        });
        assert!(!pty.text().contains(BAR), "{}", pty.text());
        end(pty);
    }
}

#[test]
fn a_row_is_as_wide_as_the_terminal() {
    let pty = shell("", "");
    pty.wait_for("val C");
    let wide = pty.text().lines().any(|line| line.contains("val loss"));
    assert!(!wide, "{}", pty.text());
    end(pty);
}
