//! `otflow convert`: converts a table, or some of its columns, from one format to the other, a block of rows at a time. Numbers are those
//! that a 64-bit float holds; integers from 2^53 on keep their digits in a CSV, and are refused where an NPY would round them.

use anyhow::{Context, Result};

use crate::cli;
use crate::exit::{Exit, refuse};
use crate::file::{self, OutputPlace};
use crate::say;
use crate::signals::Interrupt;
use crate::table::{
    BLOCK_ROWS, Blocks, LargeInteger, Missing, Selection, TableWriter, not_written,
};

/// Converts a table and prints the number of rows and columns; the value is the exit code.
///
/// # Errors
/// When the output can't be written.
pub fn convert(args: &cli::ConvertArgs) -> Result<Exit> {
    if let Some(what) = not_written(&args.output) {
        return Ok(refuse(&format!("{}: {what}", args.output.display())));
    }
    let selection = Selection {
        columns: args.columns.clone(),
        missing: match (args.keep_missing, args.drop_missing) {
            (true, _) => Missing::Keep,
            (false, true) => Missing::Drop,
            (false, false) => Missing::Refuse,
        },
        ..Selection::default()
    };
    if let Err(message) = file::keeps_apart(&args.input, &args.output) {
        return Ok(refuse(&message));
    }
    let blocks = match Blocks::open(&args.input, &selection, BLOCK_ROWS) {
        Ok(blocks) => blocks,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    // Before signals are heard: a pipe that nobody reads is waited for.
    let place = OutputPlace::open(&args.output)?;
    // Ended by the signal itself, the program would leave its temporary file behind.
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    let mut writer = TableWriter::begin(place, blocks.names())?;
    let width = blocks.names().len();
    let dropped = match copy(blocks, &mut writer, &interrupt)? {
        CopyOutcome::Whole { dropped } => dropped,
        CopyOutcome::Refused(why) => return Ok(refuse(&why)),
        CopyOutcome::Rounded(integer) => {
            let LargeInteger {
                location, digits, ..
            } = integer;
            return Ok(refuse(&format!(
                "{}: {location}: {digits} is an integer that a 64-bit float, as an NPY gets, does not hold: write a CSV, or leave the column \
                 out with --columns",
                args.input.display()
            )));
        }
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
    /// The table cannot be read: what is wrong with it.
    Refused(String),
    /// The copy would not have this integer.
    Rounded(LargeInteger),
    /// A signal asked for the end.
    Stopped(i32),
}

/// Copies the rows block by block.
fn copy(
    mut blocks: Blocks,
    writer: &mut TableWriter,
    interrupt: &Interrupt,
) -> Result<CopyOutcome> {
    while let Some(block) = blocks.next() {
        let rows = match block {
            Ok(rows) => rows,
            Err(error) => return Ok(CopyOutcome::Refused(error.to_string())),
        };
        let mut large = blocks.large_integers().iter();
        let rounded = large.find(|integer| integer.is_rounded_to(rows[integer.index]));
        if let Some(integer) = rounded
            && !writer.keeps_digits()
        {
            return Ok(CopyOutcome::Rounded(integer.clone()));
        }
        writer.write_exact(&rows, blocks.large_integers())?;
        if interrupt.signal().is_some() {
            break;
        }
    }
    // Also one that came while the end was read: what it stopped may be what the rows come from.
    if let Some(signal) = interrupt.signal() {
        return Ok(CopyOutcome::Stopped(signal));
    }
    Ok(CopyOutcome::Whole {
        dropped: blocks.dropped(),
    })
}
