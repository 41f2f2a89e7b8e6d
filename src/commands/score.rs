//! `otflow score`: writes the log density of every row of a table, block by block; memory does not grow with the rows.

use std::time::Instant;

use anyhow::Result;

use crate::cli;
use crate::commands::model_file::load_model;
use crate::commands::progress::{WHOLE, progress_bar_of_output};
use crate::commands::rows::{missing, open_blocks, units};
use crate::exit::{Exit, refuse};
use crate::file;
use crate::fitted::FittedFlow;
use crate::say;
use crate::signals::Interrupt;
use crate::table::TableWriter;

/// Name of the column that is written.
const COLUMN: &str = "log_density";

/// Writes the log densities; the value is the exit code.
///
/// # Errors
/// When the output cannot be written, or the threads cannot be started.
pub fn score(args: &cli::ScoreArgs) -> Result<Exit> {
    let model = match load_model(&args.model) {
        Ok(model) => model,
        Err(message) => return Ok(refuse(&message)),
    };
    let mut fitted = FittedFlow::new(&model, cli::threads(args.threads), args.steps)?;
    let mut blocks = match open_blocks(&args.data, &fitted, missing(args.drop_missing)) {
        Ok(blocks) => blocks,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    if let Err(message) = file::keeps_apart(&args.data, &args.out) {
        return Ok(refuse(&message));
    }
    let units = units(args.standardized);
    // Before signals are heard: a pipe that nobody reads is waited for.
    let mut out = TableWriter::create(&args.out, &[COLUMN.to_owned()])?;
    let interrupt = Interrupt::listen()?;
    let bar = progress_bar_of_output(&args.out);
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
    let told = format!(
        "{rows} rows, {} left out for missing values, {:.0} rows/s -> {}",
        blocks.dropped(),
        rate(rows, start),
        args.out.display()
    );
    say::of_output(&args.out, &told);
    Ok(Exit::Done)
}

/// Rows per second since the start.
fn rate(rows: usize, start: Instant) -> f64 {
    rows as f64 / start.elapsed().as_secs_f64().max(f64::MIN_POSITIVE)
}
