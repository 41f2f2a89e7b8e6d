//! `otflow evaluate`: figures of merit of a trained flow, over rows that neither the training nor the choice of the parameters used.
//!
//! ```text
//! L, C, R, loss as in training: C in standardised units of the table's columns; C_data = C + log det in their own
//! inverse error |z - f^-1(f(z))|, mean and largest, in the flow's units
//! rows so far out that f32 has no numbers for them are computed in f64, as by score: they count in L, C, R, loss and C - H alone
//! rows without a density in f64 either are counted and left out of all figures
//! divergence C - H where the true density is known: mean of log p - log q over the same rows
//! MMD^2 between rows and generated ones (mmd.rs); straightness, path length over displacement
//! ```

use std::fmt;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use otflow_kernels::engine::Direction;
use otflow_kernels::objective::{CostSums, Costs, log_density};
use serde::Serialize;

use crate::cli;
use crate::commands::model_file::load_model;
use crate::commands::rows::{ModelColumns, column_match, count_rows, incomplete, units};
use crate::data::random::Stream;
use crate::data::{Dataset, SplitPart};
use crate::event::{InverseError, Losses};
use crate::exit::{Exit, refuse};
use crate::fitted::{FinalStates, FittedFlow, FlowRows, NormalDraws, Units, split};
use crate::headless::number::{DIGITS, format_number};
use crate::mmd::{Mmd, mmd};
use crate::picture::{InverseErrorSum, straightness};
use crate::say;
use crate::table::{TableError, TableProblem};
use crate::trainer::Estimate;

/// Version of the JSON.
const SCHEMA: u32 = 1;
/// Number of rows whose paths are followed for the straightness.
const PATHS: usize = 1000;

/// The figures of an evaluation; the names are those of the JSON list.
#[derive(Debug, Serialize)]
pub struct Evaluation {
    /// Version of the JSON.
    schema: u32,
    /// Number of rows that L, C, R, loss and divergence are of.
    pub rows: usize,
    /// Number of those of them that f32 has no numbers for: computed in f64, and not in the figures of paths and MMD.
    pub in_f64: usize,
    /// C of the other ones, where some were computed in f64.
    #[serde(skip)]
    pub c_without_f64: Option<f64>,
    /// Number of further rows, without a density in floating point: too far out, or beyond the bounds of a map.
    pub without_density: usize,
    /// Number of time steps nt.
    pub steps: usize,
    /// Number of evaluations of the right-hand side along a path.
    pub nfe: usize,
    /// Losses: loss, L, C, R; C in standardised units of the table's columns.
    #[serde(flatten)]
    pub losses: Losses,
    /// C in the data's own units, nats.
    #[serde(rename = "C_data")]
    pub c_data: f64,
    /// Standard error of C, nats.
    #[serde(rename = "C_se")]
    pub c_se: f64,
    /// Divergence C - H, nats, where the entropy is known.
    pub divergence: Option<f64>,
    /// Standard error of the divergence, nats.
    pub divergence_se: Option<f64>,
    /// Mean of |z - f^-1(f(z))|, in the flow's units; None where all rows were computed in f64.
    pub inverse_error: Option<f64>,
    /// Largest |z - f^-1(f(z))|, in the flow's units.
    pub inverse_error_max: Option<f64>,
    /// Mean of path length over displacement.
    pub straightness: Option<f64>,
    /// Unbiased MMD^2 between rows and generated rows.
    pub mmd: Option<f64>,
    /// Name of the kernel of the MMD.
    pub mmd_kernel: &'static str,
    /// Bandwidth of the kernel, standardised units.
    pub mmd_bandwidth: Option<f64>,
    /// Number of rows of each set of the MMD.
    pub mmd_samples: Option<usize>,
    /// Number of log densities computed in a second.
    pub rows_per_second: f64,
}

impl Evaluation {
    /// What is to be said of rows that not all figures are of.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.in_f64 > 0 {
            let others = match self.c_without_f64 {
                Some(c) => format!("C of the other rows is {} nats", format_number(c, DIGITS)),
                None => "there are no other rows".to_owned(),
            };
            remarks.push(format!(
                "{} so far out that f32 holds no density: computed in f64 and counted in loss, L, C, R and C - H, not in the other \
                 figures; {others}",
                count_rows(self.in_f64 as u64)
            ));
        }
        if self.without_density > 0 {
            remarks.push(format!(
                "{} so far out, or beyond the bounds of a map, that floating point holds no density: left out of all figures, C too: {} nats \
                 without, infinite with",
                count_rows(self.without_density as u64),
                format_number(self.losses.c, DIGITS)
            ));
        }
        remarks
    }
}

/// Evaluates the flow and prints the figures; the value is the exit code.
///
/// # Errors
/// When the threads cannot be started.
pub fn evaluate(args: &cli::EvaluateArgs) -> Result<Exit> {
    let model = match load_model(&args.model) {
        Ok(model) => model,
        Err(message) => return Ok(refuse(&message)),
    };
    let mut fitted = FittedFlow::new(&model, cli::threads(args.threads), None)?;
    if let Some(alpha) = args.weights {
        fitted.set_alpha(alpha);
    }
    let rows = match EvaluationRows::open(args, &fitted) {
        Ok(rows) => rows,
        Err(error) => return Ok(refuse(&format!("{error:#}"))),
    };
    let mut found = Vec::new();
    let steps = match args.steps.as_slice() {
        [] => vec![fitted.scheme().steps],
        steps => steps.to_vec(),
    };
    for steps in steps {
        fitted.set_steps(steps);
        match rows.evaluate(args, &mut fitted) {
            Some(evaluation) => found.push(evaluation),
            None => {
                return Ok(refuse(
                    "no row has a density in floating point: are the rows of the model's table, in its units?",
                ));
            }
        }
    }
    for evaluation in &found {
        let told = match found.len() {
            1 => String::new(),
            _ => format!("{} steps: ", evaluation.steps),
        };
        for line in evaluation.remarks() {
            say::err(&format!("{told}{line}"));
        }
    }
    say::out(&if args.json {
        serde_json::to_string_pretty(&found)?
    } else {
        EvaluationTable(&found).to_string()
    });
    Ok(Exit::Done)
}

/// The rows of an evaluation, (z, y) in the flow's units.
struct EvaluationRows {
    /// Rows, row-major.
    rows: Vec<f64>,
    /// True log density of every row, where it is known.
    truth: Option<Vec<f64>>,
}

impl EvaluationRows {
    /// Reads the rows of the file of the arguments; else of the test part of the model's table, or draws samples of its toy set.
    fn open(args: &cli::EvaluateArgs, fitted: &FittedFlow) -> Result<Self> {
        if let Some(file) = &args.data {
            let (how, incomplete) = (
                column_match(args.by_position),
                incomplete(args.drop_missing),
            );
            let mut table =
                ModelColumns::all(fitted).open(file, how, incomplete, fitted.block_rows())?;
            let rows = table
                .blocks
                .by_ref()
                .collect::<Result<Vec<_>, _>>()?
                .concat();
            if rows.is_empty() {
                let dropped = table.blocks.dropped();
                return Err(TableError {
                    file: file.clone(),
                    problem: TableProblem::NoRows { dropped },
                }
                .into());
            }
            return Ok(EvaluationRows {
                rows: fitted.standardized(rows, units(args.standardized)),
                truth: None,
            });
        }
        let session = fitted.session().ok_or_else(|| {
            anyhow!(
                "{} does not say what it was trained on: give DATA",
                args.model.display()
            )
        })?;
        let data = Dataset::open(&session.data, session.model.seed)?;
        fitted.check_columns(&data)?;
        let rows = match data.table() {
            Some(table) => table.spaced_rows(SplitPart::Test, args.n.unwrap_or(usize::MAX))?,
            None => data.draw(Stream::Samples, 0, args.n.unwrap_or(SAMPLES)),
        };
        let rows = match fitted.rescaled(&data, &rows) {
            None => rows,
            Some(rows) => {
                say::err(
                    "the table was changed since the model learned it: its test part may have rows that were learned",
                );
                rows
            }
        };
        if rows.is_empty() {
            bail!("there are no rows to evaluate: give DATA");
        }
        let truth = data.log_density(&rows);
        Ok(EvaluationRows { rows, truth })
    }

    /// The rows of these numbers, from 0, without their truth.
    fn only(&self, numbers: &[usize], width: usize) -> Self {
        let rows = numbers
            .iter()
            .flat_map(|k| &self.rows[k * width..][..width]);
        EvaluationRows {
            rows: rows.copied().collect(),
            truth: None,
        }
    }

    /// The figures of the flow on the rows with a density; None where there are none.
    fn evaluate(&self, args: &cli::EvaluateArgs, fitted: &mut FittedFlow) -> Option<Evaluation> {
        let shape = fitted.shape();
        let start = Instant::now();
        let mut totals = CostTotals::default();
        // Numbers of the rows with a density, and of those of them that the model's precision holds.
        let (mut dense, mut held) = (Vec::new(), Vec::new());
        let (mut model, mut log_of_held) = (Vec::new(), 0.0);
        let all = self.rows.len() / shape.columns();
        let block_rows = fitted.block_rows();
        for (block, rows) in self.rows.chunks(block_rows * shape.columns()).enumerate() {
            let FinalStates { values, in_f64 } = fitted.states(rows);
            let offsets = fitted.offsets(rows);
            let states = values.chunks_exact(shape.d + 3).zip(offsets);
            for (k, (state, offset)) in states.enumerate() {
                let log = log_density(state) + offset;
                if !log.is_finite() {
                    continue;
                }
                totals.add(state, shape.d);
                model.push(log);
                dense.push(block * block_rows + k);
                if in_f64.binary_search(&k).is_err() {
                    held.push(block * block_rows + k);
                    log_of_held += log;
                }
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let rows = model.len();
        if rows == 0 {
            return None;
        }
        let only;
        let followed = if held.len() == all {
            Some(self)
        } else {
            only = self.only(&held, shape.columns());
            (!held.is_empty()).then_some(&only)
        };
        let costs = Costs::from_sums(
            CostSums {
                v: totals.l,
                nll: -model.iter().sum::<f64>(),
                r: totals.r,
            },
            rows,
            &fitted.alpha(),
        );
        let paired = self.truth.as_ref().map(|truth| {
            let pairs = dense.iter().zip(&model);
            Estimate::new(pairs.map(|(&k, q)| truth[k] - q))
        });
        let inverse_error = followed.map(|rows| rows.inverse_error(fitted));
        let mmd = followed.and_then(|rows| rows.mmd(args, fitted));
        let scheme = fitted.scheme();
        Some(Evaluation {
            schema: SCHEMA,
            rows,
            in_f64: rows - held.len(),
            c_without_f64: (!held.is_empty() && held.len() < rows)
                .then(|| -log_of_held / held.len() as f64),
            without_density: all - rows,
            steps: scheme.steps,
            nfe: scheme.evaluations(),
            losses: crate::trainer::losses(&costs),
            c_data: costs.c + fitted.log_determinant(),
            c_se: Estimate::new(model.iter().copied()).error,
            divergence: paired.map(|paired| paired.mean),
            divergence_se: paired.map(|paired| paired.error),
            inverse_error: inverse_error.map(|error| error.mean),
            inverse_error_max: inverse_error.map(|error| error.max),
            straightness: followed.and_then(|rows| rows.straightness(fitted)),
            mmd: mmd.map(|mmd| mmd.squared),
            mmd_kernel: "gaussian",
            mmd_bandwidth: mmd.map(|mmd| mmd.bandwidth),
            mmd_samples: mmd.map(|mmd| mmd.samples),
            rows_per_second: all as f64 / seconds,
        })
    }

    /// Mean and largest |z - f^-1(f(z))|.
    fn inverse_error(&self, fitted: &mut FittedFlow) -> InverseError {
        let shape = fitted.shape();
        let mut sum = InverseErrorSum::default();
        for block in self.rows.chunks(fitted.block_rows() * shape.columns()) {
            let FlowRows { x, y } = split(block, &shape);
            let mapped = fitted.transport(&x, &y, Direction::Forward);
            let restored = fitted.transport(&mapped, &y, Direction::Inverse);
            sum.add(&x, &restored, shape.d);
        }
        sum.error()
    }

    /// The mean of path length over displacement of the first rows.
    fn straightness(&self, fitted: &mut FittedFlow) -> Option<f64> {
        let shape = fitted.shape();
        let first = self.rows.len().min(PATHS * shape.columns());
        let FlowRows { x, y } = split(&self.rows[..first], &shape);
        let paths = fitted.paths(&x, &y, Direction::Forward);
        straightness(&paths, fitted.scheme().steps + 1, shape.d)
    }

    /// MMD^2 between the rows and as many that the model generates for the same y.
    fn mmd(&self, args: &cli::EvaluateArgs, fitted: &mut FittedFlow) -> Option<Mmd> {
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
        let FlowRows { y, .. } = split(&rows, &shape);
        let draws = NormalDraws {
            seed: args.seed.unwrap_or_default(),
            first: 0,
            n,
        };
        let generated = fitted.sample(draws, &y);
        let [rows, generated] =
            [rows, generated].map(|rows| fitted.restored(rows, Units::Standardized));
        mmd(&rows, &generated, width)
    }
}

/// Number of samples of a toy set, unless the command line has another.
const SAMPLES: usize = 100_000;

/// Sums of the costs L and R over the rows.
#[derive(Default)]
struct CostTotals {
    l: f64,
    r: f64,
}

impl CostTotals {
    /// Adds the final state of a row.
    fn add(&mut self, state: &[f64], d: usize) {
        self.l += state[d + 1];
        self.r += state[d + 2];
    }
}

/// The table of evaluations, with a column for every number of steps.
struct EvaluationTable<'a>(&'a [Evaluation]);

impl fmt::Display for EvaluationTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        type Quantity = fn(&Evaluation) -> Option<f64>;
        let rows: [(&str, Quantity); 19] = [
            ("steps", |e| Some(e.steps as f64)),
            ("function evaluations", |e| Some(e.nfe as f64)),
            ("rows", |e| Some(e.rows as f64)),
            ("  computed in f64", |e| {
                (e.in_f64 > 0).then_some(e.in_f64 as f64)
            }),
            ("  without density", |e| {
                (e.without_density > 0).then_some(e.without_density as f64)
            }),
            ("loss", |e| Some(e.losses.loss)),
            ("L", |e| Some(e.losses.l)),
            ("C, nats", |e| Some(e.losses.c)),
            ("  its standard error", |e| Some(e.c_se)),
            ("  in data units", |e| Some(e.c_data)),
            ("R", |e| Some(e.losses.r)),
            ("C - H, nats", |e| e.divergence),
            ("  its standard error", |e| e.divergence_se),
            ("inverse error, mean", |e| e.inverse_error),
            ("inverse error, largest", |e| e.inverse_error_max),
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
                let shown = figure.map_or("-".into(), |figure| format_number(figure, DIGITS));
                format!("{shown:>13}")
            });
            lines.push(format!("{name:<24}{}", shown.collect::<String>()));
        }
        f.write_str(&lines.join("\n"))
    }
}
