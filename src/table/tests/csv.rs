//! What is read of CSV files, and what is refused, with its place.

use super::*;

/// The content of a CSV of this text.
fn read(text: impl AsRef<[u8]>, selection: &Selection) -> Content {
    opened(&TestFolder::new().file("t.csv", text), selection).unwrap()
}

fn refused(text: impl AsRef<[u8]>, selection: &Selection) -> String {
    refusal(&TestFolder::new().file("t.csv", text), selection)
}

/// The content of a table without dropped rows.
fn content(columns: &[&str], values: &[f64]) -> Content {
    Content {
        names: names(columns),
        values: values.to_vec(),
        dropped: 0,
    }
}

fn header(header: Header) -> Selection {
    Selection {
        header,
        ..Selection::default()
    }
}

#[test]
fn every_usual_form_of_csv_reads_the_same() {
    let expected = content(&["a", "b"], &[1.0, 2.5, -3.0, 4e2]);
    for text in [
        "a,b\n1,2.5\n-3,4e2\n",
        "a,b\n1,2.5\n-3,4e2",
        "a;b\n1;2.5\n-3;4e2\n",
        "a\tb\n1\t2.5\n-3\t4e2\n",
        "a,b\r\n1,2.5\r\n-3,4e2\r\n\r\n",
        "a,b\r1,2.5\r-3,4e2\r",
        "\u{feff}a,b\n1,2.5\n\n-3,4e2\n\n\n",
        "\u{feff}\"a\",\"b\"\n\"1\",\"2.5\"\n\"-3\",\"4e2\"\n",
        " a , b\n 1, 2.5\n-3 ,+400.0 \n",
    ] {
        assert_eq!(read(text, &Selection::default()), expected, "{text:?}");
    }
}

#[test]
fn names_may_hold_separators_quotes_and_line_breaks() {
    let found = read(
        "\"a;b;c\",\"say \"\"x\"\"\",\"two\nlines\"\n1,2,3\n",
        &Selection::default(),
    );
    assert_eq!(found.names, ["a;b;c", "say \"x\"", "two\nlines"]);
}

#[test]
fn a_first_line_of_values_is_a_row_unless_said_otherwise() {
    let text = "1,2\n3,4\n";
    let numbers = content(&["1", "2"], &[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(read(text, &Selection::default()), numbers);
    assert_eq!(read(text, &header(Header::No)), numbers);
    let named = content(&["1", "2"], &[3.0, 4.0]);
    assert_eq!(read(text, &header(Header::Yes)), named.clone());
    let refusal = "row 1 (line 1), column `1`: `a` is not a number: leave the column out, or list it in `missing`";
    assert_eq!(refused("a,b\n1,2\n", &header(Header::No)), refusal);
    let dropped = Content {
        dropped: 1,
        ..named
    };
    assert_eq!(read("NA,2\n3,4\n", &dropping()), dropped);
}

#[test]
fn columns_are_read_in_the_order_asked_for_and_others_may_be_text() {
    let text = "cut,carat,price\nIdeal,0.23,326\n,0.21,327\n";
    let expected = content(&["price", "carat"], &[326.0, 0.23, 327.0, 0.21]);
    assert_eq!(read(text, &columns(&["price", "carat"])), expected);
}

#[test]
fn a_column_that_is_not_there_is_refused_with_the_nearest_and_all_names() {
    let text = "carat,depth,price\n1,2,3\n";
    assert_eq!(
        refused(text, &columns(&["carta"])),
        "unknown column `carta`; did you mean `carat`? Valid: carat, depth, price"
    );
    assert_eq!(
        refused("5,6\n", &columns(&["0"])),
        "unknown column `0`. Valid: 1, 2"
    );
    let wide = (0..30)
        .map(|n| format!("x{n}"))
        .collect::<Vec<_>>()
        .join(",");
    let message = refused(wide + "\n", &columns(&["qqqqqq"]));
    assert!(message.ends_with("x18, x19, … (30 columns)"), "{message}");
}

#[test]
fn names_that_are_blank_or_doubled_are_told_apart() {
    let text = "a,b,a,\n1,2,3,4\n";
    let found = content(&["a", "b", "a_2", "4"], &[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(read(text, &Selection::default()), found);
    assert_eq!(read(text, &columns(&["a_2", "b"])).values, [3.0, 2.0]);
    let twice = "column `b` is asked for twice";
    assert_eq!(refused(text, &columns(&["b", "b"])), twice);
}

#[test]
fn a_missing_value_is_refused_or_its_row_left_out() {
    for (word, shown) in [
        ("", "empty field"),
        (" ", "empty field"),
        ("NA", "`NA`"),
        ("na", "`na`"),
        ("NaN", "`NaN`"),
        ("-nan", "`-nan`"),
        ("null", "`null`"),
        ("NULL", "`NULL`"),
        ("?", "`?`"),
        ("n/a", "`n/a`"),
        ("N/A", "`N/A`"),
        ("#N/A", "`#N/A`"),
        ("<NA>", "`<NA>`"),
        ("None", "`None`"),
        ("NIL", "`NIL`"),
        ("missing", "`missing`"),
        ("-", "`-`"),
        ("--", "`--`"),
        (".", "`.`"),
    ] {
        let text = format!("a,b\n1,2\n3,{word}\n5,6\n");
        assert_eq!(
            refused(&text, &Selection::default()),
            format!(
                "row 2 (line 3), column `b`: the value is missing ({shown}); to leave such rows out, set `missing: Drop` \
                 (--drop-missing)"
            )
        );
        let left = Content {
            dropped: 1,
            ..content(&["a", "b"], &[1.0, 2.0, 5.0, 6.0])
        };
        assert_eq!(read(&text, &dropping()), left);
    }
    assert_eq!(
        refused("a,b\n,1\n2,\n", &dropping()),
        "has no rows: all 2 have missing values and were dropped"
    );
    assert_eq!(refused("a,b\n", &Selection::default()), "has no rows");
}

#[test]
fn text_and_infinite_values_are_refused_even_in_a_row_that_would_be_left_out() {
    for select in [Selection::default(), dropping()] {
        for infinite in ["inf", "-Infinity", "1e999"] {
            assert_eq!(
                refused(format!("a\r\n1\r\n{infinite}\r\n"), &select),
                format!("row 2 (line 3), column `a`: `{infinite}` is infinite")
            );
        }
        let comma = "row 2 (line 3), column `b`: `1,5` is not a number: with a comma as the decimal mark of all numbers, set \
            `dialect: (decimal: Comma)`";
        assert_eq!(refused("a;b\n2;1.5\n2;1,5\n2.5;3\n", &select), comma);
    }
    assert_eq!(
        refused("a,b\nNA,x\n", &dropping()),
        "row 1 (line 2), column `b`: `x` is not a number: leave the column out, or list it in `missing`"
    );
    assert_eq!(
        refused(b"a,b\n1,\xff\n", &Selection::default()),
        "row 1 (line 2), column `b`: `\u{ff}` is not a number: leave the column out, or list it in `missing`"
    );
    let long = refused(format!("a\n{}\x1b\n", "x".repeat(30)), &dropping());
    assert!(long.contains(r"x\u{1b}` is not a number"), "{long}");
    let long = refused(format!("a\n{}\n", "é".repeat(500_000)), &dropping());
    assert!(long.len() < 200 && long.contains("é…`"), "{long}");
}

#[test]
fn a_row_of_another_length_is_refused() {
    assert_eq!(
        refused("a,b\n1,2\n3\n", &Selection::default()),
        "line 3 has 1 fields, but the first line has 2"
    );
    assert_eq!(
        refused("1,2\r\n3,4,5\r\n", &columns(&["1"])),
        "line 2 has 3 fields, but the first line has 2"
    );
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let message = "line 1: holds NUL bytes: not a text; NPY files must end in .npy";
    assert_eq!(refused(b"a,b\n1,\0\n", &Selection::default()), message);
    let utf32: Vec<u8> = "\u{feff}a,b\n1,2\n"
        .chars()
        .flat_map(|letter| u32::from(letter).to_le_bytes())
        .collect();
    let message = "line 1: is in UTF-32: save the table in UTF-8";
    assert_eq!(refused(utf32, &Selection::default()), message);
}

#[test]
fn a_row_without_end_is_refused() {
    let message = "is longer than 1 MiB; is a quote not closed?";
    for (start, filler, line) in [
        ("a,b\n1,2\n", "7", 3),
        ("a,b\n1,2\n3,\"", "4,5\n", 3),
        ("", ",", 1),
        ("\"", "\r\n", 1),
    ] {
        let text = start.to_owned() + &filler.repeat(3_000_000);
        let found = refused(text, &Selection::default());
        assert_eq!(found, format!("line {line}: {message}"));
    }
}

#[test]
fn more_columns_than_a_table_may_have_are_refused() {
    let text = "1,".repeat(70_000) + "1\n";
    let message = "has 70001 columns; a table may have 65536";
    assert_eq!(refused(text, &Selection::default()), message);
}
