//! The map that makes a column normal, fitted by quantiles: through knots of the column it takes the normal's quantiles.
//!
//! ```text
//! u_k = Phi^-1(F(x_k)),    F(x) = (1 - e) (share below x + share at x / 2) + e (x - least) / range,    e = 1 / (4 n)
//! x_k: least and largest value; quantiles at (k + 1/2) / K; at 1 / (2 K 4^j) and its mirror image where two values or more lie
//!      beyond; both edges of the noise around a value that is at least 1 / K of the rows
//! ```
//!
//! K grows with the root of the rows: a knot costs 1 / (2 n) nats on rows that the map has not seen, and a column of few rows is
//! to be made smooth, not followed from value to value. It stays [`FEW`] for a column of the table: thin relations between columns
//! bend at every knot, and the flow has to learn the bends (diamonds, 7 columns, 800 iterations: C -2.60 nats with 40, -3.35 with
//! 8). Of one smooth peak 8 make as much as 40, to 0.003 nats. Whitened columns have no thin relations left, so that [`MANY`] may
//! follow the peaks of rounded values (diamonds, before any training, in a prototype: C -4.24 nats with 8, -4.50 with 40, -4.56 with
//! 80). The extremes are knots, so that one value far out can't take the scale of all the others. The even part e keeps F rising where no value lies, so that the map has an inverse with digits to spare.
//! Where the slope falls towards an extreme, it goes on to fall over four units of u: du/dx = s exp(-r u), r as over the last two
//! units. A straight line would take a heavy tail for a normal one.
//!
//! Noise around rounded values is not drawn: equal values lie evenly spread over its width. Without noise they stay one knot.

use super::normal::quantile;
use super::spline::{Knot, Spline};

/// K, half the root of the rows, at least.
const LEAST: f64 = 4.0;
/// At most, for a column of the table and for a whitened one.
const FEW: f64 = 8.0;
const MANY: f64 = 100.0;
/// Values beyond a quantile of the tails, at least.
const BEYOND: f64 = 2.0;
/// Knots closer than this share of the range, or in u, are one.
const CLOSE: f64 = 1e-12;
const CLOSE_U: f64 = 1e-9;

/// How far beyond the last knot those of a heavy tail lie, in u.
const TAIL: [f64; 3] = [1.0, 2.0, 4.0];
/// r there: below the one a straight line does as well, above the other it would leave the range far behind.
const SLOW: f64 = 0.01;
const FAST: f64 = 2.0;

/// What a map is fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A column of the table.
    Own,
    /// A whitened column: a straight line beyond its extremes, as the inner rows are all of its scale. A slope that goes on to fall
    /// from rows far out would send samples through the inverses of the maps before it to any number there is.
    Whitened,
}

/// The map of a sample of a column in noise of this width, 0 for none. None of a sample that is constant or not finite.
pub fn normal(mut sample: Vec<f64>, jitter: f64, column: ColumnKind) -> Option<Spline> {
    sample.sort_by(f64::total_cmp);
    let levels = (0.5 * (sample.len() as f64).sqrt()).round();
    let levels = levels.clamp(
        LEAST,
        match column {
            ColumnKind::Own => FEW,
            ColumnKind::Whitened => MANY,
        },
    );
    let edges = spread(&mut sample, jitter, 1.0 / levels);
    let (low, high) = (*sample.first()?, *sample.last()?);
    let range = high - low;
    if !(range > 0.0 && range.is_finite()) {
        return None;
    }
    let inside = |x: &f64| (low..=high).contains(x);
    let mut places: Vec<f64> = quantiles(&sample, levels).chain(edges).collect();
    places.retain(inside);
    places.sort_by(f64::total_cmp);
    let distribution = Distribution {
        even: 0.25 / sample.len() as f64,
        sample,
    };
    let mut knots = vec![distribution.knot(low)];
    let end = distribution.knot(high);
    for x in places {
        let knot = distribution.knot(x);
        if apart(&knots[knots.len() - 1], &knot, range) && apart(&knot, &end, range) {
            knots.push(knot);
        }
    }
    knots.push(end);
    if column == ColumnKind::Whitened {
        let spline = Spline::through(&knots);
        return spline.is_sound().then_some(spline);
    }
    let mirrored: Vec<Knot> = knots.iter().rev().map(mirror).collect();
    let (upper, lower) = (tail(&knots), tail(&mirrored));
    let lower = lower.iter().rev().map(mirror);
    let knots: Vec<Knot> = lower.chain(knots).chain(upper).collect();
    let spline = Spline::through(&knots);
    spline.is_sound().then_some(spline)
}

fn mirror(knot: &Knot) -> Knot {
    Knot {
        x: -knot.x,
        u: -knot.u,
    }
}

/// Knots beyond the last one where the slope falls towards it, as a straight line would take a heavy tail for a normal one.
fn tail(knots: &[Knot]) -> Vec<Knot> {
    let [.., end] = knots else {
        return Vec::new();
    };
    // Single gaps between extremes are chance.
    let within = |knot: &&Knot, from: &Knot| from.u - knot.u >= TAIL[0];
    let near = knots.iter().rfind(|knot| within(knot, end));
    let far = near.and_then(|near| knots.iter().rfind(|knot| within(knot, near)));
    let (Some(near), Some(far)) = (near, far) else {
        return Vec::new();
    };
    let secant = |from: &Knot, to: &Knot| (to.u - from.u) / (to.x - from.x);
    let (outer, inner) = (secant(near, end), secant(far, near));
    let middles = 0.5 * (end.u - far.u);
    let fall = (libm::log(inner / outer) / middles).min(FAST);
    if fall < SLOW {
        return Vec::new();
    }
    let width = |u: f64| libm::exp(fall * (u - 0.5 * (near.u + end.u))) / (fall * outer);
    let knot = |off: f64| Knot {
        x: end.x + width(end.u + off) - width(end.u),
        u: end.u + off,
    };
    TAIL.map(knot).to_vec()
}

fn apart(left: &Knot, right: &Knot, range: f64) -> bool {
    right.x - left.x > CLOSE * range && right.u - left.u > CLOSE_U
}

/// Spreads equal values of a sorted sample over the width of the noise, and sorts again; the edges of the noise around those that
/// are at least this share of the sample.
pub(super) fn spread(sample: &mut [f64], jitter: f64, share: f64) -> Vec<f64> {
    let mut edges = Vec::new();
    if jitter == 0.0 {
        return edges;
    }
    let n = sample.len() as f64;
    for equal in sample.chunk_by_mut(|a, b| a == b) {
        let (value, times) = (equal[0], equal.len() as f64);
        for (i, value) in equal.iter_mut().enumerate() {
            *value += jitter * ((i as f64 + 0.5) / times - 0.5);
        }
        if times >= share * n {
            edges.extend([value - 0.5 * jitter, value + 0.5 * jitter]);
        }
    }
    sample.sort_by(f64::total_cmp);
    edges
}

/// The sample's values at the levels of the knots.
fn quantiles(sample: &[f64], levels: f64) -> impl Iterator<Item = f64> {
    let n = sample.len() as f64;
    let body = (0..levels as u32).map(move |k| (f64::from(k) + 0.5) / levels);
    let tails = (1..).map(move |j| 0.5 / levels / 4_f64.powi(j));
    let tails = tails.take_while(move |p| p * n >= BEYOND);
    let all = body.chain(tails.flat_map(|p| [p, 1.0 - p]));
    all.filter_map(move |p| sample.get((p * n) as usize).copied())
}

/// F of a sorted sample.
struct Distribution {
    sample: Vec<f64>,
    /// e
    even: f64,
}

impl Distribution {
    fn knot(&self, x: f64) -> Knot {
        let below = self.sample.partition_point(|value| *value < x);
        let with = self.sample.partition_point(|value| *value <= x);
        let (low, high) = (self.sample[0], self.sample[self.sample.len() - 1]);
        let middle = 0.5 * (below + with) as f64 / self.sample.len() as f64;
        let even = (x - low) / (high - low);
        let p = (1.0 - self.even) * middle + self.even * even;
        Knot { x, u: quantile(p) }
    }
}
