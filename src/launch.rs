//! `otflow train`: session -> threads -> dashboard or headless -> exit code.
//!
//! ```text
//! trainer thread --events, pictures--> front end (this thread)
//!      ^   \------events, models-----> run directory thread
//!      \--commands-- keys, watcher thread, signal thread
//! ```
//!
//! `launch/plan.rs` has what a run needs before it can start: from a session, or from the checkpoint of a run that goes on;
//! `launch/fork.rs` from the state that another run had.

mod fork;
mod plan;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
#[cfg(unix)]
use signal_hook::consts::SIGXFSZ;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::{self, Follow};
use crate::cpu;
use crate::dashboard::{self, Outcome, Switches};
use crate::event::{Command, Event, Finished, Reason};
use crate::feed::{Commands, Feed, Publisher, wires};
use crate::follow::History;
use crate::headless;
use crate::overlay::Overlay;
use crate::ranks::{self, Lost, Ranks};
use crate::run::summary::{Summary, Verdict};
use crate::run::{Recording, RunDirectory, line, record};
use crate::say;
use crate::session::{Gate, Session};
use crate::trainer::{Outlets, along, train};
use crate::watch::{self, Mode, Watcher};
use plan::{Plan, Source, beside};

/// How the program ends; the codes are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1: something could not be written, or a bug.
    Failed,
    /// 2: bad arguments or session, or a build for another CPU.
    Refused,
    /// 3: not finite, and no rollbacks left.
    Diverged,
    /// 4: a gate was missed.
    GateMissed,
    /// 128 and the signal's number.
    Signal(i32),
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Refused => 2,
            Exit::Diverged => 3,
            Exit::GateMissed => 4,
            Exit::Signal(number) => u8::try_from(128 + number).unwrap_or(128),
        }
    }
}

/// Who shows the run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrontEnd {
    Dashboard,
    Headless,
}

/// A run under way.
struct Run {
    feed: Feed,
    directory: RunDirectory,
    recording: Recording,
    training: JoinHandle<(Finished, Arc<Session>)>,
    /// Between the signals and the dashboard.
    switches: Switches,
    /// Ends with the run.
    watcher: Option<Watcher>,
}

/// Trains. What the user must know is printed; the value is the exit code.
///
/// # Errors
/// When a thread or the run directory cannot be had, or something could not be written.
pub fn launch(args: &cli::Train) -> Result<Exit> {
    let (ranks, world) = match ranks::enter(args.limits()) {
        Ok(entered) => entered,
        Err(message) => return Ok(refuse(&message)),
    };
    let exit = match ranks.leads() {
        true => lead(args, ranks),
        false => second(args, ranks),
    };
    let exit = exit.unwrap_or_else(|error| {
        say::err(&format!("error: {error:#}"));
        Exit::Failed
    });
    world.leave();
    Ok(exit)
}

/// What a rank does that follows the first: it trains as that one says, and prints only errors.
fn second(args: &cli::Train, ranks: Ranks) -> Result<Exit> {
    // What ends the run, ends it at the first rank, which tells the others.
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::default()).context("cannot handle signals")?;
    }
    let name = ranks.name(ranks.rank());
    let (trainer, edited) = match plan::second(args, ranks) {
        Ok(made) => made,
        Err(failure) => return failure.told(),
    };
    along(trainer, edited).map_err(|Lost(message)| anyhow::anyhow!("{name}: {message}"))?;
    Ok(Exit::Done)
}

/// Trains with a run directory and a front end.
fn lead(args: &cli::Train, ranks: Ranks) -> Result<Exit> {
    let front_end = match front_end(args) {
        Ok(front_end) => front_end,
        Err(message) => return Ok(refuse(&message)),
    };
    let plan = match plan::plan(args, ranks) {
        Ok(plan) => plan,
        Err(failure) => return failure.told(),
    };
    cpu::slow().into_iter().for_each(say::err);
    let run = start(front_end, plan)?;
    let left = show(args, front_end, &run);
    if let Ok(Left::Early) = left {
        return Ok(Exit::Signal(SIGINT));
    }
    // Whatever became of the screen, the run directory gets its end.
    let exit = finish(run, front_end)?;
    left.map(|_| exit)
}

/// Starts the threads.
fn start(front_end: FrontEnd, plan: Plan) -> Result<Run> {
    let Plan {
        mut source,
        overlay,
        trainer,
        directory,
        start,
        resumed,
    } = plan;
    let (publisher, feed, records) = wires();
    let publisher = Arc::new(publisher);
    // Weak: the writer ends when the trainer has let go of the publisher.
    let news = Arc::downgrade(&publisher);
    let recording = record(&directory, records, move |event| {
        if let Some(publisher) = news.upgrade() {
            publisher.publish(event);
        }
    })?;
    let mut outlets = match front_end {
        FrontEnd::Dashboard => Outlets::with_pictures(Arc::clone(&publisher), &trainer)?,
        FrontEnd::Headless => Outlets::new(Arc::clone(&publisher)),
    };
    let (send, how) = (feed.commands.clone(), followed(&overlay, front_end));
    let mut history = None;
    if let Some(again) = resumed {
        again.catch_up(&mut source, &overlay, how, &send);
        outlets.notices = again.notices;
        history = (front_end == FrontEnd::Dashboard).then(|| History::new(directory.path()));
        outlets.resumed = Some(again.resumed);
    }
    let watcher = follow(&source, how, &overlay, send)?;
    outlets.notices.extend(notice(&overlay, watcher.as_ref()));
    outlets.overlay = overlay;
    let switches = signals(feed.commands.clone(), front_end)?;
    let training = thread::Builder::new().name("trainer".into());
    let body = move || {
        history
            .into_iter()
            .for_each(|past| retell(past, &publisher));
        drop(publisher);
        train(trainer, outlets, start)
    };
    Ok(Run {
        feed,
        directory,
        recording,
        training: training.spawn(body)?,
        switches,
        watcher,
    })
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

/// How the session file is followed.
fn followed(overlay: &Overlay, front_end: FrontEnd) -> Follow {
    overlay.watch.unwrap_or(match front_end {
        FrontEnd::Dashboard => Follow::Native,
        FrontEnd::Headless => Follow::Off,
    })
}

/// What a user who asked for the file to be followed should know.
fn notice(overlay: &Overlay, watcher: Option<&Watcher>) -> Option<String> {
    match (overlay.watch, watcher.map(Watcher::mode)) {
        (Some(Follow::Native | Follow::Poll), None) => {
            Some("nothing to follow: this session has no file".into())
        }
        (Some(Follow::Native) | None, Some(Mode::Poll)) => Some(
            "the file system tells of no changes here: looking at the session file once a second"
                .into(),
        ),
        _ => None,
    }
}

/// Waits for the end, judges the gates, and says what a person must know.
fn finish(run: Run, front_end: FrontEnd) -> Result<Exit> {
    let (finished, session) = run
        .training
        .join()
        .map_err(|_| anyhow::anyhow!("the trainer panicked: a bug"))?;
    let judge = |gate: &Gate| Verdict::new(gate.to_string(), gate.missed(finished.best.as_ref()));
    let verdicts: Vec<Verdict> = session.gates.iter().map(judge).collect();
    let missed: Vec<String> = verdicts.iter().filter_map(|v| v.missed.clone()).collect();
    let (summary, written) = run.recording.finish(verdicts);
    if front_end == FrontEnd::Dashboard {
        say::out(&line::words(&Event::Finished(finished.clone())).unwrap_or_default());
        say::out(&line::entry("steered", &steered(&summary)));
        say::out(&line::entry(
            "run",
            &run.directory.path().display().to_string(),
        ));
    }
    missed.iter().for_each(|sentence| say::err(sentence));
    written?;
    Ok(match finished.reason {
        Reason::Diverged => Exit::Diverged,
        Reason::Lost => Exit::Failed,
        Reason::Signal(number) => Exit::Signal(number),
        // In the dashboard a person has judged already.
        _ if front_end == FrontEnd::Headless && !missed.is_empty() => Exit::GateMissed,
        _ => Exit::Done,
    })
}

/// What happened to a run besides training.
fn steered(summary: &Summary) -> String {
    format!(
        "{} edits accepted, {} refused, {} rollbacks",
        summary.edits, summary.rejected, summary.rollbacks
    )
}

/// Says why nothing was done.
pub fn refuse(message: &str) -> Exit {
    say::err(&format!("error: {message}"));
    Exit::Refused
}

/// Who is to show the run; the reason when the dashboard was asked for and cannot be had.
fn front_end(args: &cli::Train) -> Result<FrontEnd, String> {
    if args.headless || args.json {
        return Ok(FrontEnd::Headless);
    }
    match obstacle() {
        None => Ok(FrontEnd::Dashboard),
        Some(obstacle) if args.tui => Err(format!(
            "no dashboard here: {obstacle}; leave out --tui to train headless"
        )),
        Some(obstacle) => {
            say::err(&format!("training headless: {obstacle}"));
            Ok(FrontEnd::Headless)
        }
    }
}

/// Why no dashboard can be had.
pub(crate) fn obstacle() -> Option<&'static str> {
    if !io::stdout().is_terminal() {
        Some("stdout is no terminal")
    } else if !io::stdin().is_terminal() {
        Some("stdin is no terminal")
    } else if std::env::var_os("TERM").is_none_or(|term| term == "dumb") {
        Some("TERM is dumb or not set")
    } else {
        None
    }
}

/// Follows the session file, if it is to be followed and there is one.
fn follow(
    source: &Source,
    how: Follow,
    overlay: &Overlay,
    commands: Commands,
) -> Result<Option<Watcher>> {
    let (Some(file), Follow::Native | Follow::Poll) = (&source.file, how) else {
        return Ok(None);
    };
    let mode = if how == Follow::Poll {
        Mode::Poll
    } else {
        Mode::Native
    };
    let (overlay, name) = (overlay.clone(), file.clone());
    let send = move |command| {
        let command = match command {
            Command::Session(Ok(session)) => {
                let session = overlay.over(Session::clone(&session)).map(Arc::new);
                Command::Session(session.map_err(|lack| beside(Some(&name), lack)))
            }
            other => other,
        };
        // The trainer may have ended; nobody needs the edit then.
        let _ = commands.send(command);
    };
    let watcher = watch::watch(file, mode, &source.text, send)
        .with_context(|| format!("cannot watch {}", file.display()))?;
    Ok(Some(watcher))
}

/// INT, TERM and HUP end the run within the iteration in hand, unless this program was started with them ignored, as by
/// nohup. Headless, a second one ends the program at once; a dashboard whose run has ended is told to leave. INT is the
/// editor's while that has the terminal.
pub(crate) fn signals(commands: Commands, front_end: FrontEnd) -> Result<Switches> {
    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP]
        .into_iter()
        .filter(|n| ignored >> (n - 1) & 1 == 0);
    // A limit on the size of files is an error of the write, as a full disk is; by default it would end the program.
    #[cfg(unix)]
    signal_hook::flag::register(SIGXFSZ, Arc::default()).context("cannot handle signals")?;
    let mut signals = Signals::new(wanted).context("cannot handle signals")?;
    let switches = Switches::default();
    let Switches { leave, terminal } = switches.clone();
    let body = move || {
        for signal in signals.forever() {
            if signal == SIGINT && terminal.interrupts_editor() {
                continue;
            }
            if leave.swap(true, Ordering::Relaxed) && front_end == FrontEnd::Headless {
                std::process::exit(i32::from(Exit::Signal(signal).code()));
            }
            // A trainer that has ended needs no command.
            let _ = commands.send(Command::Stop(Reason::Signal(signal)));
        }
    };
    thread::Builder::new().name("signals".into()).spawn(body)?;
    Ok(switches)
}

/// Bit n - 1 stands for signal n; none where the system does not tell.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// How the front end was left.
enum Left {
    /// With the run, or with the trainer told to end it.
    AtTheEnd,
    /// Before the trainer had answered.
    Early,
}

/// Shows the run until it is over or left.
fn show(args: &cli::Train, front_end: FrontEnd, run: &Run) -> Result<Left> {
    let stop = |reason| {
        // A trainer that has ended needs no command.
        let _ = run.feed.commands.send(Command::Stop(reason));
    };
    if front_end == FrontEnd::Headless {
        let format = if args.json {
            headless::Format::Json
        } else {
            headless::Format::Text { every: args.every }
        };
        let progress = headless::Progress::Stderr;
        let options = headless::Options { format, progress };
        headless::run(&run.feed, &options, &mut io::stdout().lock())?;
        return Ok(Left::AtTheEnd);
    }
    let options = dashboard::Options {
        theme: args.look.here(),
        switches: run.switches.clone(),
        followed: run.watcher.is_some(),
    };
    let outcome = dashboard::run(&run.feed, options).inspect_err(|_| stop(Reason::Quit))?;
    match outcome {
        Outcome::Finished(_) => Ok(Left::AtTheEnd),
        Outcome::Abandoned => Ok(Left::Early),
        Outcome::Broken => {
            stop(Reason::Quit);
            anyhow::bail!("a thread panicked: a bug; the run was ended and its parameters written")
        }
        Outcome::Lost(_) => {
            // Without a terminal nobody watches: end as its hang-up would.
            stop(Reason::Signal(SIGHUP));
            Ok(Left::AtTheEnd)
        }
    }
}
