//! The part of the events that goes into the record of a run: all but the rows that [`Thinning`] leaves out, with the row before whatever
//! else happens, which is that of the iteration at which it happens, and the first row after it.

use crate::event::{Event, Thinning};

/// Thins the rows of iterations, in the order of the events.
#[derive(Debug)]
pub(super) struct Thinner {
    rule: Thinning,
    /// The last row, if it was left out.
    held: Option<Event>,
    /// Whether the next row is kept whatever its number: it is the first after something has happened.
    first: bool,
}

impl Thinner {
    pub(super) fn new(rule: Thinning) -> Self {
        Thinner {
            rule,
            held: None,
            first: true,
        }
    }

    /// What is recorded now that an event has come: the row before it, if it was left out and the event is no row; the event.
    pub(super) fn take(&mut self, event: &Event) -> impl Iterator<Item = Event> + use<> {
        let chosen = |iteration| self.rule.keeps(iteration);
        let chosen = event.routine().is_none_or(chosen);
        let (before, kept) = match event {
            Event::Iteration { .. } | Event::Matching { .. } => {
                let kept = std::mem::take(&mut self.first) || chosen;
                self.held = (!kept).then(|| event.clone());
                (None, kept)
            }
            Event::Resample { .. } => (None, chosen),
            _ => (self.interrupt(), true),
        };
        before.into_iter().chain(kept.then(|| event.clone()))
    }

    /// Something happens that is no event: the row before it, if it was left out. The next row will not be.
    pub(super) fn interrupt(&mut self) -> Option<Event> {
        self.first = true;
        self.held.take()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use super::*;
    use crate::run::synthetic;

    fn row(iteration: u64) -> Event {
        synthetic::iteration(iteration, iteration as f64, 0.1, 0.5)
    }

    /// The iterations of the rows that are recorded, with a warning after each of `at`.
    fn rows(thinner: &mut Thinner, iterations: RangeInclusive<u64>, at: &[u64]) -> Vec<u64> {
        let warning = Event::Warning {
            message: "the disk is slow".into(),
        };
        let mut recorded = Vec::new();
        for i in iterations {
            recorded.extend(thinner.take(&row(i)));
            if at.contains(&i) {
                recorded.extend(thinner.take(&warning));
            }
        }
        let warnings = recorded.iter().filter(|event| **event == warning);
        assert_eq!(warnings.count(), at.len());
        recorded.iter().filter_map(Event::routine).collect()
    }

    #[test]
    fn rows_by_the_rule_and_those_around_what_happens() {
        let mut thinner = Thinner::new(Thinning::new(4, 0));
        let expected = [1, 2, 3, 4, 6, 8, 11, 12, 13, 16, 24, 27, 28, 32];
        assert_eq!(rows(&mut thinner, 1..=40, &[11, 12, 27]), expected);
        // The last row, once.
        assert_eq!(thinner.interrupt(), Some(row(40)));
        assert_eq!(thinner.interrupt(), None);
    }

    #[test]
    fn a_run_that_goes_on_after_a_checkpoint_has_the_rows_of_one_that_was_not_cut() {
        let rule = Thinning::new(4, 0);
        let unbroken = rows(&mut Thinner::new(rule), 1..=64, &[21]);
        let mut again = rows(&mut Thinner::new(rule), 1..=21, &[21]);
        again.extend(rows(&mut Thinner::new(rule), 22..=64, &[]));
        assert_eq!(again, unbroken);
    }

    #[test]
    fn figures_that_are_not_finite_are_recorded_and_new_batches_by_the_rule_alone() {
        let mut thinner = Thinner::new(Thinning::new(4, 0));
        let mut kept = |event: Event| thinner.take(&event).count();
        assert_eq!((kept(row(1)), kept(row(33))), (1, 0));
        assert_eq!(kept(synthetic::iteration(34, 1.0, 0.1, f64::NAN)), 1);
        let batch = |iteration| Event::Resample { iteration };
        assert_eq!((kept(batch(32)), kept(batch(34))), (1, 0));
        assert_eq!(kept(row(35)), 0);
        assert_eq!(
            kept(synthetic::events()[3].clone()),
            2,
            "a validation, and the row at it"
        );
        assert_eq!((kept(batch(35)), kept(row(37))), (0, 1));
    }
}
