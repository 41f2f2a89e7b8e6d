//! What happens where a loss or gradient is not finite: the last good parameters come back, with a lower rate, until no
//! rollback is left. So nothing that is not finite is ever in the parameters, in the optimiser's moments, or in what is kept of them.

use otflow_kernels::objective::Costs;

use super::Trainer;
use crate::checkpoint::state::Good;
use crate::event::{Event, Reason};
use crate::optimizer::OptimizerState;

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
        let iteration = self.state.iteration;
        let recovery = self.session.recovery;
        let failed_again = self.state.good.theta == self.state.theta;
        if let (true, Some(best)) = (failed_again, &self.state.best) {
            self.state.good = Good {
                iteration: best.figures.iteration,
                theta: best.theta.clone(),
                moments: OptimizerState::new(&self.optimizer(), &self.engine.shape()),
            };
        }
        self.state.theta.copy_from_slice(&self.state.good.theta);
        self.state.moments.copy_from(&self.state.good.moments);
        if self.state.rollbacks >= recovery.rollbacks {
            publish(Event::Warning {
                message: format!(
                    "{quantity} is not finite at iteration {iteration} and no rollback is left"
                ),
            });
            return Some(Reason::Diverged);
        }
        self.state.rollbacks += 1;
        self.state.rate.scale(recovery.factor);
        let (to, lr, left) = (
            self.state.good.iteration,
            self.learning_rate(),
            recovery.rollbacks - self.state.rollbacks,
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
