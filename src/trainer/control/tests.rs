//! A run from its start to its end: commands, edits, pauses, limits, and what is kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use otflow_kernels::progress::Progress;

use super::super::tests::{SMALL, session, trainer, without_time};
use super::*;
use crate::data::batches::Batches;
use crate::feed::{Feed, Wires, connect};
use crate::ranks::{Lost, Ranks, Wire};

/// The events of a run that is told these commands before it starts.
fn run_with(commands: Vec<Command>) -> (Vec<Event>, Finished) {
    let trainer = trainer(SMALL, 1);
    let Wires {
        publisher,
        feed,
        entries: records,
    } = connect();
    commands
        .into_iter()
        .for_each(|command| feed.commands.send(command).unwrap());
    let start = start(&trainer);
    let Trained { finished, .. } = train(trainer, Outlets::new(Arc::new(publisher)), start);
    (events(&records), finished)
}

fn events(records: &Receiver<RunEntry>) -> Vec<Event> {
    records
        .iter()
        .filter_map(|record| match record {
            RunEntry::Event(event) => Some(event),
            _ => None,
        })
        .collect()
}

fn start(trainer: &Trainer) -> Start {
    Start {
        schema: 1,
        version: String::new(),
        name: "test".into(),
        file: None,
        run: None,
        session: trainer.session().clone(),
        dimension: 2,
        columns: Vec::new(),
        parameters: 0,
        shared: None,
        threads: 1,
        compiled: String::new(),
        entropy: None,
        fork: None,
        thinned_after: None,
    }
}

#[test]
fn a_run_starts_finishes_and_keeps_its_parameters() {
    let trainer = trainer(SMALL, 1);
    let Wires {
        publisher,
        feed: _feed,
        entries: records,
    } = connect();
    let start = start(&trainer);
    let Trained { finished, .. } = train(trainer, Outlets::new(Arc::new(publisher)), start);
    assert_eq!(
        (finished.iteration, finished.reason),
        (9, Reason::Iterations)
    );
    let records: Vec<RunEntry> = records.iter().collect();
    assert!(matches!(
        records.first(),
        Some(RunEntry::Event(Event::Start(_)))
    ));
    assert!(matches!(
        records.last(),
        Some(RunEntry::Event(Event::Finished(_)))
    ));
    let kept = |wanted: &str| {
        records
            .iter()
            .any(|r| matches!(r, RunEntry::Model(name, _) if *name == wanted))
    };
    assert!(kept("best") && kept("last"));
}

#[test]
fn a_stop_gives_up_the_iteration_in_hand_and_keeps_what_was_done() {
    let mut trainer = trainer(SMALL, 1);
    trainer.iterate(&mut |_| {});
    let done = trainer.state.theta.clone();
    trainer.batches = Batches::with_rows(vec![0.5; 2 * 50_000_000]);
    let Wires {
        publisher,
        feed,
        entries: records,
    } = connect();
    let start = start(&trainer);
    let progress = Arc::clone(&trainer.instruments().progress);
    let (finished, model) = std::thread::scope(|scope| {
        let run = scope.spawn(|| train(trainer, Outlets::new(Arc::new(publisher)), start).finished);
        while progress.tiles().all < 1_000_000 || progress.tiles().done == 0 {
            std::thread::yield_now();
        }
        feed.commands.send(Command::Stop(Reason::Quit)).unwrap();
        let last = |record| match record {
            RunEntry::Model("last", slot) => slot.take(),
            _ => None,
        };
        (run.join().unwrap(), records.iter().find_map(last).unwrap())
    });
    assert_eq!((finished.iteration, finished.reason), (1, Reason::Quit));
    assert_eq!(model.theta, done);
}

#[test]
fn an_edit_is_told_and_takes_hold_by_its_class() {
    let edited = SMALL
        .replace("lr: 0.05", "lr: 0.01")
        .replace("batch: 200", "batch: 100")
        .replace("width: 8", "width: 16");
    let (events, _) = run_with(vec![Command::Session(Ok(session(&edited)))]);
    let told: Vec<(String, Applies)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Edit { field, applies, .. } => Some((field.clone(), *applies)),
            _ => None,
        })
        .collect();
    let pair = |field: &str, applies| (field.to_owned(), applies);
    assert_eq!(told.len(), 3);
    for expected in [
        pair("optimizer.lr", Applies::Live),
        pair("data.batch", Applies::Resample),
        pair("model.width", Applies::Restart),
    ] {
        assert!(told.contains(&expected), "{told:?}");
    }
    let rate = events.iter().find_map(|event| match event {
        Event::Iteration { lr, .. } => Some(*lr),
        _ => None,
    });
    assert_eq!(rate, Some(0.01));
}

#[test]
fn a_refused_edit_changes_nothing_but_is_told() {
    let rejection = session::parse("(", Path::new("test.ron")).unwrap_err();
    let (with, _) = run_with(vec![Command::Session(Err(rejection))]);
    let (without, _) = run_with(vec![]);
    let losses = |events: &[Event]| -> Vec<Event> {
        let iterations = events
            .iter()
            .filter(|event| matches!(event, Event::Iteration { .. }));
        iterations.cloned().map(without_time).collect()
    };
    assert_eq!(losses(&with), losses(&without));
    assert!(with.iter().any(|event| matches!(event, Event::Rejected(_))));
}

fn next_iteration(feed: &Feed) -> Option<u64> {
    loop {
        match feed.events.recv_timeout(Duration::from_millis(300)).ok()? {
            Event::Iteration { iteration, .. } => return Some(iteration),
            _ => continue,
        }
    }
}

#[test]
fn a_paused_run_waits_steps_and_goes_on() {
    let endless = SMALL.replace("iterations: 9", "iterations: 1000000");
    let trainer = trainer(&endless, 1);
    let Wires {
        publisher,
        feed,
        entries: _records,
    } = connect();
    let tell = |command| feed.commands.send(command).unwrap();
    tell(Command::Pause);
    tell(Command::Step);
    let start = start(&trainer);
    let training =
        std::thread::spawn(move || train(trainer, Outlets::new(Arc::new(publisher)), start));
    assert_eq!(next_iteration(&feed), Some(1));
    assert_eq!(next_iteration(&feed), None, "one step, then paused again");
    tell(Command::Resume);
    assert_eq!(next_iteration(&feed), Some(2));
    tell(Command::Stop(Reason::Quit));
    let Trained { finished, .. } = training.join().unwrap();
    assert!(finished.iteration <= 9);
}

#[test]
fn a_paused_run_can_be_stopped() {
    let (_, finished) = run_with(vec![Command::Pause, Command::Stop(Reason::Signal(15))]);
    assert_eq!(
        (finished.iteration, finished.reason),
        (0, Reason::Signal(15))
    );
}

/// A wire over which nothing comes any more.
struct Cut;

impl Wire for Cut {
    fn attach(&mut self, _: Arc<Progress>) {}

    fn exchange(&mut self, _: &mut Vec<f64>, _: &mut Vec<f64>) -> Result<(), Lost> {
        self.look()
    }

    fn gather(&mut self, _: &mut Vec<f64>, _: &mut Vec<f64>) -> Result<(), Lost> {
        self.look()
    }

    fn broadcast(&mut self, _: &mut Vec<u8>) -> Result<(), Lost> {
        self.look()
    }

    fn look(&mut self) -> Result<(), Lost> {
        Err(Lost("rank 1 is lost".into()))
    }

    fn rest(&mut self) {}
}

#[test]
fn a_paused_run_ends_when_a_rank_is_lost() {
    let ranks = Ranks::new(0, vec!["here".into(); 2], Box::new(Cut));
    let trainer = trainer(SMALL, 1).distributed(ranks);
    let Wires {
        publisher,
        feed,
        entries: _records,
    } = connect();
    // The feed stays: nobody says anything more.
    feed.commands.send(Command::Pause).unwrap();
    let start = start(&trainer);
    let Trained { finished, .. } = train(trainer, Outlets::new(Arc::new(publisher)), start);
    assert_eq!((finished.iteration, finished.reason), (0, Reason::Lost));
    let warned = feed.events.try_iter().any(|event| {
        let message = "rank 1 is lost".into();
        event == Event::Warning { message }
    });
    assert!(warned);
}

#[test]
fn a_run_that_ends_by_time_is_validated_at_its_end() {
    let timed = SMALL
        .replace("iterations: 9", "iterations: 1000000, seconds: Some(0.05)")
        .replace("every: 3", "every: 1000000");
    let trainer = trainer(&timed, 1);
    let Wires {
        publisher,
        feed: _feed,
        entries: records,
    } = connect();
    let start = start(&trainer);
    let Trained { finished, .. } = train(trainer, Outlets::new(Arc::new(publisher)), start);
    assert_eq!(finished.reason, Reason::Seconds);
    assert_eq!(
        finished.best.map(|best| best.iteration),
        Some(finished.iteration)
    );
    let mut records = records.iter();
    assert!(records.any(|record| matches!(record, RunEntry::Model("best", _))));
}

#[test]
fn a_restart_only_edit_that_is_taken_back_is_not_told_as_one() {
    let wider = SMALL.replace("width: 8", "width: 16");
    let (events, _) = run_with(vec![
        Command::Session(Ok(session(&wider))),
        Command::Session(Ok(session(SMALL))),
    ]);
    let edits = events
        .iter()
        .filter(|event| matches!(event, Event::Edit { .. }));
    assert_eq!(edits.count(), 1);
    let accepted = |event: &&Event| matches!(event, Event::Accepted { .. });
    assert_eq!(events.iter().filter(accepted).count(), 1);
}
