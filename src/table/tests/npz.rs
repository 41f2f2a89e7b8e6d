//! What is read of NPZ files.

use super::npy::case;
use super::*;

/// The array in most of the files, row after row.
const ROWS: [f64; 6] = [1.5, -2.0, 0.25, 3.0, 4.0, -0.5];

fn content(names: &[&str], values: &[f64]) -> Content {
    Content {
        names: super::names(names),
        values: values.to_vec(),
        dropped: 0,
    }
}

#[test]
fn arrays_of_an_archive_are_columns_side_by_side() {
    let select = Selection::default();
    for (file, expected) in [
        ("single.npz", content(&["1", "2"], &ROWS)),
        ("split.npz#train", content(&["1", "2"], &ROWS)),
        ("split.npz#test", content(&["1", "2"], &ROWS[..2])),
        ("objects.npz#X", content(&["1", "2"], &ROWS)),
        (
            "columns.npz",
            content(&["x", "n"], &[1.5, 1.0, 0.25, -2.0, 4.0, 3.0]),
        ),
        ("columns.npz#n", content(&["n"], &[1.0, -2.0, 3.0])),
        (
            "mixed.npz",
            content(
                &["X.1", "X.2", "y"],
                &[1.5, -2.0, 7.0, 0.25, 3.0, 8.0, 4.0, -0.5, 9.0],
            ),
        ),
    ] {
        assert_eq!(opened(&case(file), &select).unwrap(), expected, "{file}");
        let blocks = Blocks::open(&case(file), &select, 2).unwrap();
        let passed: Vec<f64> = blocks.flat_map(Result::unwrap).collect();
        assert_eq!(passed, expected.values, "{file}");
    }
    let chosen = columns(&["y", "X.1"]);
    let expected = content(&["y", "X.1"], &[7.0, 1.5, 8.0, 0.25, 9.0, 4.0]);
    assert_eq!(opened(&case("mixed.npz"), &chosen).unwrap(), expected);
    // Columns that are named need no other array.
    let chosen = columns(&["train.2"]);
    let expected = content(&["train.2"], &[-2.0, 3.0, -0.5]);
    assert_eq!(opened(&case("split.npz"), &chosen).unwrap(), expected);
}

#[test]
fn archives_that_are_no_table_are_refused_in_words() {
    let refused = |path: &Path| {
        let error = IndexedTable::open(path, &Selection::default())
            .err()
            .unwrap();
        error.to_string()
    };
    for (file, what) in [
        (
            "split.npz",
            "arrays of different lengths: train (3 rows), test (1 rows); choose one, as FILE.npz#train",
        ),
        ("split.npz#none", "has no array `none`; it has train, test"),
        (
            "objects.npz",
            "its array `names` holds elements of type `|O`, Python objects",
        ),
        (
            "columns.npz#seed",
            "its array `seed` is an array of shape []",
        ),
    ] {
        let message = refused(&case(file));
        assert!(message.contains(what), "{message}");
    }
    let folder = TestFolder::new();
    let whole = fs::read(case("columns.npz")).unwrap();
    for length in [4, 60, whole.len() / 2, whole.len() - 1] {
        let message = refused(&folder.file("cut.npz", &whole[..length]));
        assert!(message.contains("cut.npz: "), "{message}");
    }
    // A byte of the packed numbers of the first array is another one.
    let mut wrong = whole.clone();
    wrong[100] ^= 0x55;
    assert!(refused(&folder.file("wrong.npz", &wrong)).contains("wrong.npz: "));
    let message = refused(&folder.file("text.npz", "a,b\n1,2\n"));
    assert!(message.contains("is no NPZ file: "), "{message}");
}
