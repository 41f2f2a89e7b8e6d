//! The last validation.

use crate::event::Losses;

/// The last validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastValidation {
    /// The losses.
    pub losses: Losses,
    /// The divergence C - H from the data.
    pub divergence: Option<DivergenceEstimate>,
}

/// An estimate of the divergence C - H.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DivergenceEstimate {
    /// The value, nats.
    pub value: f64,
    /// The standard error, nats.
    pub error: f64,
}
