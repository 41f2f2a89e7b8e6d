//! A trained flow with the engine that evaluates it: densities, samples and paths of rows in the units of the data.
//!
//! ```text
//! x --standardize--> z --f--> normal        x = restore(f^-1(normal))
//! log p(x) = log p(s) - log det,   log p(s) = log p(z) + offset(z)        s: standardised (scaling.rs)
//! ```
//!
//! Rows are (x, y), row-major: d learned columns, then c given ones. A row so far out that f32 has no number for its density is
//! computed in f64; where that has none either, or outside of the bounds of a map, the log density is minus infinity.

mod in_f64;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use otflow_kernels::engine::{
    Direction, Engine, Precision, Transport, engine, with_pairs, with_rows,
};
use otflow_kernels::objective::{self, Alpha, Grid, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::progress::Progress;
use otflow_kernels::stepper::Stepper;

use crate::cost::{Computation, flops_per_sample};
use crate::data::Dataset;
use crate::data::random::{DrawKey, Stream, normal_rows};
use crate::model::TrainedModel;
use crate::problem::{alpha, scheme};
pub use crate::scaling::Units;
use crate::scaling::{ColumnRange, Scaling};
use crate::session::{self, FlowSettings, Session};
use crate::table::{Header, NameSource};
use in_f64::InF64;

/// Time steps of a model whose file does not hold the session it was validated by.
const STEPS: usize = 32;
/// Flops of a block of rows: a fraction of a second on any machine, so that a signal ends the command soon.
const BLOCK_ROWS: f64 = 1e10;

/// A trained flow with its engine, scaling and session.
pub struct FittedFlow {
    engine: Box<dyn Engine>,
    /// What computes rows that an f32 engine has no numbers for; None where the engine is one of f64.
    in_f64: Option<InF64>,
    /// Number of rows so far whose log density f32 could not hold and f64 could.
    rescued: u64,
    scaling: Option<Scaling>,
    name_source: NameSource,
    session: Option<Session>,
    scheme: Scheme,
    alpha: Alpha,
}

/// The final states of rows.
pub struct FinalStates {
    /// The states (f(z), l, v, r), n x (d + 3), in the model's precision or, where that has no number, in f64.
    pub values: Vec<f64>,
    /// Numbers of the rows, from 0, whose states were computed in f64 instead of f32.
    pub in_f64: Vec<usize>,
}

impl FittedFlow {
    /// Starts an engine of `threads` threads for a model. The flow is integrated as in the model's validation, or in `steps` steps.
    ///
    /// # Errors
    /// When the threads cannot be started, or the session in the model's metadata can't be parsed.
    pub fn new(model: &TrainedModel, threads: usize, steps: Option<usize>) -> Result<Self> {
        let precision = crate::problem::kernel_precision(model.precision);
        let mut engine =
            engine(model.shape, precision, threads).context("cannot start the worker threads")?;
        engine.load(&model.theta);
        let session = model.origin.as_ref().map(|origin| {
            session::parse(&origin.session, Path::new("the session in the model"))
                .map_err(|rejection| anyhow::anyhow!("{rejection}"))
        });
        let session = session.transpose()?;
        let steps = |validated| steps.unwrap_or(validated);
        let published = Scheme {
            steps: steps(STEPS),
            stepper: Stepper::Rk4,
            trace: TraceAt::EveryStage,
            grid: Grid::Even,
        };
        let of_session = |session: &Session| {
            scheme(&FlowSettings {
                steps: steps(session.validation.steps),
                ..session.flow
            })
        };
        let unweighted = Alpha {
            a0: 1.0,
            a1: 1.0,
            a2: 1.0,
        };
        let in_f64 = (precision == Precision::F32).then(|| InF64 {
            shape: model.shape,
            theta: model.theta.clone(),
            threads,
            engine: None,
        });
        Ok(FittedFlow {
            engine,
            in_f64,
            rescued: 0,
            name_source: name_source(model, session.as_ref()),
            scaling: model.scaling.clone(),
            scheme: session.as_ref().map_or(published, of_session),
            alpha: session.as_ref().map_or(unweighted, alpha),
            session,
        })
    }

    /// Shape of the potential: d, c and the size of the network.
    pub fn shape(&self) -> Shape {
        self.engine.shape()
    }

    /// The session of the training; None where the model file does not hold it.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Scaling of the columns; None where no table was learned.
    pub fn scaling(&self) -> Option<&Scaling> {
        self.scaling.as_ref()
    }

    /// Integration scheme of the flow.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Sets the number of time steps.
    pub fn set_steps(&mut self, steps: usize) {
        self.scheme.steps = steps;
    }

    /// Weights of the loss; 1 where the session is not known.
    pub fn alpha(&self) -> Alpha {
        self.alpha
    }

    /// Sets the weights of the loss; a0 also scales the dynamics.
    pub fn set_alpha(&mut self, alpha: Alpha) {
        self.alpha = alpha;
    }

    /// Names of the d + c columns: those of the table, else x1, x2, .., y1, ..
    pub fn names(&self) -> Vec<String> {
        let shape = self.shape();
        let numbered = || {
            let x = (1..=shape.d).map(|k| format!("x{k}"));
            x.chain((1..=shape.context).map(|k| format!("y{k}")))
                .collect()
        };
        self.scaling.as_ref().map_or_else(numbered, Scaling::names)
    }

    /// The source of the names of the columns: the file that was learned, or numbers.
    pub fn name_source(&self) -> NameSource {
        self.name_source
    }

    /// Checks that the columns of a data set have the names of the model's: a table may have been changed since.
    ///
    /// # Errors
    /// When another column stands at a place. Nothing is compared where the model's names are not those of a table.
    pub fn check_columns(&self, data: &Dataset) -> Result<()> {
        let (names, there) = (self.names(), data.names());
        if let (Some(_), true) = (&self.scaling, names != there) {
            bail!(
                "the table has other columns than when the model learned it: {} in the place of {}; name the columns in the session",
                there.join(", "),
                names.join(", ")
            );
        }
        Ok(())
    }

    /// Converts rows of a data set from its own flow's units to those of the model; None where they are the same. They are not where the
    /// table was changed since the model learned it.
    pub fn rescaled(&self, data: &Dataset, rows: &[f64]) -> Option<Vec<f64>> {
        let (own, other) = (self.scaling.as_ref()?, data.scaling()?);
        let mut rows = (own != other).then(|| rows.to_vec())?;
        other.restore(&mut rows, self.all_columns(), Units::Data);
        Some(self.standardized(rows, Units::Data))
    }

    /// Number of rows that one call should have: more take no less time each.
    pub fn block_rows(&self) -> usize {
        let work = flops_per_sample(Computation::Density, &self.shape(), &self.scheme);
        ((BLOCK_ROWS / work) as usize).clamp(256, 1 << 16)
    }

    /// Progress of the running call; lets another thread give it up.
    pub fn progress(&self) -> Arc<Progress> {
        self.engine.progress()
    }

    /// The log determinant of the standardisation, nats: log p(s) - log p(x).
    pub fn log_determinant(&self) -> f64 {
        let d = self.shape().d;
        self.scaling
            .as_ref()
            .map_or(0.0, |scaling| scaling.log_determinant(d))
    }

    /// The differences log p(s) - log p(w) for rows w in the flow's units, nats; 0 without maps and whitening.
    pub fn offsets(&self, rows: &[f64]) -> Vec<f64> {
        let shape = self.shape();
        let none = || vec![0.0; rows.len() / shape.columns()];
        let offsets = |scaling: &Scaling| scaling.offsets(rows, shape.d);
        self.scaling.as_ref().map_or_else(none, offsets)
    }

    /// Log densities log p(x), or log p(x | y), of rows of (x, y) in these units, nats per unit of volume in them: finite or, of rows
    /// without a density that floating point can hold, minus infinity. NaN for a row with NaN.
    pub fn log_densities(&mut self, rows: Vec<f64>, units: Units) -> Vec<f64> {
        let is_missing = |row: &[f64]| row.iter().any(|value| value.is_nan());
        let width = self.shape().columns();
        let missing: Vec<bool> = rows.chunks_exact(width).map(is_missing).collect();
        let log = self.log_densities_of_flow_rows(&self.standardized(rows, units), units);
        let log = log.into_iter().zip(missing);
        // The maps of finite values may have no number.
        log.map(|(log, missing)| {
            if log.is_nan() && !missing {
                f64::NEG_INFINITY
            } else {
                log
            }
        })
        .collect()
    }

    /// Log densities, per unit of volume in `units`, of rows in the flow's units, as of [`FittedFlow::log_densities`]. Minus infinity at
    /// the bounds of a map and beyond them.
    pub fn log_densities_of_flow_rows(&mut self, rows: &[f64], units: Units) -> Vec<f64> {
        let FinalStates { values, in_f64 } = self.states(rows);
        let mut log = self.log_densities_at(&values, rows, units);
        let rescued = in_f64.iter().filter(|&&k| log[k].is_finite());
        self.rescued += rescued.count() as u64;
        let columns = self.shape().columns();
        for (log, row) in log.iter_mut().zip(rows.chunks_exact(columns)) {
            if row.iter().any(|z| z.is_nan()) {
                *log = f64::NAN;
            } else if !log.is_finite() {
                *log = f64::NEG_INFINITY;
            }
        }
        log
    }

    /// Number of rows so far whose log density f32 could not hold and f64 could.
    pub fn rescued(&self) -> u64 {
        self.rescued
    }

    /// Log densities of rows in the flow's units from their final states; any value where there is none.
    fn log_densities_at(&self, states: &[f64], rows: &[f64], units: Units) -> Vec<f64> {
        let determinant = match units {
            Units::Data => self.log_determinant(),
            Units::Standardized => 0.0,
        };
        let states = states.chunks_exact(self.shape().d + 3);
        let offsets = self.offsets(rows).into_iter();
        states
            .zip(offsets)
            .map(|(state, offset)| objective::log_density(state) + offset - determinant)
            .collect()
    }

    /// Final states (f(z), l, v, r) of rows of (x, y) in the flow's units. A row that f32 has no number for is computed in f64.
    pub fn states(&mut self, rows: &[f64]) -> FinalStates {
        let (shape, scheme, a0) = (self.shape(), self.scheme, self.alpha.a0);
        let mut values = vec![0.0; rows.len() / shape.columns() * (shape.d + 3)];
        with_rows(rows, shape.columns(), |samples| {
            self.engine.states(samples, &scheme, a0, &mut values);
        });
        let mend = |in_f64: &mut InF64| in_f64.mend(rows, &scheme, a0, &mut values);
        let in_f64 = self.in_f64.as_mut().map(mend).unwrap_or_default();
        FinalStates { values, in_f64 }
    }

    /// End points, n x d, of the paths of points x (n x d) in the flow's units, each with its y (n x c).
    pub fn transport(&mut self, x: &[f64], y: &[f64], direction: Direction) -> Vec<f64> {
        let mut ends = vec![0.0; x.len()];
        let transport = Transport {
            scheme: &self.scheme,
            a0: self.alpha.a0,
            direction,
        };
        with_pairs(x, self.engine.shape().d, y, |samples| {
            self.engine.transport(samples, transport, &mut ends);
        });
        ends
    }

    /// Paths, n x (nt + 1) x d, of points x (n x d) in the flow's units, each with its y (n x c).
    pub fn paths(&mut self, x: &[f64], y: &[f64], direction: Direction) -> Vec<f64> {
        let mut paths = vec![0.0; x.len() * (self.scheme.steps + 1)];
        let transport = Transport {
            scheme: &self.scheme,
            a0: self.alpha.a0,
            direction,
        };
        with_pairs(x, self.engine.shape().d, y, |samples| {
            self.engine.paths(samples, transport, &mut paths);
        });
        paths
    }

    /// Draws rows of (x, y) in the flow's units: f^-1 of normal draws for y (n x c). Row i depends on the model, the seed, i and its y alone.
    pub fn sample(&mut self, draws: NormalDraws, y: &[f64]) -> Vec<f64> {
        let shape = self.shape();
        let NormalDraws { seed, first, n } = draws;
        let key = DrawKey {
            seed,
            stream: Stream::Samples,
            draw: 0,
        };
        let rows = first as u64..(first + n) as u64;
        let normal = normal_rows(key, rows, shape.d);
        let x = self.transport(&normal, y, Direction::Inverse);
        join(&x, y, &shape)
    }

    /// Converts rows of (x, y) from these units to the flow's.
    pub fn standardized(&self, mut rows: Vec<f64>, units: Units) -> Vec<f64> {
        if let Some(scaling) = &self.scaling {
            scaling.standardize(&mut rows, self.all_columns(), units);
        }
        rows
    }

    /// Converts rows of (x, y) from the flow's units to these.
    pub fn restored(&self, mut rows: Vec<f64>, units: Units) -> Vec<f64> {
        if let Some(scaling) = &self.scaling {
            scaling.restore(&mut rows, self.all_columns(), units);
        }
        rows
    }

    fn all_columns(&self) -> ColumnRange {
        ColumnRange {
            first: 0,
            width: self.shape().columns(),
        }
    }
}

/// The source of the names of a model's columns. Older files do not say it: names are numbers then, unless the session says that the file
/// has names. Those of a model without scaling were not known at the training.
fn name_source(model: &TrainedModel, session: Option<&Session>) -> NameSource {
    let Some(scaling) = &model.scaling else {
        return NameSource::Numbers;
    };
    let table = session.and_then(|session| session.data.table());
    let named = table.is_some_and(|table| table.header == Header::Yes);
    model.name_source.unwrap_or_else(|| match named {
        true => NameSource::File,
        false => NameSource::guess(&scaling.names()),
    })
}

/// Rows of normal draws: rows `first` to `first + n - 1` of those of a seed.
#[derive(Clone, Copy, Debug)]
pub struct NormalDraws {
    /// Seed of the draws.
    pub seed: u64,
    /// Index of the first row.
    pub first: usize,
    /// Number of rows.
    pub n: usize,
}

/// The learned and the given columns of rows of (x, y), row-major.
pub struct FlowRows {
    /// Learned columns, n x d.
    pub x: Vec<f64>,
    /// Given columns, n x c.
    pub y: Vec<f64>,
}

/// Splits rows of (x, y) into x and y.
pub fn split(rows: &[f64], shape: &Shape) -> FlowRows {
    let rows = || rows.chunks_exact(shape.columns());
    FlowRows {
        x: rows().flat_map(|row| &row[..shape.d]).copied().collect(),
        y: rows().flat_map(|row| &row[shape.d..]).copied().collect(),
    }
}

/// Joins x, n x d, and y, n x c, to rows of (x, y).
pub fn join(x: &[f64], y: &[f64], shape: &Shape) -> Vec<f64> {
    if shape.context == 0 {
        return x.to_vec();
    }
    let pairs = x.chunks_exact(shape.d).zip(y.chunks_exact(shape.context));
    pairs
        .flat_map(|(x, y)| x.iter().chain(y))
        .copied()
        .collect()
}
