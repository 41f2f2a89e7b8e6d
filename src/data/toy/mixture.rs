//! Gaussian noise around points or along curves, as a mixture of isotropic Gaussians at nodes c_i:
//! ```text
//! log p(x) = log sum_i w_i exp(-|x - c_i|^2 / (2 s^2)) - log(2 pi s^2).
//! ```
//! On a curve the nodes are those of a quadrature rule: equal steps of the angle on a circle, Gauss-Legendre panels elsewhere. s is
//! the noise in the units of the set. Nodes lie less than s apart, where both rules are exact to rounding on and around the data.

use std::f64::consts::PI;

use otflow_kernels::quadrature::QuadratureNode;

use super::quadrature::{log_sum_exp, panels};

/// A mixture of isotropic Gaussians: its nodes and their common deviation.
#[derive(Debug)]
pub struct Mixture {
    nodes: Vec<MixtureNode>,
    /// Standard deviation s.
    noise: f64,
}

/// A node of a mixture.
#[derive(Debug)]
struct MixtureNode {
    /// Logarithm of the weight w.
    log_weight: f64,
    /// Centre c.
    centre: [f64; 2],
}

/// A point with its weight.
struct WeightedPoint {
    weight: f64,
    point: [f64; 2],
}

impl Mixture {
    /// The log density log p(x) in nats.
    pub fn log_density(&self, x: [f64; 2]) -> f64 {
        let scale = -0.5 / (self.noise * self.noise);
        let terms = self.nodes.iter().map(|node| {
            let [c0, c1] = node.centre;
            let (d0, d1) = (x[0] - c0, x[1] - c1);
            node.log_weight + scale * (d0 * d0 + d1 * d1)
        });
        log_sum_exp(terms) - libm::log(2.0 * PI * self.noise * self.noise)
    }

    /// The mixture of Gaussians around points whose weights sum to 1.
    fn new(noise: f64, points: impl Iterator<Item = WeightedPoint>) -> Self {
        let node = |WeightedPoint { weight, point }| MixtureNode {
            log_weight: libm::log(weight),
            centre: point,
        };
        Self {
            nodes: points.map(node).collect(),
            noise,
        }
    }
}

/// The mixture of equal weights on concentric circles; at least four nodes per `noise` along each.
pub fn circles(noise: f64, radii: &[f64]) -> Mixture {
    let nodes = radii.iter().flat_map(|&r| {
        let count = (4.0 * 2.0 * PI * r / noise).ceil();
        let share = 1.0 / (count * radii.len() as f64);
        (0..count as usize).map(move |i| {
            let (sin, cos) = libm::sincos(2.0 * PI * i as f64 / count);
            WeightedPoint {
                weight: share,
                point: [r * cos, r * sin],
            }
        })
    });
    Mixture::new(noise, nodes)
}

/// The mixture of eight corners at radius 4 / 1.414, noise 0.5 / 1.414.
pub fn eight_gaussians() -> Mixture {
    let corners = (0..8).map(|k| {
        let (sin, cos) = libm::sincos(f64::from(k) * PI / 4.0);
        WeightedPoint {
            weight: 1.0 / 8.0,
            point: [4.0 / 1.414 * cos, 4.0 / 1.414 * sin],
        }
    });
    Mixture::new(0.5 / 1.414, corners)
}

/// The mixture along the spiral (t cos t, t sin t) / 5 for t from 1.5 pi to 4.5 pi. It is 89 times the noise long: 32 panels put
/// 512 nodes along it.
pub fn swiss_roll(count: usize) -> Mixture {
    let (from, to) = (1.5 * PI, 4.5 * PI);
    let nodes = panels(from, to, count).map(move |QuadratureNode { point: t, weight }| {
        let (sin, cos) = libm::sincos(t);
        WeightedPoint {
            weight: weight / (to - from),
            point: [t * cos / 5.0, t * sin / 5.0],
        }
    });
    Mixture::new(1.0 / 5.0, nodes)
}

/// The mixture along two half circles of radius 2, each 31 times the noise long: 8 panels put 128 nodes along it.
pub fn moons(count: usize) -> Mixture {
    let nodes = panels(0.0, PI, count).flat_map(|node| {
        let (sin, cos) = libm::sincos(node.point);
        let upper = [2.0 * cos - 1.0, 2.0 * sin - 0.2];
        let lower = [2.0 * (1.0 - cos) - 1.0, 2.0 * (0.5 - sin) - 0.2];
        [upper, lower].map(|point| WeightedPoint {
            weight: 0.5 * node.weight / PI,
            point,
        })
    });
    Mixture::new(0.2, nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps of s / 4 or less along a circle leave 1e-8 even where |x| = 50 makes peaks along it as narrow as s / 4.
    const CIRCLE: f64 = 1e-7;

    /// Where peaks along the curve are as wide as the noise, only rounding is left.
    const NEAR: f64 = 1e-11;

    /// At |x| = 50 nodes lie farther apart than the peaks are wide: what the density promises there, relative to log p.
    const FAR: f64 = 1e-4;

    /// log of a uniform circle of radius r blurred by noise s, at distance R of its centre: with z = R r / s^2, exp(-(R^2 + r^2) /
    /// (2 s^2)) I_0(z) / (2 pi s^2), and for large z I_0(z) = e^z / sqrt(2 pi z) (1 + 1 / (8 z) + 9 / (128 z^2) + ..).
    fn log_circle(distance: f64, r: f64, s: f64) -> f64 {
        let z = distance * r / (s * s);
        let bessel =
            (1.0 + 1.0 / (8.0 * z) + 9.0 / (128.0 * z * z)).ln() - 0.5 * (2.0 * PI * z).ln();
        bessel - (distance - r).powi(2) / (2.0 * s * s) - (2.0 * PI * s * s).ln()
    }

    #[test]
    fn circles_have_their_closed_form_near_and_far() {
        for (s, radii) in [
            (0.24, [3.0, 1.5].as_slice()),
            (0.08, &[3.0, 2.25, 1.5, 0.75]),
        ] {
            for distance in [1.4, 2.8, 3.3, 10.0, 50.0] {
                let share = 1.0 / radii.len() as f64;
                let each = radii
                    .iter()
                    .map(|&r| share.ln() + log_circle(distance, r, s));
                let x = [distance * 0.6, distance * 0.8];
                let error = circles(s, radii).log_density(x) - log_sum_exp(each);
                // The series of I_0 ends at 225 / (3072 z^3), 5e-6 at the least z, 36.
                let series = 0.08 * (s * s / (distance * radii[radii.len() - 1])).powi(3);
                assert!(error.abs() < CIRCLE + series, "{s} {distance}: {error}");
            }
        }
    }

    #[test]
    fn far_above_the_upper_moon_its_circle_is_all_there_is() {
        // Half the weight on half the circle; nodes as dense as the narrowest peak needs.
        for distance in [10.0, 50.0] {
            let error =
                moons(32).log_density([-1.0, distance - 0.2]) - log_circle(distance, 2.0, 0.2);
            assert!(error.abs() < CIRCLE, "{distance}: {error}");
        }
    }

    #[test]
    fn far_from_eight_gaussians_the_nearest_is_all_there_is() {
        let variance = 0.25 / (1.414 * 1.414);
        let along = (50.0 - 4.0 / 1.414_f64).powi(2) / (2.0 * variance);
        let exact = -along - (2.0 * PI * variance).ln() - 8f64.ln();
        assert!((eight_gaussians().log_density([50.0, 0.0]) - exact).abs() < NEAR * along);
    }

    #[test]
    fn finer_panels_change_nothing() {
        let pairs = [(swiss_roll(32), swiss_roll(256)), (moons(8), moons(64))];
        for (coarse, fine) in pairs {
            for (r, tolerance) in [(0.5, NEAR), (2.0, NEAR), (3.0, NEAR), (50.0, FAR)] {
                for i in 0..40 {
                    let (sin, cos) = (0.17 * f64::from(i)).sin_cos();
                    let x = [r * cos, r * sin];
                    let change = coarse.log_density(x) / fine.log_density(x) - 1.0;
                    assert!(change.abs() < tolerance, "{x:?}: {change}");
                }
            }
        }
    }
}
