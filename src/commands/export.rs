//! `otflow export`: writes the metrics of a run directory as a CSV table and as a TensorBoard event file.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::Result;

use crate::cli;
use crate::event::Event;
use crate::exit::{Exit, refuse};
use crate::file::{self, Output, OutputPlace};
use crate::run::export::csv::MetricsTable;
use crate::run::export::tensorboard;
use crate::run::read::{History, fault};
use crate::say;
use crate::signals::Interrupt;

/// Writes the files that are asked for; of a running run the metrics so far. The value is the exit code.
///
/// # Errors
/// When a file can't be read or written.
pub fn export(args: &cli::ExportArgs) -> Result<Exit> {
    if let Some(fault) = fault(&args.run) {
        return Ok(refuse(&fault));
    }
    let interrupt = Interrupt::listen()?;
    let written = write(args, &interrupt);
    if let (Err(_), Some(signal)) = (&written, interrupt.signal()) {
        return Ok(Exit::Signal(signal));
    }
    written?.iter().for_each(|complaint| say::warn(complaint));
    Ok(Exit::Done)
}

/// Writes the files; the value is a sentence on lines that are no events.
fn write(args: &cli::ExportArgs, interrupt: &Interrupt) -> Result<Option<String>> {
    let events = RunEvents {
        run: &args.run,
        interrupt,
    };
    let mut complaint = None;
    if let Some(path) = &args.csv {
        let mut out = BufWriter::new(Output::begin(OutputPlace::open(path)?)?);
        complaint = write_table(&events, &mut out)?;
        let out = out.into_inner().map_err(|error| error.into_error());
        out.and_then(Output::finish)
            .map_err(file::naming("write", path))?;
    }
    if let Some(directory) = &args.tensorboard {
        let path = tensorboard::prepare(&args.run, directory)?;
        file::replace_with(&path, |out| {
            complaint = write_records(&events, out)?;
            Ok(())
        })?;
    }
    Ok(complaint)
}

/// Writes the CSV table; the value is a sentence on lines that are no events.
fn write_table(events: &RunEvents, out: &mut dyn Write) -> io::Result<Option<String>> {
    let mut table = MetricsTable::new(out)?;
    let complaint = events.for_each(|event| table.take(&event))?;
    table.finish()?;
    Ok(complaint)
}

/// Writes the TensorBoard records; the value is a sentence on lines that are no events. Metrics have the training time only: the time of
/// day is that of the start plus the training time since.
fn write_records(events: &RunEvents, out: &mut dyn Write) -> io::Result<Option<String>> {
    let started = tensorboard::started(events.run);
    let start = started
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |time| time.as_secs_f64());
    let mut seconds = 0.0;
    out.write_all(&tensorboard::head(start))?;
    events.for_each(|event| {
        match event {
            Event::Iteration { seconds: s, .. }
            | Event::Matching { seconds: s, .. }
            | Event::Validation { seconds: s, .. } => {
                seconds = s;
            }
            _ => {}
        }
        match tensorboard::record(&event, start + seconds) {
            Some(record) => out.write_all(&record),
            None => Ok(()),
        }
    })
}

/// The events of a run, which are read until a signal comes.
struct RunEvents<'a> {
    run: &'a Path,
    interrupt: &'a Interrupt,
}

impl RunEvents<'_> {
    /// Calls a function with every event, in order; the value is a sentence on lines that are no events.
    fn for_each(
        &self,
        mut take: impl FnMut(Event) -> io::Result<()>,
    ) -> io::Result<Option<String>> {
        let mut history = History::new(self.run);
        let mut events = Vec::new();
        loop {
            let more = history.read(&mut events)?;
            events.drain(..).try_for_each(&mut take)?;
            if !more {
                return Ok(history.complaint());
            }
            if self.interrupt.signal().is_some() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{line, synthetic};
    use std::fs;
    use tempfile::TempDir;

    fn run(metrics: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("metrics.jsonl"), metrics).unwrap();
        folder
    }

    fn exported(folder: &TempDir) -> (String, Vec<u8>) {
        let args = cli::ExportArgs {
            run: folder.path().to_owned(),
            csv: Some(folder.path().join("out.csv")),
            tensorboard: Some(folder.path().join("board")),
        };
        assert_eq!(export(&args).unwrap(), Exit::Done);
        let board = fs::read_dir(folder.path().join("board")).unwrap();
        let files: Vec<_> = board.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let csv = fs::read_to_string(args.csv.unwrap()).unwrap();
        (csv, fs::read(&files[0]).unwrap())
    }

    #[test]
    fn a_run_is_written_in_both_forms_and_once_more_in_their_place() {
        let lines: String = synthetic::events().iter().map(line::json).collect();
        let folder = run(&(lines + "no JSON\n{\"event\":\"torn"));
        let first = exported(&folder);
        assert_eq!(first.0.lines().count(), 1 + 4);
        assert_eq!(exported(&folder), first);
    }

    #[test]
    fn an_empty_run_is_a_header_alone() {
        let (csv, board) = exported(&run(""));
        assert_eq!(csv.lines().count(), 1);
        assert_eq!(board, tensorboard::head(0.0));
    }

    #[test]
    fn what_is_no_run_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let args = cli::ExportArgs {
            run: folder.path().to_owned(),
            csv: Some(folder.path().join("out.csv")),
            tensorboard: None,
        };
        assert_eq!(export(&args).unwrap(), Exit::Refused);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
