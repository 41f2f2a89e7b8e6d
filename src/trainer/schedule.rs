//! How the learning rate falls: rate = base x factor. The base is the session's `lr`, so that an edit of it keeps the drops
//! made so far; the factor is what the schedule and the rollbacks have made of it.

use serde::{Deserialize, Serialize};

use crate::session::Schedule;

/// What the schedule has done so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    factor: f64,
    /// Validations since the last improvement or drop.
    stale: u64,
    drops: u64,
}

/// What follows from a step of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rate stays.
    Same,
    /// The rate fell.
    Dropped,
    /// No improvement and no drops left.
    Exhausted,
}

impl Default for Rate {
    fn default() -> Self {
        Rate {
            factor: 1.0,
            stale: 0,
            drops: 0,
        }
    }
}

impl Rate {
    /// The rate for a base.
    pub fn of(&self, base: f64) -> f64 {
        base * self.factor
    }

    /// Lowers it, as a rollback does.
    pub fn scale(&mut self, factor: f64) {
        self.factor *= factor;
    }

    /// After an iteration.
    pub fn iterated(&mut self, schedule: Schedule, iteration: u64) -> Outcome {
        match schedule {
            Schedule::Halve { every } if iteration.is_multiple_of(every) => {
                self.factor *= 0.5;
                Outcome::Dropped
            }
            _ => Outcome::Same,
        }
    }

    /// After a validation that was the best so far.
    pub fn improved(&mut self) {
        self.stale = 0;
    }

    /// After one that was not; as the published code counts, more than `patience` of them are too many.
    pub fn stalled(&mut self, schedule: Schedule) -> Outcome {
        let Schedule::Plateau {
            patience,
            factor,
            drops,
        } = schedule
        else {
            return Outcome::Same;
        };
        self.stale += 1;
        if self.stale <= patience {
            return Outcome::Same;
        }
        if self.drops >= drops {
            return Outcome::Exhausted;
        }
        self.drops += 1;
        self.stale = 0;
        self.factor *= factor;
        Outcome::Dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_takes_effect_after_every_k_iterations() {
        let mut rate = Rate::default();
        let rates: Vec<f64> = (1..=6)
            .map(|iteration| {
                let now = rate.of(0.8);
                rate.iterated(Schedule::Halve { every: 2 }, iteration);
                now
            })
            .collect();
        assert_eq!(rates, [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]);
    }

    #[test]
    fn a_plateau_drops_and_in_the_end_stops() {
        let schedule = Schedule::Plateau {
            patience: 1,
            factor: 0.1,
            drops: 2,
        };
        let mut rate = Rate::default();
        let mut outcomes = vec![rate.stalled(schedule)];
        rate.improved();
        outcomes.extend((0..6).map(|_| rate.stalled(schedule)));
        use Outcome::{Dropped, Exhausted, Same};
        assert_eq!(
            outcomes,
            [Same, Same, Dropped, Same, Dropped, Same, Exhausted]
        );
        assert!((rate.of(1.0) - 0.01).abs() < 1e-17);
    }

    #[test]
    fn an_edited_base_keeps_the_drops() {
        let mut rate = Rate::default();
        rate.iterated(Schedule::Halve { every: 1 }, 1);
        assert_eq!((rate.of(0.1), rate.of(1.0)), (0.05, 0.5));
    }
}
