//! How the learning rate falls: rate = base x factor x shape. The base is the session's `lr`, so that an edit of it keeps the drops
//! made so far; the factor is what drops and rollbacks have made of it; the shape is that of a cosine, and 1 for other schedules:
//!
//! ```text
//! min(1, (k + 1) / warmup) (floor + (1 - floor) (1 + cos(pi k / n)) / 2)      k iterations done of n
//! ```

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

/// How far a phase of training is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Iterations done.
    pub done: u64,
    /// Of how many.
    pub of: u64,
}

/// What a schedule without a memory makes of the rate.
fn shape(schedule: Schedule, Way { done, of }: Way) -> f64 {
    let Schedule::Cosine { warmup, floor } = schedule else {
        return 1.0;
    };
    let rise = ((done + 1) as f64 / warmup.max(1) as f64).min(1.0);
    let share = (done as f64 / of.max(1) as f64).min(1.0);
    // Of libm, since the rate reaches the parameters.
    let fall = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * share));
    rise * (floor + (1.0 - floor) * fall)
}

impl Rate {
    /// The rate for a base.
    pub fn of(&self, base: f64, schedule: Schedule, way: Way) -> f64 {
        base * self.factor * shape(schedule, way)
    }

    /// What drops and rollbacks have made of the base.
    pub fn factor(&self) -> f64 {
        self.factor
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

    const START: Way = Way { done: 0, of: 1 };

    #[test]
    fn halving_takes_effect_after_every_k_iterations() {
        let mut rate = Rate::default();
        let rates: Vec<f64> = (1..=6)
            .map(|iteration| {
                let halve = Schedule::Halve { every: 2 };
                let now = rate.of(0.8, halve, START);
                rate.iterated(halve, iteration);
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
        assert!((rate.factor() - 0.01).abs() < 1e-17);
    }

    #[test]
    fn an_edited_base_keeps_the_drops() {
        let mut rate = Rate::default();
        let halve = Schedule::Halve { every: 1 };
        rate.iterated(halve, 1);
        let of = |base| rate.of(base, halve, START);
        assert_eq!((of(0.1), of(1.0)), (0.05, 0.5));
    }

    #[test]
    fn a_cosine_rises_and_falls_to_its_floor() {
        let cosine = Schedule::Cosine {
            warmup: 4,
            floor: 0.1,
        };
        let at = |done| Rate::default().of(2.0, cosine, Way { done, of: 100 });
        // A quarter of the first value, half-way between base and floor, the floor at the end and behind it.
        assert!((at(0) - 0.5).abs() < 1e-15);
        assert!((at(50) - 1.1).abs() < 1e-15);
        assert!((at(100) - 0.2).abs() < 1e-15);
        assert_eq!(at(150), at(100));
        let mut rate = Rate::default();
        rate.scale(0.5);
        assert_eq!(
            rate.of(2.0, cosine, Way { done: 50, of: 100 }),
            at(50) / 2.0
        );
    }
}
