//! Judging parameters: a validation when one is due, and again of the best ones where an edit has changed what their figures are.

use std::time::Instant;

use otflow_kernels::objective::Scheme;

use super::Trainer;
use super::validation::Pass;
use crate::checkpoint::best::BestParameters;
use crate::event::{Best, BestBy, Event, Figures};
use crate::loss_range::{Finding, KnownLoss, Occasion, Resolution, doubt};
use crate::meter::TimedActivity;
use crate::model::TrainedModel;
use crate::optimizer::schedule::RateChange;
use crate::problem::{alpha, scheme};
use crate::session::FlowSettings;

impl Trainer {
    /// The best validation so far.
    pub fn best(&self) -> Option<Best> {
        self.best_by(BestBy::Loss)
    }

    /// The best validation so far by this measure.
    pub fn best_by(&self, by: BestBy) -> Option<Best> {
        self.state.bests.by(by).map(|best| best.figures)
    }

    /// A copy of the parameters of the best validation by this measure.
    pub fn best_model(&self, by: BestBy) -> Option<TrainedModel> {
        let best = self.state.bests.by(by)?;
        Some(self.model(best.figures.iteration, Some(best.figures), &best.theta))
    }

    /// The best parameters under the session in force, where an edit has changed what their figures are.
    pub(super) fn judge(&mut self, publish: &mut dyn FnMut(Event)) {
        if !self.state.pending.has_judgement() {
            return;
        }
        let candidates = self.state.bests.candidates();
        let by_c = self
            .state
            .bests
            .by(BestBy::C)
            .map(|best| best.figures.iteration);
        let mut judged = Vec::new();
        for BestParameters { figures, theta } in candidates {
            let Some(anew) = self.figures(&theta) else {
                return;
            };
            let Some(resolution) = self.resolution() else {
                return;
            };
            let sound =
                anew.are_finite() && doubt(&anew, resolution, self.engine.shape().d).is_none();
            let figures = Best {
                iteration: figures.iteration,
                figures: anew,
            };
            judged.extend(sound.then_some(BestParameters { figures, theta }));
        }
        let bests = &mut self.state.bests;
        bests.by_c = judged
            .iter()
            .find(|best| Some(best.figures.iteration) == by_c)
            .cloned();
        let all = bests.in_force.take().into_iter().chain(judged);
        bests.in_force = all.reduce(BestParameters::less);
        if bests.by_c.is_none() {
            bests.by_c.clone_from(&bests.in_force);
        }
        self.state.pending = self.state.pending.without_judgement();
        publish(Event::Judged {
            iteration: self.state.iteration,
            best: self.best(),
        });
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

    /// Validates the parameters, or their average where there is one, unless that has been done. None, and nothing done, when it
    /// was given up.
    pub(crate) fn validate(&mut self, publish: &mut dyn FnMut(Event)) -> Option<Judgement> {
        let iteration = self.state.iteration;
        if self.state.validated == iteration {
            return Some(Judgement::Sound(RateChange::Same));
        }
        let occasion = if self.is_validation_due() {
            Occasion::Due
        } else {
            Occasion::Suspicion
        };
        let theta = self.judged().to_vec();
        let figures = self.figures(&theta)?;
        let found = Best { iteration, figures };
        let is_best = |by: BestBy, of: fn(&Best) -> f64| {
            let known = self.best_by(by).map_or(f64::INFINITY, |best| of(&best));
            figures.are_finite() && of(&found) < known
        };
        let best = is_best(BestBy::Loss, |best| best.figures.losses.loss);
        let best_c = is_best(BestBy::C, |best| best.figures.losses.c);
        let doubt = if best || best_c {
            doubt(&figures, self.resolution()?, self.engine.shape().d)
        } else {
            None
        };
        self.state.validated = iteration;
        let (known, a1) = (self.known_loss(), alpha(&self.session).a1);
        let loss = figures.losses.loss;
        let diverged = self.state.range.judge(loss, known, a1, occasion);
        let confirmed = doubt.is_none() && diverged.is_none();
        publish(Event::Validation {
            iteration,
            seconds: self.seconds(),
            figures,
            best: best && confirmed,
            best_c: best_c && confirmed,
            doubt: doubt.as_ref().map(Finding::to_string),
        });
        if let Some(found) = diverged {
            return Some(Judgement::Diverged(found));
        }
        if let Some(doubt) = doubt {
            return Some(self.doubted(doubt, publish));
        }
        let found = BestParameters {
            figures: found,
            theta,
        };
        if best_c {
            self.state.bests.by_c = Some(found.clone());
        }
        if best {
            self.state.bests.in_force = Some(found);
            self.state.origin = None;
            self.state.range.confirm_best();
            self.state.rate.record_improvement();
            return Some(Judgement::Sound(RateChange::Same));
        }
        if occasion == Occasion::Suspicion {
            return Some(Judgement::Sound(RateChange::Same));
        }
        Some(self.stalled())
    }

    /// The best validation as a measure of what is far above it.
    pub(super) fn known_loss(&self) -> Option<KnownLoss> {
        KnownLoss::new(&self.best()?, alpha(&self.session).a1)
    }

    /// What the schedule makes of a validation that is not the best so far.
    fn stalled(&mut self) -> Judgement {
        let schedule = self.optimizer().stepping().schedule;
        Judgement::Sound(self.state.rate.record_stall(schedule))
    }

    /// What follows from a validation that would be the best if its C could be true.
    fn doubted(&mut self, doubt: Finding, publish: &mut dyn FnMut(Event)) -> Judgement {
        if self.state.range.count_false_best() {
            return Judgement::Diverged(doubt);
        }
        if self.state.range.is_first_false_best() {
            publish(Event::Warning {
                message: format!(
                    "not taken as the best: {doubt}; more flow.steps and validation.steps, a larger weights.hjb or \
                     a smaller optimizer.lr help"
                ),
            });
        }
        self.stalled()
    }
}

/// The outcome of a validation.
pub(crate) enum Judgement {
    /// Training is sound; what the schedule makes of it.
    Sound(RateChange),
    /// Training has diverged.
    Diverged(Finding),
}
