//! `otflow score`: writes the log density of every row of a table, block by block; memory does not grow with the rows. Where rows may be
//! left out, the number of every row or its own columns stand beside its density (`score/table.rs`).

mod table;

use std::io;
use std::time::Instant;

use anyhow::Result;

use crate::cli;
use crate::commands::model_file::load_model;
use crate::commands::progress::{WHOLE, progress_bar_of_output};
use crate::commands::rows::{
    IncompleteRows, ModelColumns, ModelRows, column_match, count_rows, incomplete, units,
};
use crate::exit::{Exit, refuse};
use crate::file::{self, OutputPlace};
use crate::fitted::FittedFlow;
use crate::say;
use crate::signals::Interrupt;
use crate::table::TableError;
use table::DensityTable;

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
    let columns = ModelColumns::all(&fitted);
    let mut rows_read = match NumberedRows::open(args, &columns, fitted.block_rows()) {
        Ok(rows) => rows,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    if let Err(message) = file::keeps_apart(&args.data, &args.out) {
        return Ok(refuse(&message));
    }
    let units = units(args.standardized);
    // Before signals are heard: a pipe that nobody reads is waited for.
    let place = OutputPlace::open(&args.out)?;
    let interrupt = Interrupt::listen()?;
    let mut out = match DensityTable::create(args, place, &rows_read.table) {
        Ok(out) => out,
        Err(error) if error.is::<io::Error>() => return Err(error),
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    let bar = progress_bar_of_output(&args.out);
    let (start, mut rows) = (Instant::now(), 0);
    let mut none = RowsWithoutDensity::default();
    loop {
        let block = match rows_read.next() {
            Ok(Some(block)) => block,
            Ok(None) => break,
            Err(error) => return Ok(refuse(&error.to_string())),
        };
        let densities = fitted.log_densities(block.values, units);
        none.count(&densities, &block.numbers);
        out.write(&densities, &block.numbers)?;
        rows += densities.len();
        bar.set_position((rows_read.table.blocks.progress() * WHOLE) as u64);
        bar.set_message(format!("{rows} rows, {:.0} rows/s", rate(rows, start)));
        if interrupt.signal().is_some() {
            break;
        }
    }
    out.write_rest(&interrupt)?;
    // Also one that came while the end was read: what it stopped may be what the rows come from.
    if let Some(signal) = interrupt.signal() {
        return Ok(Exit::Signal(signal));
    }
    bar.finish_and_clear();
    out.finish()?;
    let told = format!(
        "{rows} rows, {} left out for missing values, {:.0} rows/s -> {}",
        rows_read.table.blocks.dropped(),
        rate(rows, start),
        args.out.display()
    );
    say::of_output(&args.out, &told);
    none.tell(fitted.rescued());
    Ok(match args.strict && none.rows > 0 {
        true => Exit::Failed,
        false => Exit::Done,
    })
}

/// A block of rows with their numbers in the table.
struct NumberedBlock {
    /// Values of the model's columns, row-major.
    values: Vec<f64>,
    /// Numbers of the rows, from 1; rows that are left out count.
    numbers: Vec<u64>,
}

/// The rows of a table that are scored, with their numbers.
struct NumberedRows {
    table: ModelRows,
    /// Rows of a block, at most.
    block_rows: usize,
    /// Rows so far.
    kept: u64,
    /// Values in a row.
    width: usize,
}

impl NumberedRows {
    /// Opens the table of the arguments for a model with these columns.
    fn open(args: &cli::ScoreArgs, columns: &ModelColumns, block_rows: usize) -> Result<Self> {
        let incomplete = incomplete(args.drop_missing);
        let at_once = match incomplete {
            IncompleteRows::Refuse => block_rows,
            // Read one by one, rows have the numbers that those left out before them tell.
            IncompleteRows::LeaveOut => 1,
        };
        let how = column_match(args.by_position);
        Ok(NumberedRows {
            table: columns.open(&args.data, how, incomplete, at_once)?,
            block_rows,
            kept: 0,
            width: columns.names().len(),
        })
    }

    /// Reads the next block; None at the end.
    fn next(&mut self) -> Result<Option<NumberedBlock>, TableError> {
        let mut block = NumberedBlock {
            values: Vec::new(),
            numbers: Vec::new(),
        };
        while block.numbers.len() < self.block_rows {
            let Some(values) = self.table.blocks.next().transpose()? else {
                break;
            };
            let rows = (values.len() / self.width) as u64;
            let before = self.kept + self.table.blocks.dropped();
            block.numbers.extend(before + 1..=before + rows);
            if block.values.is_empty() {
                block.values = values;
            } else {
                block.values.extend(values);
            }
            self.kept += rows;
        }
        Ok((!block.numbers.is_empty()).then_some(block))
    }
}

/// The rows that have no density in floating point.
#[derive(Default)]
struct RowsWithoutDensity {
    rows: u64,
    /// Number of the first of them.
    first: u64,
}

impl RowsWithoutDensity {
    /// Counts those of rows with these numbers.
    fn count(&mut self, densities: &[f64], numbers: &[u64]) {
        for (_, &number) in densities
            .iter()
            .zip(numbers)
            .filter(|(log, _)| !log.is_finite())
        {
            if self.rows == 0 {
                self.first = number;
            }
            self.rows += 1;
        }
    }

    /// Says on stderr how many there are, and how many rows took f64.
    fn tell(&self, rescued: u64) {
        if rescued > 0 {
            say::err(&format!(
                "{} so far out that f32 holds no density: computed in f64",
                count_rows(rescued)
            ));
        }
        if self.rows > 0 {
            say::err(&format!(
                "{} so far out, or beyond the bounds of a map, that floating point holds no density: -inf was written; first: row {}",
                count_rows(self.rows),
                self.first
            ));
        }
    }
}

/// Rows per second since the start.
fn rate(rows: usize, start: Instant) -> f64 {
    rows as f64 / start.elapsed().as_secs_f64().max(f64::MIN_POSITIVE)
}
