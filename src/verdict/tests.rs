//! Verdicts of made series: each word comes when its rule says, and no other.

use super::*;
use crate::event::{Event, Figures, Finished, Losses, Reason};
use crate::run::synthetic;
use crate::session::{Applies, Optimizer, Schedule};

/// Evidence of a run with this schedule.
fn begun(schedule: Schedule) -> Evidence {
    let mut start = synthetic::start();
    let mut session = (*start.session).clone();
    if let Optimizer::Adam {
        schedule: found, ..
    } = &mut session.optimizer
    {
        *found = schedule;
    }
    start.session = std::sync::Arc::new(session);
    let mut evidence = Evidence::default();
    evidence.apply(&Event::Start(start));
    evidence
}

/// The verdict after these validations, every 50 iterations, of C and the training C before it, with an error of 0.01.
fn after(evidence: &mut Evidence, from: u64, values: &[(f64, f64)]) -> Verdict {
    let mut best = f64::INFINITY;
    for (k, &(c, training)) in values.iter().enumerate() {
        let iteration = from + 50 * (k as u64 + 1);
        let losses = |c| Losses {
            c,
            ..Losses::default()
        };
        evidence.apply(&Event::Iteration {
            iteration,
            seconds: 0.0,
            lr: 0.1,
            gradient: 1.0,
            update: 0.1,
            losses: losses(training),
        });
        evidence.apply(&Event::Validation {
            iteration,
            seconds: 0.0,
            figures: Figures {
                losses: losses(c),
                c_se: Some(0.01),
                ..Figures::default()
            },
            best: c < best,
            best_c: c < best,
            doubt: None,
        });
        best = best.min(c);
    }
    evidence.assessment().verdict
}

fn falling(k: usize) -> (f64, f64) {
    let c = 2.0 + (-(k as f64) / 10.0).exp();
    (c, c)
}

/// Noise without a trend: +1, -1, -1, +1 ...
fn noise(k: usize) -> f64 {
    [1.0, -1.0, -1.0, 1.0][k % 4] * 0.003
}

#[test]
fn a_falling_c_is_starting_and_then_improving() {
    let mut evidence = begun(Schedule::Constant);
    assert_eq!(evidence.assessment().verdict, Verdict::Starting);
    for k in 0..30 {
        let verdict = after(&mut evidence, 50 * k as u64, &[falling(k)]);
        let expected = if k < 2 {
            Verdict::Starting
        } else {
            Verdict::Improving
        };
        assert_eq!(verdict, expected, "{k}");
    }
}

#[test]
fn noise_at_a_constant_rate_is_stalled_once_the_window_is_full() {
    let mut evidence = begun(Schedule::Constant);
    let values: Vec<(f64, f64)> = (0..9).map(|k| (2.0 + noise(k), 2.0)).collect();
    assert_eq!(after(&mut evidence, 0, &values), Verdict::Improving);
    assert_eq!(after(&mut evidence, 450, &[(2.0, 2.0)]), Verdict::Stalled);
    let told = &evidence.assessment().finding;
    assert!(told.contains("in 450 iterations"), "{told}");
}

#[test]
fn where_the_rate_has_still_to_fall_a_new_best_is_enough() {
    let values: Vec<(f64, f64)> = (0..20).map(|k| (2.0 + noise(k), 2.0)).collect();
    let cosine = Schedule::Cosine {
        warmup: 1,
        floor: 0.0,
    };
    let mut evidence = begun(cosine);
    let mut last = values.clone();
    last.push((1.99, 2.0));
    assert_eq!(after(&mut evidence, 0, &last), Verdict::Improving);
    let mut evidence = begun(cosine);
    assert_eq!(after(&mut evidence, 0, &values), Verdict::Stalled);
}

#[test]
fn a_validation_that_training_leaves_behind_is_overfitting() {
    let mut evidence = begun(Schedule::Constant);
    let values: Vec<(f64, f64)> = (0..8).map(falling).collect();
    after(&mut evidence, 0, &values);
    // C stays where it is: it takes five.
    for k in 0..5 {
        let verdict = after(&mut evidence, 400 + 50 * k as u64, &[(2.6, 2.4)]);
        let overfits = verdict == Verdict::Overfitting;
        assert_eq!(overfits, k == 4, "{k}: {verdict}");
    }
    let told = evidence.assessment();
    assert!(
        told.finding
            .contains("0.20 nats above training for 5 validations"),
        "{told:?}"
    );
}

#[test]
fn two_validations_that_part_from_training_are_enough() {
    let verdicts = |training: fn(f64) -> f64| {
        let mut evidence = begun(Schedule::Constant);
        let values: Vec<(f64, f64)> = (0..8).map(falling).collect();
        after(&mut evidence, 0, &values);
        let rising = (0..2).map(|k| {
            let k = k as f64;
            after(
                &mut evidence,
                400 + 50 * k as u64,
                &[(2.6 + 0.05 * k, training(k))],
            )
        });
        rising.collect::<Vec<_>>()
    };
    let [first, second] = verdicts(|k| 2.4 - 0.1 * k)[..] else {
        unreachable!("two validations")
    };
    assert_eq!((first, second), (Verdict::Improving, Verdict::Overfitting));
    let both_rise = verdicts(|k| 2.5 + 0.01 * k);
    assert!(!both_rise.contains(&Verdict::Overfitting), "{both_rise:?}");
}

#[test]
fn a_curve_that_flattens_out_is_no_stall() {
    let mut evidence = begun(Schedule::Constant);
    // Steep at first: around its line it scatters as much as it falls.
    let steep = [
        4.24, 3.85, 3.06, 2.98, 2.957, 2.944, 2.940, 2.9217, 2.9212, 2.905,
    ];
    let values = steep.map(|c| (c, c));
    assert_eq!(after(&mut evidence, 0, &values), Verdict::Improving);
}

#[test]
fn a_gap_is_no_overfitting_while_validation_goes_on_falling() {
    let mut evidence = begun(Schedule::Constant);
    let values = (0..20).map(|k| {
        let (c, _) = falling(k);
        (c, c - 0.5)
    });
    let values: Vec<(f64, f64)> = values.collect();
    assert_eq!(after(&mut evidence, 0, &values), Verdict::Improving);
}

#[test]
fn a_rollback_is_unstable_for_ten_validations() {
    let mut evidence = begun(Schedule::Constant);
    after(&mut evidence, 0, &[falling(0), falling(1), falling(2)]);
    evidence.apply(&Event::Rollback {
        iteration: 170,
        quantity: "loss".into(),
        finding: "is 1e9, far above the first, 2.0e2, 3 times in a row".into(),
        to: 150,
        lr: 0.1,
        left: 4,
    });
    assert_eq!(evidence.assessment().verdict, Verdict::Unstable);
    let values: Vec<(f64, f64)> = (3..13).map(falling).collect();
    assert_eq!(after(&mut evidence, 200, &values), Verdict::Unstable);
    assert_eq!(
        after(&mut evidence, 700, &[falling(13)]),
        Verdict::Improving
    );
}

#[test]
fn a_c_far_above_its_best_is_unstable_where_training_is_up_there_too() {
    let high = |training| {
        let mut evidence = begun(Schedule::Constant);
        let mut values: Vec<(f64, f64)> = (0..8).map(falling).collect();
        values.extend([(4.0, training), (4.0, training)]);
        after(&mut evidence, 0, &values)
    };
    assert_eq!(high(4.1), Verdict::Unstable);
    assert_ne!(high(2.0), Verdict::Unstable);
}

#[test]
fn after_an_edit_it_starts_anew_and_says_since_when() {
    let mut evidence = begun(Schedule::Constant);
    let values: Vec<(f64, f64)> = (0..8).map(falling).collect();
    after(&mut evidence, 0, &values);
    let edit = |field: &str| Event::Edit {
        iteration: 400,
        field: field.into(),
        old: "0.1".into(),
        new: "0.05".into(),
        applies: Applies::Live,
    };
    evidence.apply(&edit("pictures.every"));
    assert_eq!(evidence.assessment().verdict, Verdict::Improving);
    evidence.apply(&edit("optimizer.lr"));
    let told = evidence.assessment();
    assert_eq!(told.verdict, Verdict::Starting);
    assert_eq!(
        told.finding,
        "0 validations since the edit of optimizer.lr at iteration 400"
    );
}

#[test]
fn the_end_is_done_or_diverged() {
    let end = |reason| {
        let mut evidence = begun(Schedule::Constant);
        after(&mut evidence, 0, &[falling(0)]);
        evidence.apply(&Event::Finished(Finished {
            iteration: 50,
            seconds: 1.0,
            reason,
            best: None,
            best_c: None,
            gates: Vec::new(),
        }));
        evidence.assessment().verdict
    };
    assert_eq!(end(Reason::Iterations), Verdict::Done);
    assert_eq!(end(Reason::Diverged), Verdict::Diverged);
}
