//! A conditional model of a table as its users meet it: sampled and drawn, with what can be given wrongly.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

mod runs;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use runs::{code, otflow, text};
use tempfile::TempDir;

/// Exit code and stderr of a command in a directory.
fn run(folder: &Path, command: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut otflow = otflow(command);
    let output = otflow.args(arguments).current_dir(folder).output().unwrap();
    (code(&output), text(&output.stderr))
}

/// A folder with the run of p(price | carat, depth), after two iterations.
fn priced() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut table = "carat,depth,price\n".to_owned();
    for k in 0..200 {
        let noise = (f64::from(k) * 12.9898).sin();
        let carat = 1.0 + f64::from(k % 17) / 10.0;
        writeln!(
            table,
            "{carat},{},{}",
            60 + k % 5,
            4000.0 * carat + 300.0 * noise
        )
        .unwrap();
    }
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let session = r#"(data: Table(path: "t.csv", given: ["carat", "depth"], batch: 50), model: (width: 4),
        flow: (steps: 2), validation: (every: 1, samples: 20, steps: 4), stop: (iterations: 2))"#;
    fs::write(folder.path().join("s.ron"), session).unwrap();
    let (code, message) = run(
        folder.path(),
        "train",
        &["s.ron", "--headless", "--out=run"],
    );
    assert_eq!(code, Some(0), "{message}");
    folder
}

const MODEL: &str = "run/best.safetensors";

#[test]
fn what_is_given_comes_back_to_its_last_digit() {
    let folder = priced();
    let at = |name: &str| folder.path().join(name);
    let values = ["1.7", "2.3", "0.1", "1.3000000000000003"];
    let rows: String = values.iter().map(|carat| format!("61,{carat}\n")).collect();
    fs::write(at("g.csv"), format!("depth,carat\n{rows}")).unwrap();
    let args = [MODEL, "-n", "3", "--given", "g.csv", "-o", "s.csv"];
    let (code, message) = run(folder.path(), "sample", &args);
    assert_eq!(code, Some(0), "{message}");
    let text = fs::read_to_string(at("s.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("price,carat,depth"));
    let found: Vec<&str> = lines.map(|line| line.split_once(',').unwrap().1).collect();
    let expected = values
        .iter()
        .flat_map(|carat| vec![format!("{carat},61"); 3]);
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn what_is_given_wrongly_is_refused_and_leaves_no_file() {
    let folder = priced();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("names.csv"), "carat,depth\n").unwrap();
    fs::write(at("g.csv"), "carat,depth\n1,61\n").unwrap();
    for (given, words) in [
        (
            &[][..],
            "needs --given TABLE or --given COLUMN=VALUE for carat, depth",
        ),
        (&["carat=1"], "--given lacks depth"),
        (&["karat=1"], "did you mean `carat`? Valid: carat, depth"),
        (&["carat=1", "carat=2,depth=61"], "carat is given twice"),
        (&["carat=1,depth=inf"], "expected a finite number"),
        (&["carat=1.7e308,depth=61"], "so far from the data"),
        (&["names.csv"], "names.csv has no rows"),
        (
            &["g.csv", "depth=61"],
            "--given g.csv: expected one TABLE alone",
        ),
        (&["gone.csv"], "gone.csv: cannot be read"),
    ] {
        let mut args = vec![MODEL, "-n", "2", "-o", "s.csv"];
        args.extend(given.iter().flat_map(|text| ["--given", text]));
        let (code, message) = run(folder.path(), "sample", &args);
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains(words), "{message}");
        assert!(!at("s.csv").exists(), "{words}");
    }
}
