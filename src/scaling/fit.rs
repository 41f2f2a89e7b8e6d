//! The fit of the map that makes a column normal: a spline that takes quantiles of the column to quantiles of the normal.
//!
//! ```text
//! u_k = Phi^-1(F(x_k)),    F(x) = (1 - e) (share below x + share at x / 2) + e (x - least) / range,    e = 1 / (4 n)
//! x_k: least and largest value; quantiles at (k + 1/2) / K; at 1 / (2 K 4^j) and its mirror image where two values or more lie
//!      beyond; both edges of the noise around a value that is at least 1 / K of the rows
//! ```
//!
//! K grows with the square root of the rows: a knot costs 1 / (2 n) nats on rows that the map has not seen, and the map of a column of
//! few rows is to be smooth, not to follow single values. K is at most [`FEW`] for a column of the table: thin relations between
//! columns bend at every knot, and the flow has to learn the bends; one smooth peak needs no more knots. Whitened columns have no thin
//! relations left, so that [`MANY`] knots may follow the peaks of rounded values. The extremes are knots, so that one value far out
//! can't take the scale of all the others. The even part e keeps F rising where no value lies, so that the map has an inverse with
//! digits to spare.
//!
//! Where the slope falls towards an extreme, it goes on to fall over four units of u: du/dx = s exp(-r u), r as over the last two
//! units. A straight line would take a heavy tail for a normal one.
//!
//! Noise around rounded values is not drawn: equal values lie evenly spread over its width. Without noise they stay one knot.

use super::normal::quantile;
use super::spline::{Knot, Spline};

/// Smallest K; it is half the square root of the rows.
const LEAST: f64 = 4.0;
/// Largest K for a column of the table.
const FEW: f64 = 8.0;
/// Largest K for a whitened column.
const MANY: f64 = 100.0;
/// Smallest number of values beyond a quantile of the tails.
const BEYOND: f64 = 2.0;
/// Share of the range below which two knots are merged.
const CLOSE: f64 = 1e-12;
/// Distance in u below which two knots are merged.
const CLOSE_U: f64 = 1e-9;

/// Distances in u of the knots of a heavy tail from the last knot of the sample.
const TAIL: [f64; 3] = [1.0, 2.0, 4.0];
/// Rate r below which a straight line does as well.
const SLOW: f64 = 0.01;
/// Largest rate r: a larger one would leave the range of the sample far behind.
const FAST: f64 = 2.0;

/// The kind of column that a map is fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A column of the table.
    Own,
    /// A whitened column: its map is a straight line beyond the extremes, as the inner rows are all of its scale. A slope that goes on
    /// to fall from rows far out would send samples through the inverses of the maps before it to any number there is.
    Whitened,
}

/// Fits the map that makes a column normal to a sample of it with noise of this width, 0 for none. None for a sample that is constant
/// or not finite.
pub fn fit_normal(mut sample: Vec<f64>, jitter: f64, column: ColumnKind) -> Option<Spline> {
    sample.sort_by(f64::total_cmp);
    let levels = (0.5 * (sample.len() as f64).sqrt()).round();
    let levels = levels.clamp(
        LEAST,
        match column {
            ColumnKind::Own => FEW,
            ColumnKind::Whitened => MANY,
        },
    );
    let edges = spread_ties(&mut sample, jitter, 1.0 / levels);
    let (low, high) = (*sample.first()?, *sample.last()?);
    let range = high - low;
    if !(range > 0.0 && range.is_finite()) {
        return None;
    }
    let inside = |x: &f64| (low..=high).contains(x);
    let mut places: Vec<f64> = sample_quantiles(&sample, levels).chain(edges).collect();
    places.retain(inside);
    places.sort_by(f64::total_cmp);
    let distribution = EmpiricalDistribution {
        even: 0.25 / sample.len() as f64,
        sample,
    };
    let mut knots = vec![distribution.knot(low)];
    let end = distribution.knot(high);
    for x in places {
        let knot = distribution.knot(x);
        if are_distinct(&knots[knots.len() - 1], &knot, range) && are_distinct(&knot, &end, range) {
            knots.push(knot);
        }
    }
    knots.push(end);
    if column == ColumnKind::Whitened {
        let spline = Spline::through(&knots);
        return spline.is_sound().then_some(spline);
    }
    let mirrored: Vec<Knot> = knots.iter().rev().map(mirror).collect();
    let (upper, lower) = (tail_knots(&knots), tail_knots(&mirrored));
    let lower = lower.iter().rev().map(mirror);
    let knots: Vec<Knot> = lower.chain(knots).chain(upper).collect();
    let spline = Spline::through(&knots);
    spline.is_sound().then_some(spline)
}

/// The knot at -x and -u.
fn mirror(knot: &Knot) -> Knot {
    Knot {
        x: -knot.x,
        u: -knot.u,
    }
}

/// Knots of a heavy tail beyond the last one; none where the slope does not fall towards it.
fn tail_knots(knots: &[Knot]) -> Vec<Knot> {
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

/// Whether two knots are far enough apart in x and u to be two.
fn are_distinct(left: &Knot, right: &Knot, range: f64) -> bool {
    right.x - left.x > CLOSE * range && right.u - left.u > CLOSE_U
}

/// Spreads equal values of a sorted sample evenly over the width of the noise, and sorts again. The value holds both edges of the
/// noise around every value that is at least this share of the sample.
pub(crate) fn spread_ties(sample: &mut [f64], jitter: f64, share: f64) -> Vec<f64> {
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

/// Values of the sorted sample at the levels of the knots.
fn sample_quantiles(sample: &[f64], levels: f64) -> impl Iterator<Item = f64> {
    let n = sample.len() as f64;
    let body = (0..levels as u32).map(move |k| (f64::from(k) + 0.5) / levels);
    let tails = (1..).map(move |j| 0.5 / levels / 4_f64.powi(j));
    let tails = tails.take_while(move |p| p * n >= BEYOND);
    let all = body.chain(tails.flat_map(|p| [p, 1.0 - p]));
    all.filter_map(move |p| sample.get((p * n) as usize).copied())
}

/// The distribution function F of a sorted sample, with its even part.
struct EmpiricalDistribution {
    sample: Vec<f64>,
    /// Weight e of the even part.
    even: f64,
}

impl EmpiricalDistribution {
    /// The knot (x, Phi^-1(F(x))).
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
