//! A learning curve with the entropy of the data, which bounds it from below.

use crate::plot::LearningCurve;

/// A learning curve, with the entropy of the data where it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveWithEntropy {
    /// C over the training time.
    pub curve: LearningCurve,
    /// Entropy H, nats.
    pub entropy: Option<f64>,
}
