//! What comes in a start by matching, and how it ends.

use super::super::tests::{SMALL, iterate, session, starting, trainer};
use super::*;

/// M of every iteration of the start.
fn of_m(events: &[Event]) -> Vec<f64> {
    let m = |event: &Event| match event {
        Event::Matching { m, .. } => Some(*m),
        _ => None,
    };
    events.iter().filter_map(m).collect()
}

#[test]
fn the_start_has_its_iterations_and_then_the_loss_is_minimised() {
    let mut trainer = trainer(&starting(), 1);
    let events = iterate(&mut trainer, 12);
    let kinds = events.iter().filter_map(|event| match event {
        Event::Matching { iteration, .. } => Some(("matching", *iteration)),
        Event::Iteration { iteration, .. } => Some(("loss", *iteration)),
        _ => None,
    });
    let want = (1..=12).map(|k| (if k <= 8 { "matching" } else { "loss" }, k));
    assert!(kinds.eq(want));
    let validations = events.iter().filter_map(|event| match event {
        Event::Validation { iteration, .. } => Some(*iteration),
        _ => None,
    });
    // Every three in the start and after its last; every three of all after it.
    assert!(validations.eq([3, 6, 8, 9, 12]));
    assert_eq!(trainer.batches.rows().len(), 2 * 200);
}

#[test]
fn pairs_serve_their_iterations_at_new_times() {
    let mut trainer = trainer(&starting(), 1);
    let mut hands = Vec::new();
    for _ in 0..8 {
        hands.push((trainer.batches.rows().to_vec(), trainer.normal.clone()));
        trainer.iterate(&mut |_| {});
    }
    for k in 0..4 {
        assert_eq!(hands[2 * k], hands[2 * k + 1]);
        assert!(
            k == 0
                || (hands[2 * k].0 != hands[2 * k - 1].0 && hands[2 * k].1 != hands[2 * k - 1].1)
        );
    }
    assert!(trainer.state.start.is_none());
}

#[test]
fn matching_lowers_m_and_with_it_the_divergence() {
    let text = starting()
        .replace("iterations: 8", "iterations: 300")
        .replace("every: 3), flow", "every: 150), flow");
    let mut trainer = trainer(&text, 2);
    let events = iterate(&mut trainer, 300);
    let m = of_m(&events);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    assert!(mean(&m[280..]) < 0.5 * mean(&m[..20]), "{m:?}");
    let divergence = trainer.best().unwrap().figures.divergence.unwrap();
    // The best Gaussian has 0.9.
    assert!(divergence < 0.9, "{divergence}");
}

#[test]
fn the_rate_of_the_start_is_its_own_and_can_be_edited() {
    let text = starting().replace("every: 3), flow", "every: 3, lr: 0.5), flow");
    let mut trainer = trainer(&text, 1);
    let rates = |events: Vec<Event>| -> Vec<f64> {
        let rate = |event: &Event| match event {
            Event::Matching { lr, .. } | Event::Iteration { lr, .. } => Some(*lr),
            _ => None,
        };
        events.iter().filter_map(rate).collect()
    };
    let first = rates(iterate(&mut trainer, 1));
    assert_eq!(first, [0.5]);
    trainer.take_up(session(&text.replace("lr: 0.5", "lr: 0.25")), &mut |_| ());
    let mut other = super::super::tests::trainer(&text, 1);
    let before = rates(iterate(&mut other, 3));
    let after = rates(iterate(&mut trainer, 2));
    assert_eq!(after, [before[1] / 2.0, before[2] / 2.0]);
    iterate(&mut trainer, 5);
    assert_eq!(rates(iterate(&mut trainer, 1)), [0.05]);
}

#[test]
fn a_start_that_is_shortened_ends_at_the_next_iteration() {
    let mut trainer = trainer(&starting(), 1);
    iterate(&mut trainer, 4);
    trainer.take_up(
        session(&starting().replace("iterations: 8", "iterations: 2")),
        &mut |_| (),
    );
    let events = iterate(&mut trainer, 2);
    assert_eq!(of_m(&events).len(), 1);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Iteration { iteration: 6, .. }))
    );
    // Once over, it stays over.
    trainer.take_up(session(&starting()), &mut |_| ());
    assert!(of_m(&iterate(&mut trainer, 3)).is_empty());
}

#[test]
fn an_m_that_is_not_finite_is_rolled_back() {
    let mut trainer = trainer(&starting(), 1);
    iterate(&mut trainer, 3);
    let good = trainer.state.theta.clone();
    trainer.iterate(&mut |_| {});
    trainer
        .state
        .theta
        .iter_mut()
        .for_each(|value| *value *= 1e200);
    let events = iterate(&mut trainer, 1);
    let rollback = events.iter().find_map(|event| match event {
        Event::Rollback { quantity, to, .. } => Some((quantity.as_str(), *to)),
        _ => None,
    });
    assert_eq!(rollback, Some(("M", 3)));
    assert_eq!(trainer.state.theta, good);
}

#[test]
fn what_is_saved_is_the_average() {
    let mut trainer = trainer(&starting(), 1);
    iterate(&mut trainer, 8);
    assert_eq!(trainer.last_model().theta, trainer.state.theta);
    let mut steps = Vec::new();
    for _ in 0..3 {
        trainer.iterate(&mut |_| {});
        steps.push(trainer.state.theta.clone());
    }
    // The plain mean of as few.
    let average = trainer.last_model().theta;
    for (k, average) in average.iter().enumerate() {
        let mean = steps.iter().map(|theta| theta[k]).sum::<f64>() / 3.0;
        assert!((average - mean).abs() < 1e-14);
    }
}

#[test]
fn a_run_may_start_from_a_model_of_the_same_shape() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.safetensors");
    let mut first = trainer(SMALL, 1);
    iterate(&mut first, 5);
    first.last_model().save(&file).unwrap();
    let start = format!("start: Model({file:?}), flow:");
    let text = SMALL.replace("flow:", &start);
    assert_eq!(trainer(&text, 1).state.theta, first.state.theta);
    let wider = session(&text.replace("width: 8", "width: 9"));
    let data = crate::data::Dataset::open(&wider.data, 1).unwrap();
    let refused = Trainer::new(wider, std::sync::Arc::new(data), 1);
    let message = format!("{:#}", refused.err().unwrap());
    assert!(
        message.contains("width 8") && message.contains("width 9"),
        "{message}"
    );
}
