//! The trainer: owns the parameters, the optimiser, the data and the clock; one [`Trainer::iterate`] is one step of the optimiser.
//!
//! ```text
//! loss and gradient at theta -> finite? -> step -> validate, lower the rate, draw again when due
//! ```
//!
//! Parameters and moments are f64 whatever the kernels compute in. A loss or gradient that is not finite never reaches the
//! parameters: the last good ones come back, with a lower rate.
//!
//! | file | holds |
//! | --- | --- |
//! | `initial.rs` | the parameters of a start from a model |
//! | `matching.rs` | the first iterations of a start by matching |
//! | `recovery.rs` | back to the last good parameters |
//! | `state.rs` | from a state and back |
//! | `validation.rs` | the figures that pick the best parameters |
//! | `judge.rs` | when those are computed, and the best of them kept |
//! | `control.rs` | the loop: commands, pause, edits, limits, the end |
//! | `distributed.rs` | a trainer that shares its work with other processes |
//! | `checkpoints.rs` | when checkpoints are taken |
//! | `peak.rs` | the peak that the speed on the screen is held against |

mod checkpoints;
mod control;
mod distributed;
mod initial;
mod judge;
mod matching;
mod peak;
mod recovery;
mod state;
#[cfg(test)]
mod tests;
mod validation;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use otflow_kernels::engine::{Engine, engine, with_rows};
use otflow_kernels::objective::Costs;
use rand::RngExt;

pub use control::{Continuation, Outlets, Trained, adopt, train};
pub use distributed::follow_rank_0;

use crate::checkpoint::best::Objective;
use crate::checkpoint::state::{Pending, TrainingState};
use crate::cost::{Computation, flops_per_sample};
use crate::data::batches::Batches;
use crate::data::random::{Stream, generator};
use crate::data::{DataError, Dataset};
use crate::event::{Best, Event, Losses, Reason};
use crate::loss_range::Finding;
use crate::meter::{Instruments, TimedActivity};
use crate::model::{ModelOrigin, TrainedModel};
use crate::optimizer::schedule::RateChange;
use crate::optimizer::{OptimizerState, ParameterAverage, norm};
use crate::problem::{alpha, precision, shape, training_scheme};
use crate::ranks::Ranks;
use crate::session::{Initial, Session, to_ron};
use initial::initial;
use judge::Judgement;
pub(crate) use validation::Estimate;
use validation::Validation;

/// The state of training, and what it is trained on and by.
pub struct Trainer {
    session: Arc<Session>,
    data: Arc<Dataset>,
    engine: Box<dyn Engine>,
    /// Its seconds and its position in the data are those of the last pause or start; [`Trainer::state`] gives those of now.
    state: TrainingState,
    gradient: Vec<f64>,
    /// x_1 of the current pairs, n x d, as long as a start by matching lasts; their rows are those of the batch.
    normal: Vec<f64>,
    batches: Batches,
    validation: Validation,
    reading: RowReading,
    /// The time when the clock was started; the training time before is in the state.
    since: Option<Instant>,
    instruments: Instruments,
    /// Whom it shares its work with.
    ranks: Ranks,
}

/// The outcome of the step of an iteration.
enum StepOutcome {
    /// The parameters are new ones.
    Done,
    /// A quantity is not finite, so the parameters are as they were.
    NotFinite(Finding),
    /// The parameters are new ones, and a finite loss has left the range of sound training.
    Diverged(Finding),
    /// The work was given up, and nothing has happened.
    GivenUp,
}

/// The state of reading the next rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowReading {
    Fine,
    /// They could not be read, which was told; training goes by the rows before them.
    FailedAndTold,
}

impl Trainer {
    /// Start values, the first batch and the validation samples, all from the session's seed; 0 threads means one a core.
    ///
    /// # Errors
    /// When the worker threads cannot be started, or the rows of a table cannot be read.
    pub fn new(session: Arc<Session>, data: Arc<Dataset>, threads: usize) -> Result<Self> {
        Trainer::one_of(&Ranks::alone(), session, data, threads)
    }

    /// [`Trainer::new`] with no other rows than this rank computes: for [`Trainer::distributed`] these ranks.
    pub(crate) fn one_of(
        ranks: &Ranks,
        session: Arc<Session>,
        data: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self> {
        let mut trainer = Trainer::without_batch(ranks, session, data, threads)?;
        trainer.take_first(ranks.share())?;
        if let Initial::Model(path) = &trainer.session.start {
            trainer.state.theta = initial(path, &trainer.engine.shape())?;
            trainer.state.good.theta.clone_from(&trainer.state.theta);
            trainer.state.origin = Some(trainer.state.theta.clone());
        }
        trainer.state.moments = OptimizerState::new(&trainer.optimizer(), &trainer.engine.shape());
        trainer.state.good.moments = trainer.state.moments.clone();
        Ok(trainer)
    }

    /// All but what it is trained on next.
    fn without_batch(
        ranks: &Ranks,
        session: Arc<Session>,
        data: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self> {
        let shape = shape(&session, &data);
        let engine = engine(shape, precision(&session), threads)
            .context("cannot start the worker threads")?;
        let mut draw = generator(session.model.seed, Stream::StartValues);
        let theta = shape.start(|| draw.random());
        let moments = OptimizerState::new(&session.optimizer, &shape);
        Ok(Trainer {
            gradient: vec![0.0; theta.len()],
            state: TrainingState::new(theta, moments, session.flow),
            normal: Vec::new(),
            batches: Batches::default(),
            validation: Validation::new(&data, session.validation.samples, ranks)?,
            reading: RowReading::Fine,
            since: None,
            instruments: Instruments {
                progress: engine.progress(),
                meter: Arc::default(),
            },
            ranks: Ranks::alone_with(engine.progress()),
            session,
            data,
            engine,
        })
    }

    /// The session in force.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The data set.
    pub fn data(&self) -> &Arc<Dataset> {
        &self.data
    }

    /// Number of parameters of the potential.
    pub fn parameters(&self) -> usize {
        self.state.theta.len()
    }

    /// Iterations done.
    pub fn iteration(&self) -> u64 {
        self.state.iteration
    }

    /// The view that other threads have of the work, and their way to have an iteration given up.
    pub fn instruments(&self) -> &Instruments {
        &self.instruments
    }

    /// Stops the clock.
    pub fn pause(&mut self) {
        self.state.seconds = self.seconds();
        self.since = None;
    }

    /// Starts the clock, if it does not run.
    pub fn resume(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// Training time so far, seconds.
    pub fn seconds(&self) -> f64 {
        let running = self.since.map(|since| since.elapsed().as_secs_f64());
        self.state.seconds + running.unwrap_or(0.0)
    }

    /// The parameters as they are, or their average where there is one.
    pub fn last_model(&self) -> TrainedModel {
        self.model(self.state.iteration, self.best(), self.judged())
    }

    /// The parameters that are judged, shown and saved: their average where there is one.
    pub(crate) fn judged(&self) -> &[f64] {
        self.state
            .average
            .as_ref()
            .map_or(&self.state.theta, |average| &average.theta)
    }

    fn model(&self, iteration: u64, validation: Option<Best>, theta: &[f64]) -> TrainedModel {
        let origin = ModelOrigin {
            version: env!("CARGO_PKG_VERSION").into(),
            session: to_ron(&self.session),
            iteration,
            validation,
        };
        TrainedModel {
            shape: self.engine.shape(),
            precision: self.session.model.precision,
            theta: theta.to_vec(),
            scaling: self.data.scaling().cloned(),
            name_source: self.data.name_source(),
            origin: Some(origin),
        }
    }

    /// Puts another session into force, as `session::apply` has made it: live fields from the next iteration on, the batch
    /// and the flow it is trained with from the next draw on. The best parameters are judged anew where their figures change.
    pub fn take_up(&mut self, session: Arc<Session>, publish: &mut dyn FnMut(Event)) {
        let (old, new) = (Objective::of(&self.session), Objective::of(&session));
        if old != new {
            self.state.bests.change(old, &new);
            self.state.range.start_anew();
            self.state.pending = self.state.pending.with_judgement();
        }
        // Neither limits nor what is shown undo the end of a schedule.
        let trained_by = |session: &Session| {
            let (data, start) = (session.data.clone(), session.start.clone());
            let optimizer = session.optimizer;
            let judged_by = (session.flow, session.validation, session.weights);
            (data, start, optimizer, session.recovery, judged_by)
        };
        if trained_by(&self.session) != trained_by(&session) {
            self.state.over = None;
        }
        self.session = session;
        self.judge(publish);
    }

    /// The batch of the next iteration, if another one is due.
    fn draw(&mut self, publish: &mut dyn FnMut(Event)) {
        if self.state.start.is_some() {
            return self.draw_pairs(publish);
        }
        let iteration = self.state.iteration;
        if !Batches::is_due(iteration, &self.session.data) {
            return;
        }
        let anew = self.batches.is_draw_over();
        let size = self.session.data.batch();
        let read = self.batches.advance(&self.data, size);
        self.heard(read, publish);
        if anew {
            self.state.flow = self.session.flow;
            publish(Event::Resample { iteration });
        }
    }

    /// True if the next rows could be read; where they could not, that is told once.
    fn heard(&mut self, read: Result<(), DataError>, publish: &mut dyn FnMut(Event)) -> bool {
        if let (Err(error), true) = (&read, self.ranks.size() > 1) {
            // The others have other rows than this one.
            self.ranks.fail(error.to_string());
            return false;
        }
        let done = read.is_ok();
        let now = match read {
            Ok(()) => RowReading::Fine,
            Err(_) => RowReading::FailedAndTold,
        };
        let before = std::mem::replace(&mut self.reading, now);
        if let (Err(error), RowReading::Fine) = (read, before) {
            publish(Event::Warning {
                message: format!(
                    "{error}; from iteration {} on training goes by the rows of the one before, until they can be read again",
                    self.state.iteration + 1
                ),
            });
        }
        done
    }

    /// One iteration; tells `publish` what happened and gives the reason when the run is to end. Nothing has happened when
    /// the iteration was given up before its step; after it, [`Trainer::settle`] makes up for the rest.
    pub fn iterate(&mut self, publish: &mut dyn FnMut(Event)) -> Option<Reason> {
        match self.step(publish) {
            StepOutcome::GivenUp => return None,
            StepOutcome::NotFinite(found) => {
                self.step_back();
                self.state.over = self.slow_down(found, publish);
            }
            StepOutcome::Diverged(found) => {
                self.go_back_to_best();
                self.state.over = self.slow_down(found, publish);
            }
            StepOutcome::Done => {}
        }
        if self.state.over.is_some() {
            return self.state.over;
        }
        self.state.pending = self.state.pending.with_sequel();
        self.settle(publish)
    }

    /// Does what was given up after the last step or edit; nothing, if nothing was.
    pub fn settle(&mut self, publish: &mut dyn FnMut(Event)) -> Option<Reason> {
        self.judge(publish);
        if self.state.pending != Pending::Sequel {
            return None;
        }
        let outcome = self.follow_schedule(publish)?;
        self.state.pending = self.state.pending.without_sequel();
        self.draw(publish);
        match outcome {
            Judgement::Sound(RateChange::Exhausted) => self.state.over = Some(Reason::Plateau),
            Judgement::Sound(_) => {}
            Judgement::Diverged(found) => {
                self.go_back_to_best();
                self.state.over = self.slow_down(found, publish);
            }
        }
        self.state.over
    }

    /// True if [`Trainer::settle`] has something to do.
    pub fn owes(&self) -> bool {
        self.state.pending != Pending::Nothing
    }

    /// The reason why training is over, whatever the limits are.
    pub fn over(&self) -> Option<Reason> {
        self.state.over
    }

    /// Computes loss and gradient, and takes a step where they are finite.
    fn step(&mut self, publish: &mut dyn FnMut(Event)) -> StepOutcome {
        if self.state.start.is_some() {
            return self.step_matching(publish);
        }
        let rate = self.learning_rate();
        let Some(costs) = self.gradient() else {
            return StepOutcome::GivenUp;
        };
        let broken = self.not_finite(&costs);
        let gradient = norm(self.gradient.iter().copied());
        let update = match &broken {
            None => self.take_step(rate),
            Some(_) => self.skip_step(),
        };
        publish(Event::Iteration {
            iteration: self.state.iteration,
            seconds: self.seconds(),
            lr: rate,
            gradient,
            update,
            losses: losses(&costs),
        });
        match broken {
            Some(found) => StepOutcome::NotFinite(found),
            None => self
                .leaves_range(costs.loss)
                .map_or(StepOutcome::Done, StepOutcome::Diverged),
        }
    }

    /// What speaks for divergence in a finite loss of the current batch, with no validation to ask.
    fn leaves_range(&mut self, loss: f64) -> Option<Finding> {
        let columns = self.engine.shape().columns();
        let batch = self.batches.rows().len() / columns;
        let share = batch as f64 / self.validation.samples() as f64;
        let known = self.known_loss().map(|known| known.of_batch(share));
        let a1 = alpha(&self.session).a1;
        self.state.range.record("loss", loss, known, a1)
    }

    /// Ends an iteration without a step, whose norm is 0.
    fn skip_step(&mut self) -> f64 {
        self.state.iteration += 1;
        0.0
    }

    /// Ends an iteration by a step; its norm over that of the parameters.
    fn take_step(&mut self, rate: f64) -> f64 {
        self.state.iteration += 1;
        self.state.good.iteration = self.state.iteration - 1;
        self.state.good.theta.copy_from_slice(&self.state.theta);
        self.state.good.moments.copy_from(&self.state.moments);
        let optimizer = self.optimizer();
        let (theta, gradient) = (&mut self.state.theta, &mut self.gradient);
        self.state
            .moments
            .step(theta, gradient, &*self.engine, &optimizer, rate);
        self.state.average = optimizer.stepping().average.map(|keep| {
            let average = self.state.average.take();
            let mut average =
                average.unwrap_or_else(|| ParameterAverage::new(self.state.theta.len()));
            average.add(&self.state.theta, keep);
            average
        });
        self.update()
    }

    /// The losses of the current batch; the gradient goes into its buffer. None when it was given up.
    fn gradient(&mut self) -> Option<Costs> {
        let seed = self.session.model.seed;
        let scheme = training_scheme(&self.state.flow, seed, self.state.iteration + 1);
        let alpha = alpha(&self.session);
        self.engine.load(&self.state.theta);
        let columns = self.engine.shape().columns();
        let start = Instant::now();
        let costs = with_rows(self.batches.rows(), columns, |samples| {
            let (engine, gradient) = (&mut *self.engine, &mut self.gradient);
            self.ranks
                .gradient(engine, samples, &scheme, &alpha, gradient)
        });
        let meter = &self.instruments.meter;
        meter.spend(TimedActivity::Kernels, start.elapsed());
        let mut costs = costs?;
        // C in standardised units of the table, as validation has it row by row: the gradient is the same.
        let offset = self.data.mean_offset();
        costs.c -= offset;
        costs.loss -= alpha.a1 * offset;
        let work = flops_per_sample(Computation::Iteration, &self.engine.shape(), &scheme);
        let n = self.batches.rows().len() / columns;
        meter.add_flops(work * self.batches.rank_share().computed(n).len() as f64);
        Some(costs)
    }

    /// Norm of the last step over that of the parameters.
    fn update(&self) -> f64 {
        let step = self
            .state
            .theta
            .iter()
            .zip(&self.state.good.theta)
            .map(|(new, old)| new - old);
        norm(step) / norm(self.state.theta.iter().copied()).max(f64::MIN_POSITIVE)
    }

    /// Validates when it is due or the loss is suspect, and lowers the rate as the schedule says. None when the validation was given up.
    fn follow_schedule(&mut self, publish: &mut dyn FnMut(Event)) -> Option<Judgement> {
        let iteration = self.state.iteration;
        let schedule = self.optimizer().stepping().schedule;
        let old = self.learning_rate();
        let mut outcome = RateChange::Same;
        if self.is_validation_due() || self.state.range.is_suspect() {
            outcome = match self.validate(publish)? {
                Judgement::Sound(outcome) => outcome,
                diverged => return Some(diverged),
            };
        }
        if self.state.rate.record_iteration(schedule, iteration) == RateChange::Dropped {
            outcome = RateChange::Dropped;
        }
        if outcome == RateChange::Dropped {
            let new = self.learning_rate();
            publish(Event::Rate {
                iteration,
                old,
                new,
            });
        }
        Some(Judgement::Sound(outcome))
    }
}

pub(crate) fn losses(costs: &Costs) -> Losses {
    Losses {
        loss: costs.loss,
        l: costs.l,
        c: costs.c,
        r: costs.r,
    }
}
