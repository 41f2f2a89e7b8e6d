//! The search for the faults of a column in a sample of its values v.
//!
//! ```text
//! sentinel    a value at an end of the range, in several rows, further from the others than these are from each other
//! outlier     98 % of the rows within OUTLIER of the range of g(v)                               g: the map of the session
//! heavy tail  rows, TOP of all, with more than HEAVY (HEAVY_MAPPED with a map) of the sum of squares of g(v) about the median
//! atom        a value in a large share of the rows of a column of many values, without noise or denser than AT_LEAST even ones
//! rounded     no more different values than half of the rows, and no noise
//! bounded     all values on one side of 0, or between 0 and 1 or 100, and the mass is at that end
//! ```
//!
//! d = distance from the end with quantiles d05, d50, d95; the mass is at it if the column is skewed towards it, 2 d05 < d50 and
//! (d95 - d50) / (d50 - d05) > SKEW, or its tenth of d95 holds DENSE times as many rows as a uniform column has there. Samples of an unbounded flow
//! would lie beyond the end. Both by [`ERRORS`] of a sample of this size. A uniform or normal column has none of these faults.

use super::{ColumnFault, FaultKind};
use crate::data::split_table::sample::{ColumnSample, Extreme};
use crate::scaling::ColumnMap;
use crate::scaling::fit::spread_ties;
use crate::session::ColumnBounds;

/// Smallest number of values by which a column is judged.
const LEAST_ROWS: usize = 20;
/// Smallest number of values by which its tails and ends are judged.
const LEAST_ROWS_OF_TAILS: usize = 50;
/// Share of the rows beyond the inner ones, on each side.
const OUTER: f64 = 0.01;
/// Width of the inner rows, in ranges, below which the range belongs to outliers.
const OUTLIER: f64 = 1e-3;
/// Widths of the inner rows on each side of them within which a row is no outlier.
const REACH: f64 = 10.0;
/// Share of the rows with the largest deviations.
const TOP: f64 = 1e-3;
/// Share of the sum of squares that is too much for them in a column without a map.
const HEAVY: f64 = 0.5;
/// Share of the sum of squares that is too much for them after a map: the others have a third of the deviation then.
const HEAVY_MAPPED: f64 = 0.9;
/// Number of rows of a sentinel, at least.
const RECURRING: usize = 3;
/// Number of different values that a column with sentinels has besides, at least.
const VALUES: usize = 10;
/// Distance of a sentinel from the other values, in widths of their inner rows.
const FAR: f64 = 3.0;
/// Sentinels that are looked for on each side.
const SENTINELS: usize = 3;
/// Share of the rows of an atom in a column with noise.
const ATOM_IN_NOISE: f64 = 0.1;
/// Share of the rows of an atom in a column without noise.
const ATOM: f64 = 0.01;
/// Number of rows of an atom in a column without noise, at least, in rows of an ordinary value.
const ATOM_ROWS: usize = 5;
/// Number of the values that may be atoms: the last of so many frequent ones is ordinary.
const ATOMS: usize = 5;
/// Density of an atom in noise at least, in densities of a uniform column.
const AT_LEAST: f64 = 100.0;
/// Ratio of the widths above and below the median of a column skewed towards its end.
const SKEW: f64 = 1.3;
/// Rows in the tenth at the end, in those of a uniform column.
const DENSE: f64 = 1.4;
/// Standard errors by which a sample has to exceed the two.
const ERRORS: f64 = 4.0;
/// Steps from 0 beyond which half a step is nothing.
const MANY_STEPS: f64 = 10.0;

/// A column as it is judged.
pub(in crate::data) struct JudgedColumn<'a> {
    /// Name of the column.
    pub name: &'a str,
    /// Width of the noise, 0 for none.
    pub jitter: f64,
    /// Map of the session; None for none.
    pub map: Option<&'a ColumnMap>,
}

/// Finds the faults of a column that the session does not treat.
pub(in crate::data) fn find_faults(
    column: &JudgedColumn,
    sample: ColumnSample,
) -> Vec<ColumnFault> {
    let ColumnSample {
        extremes,
        all,
        values: mut sorted,
    } = sample;
    if sorted.len() < LEAST_ROWS {
        return Vec::new();
    }
    sorted.sort_by(f64::total_cmp);
    let mut kinds = sentinels(&sorted);
    if kinds.is_empty() {
        let map = |x: f64| column.map.map_or(x, |map| map.value(x));
        let heavy = column.map.map_or(HEAVY, |_| HEAVY_MAPPED);
        let ends = [extremes.least, extremes.largest];
        let mut mapped: Vec<f64> = sorted.iter().map(|x| map(*x)).collect();
        // Values on a bound are folded back by their noise.
        mapped.retain(|u| u.is_finite());
        kinds.extend(outlier(&mapped, ends, map).or_else(|| heavy_tail(&mapped, heavy)));
        kinds.extend(recurring(&sorted, column.jitter, extremes.range()));
        let open = column.map.is_none_or(|map| !map.bounds().are_finite());
        let bounds = bounds(sorted, column.jitter, [all.least.value, all.largest.value]);
        kinds.extend(bounds.filter(|_| open).map(FaultKind::Bounded));
    }
    let fault = |kind| ColumnFault {
        column: column.name.to_owned(),
        kind,
    };
    kinds.into_iter().map(fault).collect()
}

/// The value of sorted values that a share of them lies below.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[(share * (sorted.len() - 1) as f64).round() as usize]
}

/// The inner ones of sorted values: all but a share, and at least one, on each side.
fn inner(sorted: &[f64]) -> &[f64] {
    let n = sorted.len();
    let outer = ((OUTER * n as f64).ceil() as usize).max(1).min((n - 1) / 2);
    &sorted[outer..n - outer]
}

/// The width of sorted values.
fn width(sorted: &[f64]) -> f64 {
    sorted[sorted.len() - 1] - sorted[0]
}

/// Sentinels at both ends of sorted values.
fn sentinels(sorted: &[f64]) -> Vec<FaultKind> {
    let mut rest = sorted;
    let mut found = Vec::new();
    for _ in 0..2 * SENTINELS {
        let Some((value, others)) = sentinel(rest) else {
            break;
        };
        let share = (rest.len() - others.len()) as f64 / sorted.len() as f64;
        found.push(FaultKind::Sentinel { value, share });
        rest = others;
    }
    found
}

/// A sentinel at an end of sorted values, and the other values.
fn sentinel(sorted: &[f64]) -> Option<(f64, &[f64])> {
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    let above = &sorted[sorted.partition_point(|x| *x <= low)..];
    let below = &sorted[..sorted.partition_point(|x| *x < high)];
    let far = |others: &[f64], value: f64| {
        if sorted.len() - others.len() < RECURRING || others.len() < LEAST_ROWS {
            return false;
        }
        let gap = (value - others[0])
            .abs()
            .min((value - others[others.len() - 1]).abs());
        let different = 1 + others.windows(2).filter(|pair| pair[0] != pair[1]).count();
        // A second sentinel may lie among the others, beyond their inner rows.
        let spread = quantile(others, 0.75) - quantile(others, 0.25);
        different >= VALUES && gap > FAR * spread && gap > width(inner(others))
    };
    if far(above, low) {
        Some((low, above))
    } else if far(below, high) {
        Some((high, below))
    } else {
        None
    }
}

/// The outliers that take up the range of the mapped values, with the ends of the column.
fn outlier(mapped: &[f64], ends: [Extreme; 2], map: impl Fn(f64) -> f64) -> Option<FaultKind> {
    if mapped.len() < LEAST_ROWS {
        return None;
    }
    let inner = inner(mapped);
    let (first, last, close) = (inner[0], inner[inner.len() - 1], width(inner));
    let [low, high] = ends
        .map(|end| map(end.value))
        .map(|u| u.clamp(f64::MIN, f64::MAX));
    let range = high - low;
    if !(close > 0.0 && close < OUTLIER * range) {
        return None;
    }
    let reach = REACH * close;
    let within = |u: &&f64| (first - reach..=last + reach).contains(*u);
    let near: Vec<f64> = mapped.iter().filter(within).copied().collect();
    let furthest = if first - low > high - last {
        ends[0]
    } else {
        ends[1]
    };
    Some(FaultKind::Outlier {
        share: near.len() as f64 / mapped.len() as f64,
        width: width(&near) / range,
        value: furthest.value,
        row: furthest.row + 1,
    })
}

/// The rows that have more than a share of the variance of the mapped values.
fn heavy_tail(mapped: &[f64], heavy: f64) -> Option<FaultKind> {
    if mapped.len() < LEAST_ROWS_OF_TAILS || width(inner(mapped)) == 0.0 {
        return None;
    }
    let median = quantile(mapped, 0.5);
    let mut squares: Vec<f64> = mapped.iter().map(|u| (u - median).powi(2)).collect();
    squares.sort_by(|a, b| b.total_cmp(a));
    let all: f64 = squares.iter().sum();
    let top = ((TOP * squares.len() as f64).ceil() as usize).max(1);
    let share = squares[..top].iter().sum::<f64>() / all;
    (share > heavy).then(|| FaultKind::HeavyTail {
        rows: top as f64 / squares.len() as f64,
        share,
    })
}

/// The fault of values that recur: an atom, or rounding without noise.
fn recurring(sorted: &[f64], jitter: f64, range: f64) -> Option<FaultKind> {
    let n = sorted.len();
    let runs: Vec<&[f64]> = sorted.chunk_by(|a, b| a == b).collect();
    if jitter == 0.0 && 2 * runs.len() <= n {
        return Some(FaultKind::Rounded {
            values: runs.len(),
            rows: n,
        });
    }
    let most = runs.iter().max_by_key(|run| run.len())?;
    let share = most.len() as f64 / n as f64;
    let atom = if jitter == 0.0 {
        let mut times: Vec<usize> = runs.iter().map(|run| run.len()).collect();
        times.sort_unstable();
        // Values that all recur now and then are rounded.
        let ordinary = times[times.len().saturating_sub(ATOMS)];
        share > ATOM && most.len() >= ATOM_ROWS * ordinary
    } else {
        share > ATOM_IN_NOISE && share > AT_LEAST * jitter / range
    };
    atom.then(|| FaultKind::Atom {
        value: most[0],
        share,
    })
}

/// The bounds of a column whose mass is at an end of its range, `ends` those of all rows; None for others, and where a value lies on a
/// bound without noise.
fn bounds(mut sorted: Vec<f64>, jitter: f64, ends: [f64; 2]) -> Option<ColumnBounds> {
    if sorted.len() < LEAST_ROWS_OF_TAILS {
        return None;
    }
    let [least, largest] = ends;
    spread_ties(&mut sorted, jitter, 1.0);
    // Rounded values end half a step beyond the last one that the column may have: 0, or a step from it. Far from 0 that is nothing.
    let beyond = |distance: f64| match jitter {
        step if step == 0.0 || distance >= MANY_STEPS * step => 0.0,
        step if distance >= step => -0.5 * step,
        step => 0.5 * step - distance,
    };
    let is_inside = |distance: f64| distance >= 0.0 && (jitter > 0.0 || distance > 0.0);
    let low = 0.0 - beyond(least);
    let at_low = || is_inside(least) && has_mass_at(&sorted, |x| x - low);
    let unit = [1.0, 100.0].into_iter().find(|unit| largest <= *unit);
    if let Some(unit) = unit.filter(|unit| is_inside(least) && is_inside(unit - largest)) {
        let high = unit + beyond(unit - largest);
        if has_mass_at(&sorted, |x| high - x) {
            return Some(ColumnBounds::Between(low, high));
        }
    }
    if at_low() {
        return Some(ColumnBounds::Above(low));
    }
    let high = beyond(-largest);
    let at_high = is_inside(-largest) && has_mass_at(&sorted, |x| high - x);
    at_high.then_some(ColumnBounds::Below(high))
}

/// Whether the mass of values is at the end that they have this distance from.
fn has_mass_at(sorted: &[f64], distance: impl Fn(f64) -> f64) -> bool {
    let mut distances: Vec<f64> = sorted.iter().map(|x| distance(*x)).collect();
    distances.sort_by(f64::total_cmp);
    let n = distances.len() as f64;
    let [d05, d50, d95] = [0.05, 0.5, 0.95].map(|share| quantile(&distances, share));
    let skew = SKEW + ERRORS / n.sqrt();
    let skewed = 2.0 * d05 < d50 && d95 - d50 > skew * (d50 - d05);
    let tenth = distances.partition_point(|d| *d < 0.1 * d95) as f64;
    // A uniform column has 0.95 tenths of its rows there.
    let uniform = 0.095 * n;
    skewed || tenth > DENSE * uniform + ERRORS * uniform.sqrt()
}

#[cfg(test)]
mod tests;
