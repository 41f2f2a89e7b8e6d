//! The faults of the columns of a table, those of single columns and sums but for the rounding.

use super::SplitTable;
use super::sample::ColumnSample;
use crate::data::column_fault::{ColumnFault, FaultKind, JudgedColumn, find_faults};
use crate::data::unlearnable::{NoDensity, Sum, Unlearnable};

impl SplitTable {
    /// Finds the faults of the learned columns.
    pub(super) fn find_faults(
        &self,
        samples: Vec<ColumnSample>,
        rounded_sums: Vec<Unlearnable>,
        near_sums: Vec<Unlearnable>,
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
        let rounded = sums(rounded_sums, FaultKind::RoundedSum);
        let near = sums(near_sums, FaultKind::NearSum);
        alone.chain(rounded).chain(near).collect()
    }
}

/// Columns that are sums of others as faults of a kind.
fn sums(of: Vec<Unlearnable>, kind: fn(Sum) -> FaultKind) -> impl Iterator<Item = ColumnFault> {
    of.into_iter().filter_map(move |found| match found.reason {
        NoDensity::Dependent(sum) => Some(ColumnFault {
            column: found.column,
            kind: kind(sum),
        }),
        _ => None,
    })
}
