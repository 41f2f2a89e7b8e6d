//! The report of a run for a CI system, `otflow train --report FILE`.
//!
//! The training is a test, and so is every gate. A gate that is missed is a failed test, with its value and limit; a run that diverges, is
//! stopped by a signal, loses a rank or can't write is an error of the test `training`. The report is written before the training begins,
//! as an error: so that a file that can't be written is found then, and a killed process leaves no report of an earlier run.
//!
//! | file | holds |
//! | --- | --- |
//! | `junit.rs`, `markdown.rs` | the report as text |

mod junit;
mod markdown;

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::agreement::Failure;
use super::prepare::Prepared;
use crate::cli::{ReportFile, ReportFormat};
use crate::cpu;
use crate::event::{Finished, Start};
use crate::exit::Exit;
use crate::file::{self, Output, OutputPlace};
use crate::session::{Gate, name_without_file};

/// The writer of the report of one run.
pub(super) struct ReportWriter {
    file: ReportFile,
    /// The name of the session; before the run is prepared that of its file.
    name: String,
    /// The run; None before it is prepared.
    run: Option<ReportedRun>,
}

/// What a report tells of a run besides its end.
struct ReportedRun {
    start: Start,
    directory: PathBuf,
    /// The gates in force before the first iteration.
    gates: Vec<Gate>,
}

/// A report, before it is text.
struct Report {
    /// The name of the session.
    name: String,
    /// Training time, seconds.
    seconds: f64,
    facts: Vec<Fact>,
    /// The training, then every gate.
    tests: Vec<ReportTest>,
}

/// A figure or a name, as text.
struct Fact {
    name: &'static str,
    value: String,
}

/// A test of a report.
struct ReportTest {
    name: String,
    outcome: TestOutcome,
}

/// The outcome of a test.
enum TestOutcome {
    /// It has passed, with this figure.
    Passed(Option<String>),
    /// The value is not what was asked for.
    Failed(String),
    /// It could not be carried out to its end.
    Error(Trouble),
    /// It was not come to.
    Skipped,
}

/// The reason why a run did not end as it should.
struct Trouble {
    /// One word: `diverged`, `signal`, `refused`, ...
    kind: &'static str,
    /// A sentence.
    message: String,
}

impl ReportWriter {
    /// The writer for a file that can be written as far as is known before the run directory is there; `out` is that directory, if it
    /// was named. Nothing is written yet.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(super) fn open(
        file: &ReportFile,
        session: Option<&Path>,
        out: Option<&Path>,
    ) -> Result<Self> {
        let path = &file.path;
        let in_run = out.is_some_and(|out| path.starts_with(out));
        if !in_run && !file::is_stream(path) {
            // Dropped, it is gone.
            Output::begin(OutputPlace::open(path)?)?;
        }
        let stem = session.and_then(Path::file_stem);
        Ok(ReportWriter {
            file: file.clone(),
            name: stem.map_or("otflow".into(), |stem| stem.to_string_lossy().into_owned()),
            run: None,
        })
    }

    /// Writes that a run has not begun, for this reason.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(super) fn refused(&self, failure: &Failure) -> Result<()> {
        let trouble = Trouble {
            kind: failure.kind(),
            message: failure.to_string(),
        };
        self.write(None, Some(trouble))
    }

    /// Writes that a run has begun and not ended.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(super) fn begin(&mut self, prepared: &Prepared) -> Result<()> {
        self.name.clone_from(&prepared.start.name);
        self.run = Some(ReportedRun {
            start: prepared.start.clone(),
            directory: prepared.directory.path().to_owned(),
            gates: prepared.trainer.session().gates.clone(),
        });
        let trouble = Trouble {
            kind: "unfinished",
            message: "the training has not ended: it is under way, or the process was killed"
                .into(),
        };
        // A stream can't take it back.
        match file::is_stream(&self.file.path) {
            true => Ok(()),
            false => self.write(None, Some(trouble)),
        }
    }

    /// Writes how the run has ended.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(super) fn end(&self, finished: Option<&Finished>, exit: &Result<Exit>) -> Result<()> {
        let reason =
            || finished.map_or("it was left".into(), |finished| finished.reason.to_string());
        let kind = match exit {
            Ok(Exit::Done | Exit::GateMissed) => return self.write(finished, None),
            Ok(Exit::Diverged) => "diverged",
            Ok(Exit::Signal(_)) => "signal",
            Ok(Exit::Failed | Exit::Refused) | Err(_) => "failed",
        };
        let message = match exit {
            Err(error) => format!("{error:#}"),
            Ok(_) => reason(),
        };
        self.write(finished, Some(Trouble { kind, message }))
    }

    fn write(&self, finished: Option<&Finished>, trouble: Option<Trouble>) -> Result<()> {
        let report = Report {
            name: printable(&self.name),
            seconds: finished.map_or(0.0, |finished| finished.seconds),
            facts: self.facts(finished),
            tests: self.tests(finished, trouble),
        };
        let text = match self.file.format {
            ReportFormat::JUnit => junit::text(&report)?,
            ReportFormat::Markdown => markdown::text(&report),
        };
        Ok(file::write_output(&self.file.path, text.as_bytes())?)
    }

    fn tests(&self, finished: Option<&Finished>, trouble: Option<Trouble>) -> Vec<ReportTest> {
        let training = match trouble {
            Some(Trouble { kind, message }) => TestOutcome::Error(Trouble {
                kind,
                message: printable(&message),
            }),
            None => {
                TestOutcome::Passed(finished.map(|finished| format!("passed, {}", finished.reason)))
            }
        };
        let mut tests = vec![ReportTest {
            name: "training".into(),
            outcome: training,
        }];
        match finished {
            Some(finished) => tests.extend(finished.gates.iter().map(|result| ReportTest {
                name: result.gate.to_string(),
                outcome: match result.passed {
                    true => TestOutcome::Passed(Some(result.outcome())),
                    false => TestOutcome::Failed(result.outcome()),
                },
            })),
            None => {
                tests.extend(
                    self.run
                        .iter()
                        .flat_map(|run| &run.gates)
                        .map(|gate| ReportTest {
                            name: gate.to_string(),
                            outcome: TestOutcome::Skipped,
                        }),
                )
            }
        }
        tests
    }

    /// What was trained where, and what came out.
    fn facts(&self, finished: Option<&Finished>) -> Vec<Fact> {
        let Some(ReportedRun {
            start, directory, ..
        }) = &self.run
        else {
            return Vec::new();
        };
        let unfiled = || name_without_file(&start.name);
        let session = start.file.as_ref();
        let mut facts = vec![
            fact("run", directory.display()),
            fact(
                "session",
                session.map_or_else(unfiled, |file| file.display().to_string()),
            ),
            fact("build", start.build()),
            fact("CPU", cpu::name()),
            fact("workers", start.workers()),
        ];
        let Some(finished) = finished else {
            return facts;
        };
        facts.extend([
            fact("end", finished.reason),
            fact("iterations", finished.iteration),
            fact("seconds", finished.seconds),
        ]);
        if let Some(best) = &finished.best {
            let figures = &best.figures;
            facts.extend([
                fact("best iteration", best.iteration),
                fact("C", figures.losses.c),
            ]);
            facts.extend(figures.c_se.map(|error| fact("C standard error", error)));
            facts.extend(figures.divergence.map(|value| fact("C - H", value)));
            let error = figures.divergence_se;
            facts.extend(error.map(|value| fact("C - H standard error", value)));
            facts.extend([fact("L", figures.losses.l), fact("R", figures.losses.r)]);
        }
        let file = match finished.best {
            Some(_) => "best.safetensors",
            None => "last.safetensors",
        };
        facts.push(fact("parameters", directory.join(file).display()));
        facts
    }
}

fn fact(name: &'static str, value: impl ToString) -> Fact {
    Fact {
        name,
        value: printable(&value.to_string()),
    }
}

/// A text without the characters that XML can't have, and without those that a terminal or an editor may act on.
fn printable(text: &str) -> String {
    let forbidden = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{fffe}' | '\u{ffff}');
    let printable = |c: char| if forbidden(c) { '\u{fffd}' } else { c };
    text.chars().map(printable).collect()
}

#[cfg(test)]
mod tests;
