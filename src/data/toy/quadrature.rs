//! The numerics of the exact densities: Gauss-Legendre panels, log-sum-exp and a root finder that stays in its bracket.

use otflow_kernels::quadrature::{QuadratureNode, legendre};

/// Points in a panel.
const ORDER: usize = 16;

/// Terms this far below the largest are left out of a sum: e^-45 is 3e-20, and no sum here has 1e4 terms.
const NEGLIGIBLE: f64 = 45.0;

/// The nodes of the integral over [a, b] in equal panels; the weights sum to b - a.
pub fn panels(a: f64, b: f64, count: usize) -> impl Iterator<Item = QuadratureNode> {
    let half = (b - a) / (2 * count) as f64;
    let rule: Vec<_> = legendre(ORDER).collect();
    (0..count).flat_map(move |panel| {
        let middle = a + half * (2 * panel + 1) as f64;
        let place = move |node: QuadratureNode| QuadratureNode {
            point: middle + half * node.point,
            weight: half * node.weight,
        };
        rule.clone().into_iter().map(place)
    })
}

/// The logarithm of the sum of the exponentials of terms; -inf for none. Never underflows.
pub fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let top = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return top;
    }
    let sum: f64 = terms
        .filter(|t| top - t < NEGLIGIBLE)
        .map(|t| libm::exp(t - top))
        .sum();
    top + libm::log(sum)
}

/// The value of a function at a point, and its slope there.
#[derive(Clone, Copy, Debug)]
pub struct ValueAndSlope {
    /// Value of the function.
    pub value: f64,
    /// Slope of the function.
    pub slope: f64,
}

/// Finds the root of a monotone function between a and b, where its signs differ: by Newton's step, or by halving where that would
/// leave the bracket.
pub fn root(f: impl Fn(f64) -> ValueAndSlope, a: f64, b: f64) -> f64 {
    let (mut below, mut above) = if f(a).value < f(b).value {
        (a, b)
    } else {
        (b, a)
    };
    let mut x = 0.5 * (a + b);
    // Halving alone ends within 60 steps from a width of 2 pi.
    for _ in 0..100 {
        let ValueAndSlope { value, slope } = f(x);
        *(if value < 0.0 { &mut below } else { &mut above }) = x;
        let newton = x - value / slope;
        let inside = newton > below.min(above) && newton < below.max(above);
        let next = if inside {
            newton
        } else {
            0.5 * (below + above)
        };
        if (next - x).abs() <= f64::EPSILON * x.abs() {
            return next;
        }
        x = next;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handful of roundings of numbers of size 1.
    const ROUNDING: f64 = 1e-14;

    #[test]
    fn panels_tile_their_interval() {
        let integral: f64 = panels(1.0, 4.0, 7)
            .map(|node| node.weight / node.point)
            .sum();
        assert!((integral - 4f64.ln()).abs() < ROUNDING);
    }

    #[test]
    fn sums_of_tiny_and_of_huge_terms_are_exact() {
        for shift in [-1e5, 0.0, 1e5] {
            let terms = [0.0, -1.0, -2.0].map(|t| t + shift);
            let plain = (1.0 + (-1f64).exp() + (-2f64).exp()).ln();
            // The shift itself is rounded to 1.5e-11.
            assert!((log_sum_exp(terms.into_iter()) - shift - plain).abs() < 3e-11);
        }
        assert_eq!(log_sum_exp(std::iter::empty()), f64::NEG_INFINITY);
    }

    #[test]
    fn roots_are_found_where_newton_alone_escapes() {
        // From the middle, 4.5, Newton's step for atan goes far outside.
        let arctangent = |x: f64| ValueAndSlope {
            value: (x - 0.3).atan(),
            slope: 1.0 / (1.0 + (x - 0.3).powi(2)),
        };
        let falling = |x: f64| ValueAndSlope {
            value: 2.0 - x * x * x,
            slope: -3.0 * x * x,
        };
        assert!((root(arctangent, -1.0, 10.0) - 0.3).abs() < ROUNDING);
        assert!((root(falling, 0.0, 10.0) - 2f64.cbrt()).abs() < ROUNDING);
    }
}
