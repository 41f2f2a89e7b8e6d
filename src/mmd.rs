//! The maximum mean discrepancy (MMD) of two sets of rows: 0 in the mean where both are drawn from the same density.
//!
//! ```text
//! MMD^2 = mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)       unbiased: may be below 0
//! k(x, y) = exp(-|x - y|^2 / (2 s^2)),  s the median distance of the rows x
//! ```
//!
//! Gretton et al., A Kernel Two-Sample Test, 2012.

use rayon::prelude::*;

/// An estimate of the squared discrepancy, with the bandwidth and the sample size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmd {
    /// Estimate of MMD^2, unbiased.
    pub squared: f64,
    /// Bandwidth s, in the units of the rows.
    pub bandwidth: f64,
    /// Number of rows of each set.
    pub samples: usize,
}

/// Estimates MMD^2 of two sets of rows of `width` values, from as many rows of each as the smaller set has. None below two rows, or
/// where the rows x are all equal.
pub fn mmd(x: &[f64], y: &[f64], width: usize) -> Option<Mmd> {
    let n = x.len().min(y.len()) / width;
    if n < 2 {
        return None;
    }
    let (x, y) = (&x[..n * width], &y[..n * width]);
    let bandwidth = median_distance(x, width)?;
    let scale = -0.5 / (bandwidth * bandwidth);
    let pairs = (n * (n - 1)) as f64;
    let within = |x: &[f64]| (kernel_sum(x, x, width, scale) - n as f64) / pairs;
    let across = kernel_sum(x, y, width, scale) / (n * n) as f64;
    Some(Mmd {
        squared: within(x) + within(y) - 2.0 * across,
        bandwidth,
        samples: n,
    })
}

/// Sum of the kernel over all pairs, in an order that does not depend on the number of threads.
fn kernel_sum(x: &[f64], y: &[f64], width: usize, scale: f64) -> f64 {
    let row = |x: &[f64]| -> f64 {
        let kernel = y
            .chunks_exact(width)
            .map(|y| (scale * squared_distance(x, y)).exp());
        kernel.sum()
    };
    let rows: Vec<f64> = x.par_chunks_exact(width).map(row).collect();
    rows.iter().sum()
}

/// The median distance of two rows; None where it is 0 or not finite.
fn median_distance(x: &[f64], width: usize) -> Option<f64> {
    let rows: Vec<&[f64]> = x.chunks_exact(width).collect();
    let mut squares: Vec<f64> = (1..rows.len())
        .into_par_iter()
        .flat_map_iter(|i| rows[..i].iter().map(move |y| (i, y)))
        .map(|(i, y)| squared_distance(rows[i], y))
        .collect();
    let middle = squares.len() / 2;
    let (_, median, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
    let distance = median.sqrt();
    (distance > 0.0 && distance.is_finite()).then_some(distance)
}

/// The squared Euclidean distance.
fn squared_distance(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::{DrawKey, Stream, normal_rows};

    #[test]
    fn three_points_a_set_agree_with_the_sums_by_hand() {
        // Distances of x: 1, 2, 3; the median is 2, so k = exp(-distance^2 / 8).
        let (x, y) = ([0.0, 1.0, 3.0], [0.0, 0.0, 2.0]);
        let k = |distance: f64| (-distance * distance / 8.0).exp();
        let within_x = (k(1.0) + k(3.0) + k(2.0)) / 3.0;
        let within_y = (k(0.0) + 2.0 * k(2.0)) / 3.0;
        let across = (2.0 * k(0.0) + k(2.0) + 2.0 * k(1.0) + k(1.0) + 2.0 * k(3.0) + k(1.0)) / 9.0;
        let found = mmd(&x, &y, 1).unwrap();
        assert_eq!((found.bandwidth, found.samples), (2.0, 3));
        assert!((found.squared - (within_x + within_y - 2.0 * across)).abs() < 1e-15);
    }

    #[test]
    fn sets_of_one_density_are_near_and_shifted_ones_as_far_as_the_integral_says() {
        let draw = |draw| {
            let key = DrawKey {
                seed: 1,
                stream: Stream::Samples,
                draw,
            };
            normal_rows(key, 0..2000, 2)
        };
        let (x, y) = (draw(0), draw(1));
        // The variance under the null is about 2 E k^2 / n^2: a deviation of some 5e-4.
        assert!(mmd(&x, &y, 2).unwrap().squared.abs() < 2e-3);
        let shifted: Vec<f64> = y.iter().map(|value| value + 1.0).collect();
        let found = mmd(&x, &shifted, 2).unwrap();
        // E k of normal differences, variance 2 in each of 2 columns: a Gaussian integral.
        let s2 = found.bandwidth.powi(2);
        let mean =
            |shift: f64| (s2 / (s2 + 2.0)) * (-2.0 * shift * shift / (2.0 * (s2 + 2.0))).exp();
        let exact = 2.0 * (mean(0.0) - mean(1.0));
        assert!(
            (found.squared / exact - 1.0).abs() < 0.1,
            "{found:?} {exact}"
        );
    }

    #[test]
    fn sets_without_spread_or_rows_have_none() {
        assert_eq!(mmd(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0], 1), None);
        assert_eq!(mmd(&[1.0], &[1.0], 1), None);
        assert_eq!(mmd(&[f64::NAN, 1.0], &[1.0, 2.0], 1), None);
    }
}
