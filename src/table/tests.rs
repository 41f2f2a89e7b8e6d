//! Tables of every kind through the doors that users have.

use std::fs;

use tempfile::TempDir;

use super::*;

/// A directory for the files of a test.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Desk(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn table(&self, name: &str, rows: &[f64], names: &[String]) -> PathBuf {
        let path = self.0.path().join(name);
        let mut writer = Writer::create(&path, names).unwrap();
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

fn all(table: &Table) -> Vec<f64> {
    let mut out = vec![0.0; table.len() * table.width()];
    table.read(0, &mut out).unwrap();
    out
}

fn opened(path: &Path, selection: &Selection) -> Result<(Vec<String>, Vec<f64>, u64), String> {
    let table = Table::open(path, selection).map_err(|error| error.to_string())?;
    Ok((table.names().to_vec(), all(&table), table.dropped()))
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

/// What a CSV of this text holds.
fn csv(text: impl AsRef<[u8]>, selection: &Selection) -> (Vec<String>, Vec<f64>, u64) {
    opened(&Desk::new().file("t.csv", text), selection).unwrap()
}

fn csv_refusal(text: impl AsRef<[u8]>, selection: &Selection) -> String {
    refusal(&Desk::new().file("t.csv", text), selection)
}

/// Finite numbers of every size from a small generator.
struct Draw(u64);

impl Draw {
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
    let desk = Desk::new();
    let mut draw = Draw(7);
    for (rows, width) in [(1, 1), (7, 1), (1, 5), (13, 3), (40, 2)] {
        let values: Vec<f64> = (0..rows * width).map(|_| draw.number()).collect();
        let given: Vec<String> = (0..width).map(|index| format!("x, \"{index}\"")).collect();
        for (file, expected) in [("t.csv", given.clone()), ("t.NPY", select::numbered(width))] {
            let path = desk.table(file, &values, &given);
            let table = Table::open(&path, &Selection::default()).unwrap();
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
    let desk = Desk::new();
    let values: Vec<f64> = (0..30).map(f64::from).collect();
    for file in ["t.csv", "t.npy"] {
        let path = desk.table(file, &values, &names(&["a", "b", "c"]));
        let asked = if file == "t.csv" {
            ["c", "a"]
        } else {
            ["3", "1"]
        };
        let table = Table::open(&path, &columns(&asked)).unwrap();
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
