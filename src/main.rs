//! The `otflow` binary: arguments in, exit code out.
//!
//! | command | file |
//! | --- | --- |
//! | `init` | `init.rs` |
//! | `train` | `launch.rs` puts trainer, run directory, watcher and front end together |
//! | `watch` | `follow.rs` |
//! | `replay` | `replay.rs` |
//! | `compare` | `compare.rs` |
//! | `plot` | `plot.rs` |
//! | `evaluate`, `score`, `sample` | the files of these names |
//! | `verify` | `verify.rs` |
//! | `check` | `check.rs` |
//! | `bench` | `bench.rs` |
//! | `convert` | `convert.rs` |
//! | `export` | `export.rs` |
//! | `completions`, `man` | `manual.rs` |
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use otflow::bench::bench;
use otflow::cli::{Cli, Command, Train, Verify};
use otflow::compare::compare;
use otflow::convert::convert;
use otflow::data::Dataset;
use otflow::evaluate::evaluate;
use otflow::export::export;
use otflow::follow::watch;
use otflow::init::init;
use otflow::launch::{Exit, launch, refuse};
use otflow::plot::plot;
use otflow::replay::replay;
use otflow::sample::sample;
use otflow::score::score;
use otflow::verify::{Agreement, verify};
use otflow::{check, cpu, manual, say, session};

fn main() -> ExitCode {
    if cpu::refuses(&mut std::io::stderr()) {
        return ExitCode::from(Exit::Refused.code());
    }
    run()
}

/// Never inlined: whatever instructions it is made of stay behind the check.
#[inline(never)]
fn run() -> ExitCode {
    let Cli { look, command } = Cli::parse();
    let exit = match command {
        None => launch(&Train {
            look,
            ..Train::default()
        }),
        Some(Command::Init(args)) => init(&args),
        Some(Command::Train(args)) => launch(&args),
        Some(Command::Watch(args)) => watch(&args),
        Some(Command::Replay(args)) => replay(&args),
        Some(Command::Plot(args)) => plot(&args),
        Some(Command::Compare(args)) => compare(&args),
        Some(Command::Verify(args)) => agree(&args),
        Some(Command::Check { session }) => Ok(describe(&session)),
        Some(Command::Evaluate(args)) => evaluate(&args),
        Some(Command::Score(args)) => score(&args),
        Some(Command::Sample(args)) => sample(&args),
        Some(Command::Bench(args)) => bench(&args).map(|()| Exit::Done),
        Some(Command::Convert(args)) => convert(&args),
        Some(Command::Export(args)) => export(&args),
        Some(Command::Completions { shell }) => Ok(manual::completions(shell)),
        Some(Command::Man { out }) => manual::pages(out.as_deref()),
    };
    let exit = exit.unwrap_or_else(|error| {
        say::err(&format!("error: {error:#}"));
        Exit::Failed
    });
    ExitCode::from(exit.code())
}

fn describe(file: &Path) -> Exit {
    match session::load(file) {
        Ok(session) => match Dataset::open(&session.data, session.model.seed) {
            Ok(data) => {
                say::out(&check::describe(&session, &data));
                Exit::Done
            }
            Err(error) => refuse(&error.to_string()),
        },
        Err(rejection) => refuse(&rejection.to_string()),
    }
}

fn agree(args: &Verify) -> Result<Exit> {
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
