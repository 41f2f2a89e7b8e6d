//! The `otflow` binary: arguments in, exit code out. Each command is a file in `commands/`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use otflow::cli::{Cli, Command, Train};
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
use otflow::exit::Exit;
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
    let Cli { look, command } = Cli::parse();
    let exit = match command {
        None => train(&Train {
            look,
            ..Train::default()
        }),
        Some(Command::Init(args)) => init(&args),
        Some(Command::Train(args)) => train(&args),
        Some(Command::Watch(args)) => watch(&args),
        Some(Command::Replay(args)) => replay(&args),
        Some(Command::Plot(args)) => plot(&args),
        Some(Command::Compare(args)) => compare(&args),
        Some(Command::Verify(args)) => verify(&args),
        Some(Command::Check { session }) => Ok(check(&session)),
        Some(Command::Evaluate(args)) => evaluate(&args),
        Some(Command::Score(args)) => score(&args),
        Some(Command::Sample(args)) => sample(&args),
        Some(Command::Bench(args)) => bench(&args),
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
