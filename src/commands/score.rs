//! `otflow score`: the log density of every row of a table, block by block; memory does not grow with the rows.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli;
use crate::exit::{Exit, refuse};
use crate::fitted::{Fitted, Units};
use crate::model::Model;
use crate::say;
use crate::signals::Interrupt;
use crate::table::{Blocks, Header, Missing, Selection, TableWriter};

/// The column that is written.
const COLUMN: &str = "log_density";
/// The bar counts in thousandths of the file: how many rows a CSV has is not known before its end.
const WHOLE: f64 = 1000.0;

/// Scores; the value is the exit code.
///
/// # Errors
/// When the output cannot be written, or the threads cannot be started.
pub fn score(args: &cli::ScoreArgs) -> Result<Exit> {
    let model = match Model::load(&args.model) {
        Ok(model) => model,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    let mut fitted = Fitted::new(&model, cli::threads(args.threads), args.steps)?;
    let mut blocks = match blocks(&args.data, &fitted, missing(args.drop_missing)) {
        Ok(blocks) => blocks,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    let units = units(args.standardized);
    let interrupt = Interrupt::listen()?;
    let mut out = TableWriter::create(&args.out, &[COLUMN.to_owned()])?;
    let bar = bar();
    let (start, mut rows) = (Instant::now(), 0);
    while let Some(block) = blocks.next() {
        let block = match block {
            Ok(block) => block,
            Err(error) => return Ok(refuse(&error.to_string())),
        };
        let densities = fitted.log_densities(block, units);
        out.write(&densities)?;
        rows += densities.len();
        bar.set_position((blocks.progress() * WHOLE) as u64);
        bar.set_message(format!("{rows} rows, {:.0} rows/s", rate(rows, start)));
        if let Some(signal) = interrupt.signal() {
            return Ok(Exit::Signal(signal));
        }
    }
    bar.finish_and_clear();
    out.finish()?;
    say::out(&format!(
        "{rows} rows, {} left out for missing values, {:.0} rows/s -> {}",
        blocks.dropped(),
        rate(rows, start),
        args.out.display()
    ));
    Ok(Exit::Done)
}

/// The rows of (x, y) of a file in the order of the model: its columns by name, or the columns in the order of the file if it has
/// no such names and the right number of columns.
///
/// # Errors
/// The file cannot be read, or does not have the columns.
pub fn blocks(path: &Path, fitted: &Fitted, missing: Missing) -> Result<Blocks> {
    let selection = |columns| Selection {
        columns,
        header: Header::Auto,
        missing,
    };
    let wanted = fitted.names();
    let all = Blocks::open(path, &selection(Vec::new()), 1)?;
    let there = all.names();
    let rows = fitted.block();
    if wanted.iter().all(|name| there.contains(name)) {
        return Ok(Blocks::open(path, &selection(wanted), rows)?);
    }
    if there.len() != wanted.len() {
        bail!(
            "{} has the columns {}; the model needs {}",
            path.display(),
            there.join(", "),
            wanted.join(", ")
        );
    }
    Ok(Blocks::open(path, &selection(Vec::new()), rows)?)
}

/// What `--drop-missing` says.
pub fn missing(drop: bool) -> Missing {
    if drop { Missing::Drop } else { Missing::Refuse }
}

/// What `--standardized` says.
pub fn units(standardized: bool) -> Units {
    if standardized {
        Units::Standardized
    } else {
        Units::Data
    }
}

/// A progress bar on a terminal, nothing elsewhere.
pub fn bar() -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{wide_bar} {percent} %  {eta} left  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(WHOLE as u64), target).with_style(style)
}

fn rate(rows: usize, start: Instant) -> f64 {
    rows as f64 / start.elapsed().as_secs_f64().max(f64::MIN_POSITIVE)
}
