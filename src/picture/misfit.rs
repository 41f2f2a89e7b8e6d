//! The pairs of columns in which generated samples are farthest from the data (`crate::misfit`). There may be very many pairs: the
//! ones judged are then those whose first and second moments differ most, found on samples that are not judged, so that chance is not
//! counted in favour of the worst.
//!
//! ```text
//! column k   |difference of the means of s_k| + |that of s_k^2|
//! pair k, l  the sum of its columns' + |difference of the means of s_k s_l|        s cut off at 4
//! ```

use crate::event::{PairMisfit, PairMisfits};
use crate::misfit::pair_misfit;

/// Largest number of samples that are judged: all pairs of nine columns take some 18 ms with them, which is 2 % of one core at a picture
/// a second. Half as many would raise the noise level by 1.4.
const JUDGED: usize = 512;
/// Largest number of pairs that are judged: all of nine columns.
const MOST_PAIRS: usize = 36;
/// Largest number of pairs that are judged of one column, where not all are: a column that fits badly has no good pair.
const MOST_OF_COLUMN: usize = 6;
/// Largest number of columns whose pairs are looked at.
const MOST_COLUMNS: usize = 64;
/// Distance from 0 beyond which values do not count more for the choice of pairs.
const FAR: f64 = 4.0;

/// Samples of the data and of a model, rows of as many values as there are columns, in standardised units; row i of both has the same
/// given values.
#[derive(Clone, Copy)]
pub struct ComparedRows<'a> {
    /// Samples of the data.
    pub data: &'a [f64],
    /// Generated samples.
    pub generated: &'a [f64],
    /// Number of columns.
    pub columns: usize,
    /// Number of learned columns, which come first; a pair has one at least.
    pub learned: usize,
}

impl<'a> ComparedRows<'a> {
    fn len(&self) -> usize {
        self.data.len().min(self.generated.len()) / self.columns
    }

    /// The rows from `first` to before `end`.
    fn part(&self, first: usize, end: usize) -> Self {
        let range = first * self.columns..end * self.columns;
        ComparedRows {
            data: &self.data[range.clone()],
            generated: &self.generated[range],
            ..*self
        }
    }

    /// The points of some rows in two columns.
    fn points(&self, rows: &[f64], [across, up]: [usize; 2]) -> Vec<[f64; 2]> {
        let rows = rows.chunks_exact(self.columns);
        rows.map(|row| [row[across], row[up]]).collect()
    }

    /// All pairs of these columns, the one across first: a given one, or the one with the lower number.
    fn pairs(&self, columns: &[usize]) -> Vec<[usize; 2]> {
        let learned = |&&k: &&usize| k < self.learned;
        let pairs_of = |(i, &up): (usize, &usize)| {
            let others = columns[..i].iter().filter(learned);
            let given = columns.iter().filter(|&&k| k >= self.learned);
            let pairs = others.chain(given).map(move |&across| [across, up]);
            pairs.collect::<Vec<_>>()
        };
        let ups = columns.iter().enumerate();
        ups.filter(|(_, k)| learned(k)).flat_map(pairs_of).collect()
    }

    /// The mean difference of a product of values, cut off, over all rows that have it.
    fn difference(&self, product: impl Fn(&[f64]) -> f64) -> f64 {
        let mean = |rows: &[f64]| {
            let values = rows.chunks_exact(self.columns).map(&product);
            let finite: Vec<f64> = values.filter(|value| value.is_finite()).collect();
            finite.iter().sum::<f64>() / finite.len().max(1) as f64
        };
        (mean(self.data) - mean(self.generated)).abs()
    }

    /// The difference of a column's first two moments.
    fn column_score(&self, k: usize) -> f64 {
        self.difference(|row| cut(row[k])) + self.difference(|row| cut(row[k]) * cut(row[k]))
    }

    /// The pairs whose moments differ most.
    fn worst_by_moments(&self) -> Vec<[usize; 2]> {
        let scores: Vec<f64> = (0..self.columns).map(|k| self.column_score(k)).collect();
        let mut columns: Vec<usize> = (0..self.columns).collect();
        columns.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        columns.truncate(MOST_COLUMNS);
        columns.sort_unstable();
        let score = |[k, l]: [usize; 2]| {
            scores[k] + scores[l] + self.difference(|row| cut(row[k]) * cut(row[l]))
        };
        let mut pairs: Vec<_> = self
            .pairs(&columns)
            .into_iter()
            .map(|pair| (pair, score(pair)))
            .collect();
        pairs.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut taken = vec![0; self.columns];
        let pairs = pairs.into_iter().map(|(pair, _)| pair).filter(|pair| {
            let free = pair.iter().all(|&k| taken[k] < MOST_OF_COLUMN);
            pair.iter().for_each(|&k| taken[k] += usize::from(free));
            free
        });
        pairs.take(MOST_PAIRS).collect()
    }
}

fn cut(value: f64) -> f64 {
    value.clamp(-FAR, FAR)
}

/// The misfits of pairs of columns, the largest in noise levels first; the noise level is that of the worst of them. Pairs without a
/// misfit are left out: too few finite rows, or a constant column.
pub fn pair_misfits(rows: ComparedRows) -> PairMisfits {
    let (n, c) = (rows.len(), rows.columns - rows.learned);
    let all = rows.learned * (rows.learned - 1) / 2 + rows.learned * c;
    let (judged, pairs) = if all <= MOST_PAIRS {
        let every: Vec<usize> = (0..rows.columns).collect();
        (JUDGED.min(n), rows.pairs(&every))
    } else {
        let judged = JUDGED.min(n / 2);
        (judged, rows.part(judged, n).worst_by_moments())
    };
    let judged = rows.part(0, judged);
    let found = pairs.into_iter().filter_map(|columns| {
        let points = |rows| judged.points(rows, columns);
        let misfit = pair_misfit(&points(judged.data), &points(judged.generated))?;
        Some(PairMisfit { columns, misfit })
    });
    let mut pairs: Vec<PairMisfit> = found.collect();
    let count = pairs.len();
    for pair in &mut pairs {
        pair.misfit = pair.misfit.among(count);
    }
    let levels = |pair: &PairMisfit| pair.misfit.in_noise_levels();
    pairs.sort_by(|a, b| levels(b).total_cmp(&levels(a)));
    PairMisfits { pairs, all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::{DrawKey, Stream, normal_rows};

    fn normal(draw: u64, n: usize, columns: usize) -> Vec<f64> {
        let key = DrawKey {
            seed: 1,
            stream: Stream::Pictures,
            draw,
        };
        normal_rows(key, 0..n as u64, columns)
    }

    fn levels(pair: &PairMisfit) -> f64 {
        pair.misfit.in_noise_levels()
    }

    fn compared<'a>(
        data: &'a [f64],
        generated: &'a [f64],
        columns: usize,
        learned: usize,
    ) -> ComparedRows<'a> {
        ComparedRows {
            data,
            generated,
            columns,
            learned,
        }
    }

    #[test]
    fn a_correlation_that_the_model_misses_is_the_worst_pair_and_not_chance() {
        let (mut data, generated) = (normal(0, 300, 4), normal(1, 300, 4));
        for row in data.chunks_exact_mut(4) {
            row[3] = 0.9 * row[1] + 0.19_f64.sqrt() * row[3];
        }
        let found = pair_misfits(compared(&data, &generated, 4, 4));
        assert_eq!((found.all, found.pairs.len()), (6, 6));
        assert_eq!(found.pairs[0].columns, [1, 3]);
        assert!(levels(&found.pairs[0]) > 1.0, "{found:?}");
        assert!(levels(&found.pairs[1]) < 1.0, "{found:?}");
        assert!(found.pairs.is_sorted_by(|a, b| levels(a) >= levels(b)));
    }

    #[test]
    fn of_36_pairs_of_equal_densities_the_worst_passes_the_noise_level_at_most_once_in_20_times() {
        let beyond = |k: &u64| {
            let (data, generated) = (normal(2 * k, 60, 9), normal(2 * k + 1, 60, 9));
            let found = pair_misfits(compared(&data, &generated, 9, 9));
            assert_eq!(found.pairs.len(), 36);
            levels(&found.pairs[0]) > 1.0
        };
        // Binomial of 40 and 1/20: mean 2, deviation 1.4.
        assert!((0..40).filter(beyond).count() <= 6);
    }

    #[test]
    fn rows_that_share_given_values_pass_it_as_rarely() {
        let beyond = |k: &u64| {
            let (mut data, mut generated) = (normal(3 * k, 100, 3), normal(3 * k + 1, 100, 3));
            let given = normal(3 * k + 2, 100, 2);
            for rows in [&mut data, &mut generated] {
                for (row, given) in rows.chunks_exact_mut(3).zip(given.chunks_exact(2)) {
                    row[0] = 0.5 * row[0] + given[0] * given[1];
                    row[1..].copy_from_slice(given);
                }
            }
            let found = pair_misfits(compared(&data, &generated, 3, 1));
            levels(&found.pairs[0]) > 1.0
        };
        assert!((0..100).filter(beyond).count() <= 10);
    }

    #[test]
    fn given_columns_are_across_and_make_no_pair_of_their_own() {
        let (data, generated) = (normal(0, 50, 4), normal(1, 50, 4));
        let found = pair_misfits(compared(&data, &generated, 4, 2));
        let mut pairs: Vec<_> = found.pairs.iter().map(|pair| pair.columns).collect();
        pairs.sort_unstable();
        assert_eq!(pairs, [[0, 1], [2, 0], [2, 1], [3, 0], [3, 1]]);
        assert_eq!(found.all, 5);
    }

    #[test]
    fn of_very_many_pairs_the_worst_is_among_the_judged() {
        let (mut data, generated) = (normal(0, 512, 90), normal(1, 512, 90));
        for row in data.chunks_exact_mut(90) {
            row[77] = row[12];
            row[5] *= 2.0;
        }
        let found = pair_misfits(compared(&data, &generated, 90, 90));
        assert_eq!((found.all, found.pairs.len()), (90 * 89 / 2, MOST_PAIRS));
        let of = |columns| found.pairs.iter().find(|pair| pair.columns == columns);
        assert!(levels(of([12, 77]).unwrap()) > 1.0, "{found:?}");
        let wide = found.pairs.iter().filter(|pair| pair.columns.contains(&5));
        assert_eq!(wide.count(), MOST_OF_COLUMN);
        // A copy that the model misses is farther off than any spread.
        assert_eq!(found.pairs[0].columns, [12, 77]);
    }

    #[test]
    fn rows_that_are_not_finite_are_left_out() {
        let (mut data, mut generated) = (normal(0, 40, 3), normal(1, 40, 3));
        data[0] = f64::NAN;
        for row in generated.chunks_exact_mut(3) {
            row[2] = f64::INFINITY;
        }
        let found = pair_misfits(compared(&data, &generated, 3, 3));
        assert_eq!(
            found
                .pairs
                .iter()
                .map(|pair| pair.columns)
                .collect::<Vec<_>>(),
            [[0, 1]]
        );
        for n in [0, 1] {
            let none = pair_misfits(compared(&data[..3 * n], &generated[..3 * n], 3, 3));
            assert_eq!(none.pairs, []);
        }
        let wide = vec![0.5; 2 * 60];
        assert_eq!(pair_misfits(compared(&wide, &wide, 60, 60)).pairs, []);
    }
}
