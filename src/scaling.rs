//! Standardisation: what a flow is trained on has mean 0 and deviation 1 in every column.
//!
//! ```text
//! z_k = (x_k - mean_k) / scale_k        log p(x) = log p(z) - log det,   log det = sum over the d learned columns of log scale_k
//! ```
//!
//! Columns y of a conditional density are scaled alike, and do not count in the determinant.

use serde::{Deserialize, Serialize};

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As the table has it.
    pub name: String,
    /// In the column's own units.
    pub mean: f64,
    /// Standard deviation in the column's own units, above 0.
    pub scale: f64,
}

/// How the columns of (x, y) are scaled, d + c of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scaling {
    /// The learned columns x, then the given ones y.
    pub columns: Vec<Column>,
}

impl Scaling {
    /// Scales rows that have the columns from `first` on, as many as `width` says; row-major.
    pub fn standardize(&self, rows: &mut [f64], first: usize, width: usize) {
        let columns = &self.columns[first..first + width];
        for row in rows.chunks_exact_mut(width) {
            for (value, column) in row.iter_mut().zip(columns) {
                *value = (*value - column.mean) / column.scale;
            }
        }
    }

    /// The way back from [`Scaling::standardize`].
    pub fn restore(&self, rows: &mut [f64], first: usize, width: usize) {
        let columns = &self.columns[first..first + width];
        for row in rows.chunks_exact_mut(width) {
            for (value, column) in row.iter_mut().zip(columns) {
                *value = value.mul_add(column.scale, column.mean);
            }
        }
    }

    /// log det over the first d columns, nats.
    pub fn log_determinant(&self, d: usize) -> f64 {
        let columns = self.columns.iter().take(d);
        columns.map(|column| column.scale.ln()).sum()
    }

    /// Names of all columns.
    pub fn names(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaling() -> Scaling {
        let column = |name: &str, mean, scale| Column {
            name: name.into(),
            mean,
            scale,
        };
        Scaling {
            columns: vec![
                column("a", 1.0, 2.0),
                column("b", -3.0, 0.5),
                column("y", 10.0, 4.0),
            ],
        }
    }

    #[test]
    fn the_way_back_leads_to_the_rows() {
        let rows = [3.0, -2.0, 2.0, 1.0, -3.5, 10.0];
        let mut scaled = rows;
        scaling().standardize(&mut scaled, 0, 3);
        assert_eq!(scaled, [1.0, 2.0, -2.0, 0.0, -1.0, 0.0]);
        scaling().restore(&mut scaled, 0, 3);
        assert_eq!(scaled, rows);
    }

    #[test]
    fn columns_may_stand_alone_and_only_the_learned_ones_count_in_the_determinant() {
        let mut given = [14.0, 6.0];
        scaling().standardize(&mut given, 2, 1);
        assert_eq!(given, [1.0, -1.0]);
        // log 2 + log 1/2
        assert_eq!(scaling().log_determinant(2), 0.0);
        assert_eq!(scaling().log_determinant(3), 4.0_f64.ln());
    }
}
