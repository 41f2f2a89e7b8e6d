//! The `otflow` binary: arguments in, exit code out. Each command is a file in `commands/`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use otflow::cli::{Cli, ProgramCommand, TrainArgs};
use otflow::commands::bench::bench;
use otflow::commands::check::check;
use otflow::commands::compare::compare;
use otflow::commands::convert::convert;
use otflow::commands::evaluate::evaluate;
use otflow::commands::export::export;
use otflow::commands::init::init;
use otflow::commands::manual;
use otflow::commands::plot::plot;
use otflow::commands::replay::replay;
use otflow::commands::sample::sample;
use otflow::commands::score::score;
use otflow::commands::train::train;
use otflow::commands::verify::verify;
use otflow::commands::watch::watch;
use otflow::exit::{Exit, reader_left};
use otflow::{cpu, say};

fn main() -> ExitCode {
    if cpu::refuses(&mut std::io::stderr()) {
        return ExitCode::from(Exit::Refused.code());
    }
    run()
}

/// Never inlined: whatever instructions it is made of stay behind the check.
#[inline(never)]
fn run() -> ExitCode {
    let exit = match Cli::try_parse() {
        Ok(cli) => obey(cli),
        // Also what --help and --version say.
        Err(told) => {
            say::note(told.print());
            match told.use_stderr() {
                true => Exit::Refused,
                false => Exit::Done,
            }
        }
    };
    let exit = match say::full() {
        Some(error) if exit == Exit::Done => {
            say::err(&format!("error: cannot write the output: {error}"));
            Exit::Failed
        }
        _ => exit,
    };
    ExitCode::from(exit.code())
}

/// Does what the arguments say.
fn obey(Cli { look, command }: Cli) -> Exit {
    let exit = match command {
        None => train(&TrainArgs {
            look,
            ..TrainArgs::default()
        }),
        Some(ProgramCommand::Init(args)) => init(&args),
        Some(ProgramCommand::Train(args)) => train(&args),
        Some(ProgramCommand::Watch(args)) => watch(&args),
        Some(ProgramCommand::Replay(args)) => replay(&args),
        Some(ProgramCommand::Plot(args)) => plot(&args),
        Some(ProgramCommand::Compare(args)) => compare(&args),
        Some(ProgramCommand::Verify(args)) => verify(&args),
        Some(ProgramCommand::Check { session }) => Ok(check(&session)),
        Some(ProgramCommand::Evaluate(args)) => evaluate(&args),
        Some(ProgramCommand::Score(args)) => score(&args),
        Some(ProgramCommand::Sample(args)) => sample(&args),
        Some(ProgramCommand::Bench(args)) => bench(&args),
        Some(ProgramCommand::Convert(args)) => convert(&args),
        Some(ProgramCommand::Export(args)) => export(&args),
        Some(ProgramCommand::Completions { shell }) => Ok(manual::completions(shell)),
        Some(ProgramCommand::Man { out }) => manual::pages(out.as_deref()),
    };
    exit.unwrap_or_else(|error| match reader_left(&error) {
        // As of `| head`: what it wanted it has.
        true => Exit::Done,
        false => {
            say::err(&format!("error: {error:#}"));
            Exit::Failed
        }
    })
}
