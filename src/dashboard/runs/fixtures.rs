//! Folders of runs for tests, from lists of events.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::news::{News, RunNews};
use super::state::RunsState;
use crate::event::{Event, Figures, Finished, Losses, Reason};
use crate::run::synthetic;
use crate::session::{Applies, Session};

/// The time at which the folder is looked at.
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn start(lr: f64, width: u32) -> Event {
    let mut start = synthetic::start();
    let mut session = Session::clone(&start.session);
    *session.optimizer.lr_mut() = lr;
    session.model.width = width as usize;
    start.session = Arc::new(session);
    start.entropy = Some(1.5);
    Event::Start(start)
}

/// A run of iterations of a fifth of a second, validated at every tenth: C falls from 6 towards `floor`.
fn trained(floor: f64, iterations: u64) -> Vec<Event> {
    let validated = (10..=iterations).step_by(10);
    let events = validated.flat_map(|iteration| {
        let seconds = iteration as f64 / 5.0;
        let c = floor + 4.5 * (-(iteration as f64) / 40.0).exp();
        let losses = Losses {
            loss: 100.0 * c,
            l: 1.0,
            c,
            r: 0.1,
        };
        let training = Event::Iteration {
            iteration,
            seconds,
            lr: 0.1,
            gradient: 1.0,
            update: 0.01,
            losses,
        };
        let validation = Event::Validation {
            iteration,
            seconds,
            figures: Figures {
                losses,
                c_se: Some(0.01),
                divergence: Some(c - 1.5),
                divergence_se: Some(0.001),
            },
            best: true,
            best_c: true,
            doubt: None,
        };
        [training, validation]
    });
    events.collect()
}

fn finished(iteration: u64, reason: Reason) -> Event {
    Event::Finished(Finished {
        iteration,
        seconds: iteration as f64 / 5.0,
        reason,
        best: None,
        best_c: None,
        gates: Vec::new(),
    })
}

/// Adds a run that was last written so many seconds ago.
fn add(state: &mut RunsState, name: &str, events: Vec<Event>, silence: u64) {
    let run = state.rows.len();
    let path = state.folder.join(name);
    let written = now() - Duration::from_secs(silence);
    for news in [
        News::Found { path },
        News::Events(events),
        News::Read { written },
    ] {
        state.apply(RunNews { run, news });
    }
    state.advance(now());
}

/// Runs of every kind: one at its end, one that diverged, one under way, one that is silent, one that can't be read.
pub fn folder() -> RunsState {
    let mut state = RunsState::new("runs".into());
    let run = |lr, width, floor, iterations, rest: Vec<Event>| {
        let begun = std::iter::once(start(lr, width));
        begun
            .chain(trained(floor, iterations))
            .chain(rest)
            .collect()
    };
    let ended = finished(150, Reason::Iterations);
    add(
        &mut state,
        "moons-a",
        run(0.01, 16, 1.9, 150, vec![ended]),
        4000,
    );
    let diverged = finished(60, Reason::Diverged);
    add(
        &mut state,
        "moons-b",
        run(0.05, 16, 1.0, 60, vec![diverged]),
        4000,
    );
    let edit = Event::Edit {
        iteration: 120,
        field: "optimizer.lr".into(),
        old: "0.1".into(),
        new: "0.02".into(),
        applies: Applies::Live,
    };
    add(&mut state, "moons-c", run(0.1, 32, 2.2, 120, vec![edit]), 1);
    add(&mut state, "silent", run(0.1, 16, 1.7, 90, Vec::new()), 400);
    add(
        &mut state,
        "broken",
        vec![Event::Resample { iteration: 3 }],
        9,
    );
    state
}

/// Many finished runs.
pub fn many(count: usize) -> RunsState {
    let mut state = RunsState::new("runs".into());
    for number in 0..count {
        let floor = 1.5 + ((number * 37) % count) as f64 / count as f64;
        let mut events = vec![start(0.01 * (1 + number % 7) as f64, 16)];
        events.extend(trained(floor, 100));
        events.push(finished(100, Reason::Iterations));
        add(&mut state, &format!("run-{number:03}"), events, 1000);
    }
    state
}
