//! The profile of a column from all of its values: whether its density can be learned, and the width of the noise that makes it one.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::step::RoundingStep;
use crate::headless::number::format_setting;
use crate::session::ColumnBounds;
use crate::table::{Cell, shorten};

/// Number of steps within the range of a column above which rounding does not matter.
const FINE: f64 = 1e6;
/// Share of the range below which gaps between values are rounding errors.
const NOISE: f64 = 1e-9;
/// Largest number of different values of a column of classes.
const CLASSES: usize = 10;
/// Share of the values that need not be multiples of the step: few are written more finely than the others.
const MISSED: f64 = 0.05;
/// Number of the values that may be atoms: how often they recur says nothing of the others.
const ATOMS: usize = 3;
/// Number of steps that are taken for one where nearly all values are multiples of it, at most.
const COARSEST: f64 = 5e5;
/// Share of a step within which values lie on a lattice.
const NEAR: f64 = 1e-6;
/// Share of a step within which it is taken for a shorter decimal.
const SAME: f64 = 1e-9;
/// Significant digits of such a decimal at most: every number lies within [`SAME`] of one of ten.
const SHORT: usize = 6;
/// Number of rows with other values than the most frequent one from which a column is no constant.
const OTHERS: u64 = 20;
/// Share of the rows from which a value is no exception.
const ORDINARY: f64 = 0.01;

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
    /// The step of the lattice, kept once it is asked for: by then all values are there.
    lattice: OnceCell<Option<f64>>,
    /// Number of occurrences of every value, by its bits; of the first `most` values only where `full`.
    values: HashMap<u64, u64>,
    /// Largest number of different values that are counted.
    most: usize,
    /// Whether there are more different values.
    full: bool,
    last: Option<f64>,
    /// Whether every number is one more than the one before.
    counts_rows: bool,
    /// Whether every number is above the one before.
    rises: bool,
    /// Whether every number is a date as YYYYMMDD.
    dates: bool,
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
            lattice: OnceCell::new(),
            values: HashMap::new(),
            most,
            full: false,
            last: None,
            counts_rows: true,
            rises: true,
            dates: true,
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
        self.rises &= self.last.is_none_or(|last| value > last);
        self.dates = self.dates && is_date(value);
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
        } else if let Some(FrequentValue { value, times }) = self.nearly_always() {
            let others = self.numbers - times;
            format!(
                "{} in all but {others} of {rows} rows",
                format_setting(value)
            )
        } else if self.counts_rows && self.numbers > 2 {
            "counts the rows".to_owned()
        } else {
            return None;
        })
    }

    /// Width of the noise that makes rounded values continuous: the step, or the least gap where few different values recur. None for
    /// none.
    pub fn jitter(&self) -> Option<f64> {
        self.lattice_step().or_else(|| self.recurring_gap())
    }

    /// The step of which nearly all differences of values are multiples; None where rounding does not matter.
    pub fn lattice_step(&self) -> Option<f64> {
        *self.lattice.get_or_init(|| self.find_lattice_step())
    }

    fn find_lattice_step(&self) -> Option<f64> {
        let steps = |step: &f64| (self.high - self.low) / step;
        let matters = |step: &f64| steps(step) <= FINE;
        // Of finer ones no coarser step is coarse enough.
        let step = self.step.step();
        let step = step.filter(|step| steps(step) <= FINE * COARSEST);
        let step = step.map(|step| self.coarser_step(step));
        let even = || self.even_step().filter(matters);
        step.filter(matters).or_else(even)
    }

    /// The bounds of a column of few values, none of them an exception at an end: half a step beyond both ends. None for others.
    pub fn class_bounds(&self) -> Option<ColumnBounds> {
        if !self.has_few_values() {
            return None;
        }
        let step = self.lattice_step()?;
        let ordinary = |value: f64| {
            let times = self.values.get(&(value + 0.0).to_bits());
            times.is_some_and(|times| *times as f64 >= ORDINARY * self.numbers as f64)
        };
        let class = ordinary(self.low) && ordinary(self.high);
        let end = |x: f64| shortened(x, NEAR * step);
        class
            .then(|| ColumnBounds::Between(end(self.low - 0.5 * step), end(self.high + 0.5 * step)))
    }

    /// Whether the column has as few values as one of classes.
    fn has_few_values(&self) -> bool {
        !self.full && self.values.len() <= CLASSES
    }

    /// The value of all rows but for exceptions; None for others.
    fn nearly_always(&self) -> Option<FrequentValue> {
        let most = self.most_frequent()?;
        let others = self.numbers - most.times;
        (others < OTHERS && (others as f64) < ORDINARY * self.numbers as f64).then_some(most)
    }

    /// The least gap of values that recur, atoms apart. None for others.
    fn recurring_gap(&self) -> Option<f64> {
        // Of three values or fewer none is left besides the atoms: they have to recur themselves.
        if self.full || 2 * self.values.len() as u64 > self.numbers {
            return None;
        }
        let mut times: Vec<u64> = self.values.values().copied().collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        let atoms: u64 = times.iter().take(ATOMS).sum();
        let others = times.len().saturating_sub(ATOMS) as u64;
        let recur = 2 * others <= self.numbers - atoms;
        recur
            .then(|| self.least_gap(self.high - self.low))
            .flatten()
    }

    /// The step of recurring values at equal distances that are no short decimals, or are off them by the errors of sums.
    fn even_step(&self) -> Option<f64> {
        let mut step = self.recurring_gap()?;
        let values = self.sorted_values();
        let steps = |x: f64, step: f64| ((x - self.low) / step).round();
        // From near values to far ones, so that the error of the first gap does not add up to a step.
        for &x in &values {
            let steps = steps(x, step);
            if steps > 0.0 {
                step = (x - self.low) / steps;
            }
        }
        let off = |x: &f64| (x - self.low - step * steps(*x, step)).abs();
        let even = values.iter().all(|x| off(x) <= NEAR * step);
        // Over the whole range the decimal must not leave the lattice.
        let error = SAME.min(NEAR / steps(self.high, step)) * step;
        even.then(|| shortened(step, error))
    }

    /// Least of the values.
    pub fn least(&self) -> f64 {
        self.low
    }

    /// The largest of 1, 2, 5, 10, ... steps such that all but a few values differ from the most frequent one by multiples of it.
    fn coarser_step(&self, step: f64) -> f64 {
        let Some(FrequentValue {
            value: base,
            times: most,
        }) = self.most_frequent()
        else {
            return step;
        };
        let values = || self.values.iter();
        let all: u64 = values().map(|(_, times)| times).sum();
        let fits = |steps: &f64| {
            // By a division, which is exact enough for so few steps and cheaper than a remainder.
            let count = |bits: u64| ((f64::from_bits(bits) - base) / step).round();
            let off = |bits: u64| (count(bits) / steps).fract() != 0.0;
            let missed = values().filter(|(bits, _)| off(**bits));
            let missed: u64 = missed.map(|(_, times)| times).sum();
            missed as f64 <= MISSED * (all - most) as f64
        };
        let most = (self.high - self.low) / step;
        let ladder = (0..).flat_map(|power| [1.0, 2.0, 5.0].map(|m| m * 10_f64.powi(power)));
        let ladder = ladder.take_while(|steps| *steps < most && *steps <= COARSEST);
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
        let values = self.sorted_values();
        let gaps = values.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.filter(|gap| *gap > NOISE * range).reduce(f64::min)
    }

    /// The values that are counted, in ascending order.
    fn sorted_values(&self) -> Vec<f64> {
        let values = self.values.keys().map(|bits| f64::from_bits(*bits));
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// Whether the column has every whole number of its range once.
    fn is_permutation(&self) -> bool {
        !self.full
            && self.step.step() == Some(1.0)
            && self.values.len() as u64 == self.numbers
            && self.high - self.low + 1.0 == self.numbers as f64
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
        if self.has_few_values() {
            words.push_str(&format!(
                "; {} values only: rather a class, to be given or left out",
                self.values.len()
            ));
        } else if self.dates {
            words.push_str(
                "; dates as YYYYMMDD, with gaps between the months: better a number of days",
            );
        } else if self.rises {
            words.push_str("; rises from row to row: rather an identifier or a time");
        } else if self.is_permutation() {
            words.push_str("; every whole number of its range once: rather an identifier");
        }
        words
    }
}

/// Whether a number is a date as YYYYMMDD, from 1800 to 2199.
fn is_date(value: f64) -> bool {
    if !(18_000_101.0..=21_991_231.0).contains(&value) || value.fract() != 0.0 {
        return false;
    }
    let (month, day) = (value / 100.0 % 100.0, value % 100.0);
    (1.0..13.0).contains(&month) && (1.0..=31.0).contains(&day)
}

/// The decimal of the fewest significant digits, at most [`SHORT`], within an error of a number; the number itself where there is none.
fn shortened(x: f64, error: f64) -> f64 {
    let decimal = (0..SHORT).filter_map(|after| format!("{x:.after$e}").parse::<f64>().ok());
    let mut near = decimal.filter(|short| (short - x).abs() <= error);
    near.next().unwrap_or(x)
}

#[cfg(test)]
mod tests;
