//! `otflow compare`: runs side by side, finished or not: the settings that differ, and the figures of the best validation, and
//! C over the training time as a picture.
//!
//! | file | holds |
//! | --- | --- |
//! | `picture.rs` | the curves of the runs, and the file they are drawn into |
//! | `peer.rs` | the curves of other programs, from JSON lines |

mod peer;
mod picture;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use serde::Serialize;

use crate::cli::{self, RunOrder};
use crate::event::{Best, Event, Reason, SCHEMA};
use crate::exit::{Exit, refuse};
use crate::headless::number::{DIGITS, general};
use crate::plot::Reached;
use crate::run::Matched;
use crate::run::read::{History, fault};
use crate::say;
use crate::session::{ABSENT, fields};
use picture::Picture;

/// One run; the names are those of the JSON list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Run {
    schema: u32,
    run: String,
    /// Null while it has not ended, or where it was killed.
    reason: Option<Reason>,
    iterations: u64,
    seconds: f64,
    /// The best validation, nulls where there was none.
    best: Option<Best>,
    /// What a start by matching came to; null without one.
    matching: Option<Matched>,
    edits: u64,
    /// At the end.
    settings: BTreeMap<String, Setting>,
    /// The validations whose parameters were kept.
    #[serde(skip)]
    reached: Vec<Reached>,
    /// H of the data, nats, where it is known.
    #[serde(skip)]
    entropy: Option<f64>,
}

/// A field of the session, as the file writes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Setting {
    start: String,
    end: String,
}

/// Tabulates the runs, and draws them where that is asked for; what is none is named and left out.
///
/// # Errors
/// When the list can't be written as JSON, or the picture can't be written.
pub fn compare(args: &cli::CompareArgs) -> Result<Exit> {
    let picture = match Picture::open(args) {
        Ok(picture) => picture,
        Err(message) => return Ok(refuse(&message)),
    };
    let read = |run: &std::path::PathBuf| match Run::read(run) {
        Ok(told) => Some(told),
        Err(error) => {
            say::err(&format!("left out: {error:#}"));
            None
        }
    };
    let mut runs: Vec<Run> = args.runs.iter().filter_map(read).collect();
    if runs.is_empty() && !args.runs.is_empty() {
        say::err("error: no run is left to be compared");
        return Ok(Exit::Failed);
    }
    runs.sort_by(|a, b| a.order(b, args.sort));
    keep_differing(&mut runs);
    if args.json {
        say::out(&serde_json::to_string_pretty(&runs)?);
    } else if !runs.is_empty() {
        say::out(&table(&runs));
    }
    if let Some(picture) = picture {
        picture.draw(&runs)?;
    }
    Ok(Exit::Done)
}

impl Run {
    fn read(run: &Path) -> Result<Self> {
        fault(run).map_or(Ok(()), |fault| Err(anyhow!(fault)))?;
        let mut told = Run {
            schema: SCHEMA,
            run: run.display().to_string(),
            ..Run::default()
        };
        let mut history = History::new(run);
        let mut more = true;
        while more {
            let mut events = Vec::new();
            more = history.read(&mut events)?;
            events.iter().for_each(|event| told.take(event));
        }
        if let Some(complaint) = history.complaint() {
            say::err(&format!("warning: {complaint}"));
        }
        if told.settings.is_empty() {
            bail!(
                "{} does not begin with a start that is understood",
                history.path().display()
            );
        }
        Ok(told)
    }

    fn take(&mut self, event: &Event) {
        Matched::take(&mut self.matching, event);
        match event {
            Event::Start(start) => {
                self.iterations = start.fork.as_ref().map_or(0, |fork| fork.iteration);
                self.entropy = start.entropy;
                let setting = |value: String| Setting {
                    start: value.clone(),
                    end: value,
                };
                let fields = fields(&start.session).into_iter();
                self.settings = fields
                    .map(|field| (field.name.to_owned(), setting(field.value)))
                    .collect();
            }
            Event::Edit {
                field,
                new,
                applies,
                ..
            } if applies != "restart" => {
                self.edits += 1;
                let setting = self.settings.entry(field.clone()).or_insert_with(absent);
                setting.end.clone_from(new);
            }
            Event::Iteration {
                iteration, seconds, ..
            }
            | Event::Matching {
                iteration, seconds, ..
            } => (self.iterations, self.seconds) = (*iteration, *seconds),
            Event::Validation {
                iteration,
                seconds,
                losses,
                divergence,
                divergence_se,
                best: true,
            } => {
                self.reached.push(Reached {
                    seconds: *seconds,
                    c: losses.c,
                });
                self.best = Some(Best {
                    iteration: *iteration,
                    losses: *losses,
                    divergence: *divergence,
                    divergence_se: *divergence_se,
                });
            }
            Event::Finished(finished) => {
                self.reason = Some(finished.reason);
                self.seconds = finished.seconds;
                self.best = finished.best;
            }
            _ => {}
        }
    }

    /// By a figure, runs without it last; then by name.
    fn order(&self, other: &Self, by: RunOrder) -> Ordering {
        let key = |run: &Run| run.figure(by).unwrap_or(f64::INFINITY);
        let figures = key(self).total_cmp(&key(other));
        figures.then_with(|| self.run.cmp(&other.run))
    }

    /// None for a name, too.
    fn figure(&self, which: RunOrder) -> Option<f64> {
        let best = self.best.as_ref();
        let losses = best.map(|best| best.losses);
        let value = match which {
            RunOrder::C => losses?.c,
            RunOrder::L => losses?.l,
            RunOrder::R => losses?.r,
            RunOrder::Loss => losses?.loss,
            RunOrder::Divergence => best?.divergence?,
            RunOrder::Iterations => self.iterations as f64,
            RunOrder::Seconds => self.seconds,
            RunOrder::Name => return None,
        };
        (!value.is_nan()).then_some(value)
    }

    fn ended(&self) -> String {
        let word = self
            .reason
            .and_then(|reason| serde_json::to_value(reason).ok());
        let word = word.and_then(|word| word.as_str().map(str::to_owned));
        word.unwrap_or("-".into())
    }
}

fn absent() -> Setting {
    Setting {
        start: ABSENT.into(),
        end: ABSENT.into(),
    }
}

/// Leaves the settings in which the runs differ; one that a run does not have is absent there.
fn keep_differing(runs: &mut [Run]) {
    let names = runs.iter().flat_map(|run| run.settings.keys().cloned());
    let names: std::collections::BTreeSet<String> = names.collect();
    for name in names {
        for run in &mut *runs {
            run.settings.entry(name.clone()).or_insert_with(absent);
        }
        let first = runs[0].settings.get(&name).cloned();
        if runs
            .iter()
            .all(|run| run.settings.get(&name) == first.as_ref())
        {
            runs.iter_mut()
                .for_each(|run| _ = run.settings.remove(&name));
        }
    }
}

/// Rows for a person; those of a start by matching where a run had one: M and the time at its end.
fn table(runs: &[Run]) -> String {
    const FIGURES: [(&str, RunOrder); 4] = [
        ("C", RunOrder::C),
        ("C - H", RunOrder::Divergence),
        ("L", RunOrder::L),
        ("R", RunOrder::R),
    ];
    let mut rows = vec![vec!["run".to_owned(), "end".into(), "iterations".into()]];
    rows[0].extend(FIGURES.map(|(name, _)| name.to_owned()));
    rows[0].push("seconds".into());
    let matched = runs.iter().any(|run| run.matching.is_some());
    if matched {
        rows[0].extend(["M", "M seconds"].map(String::from));
    }
    let numbers = 2..rows[0].len();
    rows[0].extend(runs[0].settings.keys().cloned());
    for run in runs {
        let mut row = vec![run.run.clone(), run.ended(), run.iterations.to_string()];
        row.extend(FIGURES.map(|(_, figure)| {
            let value = run.figure(figure);
            value.map_or("-".into(), |value| general(value, DIGITS))
        }));
        row.push(format!("{:.1}", run.seconds));
        if matched {
            let of = |figure: fn(&Matched) -> String| run.matching.as_ref().map(figure);
            let figures = [
                of(|matched| general(matched.m, DIGITS)),
                of(|matched| format!("{:.1}", matched.seconds)),
            ];
            row.extend(figures.map(|figure| figure.unwrap_or("-".into())));
        }
        row.extend(run.settings.values().map(|Setting { start, end }| {
            if start == end {
                end.clone()
            } else {
                format!("{start} -> {end}")
            }
        }));
        rows.push(row);
    }
    aligned(&rows, &numbers)
}

/// Columns under one another: those of numbers to the right.
fn aligned(rows: &[Vec<String>], numbers: &Range<usize>) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, &width))| match column {
            number if numbers.contains(&number) => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        let line: Vec<String> = cells.collect();
        line.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::run::synthetic;
    use crate::session::Session;

    fn run(name: &str, events: &[Event]) -> Run {
        let mut run = Run {
            run: name.into(),
            ..Run::default()
        };
        events.iter().for_each(|event| run.take(event));
        run
    }

    fn start(change: fn(&mut Session)) -> Event {
        let mut start = synthetic::start();
        let mut session = Session::clone(&start.session);
        change(&mut session);
        start.session = Arc::new(session);
        Event::Start(start)
    }

    fn best(iteration: u64, c: f64) -> Event {
        Event::Validation {
            iteration,
            seconds: 1.0,
            losses: crate::event::Losses {
                c,
                l: 1.5,
                r: 0.25,
                loss: 2.0 * c,
            },
            divergence: (c < 3.0).then_some(c - 2.75),
            divergence_se: None,
            best: true,
        }
    }

    #[test]
    fn settings_that_differ_and_the_best_figures_stand_in_columns() {
        let rate = |session: &mut Session| {
            *session.optimizer.lr_mut() = 0.05;
        };
        let edit = Event::Edit {
            iteration: 2,
            field: "weights.hjb".into(),
            old: "1.0".into(),
            new: "2.0".into(),
            applies: "live".into(),
        };
        let mut runs = vec![
            run("none", &[start(rate)]),
            run("one", &[start(|_| ()), best(2, 3.5), edit]),
            run("another", &[start(rate), best(4, 2.875), best(6, 2.8125)]),
        ];
        runs.sort_by(|a, b| a.order(b, RunOrder::C));
        keep_differing(&mut runs);
        let expected = "\
run      end  iterations        C      C - H        L         R  seconds  optimizer.lr  weights.hjb
another  -             0  2.81250  0.0625000  1.50000  0.250000      0.0  0.05          1.0
one      -             0  3.50000          -  1.50000  0.250000      0.0  0.1           1.0 -> 2.0
none     -             0        -          -        -         -      0.0  0.05          1.0";
        assert_eq!(table(&runs), expected);
        let mut runs = vec![
            run("with", &synthetic::with_start()),
            run("without", &[start(|session| session.stop.iterations = 3)]),
        ];
        keep_differing(&mut runs);
        let told = table(&runs);
        let expected = "\
run      end         iterations        C      C - H         L          R  seconds        M  M seconds  start";
        assert!(told.starts_with(expected), "{told}");
        let figures = "0.0157000  0.299000  0.0301000      1.8  1.25000        0.5  Matching()";
        assert!(told.contains(figures), "{told}");
        assert!(told.contains("0.0        -          -  None"), "{told}");
    }

    #[test]
    fn a_setting_that_comes_with_another_kind_was_absent_before() {
        let edit = Event::Edit {
            iteration: 2,
            field: "optimizer.momentum".into(),
            old: "absent".into(),
            new: "0.95".into(),
            applies: "live".into(),
        };
        let runs = [run("one", &[start(|_| ()), edit])];
        let setting = &runs[0].settings["optimizer.momentum"];
        assert_eq!(
            (setting.start.as_str(), setting.end.as_str()),
            ("absent", "0.95")
        );
    }

    #[test]
    fn runs_stand_in_the_order_of_their_names_when_asked() {
        let mut runs = ["one", "none", "another"].map(|name| run(name, &[]));
        runs.sort_by(|a, b| a.order(b, RunOrder::Name));
        let names: Vec<&str> = runs.iter().map(|run| run.run.as_str()).collect();
        assert_eq!(names, ["another", "none", "one"]);
    }
}
