//! The units of a table's columns: as they stand, standardised, and as the flow has them: mean 0 and deviation 1 after a map that
//! makes a column normal, where the session asks for one.
//!
//! ```text
//! s_k = (x_k - raw mean_k) / raw scale_k        z_k = (g_k(x_k) - mean_k) / scale_k        without a map g_k(x) = x and z_k = s_k
//! w = L^-1 z of the d learned columns, L L' their covariance, where the session asks for it, or h_k of that, else w = z: what the
//! flow has
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
//! | `covariance.rs` | the covariance of the inner rows |
//! | `whitening.rs`, `order.rs` | L and the maps h; the order of the columns in L |
//! | `normal.rs` | quantiles of the normal |

pub(crate) mod covariance;
pub(crate) mod fit;
mod map;
mod normal;
pub(crate) mod order;
mod spline;
#[cfg(test)]
mod tests;
mod whitening;

use serde::{Deserialize, Serialize};

pub use map::{Bounds, Center, Map};
pub use spline::{Knot, Spline};
pub use whitening::Whitening;

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As the table has it.
    pub name: String,
    /// Of g(x); in the column's own units where it has no map.
    pub mean: f64,
    /// Standard deviation of g(x), above 0.
    pub scale: f64,
    /// The map g with what the column is without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transformed>,
}

/// What a column with a map has besides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transformed {
    /// g
    pub map: Map,
    /// Mean and deviation of the column itself.
    pub raw: Moments,
}

/// Mean and deviation in the column's own units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, above 0.
    pub scale: f64,
}

impl Moments {
    /// Whether one can standardise by them: what is read from a file may be anything.
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
    /// Mean and deviation of the column itself.
    pub fn raw(&self) -> Moments {
        self.transform
            .as_ref()
            .map_or(self.mapped(), |transform| transform.raw)
    }

    /// Mean and deviation of g(x).
    fn mapped(&self) -> Moments {
        Moments {
            mean: self.mean,
            scale: self.scale,
        }
    }

    /// Whether it is one: what is read from a file may be anything.
    pub fn is_sound(&self) -> bool {
        let map = |transform: &Transformed| transform.map.is_sound();
        self.mapped().is_sound() && self.raw().is_sound() && self.transform.as_ref().is_none_or(map)
    }

    /// z at x; infinite at the bounds of the map and beyond them.
    pub fn standardize(&self, x: f64) -> f64 {
        let map = self.transform.as_ref().map(|transform| &transform.map);
        self.mapped().standardize(map.map_or(x, |map| map.value(x)))
    }

    /// x at z.
    pub fn restore(&self, z: f64) -> f64 {
        let u = self.mapped().restore(z);
        let map = self.transform.as_ref().map(|transform| &transform.map);
        map.map_or(u, |map| map.inverse(u))
    }

    /// log dz/ds at z: 0 without a map.
    pub fn offset(&self, z: f64) -> f64 {
        self.transform.as_ref().map_or(0.0, |transform| {
            transform.map.log_slope(self.mapped().restore(z)) + self.log_scales()
        })
    }

    /// [`Column::offset`] but for the slope of the map.
    pub(crate) fn log_scales(&self) -> f64 {
        libm::log(self.raw().scale) - libm::log(self.scale)
    }
}

/// How the columns of (x, y) are scaled, d + c of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Scaling {
    /// The learned columns x, then the given ones y.
    pub columns: Vec<Column>,
    /// How the correlations of the learned columns are taken away, if they are.
    pub whitening: Option<Whitening>,
}

/// As files have it: the columns alone where nothing else is known of them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Columns(Vec<Column>),
    Whitened {
        columns: Vec<Column>,
        whitening: Whitening,
    },
}

impl From<Written> for Scaling {
    fn from(written: Written) -> Self {
        match written {
            Written::Columns(columns) => Scaling {
                columns,
                whitening: None,
            },
            Written::Whitened { columns, whitening } => Scaling {
                columns,
                whitening: Some(whitening),
            },
        }
    }
}

impl From<Scaling> for Written {
    fn from(Scaling { columns, whitening }: Scaling) -> Self {
        match whitening {
            None => Written::Columns(columns),
            Some(whitening) => Written::Whitened { columns, whitening },
        }
    }
}

/// The units that a user may have rows and densities in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// x, those of the table.
    Data,
    /// s, mean 0 and deviation 1 in every column of the table.
    Standardized,
}

/// Columns that rows have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first one.
    pub first: usize,
    /// How many.
    pub width: usize,
}

impl Scaling {
    /// Takes rows of these columns, row-major, from a user's units to the flow's; all learned columns are among them, or none.
    pub fn standardize(&self, rows: &mut [f64], span: Span, units: Units) {
        self.each(rows, span, |column, value| {
            match (units, &column.transform) {
                (Units::Data, _) => column.standardize(value),
                (Units::Standardized, None) => value,
                (Units::Standardized, Some(_)) => column.standardize(column.raw().restore(value)),
            }
        });
        if let (0, Some(whitening)) = (span.first, &self.whitening) {
            let d = whitening.dimension();
            // A value at the bound of a map or beyond stays what it is: sums of infinities would make its row one of no number.
            let rows = rows.chunks_exact_mut(span.width);
            let inside = rows.filter(|row| row[..d].iter().all(|z| z.is_finite()));
            inside.for_each(|row| whitening.whiten(row));
        }
    }

    /// The way back from [`Scaling::standardize`].
    pub fn restore(&self, rows: &mut [f64], span: Span, units: Units) {
        if let (0, Some(whitening)) = (span.first, &self.whitening) {
            let rows = rows.chunks_exact_mut(span.width);
            rows.for_each(|row| whitening.color(row));
        }
        self.each(rows, span, |column, value| {
            match (units, &column.transform) {
                (Units::Data, _) => column.restore(value),
                (Units::Standardized, None) => value,
                (Units::Standardized, Some(_)) => column.raw().standardize(column.restore(value)),
            }
        });
    }

    fn each(
        &self,
        rows: &mut [f64],
        Span { first, width }: Span,
        of: impl Fn(&Column, f64) -> f64,
    ) {
        let columns = &self.columns[first..first + width];
        for row in rows.chunks_exact_mut(width) {
            for (value, column) in row.iter_mut().zip(columns) {
                *value = of(column, *value);
            }
        }
    }

    /// Whether the flow's columns are other than the standardised ones.
    pub fn transforms(&self) -> bool {
        self.whitening.is_some() || self.columns.iter().any(|column| column.transform.is_some())
    }

    /// log |dw/ds| over the first d columns of every row of w with all columns, nats: what log densities of standardised rows are
    /// higher by than those of the flow's. 0 where no column has a map and nothing is whitened.
    pub fn offsets(&self, rows: &[f64], d: usize) -> Vec<f64> {
        let whitening = self.whitening.as_ref();
        let of = |row: &[f64]| {
            let mut learned = row[..d].to_vec();
            let mut offset = 0.0;
            if let Some(whitening) = whitening {
                offset += whitening.log_slope(&learned);
                whitening.color(&mut learned);
            }
            let columns = self.columns.iter().zip(learned);
            offset + columns.map(|(column, z)| column.offset(z)).sum::<f64>()
        };
        rows.chunks_exact(self.columns.len()).map(of).collect()
    }

    /// log det over the first d columns, nats: what log densities of standardised rows are higher by than those of the table's rows.
    pub fn log_determinant(&self, d: usize) -> f64 {
        let columns = self.columns.iter().take(d);
        columns.map(|column| column.raw().scale.ln()).sum()
    }

    /// Names of all columns.
    pub fn names(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }
}
