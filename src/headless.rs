//! Training without a screen: the events of a run on stdout, as aligned rows or as JSON lines.
//!
//! Text: rows of training losses, validation losses and C - H below a head, as many columns as a line has room for; between them,
//! behind `#`, what happened. Never an escape code or a carriage return. JSON: every event is one line ([`crate::run::line::json`]), `start` first.
//! When the reader of a pipe closes it, printing stops and the training goes on.
//!
//! | file | holds |
//! | --- | --- |
//! | `rows.rs`, `columns.rs` | the aligned rows; their columns |
//! | `pace.rs` | how often there is a row |
//! | `remark.rs` | the lines behind `#` |
//! | `bar.rs` | the progress bar |
//! | `streams.rs` | what stdout and stderr are: the width of a line, and whether there is a bar |
//! | `number.rs` | numbers in columns of equal width |

mod bar;
mod columns;
pub(crate) mod number;
mod pace;
mod remark;
mod rows;
mod streams;

use std::io::{self, ErrorKind, Write};

use indicatif::ProgressDrawTarget;

use crate::edit_effect::KnownEffects;
use crate::event::{Event, Finished};
use crate::feed::Feed;
use crate::run::line;
use crate::verdict::Evidence;
use bar::RunProgressBar;
pub use pace::RowPace;
use rows::TextRows;
pub use rows::{RowOptions, Verbosity};
pub use streams::{bar_target, line_width};

/// The format in which the events of a run are printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputFormat {
    /// Aligned rows.
    Text(RowOptions),
    /// JSON lines.
    Json,
}

/// Prints the events of a run until it ends, with a progress bar; the value says how it ended.
///
/// # Errors
/// When `out` could not be written (a closed pipe is no error), or the trainer ended without its last event. Both are reported at the
/// end of the run.
pub fn run(
    feed: &Feed,
    format: OutputFormat,
    bar: ProgressDrawTarget,
    out: &mut impl Write,
) -> io::Result<Finished> {
    let mut out = RunOutput {
        out,
        state: OutputState::Open,
    };
    let mut bar = RunProgressBar::new(bar);
    let mut rows = match format {
        OutputFormat::Text(options) => Some(TextRows::new(options)),
        OutputFormat::Json => None,
    };
    let (mut evidence, mut effects) = (Evidence::default(), KnownEffects::default());
    let mut dropped = 0;
    let mut finished = None;
    while finished.is_none()
        && let Some(event) = next_event(feed)
    {
        let mut text = String::new();
        if matches!(event, Event::Validation { .. } | Event::Finished(_))
            && feed.dropped() > dropped
        {
            dropped = feed.dropped();
            text += &text_of(&mut rows, &dropped_warning(dropped));
        }
        let changed = evidence.apply(&event);
        let effect = effects.apply(&event);
        let ends = matches!(event, Event::Finished(_));
        // The end comes last.
        if !ends {
            text += &text_of(&mut rows, &event);
        }
        if let (Some(rows), Some(words)) = (&rows, effect) {
            text += &rows.effect(&words);
        }
        if changed {
            text += &match &rows {
                Some(rows) => rows.verdict(evidence.assessment()),
                None => line::json_verdict(line::iteration(&event), evidence.assessment()),
            };
        }
        if ends {
            text += &text_of(&mut rows, &event);
        }
        bar.apply(&event);
        if !text.is_empty() {
            bar.suspend(|| out.print(&text));
        }
        if let Event::Finished(end) = event {
            finished = Some(end);
        }
    }
    bar.clear();
    let silence = || {
        io::Error::new(
            ErrorKind::UnexpectedEof,
            "the trainer is gone without saying how the run ended",
        )
    };
    match out.state {
        OutputState::Failed(error) => Err(error),
        OutputState::Open | OutputState::Closed => finished.ok_or_else(silence),
    }
}

/// The text that an event adds.
fn text_of(rows: &mut Option<TextRows>, event: &Event) -> String {
    match rows {
        Some(rows) => rows.text_of(event),
        None => line::json(event),
    }
}

/// The next event; None when the trainer has ended and its last event was taken.
fn next_event(feed: &Feed) -> Option<Event> {
    feed.events
        .recv()
        .ok()
        .or_else(|| feed.finished().map(Event::Finished))
}

/// The warning that events were dropped.
fn dropped_warning(dropped: u64) -> Event {
    let message = format!(
        "{dropped} events are left out here: they came faster than they were read; metrics.jsonl lacks none of its rows"
    );
    Event::Warning { message }
}

/// A writer that nothing is written to after its first error.
struct RunOutput<'a, W> {
    out: &'a mut W,
    state: OutputState,
}

/// The state of a writer.
enum OutputState {
    /// No error so far.
    Open,
    /// The reader has closed the pipe.
    Closed,
    /// Another error.
    Failed(io::Error),
}

impl<W: Write> RunOutput<'_, W> {
    /// Writes and flushes, so that nothing comes out later in the middle of the bar.
    fn print(&mut self, text: &str) {
        if !matches!(self.state, OutputState::Open) {
            return;
        }
        if let Err(error) = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush())
        {
            self.state = match error.kind() {
                ErrorKind::BrokenPipe => OutputState::Closed,
                kind => {
                    let message = format!("cannot write the output: {error}");
                    OutputState::Failed(io::Error::new(kind, message))
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SCHEMA;
    use crate::feed::{Wires, connect};
    use crate::run::synthetic;
    use serde_json::Value;

    const ROWS: OutputFormat = rows_at(RowPace::Seconds(10.0));

    /// Rows of 80 columns at this pace.
    const fn rows_at(pace: RowPace) -> OutputFormat {
        OutputFormat::Text(RowOptions {
            pace,
            width: 80,
            verbosity: Verbosity::Rows,
        })
    }

    /// What `run` prints about these events.
    fn told(format: OutputFormat, events: Vec<Event>) -> String {
        let Wires {
            publisher,
            feed,
            entries: _records,
        } = connect();
        events
            .into_iter()
            .for_each(|event| publisher.publish(event));
        let mut out = Vec::new();
        run(&feed, format, ProgressDrawTarget::hidden(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The iterations that have a row of their own.
    fn rows(text: &str) -> Vec<u64> {
        let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        rows.map(|row| row.split_whitespace().next().unwrap().parse().unwrap())
            .collect()
    }

    /// A run of 30 iterations of one second each, without validations.
    fn plain_run() -> Vec<Event> {
        let iterations = (1..=30).map(|i| synthetic::iteration(i, i as f64, 0.1, 0.5));
        let end = synthetic::events().pop().unwrap();
        [Event::Start(synthetic::start())]
            .into_iter()
            .chain(iterations)
            .chain([end])
            .collect()
    }

    /// A writer that fails from its second call on.
    struct Failing {
        kind: ErrorKind,
        calls: usize,
    }

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.calls += 1;
            if self.calls > 1 {
                Err(self.kind.into())
            } else {
                Ok(bytes.len())
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_run_is_told_in_aligned_rows() {
        insta::assert_snapshot!(told(ROWS, synthetic::events()));
    }

    #[test]
    fn rows_hold_no_escape_codes_and_line_up() {
        let text = told(ROWS, synthetic::events());
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
        let widths: Vec<usize> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.chars().count())
            .collect();
        assert_eq!(widths.len(), 5);
        assert_eq!(widths[0], 79);
        assert!(widths.iter().all(|&width| width == widths[0]));
    }

    #[test]
    fn rows_come_at_the_first_and_last_iteration_and_after_ten_seconds_of_silence() {
        assert_eq!(rows(&told(ROWS, plain_run())), [1, 11, 21, 30]);
    }

    #[test]
    fn rows_come_as_often_as_asked_for() {
        let every = |n| rows_at(RowPace::Iterations(n));
        assert_eq!(rows(&told(every(7), plain_run())), [1, 7, 14, 21, 28, 30]);
        assert_eq!(rows(&told(every(25), plain_run())), [1, 25, 30]);
        assert_eq!(rows(&told(every(0), plain_run())).len(), 30);
        let seconds = |n| rows_at(RowPace::Seconds(n));
        assert_eq!(
            rows(&told(seconds(7.0), plain_run())),
            [1, 8, 15, 22, 29, 30]
        );
        assert_eq!(rows(&told(seconds(0.5), plain_run())).len(), 30);
    }

    #[test]
    fn json_lines_have_the_names_of_the_contract() {
        let text = told(OutputFormat::Json, synthetic::events());
        let objects: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let verdicts = objects.iter().filter(|object| object["event"] == "verdict");
        assert_eq!(objects.len() - verdicts.count(), synthetic::events().len());
        assert_eq!(
            (&objects[0]["event"], &objects[0]["schema"]),
            (&"start".into(), &SCHEMA.into())
        );
        let contract: [(&str, &[&str]); 8] = [
            (
                "iteration",
                &["iteration", "seconds", "lr", "loss", "L", "C", "R"],
            ),
            (
                "validation",
                &[
                    "iteration",
                    "loss",
                    "L",
                    "C",
                    "R",
                    "C_se",
                    "divergence",
                    "divergence_se",
                ],
            ),
            ("edit", &["iteration", "field", "old", "new"]),
            ("rejected", &["file", "line", "column", "message"]),
            ("rollback", &["iteration"]),
            ("checkpoint", &["iteration", "path"]),
            ("verdict", &["iteration", "verdict", "finding", "advice"]),
            ("finished", &["iteration", "reason", "best", "gates"]),
        ];
        for (name, keys) in contract {
            let object = objects
                .iter()
                .find(|object| object["event"] == name)
                .unwrap();
            assert!(keys.iter().all(|key| object.get(key).is_some()), "{object}");
        }
        assert_eq!(objects.last().unwrap()["event"], "finished");
        let text = told(OutputFormat::Json, synthetic::with_start());
        let matching: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        let expected = serde_json::json!({
            "event": "matching", "iteration": 1, "seconds": 0.25, "lr": 0.02, "gradient": 1.5, "update": 0.125, "M": 12.5
        });
        assert_eq!(matching, expected);
    }

    #[test]
    fn a_start_by_matching_has_m_in_the_column_of_the_loss() {
        let text = told(rows_at(RowPace::Iterations(1)), synthetic::with_start());
        insta::assert_snapshot!(text);
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().collect())
            .collect();
        let firsts: Vec<&str> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(firsts, ["iteration", "1", "2", "iteration", "3"]);
        assert_eq!([rows[0][3], rows[3][3]], ["M", "loss"]);
        assert_eq!([rows[1][3], rows[4][3]], ["12.500", "85.750"]);
    }

    #[test]
    fn a_line_without_room_for_the_loss_has_one_head_and_no_word_of_m() {
        let narrow = OutputFormat::Text(RowOptions {
            pace: RowPace::Iterations(1),
            width: 50,
            verbosity: Verbosity::Rows,
        });
        let text = told(narrow, synthetic::with_start());
        assert_eq!(text.matches("iteration ").count(), 1 + 1, "{text}");
        assert!(!text.contains("M:"), "{text}");
    }

    #[test]
    fn a_quiet_run_tells_of_trouble_and_of_its_end_alone() {
        let quiet = OutputFormat::Text(RowOptions {
            pace: RowPace::Iterations(1),
            width: 80,
            verbosity: Verbosity::Quiet,
        });
        insta::assert_snapshot!(told(quiet, synthetic::events()));
        let told = told(quiet, synthetic::with_start());
        assert!(told.starts_with("#       3 finished "), "{told}");
    }

    #[test]
    fn no_line_is_wider_than_it_may_be() {
        for width in [40, 60, 80, 115, 200] {
            let format = OutputFormat::Text(RowOptions {
                pace: RowPace::Iterations(1),
                width,
                verbosity: Verbosity::Rows,
            });
            for events in [synthetic::events(), synthetic::with_start()] {
                let text = told(format, events);
                let lines = text.lines().map(|line| line.chars().count());
                let widest = lines.max().unwrap();
                // The name of the run directory has no blank.
                assert!(widest <= width.max(60), "{widest} of {width}: {text}");
            }
        }
    }

    #[test]
    fn a_closed_pipe_ends_the_printing_and_not_the_run() {
        let Wires {
            publisher,
            feed,
            entries: _records,
        } = connect();
        synthetic::events()
            .into_iter()
            .for_each(|event| publisher.publish(event));
        let mut pipe = Failing {
            kind: ErrorKind::BrokenPipe,
            calls: 0,
        };
        let finished = run(&feed, ROWS, ProgressDrawTarget::hidden(), &mut pipe).unwrap();
        assert_eq!((finished.iteration, pipe.calls), (4, 2));
        assert!(feed.events.is_empty());
    }

    #[test]
    fn a_full_disk_is_reported_when_the_run_has_ended() {
        let Wires {
            publisher,
            feed,
            entries: _records,
        } = connect();
        synthetic::events()
            .into_iter()
            .for_each(|event| publisher.publish(event));
        let mut disk = Failing {
            kind: ErrorKind::StorageFull,
            calls: 0,
        };
        let error = run(
            &feed,
            OutputFormat::Json,
            ProgressDrawTarget::hidden(),
            &mut disk,
        )
        .unwrap_err();
        assert_eq!((error.kind(), disk.calls), (ErrorKind::StorageFull, 2));
        assert!(feed.events.is_empty());
    }

    #[test]
    fn events_that_were_dropped_are_told_and_the_end_is_not_lost() {
        let Wires {
            publisher,
            feed,
            entries: records,
        } = connect();
        // Nobody writes a run directory, whose full wire would hold this.
        drop(records);
        let mut sent = 0;
        while feed.dropped() < 3 {
            sent += 1;
            publisher.publish(synthetic::iteration(sent, 0.0, 0.1, 0.5));
        }
        synthetic::events()
            .pop()
            .into_iter()
            .for_each(|end| publisher.publish(end));
        drop(publisher);
        let mut out = Vec::new();
        assert_eq!(
            run(&feed, ROWS, ProgressDrawTarget::hidden(), &mut out)
                .unwrap()
                .iteration,
            4
        );
        assert!(
            String::from_utf8(out)
                .unwrap()
                .contains("warning     3 events are left out here")
        );
    }

    #[test]
    fn a_trainer_that_is_gone_without_a_word_is_an_error() {
        let Wires {
            publisher,
            feed,
            entries: _records,
        } = connect();
        publisher.publish(Event::Start(synthetic::start()));
        drop(publisher);
        let error = run(&feed, ROWS, ProgressDrawTarget::hidden(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}
