//! Reference files of a flow: potential, gradient, trace, losses and their gradient, final states, inverse and log densities.
//!
//! Keys: d, c (context), m, nTh, n, nt, alpha, stepper, trace; `params` and `grads` by published name; x, context; phi, grad_s,
//! trace_hess at s_time; loss, cost_L, cost_C, cost_R; forward (n x (d+3)), inverse_x (forward's x integrated back), log_prob.

use anyhow::{Context, Result, bail, ensure};
use otflow_kernels::engine::{Direction, Engine, Precision, Samples, Transport, engine, with_rows};
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt, log_density};
use otflow_kernels::parameters::Shape;
use otflow_kernels::stepper::Stepper;
use serde::Deserialize;

use super::errors::RelativeErrors;
use super::problem::{ConditionedRows, Sizes, Tensors, flat};

/// Largest number of time steps, as in a session.
const MOST_STEPS: usize = 1000;

/// The values of a file.
#[derive(Deserialize)]
pub(super) struct FlowReference {
    d: usize,
    #[serde(default)]
    c: usize,
    m: usize,
    #[serde(rename = "nTh")]
    layers: usize,
    n: usize,
    nt: usize,
    alpha: [f64; 3],
    stepper: String,
    #[serde(default = "every_stage")]
    trace: String,
    params: Tensors,
    grads: Tensors,
    x: Vec<Vec<f64>>,
    #[serde(default)]
    context: Vec<Vec<f64>>,
    s_time: f64,
    phi: Vec<f64>,
    grad_s: Vec<Vec<f64>>,
    trace_hess: Vec<f64>,
    loss: f64,
    #[serde(rename = "cost_L")]
    cost_l: f64,
    #[serde(rename = "cost_C")]
    cost_c: f64,
    #[serde(rename = "cost_R")]
    cost_r: f64,
    forward: Vec<Vec<f64>>,
    inverse_x: Vec<Vec<f64>>,
    log_prob: Vec<f64>,
}

fn every_stage() -> String {
    "every-stage".into()
}

/// Compares the kernels with the values of a file.
///
/// # Errors
/// When the file contradicts itself or claims sizes that no problem has.
pub(super) fn compare(reference: &FlowReference, precision: Precision) -> Result<RelativeErrors> {
    let shape = shape(reference)?;
    let (scheme, alpha) = (scheme(reference)?, alpha(reference));
    // Before anything is made in the sizes that the file claims.
    let theta = flat(&shape, &reference.params)?;
    let rows = rows(reference, &shape, &reference.x)?;
    let mut engine = engine(shape, precision, 0)?;
    engine.load(&theta);
    let mut errors = RelativeErrors::default();
    with_rows(&rows, shape.columns(), |samples| {
        let mut comparison = Comparison {
            engine: &mut *engine,
            reference,
            samples,
            errors: &mut errors,
        };
        comparison.add_potential();
        comparison.add_losses(&scheme, &alpha)?;
        let mut states = vec![0.0; reference.n * (shape.d + 3)];
        engine.states(samples, &scheme, alpha.a0, &mut states);
        errors.add("forward", &states, &reference.forward.concat());
        let log_prob: Vec<f64> = states.chunks(shape.d + 3).map(log_density).collect();
        errors.add("log_prob", &log_prob, &reference.log_prob);
        anyhow::Ok(())
    })?;
    let ends: Vec<Vec<f64>> = reference
        .forward
        .iter()
        .map(|state| state[..shape.d.min(state.len())].to_vec())
        .collect();
    let ends = self::rows(reference, &shape, &ends)?;
    let mut back = vec![0.0; reference.n * shape.d];
    with_rows(&ends, shape.columns(), |samples| {
        let transport = Transport {
            scheme: &scheme,
            a0: alpha.a0,
            direction: Direction::Inverse,
        };
        engine.transport(samples, transport, &mut back);
    });
    errors.add("inverse_x", &back, &reference.inverse_x.concat());
    Ok(errors)
}

fn shape(reference: &FlowReference) -> Result<Shape> {
    let sizes = Sizes {
        d: reference.d,
        context: reference.c,
        m: reference.m,
        layers: reference.layers,
    };
    super::problem::shape(&sizes, &reference.params)
}

/// Rows x with the context of the file.
fn rows(reference: &FlowReference, shape: &Shape, x: &[Vec<f64>]) -> Result<Vec<f64>> {
    let context = &reference.context;
    ConditionedRows { x, context }.joined(shape, reference.n)
}

fn scheme(reference: &FlowReference) -> Result<Scheme> {
    let stepper = match reference.stepper.as_str() {
        "rk4" => Stepper::Rk4,
        "rk1" => Stepper::Euler,
        other => bail!("stepper is `{other}`, not rk4 or rk1"),
    };
    let trace = match reference.trace.as_str() {
        "every-stage" => TraceAt::EveryStage,
        "step-nodes" => TraceAt::StepNodes,
        other => bail!("trace is `{other}`, not every-stage or step-nodes"),
    };
    let least = if trace == TraceAt::StepNodes { 2 } else { 1 };
    ensure!(
        (least..=MOST_STEPS).contains(&reference.nt),
        "nt is {}, not from {least} to {MOST_STEPS}",
        reference.nt
    );
    Ok(Scheme {
        steps: reference.nt,
        stepper,
        trace,
        grid: Grid::Even,
    })
}

fn alpha(reference: &FlowReference) -> Alpha {
    let [a0, a1, a2] = reference.alpha;
    Alpha { a0, a1, a2 }
}

/// The parts of a comparison of samples.
struct Comparison<'a> {
    engine: &'a mut dyn Engine,
    reference: &'a FlowReference,
    samples: Samples<'a>,
    errors: &'a mut RelativeErrors,
}

impl Comparison<'_> {
    /// Adds the errors of Phi, its gradient and the trace of its Hessian.
    fn add_potential(&mut self) {
        let (reference, samples) = (self.reference, self.samples);
        let width = self.engine.shape().inputs() + 2;
        let mut out = vec![0.0; samples.n * width];
        self.engine.potential(samples, reference.s_time, &mut out);
        let column = |range: std::ops::Range<usize>| -> Vec<f64> {
            out.chunks(width)
                .flat_map(|row| &row[range.clone()])
                .copied()
                .collect()
        };
        self.errors.add("phi", &column(0..1), &reference.phi);
        self.errors
            .add("grad_s", &column(1..width - 1), &reference.grad_s.concat());
        self.errors.add(
            "trace_hess",
            &column(width - 1..width),
            &reference.trace_hess,
        );
    }

    /// Adds the errors of the losses and of the gradient of the loss.
    fn add_losses(&mut self, scheme: &Scheme, alpha: &Alpha) -> Result<()> {
        let (reference, samples) = (self.reference, self.samples);
        let shape = self.engine.shape();
        let mut gradient = vec![0.0; shape.parameters()];
        self.engine.gradient(samples, scheme, alpha, &mut gradient);
        let costs = self.engine.costs(samples, scheme, alpha);
        self.errors.add("loss", &[costs.loss], &[reference.loss]);
        self.errors.add(
            "costs",
            &[costs.l, costs.c, costs.r],
            &[reference.cost_l, reference.cost_c, reference.cost_r],
        );
        let expected = flat(&shape, &reference.grads).context("in grads")?;
        self.errors.add_tensors(&shape, &gradient, &expected);
        Ok(())
    }
}
