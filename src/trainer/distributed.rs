//! A trainer as one of several that do the same steps, each with its share of the work: `ranks.rs`.

use std::sync::Arc;

use super::{Trainer, adopt};
use crate::event::{Event, Reason};
use crate::ranks::{Lost, Message, Ranks};
use crate::session::Session;

impl Trainer {
    /// Shares its work from now on with the others that it was made as one of.
    pub(crate) fn distributed(mut self, mut ranks: Ranks) -> Self {
        ranks.attach(Arc::clone(&self.instruments.progress));
        self.batches
            .report_to(Arc::clone(&self.instruments.progress));
        self.ranks = ranks;
        self
    }

    /// The ranks it shares its work with.
    pub(crate) fn ranks(&mut self) -> &mut Ranks {
        &mut self.ranks
    }

    /// Says once that a rank is lost, if one is: the reason why the run ends.
    pub(super) fn bereft(&self, publish: &mut dyn FnMut(Event)) -> Option<Reason> {
        let Lost(message) = self.ranks.lost()?.clone();
        publish(Event::Warning { message });
        Some(Reason::Lost)
    }
}

/// Trains as rank 0 says, until it ends the run.
///
/// # Errors
/// When rank 0 is lost.
pub fn follow_rank_0(mut trainer: Trainer, mut edited: Arc<Session>) -> Result<(), Lost> {
    let unheard = &mut |_| ();
    if trainer.owes() {
        trainer.settle(unheard);
    }
    loop {
        match trainer.ranks.hear() {
            Some(Message::Iterate) => _ = trainer.iterate(unheard),
            Some(Message::Edit(session)) => adopt(&mut trainer, &mut edited, session, unheard),
            Some(Message::Restore(by)) => trainer.restore(by, unheard),
            Some(Message::End(reason)) => {
                trainer.last_figures(reason, unheard);
                trainer.ranks.rest();
                return Ok(());
            }
            None => {
                let nothing = || Lost("rank 0 is lost".into());
                return Err(trainer.ranks.lost().cloned().unwrap_or_else(nothing));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SMALL, iterate, session, starting, trainer, without_time};
    use super::*;
    use crate::data::Dataset;
    use crate::ranks::local;
    use crate::trainer::TrainingState;

    const ITERATIONS: usize = 11;

    fn edited(text: &str) -> Arc<Session> {
        session(&text.replace("stop:", "weights: (likelihood: 9.0), stop:"))
    }

    /// What an iteration begins with: an edit that has the best parameters judged anew, and a step that goes too far.
    fn disturb(trainer: &mut Trainer, edit: impl FnOnce(&mut Trainer)) {
        match trainer.iteration() {
            4 => edit(trainer),
            6 => trainer
                .state
                .theta
                .iter_mut()
                .for_each(|value| *value *= 1e200),
            _ => {}
        }
    }

    fn one_of(ranks: Ranks, threads: usize, text: &str) -> Trainer {
        let session = session(text);
        let data = Dataset::open(&session.data, session.model.seed).unwrap();
        let trainer = Trainer::one_of(&ranks, session, Arc::new(data), threads);
        trainer.unwrap().distributed(ranks)
    }

    fn alone(text: &str) -> (Vec<Event>, TrainingState) {
        let mut trainer = trainer(text, 2);
        let events = (0..ITERATIONS).flat_map(|_| {
            disturb(&mut trainer, |trainer| {
                trainer.take_up(edited(text), &mut |_| ())
            });
            iterate(&mut trainer, 1)
        });
        let events = events.collect();
        (events, state(&trainer))
    }

    fn state(trainer: &Trainer) -> TrainingState {
        trainer.state().after(0.0)
    }

    #[test]
    fn any_number_of_ranks_trains_the_same_bits() {
        for text in [SMALL, &starting()] {
            agree(text);
        }
    }

    fn agree(text: &str) {
        let expected = alone(text);
        for (size, threads) in [(1, 2), (2, 1), (2, 2), (3, 1), (4, 1), (20, 1)] {
            let found = local::run(size, |ranks| {
                let mut trainer = one_of(ranks, threads, text);
                let mut events = Vec::new();
                for _ in 0..ITERATIONS {
                    disturb(&mut trainer, |trainer| {
                        trainer.take_up(edited(text), &mut |_| ())
                    });
                    trainer.iterate(&mut |event| events.push(without_time(event)));
                }
                (events, state(&trainer))
            });
            for (rank, found) in found.into_iter().enumerate() {
                let (events, expected_events) = (&found.0, &expected.0);
                let told = format!("rank {rank} of {size}");
                assert_eq!(
                    format!("{events:?}"),
                    format!("{expected_events:?}"),
                    "{told}"
                );
                assert_eq!(found.1, expected.1, "{told}");
            }
        }
    }

    #[test]
    fn the_others_do_what_the_first_rank_does() {
        let states = local::run(3, |ranks| {
            let leads = ranks.leads();
            let mut trainer = one_of(ranks, 1, SMALL);
            if !leads {
                let session = Arc::clone(trainer.session());
                return follow_rank_0(trainer, session).map(|()| None);
            }
            for _ in 0..ITERATIONS {
                if trainer.iteration() == 4 {
                    trainer.ranks.tell(&Message::Edit(edited(SMALL)));
                    trainer.take_up(edited(SMALL), &mut |_| ());
                }
                trainer.ranks.tell(&Message::Iterate);
                trainer.iterate(&mut |_| ());
            }
            trainer.ranks.tell(&Message::End(Reason::Iterations));
            trainer.last_figures(Reason::Iterations, &mut |_| ());
            Ok(Some((trainer.iteration(), trainer.best().is_some())))
        });
        assert_eq!(states[1..], [Ok(None), Ok(None)]);
        assert_eq!(states[0], Ok(Some((11, true))));
    }

    #[test]
    fn a_pass_that_one_rank_gives_up_is_given_up_by_all() {
        let states = local::run(3, |ranks| {
            let second = ranks.rank() == 1;
            let mut trainer = one_of(ranks, 1, SMALL);
            iterate(&mut trainer, 2);
            if second {
                trainer.instruments().progress.give_up();
            }
            // Its step would be followed by a validation.
            assert!(iterate(&mut trainer, 1).is_empty());
            state(&trainer)
        });
        let mut expected = trainer(SMALL, 1);
        iterate(&mut expected, 2);
        assert_eq!(states, vec![state(&expected); 3]);
    }
}
