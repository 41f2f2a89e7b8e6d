//! Ranges of values and of iterations.

/// The least and the greatest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueRange {
    /// The least number.
    pub low: f64,
    /// The greatest number, not below `low`.
    pub high: f64,
}

impl ValueRange {
    /// The range of a single number.
    pub fn of(value: f64) -> Self {
        Self {
            low: value,
            high: value,
        }
    }

    /// The range of the numbers in both.
    pub fn join(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}

/// The first and the last of some iterations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IterationSpan {
    /// The first iteration.
    pub first: u64,
    /// The last iteration.
    pub last: u64,
}

impl IterationSpan {
    /// The span of the iterations in both.
    pub fn join(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}
