//! All that training changes, as it stands between two iterations: a trainer made from it goes on to the same bits as the one
//! that it was taken from. The batch in hand is not in it; it follows from the position in the data.

use std::sync::Arc;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::matching::Served;
use super::optimizer::{Average, Moments};
use super::recovery::Good;
use super::{Rate, Trainer};
use crate::data::batches::{Batches, Position};
use crate::data::{Dataset, Part};
use crate::event::{Best, Losses, Reason};
use crate::ranks::Ranks;
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
    moments: Moments,
    average: Option<Average>,
    rate: Rate,
    /// Of the pairs in hand, as long as the start by matching lasts.
    start: Option<Served>,
    /// Iterations done when the minimisation of the loss began.
    begun: u64,
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
        let moments = [&self.moments, &self.good.moments].map(Moments::parameters);
        let average = self
            .average
            .as_ref()
            .is_none_or(|average| vector(&average.theta));
        let numbers = [self.seconds, self.rate.factor()];
        best && average
            && finite(&numbers)
            && vector(&self.theta)
            && vector(&self.good.theta)
            && moments == [Some(parameters); 2]
    }

    /// At another training time, in seconds.
    pub fn after(self, seconds: f64) -> Self {
        TrainingState { seconds, ..self }
    }

    /// With a parameter that is no number.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self) {
        self.theta[0] = f64::NAN;
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
            moments: self.moments.clone(),
            average: self.average.clone(),
            start: self.matching.as_ref().map(|matching| matching.served()),
            begun: self.begun,
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

    /// A trainer that goes on from `state`, with the session that was in force there, and has no other rows than this rank
    /// computes.
    ///
    /// # Errors
    /// When the state is not one of this session and data, the rows cannot be read, or the worker threads not be started.
    pub fn at(
        state: TrainingState,
        ranks: &Ranks,
        session: Arc<Session>,
        data: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self> {
        let mut trainer = Trainer::without_batch(ranks, session, data, threads)?;
        state.check(&trainer.session, &trainer.data, trainer.parameters())?;
        let cut = trainer.cut(ranks.share(), state.start);
        trainer.batches = Batches::at(state.position, cut, &trainer.data)?;
        trainer.matching = state.start.map(|served| trainer.pairs(served));
        trainer.begun = state.begun;
        trainer.clock.before = state.seconds;
        trainer.iteration = state.iteration;
        trainer.validated = state.validated;
        trainer.rollbacks = state.rollbacks;
        trainer.theta = state.theta;
        trainer.moments = state.moments;
        trainer.average = state.average;
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::tests::{SMALL, iterate, session, starting, trainer};
    use super::*;
    use crate::event::Event;
    use crate::trainer::Adam;

    const ITERATIONS: usize = 14;

    fn halve() -> String {
        SMALL.replace("iterations: 9", "iterations: 100")
    }

    fn plateau() -> String {
        let schedule = "Plateau(patience: 1, factor: 0.5, drops: 9)";
        halve()
            .replace("Halve(every: 5)", schedule)
            .replace("every: 3", "every: 1")
            .replace("lr: 0.05", "lr: 0.4")
    }

    /// 13 rows to train on, by 5: three batches an epoch.
    fn table(folder: &Path) -> String {
        of_table(&halve(), folder)
    }

    fn of_table(text: &str, folder: &Path) -> String {
        let rows: Vec<String> = (0..15).map(|i| format!("{},{}", i * i, i % 4)).collect();
        let path = folder.join("t.csv");
        fs::write(&path, rows.join("\n")).unwrap();
        let toy = r#"Toy(name: "moons", batch: 200, resample_every: 4)"#;
        let jitter = r#"{"1": 1.0, "2": 1.0}"#;
        let data = format!("Table(path: {path:?}, jitter: {jitter}, batch: 5)");
        text.replace(toy, &data)
    }

    /// What is done to the run after these iterations: edits, one of the batch and the flow, and a step that goes too far.
    fn disturb(trainer: &mut Trainer, text: &str) {
        let edit = |from: &str, to: &str| session(&text.replace(from, to));
        match trainer.iteration() {
            3 => trainer.take_up(edit("flow: (steps: 4)", "flow: (steps: 3)")),
            5 => trainer.take_up(edit("batch: ", "batch: 1")),
            7 => trainer.theta.iter_mut().for_each(|value| *value *= 1e200),
            9 => trainer.take_up(edit("stop:", "weights: (likelihood: 9.0), stop:")),
            _ => {}
        }
    }

    fn train(trainer: &mut Trainer, text: &str, iterations: usize) -> Vec<Event> {
        let events = (0..iterations).map(|_| {
            disturb(trainer, text);
            iterate(trainer, 1)
        });
        events.flatten().collect()
    }

    /// The state as it comes back from a file, in a trainer of its own.
    fn again(trainer: &Trainer) -> Trainer {
        let bytes = postcard::to_allocvec(&trainer.state()).unwrap();
        let state = postcard::from_bytes(&bytes).unwrap();
        let in_force = trainer.session().clone();
        let data = Dataset::open(&in_force.data, in_force.model.seed).unwrap();
        Trainer::at(state, &Ranks::alone(), in_force, Arc::new(data), 1).unwrap()
    }

    fn without_time(trainer: &Trainer) -> TrainingState {
        trainer.state().after(0.0)
    }

    #[test]
    fn wherever_a_run_is_cut_it_goes_on_to_the_same_bits() {
        let folder = tempfile::tempdir().unwrap();
        let start = starting().replace("iterations: 9", "iterations: 100");
        let start_of_table = of_table(&start, folder.path());
        let table = table(folder.path());
        for text in [halve(), plateau(), table, start, start_of_table] {
            let mut unbroken = trainer(&text, 1);
            let expected = train(&mut unbroken, &text, ITERATIONS);
            for event in ["Rollback", "Rate", "Resample"] {
                let told = |e: &Event| format!("{e:?}").starts_with(event);
                assert!(expected.iter().any(told), "{event} in {text}");
            }
            for cut in 0..ITERATIONS {
                let mut first = trainer(&text, 1);
                let mut events = train(&mut first, &text, cut);
                let mut second = again(&first);
                drop(first);
                events.extend(train(&mut second, &text, ITERATIONS - cut));
                assert_eq!(
                    format!("{events:?}"),
                    format!("{expected:?}"),
                    "{cut} {text}"
                );
                assert_eq!(without_time(&second), without_time(&unbroken), "{cut}");
            }
        }
    }

    /// Gives up whatever the trainer does next, as a signal does.
    fn given_up(trainer: &Trainer) {
        trainer.instruments().progress.give_up();
    }

    #[test]
    fn a_validation_that_was_given_up_is_made_up_for() {
        let text = halve();
        let mut unbroken = trainer(&text, 1);
        let expected = iterate(&mut unbroken, 7);
        let mut first = trainer(&text, 1);
        let mut events = iterate(&mut first, 5);
        let progress = Arc::clone(&first.instruments().progress);
        // The iteration itself is done, its validation is not.
        first.iterate(&mut |event| {
            progress.give_up();
            events.push(super::super::tests::without_time(event));
        });
        assert!(first.owes() && first.iteration() == 6);
        let mut second = again(&first);
        second.settle(&mut |event| events.push(super::super::tests::without_time(event)));
        assert!(!second.owes());
        events.extend(iterate(&mut second, 1));
        assert_eq!(events, expected);
        assert_eq!(without_time(&second), without_time(&unbroken));
    }

    #[test]
    fn a_judgement_that_was_given_up_is_made_up_for() {
        let text = halve();
        let edited = session(&text.replace("steps: 5", "steps: 6"));
        let mut unbroken = trainer(&text, 1);
        iterate(&mut unbroken, 4);
        let mut first = again(&unbroken);
        unbroken.take_up(Arc::clone(&edited));
        given_up(&first);
        first.take_up(edited);
        assert!(first.owes());
        let mut second = again(&first);
        second.settle(&mut |event| panic!("{event:?}"));
        assert_eq!(without_time(&second), without_time(&unbroken));
    }

    #[test]
    fn what_has_ended_by_itself_ends_again_unless_it_is_edited() {
        let text = halve();
        let mut trainer = trainer(&text, 1);
        trainer.over = Some(Reason::Plateau);
        let mut second = again(&trainer);
        assert_eq!(second.over(), Some(Reason::Plateau));
        second.take_up(session(&text.replace("iterations: 100", "iterations: 200")));
        assert_eq!(second.over(), Some(Reason::Plateau));
        second.take_up(session(&text.replace("lr: 0.05", "lr: 0.04")));
        assert_eq!(second.over(), None);
    }

    #[test]
    fn a_state_that_is_not_of_this_session_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for text in [halve(), table(folder.path())] {
            let mut trainer = trainer(&text, 1);
            iterate(&mut trainer, 4);
            let refused = |change: fn(&mut TrainingState)| {
                let mut state = trainer.state();
                change(&mut state);
                let (session, data) = (trainer.session().clone(), Arc::clone(trainer.data()));
                Trainer::at(state, &Ranks::alone(), session, data, 1).is_err()
            };
            assert!(!refused(|_| ()));
            let changes: [fn(&mut TrainingState); 10] = [
                |state| state.theta[0] = f64::NAN,
                |state| state.theta.push(0.0),
                |state| state.good.theta.clear(),
                |state| state.moments = Moments::Adam(Adam::new(1)),
                |state| state.best.as_mut().unwrap().0.losses[1] = f64::INFINITY,
                |state| state.position.draws = 0,
                |state| state.position.size = 0,
                |state| state.position.size = usize::MAX,
                |state| state.position.seen = 14,
                |state| state.flow.steps = 0,
            ];
            for (i, change) in changes.into_iter().enumerate() {
                assert!(refused(change), "change {i} of {text}");
            }
        }
    }
}
