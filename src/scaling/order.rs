//! The order in which the columns are whitened: those furthest from normal first.
//!
//! ```text
//! v_i = part of column i that does not depend linearly on the columns before it, at deviation 1
//! H(v) = - mean of log N(h(v)) + log h'(v)  + knots / n,    h fitted to v        sum of H(v_i): entropy that the maps h leave to be learned
//! ```
//!
//! The peaks of a column of rounded or few values are sharp in the column, and gone in a sum of it and others: whitened first, they
//! are in v, where its map takes them away.
//!
//! The order is greedy: the next column is always the one with the least H after the linear part of the chosen columns is subtracted.
//! The order of the table is kept where its sum of H is less, and where there are many columns.

use super::fit::{ColumnKind, fit_normal};
use super::whitening::Whitening;

/// Largest number of columns that are ordered; more keep the order of the table.
const COLUMNS: usize = 64;
/// Largest number of rows that the entropies are estimated from.
const ROWS: usize = 8192;
/// Largest product of rows and pairs of columns; it may reduce the rows to [`LEAST`].
const PAIRS: usize = 1 << 21;
/// Smallest number of rows that [`PAIRS`] reduces them to.
const LEAST: usize = 256;

/// Chooses the order in which the d columns of rows (row-major) with this covariance matrix (d x d) are whitened.
pub fn order_columns(rows: &[f64], covariance: &[f64], d: usize) -> Vec<usize> {
    let as_they_stand: Vec<usize> = (0..d).collect();
    if d == 1 || d > COLUMNS {
        return as_they_stand;
    }
    let n = rows.len() / d;
    let most = (PAIRS / (d * d)).clamp(LEAST, ROWS);
    let step = n.div_ceil(most);
    let column = |i: usize| rows.iter().skip(i).step_by(d * step).copied().collect();
    let columns: Vec<Vec<f64>> = (0..d).map(column).collect();
    let greedy = order_greedily(columns.clone(), covariance.to_vec());
    let entropy_left = |order: &[usize]| {
        let Ok(whitening) = Whitening::ordered(covariance, order) else {
            return f64::INFINITY;
        };
        let mut v = vec![Vec::new(); d];
        for row in 0..columns[0].len() {
            let mut z: Vec<f64> = columns.iter().map(|column| column[row]).collect();
            whitening.decorrelate(&mut z);
            v.iter_mut().zip(z).for_each(|(v, z)| v.push(z));
        }
        v.iter().map(|v| entropy(v)).sum()
    };
    if entropy_left(&greedy) < entropy_left(&as_they_stand) {
        greedy
    } else {
        as_they_stand
    }
}

/// Orders the columns greedily: the next is always the one whose remainder is furthest from normal.
fn order_greedily(mut columns: Vec<Vec<f64>>, mut covariance: Vec<f64>) -> Vec<usize> {
    let d = columns.len();
    let mut left: Vec<usize> = (0..d).collect();
    let mut order = Vec::with_capacity(d);
    while !left.is_empty() {
        let shape = |&i: &usize| {
            let deviation = covariance[i * d + i].max(0.0).sqrt();
            let v: Vec<f64> = columns[i].iter().map(|x| x / deviation).collect();
            entropy(&v)
        };
        let shapes: Vec<f64> = left.iter().map(shape).collect();
        let least = (0..left.len()).min_by(|&a, &b| shapes[a].total_cmp(&shapes[b]));
        let chosen = left.remove(least.unwrap_or(0));
        order.push(chosen);
        for &i in &left {
            let share = covariance[i * d + chosen] / covariance[chosen * d + chosen];
            let known = columns[chosen].clone();
            let rest = columns[i].iter_mut().zip(known);
            rest.for_each(|(x, known)| *x -= share * known);
            let row: Vec<f64> = (0..d).map(|j| covariance[chosen * d + j]).collect();
            for &j in &left {
                covariance[i * d + j] -= share * row[j];
            }
        }
    }
    order
}

/// The entropy H of a sample, nats, but for a constant; infinite for a sample that no map can be fitted to.
fn entropy(v: &[f64]) -> f64 {
    let Some(map) = fit_normal(v.to_vec(), 0.0, ColumnKind::Whitened) else {
        return f64::INFINITY;
    };
    let each = |v: &f64| {
        let u = map.value(*v);
        0.5 * u * u - map.log_slope(u)
    };
    (v.iter().map(each).sum::<f64>() + map.knots() as f64) / v.len() as f64
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::data::random::{Stream, generator};

    #[test]
    fn a_column_of_few_values_comes_before_one_that_follows_it() {
        let mut rng = generator(1, Stream::Samples);
        let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut rows = Vec::new();
        for _ in 0..4000 {
            let value = (2.0 * draw()).round();
            rows.extend([draw(), value + draw(), value + 1e-3 * draw()]);
        }
        let covariance = [1.0, 0.0, 0.0, 0.0, 5.1, 4.1, 0.0, 4.1, 4.1];
        let order = order_columns(&rows, &covariance, 3);
        assert_eq!(order[0], 2, "{order:?}");
    }
}
