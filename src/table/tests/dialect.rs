//! Text tables in every dialect are read as what they say, and what was judged is told.

use std::io::Write;

use ::csv::{QuoteStyle, Terminator, WriterBuilder};
use encoding_rs::WINDOWS_1252;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// Reads a table with what is judged of it.
pub(super) fn judged(text: impl AsRef<[u8]>) -> (Content, Reading) {
    let path = TestFolder::new();
    let path = path.file("t.csv", text);
    let reading = Cells::open(&path).unwrap().reading();
    (opened(&path, &Selection::default()).unwrap(), reading)
}

/// Checks the names and the values of a table.
#[track_caller]
pub(super) fn assert_read(text: impl AsRef<[u8]>, columns: &[&str], values: &[f64]) {
    let (content, reading) = judged(text);
    assert_eq!(content.names, columns, "{:?}", reading.remarks);
    assert_eq!(content.values, values, "{:?}", reading.remarks);
}

/// Checks that a line on what was judged has these words.
#[track_caller]
pub(super) fn assert_told(text: impl AsRef<[u8]>, words: &str) {
    let remarks = judged(text).1.remarks;
    assert!(
        remarks.iter().any(|remark| remark.contains(words)),
        "{remarks:?}"
    );
}

#[test]
fn the_separator_gives_every_row_the_same_fields_whatever_the_names_hold() {
    let values = [-1.25, 2.5, 0.5, -4.0];
    for (names, text) in [
        (
            ["temp, C", "flow, l/s"],
            "temp, C;flow, l/s\n-1.25;2.5\n0.5;-4\n",
        ),
        (
            ["length (mm, dry)", "weight"],
            "length (mm, dry);weight\n-1.25;2.5\n0.5;-4\n",
        ),
        (["a;b", "c, d"], "a;b\tc, d\n-1,25\t2,5\n0,5\t-4\n"),
        (["a", "b"], "a|b\n-1.25|2.5\n0.5|-4\n"),
        (["a", "b"], "  a      b\n -1.25   2.5\n\n  0.5  -4  \n"),
        (["a b", "c"], "'a b'  'c'\n'-1,25'  2,5\n0,5 -4\n"),
        (["a", "b"], "sep=;\r\na;b\r\n-1,25;2,5\r\n0,5;-4\r\n"),
        (
            ["a", "b"],
            "# made by a program\n# a b\n-1.25 2.5\n0.5 -4\n",
        ),
        (["a", "b"], "#a,b\n-1.25,2.5\n0.5,-4\n"),
        (["a", "b"], "\"SEP=;\"\na;b\n-1,25;2,5\n0,5;-4\n"),
        (["1", "2"], "# made; by\n\n-1.25e0 2.5e+00\n5.0e-1 -4\n"),
    ] {
        assert_read(text, &names, &values);
    }
    // Names of rows, as R writes them, and a separator at the end of rows alone.
    assert_read(
        "\"x\" \"y\"\n\"1\" 0.5 2\n\"2\" 1.5 3\n",
        &["1", "x", "y"],
        &[1.0, 0.5, 2.0, 2.0, 1.5, 3.0],
    );
    assert_read("# 5 rows, 2 columns\nx\n1,5\n2,25\n", &["x"], &[1.5, 2.25]);
}

#[test]
fn numbers_among_the_names_of_text_columns_are_names_and_decimals_among_text_a_row() {
    let folder = TestFolder::new();
    for text in [
        "country,2018,2019,2020\nA,5.39,4.61,4.06\nB,5.1,4.2,4.5\nC,6.1,5.2,4.4\n",
        "country,2018,2019,2020\nA,2156,1844,1624\nB,1900,2300,2800\nC,2157,1845,1711\n",
        "country,2018\nA,5.39\nB,4.61\nC,4.06\n",
    ] {
        let path = folder.file("t.csv", text);
        assert_eq!(opened(&path, &columns(&["2018"])).unwrap().values.len(), 3);
        let reading = Cells::open(&path).unwrap().reading();
        assert_eq!(reading.header, Header::Yes, "{:?}", reading.remarks);
    }
    let path = folder.file(
        "t.csv",
        "1.046,58,x,unknown\n1.5,3,x,4\n2.5,4,y,5\n3.5,4,y,5\n",
    );
    assert_eq!(
        opened(&path, &columns(&["1"])).unwrap().values,
        [1.046, 1.5, 2.5, 3.5]
    );
    assert!(refusal(&path, &columns(&["4"])).contains("row 1 (line 1), column `4`: `unknown`"));
}

#[test]
fn a_quote_that_is_not_closed_and_a_text_without_rows_are_refused() {
    let folder = TestFolder::new();
    for (text, line) in [
        ("x,n\n1,a\n2,\"b\n3,c\n", 3),
        ("x,n\n1,\"a\n2,d", 2),
        ("x n\n1 \"a\n2 d\n", 2),
    ] {
        let path = folder.file("t.csv", text);
        let message = refusal(&path, &columns(&["x"]));
        assert_eq!(
            message,
            format!("line {line}: has a quote that is not closed")
        );
    }
    let closed = "x,n\n1,\"a\n\"\n2,\"\n\n\"";
    let path = folder.file("t.csv", closed);
    assert_eq!(opened(&path, &columns(&["x"])).unwrap().values, [1.0, 2.0]);
    for text in ["\n\n", "\u{feff}", "# made by a program\n", "  \n"] {
        let path = folder.file("t.csv", text);
        assert_eq!(
            refusal(&path, &Selection::default()),
            "is empty",
            "{text:?}"
        );
    }
}

#[test]
fn arrays_in_a_gzip_are_unpacked_and_read() {
    let folder = TestFolder::new();
    let array = folder.table("t.npy", &[1.0, -2.5, 3.0, 4.0], &names(&["1", "2"]));
    for name in ["t.npy.gz", "packed.npy"] {
        let path = folder.file(name, gzip(&fs::read(&array).unwrap()));
        assert_eq!(
            opened(&path, &Selection::default()).unwrap().values,
            [1.0, -2.5, 3.0, 4.0]
        );
    }
}

#[test]
fn numbers_that_count_over_the_columns_and_differ_from_the_rows_are_names() {
    let rows = "0.53,0.85,0.91\n0.61,0.66,0.77\n0.56,0.59,0.56\n";
    let values = [0.53, 0.85, 0.91, 0.61, 0.66, 0.77, 0.56, 0.59, 0.56];
    for names in [
        ["400", "410", "420"],
        ["0", "1", "2"],
        ["700.5", "700", "699.5"],
        ["2018", "2019", "2021"],
    ] {
        let text = names.join(",") + "\n" + rows;
        assert_read(&text, &names, &values);
        assert_eq!(judged(&text).1.header, Header::Yes);
        assert_told(&text, "if it is a row, write `header: No`");
    }
    assert_read(
        "2018,2019,2020\n103,110,95\n99,104,91\n97,120,96\n",
        &["2018", "2019", "2020"],
        &[103.0, 110.0, 95.0, 99.0, 104.0, 91.0, 97.0, 120.0, 96.0],
    );
    // Four years among numbers of their size, as no other row counts.
    let years: String = (0..12)
        .map(|k| format!("{},{},{},{}\n", 1900 + k * k, 2100 - 7 * k, 2019, 2500 - k))
        .collect();
    assert_eq!(
        judged("2016,2017,2018,2019\n".to_owned() + &years).0.names[3],
        "2019"
    );
    // Rows: too few to say, in range, out of order, a start of a series.
    for text in [
        "1,2\n3,4\n",
        "1,2,3\n4,5,6\n7,8,9\n2,3,4\n",
        "0.5,0.9,0.7\n0.53,0.85,0.91\n0.61,0.66,0.77\n0.56,0.59,0.56\n",
        "0,0,0\n1,0.5,0.25\n2,1,0.5\n3,1.5,0.75\n",
    ] {
        let (content, reading) = judged(text);
        assert_eq!(content.names[0], "1", "{text}");
        assert_eq!(reading.header, Header::Auto);
    }
    assert_told("1,2,3\n4,5,6\n7,8,9\n2,3,5\n", "line 1 may be names");
    assert_told("400\n0.5\n0.6\n0.7\n", "line 1 may be names");
    assert_told("400,500\n300,90\n2,1\n1,2\n", "none, line 1 is a row");
}

#[test]
fn names_that_are_asked_for_are_found_in_a_first_line_of_numbers() {
    let path = TestFolder::new();
    let path = path.file("g.csv", "400,410\n0.5,7\n0.6,8\n");
    let found = opened(&path, &columns(&["410"])).unwrap();
    assert_eq!(found.values, [7.0, 8.0]);
    let rows = opened(&path, &columns(&["2"])).unwrap();
    assert_eq!(rows.values, [410.0, 7.0, 8.0]);
}

#[test]
fn words_for_missing_values_and_a_sentinel_in_all_its_spellings_drop_their_rows() {
    let path = TestFolder::new();
    let path = path.file(
        "t.csv",
        "a,b\n1,2\nUnknown,3\n4,-999\n5,-999.0\n6,-9.99e2\nn/a,7\n8,9\n",
    );
    let words = Selection {
        missing: Missing::words(names(&["-999", "unknown"])),
        ..Selection::default()
    };
    let found = opened(&path, &words).unwrap();
    assert_eq!((found.values, found.dropped), (vec![1.0, 2.0, 8.0, 9.0], 5));
    let folder = TestFolder::new();
    let array = folder.table("t.npy", &[1.0, -999.0, 3.0], &names(&["a"]));
    let found = opened(&array, &words).unwrap();
    assert_eq!((found.values, found.dropped), (vec![1.0, 3.0], 1));
    let reading = Cells::open(&path).unwrap().reading();
    assert!(
        reading.remarks.contains(&"missing words: `n/a`".to_owned()),
        "{:?}",
        reading.remarks
    );
}

#[test]
fn what_contradicts_the_judgement_later_is_an_error_with_its_line() {
    let rows = "1.5;2\n".repeat(SAMPLE_ROWS);
    let path = TestFolder::new();
    let path = path.file("t.csv", format!("a;b\n{rows}1,5;2\n"));
    let line = SAMPLE_ROWS + 2;
    let message = refusal(&path, &Selection::default());
    assert!(
        message.starts_with(&format!(
            "row {} (line {line}), column `a`: `1,5` is not a number: with a comma",
            SAMPLE_ROWS + 1
        )),
        "{message}"
    );
}

/// Rows of six bytes that fill more than what is judged.
const SAMPLE_ROWS: usize = judge::SAMPLE / 6 + 10;

#[test]
fn what_is_damaged_in_a_gzip_is_said() {
    let whole = gzip(&"a,b\n1,2\n".repeat(9000).into_bytes());
    let path = TestFolder::new();
    let path = path.file("t.csv.gz", &whole[..whole.len() / 2]);
    let message = refusal(&path, &Selection::default());
    assert!(
        message.contains("the gzip is damaged or cut short"),
        "{message}"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The bytes of a text in the encoding of a number.
fn encode(text: &str, encoding: u64) -> Vec<u8> {
    let bom = |text: &str| format!("\u{feff}{text}");
    match encoding {
        0 => bom(text).into_bytes(),
        1 => bom(text)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect(),
        2 => bom(text)
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect(),
        3 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        4 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        5 => WINDOWS_1252.encode(text).0.into_owned(),
        _ => text.as_bytes().to_vec(),
    }
}

#[test]
fn any_dialect_of_the_csv_crate_is_read_back_to_the_same_numbers() {
    let mut draw = NumberGenerator(11);
    let folder = TestFolder::new();
    for case in 0..400 {
        let (rows, width) = (4 + draw.next() as usize % 12, 2 + draw.next() as usize % 4);
        let separator = b",;\t| "[draw.next() as usize % 5];
        let comma = draw.next().is_multiple_of(2);
        let terminator = [
            Terminator::CRLF,
            Terminator::Any(b'\n'),
            Terminator::Any(b'\r'),
        ][draw.next() as usize % 3];
        let style = [
            QuoteStyle::Necessary,
            QuoteStyle::Always,
            QuoteStyle::NonNumeric,
        ][draw.next() as usize % 3];
        let mut writer = WriterBuilder::new()
            .delimiter(separator)
            .terminator(terminator)
            .quote_style(style)
            .from_writer(Vec::new());
        let mut given = select::number_columns(width);
        if draw.next().is_multiple_of(2) {
            given = (0..width)
                .map(|index| format!("é \"{index}\", (m/s; a|b)"))
                .collect();
            writer.write_record(&given).unwrap();
        }
        let values: Vec<f64> = (0..rows * width).map(|_| draw.number()).collect();
        for row in values.chunks_exact(width) {
            let fields = row.iter().map(|value| {
                let text = if draw.next().is_multiple_of(2) {
                    format!("{value}")
                } else {
                    format!("{value:e}")
                };
                if comma { text.replace('.', ",") } else { text }
            });
            writer.write_record(fields).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let encoding = draw.next() % 7;
        let mut bytes = encode(&text, encoding);
        if draw.next().is_multiple_of(4) {
            bytes = gzip(&bytes);
        }
        let path = folder.file("t.csv", bytes);
        let found = opened(&path, &Selection::default()).unwrap();
        assert_eq!(found.names, given, "{case} {encoding}: {text}");
        assert_eq!(
            bits(&found.values),
            bits(&values),
            "{case} {encoding}: {text}"
        );
    }
}

/// Tables that Python's csv module, pandas and numpy have written of the same numbers.
#[test]
fn what_pandas_and_numpy_write_is_read_as_the_numbers_that_were_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/dialects");
    let values = opened(&folder.join("plain.csv"), &Selection::default())
        .unwrap()
        .values;
    assert_eq!(
        &values[..6],
        &[0.25, -1200.5, 1_234_567.75, 1.5, 1201.0, -2_345_678.25]
    );
    let files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(files.len() > 20);
    for file in files {
        let found = opened(&file, &Selection::default()).unwrap();
        assert_eq!(found.values, values, "{}", file.display());
    }
}
