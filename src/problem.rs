//! The problem that a session poses, in the types of the kernels: shape, precision, integration scheme and weights.

use otflow_kernels::engine::Precision;
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::stepper::Stepper;
use rand::RngExt;

use crate::data::Dataset;
use crate::data::random::{DrawKey, Stream, row_generator};
use crate::session::{self, FlowSettings, Session, Trace};

/// The shape of the potential for a session and its data.
pub fn shape(session: &Session, data: &Dataset) -> Shape {
    let model = &session.model;
    Shape {
        d: data.dimension(),
        context: data.context(),
        m: model.width,
        layers: model.layers,
        rank: model.rank,
    }
}

/// The precision of the kernels for that of a session or a model.
pub fn kernel_precision(precision: session::Precision) -> Precision {
    match precision {
        session::Precision::F32 => Precision::F32,
        session::Precision::F64 => Precision::F64,
    }
}

/// The precision of the kernels for a session.
pub fn precision(session: &Session) -> Precision {
    kernel_precision(session.model.precision)
}

/// The points at which the kernels evaluate the trace.
pub fn trace_at(trace: Trace) -> TraceAt {
    match trace {
        Trace::EveryStage => TraceAt::EveryStage,
        Trace::StepNodes => TraceAt::StepNodes,
        Trace::GaussPoints => TraceAt::GaussPoints,
    }
}

/// How the flow is integrated.
pub fn scheme(flow: &FlowSettings) -> Scheme {
    let stepper = match flow.stepper {
        session::Stepper::Rk4 => Stepper::Rk4,
        session::Stepper::Euler => Stepper::Euler,
    };
    let grid = match flow.grid {
        session::Grid::Even => Grid::Even,
        session::Grid::Square => Grid::Bent(1.0),
        session::Grid::Drawn => Grid::Bent(0.5),
    };
    Scheme {
        steps: flow.steps,
        stepper,
        trace: trace_at(flow.trace),
        grid,
    }
}

/// How the flow is integrated in a training iteration, from 1.
pub fn training_scheme(flow: &FlowSettings, seed: u64, iteration: u64) -> Scheme {
    let scheme = scheme(flow);
    match flow.grid {
        session::Grid::Drawn => {
            let key = DrawKey {
                seed,
                stream: Stream::Grid,
                draw: iteration,
            };
            Scheme {
                grid: Grid::Bent(row_generator(key, 0).random()),
                ..scheme
            }
        }
        _ => scheme,
    }
}

/// Weights of the loss.
pub fn alpha(session: &Session) -> Alpha {
    let weights = &session.weights;
    Alpha {
        a0: weights.transport,
        a1: weights.likelihood,
        a2: weights.hjb,
    }
}
