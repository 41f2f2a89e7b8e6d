//! The Gauss-Legendre rule of n points, exact for polynomials of degree 2n - 1.
//!
//! ```text
//! roots z of P_n by Newton's method from z = -cos(pi (i + 3/4) / (n + 1/2))      weights 2 / ((1 - z^2) P_n'(z)^2)
//! ```

use std::f64::consts::PI;

/// A point of a rule on [-1, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuadratureNode {
    /// The point.
    pub point: f64,
    /// Its weight.
    pub weight: f64,
}

/// Returns the points and weights on [-1, 1], from left to right; n is at least 1.
pub fn legendre(n: usize) -> impl Iterator<Item = QuadratureNode> + Clone {
    (0..n).map(move |i| {
        // Rounded to single precision: the last bits of a cosine are not the same on every system.
        let start = -(PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos() as f32;
        let mut z = f64::from(start);
        // Five steps square an error below 1e-2 far below rounding.
        for _ in 0..5 {
            let p = Polynomial::at(n, z);
            z -= p.value / p.slope;
        }
        let slope = Polynomial::at(n, z).slope;
        let weight = 2.0 / ((1.0 - z * z) * slope * slope);
        QuadratureNode { point: z, weight }
    })
}

/// A Legendre polynomial at a point.
struct Polynomial {
    /// P_n(z).
    value: f64,
    /// P_n'(z).
    slope: f64,
}

impl Polynomial {
    /// Computes the polynomial by the three-term recurrence.
    fn at(n: usize, z: f64) -> Self {
        let (mut before, mut p) = (1.0, z);
        for k in 2..=n {
            let k = k as f64;
            (before, p) = (p, ((2.0 * k - 1.0) * z * p - (k - 1.0) * before) / k);
        }
        Polynomial {
            value: p,
            slope: n as f64 * (z * p - before) / (z * z - 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_points_are_exact_up_to_degree_2n_minus_1_and_not_further() {
        for n in 1..=20 {
            let integral = |degree: usize| {
                legendre(n)
                    .map(|QuadratureNode { point, weight }| weight * point.powi(degree as i32))
                    .sum::<f64>()
            };
            for even in (0..2 * n).step_by(2) {
                let exact = 2.0 / (even + 1) as f64;
                // A handful of roundings of numbers of size 1.
                assert!((integral(even) - exact).abs() < 1e-14, "{n}, {even}");
                assert!(integral(even + 1).abs() < 1e-14);
            }
            // The error at degree 2n is 2^(2n + 1) n!^4 / ((2n + 1) (2n)!^2), here as a product that does not overflow.
            let error = (1..=n).fold(2.0 / (2 * n + 1) as f64, |error, k| {
                let ratio = 2.0 * k as f64 / (n + k) as f64;
                error * ratio * ratio
            });
            let missed = 2.0 / (2 * n + 1) as f64 - integral(2 * n);
            assert!((missed - error).abs() < 1e-14, "{n}: {missed:e} {error:e}");
        }
    }
}
