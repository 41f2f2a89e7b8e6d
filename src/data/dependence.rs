//! Linear dependence among any number of columns: a rank by pivoted Cholesky factorisation of their correlation matrix R.
//!
//! ```text
//! remainder_i = R_ii - sum over the pivots k of L_ik^2        the share of column i's variance that the pivots leave open
//! pivot: the column with the largest remainder, until all remainders are at most the tolerance; these columns are dependent
//! column i = sum over the pivots j of W_ij column j,      W' = L11^-T L21' (deviations at scale 1)
//! ```
//!
//! The relations e_i - W_i are brought to reduced echelon form from the last column on: each names the last column that it can, and
//! that column is in no other. A column that is left out is then the later one: the sum, not its terms.
//!
//! A sum of n products has a relative error of about sqrt(n) eps, and a remainder that of a few such sums: [`EXACT`] is above it up to
//! ten million rows (7e-13).

/// Remainder, as a share of a column's variance, that is the rounding of sums over the rows.
pub const EXACT: f64 = 1e-12;
/// Coefficient, at scale 1, of what a relation does without: its square is the share of the variance.
const NEGLIGIBLE: f64 = 1e-6;
/// Share of a relation's largest coefficient below which a column is not the one that the relation determines.
const WEAK: f64 = 0.01;

/// A relation: a column that is determined by others.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// Index of the column.
    pub column: usize,
    /// The columns that determine it, each column at deviation 1.
    pub terms: Vec<Term>,
}

/// A column of a relation with its coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// Index of the column.
    pub column: usize,
    /// Coefficient.
    pub coefficient: f64,
}

/// Finds the relations among the columns of a correlation matrix, width x width, row-major, of which the lower triangle is read.
/// `order` has the columns that are looked at; later ones are determined by earlier ones where there is a choice. The remainder of a
/// dependent column is at most `tolerance`.
pub fn find_relations(
    correlation: &[f64],
    width: usize,
    order: &[usize],
    tolerance: f64,
) -> Vec<Relation> {
    let m = order.len();
    let entry = |a: usize, b: usize| {
        let (i, j) = (order[a].max(order[b]), order[a].min(order[b]));
        correlation[i * width + j]
    };
    let Factor {
        pivots,
        chosen,
        rows,
    } = factorize(m, entry, tolerance);
    let dependent = (0..m).filter(|&i| !chosen[i]);
    let mut relations: Vec<Vec<f64>> = dependent
        .map(|i| {
            let mut relation = vec![0.0; m];
            relation[i] = 1.0;
            // L11' w = the row of L that belongs to i, from the last pivot up.
            for k in (0..pivots.len()).rev() {
                let known = (k + 1..pivots.len())
                    .map(|l| rows[pivots[l]][k] * -relation[pivots[l]])
                    .sum::<f64>();
                relation[pivots[k]] = -(rows[i][k] - known) / rows[pivots[k]][k];
            }
            relation
        })
        .collect();
    let determined = reduce(&mut relations, m);
    let found = relations.iter().zip(determined);
    let found = found.filter_map(|(relation, column)| {
        let column = column?;
        let others = (0..m).filter(|&j| j != column && relation[j].abs() > NEGLIGIBLE);
        let term = |j: usize| Term {
            column: order[j],
            coefficient: -relation[j],
        };
        Some(Relation {
            column: order[column],
            terms: others.map(term).collect(),
        })
    });
    let mut found: Vec<Relation> = found.collect();
    found.sort_by_key(|relation| order.iter().position(|&i| i == relation.column));
    found
}

/// A pivoted Cholesky factor.
struct Factor {
    /// The columns that are independent, in the order in which they were chosen.
    pivots: Vec<usize>,
    /// Whether a column is among them, of every column.
    chosen: Vec<bool>,
    /// Row of L of every column, a value for every pivot.
    rows: Vec<Vec<f64>>,
}

/// Factorises a matrix of m columns until no remainder is above the tolerance.
fn factorize(m: usize, entry: impl Fn(usize, usize) -> f64, tolerance: f64) -> Factor {
    let mut rows: Vec<Vec<f64>> = vec![Vec::new(); m];
    let mut remainders: Vec<f64> = (0..m).map(|i| entry(i, i)).collect();
    let (mut pivots, mut chosen) = (Vec::new(), vec![false; m]);
    while pivots.len() < m {
        let left = (0..m).filter(|&i| !chosen[i]);
        // Of equal ones the first.
        let Some(pivot) = left.reduce(|best, i| match remainders[i] > remainders[best] {
            true => i,
            false => best,
        }) else {
            break;
        };
        if remainders[pivot] <= tolerance {
            break;
        }
        let root = remainders[pivot].sqrt();
        let of_pivot = rows[pivot].clone();
        for i in (0..m).filter(|&i| !chosen[i]) {
            let value = if i == pivot {
                root
            } else {
                let known: f64 = rows[i].iter().zip(&of_pivot).map(|(a, b)| a * b).sum();
                (entry(i, pivot) - known) / root
            };
            rows[i].push(value);
            remainders[i] -= value * value;
        }
        pivots.push(pivot);
        chosen[pivot] = true;
    }
    Factor {
        pivots,
        chosen,
        rows,
    }
}

/// Brings relations of m columns to reduced echelon form from the last column on; the value has the column that each determines, whose
/// coefficient is 1 and that is in no other relation; None for a relation without coefficients.
fn reduce(relations: &mut [Vec<f64>], m: usize) -> Vec<Option<usize>> {
    let mut determined: Vec<Option<usize>> = vec![None; relations.len()];
    // A sweep determines at least one more; its weak columns are left to the next.
    while determined.contains(&None) {
        let before = determined.clone();
        for column in (0..m).rev() {
            let strength = |row: usize| {
                let largest = relations[row].iter().fold(0.0_f64, |a, b| a.max(b.abs()));
                relations[row][column].abs() / largest
            };
            let open = (0..relations.len()).filter(|&row| determined[row].is_none());
            let best = open.max_by(|&a, &b| strength(a).total_cmp(&strength(b)));
            let Some(row) = best.filter(|&row| strength(row) > WEAK) else {
                continue;
            };
            determined[row] = Some(column);
            let scale = relations[row][column];
            relations[row].iter_mut().for_each(|value| *value /= scale);
            let chosen = relations[row].clone();
            for (_, other) in relations.iter_mut().enumerate().filter(|(i, _)| *i != row) {
                let share = other[column];
                if share != 0.0 {
                    let values = other.iter_mut().zip(&chosen);
                    values.for_each(|(value, of)| *value -= share * of);
                    other[column] = 0.0;
                }
            }
        }
        if determined == before {
            break;
        }
    }
    determined
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::data::random::{Stream, generator};

    /// Correlation matrix of n rows that `row` makes of independent normal draws.
    fn correlation<const D: usize, const W: usize>(
        n: usize,
        row: impl Fn([f64; D]) -> [f64; W],
    ) -> Vec<f64> {
        let mut rng = generator(3, Stream::Samples);
        let rows: Vec<[f64; W]> = (0..n)
            .map(|_| row(std::array::from_fn(|_| StandardNormal.sample(&mut rng))))
            .collect();
        let mean: [f64; W] =
            std::array::from_fn(|i| rows.iter().map(|r| r[i]).sum::<f64>() / n as f64);
        let product = |i: usize, j: usize| {
            let terms = rows.iter().map(|r| (r[i] - mean[i]) * (r[j] - mean[j]));
            terms.sum::<f64>()
        };
        let entries = (0..W * W).map(|k| (k / W, k % W));
        let entry = |(i, j)| product(i, j) / (product(i, i) * product(j, j)).sqrt();
        entries.map(entry).collect()
    }

    fn found<const W: usize>(correlation: &[f64]) -> Vec<(usize, Vec<usize>)> {
        let order: Vec<usize> = (0..W).collect();
        let found = find_relations(correlation, W, &order, EXACT);
        let columns = |terms: &[Term]| terms.iter().map(|term| term.column).collect();
        found
            .iter()
            .map(|relation| (relation.column, columns(&relation.terms)))
            .collect()
    }

    #[test]
    fn sums_shares_copies_and_differences_are_found_whatever_their_number() {
        let sum = correlation(500, |[a, b]| [a, b, a + b]);
        assert_eq!(found::<3>(&sum), [(2, vec![0, 1])]);
        let shares = correlation(500, |[a, b, c]: [f64; 3]| {
            let parts = [a, b, c, 0.5].map(f64::exp);
            let all: f64 = parts.iter().sum();
            parts.map(|part| part / all)
        });
        assert_eq!(found::<4>(&shares), [(3, vec![0, 1, 2])]);
        let copies = correlation(500, |[a, b]| [a, 3.0 - 2.0 * a, b, b, 1e9 * a]);
        let pairs = [(1, vec![0]), (3, vec![2]), (4, vec![0])];
        assert_eq!(found::<5>(&copies), pairs);
        let difference = correlation(500, |[a, b, c]| [a, c, 5.0 * b, a - 5.0 * b]);
        assert_eq!(found::<4>(&difference), [(3, vec![0, 2])]);
        let tiny = correlation(500, |[a, b, c]| [a, 1e-4 * b, c, a + 1e-4 * b]);
        assert_eq!(found::<4>(&tiny), [(3, vec![0, 1])]);
        // Two sums that share terms.
        let two = correlation(500, |[a, b, c]| [a, b, a + b, c, a + b + c]);
        assert_eq!(found::<5>(&two), [(2, vec![0, 1]), (4, vec![0, 1, 3])]);
    }

    #[test]
    fn coefficients_are_those_of_the_columns_at_deviation_one() {
        let sum = correlation(2000, |[a, b]| [a, 2.0 * b, 3.0 * a - 2.0 * b]);
        let [relation] = &find_relations(&sum, 3, &[0, 1, 2], EXACT)[..] else {
            panic!("one relation");
        };
        // R = (r, s, 1) solves its own normal equations, with r and s the correlations of the sum.
        let (r, s, between) = (sum[6], sum[7], sum[3]);
        let determinant = 1.0 - between * between;
        let expected = [
            (r - between * s) / determinant,
            (s - between * r) / determinant,
        ];
        for (term, expected) in relation.terms.iter().zip(expected) {
            assert!((term.coefficient - expected).abs() < 1e-9, "{relation:?}");
        }
    }

    #[test]
    fn what_only_nearly_depends_is_independent() {
        assert!(found::<3>(&correlation(500, |[a, b, c]| [a, b, c])).is_empty());
        let near = correlation(500, |[a, b]| [a, 0.999 * a + 0.0447 * b]);
        assert!(found::<2>(&near).is_empty());
        let sum = correlation(500, |[a, b, c]| [a, b, a + b + 1e-5 * c]);
        assert!(found::<3>(&sum).is_empty());
    }

    #[test]
    fn the_order_says_which_columns_are_kept() {
        let sum = correlation(500, |[a, b]| [a, b, a + b]);
        let found = find_relations(&sum, 3, &[2, 1, 0], EXACT);
        assert_eq!(found[0].column, 0);
        assert!(find_relations(&sum, 3, &[0, 2], EXACT).is_empty());
    }
}
