//! Whether the first line of a table holds the names of its columns.
//!
//! A line of text does. One with text and numbers does not if every column is of the kind of its field, numbers below numbers, text below
//! text, or if it has decimals; but it does if its numbers are names or may be. Numbers are names if they count, as years and wavelengths do,
//! and differ from the rows:
//!
//! ```text
//!     it rises or falls from column to column, by integers or by equal steps, and every number is apart from its column
//!     or: it has at least four numbers in equal steps, and no other row has
//! ```
//!
//! A number is apart where it lies further from the column's range than that is wide, or is an integer above decimals; for two columns
//! both. What holds in part is doubtful.

use std::str;

use ::csv::ByteRecord;

use super::number::{NumberFormat, is_missing};

/// Rows that there must be to compare with.
const ROWS: u64 = 3;
/// Rows none of which has equal steps.
const ROWS_WITHOUT_STEPS: u64 = 10;
/// Relative error of equal steps.
const ROUNDING: f64 = 1e-9;

/// What the first line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstLine {
    /// Names, as some are no values.
    Names,
    /// Names all or some of which are numbers.
    NumbersAsNames,
    /// A row, but perhaps names that are numbers.
    PerhapsNames,
    /// A row of values.
    Row,
    /// A row with text.
    RowWithText,
}

/// What the columns hold in the rows after the first.
pub(super) struct ColumnContent {
    rows: u64,
    /// Rows whose numbers have equal steps, but for a first field.
    stepped: u64,
    columns: Vec<Content>,
}

/// What a column holds.
#[derive(Clone)]
struct Content {
    numbers: u64,
    /// Numbers that are written without a fraction.
    integers: u64,
    texts: u64,
    low: f64,
    high: f64,
    /// Whether all fields are empty.
    empty: bool,
}

impl ColumnContent {
    /// Before the first row.
    pub fn of_width(width: usize) -> Self {
        let none = Content {
            numbers: 0,
            integers: 0,
            texts: 0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            empty: true,
        };
        ColumnContent {
            rows: 0,
            stepped: 0,
            columns: vec![none; width],
        }
    }

    /// Adds a row.
    pub fn add(&mut self, record: &ByteRecord, format: NumberFormat) {
        self.rows += 1;
        let mut steps = Steps::default();
        for (index, (field, column)) in record.iter().zip(&mut self.columns).enumerate() {
            let text = str::from_utf8(field.trim_ascii()).unwrap_or("x");
            column.empty &= text.is_empty();
            match format.parse(text) {
                Some(value) => {
                    column.numbers += 1;
                    column.integers += u64::from(is_integer(text));
                    column.low = column.low.min(value);
                    column.high = column.high.max(value);
                    if index > 0 {
                        steps.add(value);
                    }
                }
                None if is_missing(text) => {}
                None => column.texts += 1,
            }
        }
        self.stepped += u64::from(steps.are_equal());
    }

    /// Whether the last column has no values.
    pub fn last_is_empty(&self) -> bool {
        self.columns.last().is_some_and(|column| column.empty)
    }
}

impl Content {
    /// Whether the column has text and no numbers.
    fn is_text(&self) -> bool {
        self.texts > 0 && self.numbers == 0
    }

    /// Whether a number lies far from those of the column.
    fn is_far(&self, value: f64) -> bool {
        let width = self.high - self.low;
        self.numbers > 0 && (value > self.high + width || value < self.low - width)
    }

    /// Whether a text is an integer and the numbers of the column have decimals.
    fn is_written_otherwise(&self, text: &str) -> bool {
        self.numbers > 0 && self.integers == 0 && is_integer(text)
    }
}

/// The steps between the numbers of a line.
#[derive(Default)]
struct Steps {
    last: Option<f64>,
    first: Option<f64>,
    numbers: usize,
    unequal: bool,
    unordered: bool,
}

impl Steps {
    fn add(&mut self, value: f64) {
        self.numbers += 1;
        let last = self.last.replace(value);
        let Some(step) = last.map(|last| value - last) else {
            return;
        };
        let first = *self.first.get_or_insert(step);
        let near = (step - first).abs() <= ROUNDING * (first.abs() + value.abs());
        self.unequal |= !near;
        let ordered = step * first > 0.0;
        self.unordered |= !ordered;
    }

    fn are_equal(&self) -> bool {
        self.numbers > 2 && !self.unequal && !self.unordered
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Judges the first line by the content of the columns below it.
pub(super) fn judge_first_line(
    first: &ByteRecord,
    below: &ColumnContent,
    format: NumberFormat,
) -> FirstLine {
    let texts: Vec<&str> = first
        .iter()
        .map(|field| str::from_utf8(field.trim_ascii()).unwrap_or("x"))
        .collect();
    let is_number = |text: &str| format.parse(text).is_some();
    let is_text = |text: &str| !is_number(text) && !is_missing(text);
    if texts.iter().any(|text| is_text(text)) {
        let fields = || texts.iter().zip(&below.columns);
        let alike = fields().all(|(text, column)| is_text(text) == column.is_text());
        let among = || fields().filter(|(text, _)| is_number(text));
        if below.rows == 0 || among().next().is_none() {
            return FirstLine::Names;
        }
        let (numbers, columns): (Vec<&str>, Vec<&Content>) = among().unzip();
        let integers = numbers.iter().all(|text| is_integer(text));
        return match judge_numbers(&numbers, &columns, below, format) {
            FirstLine::NumbersAsNames | FirstLine::PerhapsNames => FirstLine::NumbersAsNames,
            _ if alike || !integers => FirstLine::RowWithText,
            _ => FirstLine::Names,
        };
    }
    // Over the names of rows the first field may be blank.
    let skipped = usize::from(texts.first().is_some_and(|text| text.is_empty()));
    let columns: Vec<&Content> = below.columns.iter().skip(skipped).collect();
    judge_numbers(&texts[skipped..], &columns, below, format)
}

/// Judges the numbers of a first line by their columns.
fn judge_numbers(
    named: &[&str],
    below: &[&Content],
    rows: &ColumnContent,
    format: NumberFormat,
) -> FirstLine {
    let values: Vec<f64> = named.iter().filter_map(|text| format.parse(text)).collect();
    let finite = values.iter().all(|value| value.is_finite());
    if values.is_empty() || values.len() < named.len() || !finite || rows.rows < ROWS {
        return FirstLine::Row;
    }
    let columns = || below.iter().zip(named).zip(&values);
    let far = columns()
        .filter(|((column, _), value)| column.is_far(**value))
        .count();
    let otherwise = columns()
        .filter(|((column, text), _)| column.is_written_otherwise(text))
        .count();
    let either = columns()
        .all(|((column, text), value)| column.is_far(*value) || column.is_written_otherwise(text));
    let mut steps = Steps::default();
    values.iter().for_each(|&value| steps.add(value));
    let integers = named.iter().all(|text| is_integer(text));
    let counting = !steps.unordered && (integers || steps.are_equal());
    let apart = match values.len() {
        1 => false,
        2 => far == 2 && otherwise == 2,
        _ => either,
    };
    let alone = values.len() > 3
        && steps.are_equal()
        && rows.rows >= ROWS_WITHOUT_STEPS
        && rows.stepped == 0;
    if counting && (apart || alone) {
        FirstLine::NumbersAsNames
    } else if either && (counting || integers) || integers && steps.are_equal() {
        FirstLine::PerhapsNames
    } else {
        FirstLine::Row
    }
}
