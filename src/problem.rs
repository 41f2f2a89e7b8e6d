//! The problem that a session poses, in the types of the kernels: shape, precision, integration scheme and weights.

use otflow_kernels::engine::Precision;
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::stepper::Stepper;
use rand::RngExt;

use crate::data::Dataset;
use crate::data::random::{Stream, row_generator};
use crate::session::{self, Flow, Session, Trace};

/// Shape of the potential for a session and its data.
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

/// Precision of the kernels for that of a session or a model.
pub fn kernel_precision(precision: session::Precision) -> Precision {
    match precision {
        session::Precision::F32 => Precision::F32,
        session::Precision::F64 => Precision::F64,
    }
}

/// Precision of the kernels for a session.
pub fn precision(session: &Session) -> Precision {
    kernel_precision(session.model.precision)
}

/// Integration scheme of the flow.
pub fn scheme(flow: &Flow) -> Scheme {
    let stepper = match flow.stepper {
        session::Stepper::Rk4 => Stepper::Rk4,
        session::Stepper::Euler => Stepper::Euler,
    };
    let trace = match flow.trace {
        Trace::EveryStage => TraceAt::EveryStage,
        Trace::StepNodes => TraceAt::StepNodes,
        Trace::GaussPoints => TraceAt::GaussPoints,
    };
    let grid = match flow.grid {
        session::Grid::Even => Grid::Even,
        session::Grid::Square => Grid::Bent(1.0),
        session::Grid::Drawn => Grid::Bent(0.5),
    };
    Scheme {
        steps: flow.steps,
        stepper,
        trace,
        grid,
    }
}

/// Integration scheme of the flow in a training iteration, counted from 1.
pub fn training_scheme(flow: &Flow, seed: u64, iteration: u64) -> Scheme {
    let scheme = scheme(flow);
    match flow.grid {
        session::Grid::Drawn => Scheme {
            grid: Grid::Bent(row_generator(seed, Stream::Grid, iteration, 0).random()),
            ..scheme
        },
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
