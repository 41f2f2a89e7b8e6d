//! A thread that reads one run directory for as long as somebody listens: the history at once, then what is appended.
//! The end of the wire is waited for, so nothing is lost and memory stays bounded however long the run was.
//!
//! Of a long record the rows are thinned as they are read. A huge one is skimmed first; when all of it was gone through, what is shown
//! begins afresh with the events that were found.

use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use super::passed::Passed;
use super::pictures::Pictures;
use crate::event::{Event, Start};
use crate::feed::Publisher;
use crate::file::naming;
use crate::run::read::{History, skim};

/// The time between two looks at files that did not grow.
const POLL: Duration = Duration::from_millis(200);

/// The time between two looks at a front end that still has events to take.
const MOMENT: Duration = Duration::from_millis(1);

/// The message when a run goes on.
const CUT: &str = "the run goes on from a checkpoint: what it had done after that is done again, and not shown twice";

/// The thread's handle; dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Following {
    enough: Arc<AtomicBool>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
    }
}

/// The part of a run that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Curves and pictures.
    Whole,
    /// Curves to compare another run with.
    Curves,
}

/// Starts to read `directory`; when it was last written to is told before this returns.
pub(super) fn follow(
    directory: &Path,
    publisher: Arc<Publisher>,
    scope: Scope,
) -> io::Result<Following> {
    let mut follower = RunFollower {
        directory: directory.to_owned(),
        opening: Opening::First,
        history: History::overview(directory),
        failed: false,
        scope,
        pictures: None,
        publisher,
        passed: Passed::default(),
        again: false,
    };
    follower.publisher.hear(follower.written()?);
    let enough = Arc::new(AtomicBool::new(false));
    let following = Following {
        enough: Arc::clone(&enough),
    };
    thread::Builder::new()
        .name("run directory".into())
        .spawn(move || {
            while !enough.load(Ordering::Relaxed) {
                match follower.turn() {
                    None => return,
                    Some(true) => {}
                    Some(false) => thread::sleep(POLL),
                }
            }
        })?;
    Ok(following)
}

/// The way through what there is when a run is opened.
enum Opening {
    /// It has not begun.
    First,
    /// A huge record was skimmed, and is gone through; its events so far.
    Gathering(Vec<Event>),
    /// They are all there, and take the place of those that are shown.
    Gathered(Vec<Event>),
    /// Events are handed on as they are read.
    Over,
}

struct RunFollower {
    directory: PathBuf,
    opening: Opening,
    history: History,
    /// The file can't be read, which was told.
    failed: bool,
    scope: Scope,
    pictures: Option<Pictures>,
    publisher: Arc<Publisher>,
    passed: Passed,
    /// The files are read from their beginning again: the run goes on from a checkpoint.
    again: bool,
}

impl RunFollower {
    /// Takes up what is new: whether there may be more at once; None when nobody listens any more.
    fn turn(&mut self) -> Option<bool> {
        self.opening = match mem::replace(&mut self.opening, Opening::Over) {
            Opening::First => match self.skim()? {
                Opening::Over => return self.follow(),
                skimmed => skimmed,
            },
            Opening::Gathering(mut events) => match self.history.read(&mut events) {
                Ok(true) => Opening::Gathering(events),
                // What keeps it from being read is told in the next turn.
                Ok(false) | Err(_) => Opening::Gathered(events),
            },
            Opening::Gathered(events) => self.replace(events)?,
            Opening::Over => return self.follow(),
        };
        Some(true)
    }

    /// Shows a huge record as far as short pieces of it tell.
    fn skim(&mut self) -> Option<Opening> {
        let events = match skim(&self.directory) {
            Ok(Some(events)) => events,
            Ok(None) | Err(_) => return Some(Opening::Over),
        };
        for event in events {
            self.pass(event)?;
        }
        self.look()?;
        Some(Opening::Gathering(Vec::new()))
    }

    /// Shows these events in place of those that are shown, once they are.
    fn replace(&mut self, events: Vec<Event>) -> Option<Opening> {
        if !self.publisher.begin_afresh() {
            thread::sleep(MOMENT);
            return Some(Opening::Gathered(events));
        }
        self.passed = Passed::default();
        for event in events {
            self.pass(event)?;
        }
        if let Some(pictures) = &mut self.pictures {
            pictures.forget();
        }
        Some(Opening::Over)
    }

    /// Takes up what is new of a run that was opened.
    fn follow(&mut self) -> Option<bool> {
        let mut events = Vec::new();
        let read = self.history.read(&mut events);
        for event in events {
            self.pass(event)?;
        }
        let more = match read {
            Ok(more) => {
                self.failed = false;
                more
            }
            Err(_) if self.history.is_cut() => {
                self.history = History::overview(&self.directory);
                self.again = true;
                self.warn(CUT.into())?;
                true
            }
            Err(error) => {
                if !mem::replace(&mut self.failed, true) {
                    self.warn(error.to_string())?;
                }
                false
            }
        };
        if let Ok(time) = self.written() {
            self.publisher.hear(time);
        }
        if more {
            return Some(true);
        }
        if let Some(complaint) = self.history.complaint() {
            self.warn(complaint)?;
        }
        self.look()?;
        Some(false)
    }

    /// Hands an event on.
    fn pass(&mut self, mut event: Event) -> Option<()> {
        if self.again && self.passed.knows(&event) {
            return Some(());
        }
        self.again &= !self.passed.is_before(&event);
        self.passed.add(&event);
        if let Event::Start(start) = &mut event {
            // As the trainer named it, it may be relative to another place.
            start.run = Some(self.directory.clone());
            self.begin(start)?;
        }
        self.deliver(event)
    }

    fn begin(&mut self, start: &Start) -> Option<()> {
        if self.scope == Scope::Curves || self.pictures.is_some() {
            return Some(());
        }
        match Pictures::new(start, Arc::clone(&self.publisher)) {
            Ok(pictures) => self.pictures = Some(pictures),
            Err(error) => self.warn(format!("no pictures: {error:#}"))?,
        }
        Some(())
    }

    fn look(&mut self) -> Option<()> {
        let Some(pictures) = &mut self.pictures else {
            return Some(());
        };
        match pictures.look(&self.publisher) {
            Ok(None) => Some(()),
            Ok(Some(news)) => self.deliver(news),
            Err(message) => self.warn(message),
        }
    }

    /// The time when a line was last appended.
    fn written(&self) -> io::Result<SystemTime> {
        let path = self.history.path();
        let metadata = fs::metadata(path).map_err(naming("read", path))?;
        metadata.modified()
    }

    fn warn(&self, message: String) -> Option<()> {
        self.deliver(Event::Warning { message })
    }

    fn deliver(&self, event: Event) -> Option<()> {
        self.publisher.deliver(event).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::state::State;
    use crate::feed::{Feed, Wires, connect};
    use crate::run::{RunDirectory, line, record, synthetic};
    use std::fs::OpenOptions;
    use std::io::Write;
    use tempfile::TempDir;

    /// A directory with a file for metrics in it, and who follows it by turns.
    struct Place {
        folder: TempDir,
        follower: RunFollower,
        feed: Feed,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let Wires {
                publisher,
                feed,
                entries: _,
            } = connect();
            let place = Place {
                follower: RunFollower {
                    directory: folder.path().to_owned(),
                    opening: Opening::First,
                    history: History::overview(folder.path()),
                    failed: false,
                    scope: Scope::Curves,
                    pictures: None,
                    publisher: Arc::new(publisher),
                    passed: Passed::default(),
                    again: false,
                },
                folder,
                feed,
            };
            place.append("");
            place
        }

        fn append(&self, text: &str) {
            let path = self.folder.path().join("metrics.jsonl");
            let file = OpenOptions::new().append(true).create(true).open(path);
            file.unwrap().write_all(text.as_bytes()).unwrap();
        }

        fn turn(&mut self) -> Vec<Event> {
            while self.follower.turn().unwrap() {}
            self.feed.events.try_iter().collect()
        }
    }

    #[test]
    fn a_watched_run_has_the_state_of_its_own_dashboard() {
        let parent = tempfile::tempdir().unwrap();
        let directory = RunDirectory::create(parent.path(), "8gaussians", "").unwrap();
        let Wires {
            publisher,
            feed: _feed,
            entries: records,
        } = connect();
        let recording = record(&directory, records, |event| panic!("{event:?}")).unwrap();
        let mut live = State::default();
        let all = synthetic::events().into_iter();
        // These are told of by the files that they are about.
        for mut event in all.filter(|event| !matches!(event, Event::Checkpoint { .. })) {
            if let Event::Start(start) = &mut event {
                start.run = Some(directory.path().to_owned());
            }
            publisher.publish(event.clone());
            live.apply(event, 0.0);
        }
        drop(publisher);
        recording.finish().result.unwrap();

        let Wires {
            publisher,
            feed,
            entries: _,
        } = connect();
        let _following = follow(directory.path(), Arc::new(publisher), Scope::Whole).unwrap();
        assert!(feed.heard().is_some());
        let mut watched = State::default();
        while watched.finished.is_none() {
            watched.apply(feed.events.recv().unwrap(), 0.0);
        }
        assert_eq!(format!("{watched:#?}"), format!("{live:#?}"));
    }

    #[test]
    fn a_huge_record_is_shown_by_pieces_and_then_afresh_as_a_whole() {
        let all = synthetic::events().into_iter();
        let all = all.filter(|event| !matches!(event, Event::Checkpoint { .. }));
        let mut place = Place::new();
        let (mut live, mut watched) = (State::default(), State::default());
        for mut event in all {
            place.append(&line::json(&event));
            if let Event::Start(start) = &mut event {
                start.run = Some(place.folder.path().to_owned());
            }
            live.apply(event, 0.0);
        }
        // As if this had been found by skimming.
        place.follower.pass(synthetic::events()[1].clone()).unwrap();
        place.follower.opening = Opening::Gathering(Vec::new());
        watched.view.weighted = true;
        while !matches!(place.follower.opening, Opening::Over) {
            place.follower.turn().unwrap();
            if place.feed.begins_afresh() {
                assert_eq!(
                    (watched.iteration, watched.training.span().is_some()),
                    (1, true)
                );
                watched.forget_run();
            }
            let events = place.feed.events.try_iter();
            events.for_each(|event| watched.apply(event, 0.0));
        }
        assert!(
            std::mem::take(&mut watched.view.weighted),
            "the user's choice"
        );
        assert_eq!(format!("{watched:#?}"), format!("{live:#?}"));
        assert!(place.turn().is_empty());
    }

    #[test]
    fn what_is_appended_is_followed_and_what_is_no_json_told_once() {
        let mut place = Place::new();
        let lines: Vec<String> = synthetic::events().iter().map(line::json).collect();
        place.append(&lines[1]);
        place.append("{\"event\":\"iter\nnonsense\n\n");
        let (start, end) = lines[2].split_at(9);
        place.append(start);
        let events = place.turn();
        assert_eq!(events[0], synthetic::events()[1]);
        let Event::Warning { message } = &events[1] else {
            panic!("{events:?}");
        };
        assert!(message.ends_with("2 lines are no JSON and left out"));
        assert_eq!(events.len(), 2);
        place.append(end);
        assert_eq!(place.turn(), [synthetic::events()[2].clone()]);
        assert!(place.turn().is_empty());
    }

    #[test]
    fn a_run_that_goes_on_from_a_checkpoint_is_shown_on_without_a_row_twice() {
        let row = |iteration, seconds| {
            let mut event = synthetic::events()
                .into_iter()
                .find(|event| matches!(event, Event::Iteration { .. }))
                .unwrap();
            if let Event::Iteration {
                iteration: i,
                seconds: s,
                ..
            } = &mut event
            {
                (*i, *s) = (iteration, seconds);
            }
            event
        };
        let text = |events: &[Event]| events.iter().map(line::json).collect::<String>();
        let edit = synthetic::events()
            .into_iter()
            .find(|event| matches!(event, Event::Edit { .. }))
            .unwrap();
        let start = Event::Start(synthetic::start());
        let mut before = vec![start];
        before.extend((1..=5).map(|i| row(i, i as f64)));
        let mut place = Place::new();
        place.append(&text(&before));
        assert_eq!(place.turn().len(), 6);
        // Cut back to the third iteration, edited, and past where it had been.
        let mut after = before[..4].to_vec();
        let metrics = place.folder.path().join("metrics.jsonl");
        fs::write(&metrics, text(&after)).unwrap();
        let told = place.turn();
        assert!(matches!(&told[..], [Event::Warning { message }] if message.contains("goes on")));
        let warning = Event::Warning {
            message: "new".into(),
        };
        after = vec![
            edit.clone(),
            row(4, 14.0),
            row(5, 15.0),
            row(6, 16.0),
            warning.clone(),
        ];
        place.append(&text(&after));
        assert_eq!(place.turn(), [edit, row(6, 16.0), warning]);
        place.append(&text(&[row(7, 17.0)]));
        assert_eq!(place.turn(), [row(7, 17.0)]);
    }

    #[test]
    fn a_directory_that_goes_is_told_once() {
        let mut place = Place::new();
        fs::remove_file(place.folder.path().join("metrics.jsonl")).unwrap();
        assert!(matches!(&place.turn()[..], [Event::Warning { .. }]));
        assert!(place.turn().is_empty());
        place.append(&line::json(&synthetic::events()[1]));
        assert_eq!(place.turn().len(), 1);
    }

    #[test]
    fn the_end_of_the_wire_is_waited_for() {
        let mut place = Place::new();
        let count = 40_000;
        let text = |iteration| line::json(&Event::Resample { iteration });
        place.append(&(0..count).map(text).collect::<String>());
        let Place { follower, feed, .. } = &mut place;
        thread::scope(|scope| {
            scope.spawn(|| while follower.turn().unwrap() {});
            for expected in 0..count {
                let event = feed.events.recv().unwrap();
                assert_eq!(
                    event,
                    Event::Resample {
                        iteration: expected
                    }
                );
            }
        });
        assert_eq!(feed.dropped(), 0);
    }

    #[test]
    fn nobody_who_listens_is_the_end() {
        let mut place = Place::new();
        place.append(&line::json(&synthetic::events()[1]));
        let Place { follower, feed, .. } = &mut place;
        drop(std::mem::replace(feed, connect().feed));
        assert_eq!(follower.turn(), None);
    }
}
