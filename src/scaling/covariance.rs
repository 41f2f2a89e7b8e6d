//! The covariance of the inner rows, those with the least Mahalanobis distance D: a few rows far out would dominate that of all rows.
//!
//! ```text
//! D_i = (x_i - mean)' Sigma^-1 (x_i - mean)        mean, Sigma: of the rows with the least D, the share INNER of all; over and over
//! ```
//!
//! From all rows on, the steps of the minimum covariance determinant (Rousseeuw and Van Driessen 1999).
//!
//! The steps go over the rows again and again, so the rows are held in memory; they are a sample. The covariance in
//! `data/split_table/measure.rs` is formed of all rows of a table in one pass, and serves to refuse columns that depend on each other.

use super::whitening::Whitening;

/// Share of the rows that are inner ones.
pub const INNER: f64 = 0.98;
/// Largest number of steps; the determinant falls in every one.
const STEPS: usize = 5;
/// Rows whose distances are computed at a time.
const SIDE_BY_SIDE: usize = 8;

/// The inner rows of a sample.
pub struct InnerRows {
    /// Covariance of the inner rows, d x d, row-major.
    pub covariance: Vec<f64>,
    /// Whitening by L, where L L' is the covariance.
    pub whitening: Whitening,
    /// Mean of D / 2 over the inner rows, nats.
    pub energy: f64,
    /// Indices of the inner rows, increasing.
    pub rows: Vec<usize>,
}

/// Finds the inner rows among rows of d columns, row-major. None where the rows are so few, or so alike, that a column is determined
/// by those before it.
pub fn find_inner_rows(rows: &[f64], d: usize) -> Option<InnerRows> {
    let n = rows.len() / d;
    let most = ((INNER * n as f64).ceil() as usize).min(n);
    let mut chosen: Vec<usize> = (0..n).collect();
    let mut found = None;
    for _ in 0..STEPS {
        let RowMoments { mean, covariance } = moments(rows, &chosen, d);
        // Of fewer rows the covariance may be singular where that of all is not.
        let Ok(whitening) = Whitening::of(&covariance, d) else {
            break;
        };
        let distances = distances(rows, &mean, &whitening);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]).then(a.cmp(&b)));
        order.truncate(most);
        order.sort_unstable();
        let energy = order.iter().map(|&i| 0.5 * distances[i]).sum::<f64>() / most as f64;
        let settled = order == chosen;
        chosen.clone_from(&order);
        found = Some(InnerRows {
            covariance,
            whitening,
            energy,
            rows: order,
        });
        if settled {
            break;
        }
    }
    found
}

/// The distance D of every row of d columns.
fn distances(rows: &[f64], mean: &[f64], whitening: &Whitening) -> Vec<f64> {
    let d = mean.len();
    let mut off = vec![[0.0; SIDE_BY_SIDE]; d];
    let mut distances = Vec::with_capacity(rows.len() / d);
    for rows in rows.chunks(SIDE_BY_SIDE * d) {
        for (k, row) in rows.chunks_exact(d).enumerate() {
            for ((off, value), mean) in off.iter_mut().zip(row).zip(mean) {
                off[k] = value - mean;
            }
        }
        whitening.decorrelate_side_by_side(&mut off);
        let distance = |k: usize| off.iter().map(|v| v[k] * v[k]).sum::<f64>();
        distances.extend((0..rows.len() / d).map(distance));
    }
    distances
}

/// Mean and covariance of rows of d columns.
struct RowMoments {
    /// Mean of every column, d values.
    mean: Vec<f64>,
    /// Covariance, d x d, row-major.
    covariance: Vec<f64>,
}

/// Mean and covariance of the chosen rows.
fn moments(rows: &[f64], chosen: &[usize], d: usize) -> RowMoments {
    let n = chosen.len() as f64;
    let row = |i: &usize| &rows[i * d..(i + 1) * d];
    let mut mean = vec![0.0; d];
    for row in chosen.iter().map(row) {
        for (sum, value) in mean.iter_mut().zip(row) {
            *sum += value;
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= n);
    let (mut covariance, mut off) = (vec![0.0; d * d], vec![0.0; d]);
    for row in chosen.iter().map(row) {
        for ((off, value), mean) in off.iter_mut().zip(row).zip(&mean) {
            *off = value - mean;
        }
        add_products(&mut covariance, &off);
    }
    for i in 0..d {
        for j in 0..=i {
            covariance[i * d + j] /= n;
            covariance[j * d + i] = covariance[i * d + j];
        }
    }
    RowMoments { mean, covariance }
}

/// Adds the products of d values with each other to the lower triangle of their sums, d x d, row-major.
pub fn add_products(sums: &mut [f64], values: &[f64]) {
    for (i, (sums, a)) in sums.chunks_exact_mut(values.len()).zip(values).enumerate() {
        for (sum, b) in sums[..=i].iter_mut().zip(values) {
            *sum += a * b;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::data::random::{Stream, generator};

    #[test]
    fn rows_far_out_do_not_count() {
        let mut rng = generator(1, Stream::Samples);
        let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut rows = Vec::new();
        for i in 0..4000 {
            let (a, b) = (draw(), draw());
            rows.extend(match i % 100 {
                0 => [1e6 * a, -1e9],
                _ => [a, a + 0.01 * b],
            });
        }
        let inner = find_inner_rows(&rows, 2).unwrap();
        assert!(inner.rows.iter().all(|i| i % 100 != 0));
        // v_2 = b but for the share of the rows that are cut off.
        let mut v = [1.0, 1.01];
        inner.whitening.decorrelate(&mut v);
        assert!(
            (v[0] - 1.0).abs() < 0.1 && (v[1] - 1.0).abs() < 0.1,
            "{v:?}"
        );
    }

    #[test]
    fn alike_rows_have_no_covariance() {
        assert!(find_inner_rows(&[1.0, 2.0].repeat(50), 2).is_none());
        assert!(find_inner_rows(&[1.0, 2.0, 3.0], 3).is_none());
        // Singular once the few rows off the diagonal are cut off: the last that was not.
        let mut rows: Vec<f64> = (0..100).flat_map(|k| [f64::from(k); 2]).collect();
        rows[7] = 1e3;
        assert_eq!(find_inner_rows(&rows, 2).unwrap().rows.len(), 98);
    }
}
