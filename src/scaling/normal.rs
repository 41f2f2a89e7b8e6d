//! Quantiles of the standard normal distribution.
//!
//! ```text
//! Phi(x) = erfc(-x / sqrt 2) / 2 = p        x <- x - e / (1 + x e / 2),   e = (Phi(x) - p) sqrt(2 pi) exp(x^2 / 2)     (Halley)
//! ```
//!
//! The iteration starts at a rational function of sqrt(-2 log p) that is off by 4.5e-4 at most (Abramowitz and Stegun, 26.2.23).

use std::f64::consts::{PI, SQRT_2};

/// Iterations. Each raises the error to its third power: 4.5e-4, about 1e-10, then rounding.
const STEPS: usize = 2;

/// The quantile x with Phi(x) = p, to a few units of the last place, for p above 0 and below 1; infinite at 0 and 1, NaN elsewhere.
pub fn quantile(p: f64) -> f64 {
    if p > 0.5 {
        // 1 - p is exact here, and the lower tail is where Phi has its digits.
        return -quantile(1.0 - p);
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    let t = libm::sqrt(-2.0 * libm::log(p));
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut x = above / below - t;
    for _ in 0..STEPS {
        let off = 0.5 * libm::erfc(-x / SQRT_2) - p;
        let e = off * libm::sqrt(2.0 * PI) * libm::exp(0.5 * x * x);
        x -= e / (1.0 + 0.5 * x * e);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_quantiles_come_out_on_both_sides() {
        // Tables of the normal distribution; the last one is 10 deviations out.
        for (p, x) in [
            (0.5, 0.0),
            (0.25, 0.674_489_750_196_081_7),
            (0.025, 1.959_963_984_540_054),
            (0.005, 2.575_829_303_548_901),
            (0.001, 3.090_232_306_167_813_5),
            (1e-6, 4.753_424_308_822_899),
            (7.619_853_024_160_47e-24, 10.0),
        ] {
            assert!((quantile(p) + x).abs() < 2e-14, "{p}: {}", quantile(p));
            assert!((quantile(1.0 - p) - x).abs() < 1e-9 || p < 1e-9, "{p}");
        }
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
        assert!(quantile(-0.1).is_nan() && quantile(1.1).is_nan() && quantile(f64::NAN).is_nan());
    }
}
