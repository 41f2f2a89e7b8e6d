//! What happens where a loss or gradient is not finite: the last good parameters come back, with a lower rate, until no
//! rollback is left. So nothing that is not finite is ever in the parameters, in the optimiser's moments, or in what is kept of them.

use otflow_kernels::objective::Costs;
use serde::{Deserialize, Serialize};

use super::Trainer;
use super::optimizer::Moments;
use crate::event::{Event, Reason};

/// Parameters whose loss was finite, and the optimiser before the step from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Good {
    pub(super) iteration: u64,
    pub(super) theta: Vec<f64>,
    pub(super) moments: Moments,
}

impl Trainer {
    /// The first quantity that is not finite.
    pub(super) fn not_finite(&self, costs: &Costs) -> Option<String> {
        let named = [
            ("L", costs.l),
            ("C", costs.c),
            ("R", costs.r),
            ("loss", costs.loss),
        ];
        if let Some((name, _)) = named.iter().find(|(_, value)| !value.is_finite()) {
            return Some((*name).into());
        }
        self.not_finite_gradient()
    }

    /// The first tensor whose gradient is not finite.
    pub(super) fn not_finite_gradient(&self) -> Option<String> {
        // Adam squares it.
        let finite = |value: &f64| (value * value).is_finite();
        let at = self.gradient.iter().position(|value| !finite(value))?;
        let tensors = self.engine.shape().tensors();
        tensors
            .into_iter()
            .find(|t| t.range.contains(&at))
            .map(|t| format!("gradient of {}", t.name))
    }

    /// The last good parameters come back; where they have failed too, the best ones do.
    pub(super) fn roll_back(
        &mut self,
        quantity: String,
        publish: &mut dyn FnMut(Event),
    ) -> Option<Reason> {
        let iteration = self.iteration;
        let recovery = self.session.recovery;
        let failed_again = self.good.theta == self.theta;
        if let (true, Some((best, theta))) = (failed_again, &self.best) {
            self.good = Good {
                iteration: best.iteration,
                theta: theta.clone(),
                moments: Moments::new(&self.optimizer(), &self.engine.shape()),
            };
        }
        self.theta.copy_from_slice(&self.good.theta);
        self.moments.copy_from(&self.good.moments);
        if self.rollbacks >= recovery.rollbacks {
            publish(Event::Warning {
                message: format!(
                    "{quantity} is not finite at iteration {iteration} and no rollback is left"
                ),
            });
            return Some(Reason::Diverged);
        }
        self.rollbacks += 1;
        self.rate.scale(recovery.factor);
        let (to, lr, left) = (
            self.good.iteration,
            self.learning_rate(),
            recovery.rollbacks - self.rollbacks,
        );
        publish(Event::Rollback {
            iteration,
            quantity,
            to,
            lr,
            left,
        });
        None
    }
}
