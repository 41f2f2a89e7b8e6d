//! The units of a table's columns: x of the table, s standardised, and w of the flow, which has mean 0 and deviation 1 after the maps and
//! the whitening that the session asks for.
//!
//! ```text
//! s_k = (x_k - raw mean_k) / raw scale_k        z_k = (g_k(x_k) - mean_k) / scale_k        without a map g_k(x) = x and z_k = s_k
//! w = L^-1 z of the d learned columns, L L' their covariance, or h_k of that, where the session asks for whitening; else w = z
//! log p(s) = log p(w) + offset,      offset = log |dw/dz| + sum over the d learned columns of log g_k'(x_k) - log scale_k + log raw scale_k
//! log p(x) = log p(s) - log det,     log det = sum over the d learned columns of log raw scale_k
//! ```
//!
//! Columns y of a conditional density are treated alike, and count neither in the offset nor in the determinant. Densities and C in
//! units of s can be compared between flows with maps and without, and with other programs.
//!
//! | file | holds |
//! | --- | --- |
//! | `map.rs` | the maps g, their inverses and slopes |
//! | `spline.rs`, `fit.rs` | the fitted one, and how it is fitted |
//! | `lattice.rs` | the points that samples of a column of rounded values are rounded to |
//! | `covariance.rs` | the covariance of the inner rows |
//! | `whitening.rs`, `order.rs` | L and the maps h; the order of the columns in L |
//! | `normal.rs` | quantiles of the normal |

pub(crate) mod covariance;
pub(crate) mod fit;
mod lattice;
mod map;
pub(crate) mod normal;
pub(crate) mod order;
mod spline;
#[cfg(test)]
mod tests;
mod whitening;

use serde::{Deserialize, Serialize};

pub use lattice::Lattice;
pub use map::{Bounds, Center, ColumnMap};
pub use spline::{Knot, Spline};
pub use whitening::Whitening;

/// A column of a table with the map and the moments that scale it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name of the column in the table.
    pub name: String,
    /// Mean of g(x); in the column's own units where it has no map.
    pub mean: f64,
    /// Standard deviation of g(x), above 0.
    pub scale: f64,
    /// The map g with the moments of the column before it; None for a column without a map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<ColumnTransform>,
    /// Points that samples are rounded to; None where they are not rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lattice: Option<Lattice>,
}

/// A map of a column, and the moments of the column before the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnTransform {
    /// The map g.
    pub map: ColumnMap,
    /// Mean and deviation of the column x itself.
    pub raw: MeanAndScale,
}

/// Mean and standard deviation by which values are standardised, in the units of these values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanAndScale {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, above 0.
    pub scale: f64,
}

impl MeanAndScale {
    /// Whether values can be standardised by these moments: both finite, the deviation above 0. Files may hold any numbers.
    pub fn is_sound(&self) -> bool {
        self.mean.is_finite() && self.scale.is_finite() && self.scale > 0.0
    }

    fn standardize(&self, x: f64) -> f64 {
        (x - self.mean) / self.scale
    }

    fn restore(&self, s: f64) -> f64 {
        s.mul_add(self.scale, self.mean)
    }
}

impl Column {
    /// Rounds a value to the lattice that the column has. A value at a bound may lie half way to a point beyond it: the one before
    /// it is taken then.
    fn round(&self, value: f64) -> f64 {
        let Some(lattice) = self.lattice else {
            return value;
        };
        let point = lattice.round(value);
        let Some(of) = &self.transform else {
            return point;
        };
        let bounds = of.map.bounds();
        if point < bounds.low {
            lattice.round(point + lattice.step)
        } else if point > bounds.high {
            lattice.round(point - lattice.step)
        } else {
            point
        }
    }

    /// Mean and deviation of the column x itself.
    pub fn raw(&self) -> MeanAndScale {
        self.transform
            .as_ref()
            .map_or(self.mapped(), |transform| transform.raw)
    }

    /// Mean and deviation of g(x).
    fn mapped(&self) -> MeanAndScale {
        MeanAndScale {
            mean: self.mean,
            scale: self.scale,
        }
    }

    /// Whether the moments and the map of the column are valid. Files may hold any numbers.
    pub fn is_sound(&self) -> bool {
        let map = |transform: &ColumnTransform| transform.map.is_sound();
        self.mapped().is_sound()
            && self.raw().is_sound()
            && self.transform.as_ref().is_none_or(map)
            && self.lattice.is_none_or(|lattice| lattice.is_sound())
    }

    /// The standardised value z at x; infinite at the bounds of the map and beyond them.
    pub fn standardize(&self, x: f64) -> f64 {
        let map = self.transform.as_ref().map(|transform| &transform.map);
        self.mapped().standardize(map.map_or(x, |map| map.value(x)))
    }

    /// The value x whose standardised value is z.
    pub fn restore(&self, z: f64) -> f64 {
        let u = self.mapped().restore(z);
        let map = self.transform.as_ref().map(|transform| &transform.map);
        map.map_or(u, |map| map.inverse(u))
    }

    /// The log slope log dz/ds at z, nats; 0 without a map.
    pub fn offset(&self, z: f64) -> f64 {
        self.transform.as_ref().map_or(0.0, |transform| {
            transform.map.log_slope(self.mapped().restore(z)) + self.log_scales()
        })
    }

    /// The part of [`Column::offset`] that does not depend on z, log raw scale - log scale, nats.
    pub(crate) fn log_scales(&self) -> f64 {
        libm::log(self.raw().scale) - libm::log(self.scale)
    }
}

/// The scaling of all d + c columns of (x, y).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "StoredScaling", into = "StoredScaling")]
pub struct Scaling {
    /// The learned columns x, then the given ones y.
    pub columns: Vec<Column>,
    /// The whitening of the learned columns; None where their correlations are kept.
    pub whitening: Option<Whitening>,
}

/// A [`Scaling`] as files hold it: the list of columns alone where there is no whitening.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredScaling {
    Columns(Vec<Column>),
    Whitened {
        columns: Vec<Column>,
        whitening: Whitening,
    },
}

impl From<StoredScaling> for Scaling {
    fn from(written: StoredScaling) -> Self {
        match written {
            StoredScaling::Columns(columns) => Scaling {
                columns,
                whitening: None,
            },
            StoredScaling::Whitened { columns, whitening } => Scaling {
                columns,
                whitening: Some(whitening),
            },
        }
    }
}

impl From<Scaling> for StoredScaling {
    fn from(Scaling { columns, whitening }: Scaling) -> Self {
        match whitening {
            None => StoredScaling::Columns(columns),
            Some(whitening) => StoredScaling::Whitened { columns, whitening },
        }
    }
}

/// The units of rows and densities outside the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// Units of the table: x.
    Data,
    /// Standardised units: s, with mean 0 and deviation 1 in every column of the table.
    Standardized,
}

/// A range of adjacent columns: those that rows consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnRange {
    /// Index of the first column.
    pub first: usize,
    /// Number of columns.
    pub width: usize,
}

impl Scaling {
    /// Converts rows of these columns, row-major, in place from a user's units to the flow's. The range has all learned columns or
    /// none.
    pub fn standardize(&self, rows: &mut [f64], range: ColumnRange, units: Units) {
        self.convert_each(rows, range, |column, value| {
            match (units, &column.transform) {
                (Units::Data, _) => column.standardize(value),
                (Units::Standardized, None) => value,
                (Units::Standardized, Some(_)) => column.standardize(column.raw().restore(value)),
            }
        });
        if let (0, Some(whitening)) = (range.first, &self.whitening) {
            let d = whitening.dimension();
            // A value at the bound of a map or beyond stays what it is: sums of infinities would make its row one of no number.
            let rows = rows.chunks_exact_mut(range.width);
            let inside = rows.filter(|row| row[..d].iter().all(|z| z.is_finite()));
            inside.for_each(|row| whitening.whiten(row));
        }
    }

    /// Converts rows in place from the flow's units to a user's: the inverse of [`Scaling::standardize`].
    pub fn restore(&self, rows: &mut [f64], range: ColumnRange, units: Units) {
        if let (0, Some(whitening)) = (range.first, &self.whitening) {
            let rows = rows.chunks_exact_mut(range.width);
            rows.for_each(|row| whitening.color(row));
        }
        self.convert_each(rows, range, |column, value| {
            match (units, &column.transform) {
                (Units::Data, _) => column.restore(value),
                (Units::Standardized, None) => value,
                (Units::Standardized, Some(_)) => column.raw().standardize(column.restore(value)),
            }
        });
    }

    /// Replaces every value of the rows by a function of its column and itself.
    fn convert_each(
        &self,
        rows: &mut [f64],
        ColumnRange { first, width }: ColumnRange,
        convert: impl Fn(&Column, f64) -> f64,
    ) {
        let columns = &self.columns[first..first + width];
        for row in rows.chunks_exact_mut(width) {
            for (value, column) in row.iter_mut().zip(columns) {
                *value = convert(column, *value);
            }
        }
    }

    /// Rounds the learned columns of rows in the units of the table, all d + c columns, row-major, to the lattices that they have.
    pub fn round(&self, rows: &mut [f64], d: usize) {
        for row in rows.chunks_exact_mut(self.columns.len()) {
            for (value, column) in row.iter_mut().zip(&self.columns[..d]) {
                *value = column.round(*value);
            }
        }
    }

    /// Whether the flow's units differ from the standardised ones: any column has a map, or the columns are whitened.
    pub fn transforms(&self) -> bool {
        self.whitening.is_some() || self.columns.iter().any(|column| column.transform.is_some())
    }

    /// The log determinants log |dw/ds| over the first d columns, nats, one for every row of w (all columns, row-major): log p(s) -
    /// log p(w). 0 where no column has a map and nothing is whitened.
    pub fn offsets(&self, rows: &[f64], d: usize) -> Vec<f64> {
        let whitening = self.whitening.as_ref();
        let offset = |row: &[f64]| {
            let mut learned = row[..d].to_vec();
            let mut offset = 0.0;
            if let Some(whitening) = whitening {
                offset += whitening.log_slope(&learned);
                whitening.color(&mut learned);
            }
            let columns = self.columns.iter().zip(learned);
            offset + columns.map(|(column, z)| column.offset(z)).sum::<f64>()
        };
        rows.chunks_exact(self.columns.len()).map(offset).collect()
    }

    /// The log determinant of the standardisation over the first d columns, nats: log p(s) - log p(x).
    pub fn log_determinant(&self, d: usize) -> f64 {
        let columns = self.columns.iter().take(d);
        columns.map(|column| column.raw().scale.ln()).sum()
    }

    /// Names of all columns, in order.
    pub fn names(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }
}
