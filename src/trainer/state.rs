//! All that training changes, as it stands between two iterations: a trainer made from it goes on to the same bits as the one
//! that it was taken from. The batch in hand is not in it; it follows from the position in the data.

use std::sync::Arc;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::recovery::Good;
use super::{Adam, Rate, Trainer};
use crate::data::batches::{Batches, Position};
use crate::data::{Dataset, Part};
use crate::event::{Best, Losses, Reason};
use crate::session::{self, Flow, Session};

/// Rows of the largest batch that a session can have.
const LARGEST: usize = 10_000_000;

/// Where training stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Iterations done.
    pub iteration: u64,
    /// Training time, seconds.
    seconds: f64,
    validated: u64,
    rollbacks: u32,
    theta: Vec<f64>,
    adam: Adam,
    rate: Rate,
    good: Good,
    position: Position,
    flow: Flow,
    best: Option<(Judged, Vec<f64>)>,
    owed: bool,
    unjudged: bool,
    over: Option<Reason>,
}

/// [`Best`], flat.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Judged {
    iteration: u64,
    losses: [f64; 4],
    divergence: [Option<f64>; 2],
}

impl From<Best> for Judged {
    fn from(best: Best) -> Self {
        let Losses { loss, l, c, r } = best.losses;
        Judged {
            iteration: best.iteration,
            losses: [loss, l, c, r],
            divergence: [best.divergence, best.divergence_se],
        }
    }
}

impl From<Judged> for Best {
    fn from(judged: Judged) -> Self {
        let [loss, l, c, r] = judged.losses;
        let [divergence, divergence_se] = judged.divergence;
        Best {
            iteration: judged.iteration,
            losses: Losses { loss, l, c, r },
            divergence,
            divergence_se,
        }
    }
}

impl TrainingState {
    /// Whether every number is finite and the vectors are those of so many parameters.
    pub fn is_sound(&self, parameters: usize) -> bool {
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        let vector = |values: &[f64]| values.len() == parameters && finite(values);
        let best = self.best.as_ref().is_none_or(|(judged, theta)| {
            let divergence = judged.divergence.into_iter().flatten();
            vector(theta) && finite(&judged.losses) && divergence.into_iter().all(f64::is_finite)
        });
        let moments = [&self.adam, &self.good.adam].map(Adam::parameters);
        let numbers = [self.seconds, self.rate.of(1.0)];
        best && finite(&numbers)
            && vector(&self.theta)
            && vector(&self.good.theta)
            && moments == [Some(parameters); 2]
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.theta.len()
    }

    /// Checks all that a trainer is made from before it is made.
    fn check(&self, session: &Session, data: &Dataset, parameters: usize) -> Result<()> {
        ensure!(
            self.is_sound(parameters),
            "its parameters are not those of a model of this session"
        );
        let Position { draws, seen, size } = self.position;
        let sound = match data.parts() {
            None => seen == 0,
            Some(parts) => (1..=parts.len(Part::Training)).contains(&seen),
        };
        ensure!(
            sound && draws > 0 && (1..=LARGEST).contains(&size),
            "the data have no rows at its position"
        );
        let mut trained = session.clone();
        trained.flow = self.flow;
        match session::fault(&trained) {
            None => Ok(()),
            Some(fault) => anyhow::bail!("{fault}"),
        }
    }
}

impl Trainer {
    /// Where training stands.
    pub fn state(&self) -> TrainingState {
        let best = self.best.as_ref();
        TrainingState {
            iteration: self.iteration,
            seconds: self.seconds(),
            validated: self.validated,
            rollbacks: self.rollbacks,
            theta: self.theta.clone(),
            adam: self.adam.clone(),
            rate: self.rate.clone(),
            good: self.good.clone(),
            position: self.batches.position(),
            flow: self.flow,
            best: best.map(|(best, theta)| ((*best).into(), theta.clone())),
            owed: self.owed,
            unjudged: self.unjudged,
            over: self.over,
        }
    }

    /// A trainer that goes on from `state`, with the session that was in force there.
    ///
    /// # Errors
    /// When the state is not one of this session and data, the rows cannot be read, or the worker threads not be started.
    pub fn at(
        state: TrainingState,
        session: Arc<Session>,
        data: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self> {
        let mut trainer = Trainer::new(session, data, threads)?;
        state.check(&trainer.session, &trainer.data, trainer.parameters())?;
        trainer.batches = Batches::at(state.position, &trainer.data)?;
        trainer.clock.before = state.seconds;
        trainer.iteration = state.iteration;
        trainer.validated = state.validated;
        trainer.rollbacks = state.rollbacks;
        trainer.theta = state.theta;
        trainer.adam = state.adam;
        trainer.rate = state.rate;
        trainer.good = state.good;
        trainer.flow = state.flow;
        trainer.best = state.best.map(|(best, theta)| (best.into(), theta));
        trainer.owed = state.owed;
        trainer.unjudged = state.unjudged;
        trainer.over = state.over;
        Ok(trainer)
    }
}
