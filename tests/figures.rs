//! What the dashboard costs and how fast it answers, measured on the real binary in a pseudo-terminal. Nothing is asserted but
//! that everything works, since the figures are the machine's as much as ours:
//! `cargo test --release --test figures -- --ignored --nocapture --test-threads 1`.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pty;

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use otflow::event::{Event, Figures, Losses, Thinning};
use otflow::run::line;
use pty::Pty;

/// The published toy: iterations of some 15 ms.
const TOY: &str = r#"(
    data: Toy(name: "8gaussians", batch: 2048),
    model: (width: 32, precision: F32),
    flow: (steps: 8),
    optimizer: Adam(lr: 0.1),
    stop: (iterations: 1000000),
)"#;

/// A wide potential: iterations of a second.
const WIDE: &str = r#"(
    data: Toy(name: "8gaussians", batch: 320, resample_every: 1000),
    model: (width: 512, precision: F32),
    flow: (steps: 8),
    optimizer: Adam(lr: 0.01),
    validation: (every: 1000, samples: 100),
    stop: (iterations: 1000000),
)"#;

/// Iterations of ten seconds and more.
const SLOW: &str = r#"(
    data: Toy(name: "8gaussians", batch: 6000),
    model: (width: 512, precision: F32),
    flow: (steps: 14),
    stop: (iterations: 1000000),
)"#;

/// Iterations a second, from the last row of a run that was given so many seconds.
fn rate(run: &Path) -> f64 {
    let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let rows: Vec<serde_json::Value> = rows
        .filter(|row: &serde_json::Value| row["event"] == "iteration")
        .collect();
    let at = |row: &serde_json::Value, name: &str| row[name].as_f64().unwrap();
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    let iterations = at(last, "iteration") - at(first, "iteration");
    iterations / (at(last, "seconds") - at(first, "seconds"))
}

fn headless(session: &Path, folder: &Path, seconds: &str) -> f64 {
    let out = folder.join("headless");
    let _ = fs::remove_dir_all(&out);
    let status = Command::new(env!("CARGO_BIN_EXE_otflow"))
        .args(["train", "--headless", "--seconds", seconds, "--out"])
        .args([&out, session])
        .output()
        .unwrap();
    assert!(status.status.success());
    rate(&out)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
#[ignore = "measures for six minutes"]
fn throughput_with_the_dashboard_over_headless() {
    let folder = tempfile::tempdir().unwrap();
    for (name, session, seconds) in [("toy", TOY, "4"), ("wide", WIDE, "10")] {
        let mut ratios = Vec::new();
        let mut pairs = Vec::new();
        for round in 0..12 {
            let with = || {
                let mut pty = Pty::open(session, &["--seconds", seconds]);
                // Looking at the screen every millisecond would take time from the run.
                sleep(Duration::from_secs(seconds.parse().unwrap()));
                pty.wait_for("DONE");
                let rate = rate(&pty.run());
                pty.press(b"q");
                pty.leave();
                rate
            };
            let file = folder.path().join("session.ron");
            fs::write(&file, session).unwrap();
            let without = || headless(&file, folder.path(), seconds);
            // Whichever goes first finds another machine.
            let (with, without) = if round % 2 == 0 {
                let with = with();
                (with, without())
            } else {
                let without = without();
                (with(), without)
            };
            ratios.push(with / without);
            pairs.push((with, without));
        }
        let best = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).fold(0.0, f64::max);
        println!(
            "{name}: {:.2} it/s with the dashboard, {:.2} headless (best of 12); ratio of the best {:.3}, median ratio of pairs {:.3}",
            best(|pair| pair.0),
            best(|pair| pair.1),
            best(|pair| pair.0) / best(|pair| pair.1),
            median(ratios)
        );
    }
}

#[test]
#[ignore = "measures for half a minute"]
fn key_to_screen_while_training() {
    for (name, session) in [("toy", TOY), ("wide", WIDE)] {
        let mut pty = Pty::open(session, &[]);
        pty.wait_for("RUN");
        sleep(Duration::from_secs(2));
        let mut times = Vec::new();
        // `?` opens the help, and once more the page of terms; `q` closes either.
        for turn in 0..100_u64 {
            for (key, open) in [(b"?", true), (b"q", false)] {
                // Not in step with the frames.
                sleep(Duration::from_millis(40 + turn * 37 % 90));
                let start = Instant::now();
                pty.press(key);
                pty.wait_until("the help", |text| text.contains("Shift-Tab") == open);
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize];
        println!(
            "{name}: key to screen, ms: median {:.1}, 99th percentile {:.1}, worst {:.1} of {}",
            at(0.5),
            at(0.99),
            at(1.0),
            times.len()
        );
        pty.press(b"qq");
        pty.leave();
    }
}

#[test]
#[ignore = "measures for some seconds"]
fn start_to_first_frame() {
    let mut times = Vec::new();
    for _ in 0..15 {
        let start = Instant::now();
        let mut pty = Pty::open(TOY, &[]);
        pty.wait_for("1 losses");
        times.push(start.elapsed().as_secs_f64() * 1e3);
        pty.wait_for("RUN");
        pty.press(b"qq");
        pty.leave();
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    println!(
        "start to first frame, ms: median {:.0}, worst {worst:.0} of 15",
        median(times)
    );
}

#[test]
#[ignore = "measures for some seconds"]
fn save_to_applied() {
    let mut pty = Pty::open(TOY, &[]);
    pty.wait_for("RUN");
    let edits = pty.run().join("edits.jsonl");
    let lines = || fs::read_to_string(&edits).map_or(0, |text| text.lines().count());
    let mut times = Vec::new();
    for edit in 1..=20 {
        sleep(Duration::from_millis(300));
        let before = lines();
        let rate = format!("lr: 0.1{edit:02}");
        fs::write(pty.session(), TOY.replace("lr: 0.1", &rate)).unwrap();
        let start = Instant::now();
        while lines() == before {
            assert!(start.elapsed() < pty::DEADLINE);
            sleep(Duration::from_millis(1));
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    println!(
        "save to applied, ms, an iteration included: median {:.0}, worst {worst:.0} of 20",
        median(times)
    );
    pty.press(b"qq");
    pty.leave();
}

#[test]
#[ignore = "measures for some seconds"]
fn stop_inside_a_long_iteration() {
    for (name, keys) in [("q q", &b"qq"[..]), ("Ctrl-C", b"\x03")] {
        let mut pty = Pty::open(SLOW, &[]);
        pty.wait_for("RUN");
        sleep(Duration::from_secs(2));
        let start = Instant::now();
        pty.press(keys);
        pty.leave();
        println!(
            "{name} inside a long iteration: back at the shell after {:.0} ms",
            start.elapsed().as_secs_f64() * 1e3
        );
    }
}

/// Memory of a process now, kB.
fn memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0)
}

#[test]
#[ignore = "measures for a quarter of a minute"]
fn a_terminal_that_does_not_read_for_ten_seconds() {
    let mut pty = Pty::open(TOY, &[]);
    pty.wait_for("RUN");
    sleep(Duration::from_secs(3));
    let metrics = pty.run().join("metrics.jsonl");
    let rows = || fs::read_to_string(&metrics).unwrap().lines().count();
    let (before, at_first) = (rows(), memory(pty.id()));
    pty.read(false);
    sleep(Duration::from_secs(10));
    let (after, at_last) = (rows(), memory(pty.id()));
    println!(
        "a terminal that does not read for 10 s: {} rows written meanwhile, memory {at_first} to {at_last} kB",
        after - before
    );
    assert!(after > before);
    pty.read(true);
    pty.press(b"qq");
    pty.leave();
}

/// A small run in `folder` whose record is made one of ten million iterations, with a new batch in each and a validation after every
/// hundredth: by the rule or with every row, as older programs made it. The lines.
fn ten_million(folder: &Path, thinned: bool) -> u64 {
    fs::write(folder.join("small.ron"), pty::small(10_000_000)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
    command.args(["train", "small.ron", "--headless", "--out", "run"]);
    let output = command.args(["--iterations", "9"]).current_dir(folder);
    assert!(output.output().unwrap().status.success());
    let path = folder.join("run/metrics.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let start = text.lines().next().unwrap().to_owned();
    let kept = format!(",\"thinned_after\":{}", Thinning::ALL);
    let start = match thinned {
        true => start,
        false => start.replace(&kept, ""),
    };
    let rule = if thinned {
        Thinning::new(Thinning::ALL, 0)
    } else {
        Thinning::none()
    };
    let mut file = BufWriter::new(fs::File::create(&path).unwrap());
    let mut lines = 0;
    let mut write = |line: &str| {
        lines += 1;
        file.write_all(line.as_bytes()).unwrap();
    };
    write(&(start + "\n"));
    let mut best = f64::INFINITY;
    for iteration in 1..=10_000_000_u64 {
        let c = 2.6 + 1.0 / (iteration as f64).sqrt() + 0.1 * (iteration as f64).sin();
        let losses = Losses {
            loss: 30.0 * c + 0.1 + 0.2,
            l: 0.1 * c,
            c,
            r: 0.01 / c,
        };
        let row = Event::Iteration {
            iteration,
            seconds: iteration as f64 / 7000.0,
            lr: 0.1 / 3.0,
            gradient: c.sqrt(),
            update: 0.001 / c,
            losses,
        };
        let validated = iteration % 100 == 0;
        if validated || iteration % 100 == 1 || rule.keeps(iteration) {
            write(&line::json(&row));
        }
        if validated {
            let figures = Figures {
                losses,
                ..Figures::default()
            };
            write(&line::json(&Event::Validation {
                iteration,
                seconds: iteration as f64 / 7000.0,
                figures,
                best: c < best,
                best_c: false,
                doubt: None,
            }));
            best = best.min(c);
        }
        if rule.keeps(iteration) {
            write(&line::json(&Event::Resample { iteration }));
        }
    }
    file.flush().unwrap();
    lines
}

#[test]
#[ignore = "writes 3 GB and measures for a minute"]
fn a_record_of_ten_million_iterations_is_opened() {
    for (name, thinned) in [("thinned", true), ("with every row", false)] {
        let folder = tempfile::tempdir().unwrap();
        let lines = ten_million(folder.path(), thinned);
        let bytes = fs::metadata(folder.path().join("run/metrics.jsonl")).unwrap();
        let start = Instant::now();
        let mut pty = Pty::start(&["watch", "run"], folder);
        pty.wait_for("10000000/");
        let shown = start.elapsed().as_secs_f64() * 1e3;
        let at_first = memory(pty.id());
        let mut most = at_first;
        for _ in 0..100 {
            sleep(Duration::from_millis(100));
            most = most.max(memory(pty.id()));
        }
        println!("{}", pty.text());
        println!(
            "ten million iterations {name}: {lines} lines, {:.0} MB, shown after {shown:.0} ms with {at_first} kB, at most {most} kB in the next ten seconds",
            bytes.len() as f64 / 1e6
        );
        pty.press(b"q");
        assert_eq!(pty.leave(), 0);
    }
}
