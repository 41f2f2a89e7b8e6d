//! Which maps the columns get before the flow learns them: chosen together, by what they leave to be learned.
//!
//! ```text
//! score = mean over the inner rows of  D / 2 - sum over k of log g_k'(x_k)    + sum over k of log L_kk    + cost of the maps
//! cost of a map = WORTH, of a fitted one FITTED + knots / n
//! ```
//!
//! That is the negative log density by the normal whose covariance is that of the inner rows of g(x), L L', but for a constant; D as
//! in `covariance.rs`. Columns that are products of others are sums of them as logarithms, which a choice for each column alone
//! does not see: on diamonds, 7 columns, the median of -log p by such a normal is -1.3 nats without maps, -2.7 with the logarithms of
//! carat and price, and -4.8 with those of x, y and z besides (in a prototype).
//!
//! Begun from the best of: no maps, each column's best alone, all the logarithms that there are; then one column after another
//! takes its best, until none changes. Of many columns the first step alone is taken.

use crate::headless::number::{general, setting};
use crate::scaling::Map;
use crate::scaling::covariance::inner;
use crate::session::Transform;

/// Nats from which on a map is worth its while, and a fitted one, which bends at every knot.
const WORTH: f64 = 0.05;
const FITTED: f64 = 0.1;
/// Rows that are looked at, at most.
pub const ROWS: usize = 4096;
/// Products of all looks at the rows together; beyond, columns are not changed one by one.
const PRODUCTS: usize = 1 << 31;
/// Rounds over the columns, at most.
const ROUNDS: usize = 4;
/// The scale of an inverse hyperbolic sine for a column from 0 on: this share of that quantile of the values above 0.
const SMALL: (f64, f64) = (0.1, 0.01);
/// Digits of figures in words, of a scale, and of a center in scales.
const DIGITS: usize = 2;

/// A map and the reason for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The map.
    pub transform: Transform,
    /// In words.
    pub why: String,
}

/// A column as it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Width of its noise, 0 for none.
    pub jitter: f64,
    /// The least value of all rows.
    pub least: f64,
}

/// A map of a column of the sample.
struct Candidate {
    transform: Transform,
    /// Whether it is a logarithm, or as good as one.
    logarithm: bool,
    /// g of the column.
    values: Vec<f64>,
    /// log g' there.
    slopes: Vec<f64>,
    /// Nats that it has to gain.
    cost: f64,
}

/// The maps of the columns, None for those that are well as they are, by a sample of their rows in their noise, row-major.
pub fn choose(rows: &[f64], columns: &[Look]) -> Vec<Option<Choice>> {
    let d = columns.len();
    let column = |i: usize| rows.iter().skip(i).step_by(d).copied().collect();
    let candidates = |(i, look): (usize, &Look)| candidates(column(i), *look);
    let columns: Vec<Vec<Candidate>> = columns.iter().enumerate().map(candidates).collect();
    if !score(&columns, &vec![0; d]).is_finite() {
        return vec![None; d];
    }
    let mut best = start(&columns);
    let looks = ROUNDS * columns.iter().map(Vec::len).sum::<usize>();
    if looks * rows.len() * d <= PRODUCTS {
        refine(&columns, &mut best);
    }
    let score_of = |choice: &[usize]| score(&columns, choice);
    let all = score_of(&best);
    let why = |(i, &k): (usize, &usize)| {
        let candidate = &columns[i][k];
        let word = match candidate.transform {
            Transform::None => return None,
            Transform::Log => "learned as its logarithm".to_owned(),
            Transform::Asinh(0.0, scale) => {
                format!(
                    "learned as its logarithm, but straight below {}",
                    setting(scale)
                )
            }
            Transform::Asinh(center, scale) => format!(
                "learned as its logarithm on both sides of {}, but straight within {}",
                setting(center),
                setting(scale)
            ),
            Transform::Normal | Transform::Logit(..) => "made normal".to_owned(),
        };
        let mut without = best.clone();
        without[i] = 0;
        let nats = general(score_of(&without) - all + candidate.cost, DIGITS);
        Some(Choice {
            transform: candidate.transform,
            why: format!("{word}: {nats} nats less to be learned of the columns together"),
        })
    };
    best.iter().enumerate().map(why).collect()
}

/// The maps that there are for a column, the first of them none.
fn candidates(column: Vec<f64>, look: Look) -> Vec<Candidate> {
    let positive = look.least - 0.5 * look.jitter > 0.0;
    let mut sorted = column.clone();
    sorted.sort_by(f64::total_cmp);
    let mut found = vec![Candidate {
        transform: Transform::None,
        logarithm: false,
        slopes: vec![0.0; column.len()],
        cost: 0.0,
        values: column.clone(),
    }];
    let two_sided = two_sided(&sorted);
    let from_zero = (look.least >= 0.0).then(|| from_zero(&sorted)).flatten();
    let logarithm = if positive {
        Some(Transform::Log)
    } else {
        from_zero
    };
    let others = [two_sided, Some(Transform::Normal)];
    for (transform, logarithm) in [(logarithm, true)]
        .into_iter()
        .chain(others.map(|map| (map, false)))
    {
        let Some(transform) = transform else { continue };
        let Some(map) = Map::fit(transform, column.clone(), look.jitter) else {
            continue;
        };
        let values: Vec<f64> = column.iter().map(|&x| map.value(x)).collect();
        let slopes: Vec<f64> = values.iter().map(|&u| map.log_slope(u)).collect();
        if values.iter().chain(&slopes).all(|value| value.is_finite()) {
            let cost = match &map {
                Map::Normal(spline) => FITTED + spline.knots() as f64 / column.len() as f64,
                _ => WORTH,
            };
            found.push(Candidate {
                cost,
                transform,
                logarithm,
                values,
                slopes,
            });
        }
    }
    found
}

/// The inverse hyperbolic sine that is a logarithm but for the least values of a column from 0 on.
fn from_zero(sorted: &[f64]) -> Option<Transform> {
    let (share, quantile) = SMALL;
    let above = &sorted[sorted.partition_point(|x| *x <= 0.0)..];
    let small = above.get((quantile * above.len() as f64) as usize)?;
    Some(Transform::Asinh(0.0, rounded(share * small, 0)))
}

/// The inverse hyperbolic sine about the median in units of the distance of the quartiles.
fn two_sided(sorted: &[f64]) -> Option<Transform> {
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
    let scale = rounded(at(0.75) - at(0.25), 0);
    let center = scale / 10.0 * (10.0 * at(0.5) / scale).round();
    (scale > 0.0 && center.is_finite()).then(|| Transform::Asinh(rounded(center, 5), scale))
}

/// A number with one digit and so many behind it.
fn rounded(x: f64, digits: usize) -> f64 {
    format!("{x:.digits$e}").parse().unwrap_or(x)
}

/// The best of the choices to begin with.
fn start(columns: &[Vec<Candidate>]) -> Vec<usize> {
    let none = vec![0; columns.len()];
    let alone = |column: &Vec<Candidate>| {
        let one = |k: &usize| score(std::slice::from_ref(column), &[*k]);
        least(0..column.len(), one)
    };
    let alone = columns.iter().map(alone).collect();
    let logarithm = |column: &Vec<Candidate>| {
        let found = column.iter().position(|candidate| candidate.logarithm);
        found.unwrap_or(0)
    };
    let logarithms = columns.iter().map(logarithm).collect();
    least([none, alone, logarithms], |choice| score(columns, choice))
}

/// Takes the best map for one column after another while the others keep theirs.
fn refine(columns: &[Vec<Candidate>], best: &mut [usize]) {
    for _ in 0..ROUNDS {
        let before = best.to_vec();
        for i in 0..columns.len() {
            let with = |k: &usize| {
                let mut choice = best.to_vec();
                choice[i] = *k;
                score(columns, &choice)
            };
            best[i] = least(0..columns[i].len(), with);
        }
        if *best == *before {
            break;
        }
    }
}

/// The one with the least score, of equals the first.
fn least<T>(of: impl IntoIterator<Item = T>, score: impl Fn(&T) -> f64) -> T {
    let scored = of.into_iter().map(|one| (score(&one), one));
    let better = |a: (f64, T), b: (f64, T)| if b.0 < a.0 { b } else { a };
    scored.reduce(better).expect("there is a candidate").1
}

/// Of a choice of one candidate of each column; infinite where the inner rows have no covariance.
fn score(columns: &[Vec<Candidate>], choice: &[usize]) -> f64 {
    let chosen = || columns.iter().zip(choice).map(|(column, &k)| &column[k]);
    let n = columns[0][0].values.len();
    let rows: Vec<f64> = (0..n)
        .flat_map(|row| chosen().map(move |candidate| candidate.values[row]))
        .collect();
    let Some(inner) = inner(&rows, columns.len()) else {
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

    const PLAIN: Look = Look {
        jitter: 0.0,
        least: f64::NEG_INFINITY,
    };

    fn chosen(columns: &[Vec<f64>]) -> Vec<Transform> {
        let looks: Vec<Look> = columns
            .iter()
            .map(|column| Look {
                jitter: 0.0,
                least: column.iter().copied().fold(f64::INFINITY, f64::min),
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
