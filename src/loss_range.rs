//! The range that the loss of sound training stays in. A finite loss far above it, or a C that its own integration does not
//! confirm, is divergence as much as a loss that is not finite.
//!
//! ```text
//! limit = best + 50 a1 se sqrt(max(1, n / batch))       of a batch, once there is a best validation; n samples validate
//! limit = best + 50 a1 se                               of a validation
//! limit = first + 10 max(|first|, a1)                   before that, and for M (a1 = 1): 10 times the first, or 10 nats
//! false best: C(2 steps) - C(steps) > max(0.05, 0.025 d) nats,  or  C - H < -3 se
//! ```
//!
//! se is the standard error of C at the best validation; in nats, as C. Sound training was never seen more than 2 se above its best
//! validation, nor a batch more than 13.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{Best, Figures};

/// Standard errors above the best validation that no sound training reaches.
const FAR: f64 = 50.0;
/// How many times the first loss no sound training reaches before its first validation.
const TIMES: f64 = 10.0;
/// Iterations in a row above the limit that are no accident of a batch.
const IN_A_ROW: u32 = 3;
/// False bests since the last one that was confirmed, after which the flow is taken to live by the error of its integration.
const PATIENCE: u32 = 10;
/// Nats that C may be off by its integration, for each column and at least: more than a model gains by a good setting.
const TRUST: f64 = 0.025;
const LEAST_TRUST: f64 = 0.05;
/// Standard errors by which C - H, which can't be negative, may come out below 0.
const BELOW: f64 = 3.0;

/// What a phase of training has shown of its loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossRange {
    /// The loss of the first iteration of the phase at the weights in force, or its M.
    first: Option<f64>,
    /// Iterations in a row above the limit.
    above: u32,
    /// A validation has found them to be accidents; the next regular one looks anew.
    cleared: bool,
    /// False bests since the last one that was confirmed.
    false_bests: u32,
}

/// The best validation, as a measure of what is far above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct KnownLoss {
    /// Its loss.
    pub(crate) loss: f64,
    /// The standard error of the loss, by that of C.
    pub(crate) error: f64,
}

/// A quantity whose value ends training or takes it back, with the words that say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The quantity, as `loss`.
    pub(crate) quantity: String,
    /// The rest of the sentence, as `is not finite`.
    pub(crate) finding: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.quantity, self.finding)
    }
}

impl Finding {
    /// Of a quantity that is not finite.
    pub(crate) fn not_finite(quantity: &str) -> Self {
        Finding {
            quantity: quantity.into(),
            finding: "is not finite".into(),
        }
    }
}

impl KnownLoss {
    /// The measure that a best validation gives at the weight a1 of C; None where its error is not known.
    pub(crate) fn new(best: &Best, a1: f64) -> Option<Self> {
        let error = best.figures.c_se? * a1;
        Some(KnownLoss {
            loss: best.figures.losses.loss,
            error,
        })
    }

    /// The same measure for a batch of this share of the validation samples.
    pub(crate) fn of_batch(self, share: f64) -> Self {
        KnownLoss {
            error: self.error / share.min(1.0).sqrt(),
            ..self
        }
    }

    fn limit(self) -> f64 {
        self.loss + FAR * self.error
    }
}

/// The reason of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// It was due.
    Due,
    /// Losses above the limit asked for it.
    Suspicion,
}

/// C over some of the validation samples as the steps of validations give it and as twice as many do, nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Resolution {
    pub(crate) steps: usize,
    pub(crate) c: f64,
    pub(crate) fine: f64,
}

/// The reason why the C of a validation can't be true, in words; None where nothing speaks against it.
pub(crate) fn doubt(figures: &Figures, resolution: Resolution, d: usize) -> Option<Finding> {
    if let (Some(value), Some(error)) = (figures.divergence, figures.divergence_se)
        && value < -BELOW * error
    {
        return Some(Finding {
            quantity: "C - H".into(),
            finding: format!("is {value:.4} +- {error:.4} nats, which no density can have"),
        });
    }
    let Resolution { steps, c, fine } = resolution;
    // Also where the finer one is no number.
    let confirmed = fine - c <= LEAST_TRUST.max(TRUST * d as f64);
    (!confirmed).then(|| Finding {
        quantity: "C".into(),
        finding: format!(
            "is {c:.3} nats in {steps} steps and {fine:.3} in {}",
            2 * steps
        ),
    })
}

/// The limit where no validation is known.
fn above_first(first: f64, a1: f64) -> f64 {
    first + TIMES * first.abs().max(a1)
}

impl LossRange {
    /// Forgets what the loss was measured by, which is another one from now on.
    pub(crate) fn start_anew(&mut self) {
        *self = LossRange::default();
    }

    /// Takes note that the parameters are earlier ones again.
    pub(crate) fn go_back(&mut self) {
        *self = LossRange {
            first: self.first,
            ..LossRange::default()
        };
    }

    /// Takes the finite loss of an iteration, or its M; `a1` is the weight of C, 1 for M. A finding where no best validation is
    /// `known` that could tell a divergence from an accident.
    pub(crate) fn record(
        &mut self,
        quantity: &str,
        loss: f64,
        known: Option<KnownLoss>,
        a1: f64,
    ) -> Option<Finding> {
        let first = *self.first.get_or_insert(loss);
        let limit = known.map_or(above_first(first, a1), KnownLoss::limit);
        self.above = if loss > limit { self.above + 1 } else { 0 };
        (known.is_none() && self.above >= IN_A_ROW).then(|| Finding {
            quantity: quantity.into(),
            finding: format!(
                "is {loss:.3e}, far above the first, {first:.3e}, {IN_A_ROW} times in a row"
            ),
        })
    }

    /// True if a validation is to say whether losses above the limit are accidents.
    pub(crate) fn is_suspect(&self) -> bool {
        self.above >= IN_A_ROW && !self.cleared
    }

    /// Judges the loss of a validation, which need not be finite, at the weight `a1` of C. Where the training losses are in their range, one far above
    /// is no divergence: the network has learned its rows by heart.
    pub(crate) fn judge(
        &mut self,
        loss: f64,
        known: Option<KnownLoss>,
        a1: f64,
        occasion: Occasion,
    ) -> Option<Finding> {
        let (limit, sound) = match known {
            Some(known) => {
                let KnownLoss { loss, error } = known;
                (
                    known.limit(),
                    format!("the best, {loss:.3e} +- {error:.1e}"),
                )
            }
            None => {
                let first = self.first?;
                (above_first(first, a1), format!("the first, {first:.3e}"))
            }
        };
        let within = loss <= limit;
        self.cleared = within && occasion == Occasion::Suspicion;
        (!within && self.above > 0).then(|| Finding {
            quantity: "validation loss".into(),
            finding: format!("is {loss:.3e}, far above {sound}"),
        })
    }

    /// Counts a false best: true if it is one too many.
    pub(crate) fn count_false_best(&mut self) -> bool {
        self.false_bests += 1;
        self.false_bests >= PATIENCE
    }

    /// True if the last false best is the first since a confirmed one.
    pub(crate) fn is_first_false_best(&self) -> bool {
        self.false_bests == 1
    }

    /// Takes note of a best that was confirmed.
    pub(crate) fn confirm_best(&mut self) {
        self.false_bests = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Losses;

    const KNOWN: KnownLoss = KnownLoss {
        loss: 240.0,
        error: 2.0,
    };

    #[test]
    fn before_a_validation_three_losses_far_above_the_first_are_divergence() {
        let mut range = LossRange::default();
        for loss in [300.0, 3301.0, 3301.0, 3299.0, 3301.0, 3301.0] {
            assert_eq!(range.record("loss", loss, None, 100.0), None, "{loss}");
        }
        let told = range.record("loss", 1e141, None, 100.0).unwrap().finding;
        assert!(
            told.contains("1.000e141") && told.contains("3.000e2"),
            "{told}"
        );
    }

    #[test]
    fn a_first_loss_near_zero_is_measured_in_nats() {
        let mut range = LossRange::default();
        for loss in [0.0, 999.0, 999.0, 999.0] {
            assert_eq!(range.record("loss", loss, None, 100.0), None);
        }
        assert!((0..3).any(|_| range.record("M", 1001.0, None, 100.0).is_some()));
    }

    #[test]
    fn after_one_they_are_suspect_until_a_validation_has_judged_them() {
        let mut range = LossRange::default();
        for loss in [300.0, 341.0, 341.0, 339.0, 341.0, 341.0] {
            assert_eq!(range.record("loss", loss, Some(KNOWN), 100.0), None);
            assert!(!range.is_suspect(), "{loss}");
        }
        range.record("loss", 341.0, Some(KNOWN), 100.0);
        assert!(range.is_suspect());
        assert_eq!(
            range.judge(250.0, Some(KNOWN), 100.0, Occasion::Suspicion),
            None
        );
        range.record("loss", 341.0, Some(KNOWN), 100.0);
        assert!(!range.is_suspect(), "it was an accident");
        assert_eq!(range.judge(250.0, Some(KNOWN), 100.0, Occasion::Due), None);
        range.record("loss", 341.0, Some(KNOWN), 100.0);
        assert!(range.is_suspect(), "looked at anew");
        for loss in [341.0, f64::NAN, f64::INFINITY] {
            let mut range = range;
            assert!(
                range
                    .judge(loss, Some(KNOWN), 100.0, Occasion::Suspicion)
                    .is_some()
            );
        }
    }

    #[test]
    fn a_validation_far_above_is_no_divergence_where_training_is_in_its_range() {
        let mut range = LossRange::default();
        range.record("loss", 240.0, Some(KNOWN), 100.0);
        assert_eq!(range.judge(1e6, Some(KNOWN), 100.0, Occasion::Due), None);
    }

    #[test]
    fn a_first_validation_far_above_the_first_loss_is_divergence() {
        let mut range = LossRange::default();
        for loss in [300.0, 4000.0] {
            assert_eq!(range.record("loss", loss, None, 100.0), None);
        }
        let judged = |loss| { range }.judge(loss, None, 100.0, Occasion::Due);
        assert_eq!(judged(3299.0), None);
        let told = judged(3301.0).unwrap().finding;
        assert!(told.contains("far above the first, 3.000e2"), "{told}");
    }

    #[test]
    fn a_batch_of_a_quarter_scatters_twice_as_much() {
        assert_eq!(KNOWN.of_batch(0.25).error, 4.0);
        assert_eq!(KNOWN.of_batch(4.0).error, 2.0);
    }

    #[test]
    fn a_c_that_twice_the_steps_do_not_confirm_is_doubted() {
        let of = |c, fine, d| doubt(&Figures::default(), Resolution { steps: 12, c, fine }, d);
        assert_eq!(of(2.83, 2.87, 2), None);
        assert_eq!(of(3.41, 2.4, 2), None, "better than it claims");
        assert_eq!(of(-4.0, -3.9, 7), None, "seven columns");
        let told = of(2.4, 3.41, 2).unwrap();
        assert_eq!(told.finding, "is 2.400 nats in 12 steps and 3.410 in 24");
        assert!(of(-4.0, -3.9, 2).is_some());
        assert!(of(2.4, f64::NAN, 2).is_some());
    }

    #[test]
    fn a_divergence_below_zero_by_more_than_its_error_is_doubted() {
        let of = |value| {
            let figures = Figures {
                losses: Losses::default(),
                c_se: None,
                divergence: Some(value),
                divergence_se: Some(0.01),
            };
            let resolution = Resolution {
                steps: 8,
                c: 1.0,
                fine: 1.0,
            };
            doubt(&figures, resolution, 2)
        };
        assert_eq!(of(-0.029), None);
        assert_eq!(of(-0.031).unwrap().quantity, "C - H");
    }

    #[test]
    fn false_bests_are_counted_until_one_is_confirmed() {
        let mut range = LossRange::default();
        assert!(!range.count_false_best() && range.is_first_false_best());
        range.confirm_best();
        assert!((0..9).all(|_| !range.count_false_best()));
        assert!(range.count_false_best());
    }
}
