//! Which rows a record has of a run that is longer than a screen can show. Let n be the number of iterations since the record began, and
//! N that of those of which it has every row.
//!
//! ```text
//! stride(n) = the least power of two with N stride(n) >= n        1 up to N, 2 up to 2N, 4 up to 4N, ..
//! the row of iteration n is kept if stride(n) divides n           N rows, then N / 2 for every doubling of n
//! ```
//!
//! The numbers of the iterations alone decide, so that whoever trains a run records the same rows.

use super::{Event, Losses};

/// The rule that decides which rows of iterations a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thinning {
    /// N.
    all: u64,
    /// Iterations done before the record began.
    begun: u64,
}

impl Thinning {
    /// N of every new record.
    pub const ALL: u64 = 1 << 15;

    /// The rule of a record that has every row of its first `all` iterations, and began after iteration `begun`.
    pub fn new(all: u64, begun: u64) -> Self {
        let all = all.max(1);
        Thinning { all, begun }
    }

    /// The rule of a record that has every row.
    pub fn none() -> Self {
        Thinning::new(u64::MAX, 0)
    }

    /// Whether the row of an iteration is kept whatever happens at it.
    pub fn keeps(self, iteration: u64) -> bool {
        let n = iteration.saturating_sub(self.begun);
        n.is_multiple_of(self.stride(n))
    }

    /// The distance of the rows that are kept around the iteration n of the record.
    fn stride(self, n: u64) -> u64 {
        // Of quotients above 2^63, which no run has, there is no next power.
        let quotient = n.div_ceil(self.all).max(1);
        quotient.checked_next_power_of_two().unwrap_or(1 << 63)
    }
}

impl Event {
    /// The iteration of what happens in every iteration and may be left out of a record: a row with finite figures, or a new batch. None
    /// for what is always recorded.
    pub fn routine(&self) -> Option<u64> {
        match *self {
            Event::Iteration {
                iteration,
                gradient,
                update,
                losses: Losses { loss, l, c, r },
                ..
            } => {
                let figures = [gradient, update, loss, l, c, r];
                figures.into_iter().all(f64::is_finite).then_some(iteration)
            }
            Event::Matching {
                iteration,
                gradient,
                update,
                m,
                ..
            } => {
                let figures = [gradient, update, m];
                figures.into_iter().all(f64::is_finite).then_some(iteration)
            }
            Event::Resample { iteration } => Some(iteration),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(rule: Thinning, iterations: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        iterations.filter(|&i| rule.keeps(i)).collect()
    }

    #[test]
    fn every_row_up_to_n_then_half_as_many_for_every_doubling() {
        let rule = Thinning::new(4, 0);
        let first = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
        assert_eq!(kept(rule, 1..=64), first);
        for all in [2, 64, 1000] {
            let rule = Thinning::new(all, 0);
            assert_eq!(kept(rule, 1..=all).len() as u64, all);
            for k in 0..8 {
                let doubling = (all << k) + 1..=all << (k + 1);
                assert_eq!(kept(rule, doubling).len() as u64, all / 2, "{all} {k}");
            }
        }
    }

    #[test]
    fn the_distance_of_rows_never_falls_and_is_at_most_a_share_of_the_iterations() {
        let rule = Thinning::new(100, 0);
        let rows = kept(rule, 1..=100_000);
        let gaps: Vec<u64> = rows.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(
            rows.windows(2)
                .all(|pair| 50 * (pair[1] - pair[0]) <= pair[1] + 50)
        );
    }

    #[test]
    fn ten_million_iterations_have_some_hundred_thousand_rows() {
        let rule = Thinning::new(Thinning::ALL, 0);
        // 2^15 + 2^14 log2(10^7 / 2^15)
        let expected = 32_768.0 + 16_384.0 * (1e7_f64 / 32_768.0).log2();
        let rows = kept(rule, 1..=10_000_000).len() as f64;
        assert!(
            (rows - expected).abs() < 0.02 * expected,
            "{rows} {expected}"
        );
    }

    #[test]
    fn a_record_that_begins_late_has_its_first_rows_and_the_ends_of_the_numbers_are_no_panic() {
        let rule = Thinning::new(4, 1000);
        assert_eq!(
            kept(rule, 1001..=1016),
            [1001, 1002, 1003, 1004, 1006, 1008, 1012, 1016]
        );
        for all in [0, 1, u64::MAX] {
            for iteration in [0, 1, u64::MAX - 1, u64::MAX] {
                Thinning::new(all, 0).keeps(iteration);
            }
        }
        assert!(Thinning::none().keeps(u64::MAX));
    }
}
