//! `otflow watch`: the dashboard on runs that other processes train, or have trained.
//!
//! | file | holds |
//! | --- | --- |
//! | `follower.rs` | the thread that hands the events of a run on, in order |
//! | `passed.rs` | what was handed on already when a run goes on |
//! | `pictures.rs` | pictures from the parameters in the directory |
//! | `folder.rs` | the thread that reads all runs of a folder |
//!
//! `metrics.jsonl` has all that the dashboard needs, the edits too, but for the parameters' files, which are looked at; so the
//! fold over its events gives the very state that the trainer's own dashboard has. Nothing is written into the directory but what is saved by the key for it.
//! Leaving by a key gives exit code 0: nothing was interrupted.

mod folder;
mod follower;
mod passed;
mod pictures;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use signal_hook::consts::SIGHUP;

use crate::cli;
use crate::dashboard::runs::{RunsDashboard, RunsExit};
use crate::dashboard::theme_options::ThemeOptions;
use crate::dashboard::{self, Options, Outcome, Screen};
use crate::event::{Command, Event, Reason};
use crate::exit::{Exit, refuse};
use crate::feed::{ComparedFeed, Feed, Publisher, Wires, connect};
use crate::front_end::{FrontEnd, obstacle};
use crate::run::line;
use crate::run::read::{METRICS, fault};
use crate::say;
use crate::signals;
use follower::{Following, Scope, follow};

/// Shows the first run, and the curves of the others beside its own; or a folder of runs as a table.
///
/// # Errors
/// When a thread or the terminal cannot be had.
pub fn watch(args: &cli::WatchArgs) -> Result<Exit> {
    if let [folder] = args.runs.as_slice()
        && fault(folder).is_some()
        && folder.is_dir()
    {
        return watch_folder(folder, &args.look);
    }
    let faults = args.runs.iter().filter_map(|run| fault(run));
    let obstacle = obstacle().map(|obstacle| {
        format!("no dashboard here: {obstacle}; metrics.jsonl has the run as JSON lines")
    });
    if let Some(message) = faults.chain(obstacle).next() {
        return Ok(refuse(&message));
    }
    let Some((run, others)) = args.runs.split_first() else {
        return Ok(refuse("no run directory is given"));
    };
    let shown = open(run, others)?;
    let switches = signals::end_run(shown.feed.commands.clone(), FrontEnd::Dashboard, None)?;
    let leave = Arc::clone(&switches.leave);
    let options = Options {
        theme: args.look.here(),
        graphics: args.look.graphics_here(),
        switches,
        ..Options::default()
    };
    let outcome = dashboard::run(&shown.feed, options)?;
    exit(
        outcome,
        line::entry("run", &run.display().to_string()),
        asked(&leave, &shown.publisher),
    )
}

/// Shows the runs of a folder as a table, and single ones of them as they are opened.
fn watch_folder(folder: &Path, look: &ThemeOptions) -> Result<Exit> {
    let name = folder.display();
    match folder::runs_in(folder) {
        Ok(runs) if runs.is_empty() => {
            return Ok(refuse(&format!(
                "{name} is no run directory and has none in it: there is no {METRICS} in it, nor in a directory in it"
            )));
        }
        Ok(_) => {}
        Err(error) => return Ok(refuse(&format!("cannot read {name}: {error}"))),
    }
    if let Some(obstacle) = obstacle() {
        return Ok(refuse(&format!(
            "no dashboard here: {obstacle}; `otflow compare {}/*` has the runs as a table",
            name.to_string().trim_end_matches('/')
        )));
    }
    let signalled = connect();
    let switches = signals::end_run(signalled.feed.commands.clone(), FrontEnd::Dashboard, None)?;
    let news = folder::follow(folder.to_owned())?;
    let theme = look.here();
    let mut runs = RunsDashboard::new(folder.to_owned(), news, theme, switches.clone());
    let mut screen = Screen::take(look.graphics_here())?;
    let outcome = loop {
        let run = match screen.show_runs(&mut runs)? {
            RunsExit::Open(run) => run,
            RunsExit::Left => break Outcome::Abandoned,
            RunsExit::Broken => break Outcome::Broken,
            RunsExit::Lost(error) => break Outcome::Lost(error),
        };
        let shown = match open(&run, &[]) {
            Ok(shown) => shown,
            Err(error) => {
                runs.tell(format!("cannot be shown: {error:#}"));
                continue;
            }
        };
        let options = Options {
            theme,
            graphics: look.graphics_here(),
            switches: switches.clone(),
            within_runs: true,
            ..Options::default()
        };
        match screen.show(&shown.feed, options)? {
            Outcome::Finished(_) | Outcome::Abandoned => {}
            outcome => break outcome,
        }
    };
    drop(screen);
    exit(
        outcome,
        line::entry("run", &name.to_string()),
        asked(&switches.leave, &signalled.publisher),
    )
}

/// The runs that are shown, each read by a thread.
struct ShownRuns {
    publisher: Arc<Publisher>,
    feed: Feed,
    _threads: Vec<Following>,
}

/// Starts to follow the runs.
fn open(run: &Path, others: &[PathBuf]) -> Result<ShownRuns> {
    let Wires {
        publisher,
        mut feed,
        ..
    } = connect();
    let publisher = Arc::new(publisher);
    let mut threads = vec![follow(run, Arc::clone(&publisher), Scope::Whole)?];
    for other in others {
        let wires = connect();
        threads.push(follow(other, Arc::new(wires.publisher), Scope::Curves)?);
        let name = other.file_name().unwrap_or(other.as_os_str());
        feed.others.push(ComparedFeed {
            name: name.to_string_lossy().into_owned(),
            feed: wires.feed,
        });
    }
    Ok(ShownRuns {
        publisher,
        feed,
        _threads: threads,
    })
}

/// The signal that asked to leave, if one did.
fn asked(leave: &AtomicBool, publisher: &Publisher) -> Option<i32> {
    if !leave.load(Ordering::Relaxed) {
        return None;
    }
    match publisher.commands.recv() {
        Ok(Command::Stop(Reason::Signal(number))) => Some(number),
        _ => None,
    }
}

/// Says in the lines that stay on the terminal how a run ended, if it has, and what was watched.
fn exit(outcome: Outcome, watched: String, signal: Option<i32>) -> Result<Exit> {
    match outcome {
        Outcome::Broken => anyhow::bail!("a thread panicked: a bug; the run is not touched by it"),
        // A terminal that is gone has hung up, told or not.
        Outcome::Lost(_) => return Ok(Exit::Signal(signal.unwrap_or(SIGHUP))),
        Outcome::Finished(finished) => {
            say::out(&line::words(&Event::Finished(*finished)).unwrap_or_default());
        }
        Outcome::Abandoned => {}
    }
    say::out(&watched);
    Ok(signal.map_or(Exit::Done, Exit::Signal))
}
