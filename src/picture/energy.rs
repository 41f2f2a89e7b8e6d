//! The energy distance of two samples of points in a plane, and what it is by chance.
//!
//! ```text
//! E = 2 E|X - Y| - E|X - X'| - E|Y - Y'|  =  mean over i < j of h_ij
//! h_ij = |x_i - y_j| + |y_i - x_j| - |x_i - x_j| - |y_i - y_j|
//! ```
//!
//! Where both have one density, x_i and y_i may be exchanged for any i, which turns the sign of h_ij: the mean of e_i e_j h_ij with random
//! signs e is a distance by chance, also where x_i and y_i have the same given values.
//!
//! Székely, Rizzo, Energy statistics, 2013.

use rand::RngExt;

use crate::data::random::{DrawKey, row_generator};

/// Number of random exchanges: the largest of as many distances is exceeded by chance once in twenty times.
pub const EXCHANGES: usize = 19;
/// Smallest number of points of which a distance is estimated.
const LEAST: usize = 8;

/// The signs of an index i in all exchanges: -1 where x_i and y_i are exchanged, else 1.
pub type Signs = [f64; EXCHANGES];

/// Draws the signs of n indices.
pub fn signs(key: DrawKey, n: usize) -> Vec<Signs> {
    let of = |i: u64| {
        let bits: u32 = row_generator(key, i).random();
        std::array::from_fn(|k| if bits >> k & 1 == 0 { 1.0 } else { -1.0 })
    };
    (0..n as u64).map(of).collect()
}

/// The points x_i and y_i of two samples, with the signs of i.
#[derive(Clone, Copy)]
pub struct PairedPoints<'a> {
    /// Point of the first sample.
    pub x: [f64; 2],
    /// Point of the second sample.
    pub y: [f64; 2],
    /// Signs of the exchanges.
    pub signs: &'a Signs,
}

/// An energy distance, with those of the exchanges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyDistance {
    /// Estimate of the distance.
    pub distance: f64,
    /// Its value after every exchange.
    pub exchanged: [f64; EXCHANGES],
}

/// Estimates the energy distance of two samples of equal size. None for few points, or where it is not finite.
pub fn energy_distance(points: &[PairedPoints]) -> Option<EnergyDistance> {
    let n = points.len();
    if n < LEAST {
        return None;
    }
    let (mut sum, mut exchanged) = (0.0, [0.0; EXCHANGES]);
    for (i, one) in points.iter().enumerate() {
        let (mut row, mut rows) = (0.0, [0.0; EXCHANGES]);
        for other in &points[..i] {
            let h = distance(one.x, other.y) + distance(one.y, other.x)
                - distance(one.x, other.x)
                - distance(one.y, other.y);
            row += h;
            for (sum, sign) in rows.iter_mut().zip(other.signs) {
                *sum += sign * h;
            }
        }
        sum += row;
        for ((sum, row), sign) in exchanged.iter_mut().zip(rows).zip(one.signs) {
            *sum += sign * row;
        }
    }
    let pairs = (n * (n - 1) / 2) as f64;
    let found = EnergyDistance {
        distance: sum / pairs,
        exchanged: exchanged.map(|sum| sum / pairs),
    };
    found.distance.is_finite().then_some(found)
}

/// The Euclidean distance.
fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    let [x, y] = [a[0] - b[0], a[1] - b[1]];
    (x * x + y * y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::{Stream, normal_rows};

    fn key(draw: u64) -> DrawKey {
        DrawKey {
            seed: 1,
            stream: Stream::Pictures,
            draw,
        }
    }

    /// The distance between n normal points and as many that lie farther to the right.
    fn shifted(n: usize, draw: u64, shift: f64) -> EnergyDistance {
        let draws = |draw| normal_rows(key(draw), 0..n as u64, 2);
        let (x, y, signs) = (draws(draw), draws(draw + 1), signs(key(draw + 2), n));
        let points: Vec<PairedPoints> = (0..n)
            .map(|i| PairedPoints {
                x: [x[2 * i], x[2 * i + 1]],
                y: [y[2 * i] + shift, y[2 * i + 1]],
                signs: &signs[i],
            })
            .collect();
        energy_distance(&points).unwrap()
    }

    #[test]
    fn points_on_a_line_agree_with_the_sums_by_hand() {
        let signs = [1.0; EXCHANGES];
        let point = |i: usize| PairedPoints {
            x: [i as f64, 0.0],
            y: [i as f64 + 0.5, 0.0],
            signs: &signs,
        };
        let points: Vec<_> = (0..LEAST).map(point).collect();
        // |i - j - 1/2| + |i - j + 1/2| - 2 |i - j| = 0 for whole i > j.
        assert_eq!(energy_distance(&points).unwrap().distance, 0.0);
        let far = |i: usize| PairedPoints {
            y: [i as f64 + 100.0, 0.0],
            ..point(i)
        };
        let points: Vec<_> = (0..LEAST).map(far).collect();
        // 200 less twice the mean of |i - j|, which is (n + 1) / 3.
        let found = energy_distance(&points).unwrap();
        assert!((found.distance - 194.0).abs() < 1e-12, "{found:?}");
        assert_eq!(found.exchanged, [found.distance; EXCHANGES], "no exchange");
        assert_eq!(energy_distance(&points[1..]), None);
    }

    #[test]
    fn a_shift_in_one_column_has_the_distance_of_the_integral() {
        // X - Y is normal with variance 2 in each column; by quadrature its mean length is 1.77245, and 4.26030 with the shift.
        let found = shifted(1500, 0, 4.0).distance;
        assert!(
            (found / (2.0 * (4.26030 - 1.77245)) - 1.0).abs() < 0.05,
            "{found}"
        );
    }

    #[test]
    fn samples_of_one_density_exceed_all_exchanges_once_in_twenty_times() {
        let beyond = (0..400).filter(|k| {
            let found = shifted(24, 1000 + 3 * k, 0.0);
            let most = found.exchanged.into_iter().fold(f64::MIN, f64::max);
            found.distance > most
        });
        // 20 expected of 400, with a deviation of 4.4.
        let count = beyond.count();
        assert!((5..=38).contains(&count), "{count}");
    }

    #[test]
    fn what_is_not_finite_has_no_distance() {
        let signs = [1.0; EXCHANGES];
        let point = |x| PairedPoints {
            x: [x, 0.0],
            y: [0.0; 2],
            signs: &signs,
        };
        for x in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(energy_distance(&[point(x); LEAST]), None);
        }
    }
}
