//! The trainer as a whole: same bits, copies, recovery, what an edit does to it.

use std::path::Path;
use std::sync::Arc;

use super::validation::Pass;
use super::*;
use crate::checkpoint::best::BestParameters;
use crate::event::BestBy;
use crate::problem::scheme;
use crate::session;

/// A small run that still has every part: batches drawn again, validations, a falling rate.
pub(super) const SMALL: &str = r#"(
    data: Toy(name: "moons", batch: 200, resample_every: 4),
    model: (width: 8),
    flow: (steps: 4),
    optimizer: Adam(lr: 0.05, schedule: Halve(every: 5)),
    validation: (every: 3, samples: 100, steps: 5),
    stop: (iterations: 9),
)"#;

/// The same after a start by matching, by Muon, with averaged parameters.
pub(super) fn starting() -> String {
    SMALL
        .replace(
            "flow:",
            "start: Matching(iterations: 8, batch: 150, group: 16, reuse: 2, every: 3), flow:",
        )
        .replace(
            "Adam(lr: 0.05",
            "Muon(average: 0.9, decay: 0.1, clip: 30.0, lr: 0.05",
        )
}

pub(super) fn session(text: &str) -> Arc<Session> {
    Arc::new(session::parse(text, Path::new("test.ron")).unwrap())
}

pub(super) fn trainer(text: &str, threads: usize) -> Trainer {
    let session = session(text);
    let data = Dataset::open(&session.data, session.model.seed).unwrap();
    Trainer::new(session, Arc::new(data), threads).unwrap()
}

/// Iterates and gives the events, times left out.
pub(super) fn iterate(trainer: &mut Trainer, iterations: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..iterations {
        trainer.iterate(&mut |event| events.push(without_time(event)));
    }
    events
}

pub(super) fn without_time(mut event: Event) -> Event {
    if let Event::Iteration { seconds, .. }
    | Event::Matching { seconds, .. }
    | Event::Validation { seconds, .. } = &mut event
    {
        *seconds = 0.0;
    }
    event
}

#[test]
fn any_number_of_threads_trains_the_same_bits() {
    for text in [SMALL, &starting()] {
        let mut one = trainer(text, 1);
        let events = iterate(&mut one, 9);
        // A batch of 200 has 25 tiles.
        for threads in [2, 3, 64] {
            let mut other = trainer(text, threads);
            assert_eq!(iterate(&mut other, 9), events);
            assert_eq!(other.state.theta, one.state.theta);
        }
    }
}

#[test]
fn validations_draws_and_drops_come_when_they_are_due() {
    let events = iterate(&mut trainer(SMALL, 1), 9);
    let at = |wanted: fn(&Event) -> Option<u64>| -> Vec<u64> {
        events.iter().filter_map(wanted).collect()
    };
    let validations = at(|e| match e {
        Event::Validation { iteration, .. } => Some(*iteration),
        _ => None,
    });
    let draws = at(|e| match e {
        Event::Resample { iteration } => Some(*iteration),
        _ => None,
    });
    let drops = at(|e| match e {
        Event::Rate { iteration, .. } => Some(*iteration),
        _ => None,
    });
    assert_eq!(
        (validations, draws, drops),
        (vec![3, 6, 9], vec![4, 8], vec![5])
    );
}

#[test]
fn training_lowers_the_loss_and_the_divergence() {
    let mut trainer = trainer(SMALL, 1);
    let events = iterate(&mut trainer, 60);
    let validations: Vec<(f64, f64)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Validation { figures, .. } => {
                Some((figures.losses.loss, figures.divergence.unwrap()))
            }
            _ => None,
        })
        .collect();
    let (first, last) = (validations[0], validations[validations.len() - 1]);
    assert!(
        last.0 < first.0 && last.1 < first.1,
        "{first:?} -> {last:?}"
    );
}

#[test]
fn the_best_parameters_are_a_copy() {
    let mut trainer = trainer(SMALL, 1);
    iterate(&mut trainer, 3);
    let best = trainer.best_model(BestBy::Loss).unwrap().theta;
    iterate(&mut trainer, 2);
    assert_eq!(trainer.best_model(BestBy::Loss).unwrap().theta, best);
    assert_ne!(trainer.state.theta, best);
}

#[test]
fn without_a_flow_the_divergence_is_that_of_the_normal() {
    let mut trainer = trainer(SMALL, 1);
    trainer.state.theta.fill(0.0);
    trainer.engine.load(&trainer.state.theta);
    let session = trainer.session().clone();
    let (scheme, alpha) = (scheme(&session.flow), alpha(&session));
    let pass = Pass {
        engine: &mut *trainer.engine,
        ranks: &mut trainer.ranks,
        scheme,
        alpha: &alpha,
    };
    let figures = trainer.validation.figures(pass).unwrap();
    let rows = trainer.data.draw(Stream::Validation, 0, 100);
    let truth = trainer.data.log_density(&rows).unwrap();
    let normal = |x: &[f64]| -0.5 * (x[0] * x[0] + x[1] * x[1]) - std::f64::consts::TAU.ln();
    let c = -rows.chunks(2).map(normal).sum::<f64>() / 100.0;
    let divergence = c + truth.iter().sum::<f64>() / 100.0;
    assert!((figures.losses.c - c).abs() < 1e-13);
    assert!((figures.divergence.unwrap() - divergence).abs() < 1e-13);
    assert_eq!((figures.losses.l, figures.losses.r), (0.0, 0.0));
}

#[test]
fn a_loss_that_is_not_finite_never_reaches_the_parameters() {
    let mut trainer = trainer(SMALL, 1);
    iterate(&mut trainer, 3);
    let (good, moments) = (trainer.state.theta.clone(), trainer.state.moments.clone());
    trainer.iterate(&mut |_| {});
    // As if that step had gone too far.
    trainer
        .state
        .theta
        .iter_mut()
        .for_each(|value| *value *= 1e200);
    let events = iterate(&mut trainer, 1);
    let rollback = events.iter().find_map(|event| match event {
        Event::Rollback {
            iteration,
            to,
            lr,
            left,
            ..
        } => Some((*iteration, *to, *lr, *left)),
        _ => None,
    });
    assert_eq!(rollback, Some((5, 3, 0.025, 4)));
    assert_eq!(
        (&trainer.state.theta, &trainer.state.moments),
        (&good, &moments)
    );
    // The schedule goes on: iteration 5 halves the rate as it would have.
    let rate = events.iter().find_map(|event| match event {
        Event::Rate { old, new, .. } => Some((*old, *new)),
        _ => None,
    });
    assert_eq!(rate, Some((0.025, 0.0125)));
    let finite =
        |event: &Event| matches!(event, Event::Iteration { losses, .. } if losses.loss.is_finite());
    assert!(iterate(&mut trainer, 1).iter().any(finite));
}

#[test]
fn where_the_last_good_parameters_fail_too_the_best_come_back() {
    let mut trainer = trainer(SMALL, 1);
    iterate(&mut trainer, 3);
    let best = trainer.best_model(BestBy::Loss).unwrap().theta;
    // As if a new batch could not be integrated from where training stands.
    trainer.state.theta.fill(1e200);
    trainer.state.good.theta.fill(1e200);
    iterate(&mut trainer, 1);
    assert_eq!(trainer.state.theta, best);
}

#[test]
fn rollbacks_end_and_then_the_run_has_diverged() {
    let mut trainer = trainer(SMALL, 1);
    // Where no batch gives a finite loss, there is nothing to go back to.
    trainer.state.theta.fill(1e200);
    trainer.state.good.theta.fill(1e200);
    let reasons: Vec<Option<Reason>> = (0..6).map(|_| trainer.iterate(&mut |_| {})).collect();
    assert_eq!(reasons[..5], [None; 5]);
    assert_eq!(reasons[5], Some(Reason::Diverged));
}

#[test]
fn the_batch_changes_at_the_next_draw_and_not_before() {
    let mut trainer = trainer(SMALL, 1);
    let edited = session(&SMALL.replace("batch: 200", "batch: 100"));
    iterate(&mut trainer, 1);
    trainer.take_up(edited, &mut |_| ());
    iterate(&mut trainer, 2);
    assert_eq!(trainer.batches.rows().len(), 2 * 200);
    iterate(&mut trainer, 1);
    assert_eq!(trainer.batches.rows().len(), 2 * 100);
}

/// What a validation of the best parameters finds under the session in force.
fn judged(trainer: &mut Trainer) -> Losses {
    let theta = trainer.best_model(BestBy::Loss).unwrap().theta;
    trainer.figures(&theta).unwrap().losses
}

#[test]
fn an_edit_that_changes_the_figures_has_the_best_judged_anew() {
    for edit in [
        ("stop:", "weights: (transport: 2.0), stop:"),
        ("stop:", "weights: (likelihood: 9.0), stop:"),
        ("steps: 5", "steps: 9"),
        ("steps: 4", "steps: 4, stepper: Euler"),
    ] {
        let mut trainer = trainer(SMALL, 1);
        iterate(&mut trainer, 3);
        let before = trainer.best().unwrap().figures.losses;
        trainer.take_up(session(&SMALL.replace(edit.0, edit.1)), &mut |_| ());
        let after = trainer.best().unwrap().figures.losses;
        assert_eq!(after, judged(&mut trainer), "{edit:?}");
        assert_ne!(after, before, "{edit:?}");
    }
}

#[test]
fn one_validation_step_is_no_trouble_once_the_trace_is_at_every_stage() {
    let nodes = SMALL.replace("flow: (steps: 4)", "flow: (steps: 4, trace: StepNodes)");
    let mut trainer = trainer(&nodes, 1);
    iterate(&mut trainer, 1);
    trainer.take_up(session(&SMALL.replace("steps: 5", "steps: 1")), &mut |_| ());
    // Validates at 3 while the batch, drawn anew at 4, is still trained by step nodes.
    let events = iterate(&mut trainer, 2);
    let c = events.iter().find_map(|event| match event {
        Event::Validation { figures, .. } => Some(figures.losses.c),
        _ => None,
    });
    let theta = trainer.best_model(BestBy::Loss).unwrap().theta;
    assert_eq!(c, Some(trainer.figures(&theta).unwrap().losses.c));
}

#[test]
fn the_best_validation_is_the_lowest() {
    let wild = SMALL.replace("lr: 0.05", "lr: 0.5");
    let mut trainer = trainer(&wild, 1);
    let events = iterate(&mut trainer, 90);
    let mut lowest = f64::INFINITY;
    let mut worse = 0;
    for event in &events {
        if let Event::Validation { figures, best, .. } = event {
            let losses = figures.losses;
            assert_eq!(*best, losses.loss < lowest);
            worse += u32::from(!best);
            lowest = lowest.min(losses.loss);
        }
    }
    assert!(worse > 0, "a validation after a better one");
    assert_eq!(trainer.best().unwrap().figures.losses.loss, lowest);
}

#[test]
fn the_best_survives_an_edit_of_the_objective_and_back() {
    let mut trainer = trainer(SMALL, 1);
    iterate(&mut trainer, 9);
    let best = trainer.best().unwrap();
    let by_c = trainer.best_by(BestBy::C).unwrap();
    let mut told = Vec::new();
    let mut edit = |trainer: &mut Trainer, text: &str| {
        trainer.take_up(session(text), &mut |event| told.push(event));
    };
    edit(
        &mut trainer,
        &SMALL.replace("stop:", "weights: (likelihood: 1.0), stop:"),
    );
    assert_ne!(
        trainer.best().unwrap().figures.losses.loss,
        best.figures.losses.loss
    );
    // As if the other objective had led far away.
    trainer
        .state
        .theta
        .iter_mut()
        .for_each(|value| *value *= 3.0);
    iterate(&mut trainer, 6);
    edit(&mut trainer, SMALL);
    let back = trainer.best().unwrap();
    assert!(back.figures.losses.loss <= best.figures.losses.loss);
    assert!(trainer.best_by(BestBy::C).unwrap().figures.losses.c <= by_c.figures.losses.c);
    assert!(matches!(
        told[..],
        [Event::Judged { .. }, Event::Judged { .. }]
    ));
}

#[test]
fn the_best_parameters_come_back_at_a_command() {
    for by in [BestBy::Loss, BestBy::C] {
        let mut trainer = trainer(&starting(), 1);
        let mut events = Vec::new();
        trainer.restore(by, &mut |event| events.push(event));
        assert!(matches!(events[..], [Event::Warning { .. }]));
        iterate(&mut trainer, 13);
        let best = trainer.best_by(by).unwrap();
        let mut events = Vec::new();
        trainer.restore(by, &mut |event| events.push(event));
        let expected = Event::Restored {
            iteration: 13,
            to: best.iteration,
            by,
        };
        assert_eq!(events, [expected]);
        let theta = trainer.best_model(by).unwrap().theta;
        assert_eq!(trainer.last_model().theta, theta);
        let found = trainer.figures(&theta).unwrap();
        assert_eq!(found, best.figures);
        iterate(&mut trainer, 1);
        assert_ne!(trainer.last_model().theta, theta);
    }
}

#[test]
fn a_finite_loss_far_above_the_best_is_taken_back_to_the_best() {
    let mut trainer = trainer(SMALL, 1);
    iterate(&mut trainer, 4);
    let best = trainer.best_model(BestBy::Loss).unwrap().theta;
    let mut events = Vec::new();
    for _ in 0..4 {
        // Steps that each go too far, though all is finite.
        trainer
            .state
            .theta
            .iter_mut()
            .for_each(|value| *value *= 4.0);
        events.extend(iterate(&mut trainer, 1));
        if events
            .iter()
            .any(|event| matches!(event, Event::Rollback { .. }))
        {
            break;
        }
    }
    let rollback = events.iter().find_map(|event| match event {
        Event::Rollback {
            to,
            quantity,
            finding,
            ..
        } => Some((*to, quantity.clone(), finding.clone())),
        _ => None,
    });
    let (to, quantity, finding) = rollback.unwrap();
    assert_eq!((to, quantity.as_str()), (3, "validation loss"));
    assert!(finding.contains("far above the best"), "{finding}");
    assert_eq!(trainer.state.theta, best);
    let finite = |event: &Event| match event {
        Event::Iteration { losses, .. } => losses.loss.is_finite(),
        _ => true,
    };
    assert!(events.iter().all(finite));
}

#[test]
fn before_a_validation_it_is_taken_back_to_the_beginning() {
    let rare = SMALL.replace("every: 3", "every: 100");
    let mut trainer = trainer(&rare, 1);
    let begin = trainer.state.theta.clone();
    iterate(&mut trainer, 2);
    let mut events = Vec::new();
    for _ in 0..3 {
        trainer
            .state
            .theta
            .iter_mut()
            .for_each(|value| *value *= 8.0);
        events.extend(iterate(&mut trainer, 1));
    }
    let to = events.iter().find_map(|event| match event {
        Event::Rollback { to, quantity, .. } => Some((*to, quantity.clone())),
        _ => None,
    });
    assert_eq!(to, Some((0, "loss".into())), "{events:?}");
    assert_eq!(trainer.state.theta, begin);
}

#[test]
fn a_divergence_in_the_figures_of_the_end_ends_with_the_best() {
    let mut trainer = trainer(&SMALL.replace("every: 3", "every: 4"), 1);
    iterate(&mut trainer, 4);
    let best = trainer.best_model(BestBy::Loss).unwrap().theta;
    trainer
        .state
        .theta
        .iter_mut()
        .for_each(|value| *value *= 30.0);
    iterate(&mut trainer, 1);
    let reason = trainer.last_figures(Reason::Iterations, &mut |_| ());
    assert_eq!(reason, Reason::Diverged);
    assert_eq!(trainer.last_model().theta, best);
}

#[test]
fn a_plateau_without_drops_left_ends_the_run() {
    let plateau = SMALL
        .replace("lr: 0.05", "lr: 1e-12")
        .replace(
            "Halve(every: 5)",
            "Plateau(patience: 1, factor: 0.1, drops: 1)",
        )
        .replace(
            "batch: 200, resample_every: 4",
            "batch: 200, resample_every: 1000",
        )
        .replace("steps: 5", "steps: 4")
        .replace("iterations: 9", "iterations: 1000");
    let mut trainer = trainer(&plateau, 1);
    // The first validation cannot be beaten, whatever the others find.
    iterate(&mut trainer, 3);
    if let Some(BestParameters { figures: best, .. }) = &mut trainer.state.bests.in_force {
        best.figures.losses.loss = f64::MIN;
        // Nothing is far above it then.
        best.figures.c_se = None;
    }
    let mut reason = None;
    while reason.is_none() && trainer.iteration() < 100 {
        reason = trainer.iterate(&mut |_| {});
    }
    // Two validations too many drop the rate, two more end the run.
    assert_eq!((reason, trainer.iteration()), (Some(Reason::Plateau), 15));
}

#[test]
fn a_clamp_holds_every_parameter() {
    let clamped = SMALL.replace("schedule:", "clamp: Some(0.9), schedule:");
    let mut trainer = trainer(&clamped, 1);
    iterate(&mut trainer, 4);
    assert!(trainer.state.theta.iter().all(|value| value.abs() <= 0.9));
}

#[test]
fn a_gradient_too_large_to_square_counts_as_not_finite() {
    let mut trainer = trainer(SMALL, 1);
    iterate(&mut trainer, 1);
    let at = trainer.engine.shape().tensors()[3].range.start;
    trainer.gradient[at] = 1e200;
    let named = trainer.not_finite(&Costs::default());
    assert_eq!(
        named.map(|named| named.quantity).as_deref(),
        Some("gradient of w.weight")
    );
}
