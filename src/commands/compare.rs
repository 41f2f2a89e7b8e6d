//! `otflow compare`: a table of runs, finished or not, with the figures of their best validations and the settings that differ, and
//! C over the training time as a picture; or the same of stretches of runs, with level and slope of their losses.
//!
//! | file | holds |
//! | --- | --- |
//! | `run.rs` | a run in a comparison |
//! | `stretch_argument.rs` | a stretch as it was asked for |
//! | `stretch.rs`, `stretches.rs` | a stretch of a run; the table of stretches |
//! | `curve.rs` | a learning curve with the entropy of the data |
//! | `picture.rs` | the picture of the curves |
//! | `peer.rs` | the curves of other programs, from JSON lines |

mod curve;
mod peer;
mod picture;
mod run;
mod stretch;
mod stretch_argument;
mod stretches;

use std::ops::Range;
use std::path::PathBuf;

use anyhow::Result;

use crate::cli::{self, RunOrder};
use crate::exit::{Exit, refuse};
use crate::headless::number::{DIGITS, format_number};
use crate::run::Matched;
use crate::run::settings::{ComparedSetting, differing};
use crate::say;
use picture::{ComparisonPlot, run_curves, stretch_curves};
use run::ComparedRun;
use stretch::Stretch;
use stretch_argument::StretchArgument;

/// The message where nothing could be read.
const NOTHING: &str = "error: no run is left to be compared";

/// Prints a table of the runs, and draws their curves if a picture is asked for. A directory that is no run is left out with a message.
///
/// # Errors
/// When the list can't be written as JSON, or the picture can't be written.
pub fn compare(args: &cli::CompareArgs) -> Result<Exit> {
    let picture = match ComparisonPlot::open(args) {
        Ok(picture) => picture,
        Err(message) => return Ok(refuse(&message)),
    };
    let asked = args.runs.iter().map(|run| StretchArgument::read(run));
    let asked: Vec<Option<StretchArgument>> = match asked.collect() {
        Ok(asked) => asked,
        Err(message) => return Ok(refuse(&message)),
    };
    if asked.iter().any(Option::is_some) {
        let whole = |(run, asked): (&PathBuf, Option<StretchArgument>)| {
            asked.unwrap_or_else(|| StretchArgument::whole(run))
        };
        let asked: Vec<StretchArgument> = args.runs.iter().zip(asked).map(whole).collect();
        return compare_stretches(args, picture, &asked);
    }
    let mut runs = kept(args.runs.iter().map(|run| ComparedRun::read(run)));
    if runs.is_empty() && !args.runs.is_empty() {
        say::err(NOTHING);
        return Ok(Exit::Failed);
    }
    runs.sort_by(|a, b| a.compare(b, args.sort));
    keep_differing(&mut runs);
    if args.json {
        tell(args, &serde_json::to_string_pretty(&runs)?);
    } else if !runs.is_empty() {
        tell(args, &table(&runs));
    }
    if let Some(picture) = picture {
        picture.draw(run_curves(&runs))?;
    }
    Ok(Exit::Done)
}

/// Prints a table of stretches of runs in the order given, and draws their curves if a picture is asked for.
fn compare_stretches(
    args: &cli::CompareArgs,
    picture: Option<ComparisonPlot>,
    asked: &[StretchArgument],
) -> Result<Exit> {
    let mut stretches = kept(asked.iter().map(Stretch::read));
    if stretches.is_empty() {
        say::err(NOTHING);
        return Ok(Exit::Failed);
    }
    stretches::keep_differing(&mut stretches);
    if args.json {
        tell(args, &serde_json::to_string_pretty(&stretches)?);
    } else {
        let rows = stretches::rows(&stretches);
        tell(args, &aligned(&rows, &(1..rows[0].len())));
    }
    if let Some(picture) = picture {
        picture.draw(stretch_curves(&stretches))?;
    }
    Ok(Exit::Done)
}

/// Prints the comparison where the picture doesn't go.
fn tell(args: &cli::CompareArgs, text: &str) {
    match &args.out {
        Some(out) => say::of_output(out, text),
        None => say::out(text),
    }
}

/// What could be read; of the rest is said why not.
fn kept<T>(read: impl Iterator<Item = Result<T>>) -> Vec<T> {
    let mut kept = Vec::new();
    for one in read {
        match one {
            Ok(one) => kept.push(one),
            Err(error) => say::err(&format!("left out: {error:#}")),
        }
    }
    kept
}

/// Removes the settings that are equal in all runs. A setting that a run does not have is absent there.
fn keep_differing(runs: &mut [ComparedRun]) {
    let names = differing(runs.iter().map(|run| &run.settings));
    for run in runs {
        run.settings.retain(|name, _| names.contains(name));
        for name in &names {
            let setting = run.settings.entry(name.clone());
            setting.or_insert_with(ComparedSetting::absent);
        }
    }
}

/// The table of the runs; with M and the time at the end of the start by matching where a run has one.
fn table(runs: &[ComparedRun]) -> String {
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
        let mut row = vec![run.run.clone(), run.end_word(), run.iterations.to_string()];
        row.extend(FIGURES.map(|(_, figure)| {
            let value = run.figure(figure);
            value.map_or("-".into(), |value| format_number(value, DIGITS))
        }));
        row.push(format!("{:.1}", run.seconds));
        if matched {
            let of = |figure: fn(&Matched) -> String| run.matching.as_ref().map(figure);
            let figures = [
                of(|matched| format_number(matched.m, DIGITS)),
                of(|matched| format!("{:.1}", matched.seconds)),
            ];
            row.extend(figures.map(|figure| figure.unwrap_or("-".into())));
        }
        row.extend(run.settings.values().map(|ComparedSetting { start, end }| {
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

/// Aligns the cells of rows; the columns `numbers` to the right.
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
    use crate::event::Event;
    use crate::event::Figures;
    use crate::event::Losses;
    use crate::run::synthetic;
    use crate::session::Applies;
    use crate::session::Session;

    fn run(name: &str, events: &[Event]) -> ComparedRun {
        let mut run = ComparedRun {
            run: name.into(),
            ..ComparedRun::default()
        };
        events.iter().for_each(|event| run.add(event));
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
            figures: Figures {
                losses: Losses {
                    c,
                    l: 1.5,
                    r: 0.25,
                    loss: 2.0 * c,
                },
                c_se: Some(0.02),
                divergence: (c < 3.0).then_some(c - 2.75),
                divergence_se: None,
            },
            best: true,
            best_c: false,
            doubt: None,
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
            applies: Applies::Live,
        };
        let mut runs = vec![
            run("none", &[start(rate)]),
            run("one", &[start(|_| ()), best(2, 3.5), edit]),
            run("another", &[start(rate), best(4, 2.875), best(6, 2.8125)]),
        ];
        runs.sort_by(|a, b| a.compare(b, RunOrder::C));
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
            applies: Applies::Live,
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
        runs.sort_by(|a, b| a.compare(b, RunOrder::Name));
        let names: Vec<&str> = runs.iter().map(|run| run.run.as_str()).collect();
        assert_eq!(names, ["another", "none", "one"]);
    }
}
