//! The loop around [`Trainer::iterate`]: commands between two iterations, pause, edits, limits, what is kept, the end.

use std::sync::Arc;

use otflow_kernels::engine::Precision;

use super::picture::Painter;
use super::{Trainer, precision};
use crate::event::{Command, Event, Finished, Reason, Start};
use crate::feed::Publisher;
use crate::probe::Probe;
use crate::session::{self, Applies, Session};

/// Where a run's news goes.
pub struct Outlets {
    /// Events, pictures, models; and the commands that come back.
    pub publisher: Arc<Publisher>,
    /// What is to be told at the start.
    pub notices: Vec<String>,
    /// Makes pictures, if somebody is to see them.
    painter: Option<Painter>,
}

impl Outlets {
    /// Without pictures.
    pub fn new(publisher: Arc<Publisher>) -> Self {
        Outlets {
            publisher,
            notices: Vec::new(),
            painter: None,
        }
    }

    /// With pictures.
    ///
    /// # Errors
    /// When their thread cannot be started.
    pub fn with_pictures(publisher: Arc<Publisher>, trainer: &Trainer) -> anyhow::Result<Self> {
        let data = Arc::clone(trainer.data());
        let painter = Painter::start(trainer.session(), data, Arc::clone(&publisher))?;
        Ok(Outlets {
            painter: Some(painter),
            ..Outlets::new(publisher)
        })
    }
}

/// Whether the loop goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Paused,
    /// One iteration, then paused again.
    Step,
    Ended(Reason),
}

/// Trains until a limit, a command or a divergence ends it; the end, and the session in force then.
pub fn train(mut trainer: Trainer, mut outlets: Outlets, start: Start) -> (Finished, Arc<Session>) {
    let mut edited = Arc::clone(&start.session);
    let (precision, threads) = (precision(trainer.session()), start.threads);
    outlets.publisher.attach(trainer.instruments().clone());
    outlets.publisher.publish(Event::Start(start));
    if outlets.painter.is_some() {
        measure_peak(&trainer, precision, threads);
    }
    for message in std::mem::take(&mut outlets.notices) {
        outlets.publisher.publish(Event::Warning { message });
    }
    trainer.resume();
    let mut state = State::Running;
    let reason = loop {
        state = obey(&mut trainer, &outlets.publisher, &mut edited, state);
        if let State::Ended(reason) = state {
            break reason;
        }
        // An edit may have moved the limit below what is done.
        if let Some(reason) = limit(&trainer) {
            break reason;
        }
        if let Some(reason) = iterate(&mut trainer, &mut outlets) {
            break reason;
        }
        if state == State::Step {
            trainer.pause();
            state = State::Paused;
        }
    };
    let publisher = &outlets.publisher;
    if matches!(reason, Reason::Iterations | Reason::Seconds) {
        validate_last(&mut trainer, publisher);
    }
    trainer.pause();
    publisher.keep("last", trainer.last_model());
    let finished = Finished {
        iteration: trainer.iteration(),
        seconds: trainer.seconds(),
        reason,
        best: trainer.best(),
    };
    publisher.publish(Event::Finished(finished.clone()));
    let asked = matches!(reason, Reason::Quit | Reason::Signal(_));
    if let (Some(painter), false) = (outlets.painter.take(), asked) {
        let end = (trainer.iteration(), trainer.theta.as_slice());
        painter.finish(trainer.session(), end);
    }
    (finished, Arc::clone(trainer.session()))
}

/// What the speed on the screen is held against.
fn measure_peak(trainer: &Trainer, precision: Precision, threads: usize) {
    // Without a measurement the screen shows none.
    if let Ok(probe) = Probe::new(precision, threads) {
        trainer.instruments().meter.measured(probe.gflops());
    }
}

/// One iteration and what follows from it.
fn iterate(trainer: &mut Trainer, outlets: &mut Outlets) -> Option<Reason> {
    let publisher = &outlets.publisher;
    let mut validated = None;
    let ended = trainer.iterate(&mut |event| {
        if let Event::Validation { best, .. } = event {
            validated = Some(best);
        }
        publisher.publish(event);
    });
    if let (Some(true), Some(model)) = (validated, trainer.best_model()) {
        publisher.keep("best", model);
    }
    if validated.is_some() {
        publisher.keep("last", trainer.last_model());
    }
    if let Some(painter) = &mut outlets.painter {
        painter.offer(
            publisher,
            trainer.session(),
            (trainer.iteration(), &trainer.theta),
        );
    }
    ended.or_else(|| limit(trainer))
}

/// A run that reached its limit ends with figures of its last parameters.
fn validate_last(trainer: &mut Trainer, publisher: &Publisher) {
    let before = trainer.best();
    trainer.validate(&mut |event| publisher.publish(event));
    if let (true, Some(model)) = (trainer.best() != before, trainer.best_model()) {
        publisher.keep("best", model);
    }
}

fn limit(trainer: &Trainer) -> Option<Reason> {
    let stop = trainer.session().stop;
    if trainer.iteration() >= stop.iterations {
        return Some(Reason::Iterations);
    }
    stop.seconds
        .is_some_and(|limit| trainer.seconds() >= limit)
        .then_some(Reason::Seconds)
}

/// Takes up all commands that have come; while paused, waits for the next one.
fn obey(
    trainer: &mut Trainer,
    publisher: &Publisher,
    edited: &mut Arc<Session>,
    mut state: State,
) -> State {
    loop {
        let command = if state == State::Paused {
            // With nobody left to say "go on", a paused run ends.
            publisher
                .commands
                .recv()
                .unwrap_or(Command::Stop(Reason::Quit))
        } else {
            match publisher.commands.try_recv() {
                Ok(command) => command,
                Err(_) => return state,
            }
        };
        state = match command {
            Command::Stop(reason) => return State::Ended(reason),
            Command::Pause => change(trainer, publisher, state, State::Paused),
            Command::Resume => change(trainer, publisher, state, State::Running),
            Command::Step if state == State::Paused => {
                trainer.resume();
                State::Step
            }
            Command::Step => state,
            Command::Session(Ok(session)) => {
                edit(trainer, publisher, edited, session);
                state
            }
            Command::Session(Err(rejection)) => {
                publisher.publish(Event::from(rejection));
                state
            }
        };
        if state == State::Step {
            return state;
        }
    }
}

fn change(trainer: &mut Trainer, publisher: &Publisher, from: State, to: State) -> State {
    let paused = to == State::Paused;
    if from != to {
        if paused {
            trainer.pause()
        } else {
            trainer.resume()
        }
        publisher.publish(Event::Paused {
            iteration: trainer.iteration(),
            paused,
        });
    }
    to
}

/// Takes up an edited session, whole; every changed field is told, also one that needs a new run, but not one that is
/// back at the value in force.
fn edit(
    trainer: &mut Trainer,
    publisher: &Publisher,
    edited: &mut Arc<Session>,
    new: Arc<Session>,
) {
    let iteration = trainer.iteration();
    let off = session::changes(trainer.session(), &new);
    let mut changes = session::changes(edited, &new);
    changes.retain(|change| {
        change.applies != Applies::Restart || off.iter().any(|off| off.field == change.field)
    });
    if changes.is_empty() {
        publisher.publish(Event::Accepted { iteration });
    }
    for change in changes {
        publisher.publish(Event::Edit {
            iteration,
            field: change.field.into(),
            old: change.old,
            new: change.new,
            applies: change.applies.to_string(),
        });
    }
    let in_force = session::apply(trainer.session(), &new);
    trainer.take_up(Arc::new(in_force));
    *edited = new;
}
