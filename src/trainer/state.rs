//! A trainer from a state and back: it goes on to the same bits as the one that the state was taken from.

use std::sync::Arc;

use anyhow::Result;

use super::Trainer;
use crate::checkpoint::state::TrainingState;
use crate::data::Dataset;
use crate::data::batches::Batches;
use crate::ranks::Ranks;
use crate::session::Session;

impl Trainer {
    /// The state of training.
    pub fn state(&self) -> TrainingState {
        TrainingState {
            seconds: self.seconds(),
            position: self.batches.position(),
            ..self.state.clone()
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
        let share = trainer.rank_share(ranks.share(), state.start);
        trainer.batches = Batches::restore(state.position, share, &trainer.data)?;
        if let Some(served) = state.start {
            trainer.start_pairs(served);
        }
        trainer.state = state;
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
    use crate::event::Reason;
    use crate::optimizer::{Adam, OptimizerState};

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
            3 => trainer.take_up(edit("flow: (steps: 4)", "flow: (steps: 3)"), &mut |_| ()),
            5 => trainer.take_up(edit("batch: ", "batch: 1"), &mut |_| ()),
            7 => trainer
                .state
                .theta
                .iter_mut()
                .for_each(|value| *value *= 1e200),
            9 => trainer.take_up(
                edit("stop:", "weights: (likelihood: 9.0), stop:"),
                &mut |_| (),
            ),
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
        unbroken.take_up(Arc::clone(&edited), &mut |_| ());
        given_up(&first);
        first.take_up(edited, &mut |_| ());
        assert!(first.owes());
        let mut second = again(&first);
        let mut events = Vec::new();
        second.settle(&mut |event| events.push(event));
        assert!(matches!(events[..], [Event::Judged { .. }]), "{events:?}");
        assert_eq!(without_time(&second), without_time(&unbroken));
    }

    #[test]
    fn what_has_ended_by_itself_ends_again_unless_it_is_edited() {
        let text = halve();
        let mut trainer = trainer(&text, 1);
        trainer.state.over = Some(Reason::Plateau);
        let mut second = again(&trainer);
        assert_eq!(second.over(), Some(Reason::Plateau));
        second.take_up(
            session(&text.replace("iterations: 100", "iterations: 200")),
            &mut |_| (),
        );
        assert_eq!(second.over(), Some(Reason::Plateau));
        second.take_up(session(&text.replace("lr: 0.05", "lr: 0.04")), &mut |_| ());
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
                |state| state.moments = OptimizerState::Adam(Adam::new(1)),
                |state| {
                    state
                        .bests
                        .in_force
                        .as_mut()
                        .unwrap()
                        .figures
                        .figures
                        .losses
                        .l = f64::INFINITY
                },
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
