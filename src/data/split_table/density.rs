//! Whether the columns of a table have a joint density.
//!
//! ```text
//! not: a column that is constant, or varies by its rounding only; one whose square is no 64-bit number; one that is a sum of multiples of others
//! C = covariance of the columns as they are,  w = width of their noise       relation: column = sum of c_j column j
//! exact        remainder of the column <= EXACT of its variance, and noise of the relation, sum of c_j^2 w_j^2 / 12, too
//! by rounding  remainder <= CLOSE of its variance, and <= NOISE times the noise of the relation
//! ```
//!
//! Given columns may depend on each other. Where the rows are no more than the columns all depend on each other by that; only copies are
//! looked for then.

use super::measure::{ROUNDING, RawMoments};
use super::{DataError, SplitTable};
use crate::data::dependence::{EXACT, Relation, Term, find_relations};
use crate::data::unlearnable::{NamedTerm, NoDensity, Open, Sum, Unlearnable, rounded};

/// Remainders, as shares of a column's variance, that may be the rounding of its values; relations are looked for with each of them.
const CLOSE: [f64; 2] = [1e-3, 0.05];
/// Remainder, as a share of a column's variance, that is a small part.
const SMALL: f64 = 1e-6;
/// Part that a sum leaves open, as a share of a column's deviation, that is the error of the sum's coefficients.
const NOTHING: f64 = 1e-10;
/// Largest remainder, in variances of the noise of its relation, that rounding explains.
const NOISE: f64 = 1.5;
/// Significant digits of the coefficients of a relation.
const DIGITS: usize = 6;
/// Standard errors within which a coefficient is taken for a shorter number.
const ERRORS: f64 = 4.0;
/// Constant of a relation, in deviations of its column, that is rounding.
const NO_CONSTANT: f64 = 1e-6;

impl SplitTable {
    /// Checks that the columns have a joint density.
    ///
    /// # Errors
    /// All columns that stand against it.
    pub(super) fn check_columns(&self, raw: &RawMoments) -> Result<(), DataError> {
        let width = raw.mean.len();
        let alone: Vec<Option<NoDensity>> = (0..width).map(|i| self.fault(i, raw)).collect();
        let sound = |i: &usize| alone[*i].is_none();
        let exact = self.relations(raw, EXACT, sound);
        let exact = exact.iter().filter(|relation| {
            let noise = self.noise(relation, raw) / self.variance(relation.column, raw);
            relation.terms.len() == 1 || noise <= EXACT
        });
        let mut found: Vec<Unlearnable> = alone
            .iter()
            .zip(self.table.names())
            .filter_map(|(reason, column)| {
                Some(Unlearnable {
                    column: column.clone(),
                    reason: reason.clone()?,
                })
            })
            .collect();
        found.extend(exact.map(|relation| self.dependent(relation, raw)));
        if found.is_empty() {
            return Ok(());
        }
        Err(DataError::Unlearnable(found))
    }

    /// The columns that are sums of multiples of others but for the rounding of the values, which the noise stands for.
    pub(super) fn find_rounded_sums(&self, raw: &RawMoments) -> Vec<Unlearnable> {
        if self.jitter.iter().all(|&width| width == 0.0) {
            return Vec::new();
        }
        let mut found: Vec<Unlearnable> = Vec::new();
        for tolerance in CLOSE {
            let close = self.relations(raw, tolerance, |_| true);
            let rounded = close
                .iter()
                .filter(|relation| self.is_rounding(relation, raw));
            let sums = rounded.map(|relation| self.dependent(relation, raw));
            let is_new = |sum: &Unlearnable| found.iter().all(|known| known.column != sum.column);
            let sums: Vec<Unlearnable> = sums.filter(is_new).collect();
            found.extend(sums);
        }
        found
    }

    /// The columns that are sums of multiples of others but for a small part that is not their rounding.
    pub(super) fn find_near_sums(&self, raw: &RawMoments) -> Vec<Unlearnable> {
        let near = self.relations(raw, SMALL, |_| true);
        let near = near
            .iter()
            .filter(|relation| !self.is_rounding(relation, raw));
        near.map(|relation| self.dependent(relation, raw)).collect()
    }

    /// Whether the rounding of the values, which the noise stands for, explains what a relation leaves open.
    fn is_rounding(&self, relation: &Relation, raw: &RawMoments) -> bool {
        self.remainder(relation, raw) <= NOISE * self.noise(relation, raw)
    }

    /// The part that a relation leaves open, by the rows that the columns are judged by: the remainder is a difference of large numbers.
    fn open_part(&self, relation: &Relation, raw: &RawMoments) -> Open {
        let terms = self.difference(relation, raw);
        let rows = raw.samples[relation.column].values.len();
        let deviation = |row: usize| {
            let deviation = |i: usize| raw.samples[i].values[row] - raw.mean[i];
            terms
                .iter()
                .map(|term| term.coefficient * deviation(term.column))
                .sum::<f64>()
        };
        let part: Vec<f64> = (0..rows).map(deviation).collect();
        let mean = part.iter().sum::<f64>() / rows as f64;
        let variance = part.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
        let own = self.variance(relation.column, raw).sqrt();
        let rounding = terms.iter().map(|term| {
            let largest = raw.mean[term.column].abs() + self.variance(term.column, raw).sqrt();
            (term.coefficient * largest).abs() * f64::EPSILON
        });
        match variance.sqrt() {
            part if part <= (NOTHING * own).max(rounding.sum()) => Open::Nothing,
            _ if self.is_rounding(relation, raw) => Open::Rounding,
            part => Open::Share(part / own),
        }
    }

    /// The error of columns that a map has made dependent: `covariance`, d x d, is that of the learned columns, `column` one that is
    /// determined by those before it.
    pub(super) fn dependent_once_mapped(&self, covariance: &[f64], column: usize) -> DataError {
        let d = self.d;
        let correlation = |k: usize| {
            let (i, j) = (k / d, k % d);
            covariance[k] / (covariance[i * d + i] * covariance[j * d + j]).sqrt()
        };
        let correlation: Vec<f64> = (0..d * d).map(correlation).collect();
        let order: Vec<usize> = (0..d).collect();
        if self.fitted_rows <= d {
            let unlearnable = |i: usize| Unlearnable {
                column: self.name(i),
                reason: NoDensity::FewRows {
                    rows: self.fitted_rows,
                },
            };
            return DataError::Unlearnable((column..d).map(unlearnable).collect());
        }
        let mut found = find_relations(&correlation, d, &order, EXACT);
        if found.is_empty() {
            let term = |column| Term {
                column,
                coefficient: 1.0,
            };
            let terms = (0..column).map(term).collect();
            found.push(Relation { column, terms });
        }
        let unlearnable = |relation: &Relation| {
            let named = |term: &Term| NamedTerm {
                column: self.name(term.column),
                coefficient: term.coefficient,
            };
            Unlearnable {
                column: self.name(relation.column),
                reason: NoDensity::Dependent(Sum {
                    open: Open::Nothing,
                    constant: None,
                    terms: relation.terms.iter().map(named).collect(),
                }),
            }
        };
        DataError::Unlearnable(found.iter().map(unlearnable).collect())
    }

    /// The reason why a column has no density by itself; None if it has one.
    fn fault(&self, i: usize, raw: &RawMoments) -> Option<NoDensity> {
        let (mean, variance) = (raw.mean[i], self.variance(i, raw));
        let extremes = &raw.samples[i].extremes;
        let deviation = variance.sqrt();
        Some(if extremes.range() == 0.0 {
            NoDensity::Constant {
                value: extremes.least.value,
            }
        } else if !deviation.is_finite() {
            NoDensity::Overflow
        } else if variance < f64::MIN_POSITIVE {
            NoDensity::Underflow
        } else if deviation <= ROUNDING * mean.abs() {
            NoDensity::Rounding { deviation, mean }
        } else {
            return None;
        })
    }

    /// The relations among columns in which a learned column is determined.
    fn relations(
        &self,
        raw: &RawMoments,
        tolerance: f64,
        counts: impl Fn(&usize) -> bool,
    ) -> Vec<Relation> {
        let width = raw.mean.len();
        let correlation = |k: usize| {
            let (i, j) = ((k / width).max(k % width), (k / width).min(k % width));
            // The root of each: their product may leave the range of numbers.
            let [a, b] = [i, j].map(|i| raw.products[i * width + i].sqrt());
            self.product(i, j, raw) / a / b
        };
        let correlation: Vec<f64> = (0..width * width).map(correlation).collect();
        // Given columns first: they are determined by each other only.
        let order: Vec<usize> = (self.d..width).chain(0..self.d).filter(counts).collect();
        let mut found = find_relations(&correlation, width, &order, tolerance);
        let few = self.fitted_rows <= width;
        found.retain(|relation| relation.column < self.d && (!few || relation.terms.len() == 1));
        found
    }

    /// Sum of the products of the deviations of columns i >= j about their means, without the rounding of these.
    fn product(&self, i: usize, j: usize, raw: &RawMoments) -> f64 {
        let drift = raw.deviations[i] * raw.deviations[j] / self.fitted_rows as f64;
        raw.products[i * raw.mean.len() + j] - drift
    }

    /// Variance of a column as it is.
    fn variance(&self, i: usize, raw: &RawMoments) -> f64 {
        raw.products[i * raw.mean.len() + i] / self.fitted_rows as f64
    }

    /// The terms of a relation in the units of its column, with the column itself: their sum has the remainder.
    fn difference(&self, relation: &Relation, raw: &RawMoments) -> Vec<Term> {
        let scale = |i: usize| self.variance(i, raw).sqrt();
        let own = Term {
            column: relation.column,
            coefficient: 1.0,
        };
        let terms = relation.terms.iter().map(|term| Term {
            column: term.column,
            coefficient: -term.coefficient * scale(relation.column) / scale(term.column),
        });
        std::iter::once(own).chain(terms).collect()
    }

    /// Variance of what a relation leaves open of its column, in squares of the column's units.
    fn remainder(&self, relation: &Relation, raw: &RawMoments) -> f64 {
        let n = self.fitted_rows as f64;
        let terms = self.difference(relation, raw);
        let product = |a: &Term, b: &Term| {
            let (i, j) = (a.column.max(b.column), a.column.min(b.column));
            a.coefficient * b.coefficient * self.product(i, j, raw) / n
        };
        let pairs = terms.iter().flat_map(|a| terms.iter().map(move |b| (a, b)));
        pairs.map(|(a, b)| product(a, b)).sum()
    }

    /// Variance of the noise of the columns of a relation, in squares of its column's units.
    fn noise(&self, relation: &Relation, raw: &RawMoments) -> f64 {
        let terms = self.difference(relation, raw);
        let noise = |term: &Term| (term.coefficient * self.jitter[term.column]).powi(2) / 12.0;
        terms.iter().map(noise).sum()
    }

    /// A relation in the units of the table. What the errors of its coefficients allow to be 0 or shorter is that.
    fn dependent(&self, relation: &Relation, raw: &RawMoments) -> Unlearnable {
        let column = relation.column;
        let terms = self.difference(relation, raw);
        let (variance, remainder) = (self.variance(column, raw), self.remainder(relation, raw));
        let open = self.open_part(relation, raw);
        // The remainder is a difference of numbers as large as the variance, with their rounding.
        let least = remainder.max(f64::EPSILON * variance);
        let error = ERRORS * (least / self.fitted_rows as f64).sqrt();
        let constant: f64 = terms
            .iter()
            .map(|term| term.coefficient * raw.mean[term.column])
            .sum();
        let shares = terms[1..]
            .iter()
            .map(|term| raw.mean[term.column].abs() / self.variance(term.column, raw).sqrt());
        let error_of_constant = error * (1.0 + shares.sum::<f64>());
        let least = error_of_constant.max(NO_CONSTANT * variance.sqrt());
        let named = |term: &Term| NamedTerm {
            column: self.name(term.column),
            coefficient: shortened(
                -term.coefficient,
                error / self.variance(term.column, raw).sqrt(),
            ),
        };
        let named = terms[1..].iter().map(named);
        Unlearnable {
            column: self.name(column),
            reason: NoDensity::Dependent(Sum {
                constant: Some(shortened(constant, least)),
                terms: named.filter(|term| term.coefficient != 0.0).collect(),
                open,
            }),
        }
    }

    fn name(&self, i: usize) -> String {
        self.table.names()[i].clone()
    }
}

/// The shortest decimal within an error of a number, with few digits.
fn shortened(value: f64, error: f64) -> f64 {
    let all = (1..DIGITS).map(|digits| rounded(value, digits));
    let near = all.filter(|short| (short - value).abs() <= error);
    if value.abs() <= error {
        return 0.0;
    }
    near.chain([rounded(value, DIGITS)]).next().unwrap_or(value)
}
