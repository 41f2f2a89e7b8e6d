//! The faults of the columns of a table, those of single columns and sums but for the rounding.

use super::SplitTable;
use super::sample::ColumnSample;
use crate::data::column_fault::{ColumnFault, FaultKind, JudgedColumn, find_faults};
use crate::data::unlearnable::{NoDensity, Unlearnable};

impl SplitTable {
    /// Finds the faults of the learned columns.
    pub(super) fn find_faults(
        &self,
        samples: Vec<ColumnSample>,
        rounded_sums: Vec<Unlearnable>,
    ) -> Vec<ColumnFault> {
        let learned = self.scaling.columns[..self.d].iter().zip(&self.jitter);
        let alone = learned.zip(samples).flat_map(|((column, jitter), sample)| {
            let judged = JudgedColumn {
                name: &column.name,
                jitter: *jitter,
                map: column.transform.as_ref().map(|of| &of.map),
            };
            find_faults(&judged, sample)
        });
        let sums = rounded_sums.into_iter().filter_map(|sum| match sum.reason {
            NoDensity::Dependent(of) => Some(ColumnFault {
                column: sum.column,
                kind: FaultKind::RoundedSum(of),
            }),
            _ => None,
        });
        alone.chain(sums).collect()
    }
}
