//! What the events of a run have shown so far, and the verdict that follows; the rules are in the head of `verdict.rs`.

use std::collections::VecDeque;

use super::{Assessment, Verdict};
use crate::event::{Best, Event, Figures, Finished, Reason};
use crate::session::Schedule;
use crate::trend::{SeriesPoint, Trend, rank_trend};

/// Validations that a verdict looks back on.
const WINDOW: usize = 10;
/// Validations before which there is none.
const FEW: usize = 3;
/// Validations in a row that show overfitting, and those that do where C rises and training C falls.
const OVERFITTED: usize = 5;
const PARTING: usize = 2;
/// The gap of validation and training, in standard errors, that shows it.
const GAP: f64 = 4.0;
/// Standard errors above the best that are no noise.
const HIGH: f64 = 10.0;
/// Errors of the slope that make a trend: the 95% quantile of t with 8 degrees of freedom, two-sided.
const TREND: f64 = 2.3;
/// The z of the ranks that makes a fall: the 0.5% quantile of the normal distribution.
const FALL: f64 = -2.576;

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
        let needed = if self.parts() { PARTING } else { OVERFITTED };
        let last = self.window.back()?;
        let first = self.window.len().checked_sub(needed)?;
        let old = self.best?.iteration < self.window[first].iteration;
        (count >= needed && old).then(|| {
            format!(
                "C is {:.2} nats above training for {count} validations, best {:.3} at iteration {}",
                last.gap().unwrap_or(f64::NAN),
                self.best.map_or(f64::NAN, |best| best.c),
                self.best.map_or(0, |best| best.iteration)
            )
        })
    }

    /// At each of the last validations C has risen and training C fallen.
    fn parts(&self) -> bool {
        let last: Vec<&Point> = self.window.iter().rev().take(PARTING + 1).collect();
        let parts = |pair: &[&Point]| {
            pair[0].c > pair[1].c
                && pair[0]
                    .training
                    .zip(pair[1].training)
                    .is_some_and(|(new, old)| new < old)
        };
        last.len() > PARTING && last.windows(2).all(parts)
    }

    fn stalls(&self) -> Option<String> {
        let trend = self.trend()?;
        let renewed = self.rate_falls && self.window.iter().any(|point| point.best);
        let values: Vec<f64> = self.window.iter().map(|point| point.c).collect();
        let falls = trend.falls() || rank_trend(&values) < FALL;
        (self.window.len() == WINDOW && !falls && !renewed).then(|| {
            let CTrend {
                change,
                error,
                iterations,
            } = trend;
            if change > TREND * error {
                return format!("C has risen by {change:.4} +- {error:.4} in {iterations} iterations");
            }
            format!("C has not moved beyond its noise in {iterations} iterations: {change:+.4} +- {error:.4}")
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
