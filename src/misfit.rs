//! The misfit of two samples of one column or of a pair of columns: how far their distributions are apart, and how far two samples of
//! the same distribution would seem to be.
//!
//! ```text
//! distance^2 = (2 E|x - y| - E|x - x'| - E|y - y'|) / (2 E|x - y|)        energy distance, from 0 (equal) to 1 (apart)
//! noise^2    = 3.84 (1/n + 1/m) E|z - z'| / (2 E|x - y|)                  z of both samples, 3.84 = Phi^-1(0.975)^2
//! ```
//!
//! E is the mean over all pairs of the n rows x and m rows y, each with itself too. Under equality the numerator is (1/n + 1/m) E|z - z'|
//! in the mean, and its distribution is such that `noise` is passed at most once in 20 times. In one dimension all follow from the
//! distribution functions, as 2 E|x - y| - E|x - x'| - E|y - y'| = 2 int (F - G)^2; in two, |x| is pi/2 times the mean of |x . u| over
//! all directions u, of which [`DIRECTIONS`] are taken. A pair is mapped so that x has covariance 1: neither units nor a strong correlation
//! hide a difference.
//!
//! Rizzo and Szekely, DISCO analysis, 2010; Szekely and Bakirov, Extremal probabilities for Gaussian quadratic forms, 2003.

use std::f64::consts::PI;

/// Largest number of rows of a sample that are compared, evenly spaced ones: it bounds the cost.
const ROWS: usize = 2000;
/// Directions of a pair, evenly spaced over half a turn.
const DIRECTIONS: u32 = 16;
/// Least width of a pair across its ridge, in standard deviations: below it there is rounding.
const THINNEST: f64 = 1e-3;
/// The square of the 97.5 % quantile of the normal distribution.
const QUANTILE_SQUARED: f64 = 3.841_458_820_694_124;

/// The distance of two samples, and the noise level that it is judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Misfit {
    /// Distance, from 0 to 1; it grows in proportion to a small shift: about half of it in standard deviations.
    pub distance: f64,
    /// Distance that two samples of these sizes from the same distribution exceed at most once in 20 times.
    pub noise: f64,
}

impl Misfit {
    /// The distance as a multiple of the noise level: above 1 the samples differ.
    pub fn in_noise_levels(&self) -> f64 {
        self.distance / self.noise
    }
}

/// The misfit of two samples of a column. Values that are not finite are left out; None where all that is left is equal, or nothing is.
pub fn column_misfit(x: &[f64], y: &[f64]) -> Option<Misfit> {
    let finite = |values: &[f64]| -> Vec<f64> {
        let values = values.iter().copied();
        evenly(values.filter(|value| value.is_finite()).collect())
    };
    let (x, y) = (finite(x), finite(y));
    misfit(DistanceSums::along(&x, &y), x.len(), y.len())
}

/// The misfit of two samples of a pair of columns. Rows that are not finite are left out; None where nothing is left, or a column of x
/// is constant.
pub fn pair_misfit(x: &[[f64; 2]], y: &[[f64; 2]]) -> Option<Misfit> {
    let finite = |rows: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let rows = rows.iter().copied();
        let finite = rows.filter(|row| row.iter().all(|value| value.is_finite()));
        evenly(finite.collect())
    };
    let (x, y) = (finite(x), finite(y));
    let whitening = PairWhitening::of(&x)?;
    let mut sums = DistanceSums::default();
    for k in 0..DIRECTIONS {
        let (sin, cos) = (PI * (f64::from(k) + 0.5) / f64::from(DIRECTIONS)).sin_cos();
        let along = |rows: &[[f64; 2]]| -> Vec<f64> {
            let rows = rows.iter().map(|row| whitening.apply(*row));
            rows.map(|[a, b]| cos * a + sin * b).collect()
        };
        sums.add(&DistanceSums::along(&along(&x), &along(&y)));
    }
    misfit(sums, x.len(), y.len())
}

/// Mean distances, up to a common factor.
#[derive(Clone, Copy, Debug, Default)]
struct DistanceSums {
    /// 2 E|x - y| - E|x - x'| - E|y - y'|.
    energy: f64,
    /// E|x - y|.
    across: f64,
    /// E|z - z'| over both samples together.
    pooled: f64,
}

impl DistanceSums {
    /// The mean distances of two samples on a line: integrals over the gaps between the sorted values of both.
    fn along(x: &[f64], y: &[f64]) -> Self {
        let (n, m) = (x.len() as f64, y.len() as f64);
        let tag = |values: &[f64], one: f64| -> Vec<(f64, f64)> {
            values.iter().map(|value| (*value, one)).collect()
        };
        let mut both = tag(x, 1.0);
        both.extend(tag(y, 0.0));
        both.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut of_x, mut of_both) = (0.0, 0.0);
        let mut sums = DistanceSums::default();
        for pair in both.windows(2) {
            of_x += pair[0].1;
            of_both += 1.0;
            let gap = pair[1].0 - pair[0].0;
            let (f, g, p) = (of_x / n, (of_both - of_x) / m, of_both / (n + m));
            sums.energy += 2.0 * (f - g) * (f - g) * gap;
            sums.across += (f * (1.0 - g) + g * (1.0 - f)) * gap;
            sums.pooled += 2.0 * p * (1.0 - p) * gap;
        }
        sums
    }

    fn add(&mut self, other: &Self) {
        self.energy += other.energy;
        self.across += other.across;
        self.pooled += other.pooled;
    }
}

/// The misfit that follows from the mean distances of samples of n and m rows.
fn misfit(sums: DistanceSums, n: usize, m: usize) -> Option<Misfit> {
    let rows = 1.0 / n as f64 + 1.0 / m as f64;
    let [distance, noise] = [sums.energy, QUANTILE_SQUARED * rows * sums.pooled]
        .map(|e| (e / (2.0 * sums.across)).sqrt());
    (n > 0 && m > 0 && distance.is_finite() && noise.is_finite() && noise > 0.0)
        .then_some(Misfit { distance, noise })
}

/// At most [`ROWS`] of the rows, evenly spaced.
fn evenly<T: Copy>(rows: Vec<T>) -> Vec<T> {
    if rows.len() <= ROWS {
        return rows;
    }
    (0..ROWS).map(|k| rows[k * rows.len() / ROWS]).collect()
}

/// The linear map after which rows have covariance 1: the inverse of its Cholesky factor.
struct PairWhitening {
    mean: [f64; 2],
    deviation: [f64; 2],
    /// Correlation r.
    correlation: f64,
    /// sqrt(1 - r^2), at least [`THINNEST`].
    rest: f64,
}

impl PairWhitening {
    /// The whitening of some rows; None where a column is constant or too large for a variance.
    fn of(rows: &[[f64; 2]]) -> Option<Self> {
        let mean_of = |f: &dyn Fn(&[f64; 2]) -> f64| -> f64 {
            rows.iter().map(|row| f(row) / rows.len() as f64).sum()
        };
        let mean = [0, 1].map(|k| mean_of(&|row| row[k]));
        let deviation = [0, 1].map(|k| mean_of(&|row| (row[k] - mean[k]).powi(2)).sqrt());
        let standard = |row: &[f64; 2], k: usize| (row[k] - mean[k]) / deviation[k];
        let correlation = mean_of(&|row| standard(row, 0) * standard(row, 1));
        let spread = deviation.iter().all(|s| *s > 0.0 && s.is_finite());
        spread.then(|| PairWhitening {
            mean,
            deviation,
            correlation,
            rest: (1.0 - correlation * correlation)
                .max(0.0)
                .sqrt()
                .max(THINNEST),
        })
    }

    fn apply(&self, row: [f64; 2]) -> [f64; 2] {
        let [a, b] = [0, 1].map(|k| (row[k] - self.mean[k]) / self.deviation[k]);
        [a, (b - self.correlation * a) / self.rest]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::{DrawKey, Stream, normal_rows};

    fn normal(draw: u64, n: u64) -> Vec<f64> {
        let key = DrawKey {
            seed: 3,
            stream: Stream::Samples,
            draw,
        };
        normal_rows(key, 0..n, 1)
    }

    fn normal_pairs(draw: u64, n: u64) -> Vec<[f64; 2]> {
        let values = normal(draw, 2 * n);
        values.chunks_exact(2).map(|row| [row[0], row[1]]).collect()
    }

    #[test]
    fn small_samples_agree_with_the_mean_distances_by_hand() {
        // x = 0, 2; y = 1, 1, 4. E|x-y| = (1+1+4+1+1+2)/6, E|x-x'| = 1, E|y-y'| = 4*3/9, E|z-z'| = 2*18/25.
        let found = column_misfit(&[0.0, 2.0], &[1.0, 4.0, 1.0]).unwrap();
        let across = 10.0 / 6.0;
        let energy = 2.0 * across - 1.0 - 12.0 / 9.0;
        let noise = QUANTILE_SQUARED * (0.5 + 1.0 / 3.0) * (36.0 / 25.0);
        let root = |e: f64| (e / (2.0 * across)).sqrt();
        assert!((found.distance - root(energy)).abs() < 1e-14, "{found:?}");
        assert!((found.noise - root(noise)).abs() < 1e-14, "{found:?}");
    }

    #[test]
    fn pairs_agree_with_the_mean_distances_of_all_points() {
        let x: Vec<[f64; 2]> = normal_pairs(0, 150)
            .iter()
            .map(|[a, b]| [2.0 * a + b, b - 0.5 * a])
            .collect();
        let y: Vec<[f64; 2]> = normal_pairs(1, 100)
            .iter()
            .map(|[a, b]| [a + 0.5 * b, 1.5 * b])
            .collect();
        // The Mahalanobis distance by the covariance (p, q; q, r) of x.
        let n = x.len() as f64;
        let middle = [0, 1].map(|k| x.iter().map(|row| row[k]).sum::<f64>() / n);
        let moment = |j: usize, k: usize| {
            let product = |row: &[f64; 2]| (row[j] - middle[j]) * (row[k] - middle[k]);
            x.iter().map(product).sum::<f64>() / n
        };
        let (p, q, r) = (moment(0, 0), moment(0, 1), moment(1, 1));
        let far = |a: &[f64; 2], b: &[f64; 2]| {
            let [u, v] = [a[0] - b[0], a[1] - b[1]];
            ((r * u * u - 2.0 * q * u * v + p * v * v) / (p * r - q * q)).sqrt()
        };
        let mean = |x: &[[f64; 2]], y: &[[f64; 2]]| {
            let all: f64 = x
                .iter()
                .flat_map(|a| y.iter().map(move |b| far(a, b)))
                .sum();
            all / (x.len() * y.len()) as f64
        };
        let exact = (1.0 - (mean(&x, &x) + mean(&y, &y)) / (2.0 * mean(&x, &y))).sqrt();
        let found = pair_misfit(&x, &y).unwrap();
        assert!(
            (found.distance / exact - 1.0).abs() < 0.01,
            "{found:?} {exact}"
        );
    }

    #[test]
    fn samples_of_one_density_pass_the_noise_level_less_than_once_in_20_times() {
        let beyond = |misfit: Option<Misfit>| misfit.unwrap().in_noise_levels() > 1.0;
        let columns = (0..200)
            .filter(|k| beyond(column_misfit(&normal(2 * k, 300), &normal(2 * k + 1, 300))));
        // Binomial of 200 and 1/20: mean 10, deviation 3.
        assert!(columns.count() <= 19);
        let pairs = (0..60).filter(|k| {
            beyond(pair_misfit(
                &normal_pairs(2 * k, 300),
                &normal_pairs(2 * k + 1, 300),
            ))
        });
        assert!(pairs.count() <= 9);
    }

    #[test]
    fn a_shift_shows_as_the_integral_says_and_grows() {
        // 2 E|x - y| and 2 E|x - x'| of normals of unit variance, the means s apart: x - y is normal of variance 2.
        let mean = |s: f64| {
            let erf = |z: f64| {
                let steps = 2000;
                let h = z / f64::from(steps);
                let at = |k: i32| (-(h * (f64::from(k) + 0.5)).powi(2)).exp();
                2.0 / PI.sqrt() * h * (0..steps).map(at).sum::<f64>()
            };
            2.0 / PI.sqrt() * (-s * s / 4.0).exp() + s * erf(s / 2.0)
        };
        let (x, y) = (normal(0, 2000), normal(1, 2000));
        assert_eq!(column_misfit(&x, &x).unwrap().distance, 0.0);
        let mut last = 1.0;
        for s in [0.5, 1.0, 2.0, 4.0] {
            let shifted: Vec<f64> = y.iter().map(|value| value + s).collect();
            let found = column_misfit(&x, &shifted).unwrap();
            let exact = (1.0 - mean(0.0) / mean(s)).sqrt();
            assert!(
                (found.distance - exact).abs() < 0.03,
                "{s}: {found:?} {exact}"
            );
            assert!(found.in_noise_levels() > last, "{s}: {found:?}");
            last = found.in_noise_levels();
        }
    }

    #[test]
    fn two_columns_with_the_right_margins_and_a_wrong_dependence_differ_as_a_pair() {
        let x = normal_pairs(0, 1000);
        let dependent = |rows: &[[f64; 2]]| -> Vec<[f64; 2]> {
            rows.iter().map(|[a, b]| [*a, 0.8 * a + 0.6 * b]).collect()
        };
        let (x, y) = (dependent(&x), normal_pairs(1, 1000));
        for k in [0, 1] {
            let column = |rows: &[[f64; 2]]| rows.iter().map(|row| row[k]).collect::<Vec<f64>>();
            assert!(
                column_misfit(&column(&x), &column(&y))
                    .unwrap()
                    .in_noise_levels()
                    < 1.0
            );
        }
        assert!(pair_misfit(&x, &y).unwrap().in_noise_levels() > 2.0);
        assert!(pair_misfit(&x, &dependent(&y)).unwrap().in_noise_levels() < 1.0);
    }

    #[test]
    fn units_do_not_matter_and_what_is_no_number_is_left_out() {
        let (x, y) = (normal_pairs(0, 500), normal_pairs(1, 400));
        let other = |rows: &[[f64; 2]]| -> Vec<[f64; 2]> {
            rows.iter()
                .map(|[a, b]| [1e6 * a - 3.0, 1e-3 * b])
                .collect()
        };
        let found = pair_misfit(&x, &y).unwrap();
        let mut odd = other(&y);
        odd.push([f64::NAN, 0.0]);
        odd.push([0.0, f64::INFINITY]);
        let scaled = pair_misfit(&other(&x), &odd).unwrap();
        assert!((scaled.distance / found.distance - 1.0).abs() < 1e-6);
        assert_eq!(column_misfit(&[], &[1.0]), None);
        assert_eq!(column_misfit(&[2.0, 2.0], &[2.0]), None);
        assert_eq!(column_misfit(&[f64::NAN], &[2.0]), None);
        assert_eq!(pair_misfit(&[[1.0, 2.0], [1.0, 3.0]], &[[1.0, 2.0]]), None);
        assert_eq!(pair_misfit(&[], &[]), None);
    }
}
