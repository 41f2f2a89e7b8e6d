//! What an edit did to C of the validations, judged as they arrive.
//!
//! ```text
//! before    the last 8 validations before the edit, none of them before the previous edit
//! after     the first 8 after it, none of them after the next edit
//! ```
//!
//! Each needs 4. Level and slope of both are those of [`Trend`] over the iterations. Two differences, each beyond the noise where it exceeds
//! three standard errors: that of the levels, and the one that tells a fall which the edit caused from one that went on:
//!
//! ```text
//! level      mean after - mean before
//! departure  mean after - what the line through those before has at the middle of those after
//! ```

mod last_edit;
mod words;

use crate::trend::{Estimate, LEAST, SeriesPoint, Trend};
pub use last_edit::{KnownEffects, LastEdit};
pub use words::effect_in_words;

/// Most validations on each side of an edit.
pub const WINDOW: usize = 8;

/// C of a validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValidationPoint {
    /// Iterations done.
    pub iteration: u64,
    /// Training time, seconds.
    pub seconds: f64,
    /// C, nats.
    pub c: f64,
}

/// The validations around an edit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EditSurroundings {
    /// Iterations done under the old value.
    pub iteration: u64,
    /// Training time at the edit, seconds.
    pub seconds: f64,
    /// The last validations before it, at most [`WINDOW`].
    pub before: Vec<ValidationPoint>,
    /// The first validations after it, at most [`WINDOW`].
    pub after: Vec<ValidationPoint>,
}

/// The judgement on an edit so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judgement {
    /// Too few validations came before the edit: it can't be judged.
    NothingBefore {
        /// The number of them.
        count: usize,
    },
    /// Too few validations have come after the edit so far.
    NotYet {
        /// The number of them.
        count: usize,
    },
    /// There are enough.
    Judged(EditEffect),
}

/// The effect of an edit on C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EditEffect {
    /// Level and slope before the edit, by iterations.
    pub before: Trend,
    /// Level and slope after it.
    pub after: Trend,
    /// The level after less the level before.
    pub level: Estimate,
    /// The level after less what the line before has there.
    pub departure: Estimate,
    /// Iterations from the edit until it could be judged.
    pub iterations: u64,
    /// Seconds of training from the edit until it could be judged.
    pub seconds: f64,
}

impl EditSurroundings {
    /// Adds a validation after the edit; it counts only while the window has room.
    pub fn add(&mut self, point: ValidationPoint) {
        if self.after.len() < WINDOW && point.c.is_finite() && point.iteration > self.iteration {
            self.after.push(point);
        }
    }

    /// Judges the edit by the validations so far.
    pub fn judge(&self) -> Judgement {
        let trend = |points: &[ValidationPoint]| {
            let point = |point: &ValidationPoint| SeriesPoint {
                x: point.iteration as f64,
                y: point.c,
            };
            Trend::fit(&points.iter().map(point).collect::<Vec<_>>())
        };
        let Some(before) = trend(&self.before) else {
            let count = self.before.len();
            return Judgement::NothingBefore { count };
        };
        let judged = trend(&self.after).zip(self.after.get(LEAST - 1));
        let Some((after, enough)) = judged else {
            let count = self.after.len();
            return Judgement::NotYet { count };
        };
        Judgement::Judged(EditEffect {
            before,
            after,
            level: before.level.until(after.level),
            departure: before.at(after.center).until(after.level),
            iterations: enough.iteration - self.iteration,
            seconds: enough.seconds - self.seconds,
        })
    }
}

/// Whether an edit of a field can reach the parameters or the validation at all.
pub fn can_have_effect(field: &str) -> bool {
    !(field.starts_with("pictures.") || matches!(field, "gates" | "stop.seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alternating noise of this size, which no line takes away.
    fn noise(k: u64, size: f64) -> f64 {
        let signs = [1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0];
        size * signs[k as usize % 8]
    }

    /// An edit at 800 between validations every 100 iterations of half a second each: C falls by `slope` in 1000 iterations, and by `jump` at
    /// the edit.
    fn around(slope: [f64; 2], jump: f64, size: f64, after: usize) -> EditSurroundings {
        let point = |k: u64| {
            let side = usize::from(k > 8);
            let since = k as f64 / 10.0 - 0.8;
            let c = 3.0 + slope[side] * since - jump * side as f64;
            ValidationPoint {
                iteration: 100 * k,
                seconds: 50.0 * k as f64,
                c: c + noise(k - 1, size),
            }
        };
        let mut edit = EditSurroundings {
            iteration: 800,
            seconds: 400.0,
            before: (1..=8).map(point).collect(),
            after: Vec::new(),
        };
        (9..9 + after as u64).map(point).for_each(|p| edit.add(p));
        edit
    }

    fn effect(edit: &EditSurroundings) -> EditEffect {
        match edit.judge() {
            Judgement::Judged(effect) => effect,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_jump_is_seen_in_level_and_departure() {
        let effect = effect(&around([0.0, 0.0], 0.5, 0.01, 8));
        assert!((effect.level.value + 0.5).abs() < 1e-12);
        assert!((effect.departure.value + 0.5).abs() < 1e-12);
        // Eight residuals of 0.01, s^2 = 8e-4 / 6, on both sides.
        let error = (2.0 * 8e-4 / 6.0 / 8.0_f64).sqrt();
        assert!((effect.level.error - error).abs() < 1e-12);
        assert!(effect.level.is_beyond_noise() && effect.departure.is_beyond_noise());
        assert_eq!((effect.iterations, effect.seconds), (400, 200.0));
    }

    #[test]
    fn a_fall_that_goes_on_is_no_effect_of_the_edit() {
        let effect = effect(&around([-1.0, -1.0], 0.0, 0.01, 8));
        assert!((effect.level.value + 0.8).abs() < 1e-12 && effect.level.is_beyond_noise());
        assert!(effect.departure.value.abs() < 1e-12 && !effect.departure.is_beyond_noise());
        assert!((effect.before.slope.value + 1e-3).abs() < 1e-12);
        assert!((effect.after.slope.value + 1e-3).abs() < 1e-12);
    }

    #[test]
    fn another_slope_is_a_departure() {
        let effect = effect(&around([-1.0, 0.0], 0.0, 0.001, 8));
        assert!((effect.before.slope.value + 1e-3).abs() < 1e-12);
        assert!(effect.after.slope.value.abs() < 1e-12);
        // The middle of those after is 450 iterations behind the edit.
        assert!((effect.departure.value - 0.45).abs() < 1e-12);
        assert!(effect.departure.is_beyond_noise());
    }

    #[test]
    fn a_jump_within_the_scatter_is_noise() {
        let effect = effect(&around([0.0, 0.0], 0.01, 0.02, 8));
        assert!((effect.level.value + 0.01).abs() < 1e-12);
        assert!(!effect.level.is_beyond_noise() && !effect.departure.is_beyond_noise());
    }

    #[test]
    fn it_is_said_when_there_is_too_little_to_judge_by() {
        for count in 0..4 {
            let edit = around([0.0, 0.0], 0.5, 0.01, count);
            assert_eq!(edit.judge(), Judgement::NotYet { count });
        }
        let mut early = around([0.0, 0.0], 0.5, 0.01, 8);
        early.before.truncate(3);
        assert_eq!(early.judge(), Judgement::NothingBefore { count: 3 });
    }

    #[test]
    fn the_window_closes_and_what_is_not_finite_does_not_count() {
        let mut edit = around([0.0, 0.0], 0.5, 0.01, 3);
        edit.add(ValidationPoint {
            iteration: 1200,
            seconds: 600.0,
            c: f64::NAN,
        });
        assert_eq!(edit.judge(), Judgement::NotYet { count: 3 });
        let full = around([0.0, 0.0], 0.5, 0.01, 8);
        assert_eq!(around([0.0, 0.0], 0.5, 0.01, 30), full);
    }
}
