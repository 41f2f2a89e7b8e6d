//! The effect of an edit in words, for the list of edits and both logs, that of the dashboard and that of the run directory.

use super::{EditEffect, Judgement};
use crate::trend::{Estimate, LEAST};

/// Most decimals of a value.
const DECIMALS: i32 = 6;

/// The statements on the effect of an edit: of a line each, the most important one first.
pub fn effect_in_words(judgement: &Judgement) -> Vec<String> {
    match judgement {
        Judgement::NothingBefore { count } => {
            vec![format!(
                "effect on C: unknown, {count} of {LEAST} validations before it"
            )]
        }
        Judgement::NotYet { count } => {
            vec![format!(
                "effect on C: not yet, {count} of {LEAST} validations"
            )]
        }
        Judgement::Judged(effect) => judged(effect),
    }
}

fn judged(effect: &EditEffect) -> Vec<String> {
    let EditEffect {
        before,
        after,
        level,
        departure,
        iterations,
        seconds,
    } = effect;
    let decimals = digits_of(*level);
    let beyond = |estimate: &Estimate| match estimate.is_beyond_noise() {
        true => "beyond noise",
        false => "within noise",
    };
    let fixed = |value: f64| format!("{value:.decimals$}");
    let signed = |estimate: &Estimate| {
        format!(
            "{:+.decimals$} ({:.decimals$})",
            estimate.value, estimate.error
        )
    };
    let (from, to) = (fixed(before.level.value), fixed(after.level.value));
    let slopes = [before, after].map(|trend| trend.slope.times(1000.0));
    let digits = digits_of(slopes[0].until(slopes[1]));
    let slopes = slopes.map(|slope| format!("{:.digits$}", slope.value));
    vec![
        format!("C {from} -> {to}, {}: {}", signed(level), beyond(level)),
        format!("off the trend {}: {}", signed(departure), beyond(departure)),
        format!("C per 1000 it {} -> {}", slopes[0], slopes[1]),
        format!("judged after {iterations} it, {seconds:.1} s"),
    ]
}

/// The decimals that show two digits of the error.
fn digits_of(estimate: Estimate) -> usize {
    let digits = 1.0 - estimate.error.log10().floor();
    // Without any scatter the value itself tells how fine it is.
    let digits = if digits.is_finite() { digits } else { 3.0 };
    (digits as i32).clamp(0, DECIMALS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::Trend;

    #[test]
    fn values_have_the_digits_of_their_error() {
        let of = |error| digits_of(Estimate { value: 1.0, error });
        assert_eq!([0.0123, 0.5, 20.0, 1e-9, 0.0].map(of), [3, 2, 0, 6, 3]);
    }

    #[test]
    fn levels_trend_slopes_and_time_are_told() {
        let trend = |level: f64, slope: f64| Trend {
            count: 8,
            center: 0.0,
            level: Estimate {
                value: level,
                error: 0.003,
            },
            slope: Estimate {
                value: slope,
                error: 1e-5,
            },
        };
        let estimate = |value, error| Estimate { value, error };
        let effect = EditEffect {
            before: trend(2.9513, -8e-4),
            after: trend(2.9126, -2e-4),
            level: estimate(-0.0387, 0.0042),
            departure: estimate(0.002, 0.0061),
            iterations: 200,
            seconds: 3.25,
        };
        let words = effect_in_words(&Judgement::Judged(effect));
        assert_eq!(
            words,
            [
                "C 2.9513 -> 2.9126, -0.0387 (0.0042): beyond noise",
                "off the trend +0.0020 (0.0061): within noise",
                "C per 1000 it -0.800 -> -0.200",
                "judged after 200 it, 3.2 s",
            ]
        );
        let words = effect_in_words(&Judgement::NotYet { count: 2 });
        assert_eq!(words, ["effect on C: not yet, 2 of 4 validations"]);
    }
}
