//! Whether training goes well, in one word with the figure behind it and what to do next: a fold over the events of a run, the same
//! on every front end.
//!
//! ```text
//! starting     fewer than 3 validations since the beginning of the phase, or since the last edit, rollback or return
//! unstable     a rollback, or a C that twice the steps did not confirm, within the last 10 validations,
//!              or the last two with C > best + 10 se, training C as high
//! overfitting  5 validations in a row with C - training C > 4 se, and the best C before them
//! stalled      10 validations without a trend of C: |slope| < 2.3 errors of the slope (`trend.rs`)
//!              (where the schedule has still to lower the rate: and without a new best)
//! improving    otherwise
//! diverged, done  the end of the run
//! ```
//!
//! se is the standard error of C of a validation; the training C is the mean over the iterations since the validation before.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{Best, Event, Figures, Finished, Reason};
use crate::session::Schedule;
use crate::trend::{SeriesPoint, Trend};

/// Validations that a verdict looks back on.
const WINDOW: usize = 10;
/// Validations before which there is none.
const FEW: usize = 3;
/// Validations in a row that show overfitting, and their gap in standard errors.
const OVERFITTED: usize = 5;
const GAP: f64 = 4.0;
/// Standard errors above the best that are no noise.
const HIGH: f64 = 10.0;
/// Errors of the slope that make a trend: the 95% quantile of t with 8 degrees of freedom, two-sided.
const TREND: f64 = 2.3;

/// How training goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is too early to tell.
    #[default]
    Starting,
    /// C falls.
    Improving,
    /// C does not fall any more.
    Stalled,
    /// The network learns its rows by heart.
    Overfitting,
    /// Steps go too far.
    Unstable,
    /// The run has ended by divergence.
    Diverged,
    /// The run has ended.
    Done,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 7] = [
        Verdict::Starting,
        Verdict::Improving,
        Verdict::Stalled,
        Verdict::Overfitting,
        Verdict::Unstable,
        Verdict::Diverged,
        Verdict::Done,
    ];

    /// True if a user may want to do something about it.
    pub fn asks(self) -> bool {
        !matches!(self, Verdict::Starting | Verdict::Improving)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Starting => "starting",
            Verdict::Improving => "improving",
            Verdict::Stalled => "stalled",
            Verdict::Overfitting => "overfitting",
            Verdict::Unstable => "unstable",
            Verdict::Diverged => "diverged",
            Verdict::Done => "done",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A verdict with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The word.
    pub verdict: Verdict,
    /// The figure behind it, as a sentence without its stop.
    pub finding: String,
    /// What a user may do next; empty where nothing is to be done.
    pub advice: String,
}

impl Assessment {
    /// The figure and what to do next, in a line.
    pub fn reason(&self) -> String {
        let Assessment {
            finding, advice, ..
        } = self;
        if advice.is_empty() {
            return finding.clone();
        }
        format!("{finding}: {advice}")
    }
}

/// One validation, as far as it tells how training goes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    iteration: u64,
    c: f64,
    error: f64,
    /// Mean C of the training batches since the validation before.
    training: Option<f64>,
    best: bool,
}

impl Point {
    fn gap(&self) -> Option<f64> {
        Some(self.c - self.training?)
    }

    fn is_overfitted(&self) -> bool {
        self.gap().is_some_and(|gap| gap > GAP * self.error)
    }
}

/// What the events so far have shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The last validations since the last change.
    window: VecDeque<Point>,
    /// The least C of a validation since then, and its standard error.
    best: Option<Point>,
    /// Sum and number of the training C since the last validation.
    training: TrainingMean,
    /// The reason why the window begins where it does.
    since: Option<Change>,
    trouble: Option<Trouble>,
    matching: Option<Matching>,
    /// The schedule lowers the rate as the run goes on.
    rate_falls: bool,
    finished: Option<Finished>,
    assessment: Assessment,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct TrainingMean {
    sum: f64,
    count: f64,
}

/// A change after which the trend is another one.
#[derive(Clone, Debug, PartialEq)]
struct Change {
    iteration: u64,
    /// In words, as `the edit of optimizer.lr`.
    what: String,
}

/// A sign of steps that go too far.
#[derive(Clone, Debug, PartialEq)]
struct Trouble {
    iteration: u64,
    finding: String,
    /// Validations since.
    age: usize,
    count: u32,
}

/// The last iteration of a start by matching.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Matching {
    iteration: u64,
    m: f64,
}

impl Evidence {
    /// Takes up an event; true if the verdict has changed.
    pub fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::Start(start) => {
                *self = Evidence::default();
                let schedule = start.session.optimizer.stepping().schedule;
                self.rate_falls = schedule != Schedule::Constant;
            }
            Event::Iteration { losses, .. } => {
                if self.matching.take().is_some() {
                    self.begin_anew(None);
                }
                self.training.sum += losses.c;
                self.training.count += 1.0;
                // Assessed where a validation has come.
                return false;
            }
            Event::Matching { iteration, m, .. } => {
                self.matching = Some(Matching {
                    iteration: *iteration,
                    m: *m,
                });
                return false;
            }
            Event::Validation {
                iteration,
                figures,
                best,
                doubt,
                ..
            } => {
                self.validate(*iteration, figures, *best);
                if let Some(doubt) = doubt {
                    self.stumble(*iteration, doubt.clone());
                }
            }
            Event::Rollback {
                iteration,
                quantity,
                finding,
                ..
            } => {
                self.begin_anew(None);
                self.stumble(*iteration, format!("{quantity} {finding}"));
            }
            Event::Edit {
                iteration,
                field,
                new,
                ..
            } if is_of_training(field) => {
                if field == "optimizer.schedule" {
                    self.rate_falls = new != "Constant";
                }
                // A rate or an objective that is said to be another one deserves a new look.
                self.trouble = None;
                self.begin_anew(Some(Change {
                    iteration: *iteration,
                    what: format!("the edit of {field}"),
                }));
            }
            Event::Restored { iteration, .. } => self.begin_anew(Some(Change {
                iteration: *iteration,
                what: "the return to the best".into(),
            })),
            Event::Finished(finished) => self.finished = Some(finished.clone()),
            _ => return false,
        }
        let new = self.assess();
        let changed = new.verdict != self.assessment.verdict;
        self.assessment = new;
        changed
    }

    /// The verdict, with its reason.
    pub fn assessment(&self) -> &Assessment {
        &self.assessment
    }

    fn begin_anew(&mut self, since: Option<Change>) {
        self.window.clear();
        self.best = None;
        self.training = TrainingMean::default();
        self.since = since;
    }

    fn stumble(&mut self, iteration: u64, finding: String) {
        let count = self.trouble.as_ref().map_or(0, |trouble| trouble.count) + 1;
        self.trouble = Some(Trouble {
            iteration,
            finding,
            age: 0,
            count,
        });
    }

    fn validate(&mut self, iteration: u64, figures: &Figures, best: bool) {
        let TrainingMean { sum, count } = std::mem::take(&mut self.training);
        let training = (count > 0.0).then(|| sum / count);
        let point = Point {
            iteration,
            c: figures.losses.c,
            error: figures.c_se.unwrap_or(0.0),
            training,
            best,
        };
        if let Some(trouble) = &mut self.trouble {
            trouble.age += 1;
        }
        self.trouble = self.trouble.take().filter(|trouble| trouble.age <= WINDOW);
        if self.best.is_none_or(|best| point.c < best.c) {
            self.best = Some(point);
        }
        self.window.push_back(point);
        if self.window.len() > WINDOW {
            self.window.pop_front();
        }
    }

    fn assess(&self) -> Assessment {
        let told = |verdict, finding: String, advice: &str| Assessment {
            verdict,
            finding,
            advice: advice.into(),
        };
        if let Some(finished) = &self.finished {
            return self.ended(finished);
        }
        if let Some(trouble) = &self.trouble {
            return told(Verdict::Unstable, trouble.told(), "lower optimizer.lr");
        }
        if let Some(Matching { iteration, m }) = self.matching {
            let finding = format!("matching, M {m:.4} at iteration {iteration}");
            return told(Verdict::Starting, finding, "");
        }
        if self.window.len() < FEW {
            return told(Verdict::Starting, self.few(), "");
        }
        if let Some(finding) = self.rises() {
            return told(
                Verdict::Unstable,
                finding,
                "lower optimizer.lr, or go back to the best",
            );
        }
        if let Some(finding) = self.overfits() {
            let advice = "smaller network, more decay, or stop here";
            return told(Verdict::Overfitting, finding, advice);
        }
        if let Some(finding) = self.stalls() {
            return told(Verdict::Stalled, finding, "lower optimizer.lr, or end");
        }
        told(Verdict::Improving, self.improves(), "")
    }

    fn ended(&self, finished: &Finished) -> Assessment {
        let best = match finished.best {
            Some(best) => told_best(&best),
            None => "no validation".into(),
        };
        if finished.reason == Reason::Diverged {
            let why = self.trouble.as_ref().map(Trouble::told);
            return Assessment {
                verdict: Verdict::Diverged,
                finding: why.unwrap_or_else(|| finished.reason.to_string()),
                advice: format!("a lower optimizer.lr; kept: {best}"),
            };
        }
        let last = match self.assessment.verdict {
            verdict @ (Verdict::Overfitting | Verdict::Unstable | Verdict::Stalled) => {
                format!("; it was {verdict} at the end: {}", self.assessment.advice)
            }
            _ => String::new(),
        };
        Assessment {
            verdict: Verdict::Done,
            finding: best,
            advice: format!("otflow evaluate judges it on rows it has not seen{last}"),
        }
    }

    fn few(&self) -> String {
        let count = self.window.len();
        let validations = match count {
            1 => "1 validation".into(),
            _ => format!("{count} validations"),
        };
        match &self.since {
            Some(Change { iteration, what }) => {
                format!("{validations} since {what} at iteration {iteration}")
            }
            None => format!("{validations} so far"),
        }
    }

    /// The last two validations are far above the best, and so is training.
    fn rises(&self) -> Option<String> {
        let best = self.best?;
        let rise = |point: &Point| point.c - best.c;
        let high = |point: &&Point| {
            let gap = point.gap().unwrap_or(0.0);
            // A C that is no number is far above any other.
            let low = rise(point) <= HIGH * best.error || gap > rise(point) / 2.0;
            !low
        };
        let last = self.window.iter().rev().take(2);
        let last: Vec<&Point> = last.filter(high).collect();
        let point = *last.first()?;
        (last.len() == 2 && best.error > 0.0).then(|| {
            format!(
                "C is {:.2} nats above its best of iteration {}",
                rise(point),
                best.iteration
            )
        })
    }

    fn overfits(&self) -> Option<String> {
        let row = self
            .window
            .iter()
            .rev()
            .take_while(|point| point.is_overfitted());
        let count = row.count();
        let last = self.window.back()?;
        let first = self.window.len().checked_sub(OVERFITTED)?;
        let old = self.best?.iteration < self.window[first].iteration;
        (count >= OVERFITTED && old).then(|| {
            format!(
                "C is {:.2} nats above training for {count} validations, best {:.3} at iteration {}",
                last.gap().unwrap_or(f64::NAN),
                self.best.map_or(f64::NAN, |best| best.c),
                self.best.map_or(0, |best| best.iteration)
            )
        })
    }

    fn stalls(&self) -> Option<String> {
        let trend = self.trend()?;
        let renewed = self.rate_falls && self.window.iter().any(|point| point.best);
        (self.window.len() == WINDOW && !trend.falls() && !renewed).then(|| {
            let CTrend {
                change,
                error,
                iterations,
            } = trend;
            if change > TREND * error {
                return format!("C has risen by {change:.4} +- {error:.4} in {iterations} iterations");
            }
            format!("C has not moved by its error in {iterations} iterations: {change:+.4} +- {error:.4}")
        })
    }

    fn improves(&self) -> String {
        match self.trend() {
            Some(trend) if trend.falls() => format!(
                "C fell by {:.3} +- {:.3} nats in {} iterations",
                -trend.change, trend.error, trend.iterations
            ),
            _ => match self.window.iter().rev().find(|point| point.best) {
                Some(best) => format!("best C {:.4} at iteration {}", best.c, best.iteration),
                None => "no trend of C yet".into(),
            },
        }
    }

    /// The trend of C over the window.
    fn trend(&self) -> Option<CTrend> {
        let points = self.window.iter().map(|point| SeriesPoint {
            x: point.iteration as f64,
            y: point.c,
        });
        let Trend { slope, .. } = Trend::fit(&points.collect::<Vec<_>>())?;
        let (first, last) = (self.window.front()?, self.window.back()?);
        let iterations = last.iteration - first.iteration;
        Some(CTrend {
            change: slope.value * iterations as f64,
            error: slope.error * iterations as f64,
            iterations,
        })
    }
}

/// The change of C over the window by its trend.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CTrend {
    /// Nats.
    change: f64,
    /// Its standard error.
    error: f64,
    /// Iterations that it is of.
    iterations: u64,
}

impl CTrend {
    fn falls(self) -> bool {
        self.change < -TREND * self.error
    }
}

impl Trouble {
    fn told(&self) -> String {
        let Trouble {
            iteration, finding, ..
        } = self;
        match self.count {
            1 => format!("{finding} at iteration {iteration}"),
            count => format!("{count} times, the last at iteration {iteration}: {finding}"),
        }
    }
}

/// True if an edit of the field changes how the parameters move or what C is of.
fn is_of_training(field: &str) -> bool {
    let groups = [
        "optimizer",
        "weights",
        "flow",
        "data",
        "validation.steps",
        "start",
    ];
    groups.iter().any(|group| field.starts_with(group))
}

fn told_best(best: &Best) -> String {
    let Figures {
        losses,
        divergence,
        divergence_se,
        ..
    } = best.figures;
    let c = format!("best C {:.4} nats", losses.c);
    match divergence.zip(divergence_se) {
        Some((value, error)) => format!("{c}, C - H {value:.4} +- {error:.4}"),
        None => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Losses;
    use crate::run::synthetic;
    use crate::session::{Applies, Optimizer};

    /// Evidence of a run with this schedule.
    fn begun(schedule: Schedule) -> Evidence {
        let mut start = synthetic::start();
        let mut session = (*start.session).clone();
        if let Optimizer::Adam {
            schedule: found, ..
        } = &mut session.optimizer
        {
            *found = schedule;
        }
        start.session = std::sync::Arc::new(session);
        let mut evidence = Evidence::default();
        evidence.apply(&Event::Start(start));
        evidence
    }

    /// The verdict after these validations, every 50 iterations, of C and the training C before it, with an error of 0.01.
    fn after(evidence: &mut Evidence, from: u64, values: &[(f64, f64)]) -> Verdict {
        let mut best = f64::INFINITY;
        for (k, &(c, training)) in values.iter().enumerate() {
            let iteration = from + 50 * (k as u64 + 1);
            let losses = |c| Losses {
                c,
                ..Losses::default()
            };
            evidence.apply(&Event::Iteration {
                iteration,
                seconds: 0.0,
                lr: 0.1,
                gradient: 1.0,
                update: 0.1,
                losses: losses(training),
            });
            evidence.apply(&Event::Validation {
                iteration,
                seconds: 0.0,
                figures: Figures {
                    losses: losses(c),
                    c_se: Some(0.01),
                    ..Figures::default()
                },
                best: c < best,
                best_c: c < best,
                doubt: None,
            });
            best = best.min(c);
        }
        evidence.assessment().verdict
    }

    fn falling(k: usize) -> (f64, f64) {
        let c = 2.0 + (-(k as f64) / 10.0).exp();
        (c, c)
    }

    /// Noise without a trend: +1, -1, -1, +1 ...
    fn noise(k: usize) -> f64 {
        [1.0, -1.0, -1.0, 1.0][k % 4] * 0.003
    }

    #[test]
    fn a_falling_c_is_starting_and_then_improving() {
        let mut evidence = begun(Schedule::Constant);
        assert_eq!(evidence.assessment().verdict, Verdict::Starting);
        for k in 0..30 {
            let verdict = after(&mut evidence, 50 * k as u64, &[falling(k)]);
            let expected = if k < 2 {
                Verdict::Starting
            } else {
                Verdict::Improving
            };
            assert_eq!(verdict, expected, "{k}");
        }
    }

    #[test]
    fn noise_at_a_constant_rate_is_stalled_once_the_window_is_full() {
        let mut evidence = begun(Schedule::Constant);
        let values: Vec<(f64, f64)> = (0..9).map(|k| (2.0 + noise(k), 2.0)).collect();
        assert_eq!(after(&mut evidence, 0, &values), Verdict::Improving);
        assert_eq!(after(&mut evidence, 450, &[(2.0, 2.0)]), Verdict::Stalled);
        let told = &evidence.assessment().finding;
        assert!(told.contains("in 450 iterations"), "{told}");
    }

    #[test]
    fn where_the_rate_has_still_to_fall_a_new_best_is_enough() {
        let values: Vec<(f64, f64)> = (0..20).map(|k| (2.0 + noise(k), 2.0)).collect();
        let cosine = Schedule::Cosine {
            warmup: 1,
            floor: 0.0,
        };
        let mut evidence = begun(cosine);
        let mut last = values.clone();
        last.push((1.99, 2.0));
        assert_eq!(after(&mut evidence, 0, &last), Verdict::Improving);
        let mut evidence = begun(cosine);
        assert_eq!(after(&mut evidence, 0, &values), Verdict::Stalled);
    }

    #[test]
    fn a_validation_that_training_leaves_behind_is_overfitting() {
        let mut evidence = begun(Schedule::Constant);
        let values: Vec<(f64, f64)> = (0..8).map(falling).collect();
        after(&mut evidence, 0, &values);
        let rising = |k: usize| (2.6 + 0.05 * k as f64, 2.4 - 0.1 * k as f64);
        for k in 0..5 {
            let verdict = after(&mut evidence, 400 + 50 * k as u64, &[rising(k)]);
            let overfits = verdict == Verdict::Overfitting;
            assert_eq!(overfits, k == 4, "{k}: {verdict}");
        }
        let told = evidence.assessment();
        assert!(
            told.finding
                .contains("0.80 nats above training for 5 validations"),
            "{told:?}"
        );
    }

    #[test]
    fn a_gap_is_no_overfitting_while_validation_goes_on_falling() {
        let mut evidence = begun(Schedule::Constant);
        let values = (0..20).map(|k| {
            let (c, _) = falling(k);
            (c, c - 0.5)
        });
        let values: Vec<(f64, f64)> = values.collect();
        assert_eq!(after(&mut evidence, 0, &values), Verdict::Improving);
    }

    #[test]
    fn a_rollback_is_unstable_for_ten_validations() {
        let mut evidence = begun(Schedule::Constant);
        after(&mut evidence, 0, &[falling(0), falling(1), falling(2)]);
        evidence.apply(&Event::Rollback {
            iteration: 170,
            quantity: "loss".into(),
            finding: "is 1e9, far above the first, 2.0e2, 3 times in a row".into(),
            to: 150,
            lr: 0.1,
            left: 4,
        });
        assert_eq!(evidence.assessment().verdict, Verdict::Unstable);
        let values: Vec<(f64, f64)> = (3..13).map(falling).collect();
        assert_eq!(after(&mut evidence, 200, &values), Verdict::Unstable);
        assert_eq!(
            after(&mut evidence, 700, &[falling(13)]),
            Verdict::Improving
        );
    }

    #[test]
    fn a_c_far_above_its_best_is_unstable_where_training_is_up_there_too() {
        let high = |training| {
            let mut evidence = begun(Schedule::Constant);
            let mut values: Vec<(f64, f64)> = (0..8).map(falling).collect();
            values.extend([(4.0, training), (4.0, training)]);
            after(&mut evidence, 0, &values)
        };
        assert_eq!(high(4.1), Verdict::Unstable);
        assert_ne!(high(2.0), Verdict::Unstable);
    }

    #[test]
    fn after_an_edit_it_starts_anew_and_says_since_when() {
        let mut evidence = begun(Schedule::Constant);
        let values: Vec<(f64, f64)> = (0..8).map(falling).collect();
        after(&mut evidence, 0, &values);
        let edit = |field: &str| Event::Edit {
            iteration: 400,
            field: field.into(),
            old: "0.1".into(),
            new: "0.05".into(),
            applies: Applies::Live,
        };
        evidence.apply(&edit("pictures.every"));
        assert_eq!(evidence.assessment().verdict, Verdict::Improving);
        evidence.apply(&edit("optimizer.lr"));
        let told = evidence.assessment();
        assert_eq!(told.verdict, Verdict::Starting);
        assert_eq!(
            told.finding,
            "0 validations since the edit of optimizer.lr at iteration 400"
        );
    }

    #[test]
    fn the_end_is_done_or_diverged() {
        let end = |reason| {
            let mut evidence = begun(Schedule::Constant);
            after(&mut evidence, 0, &[falling(0)]);
            evidence.apply(&Event::Finished(Finished {
                iteration: 50,
                seconds: 1.0,
                reason,
                best: None,
                best_c: None,
                gates: Vec::new(),
            }));
            evidence.assessment().verdict
        };
        assert_eq!(end(Reason::Iterations), Verdict::Done);
        assert_eq!(end(Reason::Diverged), Verdict::Diverged);
    }
}
