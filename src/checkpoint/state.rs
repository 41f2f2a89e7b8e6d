//! All that training changes, as it stands between two iterations: a trainer made from it goes on to the same bits as the one
//! that it was taken from. The current batch is not in it; it follows from the position in the data.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::best::{BestParameters, Bests};
use crate::data::batches::DataPosition;
use crate::data::{Dataset, SplitPart};
use crate::event::Reason;
use crate::loss_range::LossRange;
use crate::optimizer::schedule::ScheduleState;
use crate::optimizer::{OptimizerState, ParameterAverage};
use crate::session::{self, FlowSettings, Session};

/// Rows of the largest batch that a session can have.
const LARGEST: usize = 10_000_000;

/// The state of training between two iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Iterations done.
    pub iteration: u64,
    /// Training time, seconds.
    pub(crate) seconds: f64,
    /// The iteration of the last validation.
    pub(crate) validated: u64,
    /// Rollbacks so far.
    pub(crate) rollbacks: u32,
    /// The parameters.
    pub(crate) theta: Vec<f64>,
    pub(crate) moments: OptimizerState,
    pub(crate) average: Option<ParameterAverage>,
    pub(crate) rate: ScheduleState,
    /// The use of the current pairs, as long as the start by matching lasts.
    pub(crate) start: Option<Served>,
    /// Iterations done when the current phase began: that of matching, or of minimising the loss.
    pub(crate) begun: u64,
    /// The point where the last finite loss was seen, and the optimiser before the step from there.
    pub(crate) good: Good,
    /// The place in the data.
    pub(crate) position: DataPosition,
    /// The flow that the batches are trained with until the next draw or epoch.
    pub(crate) flow: FlowSettings,
    pub(crate) bests: Bests,
    /// The parameters that the phase began with, until there are best ones.
    pub(crate) origin: Option<Vec<f64>>,
    /// The range of the loss.
    pub(crate) range: LossRange,
    pub(crate) pending: Pending,
    /// The reason why training has come to an end that only an edit can undo.
    pub(crate) over: Option<Reason>,
}

/// The work that was given up, as by a signal, and is to be done before the next iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[bool; 2]", into = "[bool; 2]")]
pub(crate) enum Pending {
    Nothing,
    /// The sequel of the last step: validation, schedule, next batch.
    Sequel,
    /// The judgement of the best parameters after an edit.
    Judgement,
    /// The judgement, and then the sequel.
    Both,
}

/// The use of the current pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Served {
    /// The iterations that they have served so far.
    pub iterations: u64,
    /// The number of pairs that were matched together.
    pub group: usize,
}

/// Parameters whose loss was finite, and the optimiser before the step from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Good {
    /// Iterations done there.
    pub iteration: u64,
    /// The parameters.
    pub theta: Vec<f64>,
    /// The optimiser.
    pub moments: OptimizerState,
}

impl Pending {
    pub(crate) fn has_sequel(self) -> bool {
        matches!(self, Pending::Sequel | Pending::Both)
    }

    pub(crate) fn has_judgement(self) -> bool {
        matches!(self, Pending::Judgement | Pending::Both)
    }

    pub(crate) fn with_sequel(self) -> Self {
        Pending::from([true, self.has_judgement()])
    }

    pub(crate) fn with_judgement(self) -> Self {
        Pending::from([self.has_sequel(), true])
    }

    pub(crate) fn without_sequel(self) -> Self {
        Pending::from([false, self.has_judgement()])
    }

    pub(crate) fn without_judgement(self) -> Self {
        Pending::from([self.has_sequel(), false])
    }
}

/// The form in checkpoints: sequel, judgement.
impl From<[bool; 2]> for Pending {
    fn from(pending: [bool; 2]) -> Self {
        match pending {
            [false, false] => Pending::Nothing,
            [true, false] => Pending::Sequel,
            [false, true] => Pending::Judgement,
            [true, true] => Pending::Both,
        }
    }
}

impl From<Pending> for [bool; 2] {
    fn from(pending: Pending) -> Self {
        [pending.has_sequel(), pending.has_judgement()]
    }
}

impl TrainingState {
    /// The state before the first iteration.
    pub(crate) fn new(theta: Vec<f64>, moments: OptimizerState, flow: FlowSettings) -> Self {
        TrainingState {
            iteration: 0,
            seconds: 0.0,
            validated: 0,
            rollbacks: 0,
            good: Good {
                iteration: 0,
                theta: theta.clone(),
                moments: moments.clone(),
            },
            origin: Some(theta.clone()),
            range: LossRange::default(),
            theta,
            moments,
            average: None,
            rate: ScheduleState::default(),
            start: None,
            begun: 0,
            position: DataPosition::default(),
            flow,
            bests: Bests::default(),
            pending: Pending::Nothing,
            over: None,
        }
    }

    /// True if every number is finite and every vector has this number of parameters.
    pub fn is_sound(&self, parameters: usize) -> bool {
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        let vector = |values: &[f64]| values.len() == parameters && finite(values);
        let best = |best: &BestParameters| vector(&best.theta) && best.figures.figures.are_finite();
        let origin = self.origin.as_deref().is_none_or(vector);
        let moments = [&self.moments, &self.good.moments].map(OptimizerState::parameters);
        let average = self
            .average
            .as_ref()
            .is_none_or(|average| vector(&average.theta));
        let numbers = [self.seconds, self.rate.factor()];
        self.bests.all().all(best)
            && average
            && origin
            && finite(&numbers)
            && vector(&self.theta)
            && vector(&self.good.theta)
            && moments == [Some(parameters); 2]
    }

    /// The same state at another training time, in seconds.
    pub fn after(self, seconds: f64) -> Self {
        TrainingState { seconds, ..self }
    }

    /// Puts a parameter that is no number into the state.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self) {
        self.theta[0] = f64::NAN;
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.theta.len()
    }

    /// Checks all that a trainer is made from before it is made.
    pub(crate) fn check(&self, session: &Session, data: &Dataset, parameters: usize) -> Result<()> {
        ensure!(
            self.is_sound(parameters),
            "its parameters are not those of a model of this session"
        );
        let DataPosition { draws, seen, size } = self.position;
        let sound = match data.table() {
            None => seen == 0,
            Some(table) => (1..=table.len(SplitPart::Training)).contains(&seen),
        };
        ensure!(
            sound && draws > 0 && (1..=LARGEST).contains(&size),
            "the data have no rows at its position"
        );
        let mut trained = session.clone();
        trained.flow = self.flow;
        match session::find_fault(&trained) {
            None => Ok(()),
            Some(fault) => anyhow::bail!("{fault}"),
        }
    }
}
