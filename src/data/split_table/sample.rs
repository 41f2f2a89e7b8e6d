//! The extremes and a sample of a column's values, by which it is judged.

/// An extreme value with the row that it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extreme {
    /// The value.
    pub value: f64,
    /// Number of its first row, from 0, among those without missing values.
    pub row: usize,
}

/// The extremes of values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extremes {
    pub least: Extreme,
    pub largest: Extreme,
}

impl Default for Extremes {
    fn default() -> Self {
        let extreme = |value| Extreme { value, row: 0 };
        Extremes {
            least: extreme(f64::INFINITY),
            largest: extreme(f64::NEG_INFINITY),
        }
    }
}

impl Extremes {
    /// Adds the value of a row.
    pub fn add(&mut self, value: f64, row: usize) {
        if value < self.least.value {
            self.least = Extreme { value, row };
        }
        if value > self.largest.value {
            self.largest = Extreme { value, row };
        }
    }

    /// Adds the extremes of other rows; of equal values the first row counts.
    pub fn join(&mut self, other: &Extremes) {
        let Extremes { least, largest } = other;
        let first = |a: Extreme, b: &Extreme| if b.row < a.row { *b } else { a };
        if least.value == self.least.value {
            self.least = first(self.least, least);
        }
        if largest.value == self.largest.value {
            self.largest = first(self.largest, largest);
        }
        self.add(least.value, least.row);
        self.add(largest.value, largest.row);
    }

    /// The largest value less the least.
    pub fn range(&self) -> f64 {
        self.largest.value - self.least.value
    }
}

/// What a column is judged by.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnSample {
    /// Extremes of the training and validation rows.
    pub extremes: Extremes,
    /// Extremes of all rows, the test part too.
    pub all: Extremes,
    /// Values of rows that are spread evenly over the training and validation part.
    pub values: Vec<f64>,
}
