//! The misfit of two samples of one column or of a pair of columns: how far their distributions are apart, and how far two samples of
//! the same distribution would seem to be.
//!
//! ```text
//! distance^2 = 3 int (F - G)^2 dP                Cramer-von Mises, from 0 (equal) to 1 (apart, with equally many rows)
//! noise^2    = z^2 (1/n + 1/m) / 2               z = Phi^-1(1 - 0.025 / k)
//! ```
//!
//! F and G are the distribution functions of the n rows x and the m rows y, P that of both together: all are ranks, so that a few rows far
//! out count no more than others. Of a pair distance^2 is the mean over all directions u of that of u . x and u . y, of which
//! [`DIRECTIONS`] are taken, after a map by which x has covariance 1: neither units nor a strong correlation hide a difference. Under
//! equality distance^2 is (1/n + 1/m) / 2 in the mean, and a quadratic form Q of normal variables: P(Q > z^2 E Q) is at most that of a
//! squared normal variable, 0.05 / k. So the worst of k comparisons passes `noise` at most once in 20 times (Bonferroni). Rows of x and y
//! that share given values are alike, which makes the covariances of F - G smaller (law of total covariance): it is passed more rarely.
//!
//! Kim, Balakrishnan and Wasserman, Robust multivariate nonparametric tests via projection averaging, 2020; Szekely and Bakirov,
//! Extremal probabilities for Gaussian quadratic forms, 2003.

use std::f64::consts::PI;
use std::fmt;

use crate::scaling::normal::quantile;

/// Largest number of rows of a sample that are compared, evenly spaced ones: it bounds the cost.
const ROWS: usize = 2000;
/// Directions of a pair, evenly spaced over half a turn.
const DIRECTIONS: u32 = 16;
/// Least width of a pair across its ridge, in standard deviations: below it there is rounding.
const THINNEST: f64 = 1e-3;
/// The share of comparisons of equal distributions that pass the noise level.
const LEVEL: f64 = 0.05;

/// The distance of two samples, and the noise level that it is judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Misfit {
    /// Distance, from 0 to 1; it grows in proportion to a small shift: about half of it in standard deviations.
    pub distance: f64,
    /// Distance that two samples of these sizes from the same distribution exceed at most once in 20 times, or the worst of several
    /// comparisons of such samples ([`Misfit::among`]).
    pub noise: f64,
}

impl Misfit {
    /// The distance as a multiple of the noise level: above 1 the samples differ.
    pub fn in_noise_levels(&self) -> f64 {
        self.distance / self.noise
    }

    /// The misfit as one of k comparisons: its noise level is the one that the worst of them exceeds at most once in 20 times.
    pub fn among(self, k: usize) -> Self {
        Misfit {
            noise: self.noise * deviations(k) / deviations(1),
            ..self
        }
    }

    /// The distance in noise levels, in words.
    pub fn times_noise(&self) -> String {
        format!("{:.1} x noise", self.in_noise_levels())
    }

    /// The misfit of samples of n and m rows from the integral of (F - G)^2.
    fn of(integral: f64, n: usize, m: usize) -> Self {
        let rows = 1.0 / n as f64 + 1.0 / m as f64;
        Misfit {
            distance: (3.0 * integral).sqrt(),
            noise: deviations(1) * (rows / 2.0).sqrt(),
        }
    }
}

/// The distance over the noise level.
impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} / {:.3}", self.distance, self.noise)
    }
}

/// The number of deviations z of a normal variable that the worst of k passes at most once in 20 times.
fn deviations(k: usize) -> f64 {
    -quantile(LEVEL / 2.0 / k.max(1) as f64)
}

/// The misfit of two samples of a column. Values that are not finite are left out; None where a sample has no others.
pub fn column_misfit(x: &[f64], y: &[f64]) -> Option<Misfit> {
    let finite = |values: &[f64]| -> Vec<f64> {
        let values = values.iter().copied();
        evenly(values.filter(|value| value.is_finite()).collect())
    };
    let (x, y) = (finite(x), finite(y));
    (!x.is_empty() && !y.is_empty()).then(|| {
        let (n, m) = (x.len(), y.len());
        Misfit::of(integral(x, y), n, m)
    })
}

/// The misfit of two samples of a pair of columns. Rows that are not finite are left out; None where a sample has no others, or a column
/// of x is constant.
pub fn pair_misfit(x: &[[f64; 2]], y: &[[f64; 2]]) -> Option<Misfit> {
    let finite = |rows: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let rows = rows.iter().copied();
        let finite = rows.filter(|row| row.iter().all(|value| value.is_finite()));
        evenly(finite.collect())
    };
    let (x, y) = (finite(x), finite(y));
    let whitening = PairWhitening::of(&x)?;
    if y.is_empty() {
        return None;
    }
    let [x, y] = [x, y].map(|rows| -> Vec<[f64; 2]> {
        let rows = rows.into_iter().map(|row| whitening.apply(row));
        rows.collect()
    });
    let along = |k: u32| {
        let (sin, cos) = (PI * (f64::from(k) + 0.5) / f64::from(DIRECTIONS)).sin_cos();
        let along = |rows: &[[f64; 2]]| -> Vec<f64> {
            let rows = rows.iter();
            rows.map(|[a, b]| cos * a + sin * b).collect()
        };
        integral(along(&x), along(&y)) / f64::from(DIRECTIONS)
    };
    let mean = (0..DIRECTIONS).map(along).sum();
    Some(Misfit::of(mean, x.len(), y.len()))
}

/// The integral of (F - G)^2 over the distribution of both samples together.
fn integral(mut x: Vec<f64>, mut y: Vec<f64>) -> f64 {
    x.sort_unstable_by(f64::total_cmp);
    y.sort_unstable_by(f64::total_cmp);
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while let Some(next) = least(x.get(i), y.get(j)) {
        let before = i + j;
        // Equal values are passed together.
        while x.get(i) == Some(&next) {
            i += 1;
        }
        while y.get(j) == Some(&next) {
            j += 1;
        }
        let difference = i as f64 / x.len() as f64 - j as f64 / y.len() as f64;
        sum += (i + j - before) as f64 * difference * difference;
    }
    sum / (x.len() + y.len()) as f64
}

/// The lesser of the values that there are.
fn least(x: Option<&f64>, y: Option<&f64>) -> Option<f64> {
    match (x, y) {
        (Some(x), Some(y)) => Some(x.min(*y)),
        (x, y) => x.or(y).copied(),
    }
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
    fn small_samples_agree_with_the_sums_by_hand() {
        // At 0, 1, 1, 2, 4 F is 1/2, 1/2, 1/2, 1, 1 and G 0, 2/3, 2/3, 2/3, 1: the squares add up to 5/12.
        let found = column_misfit(&[0.0, 2.0], &[1.0, 4.0, 1.0]).unwrap();
        assert!((found.distance - 0.5).abs() < 1e-14, "{found:?}");
        // 3.8415 is the 95 % quantile of chi^2 with one degree of freedom, 7.8794 the 99.5 % quantile.
        for (k, chi_squared) in [(1, 3.841_458_820_694_124), (10, 7.879_438_576_622_417)] {
            let noise = (chi_squared * (1.0 / 2.0 + 1.0 / 3.0) / 2.0_f64).sqrt();
            assert!((found.among(k).noise - noise).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(found.among(1), found);
        assert_eq!(
            format!("{found}, {}", found.times_noise()),
            "0.500 / 1.265, 0.4 x noise"
        );
        let far: Vec<f64> = normal(1, 1000).iter().map(|value| value + 100.0).collect();
        let apart = column_misfit(&normal(0, 1000), &far).unwrap();
        assert!((apart.distance - 1.0).abs() < 1e-3, "{apart:?}");
    }

    /// The mean over all directions u of [u . x <= u . z][u . y <= u . z] is 1/2 - angle(x - z, y - z) / 2 pi.
    #[test]
    fn pairs_agree_with_the_angles_between_all_points() {
        let x: Vec<[f64; 2]> = normal_pairs(0, 40);
        let y: Vec<[f64; 2]> = normal_pairs(1, 30);
        let y: Vec<[f64; 2]> = y.iter().map(|[a, b]| [a + 0.5, 2.0 * b]).collect();
        // The points after the map by which x has covariance 1.
        let whitening = PairWhitening::of(&x).unwrap();
        let map = |rows: &[[f64; 2]]| rows.iter().map(|row| whitening.apply(*row)).collect();
        let (a, b): (Vec<[f64; 2]>, Vec<[f64; 2]>) = (map(&x), map(&y));
        let covariance =
            |j: usize, k: usize| a.iter().map(|row| row[j] * row[k]).sum::<f64>() / 40.0;
        assert!((covariance(0, 0) - 1.0).abs() < 1e-12 && (covariance(1, 1) - 1.0).abs() < 1e-12);
        assert!(covariance(0, 1).abs() < 1e-12);
        let both = |p: &[f64; 2], q: &[f64; 2], z: &[f64; 2]| {
            let [p, q] = [p, q].map(|p| [p[0] - z[0], p[1] - z[1]]);
            match (p == [0.0; 2], q == [0.0; 2]) {
                (true, true) => 1.0,
                (true, _) | (_, true) => 0.5,
                _ => {
                    let (cross, dot) = (p[0] * q[1] - p[1] * q[0], p[0] * q[0] + p[1] * q[1]);
                    0.5 - cross.abs().atan2(dot) / (2.0 * PI)
                }
            }
        };
        let mean = |p: &[[f64; 2]], q: &[[f64; 2]], z: &[f64; 2]| {
            let all = p.iter().flat_map(|p| q.iter().map(move |q| both(p, q, z)));
            all.sum::<f64>() / (p.len() * q.len()) as f64
        };
        let at = |z: &[f64; 2]| mean(&a, &a, z) + mean(&b, &b, z) - 2.0 * mean(&a, &b, z);
        let exact = a.iter().chain(&b).map(at).sum::<f64>() / 70.0;
        let found = pair_misfit(&x, &y).unwrap();
        let exact = (3.0 * exact).sqrt();
        assert!(
            (found.distance / exact - 1.0).abs() < 0.02,
            "{found:?} {exact}"
        );
    }

    #[test]
    fn samples_of_one_density_pass_the_noise_level_less_than_once_in_20_times() {
        let beyond = |misfit: Option<Misfit>| misfit.unwrap().in_noise_levels() > 1.0;
        let columns = |k: u64| column_misfit(&normal(2 * k, 300), &normal(2 * k + 1, 300));
        // Binomial of 200 and 1/20: mean 10, deviation 3.
        assert!((0..200).filter(|k| beyond(columns(*k))).count() <= 19);
        let pairs = |k: u64| pair_misfit(&normal_pairs(2 * k, 300), &normal_pairs(2 * k + 1, 300));
        assert!((0..60).filter(|k| beyond(pairs(*k))).count() <= 9);
        let squares = (0..200).map(|k| columns(k).unwrap().distance.powi(2));
        // The mean is (1/n + 1/m) / 2 = 1/300; that of 200 has a deviation of some 6 %.
        let mean = squares.sum::<f64>() / 200.0;
        assert!((300.0 * mean - 1.0).abs() < 0.25, "{mean}");
    }

    #[test]
    fn a_shift_shows_as_the_integral_says_and_grows() {
        // int (F - G)^2 dP of normals of unit variance, the means s apart.
        let integral = |s: f64| {
            let density = |z: f64| (-z * z / 2.0).exp() / (2.0 * PI).sqrt();
            let (h, mut f, mut g, mut sum) = (1e-3, 0.0, 0.0, 0.0);
            for k in -8000..14000 {
                let z = h * f64::from(k);
                let (p, q) = (h * density(z), h * density(z - s));
                f += p;
                g += q;
                sum += f64::powi(f - g, 2) * (p + q) / 2.0;
            }
            sum
        };
        let (x, y) = (normal(0, 2000), normal(1, 2000));
        assert_eq!(column_misfit(&x, &x).unwrap().distance, 0.0);
        let mut last = 1.0;
        for s in [0.5, 1.0, 2.0, 4.0] {
            let shifted: Vec<f64> = y.iter().map(|value| value + s).collect();
            let found = column_misfit(&x, &shifted).unwrap();
            let exact = (3.0 * integral(s)).sqrt();
            assert!(
                (found.distance - exact).abs() < 0.03,
                "{s}: {found:?} {exact}"
            );
            assert!(found.in_noise_levels() > last, "{s}: {found:?}");
            last = found.in_noise_levels();
        }
    }

    #[test]
    fn rows_far_out_do_not_hide_that_all_others_are_wrong() {
        let x = normal_pairs(0, 1000);
        let mut y: Vec<[f64; 2]> = normal_pairs(1, 1000)
            .iter()
            .map(|[a, b]| [a + 2.0, *b])
            .collect();
        let before = pair_misfit(&x, &y).unwrap().distance;
        assert!(before > 0.3, "{before}");
        y.iter_mut().take(50).for_each(|row| *row = [1e9, -1e12]);
        let after = pair_misfit(&x, &y).unwrap().distance;
        assert!((after / before - 1.0).abs() < 0.1, "{before} {after}");
    }

    #[test]
    fn two_columns_with_the_right_margins_and_a_wrong_dependence_differ_as_a_pair() {
        let dependent = |rows: &[[f64; 2]]| -> Vec<[f64; 2]> {
            rows.iter().map(|[a, b]| [*a, 0.8 * a + 0.6 * b]).collect()
        };
        let (x, y) = (dependent(&normal_pairs(0, 1000)), normal_pairs(1, 1000));
        for k in [0, 1] {
            let column = |rows: &[[f64; 2]]| rows.iter().map(|row| row[k]).collect::<Vec<f64>>();
            assert!(
                column_misfit(&column(&x), &column(&y))
                    .unwrap()
                    .in_noise_levels()
                    < 1.0
            );
        }
        let independent = pair_misfit(&x, &y).unwrap().in_noise_levels();
        assert!(independent > 1.5, "{independent}");
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
        assert!((scaled.distance / found.distance - 1.0).abs() < 1e-3);
        assert_eq!(column_misfit(&[], &[1.0]), None);
        assert_eq!(column_misfit(&[f64::NAN], &[2.0]), None);
        assert_eq!(column_misfit(&[2.0, 2.0], &[2.0]).unwrap().distance, 0.0);
        assert_eq!(pair_misfit(&[[1.0, 2.0], [1.0, 3.0]], &[[1.0, 2.0]]), None);
        assert_eq!(pair_misfit(&x, &[]), None);
        assert_eq!(pair_misfit(&[], &[]), None);
    }
}
