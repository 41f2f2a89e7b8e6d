//! The threads of a run.
//!
//! ```text
//! trainer thread --events, pictures--> front end (this thread)
//!      ^   \------events, models-----> run directory thread
//!      \--commands-- keys, thread that follows the session file, signal thread
//! ```

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};

use super::loaded::RunOrigin;
use super::prepare::Prepared;
use super::session_file::SessionFile;
use crate::dashboard::{Switches, UnwrittenSession};
use crate::event::Command;
use crate::feed::{Commands, Feed, Publisher, Wires, connect};
use crate::front_end::FrontEnd;
use crate::run::read::History;
use crate::run::{Recording, RunDirectory, record};
use crate::say;
use crate::session::overrides::Overrides;
use crate::session::reload::{self, FileWatcher, WatchChoice, WatchMode};
use crate::session::{self, Rejection, Session, to_ron};
use crate::signals::{self, Request};
use crate::trainer::{self, Outlets, Trained, Trainer};

/// A run under way.
pub(super) struct StartedRun {
    pub(super) feed: Feed,
    pub(super) directory: RunDirectory,
    pub(super) recording: Recording,
    pub(super) training: JoinHandle<Trained>,
    /// The switches between the signals and the dashboard.
    pub(super) switches: Switches,
    /// Follows the session file, and ends with the run.
    pub(super) watcher: Option<FileWatcher>,
    /// The session, if it has no file and the dashboard may write one.
    pub(super) unwritten: Option<UnwrittenSession>,
}

/// Starts the threads.
pub(super) fn start(front_end: FrontEnd, prepared: Prepared) -> Result<StartedRun> {
    let Prepared {
        session_file,
        overrides,
        trainer,
        directory,
        start,
        origin,
    } = prepared;
    let Wires {
        publisher,
        feed,
        entries: records,
    } = connect();
    let publisher = Arc::new(publisher);
    // Weak: the writer ends when the trainer has let go of the publisher.
    let news = Arc::downgrade(&publisher);
    let recording = record(&directory, records, move |event| {
        if let Some(publisher) = news.upgrade() {
            publisher.tell(event);
        }
    })?;
    let mut outlets = match front_end {
        FrontEnd::Dashboard => Outlets::with_pictures(Arc::clone(&publisher), &trainer)?,
        FrontEnd::Headless => Outlets::new(Arc::clone(&publisher)),
    };
    let commands = feed.commands.clone();
    let follow = overrides.watch.unwrap_or(match front_end {
        FrontEnd::Dashboard => WatchChoice::Native,
        FrontEnd::Headless => WatchChoice::Off,
    });
    outlets.notices = column_faults(&trainer, &origin);
    let mut past = None;
    let mut text = session_file.text.clone();
    if let RunOrigin::Resumed(resumed) = origin {
        if session_file.path.is_none() {
            text = to_ron(&resumed.as_edited);
        }
        for edit in resumed.edits_meanwhile(&session_file, &overrides, follow) {
            // The trainer has not begun, so it hears this.
            let _ = commands.send(Command::Session(edit));
        }
        past = (front_end == FrontEnd::Dashboard).then(|| History::overview(directory.path()));
        outlets.notices = resumed.notices;
        outlets.resumed = Some(trainer::Continuation {
            as_edited: resumed.as_edited,
            shown: resumed.shown,
        });
    }
    let unwritten = match (&session_file.path, follow) {
        (Some(_), _) | (None, WatchChoice::Off) => None,
        (None, _) => Some(unwritten(text, follow, overrides.clone(), commands.clone())),
    };
    let answer = answer(session_file.clone(), &overrides, commands.clone());
    let watcher = watch(session_file, follow, &overrides, commands)?;
    let notice = notice(overrides.watch, watcher.as_ref());
    outlets.notices.extend(notice.map(str::to_owned));
    outlets.overrides = overrides;
    let switches = signals::end_run(feed.commands.clone(), front_end, Some(Box::new(answer)))?;
    let body = move || {
        past.into_iter().for_each(|past| retell(past, &publisher));
        drop(publisher);
        trainer::train(trainer, outlets, start)
    };
    let training = thread::Builder::new().name("trainer".into()).spawn(body)?;
    Ok(StartedRun {
        feed,
        directory,
        recording,
        training,
        switches,
        watcher,
        unwritten,
    })
}

/// The faults of the columns that the session does not treat, told on stderr; a line for each. None for a run that goes on.
fn column_faults(trainer: &Trainer, origin: &RunOrigin) -> Vec<String> {
    let table = trainer.data().table();
    let told = table.filter(|_| !matches!(origin, RunOrigin::Resumed(_)));
    let faults = told.map_or(&[][..], |table| table.faults());
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    lines
        .iter()
        .for_each(|line| say::err(&format!("warning: {line}")));
    lines
}

/// Shows what a run that goes on has behind it.
fn retell(mut past: History, publisher: &Publisher) {
    let mut more = true;
    while more {
        let mut events = Vec::new();
        // What can't be read is not shown.
        more = past.read(&mut events).unwrap_or(false);
        more &= events.into_iter().all(|event| publisher.deliver(event));
    }
}

/// Follows the session file, if it is to be followed and there is one.
fn watch(
    file: SessionFile,
    follow: WatchChoice,
    overrides: &Overrides,
    commands: Commands,
) -> Result<Option<FileWatcher>> {
    let mode = match follow {
        WatchChoice::Native => WatchMode::Native,
        WatchChoice::Poll => WatchMode::Poll,
        WatchChoice::Off => return Ok(None),
    };
    let Some(path) = file.path.clone() else {
        return Ok(None);
    };
    let text = file.text.clone();
    let send = sender(file, overrides.clone(), commands);
    let named = |path: &Path| format!("cannot watch {}", path.display());
    let watcher = reload::watch(&path, mode, &text, send).with_context(|| named(&path))?;
    Ok(Some(watcher))
}

/// Sends a session or the refusal of its file to the trainer, under what the command line sets.
fn sender(
    file: SessionFile,
    overrides: Overrides,
    commands: Commands,
) -> impl Fn(Result<Arc<Session>, Rejection>) + Send {
    move |edit| {
        let edit = edit.and_then(|session| {
            let session = overrides.apply_to(Session::clone(&session)).map(Arc::new);
            session.map_err(|lack| file.refused(lack))
        });
        // The trainer may have ended; nobody needs the edit then.
        let _ = commands.send(Command::Session(edit));
    }
}

/// Answers requests by signals; the session file is read whether it is followed or not.
fn answer(
    file: SessionFile,
    overrides: &Overrides,
    commands: Commands,
) -> impl Fn(Request) + Send + use<> {
    let send = sender(file.clone(), overrides.clone(), commands.clone());
    move |request| match (request, &file.path) {
        (Request::Checkpoint, _) => {
            // A trainer that has ended has written one.
            let _ = commands.send(Command::Checkpoint);
        }
        (Request::Reread, Some(path)) => send(session::load(path).map(Arc::new)),
        (Request::Reread, None) => send(Err(file.refused("it has no file that could be read"))),
    }
}

/// A session that no file has, with the way to follow the file that it gets.
fn unwritten(
    text: String,
    follow: WatchChoice,
    overrides: Overrides,
    commands: Commands,
) -> UnwrittenSession {
    let file = SessionFile {
        path: None,
        text: text.clone(),
        name: String::new(),
    };
    let follow = move |path: &Path| {
        let file = SessionFile {
            path: Some(path.to_owned()),
            ..file.clone()
        };
        let watcher = watch(file, follow, &overrides, commands.clone());
        let watcher = watcher.map_err(|error| format!("{error:#}"))?;
        watcher.ok_or_else(|| format!("{} is not followed", path.display()))
    };
    UnwrittenSession {
        text,
        follow: Arc::new(follow),
    }
}

/// A sentence that a user who asked for the file to be followed should know.
fn notice(asked: Option<WatchChoice>, watcher: Option<&FileWatcher>) -> Option<&'static str> {
    match (asked, watcher.map(FileWatcher::mode)) {
        (Some(WatchChoice::Native | WatchChoice::Poll), None) => {
            Some("nothing to follow: this session has no file")
        }
        (Some(WatchChoice::Native) | None, Some(WatchMode::Poll)) => Some(
            "the file system tells of no changes here: looking at the session file once a second",
        ),
        _ => None,
    }
}
