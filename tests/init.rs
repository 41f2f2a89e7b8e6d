//! `otflow init` as its users meet it: what it says of a table, and that its sessions can be trained as they are.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

mod runs;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use otflow::session::{Header, Missing, Session, Split, Trace, load, parse};
use otflow::table::TableWriter;
use runs::{code, otflow, text};
use tempfile::TempDir;

/// Exit code, stdout and stderr of a command in a directory.
fn run(folder: &Path, command: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut otflow = otflow(command);
    let output = otflow.args(arguments).current_dir(folder).output().unwrap();
    (code(&output), text(&output.stdout), text(&output.stderr))
}

/// A table in a folder of its own.
fn folder(name: &str, table: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), table).unwrap();
    folder
}

/// The session made of a table, which the program itself finds sound.
#[track_caller]
fn made(folder: &Path, table: &str) -> (Session, String) {
    let (code, said, message) = run(folder, "init", &[table]);
    assert_eq!((code, message.as_str()), (Some(0), ""));
    let session = Path::new(table).with_extension("ron");
    let (code, _, message) = run(folder, "check", &[session.to_str().unwrap()]);
    assert_eq!((code, message.as_str()), (Some(0), ""));
    (load(&folder.join(session)).unwrap(), said)
}

/// Numbers that look irregular.
fn noise(k: u32) -> f64 {
    (f64::from(k) * 12.9898).sin() * 4.0
}

/// People with a count, names, dates, gaps, a class, and columns that say nothing new.
fn people(rows: u32) -> String {
    let mut text = "id,name,born,height,weight,kind,unit,inches,note\n".to_owned();
    for k in 0..rows {
        let height = (170.0 + 10.0 * noise(k)).round() / 2.0;
        let weight = if k % 13 == 5 {
            String::new()
        } else {
            format!("{:.1}", height - 100.0 + noise(7 * k + 3))
        };
        let (kind, inches) = (k % 2, 2.0 * height + 1.0);
        writeln!(
            text,
            "{},\"p, {k}\",2021-01-{:02},{height},{weight},{kind},7,{inches},",
            k + 1,
            k % 28 + 1
        )
        .unwrap();
    }
    text
}

#[test]
fn what_has_no_density_is_left_out_with_its_reason_and_the_rest_is_ready_to_train() {
    let folder = folder("people.csv", &people(60));
    let (session, said) = made(folder.path(), "people.csv");
    for line in [
        "people.ron: 3 of 9 columns; 33 training, 11 validation, 11 test rows; 5 with missing values are dropped",
        "left out `id`: counts the rows",
        "left out `name`: text, as `p, 0` in row 1",
        "left out `born`: text, as `2021-01-01` in row 1",
        "left out `unit`: 7 in every row",
        "left out `note`: no values",
        "left out `inches`: a copy of `height`: 1 + 2 `height`",
        "next: otflow train people.ron",
    ] {
        assert!(said.lines().any(|told| told.trim() == line), "{said}");
    }
    let table = session.data.table().unwrap();
    assert_eq!(table.columns, ["height", "weight", "kind"]);
    let jitter: Vec<(&str, f64)> = table.jitter.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_eq!(jitter, [("height", 0.5), ("kind", 1.0), ("weight", 0.1)]);
    assert_eq!(
        (table.missing, table.header),
        (&Missing::Drop, Header::Auto)
    );
    // A tenth of 55 rows would be too few to judge by.
    let split = Split {
        test: 0.2,
        validation: 0.25,
        shuffle: Some(1),
    };
    assert_eq!(table.split, split);
    assert_eq!(session.data.batch(), 33);
    assert_eq!(session.validation.samples, 11);
    assert_eq!(session.flow.trace, Trace::GaussPoints);
    let text = fs::read_to_string(folder.path().join("people.ron")).unwrap();
    assert!(text.contains("//     kind    0 to 1, step 1; 2 values only: rather a class"));
    let args = ["people.ron", "--headless", "--iterations=3", "--out=run"];
    let (code, _, message) = run(folder.path(), "train", &args);
    assert_eq!(code, Some(0), "{message}");
    let (code, ..) = run(folder.path(), "evaluate", &["run/last.safetensors"]);
    assert_eq!(code, Some(0));
}

#[test]
fn what_may_be_touched_is_there_with_a_comment_and_the_rest_at_its_default() {
    let folder = folder("people.csv", &people(60));
    let (session, _) = made(folder.path(), "people.csv");
    let text = fs::read_to_string(folder.path().join("people.ron")).unwrap();
    let mut written = Vec::new();
    for line in text.lines().skip_while(|line| *line != "Session(") {
        let Some((entry, comment)) = line.trim().split_once(", // ") else {
            continue;
        };
        let key = entry.split(": ").next().unwrap();
        let classes = ["live", "resample", "restart"];
        assert!(classes.iter().any(|c| comment.contains(c)), "{line}");
        written.push(key);
    }
    let expected = "path columns given missing jitter transform bounds round whiten test validation shuffle batch width layers precision iterations lr \
        steps trace grid transport likelihood hjb lr schedule decay average every samples steps iterations";
    assert_eq!(written.join(" "), expected);
    let least = "(data: Table(path: \"people.csv\"), start: Matching(), optimizer: Muon())";
    let least = parse(least, &folder.path().join("people.ron")).unwrap();
    assert_eq!(session.recovery, least.recovery);
    assert_eq!(session.pictures, least.pictures);
    assert!(session.gates.is_empty() && !text.contains("gates"));
}

#[test]
fn many_rows_get_batches_of_a_part_of_them_and_a_wider_flow() {
    let mut rows = "x,y\n".to_owned();
    for k in 0..13_000 {
        let (x, y) = (noise(k), noise(3 * k + 1));
        writeln!(rows, "{x},{:.2}", x + y / 8.0).unwrap();
    }
    let folder = folder("many.csv", &rows);
    let (session, _) = made(folder.path(), "many.csv");
    let table = session.data.table().unwrap();
    assert_eq!(table.columns, ["x", "y"]);
    assert_eq!(table.jitter.get("y"), Some(&0.01));
    assert_eq!(table.jitter.get("x"), None);
    assert_eq!(
        (table.split, table.missing),
        (Split::default(), &Missing::Refuse)
    );
    let model = &session.model;
    assert_eq!(
        (session.data.batch(), model.width, model.layers),
        (256, 64, 3)
    );
    assert_eq!(session.validation.samples, 1170);
}

#[test]
fn an_npy_of_a_hundred_columns_is_named_by_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (1..=100).map(|k| k.to_string()).collect();
    let mut writer = TableWriter::create(&folder.path().join("w.npy"), &names).unwrap();
    for row in 0..400 {
        // The last column copies the first. Sines alone would be sums of multiples of two of them.
        let value = |k: u32| {
            let wave = noise(1 + row * 101 + k % 99) * 1e4;
            (wave - wave.floor()) * (1.0 + f64::from(k % 99))
        };
        let row: Vec<f64> = (0..100).map(value).collect();
        writer.write(&row).unwrap();
    }
    writer.finish().unwrap();
    let (session, said) = made(folder.path(), "w.npy");
    assert!(said.contains("w.ron: 99 of 100 columns"), "{said}");
    assert!(said.contains("left out `100`: a copy of `1`"), "{said}");
    assert_eq!(session.data.table().unwrap().columns, &names[..99]);
}

#[test]
fn a_first_line_that_is_a_row_is_not_taken_for_names() {
    let row = |k: u32| format!("a{k},{:.3},{}\n", noise(k), k * k);
    let folder = folder("plain.csv", &(0..40).map(row).collect::<String>());
    let (session, said) = made(folder.path(), "plain.csv");
    let table = session.data.table().unwrap();
    assert_eq!(
        (table.header, table.columns),
        (Header::No, ["2", "3"].map(String::from).as_slice())
    );
    // 40 rows: none has become the names.
    assert!(
        said.contains("24 training, 8 validation, 8 test rows"),
        "{said}"
    );
}

#[test]
fn how_a_table_is_read_is_told_and_kept_in_the_session() {
    let mut rows = "x;y;\n".to_owned();
    for k in 0..60 {
        let row = format!("{:.4};{:.4};\n", noise(k), 1000.0 * noise(7 * k + 3));
        rows.push_str(&if k == 7 {
            "n/a;-999;\n".to_owned()
        } else {
            row.replace('.', ",")
        });
    }
    let folder = folder("euro.csv", &rows);
    let (session, said) = made(folder.path(), "euro.csv");
    for line in [
        "separator: semicolon",
        "decimal mark: comma",
        "names: those of line 1 (x, y, )",
        "missing words: `n/a`",
        "column 3 has no name: `3`",
        "left out `3`: no values",
    ] {
        assert!(said.lines().any(|told| told.trim() == line), "{said}");
    }
    let table = session.data.table().unwrap();
    assert_eq!(table.columns, ["x", "y"]);
    let text = fs::read_to_string(folder.path().join("euro.ron")).unwrap();
    let dialect = text
        .lines()
        .find(|line| line.contains("dialect: "))
        .unwrap();
    assert!(
        dialect.contains("separator:Semicolon") || dialect.contains("separator: Semicolon"),
        "{dialect}"
    );
    let args = [
        "euro.ron",
        "--headless",
        "--iterations=2",
        "--out=run",
        "--set",
        "data.missing=[\"-999\"]",
    ];
    let (code, _, message) = run(folder.path(), "train", &args);
    assert_eq!(code, Some(0), "{message}");
    let args = [
        "run/last.safetensors",
        "euro.csv",
        "-o",
        "scores.csv",
        "--drop-missing",
    ];
    let (code, said, message) = run(folder.path(), "score", &args);
    assert_eq!(code, Some(0), "{message}");
    assert!(said.starts_with("59 rows, 1 left out"), "{said}");
}

#[test]
fn a_session_is_not_made_of_what_comes_by_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, message) = run(folder.path(), "init", &["-", "--out=s.ron"]);
    assert_eq!(code, Some(2));
    assert!(
        message.starts_with("error: -: comes by a pipe"),
        "{message}"
    );
    let pipe = folder.path().join("t.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    fs::write(
        folder.path().join("s.ron"),
        "(data: Table(path: \"t.csv\"))",
    )
    .unwrap();
    for (command, argument) in [("init", "t.csv"), ("train", "s.ron")] {
        let (code, _, message) = run(folder.path(), command, &[argument]);
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains("t.csv: comes by a pipe"), "{message}");
    }
}

#[test]
fn names_of_any_kind_stay_in_their_line() {
    let mut table = "\"a\nb: 1), //\",\"x\"\"y\",\\z,é\n".to_owned();
    for k in 0..40 {
        writeln!(
            table,
            "{},{},{},{}",
            noise(k),
            noise(k * k),
            noise(k + 77),
            noise(5 * k)
        )
        .unwrap();
    }
    let folder = folder("odd.csv", &table);
    let (session, _) = made(folder.path(), "odd.csv");
    let table = session.data.table().unwrap();
    assert_eq!(table.columns, ["a\nb: 1), //", "x\"y", "\\z", "é"]);
}

#[test]
fn the_path_of_the_table_is_that_from_the_session() {
    let folder = folder("t.csv", &people(60));
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("a/b")).unwrap();
    fs::copy(at("t.csv"), at("a/u.csv")).unwrap();
    let path = |arguments: &[&str], session: &str| {
        let (code, _, message) = run(folder.path(), "init", arguments);
        assert_eq!(code, Some(0), "{message}");
        let text = fs::read_to_string(at(session)).unwrap();
        let line = text.lines().find(|line| line.contains("path: ")).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    assert_eq!(path(&["a/u.csv"], "u.ron"), "a/u.csv");
    assert_eq!(
        path(&["t.csv", "-o", "a/b/s.ron"], "a/b/s.ron"),
        "../../t.csv"
    );
    assert_eq!(
        path(&["a/u.csv", "-o", "a/b/v.ron"], "a/b/v.ron"),
        "../u.csv"
    );
    let whole = at("t.csv").canonicalize().unwrap();
    let whole = whole.to_str().unwrap();
    assert_eq!(path(&[whole, "-o", "w.ron"], "w.ron"), "t.csv");
    assert_eq!(path(&[whole, "-o", "a/w.ron"], "a/w.ron"), whole);
    for session in ["u.ron", "a/b/s.ron", "a/b/v.ron", "w.ron", "a/w.ron"] {
        let (code, _, message) = run(folder.path(), "check", &[session]);
        assert_eq!(code, Some(0), "{message}");
    }
}

#[test]
fn what_is_there_stays_and_what_is_no_table_is_refused() {
    let folder = folder("t.csv", &people(60));
    let at = |name: &str| folder.path().join(name);
    fs::write(at("t.ron"), "mine").unwrap();
    fs::write(at("text.csv"), "a,b\nx,y\nz,w\n").unwrap();
    fs::write(at("names.csv"), "a,b\n").unwrap();
    fs::write(at("few.csv"), "a,b\n1,2\n2,1\n5,3\n").unwrap();
    fs::write(at("ragged.csv"), "a,b\n1,2\n2\n").unwrap();
    for (arguments, code, what) in [
        (
            &["t.csv"][..],
            2,
            "t.ron is there already: give another name with --out",
        ),
        (&["t.csv", "--out=."], 2, ". is there already"),
        (
            &["text.csv"],
            2,
            "text.csv: no column can be learned\n  left out `a`: text, as `x` in row 1\n",
        ),
        (&["names.csv"], 2, "names.csv: has no rows"),
        (&["few.csv"], 2, "few.csv: 3 rows are too few"),
        (&["ragged.csv"], 2, "ragged.csv: line 3 has 1 fields"),
        (&["gone.csv"], 2, "gone.csv: cannot be read: "),
        (
            &["t.csv", "--out=gone/t.ron"],
            1,
            "cannot write gone/t.ron: ",
        ),
    ] {
        let (found, out, message) = run(folder.path(), "init", arguments);
        assert_eq!((found, out.as_str()), (Some(code), ""), "{message}");
        assert!(message.starts_with(&format!("error: {what}")), "{message}");
    }
    assert_eq!(fs::read(at("t.ron")).unwrap(), b"mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6);
}
