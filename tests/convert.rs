//! `otflow convert` as its users meet it.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Exit code, stdout and stderr of a conversion in a directory.
fn convert(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
    let output = command
        .arg("convert")
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_table_comes_back_from_the_other_format_and_loses_only_its_names() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("a.csv"), "x;text;y\n0.1;u;-2e300\n;v;5\n3;w;1e-7\n").unwrap();
    let args = ["a.csv", "a.npy", "--columns", "y,x", "--drop-missing"];
    let said = "a.npy: 2 rows, 2 columns; 1 with missing values left out\n";
    let done = |said: &str| (Some(0), said.to_owned(), String::new());
    assert_eq!(convert(directory.path(), &args), done(said));
    let said = "b.csv: 2 rows, 2 columns\n";
    assert_eq!(convert(directory.path(), &["a.npy", "b.csv"]), done(said));
    assert_eq!(
        fs::read_to_string(at("b.csv")).unwrap(),
        "-2e300,0.1\n1e-7,3\n"
    );
    let said = "b.csv: 2 rows, 1 columns\n";
    let args = ["b.csv", "b.csv", "--columns=2"];
    assert_eq!(convert(directory.path(), &args), done(said));
    assert_eq!(fs::read_to_string(at("b.csv")).unwrap(), "0.1\n3\n");
}

#[test]
fn what_comes_by_a_pipe_is_read_as_the_file_it_would_be() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("a.csv"), "x;y\n0,5;-2\n1,25;5\n").unwrap();
    let (code, ..) = convert(directory.path(), &["a.csv", "a.npy"]);
    assert_eq!(code, Some(0));
    for input in ["a.csv", "a.npy"] {
        for path in ["-", "/dev/stdin"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
            let command = command.args(["convert", path, "b.csv"]);
            let command = command.current_dir(directory.path()).stdin(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let bytes = fs::read(at(input)).unwrap();
            child.stdin.take().unwrap().write_all(&bytes).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(0));
            let copy = fs::read_to_string(at("b.csv")).unwrap();
            assert!(copy.ends_with("0.5,-2\n1.25,5\n"), "{copy}");
        }
    }
}

#[test]
fn integers_that_no_double_holds_keep_their_digits_or_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let text = "id,v\n9007199254740993,1\n-18446744073709551617,0.5\n1152921504606846976,1e16\n";
    fs::write(at("a.csv"), text).unwrap();
    let (code, _, error) = convert(directory.path(), &["a.csv", "b.csv"]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(fs::read_to_string(at("b.csv")).unwrap(), text);
    let (code, _, error) = convert(directory.path(), &["a.csv", "b.npy"]);
    assert_eq!(code, Some(2));
    let start = "error: a.csv: row 1 (line 2), column `id`: 9007199254740993 is an integer that a 64-bit float";
    assert!(error.starts_with(start), "{error}");
    assert!(!at("b.npy").exists());
    let mut array =
        b"\x93NUMPY\x01\0\x48\0{'descr': '<i8', 'fortran_order': False, 'shape': (2, 2), }"
            .to_vec();
    array.resize(10 + 0x48, b' ');
    for value in [7i64, 9007199254740993, 8, -9007199254740993] {
        array.extend(value.to_le_bytes());
    }
    fs::write(at("c.npy"), array).unwrap();
    let (code, _, error) = convert(directory.path(), &["c.npy", "d.csv"]);
    assert_eq!(code, Some(0), "{error}");
    let text = fs::read_to_string(at("d.csv")).unwrap();
    assert_eq!(text, "7,9007199254740993\n8,-9007199254740993\n");
    let (code, _, error) = convert(directory.path(), &["c.npy", "d.npy"]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("c.npy: row 1, column `2`: 9007199254740993"),
        "{error}"
    );
}

#[test]
fn missing_values_are_kept_as_nan_if_that_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("a.csv"), "x,id\n,9007199254740993\n2,NA\n").unwrap();
    let (code, out, error) = convert(directory.path(), &["a.csv", "b.csv", "--keep-missing"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "b.csv: 2 rows, 2 columns\n"),
        "{error}"
    );
    let text = fs::read_to_string(at("b.csv")).unwrap();
    assert_eq!(text, "x,id\nNaN,9007199254740993\n2,NaN\n");
    let only = ["b.csv", "c.npy", "--columns=x", "--keep-missing"];
    assert_eq!(convert(directory.path(), &only).0, Some(0));
    let (code, out, error) = convert(directory.path(), &["c.npy", "d.csv", "--drop-missing"]);
    let said = "d.csv: 1 rows, 1 columns; 1 with missing values left out\n";
    assert_eq!((code, out.as_str()), (Some(0), said), "{error}");
    let (code, _, error) = convert(
        directory.path(),
        &["a.csv", "e.parquet", "--columns=x", "--drop-missing"],
    );
    assert_eq!(code, Some(2));
    assert!(
        error.contains("tables are written as CSV or NPY, not as .parquet"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_2_and_what_cannot_be_written_fails_with_1() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.csv"), "x,y\n1,2\n3,\n").unwrap();
    fs::write(directory.path().join("b.csv"), "old").unwrap();
    for (arguments, code, what) in [
        (
            &["a.csv", "b.csv"][..],
            2,
            "error: a.csv: row 2 (line 3), column `y`: the value is missing",
        ),
        (
            &["a.csv", "b.csv", "--columns=z"],
            2,
            "error: a.csv: unknown column `z`",
        ),
        (
            &["gone.csv", "b.csv"],
            2,
            "error: gone.csv: cannot be read: ",
        ),
        (&["a.csv"], 2, "error: "),
        (
            &["a.csv", "gone/b.csv", "--columns=x"],
            1,
            "error: cannot write gone/b.csv: ",
        ),
        (&["a.csv", ".", "--columns=x"], 1, "error: cannot write .: "),
    ] {
        let (found, out, message) = convert(directory.path(), arguments);
        assert_eq!((found, out.as_str()), (Some(code), ""), "{message}");
        assert!(message.starts_with(what), "{message}");
    }
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 2);
    assert_eq!(fs::read(directory.path().join("b.csv")).unwrap(), b"old");
}
