//! What happens where training has diverged: earlier parameters come back, with a lower rate, until no rollback is left. After a
//! loss or gradient that is not finite these are the ones before, so that nothing that is not finite is ever in the parameters, in the
//! optimiser's moments, or in what is kept of them; after a loss that left its range, which a long way may lead to, the best ones, or
//! those that the phase began with.

use otflow_kernels::objective::Costs;

use super::Trainer;
use crate::checkpoint::state::Good;
use crate::event::{BestBy, Event, Reason};
use crate::loss_range::Finding;
use crate::optimizer::OptimizerState;

impl Trainer {
    /// The first quantity that is not finite.
    pub(super) fn not_finite(&self, costs: &Costs) -> Option<Finding> {
        let named = [
            ("L", costs.l),
            ("C", costs.c),
            ("R", costs.r),
            ("loss", costs.loss),
        ];
        if let Some((name, _)) = named.iter().find(|(_, value)| !value.is_finite()) {
            return Some(Finding::not_finite(name));
        }
        self.not_finite_gradient()
    }

    /// The first tensor whose gradient is not finite.
    pub(super) fn not_finite_gradient(&self) -> Option<Finding> {
        // Adam squares it.
        let finite = |value: &f64| (value * value).is_finite();
        let at = self.gradient.iter().position(|value| !finite(value))?;
        let tensors = self.engine.shape().tensors();
        tensors
            .into_iter()
            .find(|t| t.range.contains(&at))
            .map(|t| Finding::not_finite(&format!("gradient of {}", t.name)))
    }

    /// The last good parameters come back; where they have failed too, the best ones do.
    pub(super) fn step_back(&mut self) {
        let failed_again = self.state.good.theta == self.state.theta;
        if failed_again && self.state.bests.in_force.is_some() {
            return self.go_back_to_best();
        }
        self.state.theta.copy_from_slice(&self.state.good.theta);
        self.state.moments.copy_from(&self.state.good.moments);
    }

    /// The best parameters come back, or those that the phase began with where there are none.
    pub(super) fn go_back_to_best(&mut self) {
        let best = self.state.bests.by(BestBy::Loss);
        let best = best.map(|best| (best.figures.iteration, best.theta.clone()));
        let origin = self.state.origin.clone();
        if let Some((iteration, theta)) = best.or(origin.map(|theta| (self.state.begun, theta))) {
            self.begin_at(iteration, theta);
        }
    }

    /// Goes on from parameters of an earlier iteration, with a new optimiser.
    fn begin_at(&mut self, iteration: u64, theta: Vec<f64>) {
        self.state.moments = OptimizerState::new(&self.optimizer(), &self.engine.shape());
        self.state.average = None;
        self.state.theta.copy_from_slice(&theta);
        self.state.good = Good {
            iteration,
            theta,
            moments: self.state.moments.clone(),
        };
        self.state.range.go_back();
    }

    /// Goes on from the best parameters by this measure, at the rate in force.
    pub fn restore(&mut self, by: BestBy, publish: &mut dyn FnMut(Event)) {
        let iteration = self.state.iteration;
        let Some(best) = self.state.bests.by(by) else {
            return publish(Event::Warning {
                message: "there is no validation yet, and so no best parameters to go back to"
                    .into(),
            });
        };
        let (to, theta) = (best.figures.iteration, best.theta.clone());
        self.begin_at(to, theta);
        self.state.over = None;
        publish(Event::Restored { iteration, to, by });
    }

    /// Tells what was found of the parameters, which are earlier ones again, and lowers the rate; the reason of the end where no
    /// rollback is left.
    pub(super) fn slow_down(
        &mut self,
        found: Finding,
        publish: &mut dyn FnMut(Event),
    ) -> Option<Reason> {
        let iteration = self.state.iteration;
        let recovery = self.session.recovery;
        if self.state.rollbacks >= recovery.rollbacks {
            publish(Event::Warning {
                message: format!("{found} at iteration {iteration} and no rollback is left"),
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
            quantity: found.quantity,
            finding: found.finding,
            to,
            lr,
            left,
        });
        None
    }
}
