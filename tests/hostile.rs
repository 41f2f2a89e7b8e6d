//! Valid files with some thousand accidents each: whatever the readers make of them, it is an answer.
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

#[path = "fuzz/check.rs"]
mod check;

use std::fs;
use std::path::{Path, PathBuf};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What readers stumble over.
const WORDS: [&[u8]; 20] = [
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"-",
    b"1e999",
    b"-0.0",
    b"NaN",
    b"inf",
    b"null",
    b"18446744073709551615",
    b"18446744073709551616",
    b"1152921504606846976",
    b"4.9e-324",
    b"\"",
    b"\\",
    b"/*",
    b"r#\"",
    b"Some(",
    b")",
];

/// The bytes with one to four accidents.
fn mutated(bytes: &[u8], draw: &mut impl Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..draw.random_range(1..=4) {
        let at = draw.random_range(0..=bytes.len());
        let end = (at + draw.random_range(1..=40)).min(bytes.len());
        match draw.random_range(0..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                let place = draw.random_range(0..=bytes.len());
                drop(bytes.splice(place..place, piece));
            }
            3 => drop(bytes.splice(
                at..end.min(at + 3),
                WORDS[draw.random_range(0..20)].to_vec(),
            )),
            4 => drop(bytes.splice(at..at, b"([{"[draw.random_range(0..3)..][..1].repeat(300))),
            _ => bytes[at..end]
                .iter_mut()
                .take(2)
                .for_each(|byte| *byte ^= 1 << draw.random_range(0..8)),
        }
    }
    bytes
}

/// `count` mutants of the files, the same ones every time.
fn mutants(files: &[Vec<u8>], count: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut draw = ChaCha8Rng::seed_from_u64(1);
    (0..count).map(move |i| mutated(&files[i % files.len()], &mut draw))
}

/// What the fuzz target of this name has kept.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let files = fs::read_dir(folder.join(target)).unwrap();
    let kept: Vec<_> = files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(kept.len() > 10);
    kept
}

fn read(file: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[test]
fn what_fuzzing_has_kept() {
    for bytes in kept("session") {
        check::session(&text(bytes));
    }
    for bytes in kept("reference") {
        check::reference(&text(bytes));
    }
    kept("model").iter().for_each(|bytes| check::model(bytes));
    kept("metrics")
        .iter()
        .for_each(|bytes| check::metrics(bytes));
    kept("screen").iter().for_each(|bytes| check::screen(bytes));
    kept("csv")
        .iter()
        .for_each(|bytes| check::table(bytes, ".csv"));
    kept("npy")
        .iter()
        .for_each(|bytes| check::table(bytes, ".npy"));
    kept("checkpoint")
        .iter()
        .for_each(|bytes| check::checkpoint(bytes));
}

#[test]
fn tables_as_csv() {
    for (how, table) in (0..32).zip(kept("csv").iter().cycle()) {
        check::table(&[&[how], table.as_slice()].concat(), ".csv");
    }
    mutants(&kept("csv"), 3000).for_each(|bytes| check::table(&bytes, ".csv"));
    for deep in ["\"", ",", "a,", "1\n", "\"\"\"", "1;2\t3,"] {
        check::table(format!("0{}", deep.repeat(100_000)).as_bytes(), ".csv");
    }
}

#[test]
fn tables_as_npy() {
    mutants(&kept("npy"), 6000).for_each(|bytes| check::table(&bytes, ".npy"));
    let claim = |header: &str| {
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [
            b"\0\x93NUMPY\x01\0",
            &length[..],
            header.as_bytes(),
            &[0; 64],
        ]
        .concat()
    };
    for shape in [
        "1152921504606846976, 2",
        "18446744073709551615, 18446744073709551615",
        "0, 4",
        "4, 0",
    ] {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}\n");
        check::table(&claim(&header), ".npy");
    }
    check::table(&claim(&"(".repeat(60_000)), ".npy");
}

/// The files with one of these endings in a folder of cases, each after a byte that says how it is read.
fn cases(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let ends = |path: &&PathBuf| {
        path.extension()
            .is_some_and(|end| endings.iter().any(|&wanted| end == wanted))
    };
    let files = files.iter().filter(ends).enumerate();
    let how = |number: usize| (number * 37 % 256) as u8;
    files
        .map(|(number, path)| [&[how(number)], fs::read(path).unwrap().as_slice()].concat())
        .collect()
}

#[test]
fn texts_in_every_dialect() {
    let files = cases("dialects", &["csv", "tsv", "txt", "gz"]);
    assert!(files.len() > 20);
    mutants(&files, 3000).for_each(|bytes| check::table(&bytes, ".csv"));
}

#[test]
fn tables_as_npz_and_in_a_gzip() {
    mutants(&cases("formats", &["npz"]), 2000).for_each(|bytes| check::table(&bytes, ".npz"));
    let arrays = cases("formats", &["npy", "npz"]);
    mutants(&arrays, 1000).for_each(|bytes| check::packed(&bytes, ".gz"));
    mutants(&kept("csv"), 1000).for_each(|bytes| check::packed(&bytes, ".csv"));
}

#[test]
fn checkpoints() {
    mutants(&kept("checkpoint"), 4000).for_each(|bytes| check::checkpoint(&bytes));
}

#[test]
fn sessions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions");
    let folders = [folder.join("published"), folder];
    let paths = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = paths.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == "ron"));
    let mut files: Vec<Vec<u8>> = paths.map(|path| fs::read(path).unwrap()).collect();
    // Without comments nearly every accident hits something.
    let bare = "(data:Toy(name:\"moons\",batch:9),optimizer:Adam(lr:0.1,schedule:Halve(every:5)),\
                stop:(seconds:Some(60)),gates:[\"validation_C<=2.9\"])";
    files.extend(vec![bare.into(); files.len()]);
    mutants(&files, 4000).for_each(|bytes| check::session(&text(bytes)));
    for deep in ["(data:", "[", "Some(", "((((/*", "{a:"] {
        check::session(&deep.repeat(100_000));
    }
}

#[test]
fn models() {
    let files = [read("tests/reference/swissroll_published.safetensors")];
    check::model(&files[0]);
    mutants(&files, 3000).for_each(|bytes| check::model(&bytes));
    // The header alone, which is small beside the values.
    let length = 8 + usize::from(u16::from_le_bytes([files[0][0], files[0][1]]));
    let mut draw = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..3000 {
        let header = mutated(&files[0][8..length], &mut draw);
        let prefix = (header.len() as u64).to_le_bytes();
        check::model(&[&prefix, &header[..], &files[0][length..]].concat());
    }
    let deep = [&300_000_u64.to_le_bytes(), &b"{\"A\":".repeat(60_000)[..]].concat();
    check::model(&deep);
}

#[test]
fn metrics() {
    let run = read("tests/fuzz/corpus/metrics/run.jsonl");
    check::metrics(&run);
    let lines = run.split_inclusive(|&byte| byte == b'\n');
    let lines: Vec<Vec<u8>> = lines.map(<[u8]>::to_vec).collect();
    mutants(&lines, 6000).for_each(|bytes| check::metrics(&bytes));
    mutants(&[run], 500).for_each(|bytes| {
        check::metrics(&bytes);
        check::screen(&bytes);
    });
    check::metrics(&b"{\"event\":[".repeat(100_000));
}

#[test]
fn references() {
    let files = ["d2_m8_n5_nt4.json", "matching_d2_m8_n5.json"];
    let files = files.map(|name| read(&format!("tests/reference/{name}")));
    for file in &files {
        check::reference(&text(file.clone()));
    }
    mutants(&files, 4000).for_each(|bytes| check::reference(&text(bytes)));
    check::reference(&"{\"params\":".repeat(100_000));
}
