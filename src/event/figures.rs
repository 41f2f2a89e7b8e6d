//! Losses and figures of a validation, as events and files have them; what is not finite is null in JSON.

use serde::{Deserialize, Deserializer, Serialize};

/// L, C, R and the loss at the weights in force; C in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// a0 L + a1 C + a2 R.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// Transport cost.
    #[serde(rename = "L", deserialize_with = "number")]
    pub l: f64,
    /// Negative log-likelihood, nats.
    #[serde(rename = "C", deserialize_with = "number")]
    pub c: f64,
    /// HJB penalty.
    #[serde(rename = "R", deserialize_with = "number")]
    pub r: f64,
}

/// The figures of a validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The losses.
    #[serde(flatten)]
    pub losses: Losses,
    /// The standard error of C over the validation samples, nats; None in runs of an earlier version.
    #[serde(rename = "C_se", default)]
    pub c_se: Option<f64>,
    /// C - H: the paired estimate of the divergence from the truth, nats; None where the truth is unknown.
    pub divergence: Option<f64>,
    /// The standard error of the divergence, nats.
    pub divergence_se: Option<f64>,
}

impl Figures {
    /// True if every figure is finite.
    pub fn are_finite(&self) -> bool {
        let Losses { loss, l, c, r } = self.losses;
        let errors = self.c_se.into_iter().chain(self.divergence_se);
        let all = [loss, l, c, r].into_iter();
        let mut all = all.chain(self.divergence).chain(errors);
        all.all(f64::is_finite)
    }
}

/// JSON has null for what is not finite.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
