//! The learning rate: rate = base x factor x shape. The base is the session's `lr`, so that an edit of it keeps the drops made so far;
//! the factor is the product of all drops and rollbacks; the shape is that of a cosine, and 1 for other schedules:
//!
//! ```text
//! min(1, (k + 1) / warmup) (floor + (1 - floor) (1 + cos(pi k / n)) / 2)      k iterations done of n
//! ```

use serde::{Deserialize, Serialize};

use crate::session::Schedule;

/// The state of a schedule: the drops made so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleState {
    /// Product of the factors of all drops and rollbacks.
    factor: f64,
    /// Validations since the last improvement or drop.
    stale: u64,
    /// Drops made by a plateau.
    drops: u64,
}

/// The effect of an iteration or a validation on the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateChange {
    /// The rate is the same.
    Same,
    /// The rate fell.
    Dropped,
    /// The rate is the same, as no drops are left: the run is to end.
    Exhausted,
}

impl Default for ScheduleState {
    fn default() -> Self {
        ScheduleState {
            factor: 1.0,
            stale: 0,
            drops: 0,
        }
    }
}

/// The progress of a phase of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseProgress {
    /// Iterations of the phase that are done.
    pub done: u64,
    /// Iterations of the whole phase.
    pub total: u64,
}

/// The shape of a schedule: the factor that depends on the progress alone.
fn shape(schedule: Schedule, PhaseProgress { done, total }: PhaseProgress) -> f64 {
    let Schedule::Cosine { warmup, floor } = schedule else {
        return 1.0;
    };
    let rise = ((done + 1) as f64 / warmup.max(1) as f64).min(1.0);
    let share = (done as f64 / total.max(1) as f64).min(1.0);
    // Of libm, since the rate reaches the parameters.
    let fall = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * share));
    rise * (floor + (1.0 - floor) * fall)
}

impl ScheduleState {
    /// The learning rate for a base.
    pub fn rate(&self, base: f64, schedule: Schedule, progress: PhaseProgress) -> f64 {
        base * self.factor * shape(schedule, progress)
    }

    /// Product of the factors of all drops and rollbacks.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// Multiplies the rate by a factor, as a rollback does.
    pub fn scale(&mut self, factor: f64) {
        self.factor *= factor;
    }

    /// Records an iteration that is done.
    pub fn record_iteration(&mut self, schedule: Schedule, iteration: u64) -> RateChange {
        match schedule {
            Schedule::Halve { every } if iteration.is_multiple_of(every) => {
                self.factor *= 0.5;
                RateChange::Dropped
            }
            _ => RateChange::Same,
        }
    }

    /// Records a validation that was the best so far.
    pub fn record_improvement(&mut self) {
        self.stale = 0;
    }

    /// Records a validation that was not the best so far. As the published code counts, the rate drops after more than `patience` of
    /// them.
    pub fn record_stall(&mut self, schedule: Schedule) -> RateChange {
        let Schedule::Plateau {
            patience,
            factor,
            drops,
        } = schedule
        else {
            return RateChange::Same;
        };
        self.stale += 1;
        if self.stale <= patience {
            return RateChange::Same;
        }
        if self.drops >= drops {
            return RateChange::Exhausted;
        }
        self.drops += 1;
        self.stale = 0;
        self.factor *= factor;
        RateChange::Dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: PhaseProgress = PhaseProgress { done: 0, total: 1 };

    #[test]
    fn halving_takes_effect_after_every_k_iterations() {
        let mut rate = ScheduleState::default();
        let rates: Vec<f64> = (1..=6)
            .map(|iteration| {
                let halve = Schedule::Halve { every: 2 };
                let now = rate.rate(0.8, halve, START);
                rate.record_iteration(halve, iteration);
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
        let mut rate = ScheduleState::default();
        let mut outcomes = vec![rate.record_stall(schedule)];
        rate.record_improvement();
        outcomes.extend((0..6).map(|_| rate.record_stall(schedule)));
        use RateChange::{Dropped, Exhausted, Same};
        assert_eq!(
            outcomes,
            [Same, Same, Dropped, Same, Dropped, Same, Exhausted]
        );
        assert!((rate.factor() - 0.01).abs() < 1e-17);
    }

    #[test]
    fn an_edited_base_keeps_the_drops() {
        let mut rate = ScheduleState::default();
        let halve = Schedule::Halve { every: 1 };
        rate.record_iteration(halve, 1);
        let of = |base| rate.rate(base, halve, START);
        assert_eq!((of(0.1), of(1.0)), (0.05, 0.5));
    }

    #[test]
    fn a_cosine_rises_and_falls_to_its_floor() {
        let cosine = Schedule::Cosine {
            warmup: 4,
            floor: 0.1,
        };
        let at =
            |done| ScheduleState::default().rate(2.0, cosine, PhaseProgress { done, total: 100 });
        // A quarter of the first value, half-way between base and floor, the floor at the end and behind it.
        assert!((at(0) - 0.5).abs() < 1e-15);
        assert!((at(50) - 1.1).abs() < 1e-15);
        assert!((at(100) - 0.2).abs() < 1e-15);
        assert_eq!(at(150), at(100));
        let mut rate = ScheduleState::default();
        rate.scale(0.5);
        assert_eq!(
            rate.rate(
                2.0,
                cosine,
                PhaseProgress {
                    done: 50,
                    total: 100
                }
            ),
            at(50) / 2.0
        );
    }
}
