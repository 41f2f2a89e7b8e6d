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
//! | `threads.rs` | trainer, run directory, watcher of the session file and signals, each on a thread |

mod agreement;
mod fork;
mod loaded;
mod prepare;
mod resume;
mod resumed;
mod session_file;
mod threads;

use std::io;

use anyhow::Result;
use indicatif::ProgressDrawTarget;
use signal_hook::consts::{SIGHUP, SIGINT};

use crate::cli;
use crate::cpu;
use crate::dashboard::{self, Outcome};
use crate::event::{Best, Command, Event, Reason};
use crate::exit::{Exit, refuse};
use crate::front_end::{FrontEnd, obstacle};
use crate::headless;
use crate::ranks::{self, Entered, Lost, Ranks};
use crate::run::summary::{Summary, Verdict};
use crate::run::{ClosedDirectory, line};
use crate::say;
use crate::session::Gate;
use crate::signals;
use crate::trainer::{Trained, follow_rank_0};
use prepare::{PreparedFollower, prepare, prepare_follower};
use threads::{StartedRun, start};

/// Trains. What the user must know is printed; the value is the exit code.
///
/// # Errors
/// When a thread or the run directory cannot be had, or something could not be written.
pub fn train(args: &cli::TrainArgs) -> Result<Exit> {
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
    let prepared = match prepare(args, ranks) {
        Ok(prepared) => prepared,
        Err(failure) => return failure.told(),
    };
    cpu::slow_build().into_iter().for_each(say::err);
    let run = start(front_end, prepared)?;
    let left = show(args, front_end, &run);
    if let Ok(Leaving::Early) = left {
        return Ok(Exit::Signal(SIGINT));
    }
    // Whatever became of the screen, the run directory gets its end.
    let exit = finish(run, front_end)?;
    left.map(|_| exit)
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
        let format = if args.json {
            headless::OutputFormat::Json
        } else {
            headless::OutputFormat::Text { every: args.every }
        };
        let bar = ProgressDrawTarget::stderr();
        headless::run(&run.feed, format, bar, &mut io::stdout().lock())?;
        return Ok(Leaving::AtTheEnd);
    }
    let options = dashboard::Options {
        theme: args.look.here(),
        switches: run.switches.clone(),
        followed: run.watcher.is_some(),
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

/// Waits for the end, judges the gates, and says what a person must know.
fn finish(run: StartedRun, front_end: FrontEnd) -> Result<Exit> {
    let Trained { finished, in_force } = run
        .training
        .join()
        .map_err(|_| anyhow::anyhow!("the trainer panicked: a bug"))?;
    let judge = |gate: &Gate| {
        let value = Best::figure(finished.best.as_ref(), gate.figure);
        Verdict::new(gate.to_string(), gate.missed(value))
    };
    let verdicts: Vec<Verdict> = in_force.gates.iter().map(judge).collect();
    let missed: Vec<String> = verdicts.iter().filter_map(|v| v.missed.clone()).collect();
    let ClosedDirectory { summary, result } = run.recording.finish(verdicts);
    if front_end == FrontEnd::Dashboard {
        say::out(&line::words(&Event::Finished(finished.clone())).unwrap_or_default());
        say::out(&line::entry("steered", &steered(&summary)));
        let directory = run.directory.path().display().to_string();
        say::out(&line::entry("run", &directory));
    }
    missed.iter().for_each(|sentence| say::err(sentence));
    result?;
    Ok(match finished.reason {
        Reason::Diverged => Exit::Diverged,
        Reason::Lost => Exit::Failed,
        Reason::Signal(number) => Exit::Signal(number),
        // In the dashboard a person has judged already.
        _ if front_end == FrontEnd::Headless && !missed.is_empty() => Exit::GateMissed,
        _ => Exit::Done,
    })
}

/// A sentence on what happened to a run besides training.
fn steered(summary: &Summary) -> String {
    format!(
        "{} edits accepted, {} refused, {} rollbacks",
        summary.edits, summary.rejected, summary.rollbacks
    )
}
