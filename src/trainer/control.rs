//! The loop around [`Trainer::iterate`]: commands between two iterations, pause, edits, limits, what is kept, the end.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;

use super::Trainer;
use super::checkpoints::Checkpoints;
use super::judge::Judgement;
use super::peak::Peak;
use crate::event::{Best, BestBy, Command, Event, Finished, Reason, Start};
use crate::feed::{Publisher, RunEntry};
use crate::picture::{ParametersAt, PictureThread};
use crate::problem::precision;
use crate::ranks::Message;
use crate::session::overrides::Overrides;
use crate::session::{self, Applies, Session};

/// The time between two looks of a paused run at the other ranks.
const IDLE: Duration = Duration::from_millis(500);

/// The outlets of a run's news.
pub struct Outlets {
    /// Events, pictures, models; and the commands that come back.
    pub publisher: Arc<Publisher>,
    /// The sentences to be told at the start.
    pub notices: Vec<String>,
    /// The arguments that outrank edited sessions, for the checkpoints.
    pub overrides: Overrides,
    /// The rest of a checkpoint, if the run goes on from one.
    pub resumed: Option<Continuation>,
    /// Makes pictures, if somebody is to see them.
    painter: Option<PictureThread>,
}

/// The rest of a checkpoint besides its trainer.
pub struct Continuation {
    /// The session as last edited, with what needs a new run.
    pub as_edited: Arc<Session>,
    /// The start as the front end is told of it: the run as it stands.
    pub shown: Start,
}

impl Outlets {
    /// Outlets without pictures.
    pub fn new(publisher: Arc<Publisher>) -> Self {
        Outlets {
            publisher,
            notices: Vec::new(),
            overrides: Overrides::default(),
            resumed: None,
            painter: None,
        }
    }

    /// Outlets with pictures.
    ///
    /// # Errors
    /// When their thread cannot be started.
    pub fn with_pictures(publisher: Arc<Publisher>, trainer: &Trainer) -> anyhow::Result<Self> {
        let data = Arc::clone(trainer.data());
        let painter = PictureThread::start(trainer.session(), data, Arc::clone(&publisher))?;
        Ok(Outlets {
            painter: Some(painter),
            ..Outlets::new(publisher)
        })
    }
}

/// The state of the loop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LoopState {
    Running,
    Paused,
    /// One iteration, then paused again.
    Step,
    Ended(Reason),
}

/// A run under way.
struct TrainingLoop {
    trainer: Trainer,
    outlets: Outlets,
    /// The session as last edited, with what needs a new run.
    as_edited: Arc<Session>,
    checkpoints: Checkpoints,
    /// The peak that the speed on the screen is held against; without threads for it the screen shows none.
    peak: Option<Peak>,
}

/// A run that has ended.
pub struct Trained {
    /// The end.
    pub finished: Finished,
    /// The session in force then.
    pub in_force: Arc<Session>,
}

/// Trains until a limit, a command or a divergence ends it. `start` is what the run began with, also where it goes on from a
/// checkpoint.
pub fn train(trainer: Trainer, mut outlets: Outlets, start: Start) -> Trained {
    let precision = precision(trainer.session());
    outlets.publisher.attach(trainer.instruments().clone());
    outlets.publisher.thin(start.thinning());
    let overrides = std::mem::take(&mut outlets.overrides);
    let resumed = outlets.resumed.take();
    let shown = resumed.as_ref().map_or(&start, |resumed| &resumed.shown);
    let threads = shown.threads;
    let as_edited = resumed
        .as_ref()
        .map_or(&start.session, |resumed| &resumed.as_edited);
    let mut run = TrainingLoop {
        as_edited: Arc::clone(as_edited),
        checkpoints: Checkpoints::new(start.clone(), overrides, &trainer),
        trainer,
        outlets,
        peak: None,
    };
    match resumed {
        None => run.begin(start),
        Some(resumed) => run.go_on(resumed.shown),
    }
    if run.outlets.painter.is_some() {
        run.peak = Peak::new(precision, threads);
    }
    if let Some(peak) = &mut run.peak {
        peak.measure(&run.trainer.instruments().meter);
    }
    for message in std::mem::take(&mut run.outlets.notices) {
        run.outlets.publisher.publish(Event::Warning { message });
    }
    run.checkpoint();
    run.trainer.resume();
    let reason = run.iterate_on();
    run.finish(reason)
}

impl TrainingLoop {
    /// The front end is told how things stand; the files have it all but the parameters, which may be of later iterations.
    fn go_on(&self, shown: Start) {
        self.outlets.publisher.tell(Event::Start(shown));
        self.keep();
    }

    /// The parameters of a run that was forked off another one are there from the beginning.
    fn begin(&self, start: Start) {
        let forked = start.fork.is_some();
        self.outlets.publisher.publish(Event::Start(start));
        if forked {
            self.keep();
        }
    }

    /// Sends the parameters to the run directory.
    fn keep(&self) {
        let publisher = &self.outlets.publisher;
        keep_best(&self.trainer, publisher);
        publisher.keep("last", self.trainer.last_model());
    }

    /// Takes a checkpoint of the run as it stands.
    fn checkpoint(&mut self) {
        let publisher = &self.outlets.publisher;
        self.checkpoints
            .take(&self.trainer, &self.as_edited, publisher);
    }

    /// Iterations with commands between them, until something ends them.
    fn iterate_on(&mut self) -> Reason {
        // What a signal has cut off comes before any new edit, as it would have.
        if self.trainer.owes() {
            // Whether that is the end is asked again after the edits.
            let _ = iterate(self, Trainer::settle);
        }
        let mut state = LoopState::Running;
        loop {
            state = obey(self, state);
            if let LoopState::Ended(reason) = state {
                return reason;
            }
            // An edit may have moved the limit below what is done.
            if let Some(reason) = limit(&self.trainer) {
                return reason;
            }
            if let Some(peak) = &mut self.peak {
                peak.measure_again(&self.trainer.instruments().meter);
            }
            self.trainer.ranks.tell(&Message::Iterate);
            if let Some(reason) = iterate(self, Trainer::iterate) {
                return reason;
            }
            if state == LoopState::Step {
                self.trainer.pause();
                state = LoopState::Paused;
            }
        }
    }

    fn finish(mut self, reason: Reason) -> Trained {
        self.trainer.ranks.tell(&Message::End(reason));
        // Before the figures of the end: a run that goes on past it does not have them.
        self.checkpoint();
        let TrainingLoop {
            mut trainer,
            mut outlets,
            ..
        } = self;
        let publisher = &outlets.publisher;
        let reason = validate_last(&mut trainer, reason, publisher);
        trainer.ranks.rest();
        trainer.pause();
        publisher.keep("last", trainer.last_model());
        let finished = Finished {
            iteration: trainer.iteration(),
            seconds: trainer.seconds(),
            reason,
            best: trainer.best(),
            best_c: trainer.best_by(BestBy::C),
            gates: Best::judge(trainer.best().as_ref(), &trainer.session().gates),
        };
        publisher.publish(Event::Finished(finished.clone()));
        if let (Some(painter), false) = (outlets.painter.take(), reason.ends_at_once()) {
            let parameters = ParametersAt {
                iteration: trainer.iteration(),
                theta: trainer.judged(),
            };
            painter.show_last(trainer.session(), parameters);
        }
        Trained {
            finished,
            in_force: Arc::clone(trainer.session()),
        }
    }
}

/// The work of an iteration, or the rest of one.
type TrainerCall = fn(&mut Trainer, &mut dyn FnMut(Event)) -> Option<Reason>;

/// Some work of the trainer and what follows from it.
fn iterate(run: &mut TrainingLoop, work: TrainerCall) -> Option<Reason> {
    let TrainingLoop {
        trainer,
        outlets,
        as_edited,
        checkpoints,
        ..
    } = run;
    let publisher = &outlets.publisher;
    let (mut validated, mut improved) = (false, false);
    let ended = work(trainer, &mut |event| {
        match event {
            Event::Validation { best, best_c, .. } => {
                validated = true;
                improved |= best || best_c;
            }
            Event::Judged { .. } => improved = true,
            _ => {}
        }
        publisher.publish(event);
    });
    if improved {
        keep_best(trainer, publisher);
    }
    if validated {
        publisher.keep("last", trainer.last_model());
    }
    if validated || checkpoints.is_due() {
        checkpoints.offer(trainer, as_edited, publisher);
    }
    if let Some(painter) = &mut outlets.painter {
        let parameters = ParametersAt {
            iteration: trainer.iteration(),
            theta: trainer.judged(),
        };
        painter.order_if_due(publisher, trainer.session(), parameters);
    }
    let lost = trainer.bereft(&mut |event| publisher.publish(event));
    lost.or(ended).or_else(|| limit(trainer))
}

impl Trainer {
    /// A run that reached its limit ends with figures of its last parameters; the reason of the end, which is divergence where
    /// these show it.
    pub(crate) fn last_figures(
        &mut self,
        reason: Reason,
        publish: &mut dyn FnMut(Event),
    ) -> Reason {
        if !matches!(reason, Reason::Iterations | Reason::Seconds) {
            return reason;
        }
        match self.validate(publish) {
            Some(Judgement::Diverged(found)) => {
                publish(Event::Warning {
                    message: format!("{found} at the end; the best parameters are kept"),
                });
                self.go_back_to_best();
                Reason::Diverged
            }
            _ => reason,
        }
    }
}

fn validate_last(trainer: &mut Trainer, reason: Reason, publisher: &Publisher) -> Reason {
    let bests = |trainer: &Trainer| [BestBy::Loss, BestBy::C].map(|by| trainer.best_by(by));
    let before = bests(trainer);
    let reason = trainer.last_figures(reason, &mut |event| publisher.publish(event));
    if bests(trainer) != before {
        keep_best(trainer, publisher);
    }
    reason
}

/// Sends the best parameters by each measure to the run directory.
fn keep_best(trainer: &Trainer, publisher: &Publisher) {
    for (by, name) in [(BestBy::Loss, "best"), (BestBy::C, "best-C")] {
        if let Some(model) = trainer.best_model(by) {
            publisher.keep(name, model);
        }
    }
}

fn limit(trainer: &Trainer) -> Option<Reason> {
    if let Some(reason) = trainer.over() {
        return Some(reason);
    }
    let stop = trainer.session().stop;
    if trainer.iteration() >= stop.iterations {
        return Some(Reason::Iterations);
    }
    stop.seconds
        .is_some_and(|limit| trainer.seconds() >= limit)
        .then_some(Reason::Seconds)
}

/// Takes up all commands that have come; while paused, waits for the next one.
fn obey(run: &mut TrainingLoop, mut state: LoopState) -> LoopState {
    let TrainingLoop {
        trainer,
        outlets,
        as_edited,
        checkpoints,
        ..
    } = run;
    let publisher = &*outlets.publisher;
    loop {
        let command = if state == LoopState::Paused {
            match await_command(trainer, publisher) {
                Ok(command) => command,
                Err(reason) => return LoopState::Ended(reason),
            }
        } else {
            match publisher.commands.try_recv() {
                Ok(command) => command,
                Err(_) => return state,
            }
        };
        state = match command {
            Command::Stop(reason) => return LoopState::Ended(reason),
            Command::Pause => change(trainer, publisher, state, LoopState::Paused),
            Command::Resume => change(trainer, publisher, state, LoopState::Running),
            Command::Step if state == LoopState::Paused => {
                trainer.resume();
                LoopState::Step
            }
            Command::Step => state,
            // The stop that has cut an iteration off is on its way: what comes before it would be between the two parts.
            Command::Session(_) if trainer.owes() => state,
            Command::Restore(_) | Command::Checkpoint if trainer.owes() => state,
            Command::Checkpoint => {
                checkpoints.take_asked(trainer, as_edited, publisher);
                state
            }
            Command::Restore(by) => {
                trainer.ranks.tell(&Message::Restore(by));
                trainer.restore(by, &mut |event| publisher.publish(event));
                state
            }
            Command::Session(Ok(session)) => {
                edit(trainer, publisher, as_edited, session);
                state
            }
            Command::Session(Err(rejection)) => {
                publisher.publish(Event::Rejected(rejection));
                state
            }
        };
        if state == LoopState::Step {
            return state;
        }
    }
}

/// The next command to a paused run; the reason why it ends when a rank is lost first.
fn await_command(trainer: &mut Trainer, publisher: &Publisher) -> Result<Command, Reason> {
    loop {
        match publisher.commands.recv_timeout(IDLE) {
            Ok(command) => return Ok(command),
            // With nobody left to say "go on", a paused run ends.
            Err(RecvTimeoutError::Disconnected) => return Err(Reason::Quit),
            Err(RecvTimeoutError::Timeout) => trainer.ranks.idle(),
        }
        if let Some(reason) = trainer.bereft(&mut |event| publisher.publish(event)) {
            return Err(reason);
        }
    }
}

fn change(
    trainer: &mut Trainer,
    publisher: &Publisher,
    from: LoopState,
    to: LoopState,
) -> LoopState {
    let paused = to == LoopState::Paused;
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

/// Takes up an edited session, and has it recorded whole: by the texts of its fields alone it could not be told again.
fn edit(
    trainer: &mut Trainer,
    publisher: &Publisher,
    as_edited: &mut Arc<Session>,
    new: Arc<Session>,
) {
    if new != *as_edited {
        publisher.record(RunEntry::Edited(trainer.iteration(), Arc::clone(&new)));
    }
    trainer.ranks.tell(&Message::Edit(Arc::clone(&new)));
    let mut judged = false;
    adopt(trainer, as_edited, new, &mut |event| {
        judged |= matches!(event, Event::Judged { .. });
        publisher.publish(event)
    });
    if judged {
        keep_best(trainer, publisher);
    }
}

/// Takes up an edited session, whole; every changed field is told, also one that needs a new run, but not one that is
/// back at the value in force.
pub fn adopt(
    trainer: &mut Trainer,
    as_edited: &mut Arc<Session>,
    new: Arc<Session>,
    publish: &mut dyn FnMut(Event),
) {
    let iteration = trainer.iteration();
    let off = session::changes(trainer.session(), &new);
    let mut changes = session::changes(as_edited, &new);
    changes.retain(|change| {
        change.applies != Applies::Restart || off.iter().any(|off| off.field == change.field)
    });
    if changes.is_empty() {
        publish(Event::Accepted { iteration });
    }
    for change in changes {
        publish(Event::Edit {
            iteration,
            field: change.field.into(),
            old: change.old,
            new: change.new,
            applies: change.applies,
        });
    }
    let in_force = session::apply(trainer.session(), &new);
    trainer.take_up(Arc::new(in_force), publish);
    *as_edited = new;
}
