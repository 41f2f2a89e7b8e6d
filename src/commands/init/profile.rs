//! The profile of a column from all of its values: whether its density can be learned, and the width of the noise that makes it one.

use std::collections::HashMap;

use super::step::RoundingStep;
use crate::headless::number::format_setting;
use crate::table::{Cell, shorten};

/// Number of steps within the range of a column above which rounding does not matter.
const FINE: f64 = 1e6;
/// Share of the range below which gaps between values are rounding errors.
const NOISE: f64 = 1e-9;
/// Largest number of different values of a column of classes.
const CLASSES: usize = 10;
/// Share of the values that need not be multiples of the step: few are written more finely than the others.
const MISSED: f64 = 0.05;
/// The profile of a column.
#[derive(Debug)]
pub struct ColumnProfile {
    /// Name of the column.
    pub name: String,
    /// Rows with a finite number.
    numbers: u64,
    /// Rows without a value.
    pub missing: u64,
    /// Rows with an infinite number.
    infinite: u64,
    /// Rows with text.
    texts: u64,
    /// Number of the integers that a 64-bit float does not hold.
    pub rounded: u64,
    /// First field that is no finite number.
    odd: Option<OddField>,
    low: f64,
    high: f64,
    step: RoundingStep,
    /// Number of occurrences of every value, by its bits; of the first `most` values only where `full`.
    values: HashMap<u64, u64>,
    /// Largest number of different values that are counted.
    most: usize,
    /// Whether there are more different values.
    full: bool,
    last: Option<f64>,
    /// Whether every number is one more than the one before.
    counts_rows: bool,
}

/// A field that is no finite number.
#[derive(Debug)]
struct OddField {
    /// Row, from 1.
    row: u64,
    /// Content, shortened.
    text: String,
}

/// A value and the number of its occurrences.
struct FrequentValue {
    value: f64,
    times: u64,
}

impl ColumnProfile {
    /// The profile of a column before its first value; counts the occurrences of at most `most` different values.
    pub fn new(name: &str, most: usize) -> Self {
        ColumnProfile {
            name: name.to_owned(),
            numbers: 0,
            missing: 0,
            infinite: 0,
            texts: 0,
            rounded: 0,
            odd: None,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            step: RoundingStep::default(),
            values: HashMap::new(),
            most,
            full: false,
            last: None,
            counts_rows: true,
        }
    }

    /// Adds the field of a row, counted from 1.
    pub fn add(&mut self, row: u64, cell: &Cell) {
        match cell {
            Cell::Missing => self.missing += 1,
            Cell::Number(value) if value.is_finite() => self.add_number(*value),
            Cell::Rounded { value, .. } => {
                self.rounded += 1;
                self.add_number(*value);
            }
            Cell::Number(value) => {
                self.infinite += 1;
                self.odd.get_or_insert_with(|| OddField {
                    row,
                    text: value.to_string(),
                });
            }
            Cell::Text(text) => {
                self.texts += 1;
                self.odd.get_or_insert_with(|| OddField {
                    row,
                    text: shorten(text),
                });
            }
        }
    }

    fn add_number(&mut self, value: f64) {
        self.numbers += 1;
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        self.step.add(value);
        self.counts_rows &= self.last.is_none_or(|last| value == last + 1.0);
        self.last = Some(value);
        // The two zeros are one value.
        let bits = (value + 0.0).to_bits();
        let known = self.values.len() < self.most || self.values.contains_key(&bits);
        if known {
            *self.values.entry(bits).or_default() += 1;
        }
        self.full |= !known;
    }

    /// Whether the column has text and no numbers.
    pub fn is_text(&self) -> bool {
        self.texts > 0 && self.numbers == 0
    }

    /// The reason to leave the column out; None if it can be learned.
    pub fn fault(&self) -> Option<String> {
        let rows = self.numbers + self.missing + self.infinite + self.texts;
        let place = self.odd.as_ref();
        let place = place.map_or(String::new(), |OddField { row, text }| {
            format!("`{text}` in row {row}")
        });
        Some(if self.is_text() {
            format!("text, as {place}")
        } else if self.texts > 0 {
            let n = self.texts;
            format!("no number in {n} of {rows} rows, as {place}: empty these fields to use it")
        } else if self.infinite > 0 {
            format!("infinite in {} of {rows} rows, as {place}", self.infinite)
        } else if self.numbers == 0 {
            "no values".to_owned()
        } else if 2 * self.missing > rows {
            format!("missing in {} of {rows} rows", self.missing)
        } else if self.low == self.high {
            format!("{} in every row", format_setting(self.low))
        } else if self.counts_rows && self.numbers > 2 {
            "counts the rows".to_owned()
        } else {
            return None;
        })
    }

    /// Width of the noise that makes rounded values continuous: the step, or the least gap where few different values recur. None for
    /// none.
    pub fn jitter(&self) -> Option<f64> {
        let range = self.high - self.low;
        let recur = !self.full && 2 * self.values.len() as u64 <= self.numbers;
        let gap = || if recur { self.least_gap(range) } else { None };
        self.lattice_step().or_else(gap)
    }

    /// The step of which nearly all differences of values are multiples; None where rounding does not matter.
    pub fn lattice_step(&self) -> Option<f64> {
        let step = self.step.step().map(|step| self.coarser_step(step));
        step.filter(|step| (self.high - self.low) / step <= FINE)
    }

    /// Least of the values.
    pub fn least(&self) -> f64 {
        self.low
    }

    /// The largest of 1, 2, 5, 10, ... steps such that all but a few values differ from the most frequent one by multiples of it.
    fn coarser_step(&self, step: f64) -> f64 {
        let Some(FrequentValue { value: base, .. }) = self.most_frequent() else {
            return step;
        };
        let values = || self.values.iter();
        let all: u64 = values().map(|(_, times)| times).sum();
        let fits = |steps: &f64| {
            let off = |bits: u64| ((f64::from_bits(bits) - base) / step).round() % steps != 0.0;
            let missed = values().filter(|(bits, _)| off(**bits));
            let missed: u64 = missed.map(|(_, times)| times).sum();
            missed as f64 <= MISSED * all as f64
        };
        let most = (self.high - self.low) / step;
        let ladder = (0..6).flat_map(|power| [1.0, 2.0, 5.0].map(|m| m * 10_f64.powi(power)));
        let ladder = ladder.take_while(|steps| *steps < most);
        // By a division, so that ten steps of 0.1 are 1.
        ladder
            .filter(fits)
            .last()
            .map_or(step, |steps| steps / (1.0 / step))
    }

    /// The most frequent value; of equally frequent ones the least.
    fn most_frequent(&self) -> Option<FrequentValue> {
        let values = self.values.iter().map(|(bits, times)| FrequentValue {
            value: f64::from_bits(*bits),
            times: *times,
        });
        values.max_by(|a, b| a.times.cmp(&b.times).then(b.value.total_cmp(&a.value)))
    }

    /// The least difference of two values, without rounding errors.
    fn least_gap(&self, range: f64) -> Option<f64> {
        let mut values: Vec<f64> = self
            .values
            .keys()
            .map(|bits| f64::from_bits(*bits))
            .collect();
        values.sort_by(f64::total_cmp);
        let gaps = values.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.filter(|gap| *gap > NOISE * range).reduce(f64::min)
    }

    /// The range, the step and warnings, as text.
    pub fn description(&self) -> String {
        let mut words = format!(
            "{} to {}",
            format_setting(self.low),
            format_setting(self.high)
        );
        if let Some(jitter) = self.jitter() {
            words.push_str(&format!(", step {}", format_setting(jitter)));
        }
        if self.missing > 0 {
            words.push_str(&format!(", missing in {} rows", self.missing));
        }
        if !self.full && self.values.len() <= CLASSES {
            words.push_str(&format!(
                "; {} values only: rather a class, to be given or left out",
                self.values.len()
            ));
        }
        words
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(numbers([0.12345678, 0.87654321, 0.5]).jitter(), None);
        let third = 1.0 / 3.0;
        let recurring = [0.0, third, 1.0, third + 1e-16].repeat(3);
        let jitter = numbers(recurring).jitter().unwrap();
        assert!((jitter - third).abs() < 1e-15, "{jitter}");
    }

    #[test]
    fn classes_are_told_of() {
        let classes = numbers((0..30).map(|k| f64::from(k % 3)));
        assert!(classes.description().contains("3 values only"));
        // Values that are no longer counted are not taken for few.
        assert!(
            numbers((0..500).map(f64::from))
                .description()
                .ends_with("step 1")
        );
    }
}
