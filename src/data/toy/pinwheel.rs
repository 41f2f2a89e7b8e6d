//! The density of the pinwheel: x = 2 R(-a) f with f ~ N(1, 0.3^2) x N(0, 0.1^2), a = 2 pi k / 5 + exp(f0) / 4 and R a rotation, by
//! change of variables. With rho = |x| / 2 and theta the angle of x, the points f that are sent to x are rho (cos phi, sin phi)
//! where
//! ```text
//! g(phi) = phi - exp(rho cos phi) / 4 = theta  modulo 2 pi / 5,
//! p(x) = sum over these phi of N(f0; 1, 0.3^2) N(f1; 0, 0.1^2) / (5 |det|),   det = 4 g'(phi) = 4 (1 + f1 exp(f0) / 4).
//! ```
//! From rho = 1.6 on g turns back where g' = 0: there a blade folds over and p has integrable poles. The mass beyond a fold is
//! 1.4e-9.

use std::f64::consts::PI;

use super::quadrature::{ValueAndSlope, log_sum_exp, root};

/// Mean of f0; the mean of f1 is 0.
const MEAN: f64 = 1.0;
/// Standard deviation of f0.
const RADIAL: f64 = 0.3;
/// Standard deviation of f1.
const ACROSS: f64 = 0.1;

/// Distance of the roots in g.
const PERIOD: f64 = 2.0 * PI / 5.0;

/// Largest rho whose roots are summed: there are 0.4 e^rho of them. It is 23 deviations out, where log p = -269.
const ROOTS_UP_TO: f64 = 8.0;

/// The log density log p(x) in nats. Beyond |x| = 16 the mean over all directions stands in for the hundreds of folds: there they
/// are within 1 in 100.
pub fn log_density(x: [f64; 2]) -> f64 {
    let rho = 0.5 * libm::hypot(x[0], x[1]);
    if rho > ROOTS_UP_TO {
        return log_mean(rho);
    }
    let terms = roots(rho, libm::atan2(x[1], x[0])).into_iter().map(|phi| {
        // At a pole itself, which only rounding can hit, the density is cut off.
        let slope = twist(rho, phi).slope.abs().max(f64::EPSILON);
        let (sin, cos) = libm::sincos(phi);
        log_normals(rho * cos, rho * sin) - libm::log(20.0 * slope)
    });
    log_sum_exp(terms.collect::<Vec<_>>().into_iter())
}

/// The logarithm of N(f0; 1, 0.3^2) N(f1; 0, 0.1^2).
fn log_normals(f0: f64, f1: f64) -> f64 {
    let (z0, z1) = ((f0 - MEAN) / RADIAL, f1 / ACROSS);
    -0.5 * (z0 * z0 + z1 * z1) - libm::log(2.0 * PI * RADIAL * ACROSS)
}

/// The twist g(phi) and its slope g'(phi).
fn twist(rho: f64, phi: f64) -> ValueAndSlope {
    let (sin, cos) = libm::sincos(phi);
    let quarter = 0.25 * libm::exp(rho * cos);
    ValueAndSlope {
        value: phi - quarter,
        slope: 1.0 + rho * sin * quarter,
    }
}

/// The slope g'(phi) of the twist and its own slope g''(phi).
fn twist_slope(rho: f64, phi: f64) -> ValueAndSlope {
    let (sin, cos) = libm::sincos(phi);
    let quarter = 0.25 * rho * libm::exp(rho * cos);
    ValueAndSlope {
        value: 1.0 + sin * quarter,
        slope: quarter * (cos - rho * sin * sin),
    }
}

/// Finds every phi in [-pi, pi) with g(phi) = theta modulo the period, one monotone piece of g after another.
fn roots(rho: f64, theta: f64) -> Vec<f64> {
    let mut found = Vec::new();
    for piece in turns(rho).windows(2) {
        let (a, b) = (piece[0], piece[1]);
        let (ga, gb) = (twist(rho, a).value, twist(rho, b).value);
        let mut k = ((ga.min(gb) - theta) / PERIOD).ceil();
        while theta + k * PERIOD < ga.max(gb) {
            let target = theta + k * PERIOD;
            let distance = |phi| {
                let ValueAndSlope { value, slope } = twist(rho, phi);
                ValueAndSlope {
                    value: value - target,
                    slope,
                }
            };
            found.push(root(distance, a, b));
            k += 1.0;
        }
    }
    found
}

/// The bounds of the monotone pieces of g: -pi, the points where g turns, pi. g' - 1 is proportional to sin(phi) exp(rho cos phi),
/// which has one minimum, at rho sin^2 phi = cos phi; g turns on either side of it, or nowhere.
fn turns(rho: f64) -> Vec<f64> {
    let lowest = -libm::acos(2.0 * rho / (1.0 + (1.0 + 4.0 * rho * rho).sqrt()));
    let slope = |phi| twist_slope(rho, phi);
    if slope(lowest).value >= 0.0 {
        return vec![-PI, PI];
    }
    vec![-PI, root(slope, -PI, lowest), root(slope, lowest, 0.0), PI]
}

/// The logarithm of the mean of p over all directions, integral of N N over phi / (8 pi), by Laplace's method: its relative error
/// is below the inverse of the curvature, 2e-4.
fn log_mean(rho: f64) -> f64 {
    let across = rho / ACROSS;
    let curvature = across * across - rho * (rho - MEAN) / (RADIAL * RADIAL);
    log_normals(rho, 0.0) + 0.5 * libm::log(2.0 * PI / curvature) - libm::log(8.0 * PI)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Roots are known to rounding, which f = rho (cos phi, sin phi) passes on enlarged by the twist, up to e^3 / 4.
    const ROUNDING: f64 = 1e-12;

    /// The set's own map from f to x in class k.
    fn forward(f: [f64; 2], k: u32) -> [f64; 2] {
        let (sin, cos) = (2.0 * PI * f64::from(k) / 5.0 + 0.25 * f[0].exp()).sin_cos();
        [
            2.0 * (f[0] * cos + f[1] * sin),
            2.0 * (f[1] * cos - f[0] * sin),
        ]
    }

    fn directions() -> impl Iterator<Item = f64> {
        (0..40).map(|i| 0.157 * f64::from(i) - PI)
    }

    #[test]
    fn every_root_is_sent_to_x_by_one_class() {
        for rho in [0.01, 0.5, 1.0, 1.7, 3.0] {
            for theta in directions() {
                let x = [2.0 * rho * theta.cos(), 2.0 * rho * theta.sin()];
                for phi in roots(rho, theta) {
                    let f = [rho * phi.cos(), rho * phi.sin()];
                    let hits =
                        |k: &u32| (0..2).all(|i| (forward(f, *k)[i] - x[i]).abs() < ROUNDING);
                    assert_eq!((0..5).filter(hits).count(), 1, "{rho} {theta} {phi}");
                }
            }
        }
    }

    #[test]
    fn no_root_is_missed_and_none_is_found_twice() {
        for (rho, steps) in [(0.5, 1_000), (1.7, 10_000), (3.0, 10_000), (5.0, 100_000)] {
            for theta in directions() {
                let period = |i: u32| {
                    let phi = f64::from(i) * 2.0 * PI / f64::from(steps) - PI;
                    ((twist(rho, phi).value - theta) / PERIOD).floor()
                };
                let crossings: f64 = (0..steps).map(|i| (period(i + 1) - period(i)).abs()).sum();
                let mut found = roots(rho, theta);
                assert_eq!(found.len(), crossings as usize, "{rho} {theta}");
                found.sort_by(f64::total_cmp);
                found.dedup();
                assert_eq!(found.len(), crossings as usize, "{rho} {theta}");
            }
        }
    }

    #[test]
    fn the_slope_of_the_twist_is_the_determinant_of_the_map() {
        // A central difference leaves step^2 = 1e-10 times third derivatives and rounding / step = 1e-11.
        let (step, tolerance) = (1e-5, 1e-7);
        for (rho, phi) in [(0.5, 0.3), (1.0, -0.2), (1.7, 2.0), (2.0, -0.5)] {
            let f = [rho * f64::cos(phi), rho * f64::sin(phi)];
            let column = |d: [f64; 2]| {
                let (plus, minus) = (
                    forward([f[0] + d[0], f[1] + d[1]], 2),
                    forward([f[0] - d[0], f[1] - d[1]], 2),
                );
                [
                    (plus[0] - minus[0]) / (2.0 * step),
                    (plus[1] - minus[1]) / (2.0 * step),
                ]
            };
            let (a, b) = (column([step, 0.0]), column([0.0, step]));
            let det = a[0] * b[1] - a[1] * b[0];
            assert!(
                (det - 4.0 * twist(rho, phi).slope).abs() < tolerance,
                "{rho} {phi} {det}"
            );
        }
    }

    /// log of the integral of N N over phi / (8 pi), by equal steps.
    fn direct_mean(rho: f64) -> f64 {
        let steps = 20_000;
        let angles = (0..steps).map(|i| 2.0 * PI * f64::from(i) / f64::from(steps));
        let terms = angles.map(|phi| log_normals(rho * phi.cos(), rho * phi.sin()));
        log_sum_exp(terms) - f64::from(4 * steps).ln()
    }

    #[test]
    fn the_mean_over_directions_is_that_of_the_map_without_its_twist() {
        // Without folds equal steps converge exponentially.
        for rho in [0.3, 0.8, 1.2] {
            let steps = 2_000;
            let angles = (0..steps).map(|i| 2.0 * PI * f64::from(i) / f64::from(steps));
            let terms =
                angles.map(|theta| log_density([2.0 * rho * theta.cos(), 2.0 * rho * theta.sin()]));
            let mean = log_sum_exp(terms.collect::<Vec<_>>().into_iter()) - f64::from(steps).ln();
            assert!((mean - direct_mean(rho)).abs() < 1e-10, "{rho}");
        }
    }

    #[test]
    fn far_away_the_density_is_the_mean_over_directions() {
        for rho in [8.5, 15.0, 25.0] {
            // The error Laplace's method is allowed.
            let error = log_density([1.2 * rho, 1.6 * rho]) - direct_mean(rho);
            assert!(error.abs() < 2e-4, "{rho}: {error}");
        }
        for theta in directions() {
            let (rho, folds) = (
                7.99,
                log_density([15.98 * theta.cos(), 15.98 * theta.sin()]),
            );
            assert!(
                (folds / log_mean(rho) - 1.0).abs() < 0.01,
                "{theta}: {folds}"
            );
        }
    }
}
