//! Profiles of columns of known values.

use super::*;

fn profile(cells: &[Cell]) -> ColumnProfile {
    let mut profile = ColumnProfile::new("a", 100);
    for (row, cell) in (1..).zip(cells) {
        profile.add(row, cell);
    }
    profile
}

fn numbers(values: impl IntoIterator<Item = f64>) -> ColumnProfile {
    profile(&values.into_iter().map(Cell::Number).collect::<Vec<_>>())
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(text.into())
}

#[test]
fn what_cannot_be_learned_is_told_with_its_place() {
    let number = Cell::Number;
    for (cells, words) in [
        (
            vec![Cell::Missing, text("Ideal")],
            "text, as `Ideal` in row 2",
        ),
        (
            vec![number(1.0), text("n/a"), number(5.0)],
            "no number in 1 of 3 rows, as `n/a` in row 2",
        ),
        (
            vec![number(1.0), number(f64::INFINITY)],
            "infinite in 1 of 2 rows, as `inf` in row 2",
        ),
        (vec![Cell::Missing; 3], "no values"),
        (
            vec![number(1.0), Cell::Missing, Cell::Missing],
            "missing in 2 of 3 rows",
        ),
        (vec![number(0.1); 4], "0.1 in every row"),
        (
            vec![number(7.0), number(8.0), number(9.0)],
            "counts the rows",
        ),
    ] {
        let fault = profile(&cells).fault().unwrap();
        assert!(fault.starts_with(words), "{fault}");
    }
    assert_eq!(numbers([1.0, 3.0, 2.0]).fault(), None);
    assert_eq!(
        profile(&[number(1.0), Cell::Missing, number(3.0)]).fault(),
        None
    );
}

#[test]
fn rounded_values_get_noise_of_a_step_and_recurring_ones_of_the_least_gap() {
    assert_eq!(numbers([0.23, 0.21, 0.29]).jitter(), Some(0.02));
    // One of thirty is written more finely.
    let mixed = (0..30).map(|k| f64::from(50 + k % 7) + if k == 9 { 0.1 } else { 0.0 });
    assert_eq!(numbers(mixed).jitter(), Some(1.0));
    // Millions of steps: nothing to see of them, and no value recurs.
    for values in [[0.12345678, 0.87654321, 0.5], [0.1234567, 0.7654321, 0.5]] {
        assert_eq!(numbers(values).jitter(), None);
        assert!(numbers(values.repeat(2)).jitter().is_some());
    }
    let third = 1.0 / 3.0;
    let recurring = [0.0, third, 1.0, third + 1e-16].repeat(3);
    let jitter = numbers(recurring).jitter().unwrap();
    assert!((jitter - third).abs() < 1e-15, "{jitter}");
}

#[test]
fn an_atom_has_no_part_in_the_step() {
    // 95 zeros of 100, the others tenths.
    let zeros = (0..100).map(|k| {
        if k % 20 == 0 {
            0.1 * f64::from(k / 20 + 3)
        } else {
            0.0
        }
    });
    let tenths = zeros.map(|x: f64| (x * 10.0).round() / 10.0);
    assert_eq!(numbers(tenths).jitter(), Some(0.1));
    // The others do not recur.
    let wave = |k: u32| (f64::from(k) * 12.9898).sin() * 4.0;
    let inflated = (0..90).map(|k| if k % 3 == 0 { wave(k) } else { 0.0 });
    assert_eq!(numbers(inflated).jitter(), None);
}

#[test]
fn even_distances_are_a_step_whatever_their_rounding() {
    // Multiples of 0.05 that are off their decimals, and thirds.
    let twentieths = (0..90).map(|k| f64::from(k % 30) * 0.05);
    assert_eq!(numbers(twentieths).lattice_step(), Some(0.05));
    let thirds = (0..90).map(|k| f64::from(k % 30) / 3.0);
    let step = numbers(thirds).lattice_step().unwrap();
    assert!((step - 1.0 / 3.0).abs() < 1e-12, "{step}");
    let uneven = (0..90).map(|k| f64::from(k % 30).sqrt());
    assert_eq!(numbers(uneven).lattice_step(), None);
}

#[test]
fn all_but_a_few_rows_are_a_constant() {
    let nearly = |n: i32| numbers((0..n).map(|k| if k == 17 { 1e6 } else { 5.0 }));
    let fault = nearly(2000).fault().unwrap();
    assert_eq!(fault, "5 in all but 1 of 2000 rows");
    assert_eq!(nearly(50).fault(), None);
    let rare = numbers((0..2000).map(|k| f64::from(u8::from(k % 40 == 0))));
    assert_eq!(rare.fault(), None);
}

#[test]
fn few_values_have_bounds_unless_the_last_is_an_exception() {
    let class = numbers((0..300).map(|k| f64::from(k % 2)));
    assert_eq!(class.class_bounds(), Some(ColumnBounds::Between(-0.5, 1.5)));
    let tenths = numbers((0..300).map(|k| f64::from(k % 3 + 1) / 10.0));
    assert_eq!(
        tenths.class_bounds(),
        Some(ColumnBounds::Between(0.05, 0.35))
    );
    let count = numbers((0..300).map(|k| if k == 5 { 7.0 } else { f64::from(k % 5) }));
    assert_eq!(count.class_bounds(), None);
    assert_eq!(numbers((0..300).map(f64::from)).class_bounds(), None);
}

#[test]
fn dates_and_numbers_of_rows_are_told_of() {
    let told = |values: &[f64], words| {
        let words_of = numbers(values.iter().copied()).description();
        assert!(words_of.contains(words), "{words_of}");
    };
    let days = |k: i32| f64::from(20_240_000 + 100 * (k * 5 % 12 + 1) + k * 7 % 28 + 1);
    told(&(0..40).map(days).collect::<Vec<_>>(), "dates as YYYYMMDD");
    let rising: Vec<f64> = (0..40).map(|k| f64::from(k * k)).collect();
    told(&rising, "rises from row to row");
    let shuffled: Vec<f64> = (0..41).map(|k| f64::from(k * 7 % 41)).collect();
    told(&shuffled, "every whole number of its range once");
    let month = numbers([20_240_131.0, 20_241_301.0].repeat(20));
    assert!(!month.description().contains("dates"));
}

#[test]
fn classes_are_told_of() {
    let classes = numbers((0..30).map(|k| f64::from(k % 3)));
    assert!(classes.description().contains("3 values only"));
    // Values that are no longer counted are not taken for few.
    let many = numbers((0..500).map(|k| f64::from(k * 7 % 500)));
    assert_eq!(many.description(), "0 to 499, step 1");
}
