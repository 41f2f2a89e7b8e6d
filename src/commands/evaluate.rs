//! `otflow evaluate`: how good a trained flow is, over rows that nothing was decided by.
//!
//! ```text
//! L, C, R, loss as in training: C in standardised units of the table's columns; C_data = C + log det in their own
//! inverse error |z - f^-1(f(z))|, mean and largest, in the flow's units
//! divergence C - H where the true density is known: mean of log p - log q over the same rows
//! MMD^2 between rows and generated ones (mmd.rs); straightness, path length over displacement
//! ```

use std::fmt;
use std::time::Instant;

use anyhow::{Result, anyhow};
use otflow_kernels::engine::Direction;
use otflow_kernels::objective::{Costs, log_density};
use serde::Serialize;

use crate::cli;
use crate::commands::sample::draw;
use crate::commands::score::{blocks, missing};
use crate::data::random::Stream;
use crate::data::{Dataset, SplitPart};
use crate::event::Losses;
use crate::exit::{Exit, refuse};
use crate::fitted::{Fitted, Units, split};
use crate::headless::number::{DIGITS, general};
use crate::mmd::mmd;
use crate::model::Model;
use crate::picture::straightness;
use crate::say;
use crate::trainer::Estimate;

/// Version of the JSON.
const SCHEMA: u32 = 1;
/// Rows whose paths are followed for the straightness.
const PATHS: usize = 1000;

/// What an evaluation finds.
#[derive(Debug, Serialize)]
pub struct Evaluation {
    schema: u32,
    /// Rows evaluated.
    pub rows: usize,
    /// Time steps nt.
    pub steps: usize,
    /// Evaluations of the right-hand side along a path.
    pub nfe: usize,
    /// loss, L, C, R; C in standardised units of the table's columns.
    #[serde(flatten)]
    pub losses: Losses,
    /// C in the data's own units, nats.
    #[serde(rename = "C_data")]
    pub c_data: f64,
    /// Standard error of C, nats.
    #[serde(rename = "C_se")]
    pub c_se: f64,
    /// C - H, nats.
    pub divergence: Option<f64>,
    /// Its standard error.
    pub divergence_se: Option<f64>,
    /// Mean of |z - f^-1(f(z))|, in the flow's units.
    pub inverse_error: f64,
    /// The largest.
    pub inverse_error_max: f64,
    /// Mean of path length over displacement.
    pub straightness: Option<f64>,
    /// MMD^2 against generated rows, unbiased.
    pub mmd: Option<f64>,
    /// Its kernel.
    pub mmd_kernel: &'static str,
    /// Bandwidth of the kernel, standardised units.
    pub mmd_bandwidth: Option<f64>,
    /// Rows of each set.
    pub mmd_samples: Option<usize>,
    /// Rows whose log density was computed in a second.
    pub rows_per_second: f64,
}

/// Evaluates; the value is the exit code.
///
/// # Errors
/// When the threads cannot be started.
pub fn evaluate(args: &cli::EvaluateArgs) -> Result<Exit> {
    let model = match Model::load(&args.model) {
        Ok(model) => model,
        Err(error) => return Ok(refuse(&error.to_string())),
    };
    let mut fitted = Fitted::new(&model, cli::threads(args.threads), None)?;
    if let Some(alpha) = args.weights {
        fitted.set_alpha(alpha);
    }
    let subject = match Subject::open(args, &fitted) {
        Ok(subject) => subject,
        Err(error) => return Ok(refuse(&format!("{error:#}"))),
    };
    let mut found = Vec::new();
    let steps = match args.steps.as_slice() {
        [] => vec![fitted.scheme().steps],
        steps => steps.to_vec(),
    };
    for steps in steps {
        fitted.set_steps(steps);
        found.push(subject.evaluate(args, &mut fitted));
    }
    say::out(&if args.json {
        serde_json::to_string_pretty(&found)?
    } else {
        Table(&found).to_string()
    });
    Ok(Exit::Done)
}

/// The rows (z, y) in the flow's units, with the true log density of each where it is known.
struct Subject {
    rows: Vec<f64>,
    truth: Option<Vec<f64>>,
}

impl Subject {
    /// A file's rows; else the test part of the model's table, or fresh samples of its toy set.
    fn open(args: &cli::EvaluateArgs, fitted: &Fitted) -> Result<Self> {
        if let Some(file) = &args.data {
            let rows = blocks(file, fitted, missing(args.drop_missing))?;
            let rows = rows.collect::<Result<Vec<_>, _>>()?.concat();
            let units = crate::commands::score::units(args.standardized);
            return Subject {
                rows: fitted.standardized(rows, units),
                truth: None,
            }
            .checked();
        }
        let session = fitted.session().ok_or_else(|| {
            anyhow!(
                "{} does not say what it was trained on: give DATA",
                args.model.display()
            )
        })?;
        let data = Dataset::open(&session.data, session.model.seed)?;
        let rows = match data.table() {
            Some(table) => table.spaced_rows(SplitPart::Test, args.n.unwrap_or(usize::MAX))?,
            None => data.draw(Stream::Samples, 0, args.n.unwrap_or(SAMPLES)),
        };
        let truth = data.log_density(&rows);
        Subject { rows, truth }.checked()
    }

    fn checked(self) -> Result<Self> {
        if self.rows.is_empty() {
            return Err(anyhow!("there are no rows to evaluate: give DATA"));
        }
        Ok(self)
    }

    fn evaluate(&self, args: &cli::EvaluateArgs, fitted: &mut Fitted) -> Evaluation {
        let shape = fitted.shape();
        let start = Instant::now();
        let mut totals = Totals::default();
        let mut model = Vec::new();
        for block in self.rows.chunks(fitted.block() * shape.columns()) {
            let states = fitted.states(block);
            totals.add(&states, shape.d);
            let log = states.chunks_exact(shape.d + 3).map(log_density);
            let offsets = fitted.offsets(block).into_iter();
            model.extend(log.zip(offsets).map(|(log, offset)| log + offset));
        }
        let seconds = start.elapsed().as_secs_f64();
        let rows = model.len();
        let costs = Costs::from_sums(
            [totals.l, -model.iter().sum::<f64>(), totals.r],
            rows,
            &fitted.alpha(),
        );
        let paired = self
            .truth
            .as_ref()
            .map(|truth| Estimate::new(truth.iter().zip(&model).map(|(p, q)| p - q)));
        let (inverse_error, inverse_error_max) = self.inverse_error(fitted);
        let mmd = self.mmd(args, fitted);
        let scheme = fitted.scheme();
        Evaluation {
            schema: SCHEMA,
            rows,
            steps: scheme.steps,
            nfe: scheme.evaluations(),
            losses: crate::trainer::losses(&costs),
            c_data: costs.c + fitted.log_determinant(),
            c_se: Estimate::new(model.iter().copied()).error,
            divergence: paired.map(|paired| paired.mean),
            divergence_se: paired.map(|paired| paired.error),
            inverse_error,
            inverse_error_max,
            straightness: self.straightness(fitted),
            mmd: mmd.map(|mmd| mmd.squared),
            mmd_kernel: "gaussian",
            mmd_bandwidth: mmd.map(|mmd| mmd.bandwidth),
            mmd_samples: mmd.map(|mmd| mmd.samples),
            rows_per_second: rows as f64 / seconds,
        }
    }

    /// Mean and largest |z - f^-1(f(z))|.
    fn inverse_error(&self, fitted: &mut Fitted) -> (f64, f64) {
        let shape = fitted.shape();
        let (mut sum, mut max) = (0.0, 0.0_f64);
        for block in self.rows.chunks(fitted.block() * shape.columns()) {
            let (x, y) = split(block, &shape);
            let mapped = fitted.transport(&x, &y, Direction::Forward);
            let back = fitted.transport(&mapped, &y, Direction::Inverse);
            for (x, back) in x.chunks_exact(shape.d).zip(back.chunks_exact(shape.d)) {
                let square: f64 = x.iter().zip(back).map(|(x, y)| (x - y) * (x - y)).sum();
                sum += square.sqrt();
                // A NaN stays.
                max = if max.is_nan() || square.is_nan() {
                    f64::NAN
                } else {
                    max.max(square.sqrt())
                };
            }
        }
        (sum / (self.rows.len() / shape.columns()) as f64, max)
    }

    fn straightness(&self, fitted: &mut Fitted) -> Option<f64> {
        let shape = fitted.shape();
        let first = self.rows.len().min(PATHS * shape.columns());
        let (x, y) = split(&self.rows[..first], &shape);
        let paths = fitted.paths(&x, &y, Direction::Forward);
        straightness(&paths, fitted.scheme().steps + 1, shape.d)
    }

    /// Against as many rows that the model generates, for the same y.
    fn mmd(&self, args: &cli::EvaluateArgs, fitted: &mut Fitted) -> Option<crate::mmd::Mmd> {
        let shape = fitted.shape();
        let width = shape.columns();
        let all = self.rows.len() / width;
        let n = args.mmd_samples.min(all);
        // Spread over all rows: the file may be sorted.
        let rows = (0..n).map(|k| k * all / n);
        let rows: Vec<f64> = rows
            .flat_map(|row| &self.rows[row * width..(row + 1) * width])
            .copied()
            .collect();
        let (_, y) = split(&rows, &shape);
        let generated = draw(fitted, (args.seed.unwrap_or_default(), 0), n, &y);
        let [rows, generated] =
            [rows, generated].map(|rows| fitted.restored(rows, Units::Standardized));
        mmd(&rows, &generated, width)
    }
}

/// Fresh samples of a toy set, unless other is said.
const SAMPLES: usize = 100_000;

/// Sums over the rows.
#[derive(Default)]
struct Totals {
    l: f64,
    r: f64,
}

impl Totals {
    fn add(&mut self, states: &[f64], d: usize) {
        for state in states.chunks_exact(d + 3) {
            self.l += state[d + 1];
            self.r += state[d + 2];
        }
    }
}

/// Evaluations side by side, a column for each step count.
struct Table<'a>(&'a [Evaluation]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        type Figure = fn(&Evaluation) -> Option<f64>;
        let rows: [(&str, Figure); 17] = [
            ("steps", |e| Some(e.steps as f64)),
            ("function evaluations", |e| Some(e.nfe as f64)),
            ("rows", |e| Some(e.rows as f64)),
            ("loss", |e| Some(e.losses.loss)),
            ("L", |e| Some(e.losses.l)),
            ("C, nats", |e| Some(e.losses.c)),
            ("  its standard error", |e| Some(e.c_se)),
            ("  in data units", |e| Some(e.c_data)),
            ("R", |e| Some(e.losses.r)),
            ("C - H, nats", |e| e.divergence),
            ("  its standard error", |e| e.divergence_se),
            ("inverse error, mean", |e| Some(e.inverse_error)),
            ("inverse error, largest", |e| Some(e.inverse_error_max)),
            ("length / displacement", |e| e.straightness),
            ("MMD^2", |e| e.mmd),
            ("  kernel bandwidth", |e| e.mmd_bandwidth),
            ("rows per second", |e| Some(e.rows_per_second.round())),
        ];
        let mut lines = Vec::new();
        for (name, figure) in rows {
            let figures: Vec<Option<f64>> = self.0.iter().map(figure).collect();
            if figures.iter().all(Option::is_none) {
                continue;
            }
            let shown = figures.iter().map(|figure| {
                let shown = figure.map_or("-".into(), |figure| general(figure, DIGITS));
                format!("{shown:>13}")
            });
            lines.push(format!("{name:<24}{}", shown.collect::<String>()));
        }
        f.write_str(&lines.join("\n"))
    }
}
