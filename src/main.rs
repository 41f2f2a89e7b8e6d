//! The `otflow` binary: arguments in, exit code out.
//!
//! | command | file |
//! | --- | --- |
//! | `train` | `launch.rs` puts trainer, run directory, watcher and front end together |
//! | `watch` | `follow.rs` |
//! | `plot` | `plot.rs` |
//! | `verify` | `verify.rs` |
//! | `check` | `check.rs` |
//! | `bench` | `bench.rs` |
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use otflow::bench::bench;
use otflow::cli::{Cli, Command, Train, Verify};
use otflow::follow::watch;
use otflow::launch::{Exit, launch};
use otflow::plot::plot;
use otflow::verify::{Agreement, verify};
use otflow::{check, cpu, say, session};

fn main() -> ExitCode {
    if cpu::refuses(&mut std::io::stderr()) {
        return ExitCode::from(Exit::Refused.code());
    }
    run()
}

/// Never inlined: whatever instructions it is made of stay behind the check.
#[inline(never)]
fn run() -> ExitCode {
    let exit = match Cli::parse().command {
        None => launch(&Train::default()),
        Some(Command::Train(args)) => launch(&args),
        Some(Command::Watch(args)) => watch(&args),
        Some(Command::Plot(args)) => plot(&args),
        Some(Command::Verify(args)) => compare(&args),
        Some(Command::Check { session }) => Ok(describe(&session)),
        Some(Command::Bench(args)) => bench(&args).map(|()| Exit::Done),
    };
    let exit = exit.unwrap_or_else(|error| {
        say::err(&format!("error: {error:#}"));
        Exit::Failed
    });
    ExitCode::from(exit.code())
}

fn describe(file: &Path) -> Exit {
    match session::load(file) {
        Ok(session) => {
            say::out(&check::describe(&session));
            Exit::Done
        }
        Err(rejection) => {
            say::err(&format!("error: {rejection}"));
            Exit::Refused
        }
    }
}

fn compare(args: &Verify) -> Result<Exit> {
    let agreements = args
        .files
        .iter()
        .map(|file| verify(file, args.precision.into()))
        .collect::<Result<Vec<Agreement>>>()?;
    if args.json {
        say::out(&serde_json::to_string_pretty(&agreements)?);
    } else {
        agreements
            .iter()
            .for_each(|agreement| say::out(&agreement.to_string()));
    }
    Ok(if agreements.iter().all(Agreement::holds) {
        Exit::Done
    } else {
        Exit::Failed
    })
}
