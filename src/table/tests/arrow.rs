//! What is read of Parquet and Arrow files.

use super::npy::case;
#[cfg(feature = "parquet")]
use super::npy::shown;
use super::*;

const FILES: [&str; 3] = ["frame.parquet", "frame.feather", "frame.arrows"];

#[test]
#[cfg(not(feature = "parquet"))]
fn without_the_feature_the_files_are_refused_with_its_name() {
    for file in FILES {
        let message = refusal(&case(file), &Selection::default());
        assert!(message.contains("--features parquet"), "{message}");
        assert!(message.contains("to_csv("), "{message}");
    }
}

#[test]
#[cfg(feature = "parquet")]
fn columns_are_numbers_missing_values_and_text() {
    let number = Cell::Number;
    let text = |text: &'static str| Cell::Text(text.into());
    let expected = [
        vec![
            number(1.5),
            Cell::Rounded {
                value: 9007199254740992.0,
                digits: "9007199254740993".into(),
            },
            number(1.0),
            number(0.5),
            number(1.0),
            text("ab"),
            text("u"),
            number(12.34),
            number(1.0),
            number(1577836800123.0),
        ],
        vec![
            Cell::Missing,
            Cell::Missing,
            number(2.0),
            number(0.25),
            number(0.0),
            text("c"),
            text("v"),
            number(-0.05),
            Cell::Missing,
            number(0.0),
        ],
        vec![
            number(4.0),
            number(3.0),
            number(255.0),
            number(-0.125),
            number(1.0),
            Cell::Missing,
            text("u"),
            Cell::Missing,
            number(3.0),
            number(5.0),
        ],
    ];
    for file in FILES {
        assert_eq!(shown(&case(file)), expected, "{file}");
    }
    let expected = [
        vec![
            number(1.5),
            number(2.5),
            number(1.0),
            number(1.0),
            text("[1]"),
        ],
        vec![
            number(2.0),
            number(1.5),
            Cell::Missing,
            number(2.0),
            text("[2, 3]"),
        ],
    ];
    assert_eq!(shown(&case("odd.feather")), expected);
}

#[test]
#[cfg(feature = "parquet")]
fn chosen_columns_are_read_in_their_order_and_text_is_refused() {
    let folder = TestFolder::new();
    for file in FILES {
        let chosen = columns(&["ms", "u", "b"]);
        let found = opened(&case(file), &chosen).unwrap();
        assert_eq!(found.names, ["ms", "u", "b"]);
        let rows = [
            [1577836800123.0, 1.0, 1.0],
            [0.0, 2.0, 0.0],
            [5.0, 255.0, 1.0],
        ];
        assert_eq!(found.values, rows.concat(), "{file}");
        let chosen = Selection {
            missing: Missing::Drop,
            ..columns(&["i", "x"])
        };
        let mut blocks = Blocks::open(&case(file), &chosen, 2).unwrap();
        let mut values = Vec::new();
        let mut digits = Vec::new();
        while let Some(block) = blocks.next() {
            values.extend(block.unwrap());
            let large = blocks.large_integers().iter();
            digits.extend(large.map(|integer| (integer.index, integer.digits.clone())));
        }
        assert_eq!(values, [9007199254740992.0, 1.5, 3.0, 4.0]);
        assert_eq!(digits, [(0, "9007199254740993".to_owned())]);
        assert_eq!(blocks.dropped(), 1);
        let message = refusal(&case(file), &columns(&["x"]));
        assert!(
            message.starts_with("row 2, column `x`: the value is missing"),
            "{message}"
        );
        let message = refusal(&case(file), &columns(&["name"]));
        assert!(message.starts_with("column `name` holds text"), "{message}");
        let message = refusal(&case(file), &columns(&["nmae"]));
        assert!(message.contains("did you mean `name`?"), "{message}");
        let whole = fs::read(case(file)).unwrap();
        for length in [8, 100, whole.len() / 2] {
            let cut = folder.file(file, &whole[..length]);
            assert!(
                IndexedTable::open(&cut, &Selection::default()).is_err(),
                "{file}"
            );
        }
    }
}
