//! An event loop whose terminal, keys and trainer are made by the test.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Sender, unbounded};
use crossterm::event::KeyCode;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

use super::*;
use crate::dashboard::fixtures;
use crate::dashboard::keys::Key;
use crate::dashboard::range::IterationSpan;
use crate::dashboard::state::edits::Edit;
use crate::event::Command;
use crate::event::Reason;
use crate::feed::{ComparedFeed, Publisher, Wires, connect};
use crate::session::Applies;

/// A terminal that hangs up after a number of writes.
struct Mortal(usize);

impl Write for Mortal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(1)
            .ok_or_else(|| io::Error::other("hung up"))?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `play` against a dashboard whose terminal bears `writes` writes; how it was left.
fn attend(writes: usize, play: impl FnOnce(&Publisher, &Sender<TerminalInput>)) -> Outcome {
    let Wires {
        publisher,
        feed,
        entries: _records,
    } = connect();
    let (sender, keys) = unbounded();
    play(&publisher, &sender);
    let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
    let backend = CrosstermBackend::new(Mortal(writes));
    let screen = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
    let options = Options::default();
    let mut event_loop = EventLoop::new(&feed, options, screen);
    loop {
        match event_loop.turn(&keys) {
            None => {}
            Some(LoopExit::Outcome(outcome)) => return outcome,
            Some(other) => panic!("{other:?}"),
        }
    }
}

/// 80 x 24 cells that nobody sees.
fn screen() -> Terminal<CrosstermBackend<io::Sink>> {
    let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
    let backend = CrosstermBackend::new(io::sink());
    Terminal::with_options(backend, TerminalOptions { viewport }).unwrap()
}

fn key(letter: char, control: bool) -> TerminalInput {
    TerminalInput::Key(Key {
        code: KeyCode::Char(letter),
        control,
    })
}

#[test]
fn a_terminal_that_dies_is_an_outcome_and_not_a_panic() {
    assert!(matches!(attend(3, |_, _| ()), Outcome::Lost(_)));
}

#[test]
fn a_run_stopped_by_a_signal_is_left_at_once() {
    let outcome = attend(usize::MAX, |publisher, _| {
        publisher.publish(fixtures::finished(7, Reason::Signal(15)))
    });
    assert!(
        matches!(outcome, Outcome::Finished(finished) if finished.reason == Reason::Signal(15))
    );
}

#[test]
fn a_finished_run_stays_until_the_user_leaves() {
    let (done, left) = mpsc::channel();
    thread::scope(|scope| {
        let Wires {
            publisher,
            feed,
            entries: _records,
        } = connect();
        let (sender, keys) = unbounded();
        publisher.publish(fixtures::finished(7, Reason::Iterations));
        scope.spawn(move || {
            let mut event_loop = EventLoop::new(&feed, Options::default(), screen());
            for _ in 0..3 {
                assert!(event_loop.turn(&keys).is_none());
            }
            done.send(()).unwrap();
            while event_loop.turn(&keys).is_none() {}
        });
        left.recv().unwrap();
        sender.send(key('q', false)).unwrap();
    });
}

#[test]
fn a_second_control_c_leaves_a_trainer_that_does_not_answer() {
    let outcome = attend(usize::MAX, |publisher, keys| {
        publisher.publish(fixtures::start());
        keys.send(key('c', true)).unwrap();
        keys.send(key('c', true)).unwrap();
    });
    assert!(matches!(outcome, Outcome::Abandoned));
}

#[test]
fn a_finished_run_is_left_when_a_signal_asks_for_it() {
    let Wires {
        publisher,
        feed,
        entries: _records,
    } = connect();
    publisher.publish(fixtures::finished(7, Reason::Iterations));
    let options = Options::default();
    let leave = Arc::clone(&options.switches.leave);
    let (_sender, keys) = unbounded();
    let mut event_loop = EventLoop::new(&feed, options, screen());
    assert!(event_loop.turn(&keys).is_none());
    leave.store(true, Ordering::Relaxed);
    let end = event_loop.turn(&keys);
    assert!(matches!(end, Some(LoopExit::Outcome(Outcome::Finished(_)))));
}

#[test]
fn a_watched_run_is_left_by_a_signal_while_it_goes_on_and_not_by_its_own_end() {
    let Wires {
        publisher,
        feed,
        entries: _records,
    } = connect();
    publisher.hear(SystemTime::now());
    publisher.publish(fixtures::start());
    let options = Options::default();
    let leave = Arc::clone(&options.switches.leave);
    let (_sender, keys) = unbounded();
    let mut event_loop = EventLoop::new(&feed, options, screen());
    assert!(event_loop.turn(&keys).is_none());
    leave.store(true, Ordering::Relaxed);
    let end = event_loop.turn(&keys);
    assert!(matches!(end, Some(LoopExit::Outcome(Outcome::Abandoned))));
    leave.store(false, Ordering::Relaxed);
    publisher.publish(fixtures::finished(7, Reason::Quit));
    assert!(event_loop.turn(&keys).is_none());
}

#[test]
fn the_events_of_other_runs_go_to_their_curves() {
    let Wires {
        publisher: _publisher,
        mut feed,
        entries: _records,
    } = connect();
    let Wires {
        publisher: other,
        feed: its_feed,
        entries: _,
    } = connect();
    feed.others.push(ComparedFeed {
        name: "rings".into(),
        feed: its_feed,
    });
    other.publish(fixtures::iteration(3, 1.0));
    let (_sender, keys) = unbounded();
    let mut event_loop = EventLoop::new(&feed, Options::default(), screen());
    assert!(event_loop.turn(&keys).is_none());
    assert_eq!(
        event_loop.state.compared[0].span(),
        Some(IterationSpan { first: 3, last: 3 })
    );
    assert_eq!(event_loop.state.training.span(), None);
}

#[test]
fn a_key_saves_the_screen_and_a_failure_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let Wires {
        publisher,
        feed,
        entries: _records,
    } = connect();
    let Event::Start(mut start) = fixtures::start() else {
        unreachable!("that is how a run begins");
    };
    start.run = Some(folder.path().join("run"));
    publisher.publish(Event::Start(start));
    let (sender, keys) = unbounded();
    let mut event_loop = EventLoop::new(&feed, Options::default(), screen());
    let mut told = || {
        sender.send(key('s', false)).unwrap();
        (0..2).for_each(|_| assert!(event_loop.turn(&keys).is_none()));
        let lines = event_loop.state.log.lines().iter();
        // The thread of the pictures may have told of its own.
        lines
            .map(|line| format!("{}\n", line.text))
            .collect::<String>()
    };
    assert!(told().contains("the screen is not saved: cannot write"));
    std::fs::create_dir(folder.path().join("run")).unwrap();
    assert!(told().contains("saved screen-0.svg, .txt in "));
    assert!(folder.path().join("run/screen-0.svg").is_file());
}

#[test]
fn an_end_that_found_the_ring_full_is_seen() {
    let Wires {
        publisher,
        feed,
        entries: records,
    } = connect();
    // Nobody writes a run directory, whose full wire would hold this.
    drop(records);
    while feed.dropped() == 0 {
        publisher.publish(Event::Resample { iteration: 1 });
    }
    publisher.publish(fixtures::finished(7, Reason::Signal(15)));
    drop(publisher);
    let (_sender, keys) = unbounded();
    let mut event_loop = EventLoop::new(&feed, Options::default(), screen());
    let end = loop {
        if let Some(end) = event_loop.turn(&keys) {
            break end;
        }
    };
    assert!(matches!(end, LoopExit::Outcome(Outcome::Finished(_))));
}

#[test]
fn keys_reach_the_trainer() {
    let Wires {
        publisher,
        feed,
        entries: _records,
    } = connect();
    let (sender, keys) = unbounded();
    sender.send(key('p', false)).unwrap();
    let mut event_loop = EventLoop::new(&feed, Options::default(), screen());
    assert!(event_loop.turn(&keys).is_none());
    assert!(matches!(publisher.commands.try_recv(), Ok(Command::Pause)));
}

#[test]
fn a_row_that_stops_showing_its_edit_is_drawn_anew() {
    let Wires {
        publisher: _publisher,
        feed,
        entries: _records,
    } = connect();
    let mut event_loop = EventLoop::new(&feed, Options::default(), screen());
    event_loop.opened -= Duration::from_secs(10);
    let edit = Edit {
        field: "optimizer.lr".into(),
        old: "0.1".into(),
        new: "0.2".into(),
        iteration: 7,
    };
    event_loop
        .state
        .edits
        .add_accepted(&edit, Applies::Live, 1.0);
    (
        event_loop.state.now,
        event_loop.state.paused,
        event_loop.pacer.dirty,
    ) = (3.0, true, false);
    event_loop.fetch();
    assert!(std::mem::replace(&mut event_loop.pacer.dirty, false));
    event_loop.fetch();
    assert!(!event_loop.pacer.dirty);
}

#[test]
fn a_trainer_that_vanishes_is_told() {
    let Wires {
        publisher,
        feed,
        entries: _records,
    } = connect();
    let (_sender, keys) = unbounded();
    drop(publisher);
    let mut event_loop = EventLoop::new(&feed, Options::default(), screen());
    assert!(matches!(
        event_loop.turn(&keys),
        Some(LoopExit::Outcome(Outcome::Broken))
    ));
}
