//! `otflow convert`: converts a table, or some of its columns, from one format to the other, a block of rows at a time.

use anyhow::{Context, Result};

use crate::cli;
use crate::commands::rows::missing;
use crate::exit::{Exit, refuse};
use crate::file;
use crate::say;
use crate::signals::Interrupt;
use crate::table::{BLOCK_ROWS, Blocks, Selection, TableError, TableWriter};

/// Converts a table and prints the number of rows and columns; the value is the exit code.
///
/// # Errors
/// When the output can't be written.
pub fn convert(args: &cli::ConvertArgs) -> Result<Exit> {
    let selection = Selection {
        columns: args.columns.clone(),
        missing: missing(args.drop_missing),
        ..Selection::default()
    };
    if let Err(message) = file::keeps_apart(&args.input, &args.output) {
        return Ok(refuse(&message));
    }
    let blocks = match Blocks::open(&args.input, &selection, BLOCK_ROWS) {
        Ok(blocks) => blocks,
        Err(error) => return Ok(refused(&error)),
    };
    let mut writer = TableWriter::create(&args.output, blocks.names())?;
    let width = blocks.names().len();
    let dropped = match copy(blocks, &mut writer)? {
        CopyOutcome::Whole { dropped } => dropped,
        CopyOutcome::Unreadable(error) => return Ok(refused(&error)),
        CopyOutcome::Stopped(signal) => return Ok(Exit::Signal(signal)),
    };
    let rows = writer.finish()?;
    let left_out = if dropped > 0 {
        format!("; {dropped} with missing values left out")
    } else {
        String::new()
    };
    let told = format!(
        "{}: {rows} rows, {width} columns{left_out}",
        args.output.display()
    );
    say::of_output(&args.output, &told);
    Ok(Exit::Done)
}

/// The outcome of copying a table.
enum CopyOutcome {
    /// All rows were copied but the dropped ones, which have missing values.
    Whole { dropped: u64 },
    /// The table cannot be read.
    Unreadable(TableError),
    /// A signal asked for the end.
    Stopped(i32),
}

/// Copies the rows block by block.
fn copy(mut blocks: Blocks, writer: &mut TableWriter) -> Result<CopyOutcome> {
    // Ended by the signal itself, the program would leave its temporary file behind.
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    for block in &mut blocks {
        match block {
            Ok(rows) => writer.write(&rows)?,
            Err(error) => return Ok(CopyOutcome::Unreadable(error)),
        }
        if let Some(signal) = interrupt.signal() {
            return Ok(CopyOutcome::Stopped(signal));
        }
    }
    Ok(CopyOutcome::Whole {
        dropped: blocks.dropped(),
    })
}

/// Refuses a table that cannot be read.
fn refused(error: &TableError) -> Exit {
    say::err(&format!("error: {error}"));
    Exit::Refused
}
