//! The density of 2spirals. With q = 3 pi u the density is an integral along one arm, a box of side 1/6 blurred by noise s = 0.1 at
//! every point, and the other arm is its mirror image:
//! ```text
//! g(x) = integral of 2 u k(x0 + q cos(q) / 3) k(x1 - q sin(q) / 3) over u in [0, 1],   p(x) = (g(x) + g(-x)) / 2,
//! k(r) = 6 integral of N(r - v; 0, s^2) over v in [0, 1/6].
//! ```
//! The two sides of the box are independent: the set draws a fresh uniform number for each coordinate.

use std::f64::consts::{PI, SQRT_2};

use otflow_kernels::quadrature::QuadratureNode;

use super::quadrature::panels;

/// Side of the box.
const SIDE: f64 = 1.0 / 6.0;

/// Standard deviation s of the noise.
const NOISE: f64 = 0.1;

/// 768 nodes: less than the noise apart, also at the outer end, where u runs 298 times the noise per unit.
const PANELS: usize = 48;

/// Nodes count while their squared distance is at most this many s^2 above the nearest one's: the rest are e^-36 of it.
const REACH: f64 = 72.0;

/// The density of 2spirals: the boxes along its arms.
#[derive(Debug)]
pub struct Spirals {
    /// Boxes, whose weights sum to 1.
    boxes: Vec<WeightedBox>,
}

/// A box with its weight.
#[derive(Clone, Copy, Debug)]
struct WeightedBox {
    weight: f64,
    /// Lower left corner.
    corner: [f64; 2],
}

impl Spirals {
    /// Places the boxes along the arms.
    pub fn new() -> Self {
        Self::with_panels(PANELS)
    }

    fn with_panels(count: usize) -> Self {
        let arm = panels(0.0, 1.0, count).flat_map(|QuadratureNode { point: u, weight }| {
            let q = 3.0 * PI * u;
            let (sin, cos) = libm::sincos(q);
            let corner = [-q * cos / 3.0, q * sin / 3.0];
            [corner, mirrored(corner)].map(|corner| WeightedBox {
                weight: weight * u,
                corner,
            })
        });
        Self {
            boxes: arm.collect(),
        }
    }

    /// The log density log p(x) in nats.
    pub fn log_density(&self, x: [f64; 2]) -> f64 {
        let offset = |corner: [f64; 2]| [x[0] - corner[0], x[1] - corner[1]];
        let boxes = self.boxes.iter();
        let distances: Vec<f64> = boxes
            .clone()
            .map(|one| squared_distance(offset(one.corner)))
            .collect();
        let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
        let reach = nearest + REACH * NOISE * NOISE;
        // e^-shift bounds every term, and the largest is only powers of the distance below it.
        let shift = nearest / (2.0 * NOISE * NOISE);
        let near = boxes.zip(&distances).filter(|(_, d)| **d <= reach);
        let terms = near.map(|(one, _)| {
            let [k0, k1] = offset(one.corner).map(kernel);
            one.weight * k0.factor * k1.factor * libm::exp(shift - k0.exponent - k1.exponent)
        });
        libm::log(terms.sum()) - shift
    }
}

/// The corner of a box that is the mirror image of the one at c.
fn mirrored(c: [f64; 2]) -> [f64; 2] {
    c.map(|c| -c - SIDE)
}

/// The squared distance from a point at offset r of the corner to the box; 0 inside.
fn squared_distance(r: [f64; 2]) -> f64 {
    let outside = |r: f64| (-r).max(r - SIDE).max(0.0);
    let (d0, d1) = (outside(r[0]), outside(r[1]));
    d0 * d0 + d1 * d1
}

/// A value factor exp(-exponent) that may be too small for a number.
struct ScaledValue {
    factor: f64,
    exponent: f64,
}

/// The kernel k(r) = (erfc a - erfc b) / (2 SIDE) with a, b = (r - SIDE, r) / (s sqrt 2).
/// k is even about the middle of the box: an r beyond the middle keeps the difference free of cancellation.
fn kernel(r: f64) -> ScaledValue {
    let r = r.max(SIDE - r);
    let (a, b) = ((r - SIDE) / (NOISE * SQRT_2), r / (NOISE * SQRT_2));
    if a < SCALED_FROM {
        return ScaledValue {
            factor: (libm::erfc(a) - libm::erfc(b)) / (2.0 * SIDE),
            exponent: 0.0,
        };
    }
    let scaled = scaled_erfc(a) - scaled_erfc(b) * libm::exp(a * a - b * b);
    ScaledValue {
        factor: scaled / (2.0 * SIDE),
        exponent: a * a,
    }
}

/// The argument from which erfc, which underflows at 27, is replaced by its scaled form.
const SCALED_FROM: f64 = 4.0;

/// The scaled function exp(y^2) erfc(y) for y >= 4, by the continued fraction 1 / (sqrt pi (y + (1/2) / (y + (2/2) / (y + (3/2) /
/// (y + ..))))).
fn scaled_erfc(y: f64) -> f64 {
    // 30 levels reach rounding at y = 4 and more.
    let fraction = (1..=30)
        .rev()
        .fold(y, |tail, k| y + 0.5 * f64::from(k) / tail);
    1.0 / (PI.sqrt() * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_the_blurred_box_near_and_far() {
        for r in [-3.0_f64, -0.4, 0.0, 0.07, 0.3, 0.6, 0.7, 0.75, 2.0, 9.0] {
            // e^-depth is taken out, the largest value of the integrand.
            let depth = 0.5 * ((-r).max(r - SIDE).max(0.0) / NOISE).powi(2);
            // 64 panels resolve a box over which it falls by up to e^1500.
            let integrand = |v: f64| (depth - 0.5 * ((r - v) / NOISE).powi(2)).exp();
            let integral: f64 = panels(0.0, SIDE, 64)
                .map(|node| node.weight * integrand(node.point))
                .sum();
            let direct = integral / (SIDE * NOISE * (2.0 * PI).sqrt());
            let ScaledValue { factor, exponent } = kernel(r);
            let ratio = factor * (depth - exponent).exp() / direct;
            // Rounding of exponents up to 4000.
            assert!((ratio - 1.0).abs() < 1e-11, "{r}: {ratio}");
        }
    }

    #[test]
    fn finer_panels_change_nothing() {
        let (coarse, fine) = (Spirals::new(), Spirals::with_panels(8 * PANELS));
        // Rounding on and around the data; at |x| = 50, where nodes lie farther apart than the peaks are wide, what the density promises.
        for (r, tolerance) in [(0.5, 1e-11), (2.0, 1e-11), (3.0, 1e-11), (50.0, 1e-4)] {
            for i in 0..40 {
                let (sin, cos) = (0.17 * f64::from(i)).sin_cos();
                let x = [r * cos, r * sin];
                let change = coarse.log_density(x) / fine.log_density(x) - 1.0;
                assert!(change.abs() < tolerance, "{x:?}: {change}");
            }
        }
    }
}
