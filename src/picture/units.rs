//! The units in which points are shown: standardised units of a table's own columns, whatever the flow gets; toy sets have their own.

use crate::data::Dataset;
use crate::scaling::{ColumnRange, MeanAndScale, Scaling, Units};

/// The units in which points are shown.
pub struct ShownUnits<'a> {
    /// Scaling of the columns of a table.
    table: Option<&'a Scaling>,
    /// Scaling of the columns; None where the shown units are the flow's.
    scaling: Option<&'a Scaling>,
    /// Number of learned columns.
    d: usize,
    /// Number of given columns.
    c: usize,
}

impl<'a> ShownUnits<'a> {
    /// The units of a data set.
    pub fn of(data: &'a Dataset) -> Self {
        ShownUnits {
            table: data.scaling(),
            scaling: data.scaling().filter(|scaling| scaling.transforms()),
            d: data.dimension(),
            c: data.context(),
        }
    }

    /// Converts points, n x d, from the flow's units to the shown ones.
    pub fn show(&self, mut rows: Vec<f64>) -> Vec<f64> {
        if let Some(scaling) = self.scaling {
            scaling.restore(&mut rows, self.learned(), Units::Standardized);
        }
        rows
    }

    /// Converts given values, n x c, from the flow's units to the shown ones.
    pub fn show_given(&self, mut rows: Vec<f64>) -> Vec<f64> {
        if let (Some(scaling), 1..) = (self.scaling, self.c) {
            scaling.restore(&mut rows, self.given(), Units::Standardized);
        }
        rows
    }

    /// Converts points, n x d, from the shown units to the flow's.
    pub fn to_flow(&self, mut rows: Vec<f64>) -> Vec<f64> {
        if let Some(scaling) = self.scaling {
            scaling.standardize(&mut rows, self.learned(), Units::Standardized);
        }
        rows
    }

    /// Converts given values, n x c, from the shown units to the flow's.
    pub fn given_to_flow(&self, mut rows: Vec<f64>) -> Vec<f64> {
        if let (Some(scaling), 1..) = (self.scaling, self.c) {
            scaling.standardize(&mut rows, self.given(), Units::Standardized);
        }
        rows
    }

    /// Converts log densities of rows of (x, y) from the flow's units to the shown ones; the rows are in the flow's units.
    pub fn show_log_densities(&self, log: Vec<f64>, rows: &[f64]) -> Vec<f64> {
        let Some(scaling) = self.scaling else {
            return log;
        };
        let offsets = scaling.offsets(rows, self.d);
        let points = rows.chunks_exact(self.d + self.c).zip(log).zip(offsets);
        let log = points.map(|((row, log), offset)| {
            // At the bounds of a map and beyond them.
            if row.iter().any(|value| value.is_infinite()) {
                f64::NEG_INFINITY
            } else {
                log + offset
            }
        });
        log.collect()
    }

    /// What log densities lose where shown units become those of the table, nats.
    pub fn log_determinant(&self) -> f64 {
        self.table
            .map_or(0.0, |scaling| scaling.log_determinant(self.d))
    }

    /// Mean and deviation of every column in units of the table; none for a toy set.
    pub fn columns(&self) -> Vec<MeanAndScale> {
        let columns = self.table.iter().flat_map(|scaling| &scaling.columns);
        columns.map(|column| column.raw()).collect()
    }

    fn learned(&self) -> ColumnRange {
        ColumnRange {
            first: 0,
            width: self.d,
        }
    }

    fn given(&self) -> ColumnRange {
        ColumnRange {
            first: self.d,
            width: self.c,
        }
    }
}
