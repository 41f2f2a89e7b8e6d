//! The pairs of columns in which generated samples are farthest from the data, by the energy distance. There may be very many pairs: the
//! ones judged are then those whose first and second moments differ most, found on samples that are not judged, so that chance is not
//! counted in favour of the worst.
//!
//! ```text
//! column k   |difference of the means of s_k| + |that of s_k^2|
//! pair k, l  the sum of its columns' + |difference of the means of s_k s_l|        s cut off at 4
//! ```

use super::energy::{EXCHANGES, PairedPoints, Signs, energy_distance, signs};
use crate::data::random::DrawKey;
use crate::event::{PairMisfit, PairMisfits};

/// Largest number of samples that are judged.
const JUDGED: usize = 256;
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

/// The pairs of columns with their energy distances, the largest first; the exchanges are drawn by `key`. Pairs with too few finite rows
/// are left out.
pub fn pair_misfits(rows: ComparedRows, key: DrawKey) -> PairMisfits {
    let (n, c) = (rows.len(), rows.columns - rows.learned);
    let all = rows.learned * (rows.learned - 1) / 2 + rows.learned * c;
    let (judged, pairs) = if all <= MOST_PAIRS {
        let every: Vec<usize> = (0..rows.columns).collect();
        (JUDGED.min(n), rows.pairs(&every))
    } else {
        let judged = JUDGED.min(n / 2);
        (judged, rows.part(judged, n).worst_by_moments())
    };
    let signs = signs(key, judged);
    let judged = rows.part(0, judged);
    let mut most = [f64::NEG_INFINITY; EXCHANGES];
    let mut misfits = Vec::new();
    for columns in pairs {
        let points = points(judged, columns, &signs);
        let Some(found) = energy_distance(&points) else {
            continue;
        };
        for (most, exchanged) in most.iter_mut().zip(found.exchanged) {
            *most = most.max(exchanged);
        }
        misfits.push(PairMisfit {
            columns,
            distance: found.distance,
        });
    }
    misfits.sort_by(|a, b| b.distance.total_cmp(&a.distance));
    PairMisfits {
        pairs: misfits,
        chance: most.into_iter().fold(f64::NEG_INFINITY, f64::max),
        all,
    }
}

/// The points of two columns that are finite in both samples.
fn points<'a>(
    rows: ComparedRows,
    [across, up]: [usize; 2],
    signs: &'a [Signs],
) -> Vec<PairedPoints<'a>> {
    let point = |row: &[f64]| [row[across], row[up]];
    let data = rows.data.chunks_exact(rows.columns).map(point);
    let generated = rows.generated.chunks_exact(rows.columns).map(point);
    let points = data.zip(generated).zip(signs);
    let points = points.map(|((x, y), signs)| PairedPoints { x, y, signs });
    let finite = |point: &PairedPoints| point.x.iter().chain(&point.y).all(|v| v.is_finite());
    points.filter(finite).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::{Stream, normal_rows};

    const KEY: DrawKey = DrawKey {
        seed: 1,
        stream: Stream::Pictures,
        draw: 9,
    };

    fn normal(draw: u64, n: usize, columns: usize) -> Vec<f64> {
        normal_rows(DrawKey { draw, ..KEY }, 0..n as u64, columns)
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
        let found = pair_misfits(compared(&data, &generated, 4, 4), KEY);
        assert_eq!((found.all, found.pairs.len()), (6, 6));
        assert_eq!(found.pairs[0].columns, [1, 3]);
        assert!(found.pairs[0].distance > found.chance, "{found:?}");
        assert!(found.pairs[1].distance < found.chance, "{found:?}");
        assert!(found.pairs.is_sorted_by(|a, b| a.distance >= b.distance));
    }

    #[test]
    fn given_columns_are_across_and_make_no_pair_of_their_own() {
        let (data, generated) = (normal(0, 50, 4), normal(1, 50, 4));
        let found = pair_misfits(compared(&data, &generated, 4, 2), KEY);
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
        let found = pair_misfits(compared(&data, &generated, 90, 90), KEY);
        assert_eq!((found.all, found.pairs.len()), (90 * 89 / 2, MOST_PAIRS));
        let of = |columns| found.pairs.iter().find(|pair| pair.columns == columns);
        assert!(of([12, 77]).unwrap().distance > found.chance, "{found:?}");
        let wide = found.pairs.iter().filter(|pair| pair.columns.contains(&5));
        assert_eq!(wide.count(), MOST_OF_COLUMN);
        assert!(found.pairs[0].columns.contains(&5));
    }

    #[test]
    fn rows_that_are_not_finite_are_left_out() {
        let (mut data, mut generated) = (normal(0, 40, 3), normal(1, 40, 3));
        data[0] = f64::NAN;
        for row in generated.chunks_exact_mut(3) {
            row[2] = f64::INFINITY;
        }
        let found = pair_misfits(compared(&data, &generated, 3, 3), KEY);
        assert_eq!(
            found
                .pairs
                .iter()
                .map(|pair| pair.columns)
                .collect::<Vec<_>>(),
            [[0, 1]]
        );
        for n in [0, 1, 7] {
            let none = pair_misfits(compared(&data[..3 * n], &generated[..3 * n], 3, 3), KEY);
            assert_eq!(none.pairs, []);
        }
        let wide = vec![0.5; 2 * 60];
        assert_eq!(pair_misfits(compared(&wide, &wide, 60, 60), KEY).pairs, []);
    }
}
