//! `otflow train`: session -> threads -> dashboard or headless -> exit code.
//!
//! ```text
//! trainer thread --events, pictures--> front end (this thread)
//!      ^   \------events, models-----> run directory thread
//!      \--commands-- keys, watcher thread, signal thread
//! ```

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use otflow_kernels::engine::compiled;

use crate::cli::{self, Follow};
use crate::dashboard::{self, Outcome};
use crate::event::{Command, Event, Finished, Reason, Rejection, SCHEMA, Start};
use crate::feed::{Feed, wires};
use crate::headless;
use crate::run::summary::Verdict;
use crate::run::{Recording, RunDirectory, line, record};
use crate::session::{self, EMBEDDED, Gate, Session};
use crate::trainer::{Outlets, Trainer, train};
use crate::watch::{self, Mode, Watcher};

/// Where the session of a run without arguments lies in a checkout.
const DEFAULT: &str = "sessions/8gaussians.ron";

/// How the program ends; the codes are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1: something could not be written, or a bug.
    Failed,
    /// 2: bad arguments or session.
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

/// The session as it was given.
struct Source {
    file: Option<PathBuf>,
    text: String,
    name: String,
}

impl Source {
    fn find(given: Option<&Path>) -> Result<Self, Rejection> {
        let default = Path::new(DEFAULT);
        let file = given.or_else(|| default.is_file().then_some(default));
        let text = file.map_or_else(|| Ok(EMBEDDED.into()), session::read)?;
        let name = file
            .unwrap_or(default)
            .file_stem()
            .map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
        Ok(Source {
            file: file.map(Path::to_owned),
            text,
            name,
        })
    }

    fn parse(&self) -> Result<Session, Rejection> {
        session::parse(
            &self.text,
            self.file
                .as_deref()
                .unwrap_or(Path::new("built-in 8gaussians")),
        )
    }
}

/// Lays the command line's limits and gates over a session, also over every edited version of it.
fn overlay(args: &cli::Train) -> impl Fn(Session) -> Session + Send + use<> {
    let (iterations, seconds, require) = (args.iterations, args.seconds, args.require.clone());
    move |mut session| {
        session.stop.iterations = iterations.unwrap_or(session.stop.iterations);
        session.stop.seconds = seconds.or(session.stop.seconds);
        session.gates.extend(&require);
        session
    }
}

/// A run under way.
struct Run {
    feed: Feed,
    directory: RunDirectory,
    recording: Recording,
    training: JoinHandle<(Finished, Arc<Session>)>,
    /// Ends with the run.
    _watcher: Option<Watcher>,
}

/// Trains. What the user must know is printed; the value is the exit code.
///
/// # Errors
/// When a thread or the run directory cannot be had.
pub fn launch(args: &cli::Train) -> Result<Exit> {
    let on_screen = match front_end(args) {
        Ok(on_screen) => on_screen,
        Err(message) => return Ok(refuse(&message)),
    };
    let source = Source::find(args.session.as_deref());
    let parsed = source.and_then(|source| source.parse().map(|session| (source, session)));
    let (source, session) = match parsed {
        Ok(found) => found,
        Err(rejection) => return Ok(refuse(&rejection.to_string())),
    };
    let run = start(args, on_screen, &source, session)?;
    if show(args, on_screen, &run.feed)? == Left::Early {
        return Ok(Exit::Signal(signal_hook::consts::SIGINT));
    }
    finish(run, on_screen)
}

/// Starts the threads.
fn start(args: &cli::Train, on_screen: bool, source: &Source, session: Session) -> Result<Run> {
    let overlay = overlay(args);
    let session = Arc::new(overlay(session));
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or_else(cores, usize::from);
    let trainer = Trainer::new(Arc::clone(&session), threads)?;
    let directory = match &args.out {
        Some(path) => RunDirectory::create_at(path, &source.text)?,
        None => RunDirectory::create(Path::new("runs"), &source.name, &source.text)?,
    };
    let (publisher, feed, records) = wires();
    let publisher = Arc::new(publisher);
    // Weak: the writer ends when the trainer has let go of the publisher.
    let news = Arc::downgrade(&publisher);
    let recording = record(&directory, records, move |event| {
        if let Some(publisher) = news.upgrade() {
            publisher.publish(event);
        }
    })?;
    let first = first_event(&trainer, source, (&directory, threads));
    let mut outlets = if on_screen {
        Outlets::with_pictures(publisher, &session)?
    } else {
        Outlets::new(publisher)
    };
    let watcher = follow(args, (on_screen, source), &feed, overlay)?;
    outlets.notices.extend(notice(args, watcher.as_ref()));
    signals(feed.commands.clone(), on_screen)?;
    let training = thread::Builder::new().name("trainer".into());
    Ok(Run {
        feed,
        directory,
        recording,
        training: training.spawn(move || train(trainer, outlets, first))?,
        _watcher: watcher,
    })
}

/// What a user who asked for the file to be followed should know.
fn notice(args: &cli::Train, watcher: Option<&Watcher>) -> Option<String> {
    match (args.watch, watcher.map(Watcher::mode)) {
        (Some(Follow::Native | Follow::Poll), None) => {
            Some("nothing to follow: the built-in session has no file".into())
        }
        (Some(Follow::Native) | None, Some(Mode::Poll)) => Some(
            "the file system tells of no changes here: looking at the session file once a second"
                .into(),
        ),
        _ => None,
    }
}

/// Waits for the end, judges the gates, and says what a person must know.
fn finish(run: Run, on_screen: bool) -> Result<Exit> {
    let (finished, session) = run
        .training
        .join()
        .map_err(|_| anyhow::anyhow!("the trainer panicked: a bug"))?;
    let judge = |gate: &Gate| Verdict::new(gate.to_string(), gate.missed(finished.best.as_ref()));
    let verdicts: Vec<Verdict> = session.gates.iter().map(judge).collect();
    let missed: Vec<String> = verdicts.iter().filter_map(|v| v.missed.clone()).collect();
    let written = run.recording.finish(verdicts);
    if on_screen {
        let last = line::words(&Event::Finished(finished.clone())).unwrap_or_default();
        let path = run.directory.path().display().to_string();
        println!("{last}\n{}", line::entry("run", &path));
    }
    missed.iter().for_each(|sentence| eprintln!("{sentence}"));
    if let Err(error) = written {
        eprintln!("error: {error}");
        return Ok(Exit::Failed);
    }
    // In the dashboard a person has judged already.
    Ok(exit(&finished, !on_screen && !missed.is_empty()))
}

fn refuse(message: &str) -> Exit {
    eprintln!("error: {message}");
    Exit::Refused
}

/// Whether the dashboard is to be shown; the reason when it was asked for and cannot be.
fn front_end(args: &cli::Train) -> Result<bool, String> {
    if args.headless || args.json {
        return Ok(false);
    }
    let obstacle = if !io::stdout().is_terminal() {
        Some("stdout is no terminal")
    } else if !io::stdin().is_terminal() {
        Some("stdin is no terminal")
    } else if std::env::var_os("TERM").is_none_or(|term| term == "dumb") {
        Some("TERM is dumb or not set")
    } else {
        None
    };
    match obstacle {
        None => Ok(true),
        Some(obstacle) if args.tui => Err(format!(
            "no dashboard here: {obstacle}; leave out --tui to train headless"
        )),
        Some(obstacle) => {
            eprintln!("training headless: {obstacle}");
            Ok(false)
        }
    }
}

/// What the run begins with.
fn first_event(
    trainer: &Trainer,
    source: &Source,
    (directory, threads): (&RunDirectory, usize),
) -> Start {
    Start {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        name: source.name.clone(),
        file: source.file.clone(),
        run: Some(directory.path().to_owned()),
        session: Arc::clone(trainer.session()),
        dimension: trainer.data().dimension(),
        parameters: trainer.parameters(),
        threads,
        compiled: compiled().into(),
        entropy: trainer.data().entropy(),
    }
}

/// Follows the session file, if it is to be followed and there is one.
fn follow(
    args: &cli::Train,
    (on_screen, source): (bool, &Source),
    feed: &Feed,
    overlay: impl Fn(Session) -> Session + Send + 'static,
) -> Result<Option<Watcher>> {
    let how = args.watch.unwrap_or(if on_screen {
        Follow::Native
    } else {
        Follow::Off
    });
    let (Some(file), Follow::Native | Follow::Poll) = (&source.file, how) else {
        return Ok(None);
    };
    let mode = if how == Follow::Poll {
        Mode::Poll
    } else {
        Mode::Native
    };
    let commands = feed.commands.clone();
    let send = move |command| {
        let command = match command {
            Command::Session(Ok(session)) => {
                Command::Session(Ok(Arc::new(overlay(Session::clone(&session)))))
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

/// INT, TERM and HUP end the run after the iteration in hand; headless, a second one ends the program at once.
fn signals(commands: Sender<Command>, on_screen: bool) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])
        .context("cannot handle signals")?;
    let body = move || {
        let mut told = false;
        for signal in signals.forever() {
            if told && !on_screen {
                std::process::exit(i32::from(Exit::Signal(signal).code()));
            }
            told = true;
            let _ = commands.send(Command::Stop(Reason::Signal(signal)));
        }
    };
    thread::Builder::new().name("signals".into()).spawn(body)?;
    Ok(())
}

/// How the front end was left.
#[derive(PartialEq, Eq)]
enum Left {
    /// With the run.
    AtTheEnd,
    /// Before the trainer had answered.
    Early,
}

/// Shows the run until it is over or left.
fn show(args: &cli::Train, on_screen: bool, feed: &Feed) -> Result<Left> {
    if !on_screen {
        let format = if args.json {
            headless::Format::Json
        } else {
            headless::Format::Text { every: args.every }
        };
        let options = headless::Options {
            format,
            progress: headless::Progress::Stderr,
        };
        headless::run(feed, &options, &mut io::stdout().lock())?;
        return Ok(Left::AtTheEnd);
    }
    let options = dashboard::Options::detect(|name| std::env::var(name).ok());
    match dashboard::run(feed, options)? {
        Outcome::Finished(_) => Ok(Left::AtTheEnd),
        Outcome::Abandoned => Ok(Left::Early),
        Outcome::Broken => anyhow::bail!(
            "a thread panicked: a bug; the run directory holds the last parameters written"
        ),
        Outcome::Lost(_) => {
            // Without a terminal nobody watches: end as its hang-up would, with the parameters written.
            let hang_up = Reason::Signal(signal_hook::consts::SIGHUP);
            let _ = feed.commands.send(Command::Stop(hang_up));
            Ok(Left::AtTheEnd)
        }
    }
}

fn exit(finished: &Finished, missed: bool) -> Exit {
    match finished.reason {
        Reason::Diverged => Exit::Diverged,
        Reason::Signal(number) => Exit::Signal(number),
        _ if missed => Exit::GateMissed,
        _ => Exit::Done,
    }
}
