//! Decimal marks and marks between thousands are found, in tables and in single columns.

use super::dialect::{assert_read, assert_told, judged};
use super::*;

#[test]
fn a_decimal_comma_is_found_with_and_without_names() {
    assert_read(
        "0,0947;2,5000\n-0,9314;1,9848\n",
        &["1", "2"],
        &[0.0947, 2.5, -0.9314, 1.9848],
    );
    assert_read(
        "3,59;5,70;2,36\n2,87;6,84;4,88\n",
        &["1", "2", "3"],
        &[3.59, 5.7, 2.36, 2.87, 6.84, 4.88],
    );
    assert_read(
        "t;p\n19,76;986,8\n18,33;981\n",
        &["t", "p"],
        &[19.76, 986.8, 18.33, 981.0],
    );
    assert_read(
        "\"1,5\",\"2,25\"\n\"3\",\"4,5\"\n",
        &["1", "2"],
        &[1.5, 2.25, 3.0, 4.5],
    );
    assert_read("t\n2,04\n-0,57\n", &["t"], &[2.04, -0.57]);
    assert_read("2,04\n-0,57\n", &["1"], &[2.04, -0.57]);
    assert_read("2,4\n1,57\n", &["1", "2"], &[2.0, 4.0, 1.0, 57.0]);
    assert_read("1,5 2,25\n3 4,5\n", &["1", "2"], &[1.5, 2.25, 3.0, 4.5]);
    let unit = Dialect {
        separator: Separator::Semicolon,
        decimal: DecimalMark::Comma,
        ..Dialect::default()
    };
    let found = judged("t;p\n19,76;986,8\n").1.dialect;
    assert_eq!(
        (found.separator, found.decimal),
        (unit.separator, unit.decimal)
    );
    assert_eq!(judged("t,p\n19.76,986.8\n").1.dialect, Dialect::default());
}

#[test]
fn marks_between_thousands_are_found_where_they_are_in_the_whole_table() {
    let rows = [1234.5, 12.25, 1_234_567.0, 0.5];
    for text in [
        "a;b\n1.234,5;12,25\n1.234.567;0,5\n",
        "a;b\n1,234.5;12.25\n1,234,567;0.5\n",
        "a,b\n\"1,234.5\",12.25\n\"1,234,567\",0.5\n",
        "a;b\n1 234,5;12,25\n1 234 567;0,5\n",
        "a;b\n1\u{a0}234,5;12,25\n1\u{a0}234\u{a0}567;0,5\n",
        "a\tb\n1\u{202f}234.5\t12.25\n1\u{202f}234\u{202f}567\t0.5\n",
        "a,b\n1'234.5,12.25\n1'234'567,0.5\n",
    ] {
        assert_read(text, &["a", "b"], &rows);
    }
    // Every comma before three digits: a decimal mark, unless integers below 1000 stand without, or commas separate the fields.
    assert_read(
        "a;b\n1,234;2,345\n3,456;4,567\n",
        &["a", "b"],
        &[1.234, 2.345, 3.456, 4.567],
    );
    assert_told(
        "a;b\n1,234;2,345\n3,456;4,567\n",
        "if it is between thousands",
    );
    assert_read(
        "a;b\n1,234;2\n987;4\n",
        &["a", "b"],
        &[1234.0, 2.0, 987.0, 4.0],
    );
    assert_read(
        "a;b\n1,234;2\n1234;4\n",
        &["a", "b"],
        &[1.234, 2.0, 1234.0, 4.0],
    );
    assert_read(
        "\"1,234\",\"2,345\"\n\"3,456\",7\n",
        &["1", "2"],
        &[1234.0, 2345.0, 3456.0, 7.0],
    );
    assert_told(
        "\"1,234\",\"2,345\"\n\"3,456\",7\n",
        "if it is the decimal mark",
    );
    let path = TestFolder::new();
    let path = path.file("t.csv", "a;b\n1,234;2,345\n");
    let thousands = Selection {
        dialect: ron::from_str("(thousands: Comma)").unwrap(),
        ..Selection::default()
    };
    assert_eq!(opened(&path, &thousands).unwrap().values, [1234.0, 2345.0]);
    let same = Selection {
        dialect: ron::from_str("(thousands: Comma, decimal: Comma)").unwrap(),
        ..Selection::default()
    };
    assert!(refusal(&path, &same).contains("the same mark"));
}

#[test]
fn points_before_three_digits_are_decimal_marks_unless_short_integers_have_none() {
    let counts = [1234.0, 638.0, 987.0, 909.0, 45_678.0, 1746.0];
    for text in [
        "x;y\n1.234;638\n987;909\n45.678;1.746\n",
        "x\ty\n1.234\t638\n987\t909\n45.678\t1.746\n",
    ] {
        assert_read(text, &["x", "y"], &counts);
        assert_told(
            text,
            "if it is the decimal mark, write `dialect: (decimal: Point)`",
        );
    }
    let decimals = "x;y\n1.234;638\n1987.25;909\n45.678;1.746\n";
    assert_read(
        decimals,
        &["x", "y"],
        &[1.234, 638.0, 1987.25, 909.0, 45.678, 1.746],
    );
    assert_read("x;y\n1.234;5.678\n", &["x", "y"], &[1.234, 5.678]);
    assert_told(
        "x;y\n1.234;5.678\n",
        "if it is between thousands, write `dialect: (thousands: Point)`",
    );
    assert_read(
        "x,y\n1.234,638\n987,909\n4.567,1\n8.901,2\n",
        &["x", "y"],
        &[1.234, 638.0, 987.0, 909.0, 4.567, 1.0, 8.901, 2.0],
    );
    // A text that is a number with marks says nothing of the other columns.
    let path = TestFolder::new();
    let path = path.file("t.csv", "s,x\n\"7,5\",1.234\nL,2.345\nM,3.456\n");
    assert_eq!(
        opened(&path, &columns(&["x"])).unwrap().values,
        [1.234, 2.345, 3.456]
    );
}

#[test]
fn commas_and_blanks_in_the_numbers_of_a_single_column_separate_nothing() {
    let numbers = [1234.5, 12.25, 1_234_567.0, -98_765.75];
    for text in [
        "1,234.50\n12.25\n1,234,567.00\n-98,765.75\n",
        "1.234,50\n12,25\n1.234.567,00\n-98.765,75\n",
        "1 234,50\n12,25\n1 234 567,00\n-98 765,75\n",
        "1\u{a0}234,50\n12,25\n1\u{a0}234\u{a0}567,00\n-98\u{a0}765,75\n",
        "1 234.50\n12.25\n1 234 567.00\n-98 765.75\n",
    ] {
        assert_read(text, &["1"], &numbers);
        assert_read(format!("x\n{text}"), &["x"], &numbers);
    }
    assert_read(
        "x\n1 234\n987\n45 678\n",
        &["x"],
        &[1234.0, 987.0, 45_678.0],
    );
    assert_read(
        "1 234\n45 678\n1 045\n",
        &["1"],
        &[1234.0, 45_678.0, 1045.0],
    );
    // Two columns: numbers of rows, two names, plain numbers.
    assert_read(
        "x\n1 234\n2 567\n3 100\n",
        &["1", "x"],
        &[1.0, 234.0, 2.0, 567.0, 3.0, 100.0],
    );
    assert_read(
        "x,y\n1.234,2\n5.678,4\n",
        &["x", "y"],
        &[1.234, 2.0, 5.678, 4.0],
    );
    assert_read(
        "a b\n1 234\n4 567\n",
        &["a", "b"],
        &[1.0, 234.0, 4.0, 567.0],
    );
    let folder = TestFolder::new();
    let ragged = folder.file("t.csv", "a,b\n1,2\n3\n");
    assert!(refusal(&ragged, &Selection::default()).contains("line 3 has 1 fields"));
}
