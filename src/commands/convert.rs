//! `otflow convert`: a table from one format to the other, or some of its columns, a block of rows at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli;
use crate::exit::Exit;
use crate::say;
use crate::table::{BLOCK_ROWS, Blocks, Missing, Selection, TableError, TableWriter};

/// Converts; says how many rows and columns were written. A table that cannot be read is refused.
pub fn convert(args: &cli::ConvertArgs) -> Result<Exit> {
    let selection = Selection {
        columns: args.columns.clone(),
        missing: if args.drop_missing {
            Missing::Drop
        } else {
            Missing::Refuse
        },
        ..Selection::default()
    };
    let blocks = match Blocks::open(&args.input, &selection, BLOCK_ROWS) {
        Ok(blocks) => blocks,
        Err(error) => return Ok(refused(&error)),
    };
    let mut writer = TableWriter::create(&args.output, blocks.names())?;
    let width = blocks.names().len();
    let dropped = match copy(blocks, &mut writer)? {
        Copied::Whole { dropped } => dropped,
        Copied::Unreadable(error) => return Ok(refused(&error)),
        Copied::Stopped(signal) => return Ok(Exit::Signal(signal)),
    };
    let rows = writer.finish()?;
    let left_out = if dropped > 0 {
        format!("; {dropped} with missing values left out")
    } else {
        String::new()
    };
    say::out(&format!(
        "{}: {rows} rows, {width} columns{left_out}",
        args.output.display()
    ));
    Ok(Exit::Done)
}

enum Copied {
    Whole { dropped: u64 },
    Unreadable(TableError),
    Stopped(i32),
}

fn copy(mut blocks: Blocks, writer: &mut TableWriter) -> Result<Copied> {
    let stop = signals()?;
    for block in &mut blocks {
        match block {
            Ok(rows) => writer.write(&rows)?,
            Err(error) => return Ok(Copied::Unreadable(error)),
        }
        match stop.load(Ordering::Relaxed) {
            0 => {}
            signal => return Ok(Copied::Stopped(i32::try_from(signal)?)),
        }
    }
    Ok(Copied::Whole {
        dropped: blocks.dropped(),
    })
}

/// The signal that asked for an end, or 0: ended by the signal itself, the program would leave its temporary file behind.
fn signals() -> Result<Arc<AtomicUsize>> {
    let stop = Arc::new(AtomicUsize::new(0));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register_usize(signal, stop.clone(), usize::try_from(signal)?)
            .context("cannot listen for signals")?;
    }
    Ok(stop)
}

fn refused(error: &TableError) -> Exit {
    say::err(&format!("error: {error}"));
    Exit::Refused
}
