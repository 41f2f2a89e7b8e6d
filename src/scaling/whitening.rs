//! The whitening map: removes the correlations of the learned columns and, where the session asks for it, makes the results normal.
//!
//! ```text
//! Sigma = covariance of z = L L'  (Cholesky)        v = L^-1 z        w_i = v_i, or h_i(v_i)
//! log |dw/dz| = - sum over i of log L_ii  (+ log h_i'(v_i))
//! ```
//!
//! L has a row for every learned column, in an order that may be chosen (`order.rs`): v_i is the part of column i that does not depend
//! linearly on the columns before it, at deviation 1. Columns that nearly determine each other have a small variance in z given the
//! others, and deviation 1 in v. The maps h make every v_i normal (`fit.rs`).

use serde::{Deserialize, Serialize};

use super::spline::Spline;

/// The whitening map w = h(L^-1 z): the Cholesky factor L, the maps h and the order of the columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "StoredWhitening", into = "StoredWhitening")]
pub struct Whitening {
    /// Rows of L, each up to the diagonal.
    rows: Vec<Vec<f64>>,
    /// Maps h, one for every column, or none.
    maps: Vec<Spline>,
    /// Column index of every row of L; empty where they are in the order of the table.
    order: Vec<usize>,
}

/// A [`Whitening`] as files hold it: the rows of L alone where there are neither maps nor an order.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredWhitening {
    Rows(Vec<Vec<f64>>),
    Mapped {
        rows: Vec<Vec<f64>>,
        maps: Vec<Spline>,
        order: Vec<usize>,
    },
}

impl From<StoredWhitening> for Whitening {
    fn from(written: StoredWhitening) -> Self {
        match written {
            StoredWhitening::Rows(rows) => Whitening {
                rows,
                maps: Vec::new(),
                order: Vec::new(),
            },
            StoredWhitening::Mapped { rows, maps, order } => Whitening { rows, maps, order },
        }
    }
}

impl From<Whitening> for StoredWhitening {
    fn from(Whitening { rows, maps, order }: Whitening) -> Self {
        if maps.is_empty() && order.is_empty() {
            StoredWhitening::Rows(rows)
        } else {
            StoredWhitening::Mapped { rows, maps, order }
        }
    }
}

/// Share of a column's variance below which its remainder, given the columns before it, is rounding error.
const LEAST: f64 = 1e-12;

impl Whitening {
    /// The whitening of columns with this covariance matrix, d x d, row-major.
    ///
    /// # Errors
    /// When a column is determined by those before it; the value is its index.
    pub fn of(covariance: &[f64], d: usize) -> Result<Self, usize> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(d);
        for i in 0..d {
            let mut row = Vec::with_capacity(i + 1);
            for j in 0..=i {
                let known = |other: &[f64]| -> f64 {
                    row.iter().zip(other).take(j).map(|(a, b)| a * b).sum()
                };
                let left = match rows.get(j) {
                    Some(other) => (covariance[i * d + j] - known(other)) / other[j],
                    None => {
                        let own = covariance[i * d + i];
                        let left = own - known(&row);
                        if left.is_nan() || left <= LEAST * own {
                            return Err(i);
                        }
                        left.sqrt()
                    }
                };
                row.push(left);
            }
            rows.push(row);
        }
        Ok(Whitening {
            rows,
            maps: Vec::new(),
            order: Vec::new(),
        })
    }

    /// The whitening of columns with this covariance matrix, d x d, row-major, taken in this order.
    ///
    /// # Errors
    /// When a column is determined by those before it in the order; the value is its index in the table.
    pub fn ordered(covariance: &[f64], order: &[usize]) -> Result<Self, usize> {
        let d = order.len();
        let row = |&i: &usize| order.iter().map(move |j| covariance[i * d + j]);
        let covariance: Vec<f64> = order.iter().flat_map(row).collect();
        let whitening = Whitening::of(&covariance, d).map_err(|i| order[i])?;
        Ok(Whitening {
            order: order.to_vec(),
            ..whitening
        })
    }

    /// This whitening with maps h, one for every column.
    pub fn with_maps(self, maps: Vec<Spline>) -> Self {
        Whitening { maps, ..self }
    }

    /// Whether there are maps h.
    pub fn is_mapped(&self) -> bool {
        !self.maps.is_empty()
    }

    /// Number of columns d.
    pub fn dimension(&self) -> usize {
        self.rows.len()
    }

    /// Whether L, h and the order are valid. Files may hold any numbers.
    pub fn is_sound(&self) -> bool {
        let rows = self.rows.iter().enumerate();
        rows.into_iter().all(|(i, row)| {
            let finite = row.iter().all(|value| value.is_finite());
            finite && row.len() == i + 1 && row[i] > 0.0
        }) && (self.maps.is_empty() || self.maps.len() == self.rows.len())
            && self.maps.iter().all(Spline::is_sound)
            && (self.order.is_empty() || self.is_permutation())
    }

    fn is_permutation(&self) -> bool {
        let mut order = self.order.clone();
        order.sort_unstable();
        order.iter().copied().eq(0..self.rows.len())
    }

    /// Replaces z by w, the first d values.
    pub fn whiten(&self, z: &mut [f64]) {
        self.decorrelate(z);
        for (value, map) in z.iter_mut().zip(&self.maps) {
            *value = map.value(*value);
        }
    }

    /// Replaces z by v = L^-1 z, the first d values.
    pub fn decorrelate(&self, z: &mut [f64]) {
        self.decorrelate_side_by_side::<1>(z.as_chunks_mut().0);
    }

    /// Replaces z by v = L^-1 z, the first d values of each of the rows that stand side by side; the bits of a row do not depend on the others.
    pub fn decorrelate_side_by_side<const ROWS: usize>(&self, z: &mut [[f64; ROWS]]) {
        if !self.order.is_empty() {
            let ordered: Vec<[f64; ROWS]> = self.order.iter().map(|&k| z[k]).collect();
            z[..ordered.len()].copy_from_slice(&ordered);
        }
        for (i, row) in self.rows.iter().enumerate() {
            // What an empty sum is.
            let mut known = [-0.0; ROWS];
            for (l, v) in row.iter().zip(&z[..i]) {
                for (known, v) in known.iter_mut().zip(v) {
                    *known += l * v;
                }
            }
            for (z, known) in z[i].iter_mut().zip(known) {
                *z = (*z - known) / row[i];
            }
        }
    }

    /// Replaces w by z, the first d values: the inverse of [`Whitening::whiten`].
    pub fn color(&self, w: &mut [f64]) {
        for (value, map) in w.iter_mut().zip(&self.maps) {
            *value = map.inverse(*value);
        }
        for (i, row) in self.rows.iter().enumerate().rev() {
            w[i] = row.iter().zip(&w[..=i]).map(|(l, v)| l * v).sum();
        }
        if !self.order.is_empty() {
            let ordered = w.to_vec();
            for (&k, value) in self.order.iter().zip(ordered) {
                w[k] = value;
            }
        }
    }

    /// The log determinant log |dw/dz| at w, d values; nats.
    pub fn log_slope(&self, w: &[f64]) -> f64 {
        let maps = self.maps.iter().zip(w);
        self.log_determinant() + maps.map(|(map, &w)| map.log_slope(w)).sum::<f64>()
    }

    /// The log determinant log |dv/dz| = -sum over i of log L_ii; nats.
    pub fn log_determinant(&self) -> f64 {
        let diagonal = self.rows.iter().filter_map(|row| row.last());
        -diagonal.map(|&value| libm::log(value)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sigma = L L' of L = [[2, 0, 0], [1, 3, 0], [-1, 0.5, 0.25]].
    const SIGMA: [f64; 9] = [4.0, 2.0, -2.0, 2.0, 10.0, 0.5, -2.0, 0.5, 1.3125];

    #[test]
    fn the_factor_is_that_of_the_covariance() {
        let whitening = Whitening::of(&SIGMA, 3).unwrap();
        let mut w = [1.0, 1.0, 1.0];
        whitening.color(&mut w);
        assert_eq!(w, [2.0, 4.0, -0.25]);
        whitening.whiten(&mut w);
        assert_eq!(w, [1.0, 1.0, 1.0]);
        // 2 * 3 / 4
        assert!((whitening.log_determinant() + 1.5_f64.ln()).abs() < 1e-15);
        assert!(whitening.is_sound());
    }

    #[test]
    fn rows_side_by_side_are_decorrelated_as_each_alone() {
        let whitening = Whitening::ordered(&SIGMA, &[2, 0, 1]).unwrap();
        let rows = [[0.1, -0.0, 3.7], [1e9, -2.5, 1e-9], [0.0, 7.0, -0.3]];
        let mut side_by_side = std::array::from_fn::<_, 3, _>(|i| rows.map(|row| row[i]));
        whitening.decorrelate_side_by_side(&mut side_by_side);
        for (k, mut row) in rows.into_iter().enumerate() {
            whitening.decorrelate(&mut row);
            let bits = row.map(f64::to_bits);
            assert_eq!(side_by_side.map(|v| v[k].to_bits()), bits);
        }
    }

    #[test]
    fn a_column_that_others_determine_is_named() {
        // The third is the sum of the first two.
        let sum = [1.0, 0.5, 1.5, 0.5, 1.0, 1.5, 1.5, 1.5, 3.0];
        assert_eq!(Whitening::of(&sum, 3), Err(2));
        assert_eq!(Whitening::of(&[f64::NAN], 1), Err(0));
    }

    #[test]
    fn what_is_no_factor_is_not_sound() {
        for text in [
            "[[1.0],[1.0]]",
            "[[0.0]]",
            "[[-1.0]]",
            "[[1.0],[0.0,1e999]]",
        ] {
            let read = serde_json::from_str::<Whitening>(text);
            assert!(!read.is_ok_and(|whitening| whitening.is_sound()), "{text}");
        }
    }
}
