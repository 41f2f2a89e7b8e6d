//! What is read of NPY files, and what is refused, with its place.

use super::*;

/// A file of NumPy's format, as `numpy.lib.format.write_array` 2.4 lays it out: the text is padded so that the values start at
/// byte 128.
fn bytes(version: u8, text: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    if version == 1 {
        bytes.extend([0x76, 0]);
    } else {
        bytes.extend([0x74, 0, 0, 0]);
    }
    bytes.extend(text.bytes());
    bytes.resize(127, b' ');
    bytes.push(b'\n');
    bytes.extend(values);
    bytes
}

fn described(descr: &str, order: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}")
}

fn read(bytes: &[u8], selection: &Selection) -> Content {
    opened(&TestFolder::new().file("t.npy", bytes), selection).unwrap()
}

fn refused(bytes: &[u8], selection: &Selection) -> String {
    refusal(&TestFolder::new().file("t.npy", bytes), selection)
}

/// [[1.5, -2, 0.1], [3, 4.25, -0]], row after row.
const VALUES: [f64; 6] = [1.5, -2.0, 0.1, 3.0, 4.25, -0.0];

const SINGLE: &[u8] = b"\0\0\xc0?\0\0\0\xc0\xcd\xcc\xcc=\0\0@@\0\0\x88@\0\0\0\x80";

const BIG: &[u8] = b"?\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0?\xb9\x99\x99\x99\x99\x99\x9a@\x08\0\0\0\0\0\0@\x11\0\0\0\0\0\0\x80\0\0\0\0\0\0\0";

const LITTLE: &[u8] = b"\0\0\0\0\0\0\xf8?\0\0\0\0\0\0\0\xc0\x9a\x99\x99\x99\x99\x99\xb9?\0\0\0\0\0\0\x08@\0\0\0\0\0\0\x11@\0\0\0\0\0\0\0\x80";

const FORTRAN: &[u8] = b"\0\0\0\0\0\0\xf8?\0\0\0\0\0\0\x08@\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\x11@\x9a\x99\x99\x99\x99\x99\xb9?\0\0\0\0\0\0\0\x80";

#[test]
fn arrays_of_numpy_are_read_in_every_order_and_version() {
    let select = Selection::default();
    for version in 1..=3 {
        let found = read(
            &bytes(version, &described("<f8", "False", "(2, 3)"), LITTLE),
            &select,
        );
        assert_eq!(bits(&found.values), bits(&VALUES));
    }
    let found = read(
        &bytes(1, &described(">f8", "False", "(2, 3)"), BIG),
        &select,
    );
    assert_eq!(bits(&found.values), bits(&VALUES));
    let single = VALUES.map(|value| f64::from(value as f32));
    let found = read(
        &bytes(1, &described("<f4", "False", "(2, 3)"), SINGLE),
        &select,
    );
    assert_eq!(bits(&found.values), bits(&single));
    let fortran = bytes(1, &described("<f8", "True", "(2, 3)"), FORTRAN);
    assert_eq!(bits(&read(&fortran, &select).values), bits(&VALUES));
    assert_eq!(
        read(&fortran, &columns(&["3", "1"])).values,
        [0.1, 1.5, -0.0, 3.0]
    );
}

#[test]
fn integers_are_read_with_their_sign() {
    let select = Selection::default();
    let found = read(
        &bytes(
            1,
            &described(">i2", "False", "(2, 2)"),
            b"\0\x01\xff\xfe\x01,\x80\0",
        ),
        &select,
    );
    assert_eq!(found.values, [1.0, -2.0, 300.0, -32768.0]);
    for (descr, expected) in [
        (
            "|u1",
            vec![1.0, 255.0, 255.0, 255.0, 255.0, 255.0, 255.0, 255.0],
        ),
        ("|i1", vec![1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]),
        ("<u2", vec![65281.0, 65535.0, 65535.0, 65535.0]),
        ("<i4", vec![-255.0, -1.0]),
        (">u4", vec![33554431.0, 4294967295.0]),
        ("<i8", vec![-255.0]),
        ("<u8", vec![18446744073709551361.0]),
    ] {
        let text = described(descr, "False", &format!("({},)", expected.len()));
        let values = b"\x01\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(
            read(&bytes(1, &text, values), &select).values,
            expected,
            "{descr}"
        );
    }
}

#[test]
fn a_written_array_is_byte_for_byte_that_of_numpy() {
    let folder = TestFolder::new();
    let path = folder.table("t.npy", &VALUES, &names(&["a", "b", "c"]));
    let expected = bytes(1, &described("<f8", "False", "(2, 3)"), LITTLE);
    assert_eq!(fs::read(path).unwrap(), expected);
    let path = folder.table("u.npy", &VALUES, &names(&["a"]));
    let expected = bytes(1, &described("<f8", "False", "(6,)"), LITTLE);
    assert_eq!(fs::read(path).unwrap(), expected);
}

#[test]
fn rows_with_nan_are_refused_or_left_out_wherever_they_are() {
    let folder = TestFolder::new();
    let mut draw = NumberGenerator(11);
    for round in 0..200 {
        let rows = 1 + draw.next() as usize % 12;
        let gaps: Vec<bool> = (0..rows).map(|_| draw.next() % 4 < round % 4).collect();
        let row = |row: usize| [row as f64, if gaps[row] { f64::NAN } else { -(row as f64) }];
        let values: Vec<f64> = (0..rows).flat_map(row).collect();
        let path = folder.table("t.npy", &values, &names(&["a", "b"]));
        let kept: Vec<usize> = (0..rows).filter(|&row| !gaps[row]).collect();
        let expected: Vec<f64> = kept.iter().flat_map(|&kept| row(kept)).collect();
        let dropped = (rows - kept.len()) as u64;
        if let Some(first) = gaps.iter().position(|gap| *gap) {
            let message = refusal(&path, &Selection::default());
            let place = format!(
                "row {}, column `2`: the value is missing (`NaN`); ",
                first + 1
            );
            assert!(message.starts_with(&place), "{message}");
        }
        for size in 1..=rows {
            let blocks = Blocks::open(&path, &dropping(), size).unwrap();
            let blocks: Vec<f64> = blocks.flat_map(Result::unwrap).collect();
            assert_eq!(blocks, expected);
        }
        if kept.is_empty() {
            assert!(refusal(&path, &dropping()).starts_with("has no rows: all"));
            continue;
        }
        let table = IndexedTable::open(&path, &dropping()).unwrap();
        assert_eq!((table.len(), table.dropped()), (kept.len(), dropped));
        for first in 0..kept.len() {
            for count in 0..=kept.len() - first {
                let mut out = vec![0.0; 2 * count];
                table.read(first, &mut out).unwrap();
                assert_eq!(out, expected[2 * first..][..2 * count]);
            }
        }
    }
}

#[test]
fn more_than_a_chunk_is_read_in_both_orders() {
    let rows = 20_000;
    let value = |row: usize, column: usize| (row * 3 + column) as f32;
    let by_row = (0..rows).flat_map(|row| (0..3).map(move |column| value(row, column)));
    let by_column = (0..3).flat_map(|column| (0..rows).map(move |row| value(row, column)));
    let packed =
        |values: Vec<f32>| -> Vec<u8> { values.into_iter().flat_map(f32::to_le_bytes).collect() };
    let expected: Vec<f64> = (0..rows)
        .flat_map(|row| [2, 0].map(|column| f64::from(value(row, column))))
        .collect();
    for (order, values) in [
        ("False", packed(by_row.collect())),
        ("True", packed(by_column.collect())),
    ] {
        let file = bytes(1, &described("<f4", order, "(20000, 3)"), &values);
        assert_eq!(read(&file, &columns(&["3", "1"])).values, expected);
    }
}

#[test]
fn infinite_values_are_refused() {
    let folder = TestFolder::new();
    let path = folder.table(
        "t.npy",
        &[1.0, 2.0, f64::NAN, f64::NEG_INFINITY],
        &names(&["a", "b"]),
    );
    let message = "row 2, column `2`: `-inf` is infinite";
    assert_eq!(refusal(&path, &dropping()), message);
}

#[test]
fn a_file_cut_short_while_it_is_read_is_an_error() {
    let folder = TestFolder::new();
    let path = folder.table("t.npy", &[1.0; 100], &names(&["a"]));
    let table = IndexedTable::open(&path, &Selection::default()).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(128 + 80)
        .unwrap();
    let mut out = [0.0; 11];
    table.read(0, &mut out[..10]).unwrap();
    let message = table.read(0, &mut out).unwrap_err().to_string();
    assert!(message.contains("cannot be read: "), "{message}");
    table.gather(&[3, 99], &mut out[..2]).unwrap_err();
}

#[test]
fn a_shape_that_does_not_fit_the_file_is_refused() {
    for shape in [
        "(3, 3)",
        "(1, 3)",
        "(1152921504606846976,)",
        "(1152921504606846976, 6)",
        "(2305843009213693952, 8)",
        "(18446744073709551615, 18446744073709551615)",
        "(2,)",
    ] {
        let message = refused(
            &bytes(1, &described("<f8", "False", shape), LITTLE),
            &Selection::default(),
        );
        assert!(
            message.starts_with("is cut short or damaged: its header says "),
            "{message}"
        );
        assert!(message.ends_with("48 bytes follow"), "{message}");
    }
    for shape in ["()", "(1, 2, 3)", "(6, 0)", "(6, 1, 1)"] {
        let message = refused(
            &bytes(1, &described("<f8", "False", shape), LITTLE),
            &Selection::default(),
        );
        assert!(message.starts_with("is an array of shape "), "{message}");
    }
    let wide = bytes(
        1,
        &described("<f8", "False", "(0, 1152921504606846976)"),
        b"",
    );
    assert!(refused(&wide, &Selection::default()).contains("columns; a table may have 65536"));
    let none = bytes(1, &described("<f8", "False", "(0, 3)"), b"");
    assert_eq!(refused(&none, &Selection::default()), "has no rows");
}

#[test]
fn a_hostile_header_is_refused() {
    let nested = format!("{}{}", "(".repeat(40), "[".repeat(40));
    for text in [
        "",
        "{}",
        "{'descr': '<f8'}",
        "{'descr': [], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('a',)], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('a', '<f8', (-1,))], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('', '|V0')], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [(7, '<f8')], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('a', [('b', [('', '|V8', (65536,))], (65536,))], (65536,))], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (6,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-6,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6.0,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (36893488147419103232,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6,), 'more': 1}",
        &nested,
        "\0\0\0",
    ] {
        let message = refused(&bytes(1, text, LITTLE), &Selection::default());
        assert!(
            message.starts_with("has a header that is not understood: "),
            "{message}"
        );
    }
    let deep = [&b"\x93NUMPY\x01\0\xff\xff"[..], &[b'('; 0xffff]].concat();
    assert!(refused(&deep, &Selection::default()).contains("not understood"));
    for (file, what) in [
        (&b"\x93NUMPZ\x01\0v\0abcdef"[..], "it does not start as one"),
        (b"a,b\n1,2\n3,4\n", "it does not start as one"),
        (
            b"\x93NUMPY\x04\0v\0\0\0abc",
            "its version is none of 1, 2 and 3",
        ),
        (b"\x93NUMPY\x01\0v\0{'des", "it ends within its header"),
        (b"\x93NUM", "it ends within its header"),
        (
            b"\x93NUMPY\x02\0\xff\xff\xff\xff{'",
            "its header is too long",
        ),
        (
            b"\x93NUMPY\x03\0\x02\0\0\0\xff\xfe",
            "its header is no text",
        ),
    ] {
        assert_eq!(
            refused(file, &Selection::default()),
            format!("is no NPY file: {what}")
        );
    }
}

#[test]
fn elements_that_are_no_numbers_of_usual_size_are_refused() {
    for (descr, advice) in [
        ("|O", "only Python can read"),
        ("<c16", "np.column_stack([array.real, array.imag])"),
        ("|V8", "array.view"),
        ("<f16", "array.astype('f8')"),
        ("<U4611686018427387904", "array.astype('f8')"),
        ("f8", "array.astype('f8')"),
        ("=f8", "array.astype('f8')"),
        ("é", "array.astype('f8')"),
        ("", "array.astype('f8')"),
    ] {
        let message = refused(
            &bytes(3, &described(descr, "False", "(6,)"), LITTLE),
            &Selection::default(),
        );
        let start = format!("holds elements of type `{descr}`, ");
        assert!(message.starts_with(&start), "{message}");
        assert!(message.contains(advice), "{message}");
    }
}

#[test]
fn an_array_has_numbers_for_names() {
    let file = bytes(1, &described("<f8", "False", "(2, 3)"), LITTLE);
    assert_eq!(
        refused(&file, &columns(&["4"])),
        "unknown column `4`. Valid: 1, 2, 3"
    );
}

/// A file of the folder that NumPy and pandas filled.
pub fn case(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/formats");
    folder.join(name)
}

/// All fields of a table, as a survey sees them.
pub fn shown(path: &Path) -> Vec<Vec<Cell<'static>>> {
    let cells = Cells::open(path).unwrap();
    let mut rows = Vec::new();
    cells
        .for_each(|column, cell| {
            if column == 0 {
                rows.push(Vec::new());
            }
            let own = match cell {
                Cell::Text(text) => Cell::Text(text.into_owned().into()),
                Cell::Number(value) => Cell::Number(value),
                Cell::Rounded { value, digits } => Cell::Rounded { value, digits },
                Cell::Missing => Cell::Missing,
            };
            rows.last_mut().unwrap().push(own);
        })
        .unwrap();
    rows
}

#[test]
fn fields_of_a_structured_array_are_columns_of_their_names() {
    let numbers = ["x", "mass (kg)", "flag", "p.1", "p.2", "q.u", "q.v"];
    let found = opened(&case("record.npy"), &columns(&numbers)).unwrap();
    assert_eq!(found.names, numbers);
    let expected = [
        [1.5, 0.5, 1.0, 1.0, 2.0, 0.5, 255.0],
        [0.25, 1.5, 0.0, 3.0, 4.0, 0.25, 0.0],
        [4.0, 2.5, 1.0, -5.0, 6.0, 65504.0, 1.0],
    ];
    assert_eq!(found.values, expected.concat());
    let message = refusal(&case("record.npy"), &Selection::default());
    assert!(
        message.starts_with("column `name` holds text: "),
        "{message}"
    );
    let texts: Vec<_> = shown(&case("record.npy"))
        .into_iter()
        .map(|row| row[3].clone())
        .collect();
    assert_eq!(texts, ["ab", "c", "é"].map(|text| Cell::Text(text.into())));
    let found = opened(&case("aligned.npy"), &Selection::default()).unwrap();
    assert_eq!(found.names, ["a", "d", "c"]);
    assert_eq!(
        found.values,
        [1.0, 0.5, -1.0, 2.0, 1.5, -2.0, 3.0, 2.5, -3.0]
    );
    let found = opened(&case("title.npy"), &Selection::default()).unwrap();
    assert_eq!(
        (found.names, found.values),
        (names(&["x", "é"]), vec![1.0, 3.0, 2.0, 4.0])
    );
    let found = opened(&case("names.npy"), &Selection::default()).unwrap();
    assert_eq!(
        (found.names, found.values),
        (names(&["Δx≤", "it's \"q\""]), vec![1.0, 2.0])
    );
}

#[test]
fn halves_dates_and_objects_are_read_or_refused_in_words() {
    let found = opened(&case("half.npy"), &Selection::default()).unwrap();
    assert_eq!(
        found.values,
        [1.5, 65504.0, 2f64.powi(-24), -0.0999755859375]
    );
    let found = opened(&case("dates.npy"), &dropping()).unwrap();
    assert_eq!((found.values, found.dropped), (vec![18262.0, 1.0], 1));
    let message = refusal(&case("objects.npy"), &Selection::default());
    assert!(
        message.contains("df.select_dtypes('number').to_numpy()"),
        "{message}"
    );
    let message = refused(
        &bytes(
            1,
            "{'descr': [('a', '<f8'), ('b', '|O')], 'fortran_order': False, 'shape': (3,), }",
            LITTLE,
        ),
        &Selection::default(),
    );
    assert!(
        message.starts_with("in the field `b` holds elements of type `|O`, "),
        "{message}"
    );
    assert!(message.ends_with("drop_fields(array, 'b')"), "{message}");
}

#[test]
fn large_integers_keep_their_digits_in_a_block() {
    let values = [5i64, 9007199254740993, -9007199254740993, 1 << 60];
    let values: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let path = TestFolder::new();
    let path = path.file(
        "t.npy",
        bytes(1, &described("<i8", "False", "(2, 2)"), &values),
    );
    let mut blocks = Blocks::open(&path, &Selection::default(), 8).unwrap();
    let block = blocks.next().unwrap().unwrap();
    let digits: Vec<_> = blocks
        .large_integers()
        .iter()
        .map(|integer| {
            (
                integer.index,
                integer.digits.as_str(),
                integer.is_rounded_to(block[integer.index]),
            )
        })
        .collect();
    let expected = [
        (1, "9007199254740993", true),
        (2, "-9007199254740993", true),
        (3, "1152921504606846976", false),
    ];
    assert_eq!(digits, expected);
    let rounded = Cell::Rounded {
        value: 9007199254740992.0,
        digits: "9007199254740993".into(),
    };
    assert_eq!(shown(&path)[0], [Cell::Number(5.0), rounded]);
}
