//! The start by matching of a run, as the dashboard keeps it: the curve of M, and whether the loss is minimised by now.

use super::series::Series;

/// A start by matching.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatchingStart {
    /// The curve of M over iterations.
    pub curve: Series,
    /// The value of M in the last iteration of matching.
    pub m: f64,
    /// The last iteration of matching.
    pub iteration: u64,
    /// Whether iterations that minimise the loss have followed.
    pub over: bool,
}
