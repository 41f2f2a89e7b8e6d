//! `otflow train`: session -> trainer and run directory -> threads -> dashboard or headless rows -> exit code.
//!
//! | file | holds |
//! | --- | --- |
//! | `prepare.rs` | what a run needs before its threads can start |
//! | `loaded.rs` | a run that has its trainer, and no directory yet: fresh, forked or resumed |
//! | `session_file.rs` | the session as it was given |
//! | `resume.rs`, `resumed.rs` | the last checkpoint of a run that goes on; what it has besides the trainer |
//! | `fork.rs` | the state of another run |
//! | `agreement.rs` | what the ranks of a distributed run agree on before it starts |
//! | `report.rs` | the report of a run for a CI system |
//! | `threads.rs` | trainer, run directory, watcher of the session file and signals, each on a thread |

mod agreement;
mod fork;
mod loaded;
mod prepare;
mod report;
mod resume;
mod resumed;
mod session_file;
mod threads;

use std::io;

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT};

use crate::cli;
use crate::cpu;
use crate::dashboard::{self, Outcome};
use crate::event::{Command, Event, Finished, Reason};
use crate::exit::{Exit, refuse};
use crate::front_end::{FrontEnd, obstacle};
use crate::headless::{self, OutputFormat, RowOptions};
use crate::ranks::{self, Entered, Lost, Ranks};
use crate::run::summary::Summary;
use crate::run::{ClosedDirectory, line};
use crate::say;
use crate::signals;
use crate::trainer::{Trained, follow_rank_0};
use prepare::{Prepared, PreparedFollower, prepare, prepare_follower};
use report::ReportWriter;
use threads::{StartedRun, start};

/// Trains. What the user must know is printed; the value is the exit code.
///
/// # Errors
/// When a thread or the run directory cannot be had, or something could not be written.
pub fn train(args: &cli::TrainArgs) -> Result<Exit> {
    signals::ignore_requests()?;
    let Entered { ranks, world } = match ranks::enter(args.limits()) {
        Ok(entered) => entered,
        Err(message) => return Ok(refuse(&message)),
    };
    let exit = match ranks.leads() {
        true => lead(args, ranks),
        false => follow(args, ranks),
    };
    let exit = exit.unwrap_or_else(|error| {
        say::err(&format!("error: {error:#}"));
        Exit::Failed
    });
    world.leave();
    Ok(exit)
}

/// Trains at rank 0, or alone, with a run directory and a front end.
fn lead(args: &cli::TrainArgs, ranks: Ranks) -> Result<Exit> {
    let front_end = match choose_front_end(args) {
        Ok(front_end) => front_end,
        Err(message) => return Ok(refuse(&message)),
    };
    let file = args.report.as_ref();
    let file = file.map(|file| {
        let session = args.session.as_deref();
        ReportWriter::open(file, session, args.out.as_deref())
    });
    let mut report = file.transpose()?;
    let prepared = match prepare(args, ranks) {
        Ok(prepared) => prepared,
        Err(failure) => {
            report
                .iter()
                .try_for_each(|report| report.refused(&failure))?;
            return failure.told();
        }
    };
    report
        .iter_mut()
        .try_for_each(|report| report.begin(&prepared))?;
    cpu::slow_build().into_iter().for_each(say::err);
    let Ended { finished, exit } = train_prepared(args, front_end, prepared);
    let written = report
        .iter()
        .try_for_each(|report| report.end(finished.as_ref(), &exit));
    match (&exit, written) {
        (Ok(Exit::Done), Err(error)) => Err(error),
        (_, Err(error)) => {
            say::err(&format!("error: {error:#}"));
            exit
        }
        (_, Ok(())) => exit,
    }
}

/// The end of a run at the rank that leads it.
struct Ended {
    /// The end as the trainer told it; None where it did not come to that.
    finished: Option<Finished>,
    exit: Result<Exit>,
}

/// Trains to the end of the run, and shows it.
fn train_prepared(args: &cli::TrainArgs, front_end: FrontEnd, prepared: Prepared) -> Ended {
    let run = match start(front_end, prepared) {
        Ok(run) => run,
        Err(error) => return Ended::without_trainer(Err(error)),
    };
    let left = show(args, front_end, &run);
    if let Ok(Leaving::Early) = left {
        return Ended::without_trainer(Ok(Exit::Signal(SIGINT)));
    }
    // Whatever became of the screen, the run directory gets its end.
    let Ended { finished, exit } = finish(run, front_end);
    Ended {
        finished,
        exit: exit.and_then(|exit| left.map(|_| exit)),
    }
}

impl Ended {
    fn without_trainer(exit: Result<Exit>) -> Self {
        Ended {
            finished: None,
            exit,
        }
    }
}

/// Trains as rank 0 says, and prints only errors.
fn follow(args: &cli::TrainArgs, ranks: Ranks) -> Result<Exit> {
    signals::leave_to_rank_0()?;
    let name = ranks.name(ranks.rank());
    let PreparedFollower { trainer, as_edited } = match prepare_follower(args, ranks) {
        Ok(prepared) => prepared,
        Err(failure) => return failure.told(),
    };
    let trained = follow_rank_0(trainer, as_edited);
    trained.map_err(|Lost(message)| anyhow::anyhow!("{name}: {message}"))?;
    Ok(Exit::Done)
}

/// The front end that is to show the run; the reason when the dashboard was asked for and cannot be had.
fn choose_front_end(args: &cli::TrainArgs) -> Result<FrontEnd, String> {
    if args.asks_for_headless() {
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

/// The way in which the front end was left.
enum Leaving {
    /// It was left with the run, or with the trainer told to end it.
    AtTheEnd,
    /// It was left before the trainer had answered.
    Early,
}

/// Shows the run until it is over or left.
fn show(args: &cli::TrainArgs, front_end: FrontEnd, run: &StartedRun) -> Result<Leaving> {
    let stop = |reason| {
        // A trainer that has ended needs no command.
        let _ = run.feed.commands.send(Command::Stop(reason));
    };
    if front_end == FrontEnd::Headless {
        let verbosity = args.verbosity();
        let format = if args.json {
            OutputFormat::Json
        } else {
            OutputFormat::Text(RowOptions {
                pace: args.log_every.unwrap_or_default(),
                width: headless::line_width(args.width),
                verbosity,
            })
        };
        let bar = headless::bar_target(verbosity);
        headless::run(&run.feed, format, bar, &mut io::stdout().lock())?;
        return Ok(Leaving::AtTheEnd);
    }
    let options = dashboard::Options {
        theme: args.look.here(),
        graphics: args.look.graphics_here(),
        switches: run.switches.clone(),
        followed: run.watcher.is_some(),
        within_runs: false,
        unwritten: run.unwritten.clone(),
    };
    let outcome = dashboard::run(&run.feed, options).inspect_err(|_| stop(Reason::Quit))?;
    match outcome {
        Outcome::Finished(_) => Ok(Leaving::AtTheEnd),
        Outcome::Abandoned => Ok(Leaving::Early),
        Outcome::Broken => {
            stop(Reason::Quit);
            anyhow::bail!("a thread panicked: a bug; the run was ended and its parameters written")
        }
        Outcome::Lost(_) => {
            // Without a terminal nobody watches: end as its hang-up would.
            stop(Reason::Signal(SIGHUP));
            Ok(Leaving::AtTheEnd)
        }
    }
}

/// Waits for the end, and says what a person must know.
fn finish(run: StartedRun, front_end: FrontEnd) -> Ended {
    let Ok(Trained { finished, .. }) = run.training.join() else {
        return Ended::without_trainer(Err(anyhow::anyhow!("the trainer panicked: a bug")));
    };
    let ClosedDirectory { summary, result } = run.recording.finish();
    if front_end == FrontEnd::Dashboard {
        say::out(&line::words(&Event::Finished(finished.clone())).unwrap_or_default());
        say::out(&line::entry("steered", &steered(&summary)));
        let directory = run.directory.path().display().to_string();
        say::out(&line::entry("run", &directory));
    }
    let missed = finished.gates.iter().filter(|gate| !gate.passed);
    // In the dashboard a person has judged already.
    let missed: Vec<_> = missed.filter(|_| front_end == FrontEnd::Headless).collect();
    for gate in &missed {
        say::err(&format!("error: gate {gate}"));
    }
    let exit = match finished.reason {
        Reason::Diverged => Exit::Diverged,
        Reason::Lost => Exit::Failed,
        Reason::Signal(number) => Exit::Signal(number),
        _ if !missed.is_empty() => Exit::GateMissed,
        _ => Exit::Done,
    };
    Ended {
        exit: result.map(|()| exit).map_err(anyhow::Error::from),
        finished: Some(finished),
    }
}

/// A sentence on what happened to a run besides training.
fn steered(summary: &Summary) -> String {
    format!(
        "{} edits accepted, {} refused, {} rollbacks",
        summary.edits, summary.rejected, summary.rollbacks
    )
}
