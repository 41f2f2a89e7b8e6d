//! The choice of the maps of the columns: those that together leave the least to be learned by the flow.
//!
//! ```text
//! score = mean over the inner rows of  D / 2 - sum over k of log g_k'(x_k)    + sum over k of log L_kk    + cost of the maps
//! cost of a map = WORTH, of a fitted one FITTED + knots / n
//! ```
//!
//! That is the negative log density by the normal whose covariance is that of the inner rows of g(x), L L', but for a constant; D as
//! in `covariance.rs`. The maps are chosen together, as columns that are products of others are sums of them as logarithms, which a
//! choice for each column alone does not see.
//!
//! Where a column has bounds, its map is that of the bounds; where a few rows lie far out, one that brings them near.
//!
//! The search starts from the best of three choices: no maps, each column's best alone, all logarithms. Then one column after another
//! takes its best map, until none changes. For many columns only the first step is made.

use crate::headless::number::{format_number, format_setting};
use crate::scaling::ColumnMap;
use crate::scaling::covariance::find_inner_rows;
use crate::session::{ColumnBounds, Transform};

/// Cost of a map, nats: it has to gain more.
const WORTH: f64 = 0.05;
/// Cost of a fitted map, nats: it bends at every knot.
const FITTED: f64 = 0.1;
/// Largest number of rows that the score is computed from.
pub const ROWS: usize = 4096;
/// Largest number of products of the second step; where it would need more it is left out.
const PRODUCTS: usize = 1 << 31;
/// Largest number of rounds over the columns.
const ROUNDS: usize = 4;
/// Scale of an inverse hyperbolic sine for a column of values from 0 on, as a share of a small value.
const SMALL_SHARE: f64 = 0.1;
/// Quantile of the values above 0 that is the small value.
const SMALL_QUANTILE: f64 = 0.01;
/// Share of the largest value below which a value is 0 but for its rounding.
const ZERO: f64 = 1e-12;
/// Significant digits of nats in messages.
const DIGITS: usize = 2;

/// A map of a column and the reason for it.
#[derive(Clone, Debug, PartialEq)]
pub struct MapChoice {
    /// The map.
    pub transform: Transform,
    /// Bounds that choose the map; None where `transform` does.
    pub bounds: Option<ColumnBounds>,
    /// Reason, as the comment of the session has it.
    pub reason: String,
}

/// The properties of a column that its maps depend on.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSummary {
    /// Width of the noise, 0 for none.
    pub jitter: f64,
    /// Least value of all rows.
    pub least: f64,
    /// What restricts the choice.
    pub limit: MapLimit,
}

/// A limit to the maps that a column may get.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum MapLimit {
    /// Any map, or none.
    #[default]
    Any,
    /// The map of these bounds.
    Bounds(ColumnBounds),
    /// The map of these bounds, beyond which a column of few values has none.
    Few(ColumnBounds),
    /// A logarithm on both sides of the median: a few rows lie far out.
    BothSides,
}

/// A map that may be chosen for a column, with its values on the sample.
struct MapCandidate {
    transform: Transform,
    /// Whether the map is a logarithm, or one but for values near 0.
    logarithm: bool,
    /// Values g(x).
    values: Vec<f64>,
    /// Log slopes log g'(x).
    slopes: Vec<f64>,
    /// Cost, nats.
    cost: f64,
}

/// Chooses the maps of columns from a sample of rows with their noise, row-major; None for a column that gets none.
pub fn choose(rows: &[f64], summaries: &[ColumnSummary]) -> Vec<Option<MapChoice>> {
    let d = summaries.len();
    let column = |i: usize| rows.iter().skip(i).step_by(d).copied().collect();
    let candidates = |(i, summary): (usize, &ColumnSummary)| candidates(column(i), *summary);
    let columns = summaries.iter().enumerate().map(candidates);
    let columns: Vec<Vec<MapCandidate>> = columns.collect();
    let mut best = vec![0; d];
    if score(&columns, &best).is_finite() {
        best = starting_choice(&columns);
        let scores = ROUNDS * columns.iter().map(Vec::len).sum::<usize>();
        if scores * rows.len() * d <= PRODUCTS {
            refine(&columns, &mut best);
        }
    }
    let score_of = |choice: &[usize]| score(&columns, choice);
    let all = score_of(&best);
    let choice = |(i, &k): (usize, &usize)| {
        let candidate = &columns[i][k];
        let limit = summaries[i].limit;
        let bounded = match limit {
            MapLimit::Bounds(bounds) => Some((
                bounds,
                "many values lie near that end and samples would lie beyond",
            )),
            MapLimit::Few(bounds) => Some((bounds, "there are no values beyond")),
            MapLimit::Any | MapLimit::BothSides => None,
        };
        if let Some((bounds, why)) = bounded {
            return Some(MapChoice {
                transform: candidate.transform,
                bounds: Some(bounds),
                reason: format!("{bounds}, as {why}"),
            });
        }
        let word = match candidate.transform {
            Transform::None => return None,
            Transform::Log => "learned as its logarithm".to_owned(),
            Transform::Asinh(0.0, scale) => {
                format!(
                    "learned as its logarithm, but straight below {}",
                    format_setting(scale)
                )
            }
            Transform::Asinh(center, scale) => format!(
                "learned as its logarithm on both sides of {}, but straight within {}",
                format_setting(center),
                format_setting(scale)
            ),
            _ => "made normal".to_owned(),
        };
        if limit == MapLimit::BothSides {
            return Some(MapChoice {
                transform: candidate.transform,
                bounds: None,
                reason: format!("{word}, as a few rows lie far out"),
            });
        }
        let mut without = best.clone();
        without[i] = 0;
        let nats = format_number(score_of(&without) - all + candidate.cost, DIGITS);
        Some(MapChoice {
            transform: candidate.transform,
            bounds: None,
            reason: format!("{word}: {nats} nats less to be learned of the columns together"),
        })
    };
    best.iter().enumerate().map(choice).collect()
}

/// The candidates for a column; the first is no map, unless what limits the choice demands one.
fn candidates(column: Vec<f64>, summary: ColumnSummary) -> Vec<MapCandidate> {
    let positive = summary.least - 0.5 * summary.jitter > 0.0;
    let mut sorted = column.clone();
    sorted.sort_by(f64::total_cmp);
    let mut found = vec![MapCandidate {
        transform: Transform::None,
        logarithm: false,
        slopes: vec![0.0; column.len()],
        cost: 0.0,
        values: column.clone(),
    }];
    let two_sided = two_sided(&sorted);
    let from_zero = (summary.least >= 0.0).then(|| from_zero(&sorted)).flatten();
    let logarithm = if positive {
        Some(Transform::Log)
    } else {
        from_zero
    };
    let maps = match summary.limit {
        MapLimit::Any => vec![
            (logarithm, true),
            (two_sided, false),
            (Some(Transform::Normal), false),
        ],
        MapLimit::BothSides => vec![(two_sided, false)],
        MapLimit::Bounds(bounds) | MapLimit::Few(bounds) => vec![(Some(bounds.map()), true)],
    };
    for (transform, logarithm) in maps {
        let Some(transform) = transform else { continue };
        let Some(map) = ColumnMap::fit(transform, column.clone(), summary.jitter) else {
            continue;
        };
        let values: Vec<f64> = column.iter().map(|&x| map.value(x)).collect();
        let slopes: Vec<f64> = values.iter().map(|&u| map.log_slope(u)).collect();
        if values.iter().chain(&slopes).all(|value| value.is_finite()) {
            let cost = match &map {
                ColumnMap::Normal(spline) => FITTED + spline.knots() as f64 / column.len() as f64,
                _ => WORTH,
            };
            found.push(MapCandidate {
                cost,
                transform,
                logarithm,
                values,
                slopes,
            });
        }
    }
    if summary.limit != MapLimit::Any && found.len() > 1 {
        found.remove(0);
    }
    found
}

/// The inverse hyperbolic sine that is a logarithm but for the least values of a column of values from 0 on.
fn from_zero(sorted: &[f64]) -> Option<Transform> {
    let zero = ZERO * sorted.last()?;
    let above = &sorted[sorted.partition_point(|x| *x <= zero)..];
    let small = above.get((SMALL_QUANTILE * above.len() as f64) as usize)?;
    Some(Transform::Asinh(0.0, rounded(SMALL_SHARE * small, 0)))
}

/// The inverse hyperbolic sine around the median in units of the distance of the quartiles.
fn two_sided(sorted: &[f64]) -> Option<Transform> {
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
    let scale = rounded(at(0.75) - at(0.25), 0);
    // A median just below 0 is rounded to -0.0; the sum with 0.0 is 0.0.
    let center = scale / 10.0 * (10.0 * at(0.5) / scale).round() + 0.0;
    (scale > 0.0 && center.is_finite()).then(|| Transform::Asinh(rounded(center, 5), scale))
}

/// Rounds a number to one digit and `digits` more.
fn rounded(x: f64, digits: usize) -> f64 {
    format!("{x:.digits$e}").parse().unwrap_or(x)
}

/// The best of the choices that the search starts from.
fn starting_choice(columns: &[Vec<MapCandidate>]) -> Vec<usize> {
    let none = vec![0; columns.len()];
    let alone = |column: &Vec<MapCandidate>| {
        let one = |k: &usize| score(std::slice::from_ref(column), &[*k]);
        least(0, 1..column.len(), one)
    };
    let alone = columns.iter().map(alone).collect();
    let logarithm = |column: &Vec<MapCandidate>| {
        let found = column.iter().position(|candidate| candidate.logarithm);
        found.unwrap_or(0)
    };
    let logarithms = columns.iter().map(logarithm).collect();
    least(none, [alone, logarithms], |choice| score(columns, choice))
}

/// Takes the best map for one column after another while the others keep theirs.
fn refine(columns: &[Vec<MapCandidate>], best: &mut [usize]) {
    for _ in 0..ROUNDS {
        let before = best.to_vec();
        for i in 0..columns.len() {
            let with = |k: &usize| {
                let mut choice = best.to_vec();
                choice[i] = *k;
                score(columns, &choice)
            };
            best[i] = least(0, 1..columns[i].len(), with);
        }
        if *best == *before {
            break;
        }
    }
}

/// The item with the least score, of equal ones the first.
fn least<T>(first: T, others: impl IntoIterator<Item = T>, score: impl Fn(&T) -> f64) -> T {
    let scored = |item: T| (score(&item), item);
    let better = |a: (f64, T), b: (f64, T)| if b.0 < a.0 { b } else { a };
    let others = others.into_iter().map(scored);
    others.fold(scored(first), better).1
}

/// The score of a choice of one candidate of each column; infinite where the inner rows have no covariance.
fn score(columns: &[Vec<MapCandidate>], choice: &[usize]) -> f64 {
    let chosen = || columns.iter().zip(choice).map(|(column, &k)| &column[k]);
    let n = columns[0][0].values.len();
    let rows: Vec<f64> = (0..n)
        .flat_map(|row| chosen().map(move |candidate| candidate.values[row]))
        .collect();
    let Some(inner) = find_inner_rows(&rows, columns.len()) else {
        return f64::INFINITY;
    };
    let slopes = |&row: &usize| chosen().map(|candidate| candidate.slopes[row]).sum::<f64>();
    let slopes = inner.rows.iter().map(slopes).sum::<f64>() / inner.rows.len() as f64;
    let cost: f64 = chosen().map(|candidate| candidate.cost).sum();
    inner.energy - slopes - inner.whitening.log_determinant() + cost
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::data::random::{Stream, generator};

    const PLAIN: ColumnSummary = ColumnSummary {
        jitter: 0.0,
        least: f64::NEG_INFINITY,
        limit: MapLimit::Any,
    };

    fn chosen(columns: &[Vec<f64>]) -> Vec<Transform> {
        let looks: Vec<ColumnSummary> = columns
            .iter()
            .map(|column| ColumnSummary {
                jitter: 0.0,
                least: column.iter().copied().fold(f64::INFINITY, f64::min),
                limit: MapLimit::Any,
            })
            .collect();
        let rows: Vec<f64> = (0..columns[0].len())
            .flat_map(|row| columns.iter().map(move |column| column[row]))
            .collect();
        let choices = choose(&rows, &looks);
        choices
            .into_iter()
            .map(|choice| choice.map_or(Transform::None, |choice| choice.transform))
            .collect()
    }

    fn normal(n: usize, stream: u64) -> Vec<f64> {
        let mut rng = generator(stream, Stream::Samples);
        (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
    }

    #[test]
    fn a_column_gets_the_map_that_its_shape_asks_for() {
        for n in [30, 300, 4000] {
            assert_eq!(chosen(&[normal(n, 1)]), [Transform::None], "{n}");
        }
        let map = |of: fn(f64) -> f64| chosen(&[normal(4000, 2).into_iter().map(of).collect()])[0];
        assert_eq!(map(f64::exp), Transform::Log);
        let heavy = map(|x| (1.3 * x).sinh());
        assert!(
            matches!(heavy, Transform::Asinh(center, scale) if center.abs() < 0.2 && scale > 0.0),
            "{heavy:?}"
        );
        // Two peaks.
        assert_eq!(map(|x| 0.1 * x + 5.0 * x.signum()), Transform::Normal);
        assert_eq!(chosen(&[vec![3.0; 100]]), [Transform::None]);
        assert!(choose(&[1.0], &[PLAIN])[0].is_none());
    }

    #[test]
    fn factors_of_a_product_become_terms_of_a_sum() {
        // No column is far from normal alone.
        let (a, b, c) = (normal(4000, 3), normal(4000, 4), normal(4000, 5));
        let width: Vec<f64> = a.iter().map(|a| 5.0 + 0.5 * a).collect();
        let height: Vec<f64> = b.iter().map(|b| 9.0 + 0.8 * b).collect();
        let area = width.iter().zip(&height).zip(&c);
        let area = area
            .map(|((width, height), c)| width * height * (0.001 * c).exp())
            .collect();
        assert_eq!(chosen(std::slice::from_ref(&width)), [Transform::None]);
        assert_eq!(chosen(&[width, height, area]), [Transform::Log; 3]);
    }

    #[test]
    fn a_center_is_never_a_negative_zero() {
        // The median is a little below 0: a share of the scale that is rounded away.
        let sorted = [-2.0, -1.0, -1e-9, 1.0, 2.0];
        let Some(Transform::Asinh(center, scale)) = two_sided(&sorted) else {
            panic!("no map");
        };
        assert_eq!((center.to_bits(), scale), (0.0_f64.to_bits(), 2.0));
    }

    #[test]
    fn zeros_keep_a_logarithm_straight_near_them() {
        let mut column: Vec<f64> = normal(4000, 6).iter().map(|x| (1.5 * x).exp()).collect();
        column[17] = 0.0;
        let map = chosen(&[column])[0];
        // A tenth of exp(-1.5 * 2.33), which a hundredth of the values lie below.
        assert!(
            matches!(map, Transform::Asinh(0.0, scale) if (0.002..0.005).contains(&scale)),
            "{map:?}"
        );
    }
}
