//! The linear map that takes the correlations of the learned columns away.
//!
//! ```text
//! Sigma = covariance of z = L L'  (Cholesky)        w = L^-1 z        log |dw/dz| = - sum over i of log L_ii
//! ```
//!
//! L has a row for every learned column, in their order: w_i is what of column i the columns before it do not tell linearly, at
//! deviation 1. Columns that nearly determine each other are thin in z and as wide as any in w.

use serde::{Deserialize, Serialize};

/// L, by its rows, each up to the diagonal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Whitening {
    rows: Vec<Vec<f64>>,
}

/// Share of a column's variance that the columns before it do not tell: below this is rounding.
const LEAST: f64 = 1e-12;

impl Whitening {
    /// That of a covariance matrix, d x d, row-major; as an error the column that those before it determine.
    ///
    /// # Errors
    /// When there is such a column.
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
        Ok(Whitening { rows })
    }

    /// d
    pub fn dimension(&self) -> usize {
        self.rows.len()
    }

    /// Whether it is one: what is read from a file may be anything.
    pub fn is_sound(&self) -> bool {
        let rows = self.rows.iter().enumerate();
        rows.into_iter().all(|(i, row)| {
            let finite = row.iter().all(|value| value.is_finite());
            finite && row.len() == i + 1 && row[i] > 0.0
        })
    }

    /// w in the place of z, d values.
    pub fn whiten(&self, z: &mut [f64]) {
        for (i, row) in self.rows.iter().enumerate() {
            let known: f64 = row.iter().zip(&z[..i]).map(|(l, w)| l * w).sum();
            z[i] = (z[i] - known) / row[i];
        }
    }

    /// z in the place of w, d values.
    pub fn color(&self, w: &mut [f64]) {
        for (i, row) in self.rows.iter().enumerate().rev() {
            w[i] = row.iter().zip(&w[..=i]).map(|(l, w)| l * w).sum();
        }
    }

    /// Share of every column's variance that the others together do not tell linearly: 1 / (Sigma_ii (Sigma^-1)_ii).
    pub fn unexplained(&self) -> Vec<f64> {
        let square = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
        let share = |(i, row): (usize, &Vec<f64>)| {
            let mut inverse = vec![0.0; self.rows.len()];
            inverse[i] = 1.0;
            self.whiten(&mut inverse);
            1.0 / (square(row) * square(&inverse))
        };
        self.rows.iter().enumerate().map(share).collect()
    }

    /// log |dw/dz|, nats.
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
    fn what_others_do_not_tell_is_one_less_the_square_of_the_multiple_correlation() {
        // Two columns with correlation 0.8, and one beside them.
        let sigma = [4.0, 1.6, 0.0, 1.6, 1.0, 0.0, 0.0, 0.0, 9.0];
        let shares = Whitening::of(&sigma, 3).unwrap().unexplained();
        for (share, want) in shares.iter().zip([0.36, 0.36, 1.0]) {
            assert!((share - want).abs() < 1e-14, "{shares:?}");
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
