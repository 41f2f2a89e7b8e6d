//! A trained flow with the engine that runs it, in the units of whoever asks.
//!
//! ```text
//! x --standardize--> z --f--> normal        x = restore(f^-1(normal))
//! log p(x) = log p(s) - log det,   log p(s) = log p(z) + offset(z)        s: standardised (scaling.rs)
//! ```
//!
//! Rows are (x, y), row-major: d learned columns, then c given ones.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use otflow_kernels::engine::{Direction, Engine, engine, with_pairs, with_rows};
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt, log_density};
use otflow_kernels::parameters::Shape;
use otflow_kernels::progress::Progress;
use otflow_kernels::stepper::Stepper;

use crate::cost::{Work, flops_per_sample};
use crate::model::Model;
use crate::problem::{alpha, scheme};
pub use crate::scaling::Units;
use crate::scaling::{Scaling, Span};
use crate::session::{self, FlowSettings, Session};

/// Steps of a model that does not say with how many it was validated.
const STEPS: usize = 32;
/// Flops of a block of rows: a fraction of a second on any machine, so that an interrupt is heard.
const BLOCK: f64 = 1e10;

/// A trained flow, ready to be asked.
pub struct Fitted {
    engine: Box<dyn Engine>,
    scaling: Option<Scaling>,
    session: Option<Session>,
    scheme: Scheme,
    alpha: Alpha,
}

impl Fitted {
    /// Readies a model on so many threads; it is integrated as in its validation, or in `steps` steps.
    ///
    /// # Errors
    /// When the threads cannot be started, or the session in its metadata is none.
    pub fn new(model: &Model, threads: usize, steps: Option<usize>) -> Result<Self> {
        let precision = crate::problem::arithmetic(model.precision);
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
        Ok(Fitted {
            engine,
            scaling: model.scaling.clone(),
            scheme: session.as_ref().map_or(published, of_session),
            alpha: session.as_ref().map_or(unweighted, alpha),
            session,
        })
    }

    /// d, c and the size of the network.
    pub fn shape(&self) -> Shape {
        self.engine.shape()
    }

    /// The session it was trained by, if it is known.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Mean and scale of the columns, if it learned a table.
    pub fn scaling(&self) -> Option<&Scaling> {
        self.scaling.as_ref()
    }

    /// How it is integrated.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Integrates in so many steps from now on.
    pub fn set_steps(&mut self, steps: usize) {
        self.scheme.steps = steps;
    }

    /// The weights of its loss; 1 where they are not known.
    pub fn alpha(&self) -> Alpha {
        self.alpha
    }

    /// Weighs the loss so from now on; a0 also scales the dynamics.
    pub fn set_alpha(&mut self, alpha: Alpha) {
        self.alpha = alpha;
    }

    /// Names of the d + c columns: those of the table, or x1, x2, .., y1, ..
    pub fn names(&self) -> Vec<String> {
        let shape = self.shape();
        let numbered = || {
            let x = (1..=shape.d).map(|k| format!("x{k}"));
            x.chain((1..=shape.context).map(|k| format!("y{k}")))
                .collect()
        };
        self.scaling.as_ref().map_or_else(numbered, Scaling::names)
    }

    /// Rows that one call should be given: more take no less time each.
    pub fn block(&self) -> usize {
        let work = flops_per_sample(Work::Density, &self.shape(), &self.scheme);
        ((BLOCK / work) as usize).clamp(256, 1 << 16)
    }

    /// How far a call is, and the way to have it given up from another thread.
    pub fn progress(&self) -> Arc<Progress> {
        self.engine.progress()
    }

    /// log det of the standardisation, nats: what log densities in data units are lower by than in standardised ones.
    pub fn log_determinant(&self) -> f64 {
        let d = self.shape().d;
        self.scaling
            .as_ref()
            .map_or(0.0, |scaling| scaling.log_determinant(d))
    }

    /// What log densities of standardised rows are higher by than those of these rows in the flow's units; nats, 0 without maps.
    pub fn offsets(&self, rows: &[f64]) -> Vec<f64> {
        let shape = self.shape();
        let none = || vec![0.0; rows.len() / shape.columns()];
        let offsets = |scaling: &Scaling| scaling.offsets(rows, shape.d);
        self.scaling.as_ref().map_or_else(none, offsets)
    }

    /// log p(x), or log p(x | y), of rows of (x, y), nats per unit of volume in the units given.
    pub fn log_densities(&mut self, rows: Vec<f64>, units: Units) -> Vec<f64> {
        self.log_densities_of(&self.standardized(rows, units), units)
    }

    /// [`Fitted::log_densities`] of rows in the flow's units. Minus infinity at the bounds of a map and beyond them.
    pub fn log_densities_of(&mut self, rows: &[f64], units: Units) -> Vec<f64> {
        let shape = self.shape();
        let determinant = match units {
            Units::Data => self.log_determinant(),
            Units::Standardized => 0.0,
        };
        let (states, offsets) = (self.states(rows), self.offsets(rows));
        let states = states.chunks_exact(shape.d + 3).map(log_density);
        let rows = rows.chunks_exact(shape.columns());
        let of = |((row, log), offset): ((&[f64], f64), f64)| {
            if row.iter().any(|z| z.is_infinite()) && !row.iter().any(|z| z.is_nan()) {
                return f64::NEG_INFINITY;
            }
            log + offset - determinant
        };
        rows.zip(states).zip(offsets).map(of).collect()
    }

    /// The final states (f(z), l, v, r) of rows of (x, y) in the flow's units, n x (d + 3).
    pub fn states(&mut self, rows: &[f64]) -> Vec<f64> {
        let shape = self.shape();
        let mut states = vec![0.0; rows.len() / shape.columns() * (shape.d + 3)];
        with_rows(rows, shape.columns(), |samples| {
            self.engine
                .states(samples, &self.scheme, self.alpha.a0, &mut states);
        });
        states
    }

    /// Where points x (n x d) in the flow's units, each with its y (n x c), end up, n x d.
    pub fn transport(&mut self, x: &[f64], y: &[f64], direction: Direction) -> Vec<f64> {
        let mut ends = vec![0.0; x.len()];
        let flow = (&self.scheme, self.alpha.a0);
        with_pairs((x, self.engine.shape().d), y, |samples| {
            self.engine.transport(samples, flow, direction, &mut ends);
        });
        ends
    }

    /// The paths of points x (n x d) in the flow's units, each with its y (n x c), n x (nt + 1) x d.
    pub fn paths(&mut self, x: &[f64], y: &[f64], direction: Direction) -> Vec<f64> {
        let mut paths = vec![0.0; x.len() * (self.scheme.steps + 1)];
        let flow = (&self.scheme, self.alpha.a0);
        with_pairs((x, self.engine.shape().d), y, |samples| {
            self.engine.paths(samples, flow, direction, &mut paths);
        });
        paths
    }

    /// Rows of (x, y) in the flow's units.
    pub fn standardized(&self, mut rows: Vec<f64>, units: Units) -> Vec<f64> {
        if let Some(scaling) = &self.scaling {
            scaling.standardize(&mut rows, self.all(), units);
        }
        rows
    }

    /// Rows of (x, y) in the flow's units, in those given.
    pub fn restored(&self, mut rows: Vec<f64>, units: Units) -> Vec<f64> {
        if let Some(scaling) = &self.scaling {
            scaling.restore(&mut rows, self.all(), units);
        }
        rows
    }

    fn all(&self) -> Span {
        Span {
            first: 0,
            width: self.shape().columns(),
        }
    }
}

/// Splits rows of (x, y) into x, n x d, and y, n x c.
pub fn split(rows: &[f64], shape: &Shape) -> (Vec<f64>, Vec<f64>) {
    let rows = || rows.chunks_exact(shape.columns());
    (
        rows().flat_map(|row| &row[..shape.d]).copied().collect(),
        rows().flat_map(|row| &row[shape.d..]).copied().collect(),
    )
}

/// Puts x, n x d, and y, n x c, together to rows of (x, y).
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
