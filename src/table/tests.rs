//! Tables of every kind, read and written as users do.

mod arrow;
mod csv;
mod dialect;
mod marks;
mod npy;
mod npy_types;
mod npz;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// A directory for the files of a test.
struct TestFolder(TempDir);

impl TestFolder {
    fn new() -> Self {
        TestFolder(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn table(&self, name: &str, rows: &[f64], names: &[String]) -> PathBuf {
        let path = self.0.path().join(name);
        let mut writer = TableWriter::create(&path, names).unwrap();
        writer.write(rows).unwrap();
        assert_eq!(writer.finish().unwrap(), (rows.len() / names.len()) as u64);
        path
    }
}

fn columns(names: &[&str]) -> Selection {
    Selection {
        columns: names.iter().map(|&name| name.to_owned()).collect(),
        ..Selection::default()
    }
}

fn dropping() -> Selection {
    Selection {
        missing: Missing::Drop,
        ..Selection::default()
    }
}

fn all(table: &IndexedTable) -> Vec<f64> {
    let mut out = vec![0.0; table.len() * table.width()];
    table.read(0, &mut out).unwrap();
    out
}

/// The content of a table.
#[derive(Clone, Debug, PartialEq)]
struct Content {
    names: Vec<String>,
    /// All rows, row-major.
    values: Vec<f64>,
    dropped: u64,
}

fn opened(path: &Path, selection: &Selection) -> Result<Content, String> {
    let table = IndexedTable::open(path, selection).map_err(|error| error.to_string())?;
    Ok(Content {
        names: table.names().to_vec(),
        values: all(&table),
        dropped: table.dropped(),
    })
}

/// The message without the path.
fn refusal(path: &Path, selection: &Selection) -> String {
    let message = opened(path, selection).unwrap_err();
    message
        .strip_prefix(&format!("{}: ", path.display()))
        .unwrap()
        .to_owned()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Finite numbers of every size from a small generator.
struct NumberGenerator(u64);

impl NumberGenerator {
    fn next(&mut self) -> u64 {
        // Marsaglia's xorshift, triple (13, 7, 17).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn number(&mut self) -> f64 {
        let edges = [
            0.0,
            -0.0,
            1.0,
            f64::MIN_POSITIVE,
            5e-324,
            f64::MAX,
            1e16,
            1e-5,
            0.1,
        ];
        match self.next() % 4 {
            0 => edges[self.next() as usize % edges.len()],
            1 => self.next() as i32 as f64,
            2 => self.next() as f64 / u64::MAX as f64,
            _ => Some(f64::from_bits(self.next()))
                .filter(|value| value.is_finite())
                .unwrap_or(-1.5),
        }
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn what_is_written_is_read_back_to_the_same_bits_in_blocks_of_every_size() {
    let folder = TestFolder::new();
    let mut draw = NumberGenerator(7);
    for (rows, width) in [(1, 1), (7, 1), (1, 5), (13, 3), (40, 2)] {
        let values: Vec<f64> = (0..rows * width).map(|_| draw.number()).collect();
        let given: Vec<String> = (0..width).map(|index| format!("x, \"{index}\"")).collect();
        for (file, expected) in [
            ("t.csv", given.clone()),
            ("t.NPY", select::number_columns(width)),
        ] {
            let path = folder.table(file, &values, &given);
            let table = IndexedTable::open(&path, &Selection::default()).unwrap();
            assert_eq!(table.names(), expected);
            assert_eq!(
                (table.len(), table.width(), table.dropped()),
                (rows, width, 0)
            );
            assert_eq!(bits(&all(&table)), bits(&values));
            for size in 1..=rows + 1 {
                let blocks = Blocks::open(&path, &Selection::default(), size).unwrap();
                assert_eq!(blocks.names(), expected);
                let blocks: Vec<Vec<f64>> = blocks.map(Result::unwrap).collect();
                assert_eq!(blocks.len(), rows.div_ceil(size));
                assert!(blocks.iter().all(|block| block.len() <= size * width));
                assert_eq!(bits(&blocks.concat()), bits(&values));
            }
        }
    }
}

#[test]
fn rows_are_gathered_by_number_in_any_order() {
    let folder = TestFolder::new();
    let values: Vec<f64> = (0..30).map(f64::from).collect();
    for file in ["t.csv", "t.npy"] {
        let path = folder.table(file, &values, &names(&["a", "b", "c"]));
        let asked = if file == "t.csv" {
            ["c", "a"]
        } else {
            ["3", "1"]
        };
        let table = IndexedTable::open(&path, &columns(&asked)).unwrap();
        assert_eq!(table.names(), asked);
        let mut out = [0.0; 8];
        table.gather(&[9, 0, 4, 4], &mut out).unwrap();
        assert_eq!(out, [29.0, 27.0, 2.0, 0.0, 14.0, 12.0, 14.0, 12.0]);
        table.read(6, &mut out).unwrap();
        assert_eq!(out, [20.0, 18.0, 23.0, 21.0, 26.0, 24.0, 29.0, 27.0]);
        for error in [
            table.gather(&[0, 10, 1, 1], &mut out),
            table.read(7, &mut out),
            table.read(usize::MAX, &mut out),
            table.gather(&[1], &mut out),
            table.read(0, &mut out[..3]),
        ] {
            error.unwrap_err();
        }
        table.gather(&[], &mut []).unwrap();
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_the_old_file_and_nothing_else() {
    let folder = TestFolder::new();
    for file in ["t.csv", "t.npy"] {
        let path = folder.file(file, "old");
        let mut writer = TableWriter::create(&path, &names(&["a"])).unwrap();
        writer.write(&[1.0; 100_000]).unwrap();
        drop(writer);
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 2);
}

#[test]
fn csv_numbers_are_as_short_as_they_can_be() {
    let values = [
        1.0,
        -0.0,
        0.1,
        100.0,
        1e15,
        1e16,
        -1.5e300,
        1e-5,
        1.25e-6,
        5e-324,
        f64::NAN,
        f64::NEG_INFINITY,
    ];
    let path = TestFolder::new();
    let path = path.table("t.csv", &values, &names(&["a,\"b\""]));
    let expected = "\"a,\"\"b\"\"\"\n1\n-0\n0.1\n100\n1000000000000000\n1e16\n-1.5e300\n0.00001\n1.25e-6\n5e-324\nNaN\n-inf\n";
    assert_eq!(fs::read_to_string(path).unwrap(), expected);
}

#[test]
fn names_that_are_all_numbers_are_not_written_since_they_would_be_read_as_a_row() {
    let folder = TestFolder::new();
    let path = folder.table("t.csv", &[7.0, 8.0], &names(&["2", "5"]));
    assert_eq!(fs::read_to_string(&path).unwrap(), "7,8\n");
    let path = folder.table("u.csv", &[7.0, 8.0], &names(&["2", "b"]));
    assert_eq!(fs::read_to_string(&path).unwrap(), "2,b\n7,8\n");
}

#[test]
fn a_table_is_not_written_over_what_is_no_file() {
    let folder = TestFolder::new();
    let message = |path: &Path, names: &[String]| match TableWriter::create(path, names) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let refused = message(folder.0.path(), &names(&["a"]));
    assert!(refused.ends_with("it is a directory"), "{refused}");
    assert!(refused.starts_with(&format!("cannot write {}", folder.0.path().display())));
    let path = folder.0.path().join("t.csv");
    assert!(message(&path, &[]).ends_with("a table without columns"));
    assert!(message(&folder.0.path().join("gone/t.csv"), &names(&["a"])).contains("gone/t.csv"));
    let mut writer = TableWriter::create(&path, &names(&["a", "b"])).unwrap();
    let ragged = writer.write(&[1.0; 3]).unwrap_err().to_string();
    assert!(ragged.ends_with("3 values in rows of 2"), "{ragged}");
}

#[test]
fn what_is_no_file_is_no_table() {
    let folder = TestFolder::new();
    let select = Selection::default();
    for ending in ["csv", "npy"] {
        let at = |name: &str| folder.0.path().join(name).with_extension(ending);
        fs::create_dir(at("folder")).unwrap();
        assert_eq!(
            refusal(&at("folder"), &select),
            "is a directory, not a table"
        );
        folder.file(&format!("empty.{ending}"), "");
        assert_eq!(refusal(&at("empty"), &select), "is empty");
        assert!(refusal(&at("gone"), &select).starts_with("cannot be read: "));
        let made = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        assert!(made.unwrap().success());
        let pipe = "comes by a pipe, and a session needs a table that is still there later: save it as a file first";
        assert_eq!(refusal(&at("pipe"), &select), pipe);
    }
    let device = "is a device; a table must be a file or a pipe";
    assert_eq!(refusal(Path::new("/dev/zero"), &select), device);
}

#[test]
fn a_pass_ends_after_an_error() {
    let path = TestFolder::new();
    let path = path.file("t.csv", "a\n1\n2\nx\n4\n");
    let mut blocks = Blocks::open(&path, &Selection::default(), 1).unwrap();
    assert_eq!(blocks.next().unwrap().unwrap(), [1.0]);
    assert_eq!(blocks.next().unwrap().unwrap(), [2.0]);
    assert!(blocks.next().unwrap().is_err());
    assert!(blocks.next().is_none());
}

#[test]
fn a_pass_says_how_far_it_has_come() {
    let folder = TestFolder::new();
    for file in ["t.csv", "t.npy"] {
        let path = folder.table(file, &[1.0; 20], &names(&["a", "b"]));
        let mut blocks = Blocks::open(&path, &Selection::default(), 5).unwrap();
        assert!(blocks.progress() < 0.1);
        blocks.next().unwrap().unwrap();
        assert!((blocks.progress() - 0.5).abs() < 0.06);
        assert_eq!(blocks.by_ref().count(), 1);
        assert_eq!(blocks.progress(), 1.0);
    }
}

#[test]
fn a_selection_is_written_in_a_session_with_what_differs_from_the_defaults() {
    let select = |text| ron::from_str::<Selection>(text);
    assert_eq!(select("()"), Ok(Selection::default()));
    let asked = Selection {
        header: Header::No,
        missing: Missing::Drop,
        ..columns(&["3", "1"])
    };
    assert_eq!(
        select("(columns: [\"3\", \"1\"], header: No, missing: Drop)"),
        Ok(asked)
    );
    assert!(select("(column: [])").is_err());
    let words = Selection {
        missing: Missing::words(names(&["-999", "unknown"])),
        dialect: Dialect {
            separator: Separator::Tab,
            ..Dialect::default()
        },
        ..Selection::default()
    };
    let text = "(missing: [\"-999\", \"unknown\"], dialect: (separator: Tab))";
    assert_eq!(select(text), Ok(words.clone()));
    let json = serde_json::to_string(&words).unwrap();
    assert_eq!(serde_json::from_str::<Selection>(&json).unwrap(), words);
    let text = ron::to_string(&words).unwrap();
    assert_eq!(ron::from_str(&text), Ok(words));
    let refused = select("(missing: Dorp)").unwrap_err().to_string();
    assert!(
        refused.contains("Refuse, Drop or a list of words"),
        "{refused}"
    );
}
