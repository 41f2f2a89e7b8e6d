//! Reports of every end, and with every name, read back.

use std::fs;
use std::sync::Arc;

use anyhow::anyhow;
use roxmltree::{Document, Node};
use tempfile::TempDir;

use super::*;
use crate::event::{Best, Reason};
use crate::run::synthetic;

const GATES: [&str; 2] = ["divergence <= 0.05", "validation_C <= 2.5"];

/// A writer of a run of the session of this name.
fn writer(folder: &TempDir, file: &str, name: &str) -> ReportWriter {
    let file = folder.path().join(file).to_str().unwrap().parse().unwrap();
    let mut writer = ReportWriter::open(&file, None, None).unwrap();
    let mut start = synthetic::start();
    let mut session = synthetic::session();
    session.gates = gates();
    start.session = Arc::new(session);
    start.name = name.into();
    start.file = Some(format!("sessions/{name}.ron").into());
    writer.name = name.into();
    writer.run = Some(ReportedRun {
        directory: format!("runs/{name}").into(),
        gates: gates(),
        start,
    });
    writer
}

fn gates() -> Vec<Gate> {
    GATES.iter().map(|gate| gate.parse().unwrap()).collect()
}

/// An end with C - H 0.0157 and C 2.7657, of which the second gate asks too much.
fn finished(reason: Reason) -> Finished {
    let best = synthetic::best(4);
    Finished {
        iteration: 5,
        seconds: 1.5,
        reason,
        best: Some(best),
        best_c: None,
        gates: Best::judge(Some(&best), &gates()),
    }
}

/// The text of the report of an end.
fn told(file: &str, name: &str, finished: Option<&Finished>, exit: &Result<Exit>) -> String {
    let folder = tempfile::tempdir().unwrap();
    writer(&folder, file, name).end(finished, exit).unwrap();
    fs::read_to_string(folder.path().join(file)).unwrap()
}

fn child<'a>(of: Node<'a, 'a>, tag: &str) -> Option<Node<'a, 'a>> {
    of.children().find(|node| node.has_tag_name(tag))
}

fn cases<'a>(document: &'a Document) -> Vec<Node<'a, 'a>> {
    let all = document.descendants();
    all.filter(|node| node.has_tag_name("testcase")).collect()
}

#[test]
fn every_gate_is_a_test_and_a_missed_one_has_failed_with_its_values() {
    let end = finished(Reason::Iterations);
    let text = told("r.xml", "moons", Some(&end), &Ok(Exit::GateMissed));
    let document = Document::parse(&text).unwrap();
    let cases = cases(&document);
    let names: Vec<_> = cases.iter().map(|case| case.attribute("name")).collect();
    assert_eq!(names, [Some("training"), Some(GATES[0]), Some(GATES[1])]);
    for passed in &cases[..2] {
        assert!(child(*passed, "failure").is_none() && child(*passed, "error").is_none());
    }
    let output = child(cases[1], "system-out").unwrap();
    assert_eq!(output.text(), Some("0.0157 passed"));
    let failure = child(cases[2], "failure").unwrap();
    assert_eq!(
        failure.attribute("message"),
        Some("2.7657 missed by 0.2657")
    );
    let suite = document
        .descendants()
        .find(|node| node.has_tag_name("testsuite"));
    let suite = suite.unwrap();
    let counts = ["name", "tests", "failures", "errors", "time"].map(|name| suite.attribute(name));
    assert_eq!(
        counts.map(Option::unwrap),
        ["moons", "3", "1", "0", "1.500"]
    );
    let property = |name: &str| {
        let mut all = document.descendants();
        let found =
            all.find(|node| node.has_tag_name("property") && node.attribute("name") == Some(name));
        found.unwrap().attribute("value").unwrap().to_owned()
    };
    for (name, value) in [
        ("run", "runs/moons"),
        ("session", "sessions/moons.ron"),
        ("build", "otflow 0.1.0 (AVX2+FMA)"),
        ("workers", "2 threads"),
        ("end", "all iterations done"),
        ("seconds", "1.5"),
        ("C", "2.7657"),
        ("C - H", "0.0157"),
        ("parameters", "runs/moons/best.safetensors"),
    ] {
        assert_eq!(property(name), value);
    }
    assert!(!property("CPU").is_empty());
}

#[test]
fn what_cuts_a_run_off_is_an_error_of_the_training_and_its_gates_are_judged() {
    let signal = finished(Reason::Signal(15));
    let diverged = finished(Reason::Diverged);
    for (end, exit, kind, words) in [
        (
            Some(&signal),
            Ok(Exit::Signal(15)),
            "signal",
            "stopped by signal 15",
        ),
        (
            Some(&diverged),
            Ok(Exit::Diverged),
            "diverged",
            "no rollbacks left",
        ),
        (
            Some(&signal),
            Err(anyhow!("cannot write <a> & \"b\"")),
            "failed",
            "cannot write <a> & \"b\"",
        ),
        (None, Ok(Exit::Signal(2)), "signal", "it was left"),
    ] {
        let text = told("r.xml", "moons", end, &exit);
        let document = Document::parse(&text).unwrap();
        let cases = cases(&document);
        let error = child(cases[0], "error").unwrap();
        assert_eq!(error.attribute("type"), Some(kind));
        assert!(
            error.attribute("message").unwrap().contains(words),
            "{text}"
        );
        let judged = if end.is_some() { "failure" } else { "skipped" };
        assert!(child(cases[2], judged).is_some(), "{text}");
        let markdown = told("r.md", "moons", end, &exit);
        assert!(
            markdown.starts_with(&format!("## moons: error, {kind}\n")),
            "{markdown}"
        );
    }
}

#[test]
fn a_report_is_valid_for_every_name() {
    let hostile: String = (0..=0x2100)
        .chain([0xfffd, 0xfffe, 0xffff, 0x1f600, 0x10ffff])
        .filter_map(char::from_u32)
        .collect();
    let names = [
        hostile.as_str(),
        "]]>",
        "<a b='c'>&amp;\"--",
        "\x1b[31mred\x1b[0m",
        "a|b`c*d_e",
        "",
        " ",
        "a\nb\r\n",
    ];
    let end = finished(Reason::Iterations);
    for name in names {
        let text = told("r.xml", name, Some(&end), &Ok(Exit::Done));
        let document = Document::parse(&text).unwrap();
        let cases = cases(&document);
        assert_eq!(cases.len(), 3);
        let markdown = told("r.md", name, Some(&end), &Ok(Exit::GateMissed));
        let rows = markdown.lines().filter(|line| line.starts_with('|'));
        // Both tables with their heads of two lines: three tests, sixteen facts.
        assert_eq!(rows.count(), 5 + 2 + 16, "{markdown}");
        assert!(!markdown.chars().any(|c| c.is_control() && c != '\n'));
    }
    let text = told("r.xml", "<a b='c'>&amp;\"--", Some(&end), &Ok(Exit::Done));
    let document = Document::parse(&text).unwrap();
    let suite = document
        .descendants()
        .find(|node| node.has_tag_name("testsuite"));
    assert_eq!(suite.unwrap().attribute("name"), Some("<a b='c'>&amp;\"--"));
}

#[test]
fn markdown_says_in_its_head_how_it_went() {
    let end = finished(Reason::Iterations);
    let text = told("r.md", "two_moons", Some(&end), &Ok(Exit::GateMissed));
    assert!(
        text.starts_with("## two\\_moons: 1 of 2 gates missed\n"),
        "{text}"
    );
    assert!(
        text.contains("| divergence &lt;= 0.05 | 0.0157 passed |"),
        "{text}"
    );
    assert!(
        text.contains("| validation\\_C &lt;= 2.5 | **failed**: 2.7657 missed by 0.2657 |"),
        "{text}"
    );
    let mut good = end.clone();
    good.gates.truncate(1);
    let text = told("r.md", "moons", Some(&good), &Ok(Exit::Done));
    assert!(text.starts_with("## moons: passed\n"), "{text}");
    let row = "| training | passed, all iterations done |";
    assert!(text.contains(row), "{text}");
}

#[test]
fn a_place_that_can_not_be_written_is_found_before_anything_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path, out: Option<&Path>| {
        let file = path.to_str().unwrap().parse().unwrap();
        ReportWriter::open(&file, None, out).map(drop)
    };
    let gone = folder.path().join("gone");
    let error = open(&gone.join("r.xml"), None).unwrap_err().to_string();
    assert!(error.contains("gone"), "{error}");
    let directory = folder.path().join("d.xml");
    fs::create_dir(&directory).unwrap();
    let error = open(&directory, None).unwrap_err().to_string();
    assert!(error.contains("it is a directory"), "{error}");
    // The run directory that is to be made.
    open(&gone.join("r.xml"), Some(&gone)).unwrap();
    open(&folder.path().join("r.md"), None).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
