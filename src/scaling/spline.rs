//! A strictly monotone map with a continuous slope, through knots (x_k, u_k) with slopes d_k; a straight line beyond the ends.
//!
//! ```text
//! between two knots, with t = (x - x_k) / (x_k+1 - x_k), s = (u_k+1 - u_k) / (x_k+1 - x_k), a = d_k / s, b = d_k+1 / s:
//! u  = u_k + (u_k+1 - u_k) (t^2 + a t (1-t)) / q          q = 1 + (a + b - 2) t (1-t)
//! u' = s (b t^2 + 2 t (1-t) + a (1-t)^2) / q^2            above 0 wherever a and b are
//! t  = 2 v / (B + D),  v = (u - u_k) / (u_k+1 - u_k),  w = v (a + b - 2),  A = 1 - a + w,  B = a - w,  D = sqrt(B^2 + 4 A v)
//! ```
//!
//! A rational quadratic between knots (Gregory and Delbourgo 1982), and not the monotone cubic: its slope cannot come close to 0
//! between two knots, and its inverse is the root of a quadratic.

use serde::{Deserialize, Serialize};

/// A monotone rational quadratic spline: at least two knots, x and u strictly increasing, slopes above 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spline {
    /// Abscissae x_k of the knots.
    x: Vec<f64>,
    /// Ordinates u_k of the knots.
    u: Vec<f64>,
    /// Slopes du/dx at the knots.
    slope: Vec<f64>,
}

/// A knot of a spline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// Abscissa.
    pub x: f64,
    /// Ordinate: the value of the map at x.
    pub u: f64,
}

/// The rational quadratic between two knots.
struct SplinePiece {
    from: Knot,
    to: Knot,
    /// Slope s of the straight line between the knots.
    secant: f64,
    /// Slopes a and b at the two knots, in units of s.
    ends: [f64; 2],
}

impl Spline {
    /// The spline through knots, at least two, with x and u strictly increasing. The slope at a knot is the mean of those on its two sides
    /// that Fritsch and Butland (1984) take, close to the smaller one where they are far apart; at an end it is that of the
    /// line through its last three knots, where that is not far above the last two's.
    pub fn through(knots: &[Knot]) -> Self {
        let width = |k: usize| knots[k + 1].x - knots[k].x;
        let secant = |k: usize| (knots[k + 1].u - knots[k].u) / width(k);
        let last = knots.len() - 1;
        let slope = |k: usize| {
            if k == 0 || k == last {
                let [near, far] = if k == 0 {
                    [1, 2]
                } else {
                    [last - 1, last.saturating_sub(2)]
                };
                let far = knots.get(far).unwrap_or(&knots[near]);
                let line = |to: &Knot| (to.u - knots[k].u) / (to.x - knots[k].x);
                return line(far).min(STEEPEST * line(&knots[near]));
            }
            let (left, right) = (width(k - 1), width(k));
            let shares = [left + 2.0 * right, 2.0 * left + right];
            (shares[0] + shares[1]) / (shares[0] / secant(k - 1) + shares[1] / secant(k))
        };
        Spline {
            x: knots.iter().map(|knot| knot.x).collect(),
            u: knots.iter().map(|knot| knot.u).collect(),
            slope: (0..=last).map(slope).collect(),
        }
    }

    /// Whether the knots and slopes are those of a monotone spline. Files may hold any numbers.
    pub fn is_sound(&self) -> bool {
        let Spline { x, u, slope } = self;
        let rises = |values: &[f64]| values.windows(2).all(|pair| pair[0] < pair[1]);
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        x.len() >= 2
            && (x.len(), x.len()) == (u.len(), slope.len())
            && [x, u, slope].into_iter().all(|values| finite(values))
            && rises(x)
            && rises(u)
            && slope.iter().all(|slope| *slope > 0.0)
    }

    /// Number of knots.
    pub fn knots(&self) -> usize {
        self.x.len()
    }

    /// The value u at x.
    pub fn value(&self, x: f64) -> f64 {
        match SplineInterval::of(&self.x, x) {
            SplineInterval::Beyond(end) => (x - self.x[end]).mul_add(self.slope[end], self.u[end]),
            SplineInterval::Within(k) => self.piece(k).value(x),
        }
    }

    /// The x at which the value is u.
    pub fn inverse(&self, u: f64) -> f64 {
        match SplineInterval::of(&self.u, u) {
            SplineInterval::Beyond(end) => (u - self.u[end]) / self.slope[end] + self.x[end],
            SplineInterval::Within(k) => {
                let piece = self.piece(k);
                let t = piece.parameter(u);
                (piece.to.x - piece.from.x).mul_add(t, piece.from.x)
            }
        }
    }

    /// The log slope log du/dx at the x where the value is u.
    pub fn log_slope(&self, u: f64) -> f64 {
        match SplineInterval::of(&self.u, u) {
            SplineInterval::Beyond(end) => libm::log(self.slope[end]),
            SplineInterval::Within(k) => {
                let piece = self.piece(k);
                piece.log_slope(piece.parameter(u))
            }
        }
    }

    fn piece(&self, k: usize) -> SplinePiece {
        let knot = |k: usize| Knot {
            x: self.x[k],
            u: self.u[k],
        };
        let (from, to) = (knot(k), knot(k + 1));
        let secant = (to.u - from.u) / (to.x - from.x);
        SplinePiece {
            from,
            to,
            secant,
            ends: [self.slope[k] / secant, self.slope[k + 1] / secant],
        }
    }
}

/// Largest slope at an end, in slopes of the last piece: a steeper one would bend that piece far.
const STEEPEST: f64 = 3.0;

/// The interval of increasing numbers that a value lies in.
enum SplineInterval {
    /// The value lies beyond the number with this index, the first or the last. So does NaN, which stays NaN on a straight line.
    Beyond(usize),
    /// The value lies between the number with this index and the next.
    Within(usize),
}

impl SplineInterval {
    /// The interval of these increasing numbers that the value lies in.
    fn of(values: &[f64], value: f64) -> Self {
        let last = values.len() - 1;
        if value >= values[last] {
            SplineInterval::Beyond(last)
        } else if value > values[0] {
            SplineInterval::Within(values.partition_point(|other| *other <= value) - 1)
        } else {
            SplineInterval::Beyond(0)
        }
    }
}

impl SplinePiece {
    /// The value u at x.
    fn value(&self, x: f64) -> f64 {
        let [a, b] = self.ends;
        let t = (x - self.from.x) / (self.to.x - self.from.x);
        let both = t * (1.0 - t);
        let share = (t * t + a * both) / (1.0 + (a + b - 2.0) * both);
        (self.to.u - self.from.u).mul_add(share, self.from.u)
    }

    /// The share t of the way from knot to knot at which the value is u.
    fn parameter(&self, u: f64) -> f64 {
        let [a, b] = self.ends;
        let v = (u - self.from.u) / (self.to.u - self.from.u);
        let w = v * (a + b - 2.0);
        let (square, linear) = (1.0 - a + w, a - w);
        let root = libm::sqrt((linear * linear + 4.0 * square * v).max(0.0));
        // The same root of the quadratic twice, each without a difference of two numbers that are nearly equal.
        let t = if linear > 0.0 {
            2.0 * v / (linear + root)
        } else {
            (root - linear) / (2.0 * square)
        };
        t.clamp(0.0, 1.0)
    }

    /// The log slope log du/dx at t.
    fn log_slope(&self, t: f64) -> f64 {
        let [a, b] = self.ends;
        let (rest, both) = (1.0 - t, t * (1.0 - t));
        let q = 1.0 + (a + b - 2.0) * both;
        let slope = b * t * t + 2.0 * both + a * rest * rest;
        libm::log(self.secant) + libm::log(slope / (q * q))
    }
}
