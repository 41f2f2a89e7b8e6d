//! The search for the faults of a column in a sample of its values v.
//!
//! ```text
//! sentinel    values at the ends of the range, in several rows, further from most others than these are from each other
//! suspect     a value at an end that often stands for a missing one, apart from the others or far more frequent than any of them
//! outlier     98 % of the rows within OUTLIER of the range of g(v)                               g: the map of the session
//! heavy tail  rows, TOP of all, with more than HEAVY (HEAVY_MAPPED with a map) of the sum of squares of g(v) about the median,
//!             and a tail index by Hill's estimate below TAIL_INDEX; otherwise these are rows far out
//! atom        a value in a large share of the rows of a column of many values: without noise, denser than AT_LEAST even ones, or
//!             far more frequent than any other
//! rounded     no more different values than half of the rows, atoms apart, and no noise
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
/// Tail index above which a few rows that have the variance are no tail.
const TAIL_INDEX: f64 = 2.5;
/// Shares of the rows that a tail index is estimated from.
const TAIL_PARTS: [f64; 3] = [0.02, 0.01, 0.005];
/// Number of rows that a tail index is estimated from, at least.
const TAIL_ROWS: usize = 5;
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
/// Number of the values that may be atoms of a column whose other values do not recur.
const FEW_ATOMS: usize = 3;
/// Distance of a suspect from the others, in usual gaps between values.
const APART: f64 = 1.5;
/// Density of an atom in noise at least, in densities of a uniform column.
const AT_LEAST: f64 = 100.0;
/// Values that columns are bounded by: 0, and the largest share, as such and in percent.
const ENDS: [f64; 3] = [0.0, 1.0, 100.0];
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
        let suspect = suspect(&sorted, column.jitter);
        let recurring = || recurring(&sorted, column.jitter, extremes.range());
        let recurring = suspect.or_else(recurring);
        if let Some(FaultKind::Atom { value, .. }) = recurring
            && !ENDS.iter().any(|end| (value - end).abs() <= column.jitter)
        {
            // A spike off an end is no mass at it.
            sorted.retain(|x| *x != value);
        }
        kinds.extend(recurring);
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

/// Sentinels at both ends of sorted values: as many as lie far from all others.
fn sentinels(sorted: &[f64]) -> Vec<FaultKind> {
    let low: Vec<&[f64]> = recurring_runs(sorted.chunk_by(|a, b| a == b));
    let high: Vec<&[f64]> = recurring_runs(sorted.chunk_by(|a, b| a == b).rev());
    let choices = (1..=low.len() + high.len()).rev();
    let choices = choices.flat_map(|all| (0..=all).map(move |below| (below, all - below)));
    let possible = |(below, above): &(usize, usize)| *below <= low.len() && *above <= high.len();
    for (below, above) in choices.filter(possible) {
        let (low, high) = (&low[..below], &high[..above]);
        if are_far(sorted, low, high) {
            let sentinel = |run: &&[f64]| FaultKind::Sentinel {
                value: run[0],
                share: run.len() as f64 / sorted.len() as f64,
            };
            return low.iter().chain(high).map(sentinel).collect();
        }
    }
    Vec::new()
}

/// The first runs of equal values, as long as they recur as sentinels do.
fn recurring_runs<'v>(runs: impl Iterator<Item = &'v [f64]>) -> Vec<&'v [f64]> {
    let recurring = runs.take(SENTINELS);
    recurring.take_while(|run| run.len() >= RECURRING).collect()
}

/// Whether the values of runs at the ends of sorted values lie far from all others, which are most of them.
fn are_far(sorted: &[f64], low: &[&[f64]], high: &[&[f64]]) -> bool {
    let rows = |runs: &[&[f64]]| runs.iter().map(|run| run.len()).sum::<usize>();
    let (first, beyond) = (rows(low), sorted.len().saturating_sub(rows(high)));
    if beyond < first + LEAST_ROWS.max(sorted.len() / 2) {
        return false;
    }
    let others = &sorted[first..beyond];
    let spread = quantile(others, 0.75) - quantile(others, 0.25);
    let far = |gap: f64| gap > FAR * spread && gap > width(inner(others));
    different(others) >= VALUES
        && low.last().is_none_or(|run| far(others[0] - run[0]))
        && high
            .last()
            .is_none_or(|run| far(run[0] - others[others.len() - 1]))
}

/// The number of different values of sorted ones.
fn different(sorted: &[f64]) -> usize {
    sorted.chunk_by(|a, b| a == b).count()
}

/// A value at an end of sorted values that is often written for a missing one, and stands apart from the others or is far more
/// frequent.
fn suspect(sorted: &[f64], jitter: f64) -> Option<FaultKind> {
    let runs: Vec<&[f64]> = sorted.chunk_by(|a, b| a == b).collect();
    let [first, second, .., last_but_one, last] = &runs[..] else {
        return None;
    };
    if runs.len() <= VALUES {
        return None;
    }
    let mut gaps: Vec<f64> = runs
        .windows(2)
        .map(|pair| pair[1][0] - pair[0][0])
        .collect();
    gaps.sort_by(f64::total_cmp);
    let apart = (APART * quantile(&gaps, 0.5)).max(jitter) * if jitter > 0.0 { 1.0 } else { APART };
    let inner = &runs[1..runs.len() - 1];
    let most = inner.iter().map(|run| run.len()).max().unwrap_or(0);
    let usual = inner.iter().map(|run| run.len()).sum::<usize>() / inner.len().max(1);
    let stands_out = |run: &[f64], next: &[f64]| {
        let alone = (next[0] - run[0]).abs() > apart && run.len() > usual;
        run.len() >= RECURRING
            && 2 * run.len() <= sorted.len()
            && (alone || run.len() >= ATOM_ROWS * most)
    };
    let at_low = is_code(first[0], second[0]) && stands_out(first, second);
    let at_high = is_code(last[0], last_but_one[0]) && stands_out(last, last_but_one);
    let run = if at_low {
        first
    } else if at_high {
        last
    } else {
        return None;
    };
    Some(FaultKind::Suspect {
        value: run[0],
        share: run.len() as f64 / sorted.len() as f64,
    })
}

/// Whether a value is often written for a missing one: nines, or -1 beside values that are none below 0; `next` is the nearest other.
fn is_code(value: f64, next: f64) -> bool {
    let nines =
        value.abs() >= 99.0 && [99.0, 999.0, 9999.0, 99999.0, 999_999.0].contains(&value.abs());
    nines || [-1.0, -9.0].contains(&value) && next >= 0.0
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
    if share <= heavy {
        return None;
    }
    let rows = top as f64 / squares.len() as f64;
    Some(if tail_index(&squares) < TAIL_INDEX {
        FaultKind::HeavyTail { rows, share }
    } else {
        FaultKind::FarRows { rows, share }
    })
}

/// Hill's estimate of the index a of a tail, P(deviation > x) ~ x^-a, from squares of deviations in descending order: the largest of
/// those by different parts of them, as single values far out lower some of them only.
fn tail_index(squares: &[f64]) -> f64 {
    let estimate = |share: &f64| {
        let k = (share * squares.len() as f64) as usize;
        let logs = squares[..k]
            .iter()
            .map(|square| 0.5 * (square / squares[k]).ln());
        (k >= TAIL_ROWS).then(|| k as f64 / logs.sum::<f64>())
    };
    TAIL_PARTS.iter().filter_map(estimate).fold(0.0, f64::max)
}

/// The fault of values that recur: an atom, or rounding without noise.
fn recurring(sorted: &[f64], jitter: f64, range: f64) -> Option<FaultKind> {
    let n = sorted.len();
    let runs: Vec<&[f64]> = sorted.chunk_by(|a, b| a == b).collect();
    let mut times: Vec<usize> = runs.iter().map(|run| run.len()).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    let others = n - times.iter().take(FEW_ATOMS).sum::<usize>();
    if jitter == 0.0 && 2 * runs.len().saturating_sub(FEW_ATOMS) <= others {
        return Some(FaultKind::Rounded {
            values: runs.len(),
            rows: n,
        });
    }
    let most = runs.iter().max_by_key(|run| run.len())?;
    let share = most.len() as f64 / n as f64;
    let atom = if jitter == 0.0 {
        // Values that all recur now and then are rounded.
        let ordinary = times[(ATOMS - 1).min(times.len() - 1)];
        share > ATOM && most.len() >= ATOM_ROWS * ordinary
    } else {
        let second = times.get(1).copied().unwrap_or(0);
        let alone = runs.len() > VALUES && most.len() >= ATOM_ROWS * second;
        share > ATOM_IN_NOISE && (alone || share > AT_LEAST * jitter / range)
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
    let unit = ENDS[1..].iter().copied().find(|unit| largest <= *unit);
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
