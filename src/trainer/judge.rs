//! Judging parameters: a validation when one is due, and again of the best ones where an edit has changed what their figures are.

use std::time::Instant;

use otflow_kernels::objective::Scheme;

use super::Trainer;
use super::validation::{Pass, Resolution};
use crate::checkpoint::state::BestParameters;
use crate::event::{Best, Event, Figures};
use crate::meter::TimedActivity;
use crate::model::TrainedModel;
use crate::optimizer::schedule::RateChange;
use crate::problem::{alpha, scheme};
use crate::session::FlowSettings;

impl Trainer {
    /// The best validation so far.
    pub fn best(&self) -> Option<Best> {
        self.state.best.as_ref().map(|best| best.figures)
    }

    /// A copy of the parameters of the best validation.
    pub fn best_model(&self) -> Option<TrainedModel> {
        let best = self.state.best.as_ref()?;
        Some(self.model(best.figures.iteration, &best.theta))
    }

    /// The best parameters under the session in force, where an edit has changed what their figures are; none are left if they
    /// are not finite under it.
    pub(super) fn judge(&mut self) {
        if !self.state.pending.has_judgement() {
            return;
        }
        if let Some(BestParameters { figures, theta }) = self.state.best.take() {
            let Some(anew) = self.figures(&theta) else {
                self.state.best = Some(BestParameters { figures, theta });
                return;
            };
            let anew = anew.are_finite().then_some(Best {
                iteration: figures.iteration,
                figures: anew,
            });
            self.state.best = anew.map(|figures| BestParameters { figures, theta });
        }
        self.state.pending = self.state.pending.without_judgement();
    }

    /// The integration of a validation: by the session in force, also while the batch is still trained with an older flow.
    fn validated_by(&self) -> Scheme {
        scheme(&FlowSettings {
            steps: self.session.validation.steps,
            ..self.session.flow
        })
    }

    /// C with the steps of the validation and with twice as many, of the parameters that the last validation has left in the engine.
    /// None when that was given up.
    fn resolution(&mut self) -> Option<Resolution> {
        let (scheme, alpha) = (self.validated_by(), alpha(&self.session));
        self.validation.resolution(Pass {
            engine: &mut *self.engine,
            ranks: &mut self.ranks,
            scheme,
            alpha: &alpha,
        })
    }

    /// The figures of a validation of `theta`; None when it was given up.
    pub(super) fn figures(&mut self, theta: &[f64]) -> Option<Figures> {
        let start = Instant::now();
        let scheme = self.validated_by();
        self.engine.load(theta);
        let alpha = alpha(&self.session);
        let figures = self.validation.figures(Pass {
            engine: &mut *self.engine,
            ranks: &mut self.ranks,
            scheme,
            alpha: &alpha,
        });
        self.instruments
            .meter
            .spend(TimedActivity::Validation, start.elapsed());
        figures
    }

    /// The figures of the parameters as they are, or of their average, without any consequence; None when they were given up.
    pub(crate) fn figures_as_they_are(&mut self) -> Option<Figures> {
        let theta = self.judged().to_vec();
        self.figures(&theta)
    }

    /// Validates the parameters, or their average where there is one, unless that has been done; what the schedule makes of it. None, and nothing done,
    /// when it was given up.
    pub(crate) fn validate(&mut self, publish: &mut dyn FnMut(Event)) -> Option<RateChange> {
        let iteration = self.state.iteration;
        if self.state.validated == iteration {
            return Some(RateChange::Same);
        }
        let theta = self.judged().to_vec();
        let figures = self.figures(&theta)?;
        let known = self
            .best()
            .map_or(f64::INFINITY, |best| best.figures.losses.loss);
        let best = figures.are_finite().then_some(Best { iteration, figures });
        let best = best.filter(|best| best.figures.losses.loss < known);
        let resolution = match best {
            Some(_) => Some(self.resolution()?),
            None => None,
        };
        self.state.validated = iteration;
        publish(Event::Validation {
            iteration,
            seconds: self.seconds(),
            figures,
            best: best.is_some(),
        });
        let Some(best) = best else {
            let schedule = self.optimizer().stepping().schedule;
            return Some(self.state.rate.record_stall(schedule));
        };
        self.state.best = Some(BestParameters {
            figures: best,
            theta,
        });
        self.state.rate.record_improvement();
        if let Some(message) = resolution.and_then(|found| found.warning()) {
            publish(Event::Warning { message });
        }
        Some(RateChange::Same)
    }
}
