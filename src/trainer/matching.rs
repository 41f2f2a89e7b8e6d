//! The start by matching: the first iterations of a run minimise M of [`otflow_kernels::matching`] over pairs of rows and normal
//! draws, by Muon, before the loss is minimised.
//!
//! ```text
//! draw of pairs: rows of a batch, matched with normal draws in groups -> `reuse` iterations, each at new times
//! M and gradient -> finite? -> Muon step -> validate when due -> new pairs when due -> after the last one: the loss
//! ```
//!
//! Iterations are counted through. With the last one the optimiser is at rest again and the data are drawn anew.

#[cfg(test)]
mod tests;

use std::time::Instant;

use otflow_kernels::batch::Share;
use otflow_kernels::engine::{Pairs, lanes_of};
use otflow_kernels::matching::TILES;

use super::{StepOutcome, Trainer};
use crate::checkpoint::state::Served;
use crate::cost::{Computation, flops_per_sample};
use crate::data::batches::RankShare;
use crate::data::pairs::{BatchLocation, BatchRows, PairTimes, match_normals};
use crate::event::Event;
use crate::loss_range::Finding;
use crate::meter::TimedActivity;
use crate::optimizer::schedule::{PhaseProgress, ScheduleState};
use crate::optimizer::{OptimizerState, norm};
use crate::problem::{alpha, precision, scheme};
use crate::session::{Initial, Optimizer, Schedule};

/// Iterations of the way up of the rate, at most: a tenth of all if that is less.
const WARMUP: u64 = 100;
/// Share of the rate at the end.
const FLOOR: f64 = 0.01;
/// Momentum of Muon.
const MOMENTUM: f64 = 0.95;

/// The session's settings of a start by matching.
#[derive(Clone, Copy, Debug)]
struct Settings {
    iterations: u64,
    batch: usize,
    group: usize,
    reuse: u64,
    lr: f64,
    every: u64,
}

impl Trainer {
    /// The settings, as long as the start lasts.
    fn settings(&self) -> Option<Settings> {
        match self.session.start {
            Initial::Matching {
                iterations,
                batch,
                group,
                reuse,
                lr,
                every,
            } if self.state.start.is_some() => Some(Settings {
                iterations,
                batch,
                group,
                reuse,
                lr,
                every,
            }),
            _ => None,
        }
    }

    /// The optimiser in force.
    pub(super) fn optimizer(&self) -> Optimizer {
        let Some(Settings { lr, iterations, .. }) = self.settings() else {
            return self.session.optimizer;
        };
        Optimizer::Muon {
            lr,
            schedule: Schedule::Cosine {
                warmup: WARMUP.min(iterations / 10),
                floor: FLOOR,
            },
            momentum: MOMENTUM,
            clamp: None,
            decay: 0.0,
            clip: None,
            average: None,
        }
    }

    /// The learning rate of the next iteration.
    pub(super) fn learning_rate(&self) -> f64 {
        let stepping = self.optimizer().stepping();
        let last = self
            .settings()
            .map_or(self.session.stop.iterations, |settings| settings.iterations);
        let progress = PhaseProgress {
            done: self.state.iteration.saturating_sub(self.state.begun),
            total: last.saturating_sub(self.state.begun),
        };
        self.state
            .rate
            .rate(stepping.lr, stepping.schedule, progress)
    }

    /// True if a validation is due.
    pub(super) fn is_validation_due(&self) -> bool {
        match self.settings() {
            Some(Settings {
                every, iterations, ..
            }) => self.state.iteration.is_multiple_of(every) || self.state.iteration >= iterations,
            None => self
                .state
                .iteration
                .is_multiple_of(self.session.validation.every),
        }
    }

    /// The share of this rank in every batch, in a start by matching or after it.
    pub(super) fn rank_share(&self, share: Share, start: Option<Served>) -> RankShare {
        let lanes = lanes_of(precision(&self.session));
        match start {
            Some(Served { group, .. }) => RankShare {
                share,
                grain: TILES * lanes,
                group,
            },
            None => RankShare {
                share,
                grain: lanes,
                group: 1,
            },
        }
    }

    /// Takes the first batch, and its pairs where the run starts by matching.
    ///
    /// # Errors
    /// When its rows can't be read.
    pub(super) fn take_first(&mut self, share: Share) -> anyhow::Result<()> {
        let (start, size) = match self.session.start {
            Initial::Matching { group, batch, .. } => (
                Some(Served {
                    iterations: 0,
                    group,
                }),
                batch,
            ),
            _ => (None, self.session.data.batch()),
        };
        let share = self.rank_share(share, start);
        self.batches.start_anew(&self.data, size, share)?;
        if let Some(served) = start {
            self.start_pairs(served);
        }
        Ok(())
    }

    /// Matches the rows of the current batch with normal draws.
    pub(super) fn start_pairs(&mut self, served: Served) {
        let start = Instant::now();
        let position = self.batches.position();
        let columns = self.engine.shape().columns();
        let values = self.batches.rows();
        let n = values.len() / columns;
        let rows = BatchRows {
            values,
            columns,
            dimension: self.engine.shape().d,
        };
        let location = BatchLocation {
            seed: self.session.model.seed,
            draw: position.draws,
            // A draw of a toy set has no rows before it.
            first: position.seen.saturating_sub(n),
        };
        let read = self.batches.rank_share().read(n);
        self.normal = match_normals(rows, read, served.group, location);
        self.state.start = Some(served);
        let meter = &self.instruments.meter;
        meter.spend(TimedActivity::Pairs, start.elapsed());
    }

    /// Computes M and its gradient, and takes Muon's step where they are finite.
    pub(super) fn step_matching(&mut self, publish: &mut dyn FnMut(Event)) -> StepOutcome {
        let rate = self.learning_rate();
        let Some(m) = self.matching_gradient() else {
            return StepOutcome::GivenUp;
        };
        let broken = if m.is_finite() {
            self.not_finite_gradient()
        } else {
            Some(Finding::not_finite("M"))
        };
        let gradient = norm(self.gradient.iter().copied());
        let update = match &broken {
            None => self.take_step(rate),
            Some(_) => self.skip_step(),
        };
        if let Some(served) = &mut self.state.start {
            served.iterations += 1;
        }
        publish(Event::Matching {
            iteration: self.state.iteration,
            seconds: self.seconds(),
            lr: rate,
            gradient,
            update,
            m,
        });
        match broken {
            Some(found) => StepOutcome::NotFinite(found),
            None => {
                let left = self.state.range.record("M", m, None, 1.0);
                left.map_or(StepOutcome::Done, StepOutcome::Diverged)
            }
        }
    }

    /// M over the current pairs; the gradient goes into its buffer. None when it was given up.
    fn matching_gradient(&mut self) -> Option<f64> {
        let shape = self.engine.shape();
        let (d, columns) = (shape.d, shape.columns());
        let (rows, normal) = (self.batches.rows(), &self.normal);
        let n = rows.len() / columns;
        self.engine.load(&self.state.theta);
        let start = Instant::now();
        let times = PairTimes::new(n, self.session.model.seed, self.state.iteration);
        let row = |i: usize, out: &mut [f64]| {
            let (data, rest) = out.split_at_mut(columns);
            data.copy_from_slice(&rows[i * columns..][..columns]);
            rest[..d].copy_from_slice(&normal[i * d..][..d]);
            rest[d] = times.at(i);
        };
        let a0 = alpha(&self.session).a0;
        let (engine, gradient) = (&mut *self.engine, &mut self.gradient);
        let m = self
            .ranks
            .matching(engine, Pairs { n, row: &row }, a0, gradient);
        let meter = &self.instruments.meter;
        meter.spend(TimedActivity::Kernels, start.elapsed());
        let work = flops_per_sample(Computation::Matching, &shape, &scheme(&self.state.flow));
        meter.add_flops(work * self.batches.rank_share().computed(n).len() as f64);
        m
    }

    /// New pairs, if they are due, or after the last iteration of the start the first batch of what follows.
    pub(super) fn draw_pairs(&mut self, publish: &mut dyn FnMut(Event)) {
        let (Some(settings), Some(served)) = (self.settings(), self.state.start) else {
            return;
        };
        if self.state.iteration >= settings.iterations {
            return self.end_start(publish);
        }
        if served.iterations < settings.reuse {
            return;
        }
        let served = Served {
            iterations: 0,
            group: settings.group,
        };
        let old = self.batches.rank_share();
        let new = self.rank_share(old.share, Some(served));
        let read = if new == old {
            self.batches.advance(&self.data, settings.batch)
        } else {
            self.batches.start_anew(&self.data, settings.batch, new)
        };
        if self.heard(read, publish) {
            self.start_pairs(served);
        }
    }

    fn end_start(&mut self, publish: &mut dyn FnMut(Event)) {
        self.state.start = None;
        self.normal = Vec::new();
        self.state.begun = self.state.iteration;
        self.state.range.start_anew();
        if self.state.bests.in_force.is_none() {
            self.state.origin = Some(self.state.theta.clone());
        }
        self.state.rate = ScheduleState::default();
        self.state.moments = OptimizerState::new(&self.session.optimizer, &self.engine.shape());
        self.state.flow = self.session.flow;
        let share = self.rank_share(self.batches.rank_share().share, None);
        let read = self
            .batches
            .start_anew(&self.data, self.session.data.batch(), share);
        self.heard(read, publish);
        publish(Event::Resample {
            iteration: self.state.iteration,
        });
    }
}
