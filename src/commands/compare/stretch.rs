//! A stretch of a run in a comparison: level and slope of its losses in training and validation, its rate, time and settings, a fold over the
//! events of the run.

use anyhow::Result;
use serde::Serialize;

use super::curve::CurveWithEntropy;
use super::run::read_events;
use super::stretch_argument::StretchArgument;
use crate::event::{Event, Losses, SCHEMA};
use crate::plot::{CurvePoint, LearningCurve};
use crate::run::settings::{ComparedSetting, RunSettings, at_start};
use crate::session::Applies;
use crate::trend::{Estimate, SeriesPoint, Trend};

/// L, C and R of a stretch, each with its trend over the iterations; None where there are too few.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct LossTrends {
    /// Number of values.
    pub(super) count: usize,
    #[serde(rename = "C")]
    pub(super) c: Option<LossTrend>,
    #[serde(rename = "L")]
    pub(super) l: Option<LossTrend>,
    #[serde(rename = "R")]
    pub(super) r: Option<LossTrend>,
}

/// Level and slope of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct LossTrend {
    /// Mean.
    pub(super) level: Estimate,
    /// Change in 1000 iterations.
    pub(super) slope: Estimate,
}

impl LossTrends {
    fn of(values: &[(u64, Losses)]) -> Self {
        let trend = |of: fn(&Losses) -> f64| {
            let point = |(iteration, losses): &(u64, Losses)| SeriesPoint {
                x: *iteration as f64 / 1000.0,
                y: of(losses),
            };
            let trend = Trend::fit(&values.iter().map(point).collect::<Vec<_>>())?;
            let (level, slope) = (trend.level, trend.slope);
            Some(LossTrend { level, slope })
        };
        LossTrends {
            count: values.len(),
            c: trend(|losses| losses.c),
            l: trend(|losses| losses.l),
            r: trend(|losses| losses.r),
        }
    }
}

/// A stretch of a run; the names of the fields are those of the JSON list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Stretch {
    pub(super) schema: u32,
    pub(super) stretch: String,
    /// First and last iteration that it has.
    pub(super) first: u64,
    pub(super) last: u64,
    /// Training time from the end of the iteration before it.
    pub(super) seconds: f64,
    /// Learning rate in its first and its last iteration.
    pub(super) rate: Option<RateRange>,
    pub(super) validation: LossTrends,
    pub(super) training: LossTrends,
    /// Settings at its beginning and at its end, by field.
    pub(super) settings: RunSettings,
    /// C of its validations over the time since its beginning.
    #[serde(skip)]
    pub(super) points: Vec<CurvePoint>,
    /// Entropy H of the data, nats, where it is known.
    #[serde(skip)]
    pub(super) entropy: Option<f64>,
}

/// The learning rate of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct RateRange {
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Stretch {
    /// Reads a stretch of a run directory.
    ///
    /// # Errors
    /// When it is no run, can't be read, or has no iteration there.
    pub(super) fn read(argument: &StretchArgument) -> Result<Self> {
        let mut fold = StretchFold::new(argument);
        read_events(&argument.run, |event| fold.add(event))?;
        fold.finish()
    }

    /// The learning curve from the beginning of the stretch: the validations that are the best of it so far.
    pub(super) fn curve(&self) -> CurveWithEntropy {
        let mut least = f64::INFINITY;
        let mut points = self.points.clone();
        points.retain(|point| {
            let better = point.c < least;
            least = least.min(point.c);
            better
        });
        CurveWithEntropy {
            curve: LearningCurve {
                name: self.stretch.clone(),
                points,
                seconds: self.seconds,
            },
            entropy: self.entropy,
        }
    }
}

/// The fold over the events of a run that makes a stretch of it.
pub(super) struct StretchFold<'a> {
    asked: &'a StretchArgument,
    told: Stretch,
    /// Training time before its first iteration.
    began: f64,
    seen: bool,
    training: Vec<(u64, Losses)>,
    validation: Vec<(u64, Losses)>,
}

impl<'a> StretchFold<'a> {
    pub(super) fn new(asked: &'a StretchArgument) -> Self {
        StretchFold {
            asked,
            told: Stretch {
                schema: SCHEMA,
                ..Stretch::default()
            },
            began: 0.0,
            seen: false,
            training: Vec::new(),
            validation: Vec::new(),
        }
    }

    /// Adds an event.
    pub(super) fn add(&mut self, event: &Event) {
        match event {
            Event::Start(start) => {
                self.told.entropy = start.entropy;
                self.told.settings = at_start(&start.session);
            }
            Event::Edit {
                iteration,
                field,
                new,
                applies,
                ..
            } if *applies != Applies::Restart && *iteration < self.asked.to => {
                let settings = &mut self.told.settings;
                let setting = settings
                    .entry(field.clone())
                    .or_insert_with(ComparedSetting::absent);
                setting.end.clone_from(new);
                if *iteration < self.asked.from {
                    setting.start.clone_from(new);
                }
            }
            &Event::Iteration {
                iteration,
                seconds,
                lr,
                losses,
                ..
            } => {
                let held = self.record(iteration, seconds, lr);
                self.training.extend(held.then_some((iteration, losses)));
            }
            &Event::Matching {
                iteration,
                seconds,
                lr,
                ..
            } => _ = self.record(iteration, seconds, lr),
            &Event::Validation {
                iteration,
                seconds,
                figures,
                ..
            } if self.holds(iteration) => {
                self.validation.push((iteration, figures.losses));
                self.told.points.push(CurvePoint {
                    seconds: seconds - self.began,
                    c: figures.losses.c,
                });
            }
            _ => {}
        }
    }

    fn holds(&self, iteration: u64) -> bool {
        (self.asked.from..=self.asked.to).contains(&iteration)
    }

    /// Records an iteration; true if it belongs to the stretch.
    fn record(&mut self, iteration: u64, seconds: f64, lr: f64) -> bool {
        if !self.holds(iteration) {
            if !self.seen {
                self.began = seconds;
            }
            return false;
        }
        if !std::mem::replace(&mut self.seen, true) {
            self.told.first = iteration;
        }
        self.told.last = iteration;
        self.told.seconds = seconds - self.began;
        let rate = self
            .told
            .rate
            .get_or_insert(RateRange { start: lr, end: lr });
        rate.end = lr;
        true
    }

    /// The stretch.
    ///
    /// # Errors
    /// When the run has no iteration in it.
    pub(super) fn finish(mut self) -> Result<Stretch> {
        let run = self.asked.run.display();
        if !self.seen {
            let (from, to) = (self.asked.from, self.asked.to);
            anyhow::bail!("{run} has no iteration from {from} to {to}");
        }
        let (first, last) = (self.told.first, self.told.last);
        self.told.stretch = format!("{run}@{first}-{last}");
        self.told.training = LossTrends::of(&self.training);
        self.told.validation = LossTrends::of(&self.validation);
        Ok(self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Figures;

    fn losses(c: f64) -> Losses {
        Losses {
            c,
            l: 1.0,
            r: -c,
            loss: c,
        }
    }

    /// 100 iterations of half a second, C 3 - iteration / 1000 in training and 0.1 more in validations every 10; the rate halves after 50, and
    /// a weight is edited at 30 and at 70.
    fn told(from: u64, to: u64) -> Result<Stretch> {
        let asked = StretchArgument {
            run: "run".into(),
            from,
            to,
        };
        let mut fold = StretchFold::new(&asked);
        let mut start = crate::run::synthetic::start();
        start.entropy = Some(2.0);
        fold.add(&Event::Start(start));
        for iteration in 1..=100 {
            let c = 3.0 - iteration as f64 / 1000.0;
            let seconds = 0.5 * iteration as f64;
            fold.add(&Event::Iteration {
                iteration,
                seconds,
                lr: if iteration <= 50 { 0.1 } else { 0.05 },
                gradient: 1.0,
                update: 0.1,
                losses: losses(c),
            });
            if iteration % 10 == 0 {
                fold.add(&Event::Validation {
                    iteration,
                    seconds,
                    figures: Figures {
                        losses: losses(c + 0.1),
                        ..Figures::default()
                    },
                    best: false,
                    best_c: false,
                    doubt: None,
                });
            }
            if iteration == 30 || iteration == 70 {
                fold.add(&Event::Edit {
                    iteration,
                    field: "weights.hjb".into(),
                    old: "1.0".into(),
                    new: format!("{iteration}.0"),
                    applies: Applies::Live,
                });
            }
        }
        fold.finish()
    }

    #[test]
    fn a_stretch_has_the_levels_and_slopes_of_its_iterations_alone() {
        let told = told(41, 80).unwrap();
        assert_eq!((told.stretch.as_str(), told.seconds), ("run@41-80", 20.0));
        assert_eq!((told.training.count, told.validation.count), (40, 4));
        let near = |estimate: Estimate, value: f64| (estimate.value - value).abs() < 1e-12;
        let c = told.training.c.unwrap();
        assert!(near(c.level, 3.0 - 0.0605) && near(c.slope, -1.0));
        let c = told.validation.c.unwrap();
        assert!(near(c.level, 3.1 - 0.065) && near(c.slope, -1.0));
        assert!(near(told.validation.r.unwrap().slope, 1.0));
        assert!(near(told.validation.l.unwrap().level, 1.0));
        let rate = told.rate.unwrap();
        assert_eq!((rate.start, rate.end), (0.1, 0.05));
        let hjb = &told.settings["weights.hjb"];
        assert_eq!((hjb.start.as_str(), hjb.end.as_str()), ("30.0", "70.0"));
        let times: Vec<f64> = told.points.iter().map(|point| point.seconds).collect();
        assert_eq!(times, [5.0, 10.0, 15.0, 20.0]);
    }

    #[test]
    fn the_curve_has_the_best_of_the_stretch_so_far() {
        let point = |(i, &c): (usize, &f64)| CurvePoint {
            seconds: i as f64,
            c,
        };
        let values = [3.0, 3.5, f64::NAN, 2.5, 2.5, 2.0];
        let stretch = Stretch {
            points: values.iter().enumerate().map(point).collect(),
            ..Stretch::default()
        };
        let points = stretch.curve().curve.points;
        let values: Vec<f64> = points.iter().map(|point| point.c).collect();
        assert_eq!(values, [3.0, 2.5, 2.0]);
    }

    #[test]
    fn few_validations_have_no_trend_and_no_iterations_are_an_error() {
        let told_few = told(50, 70).unwrap();
        assert_eq!(
            (told_few.validation.count, told_few.validation.c),
            (3, None)
        );
        let error = told(200, 300).unwrap_err().to_string();
        assert!(error.contains("no iteration from 200 to 300"), "{error}");
    }
}
