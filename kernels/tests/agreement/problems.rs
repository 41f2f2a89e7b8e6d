//! Shapes, schemes, parameters and rows that the tests compute with, and how far apart two results are.

use otflow_kernels::batch::Batch;
use otflow_kernels::engine::{Engine, Precision, Samples, engine, with_rows};
use otflow_kernels::layout::uses_strassen;
use otflow_kernels::objective::{Alpha, Costs, Grid, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::stepper::Stepper;

pub const ALPHA: Alpha = Alpha {
    a0: 1.3,
    a1: 30.0,
    a2: 7.0,
};

/// A few hundred operations in f64, each within half a unit.
pub const ROUNDING: f64 = 1e-12;

/// f32 has 24 bits, and values pass through some hundred operations: judged against f64.
pub const SINGLE: f64 = 2e-5;

pub fn uniform(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Start values moved about, so that no parameter is special.
pub fn parameters(shape: &Shape) -> Vec<f64> {
    let mut draw = uniform(7);
    let start = shape.start(&mut draw);
    start
        .into_iter()
        .map(|v| v + 0.4 * (draw() - 0.5))
        .collect()
}

pub fn rows(shape: &Shape, n: usize) -> Vec<f64> {
    let mut draw = uniform(11);
    (0..n * shape.columns())
        .map(|_| 4.0 * (draw() - 0.5))
        .collect()
}

pub fn with_samples<R>(shape: &Shape, rows: &[f64], f: impl FnOnce(Samples) -> R) -> R {
    with_rows(rows, shape.columns(), f)
}

/// The kernels of one lane type. Those that the program runs are compiled into the crate, and need not be compiled here again.
#[derive(Clone, Copy, Debug)]
pub enum Kernels {
    Vectors(Precision),
    Scalars(Precision),
}

/// The kernels of the program in f32 and in f64.
pub const F32: Kernels = Kernels::Vectors(Precision::F32);
pub const F64: Kernels = Kernels::Vectors(Precision::F64);

impl Kernels {
    /// An engine with the parameters of its shape.
    pub fn engine(self, shape: Shape, threads: usize) -> Box<dyn Engine> {
        let mut engine: Box<dyn Engine> = match self {
            Kernels::Vectors(precision) => engine(shape, precision, threads).unwrap(),
            Kernels::Scalars(Precision::F32) => {
                Box::new(Batch::<f32>::new(shape, threads).unwrap())
            }
            Kernels::Scalars(Precision::F64) => {
                Box::new(Batch::<f64>::new(shape, threads).unwrap())
            }
        };
        engine.load(&parameters(&shape));
        engine
    }
}

pub fn gradient(
    kernels: Kernels,
    shape: Shape,
    scheme: &Scheme,
    rows: &[f64],
    threads: usize,
) -> (Costs, Vec<f64>) {
    let mut engine = kernels.engine(shape, threads);
    let mut gradient = vec![0.0; shape.parameters()];
    let costs = with_samples(&shape, rows, |samples| {
        engine.gradient(samples, scheme, &ALPHA, &mut gradient)
    });
    (costs, gradient)
}

pub fn distance(got: &[f64], want: &[f64]) -> f64 {
    let largest = want.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    let off = got
        .iter()
        .zip(want)
        .fold(0.0_f64, |a, (g, w)| a.max((g - w).abs()));
    off / largest.max(1e-300)
}

/// Largest relative error over the tensors, each judged by its own largest value; c has no gradient.
pub fn tensor_distance(shape: &Shape, got: &[f64], want: &[f64]) -> f64 {
    let tensors = shape.tensors();
    let trained = tensors.iter().filter(|t| t.name != "c.bias");
    trained
        .map(|t| distance(&got[t.range.clone()], &want[t.range.clone()]))
        .fold(0.0, f64::max)
}

pub fn shape(d: usize, context: usize, m: usize, layers: usize, rank: usize) -> Shape {
    Shape {
        d,
        context,
        m,
        layers,
        rank,
    }
}

pub fn scheme(steps: usize, stepper: Stepper, trace: TraceAt) -> Scheme {
    Scheme {
        steps,
        stepper,
        trace,
        grid: Grid::Even,
    }
}

/// Wide enough for Strassen's scheme: every number of pairs in a panel and of columns left over, halves that fill their
/// vectors and halves that do not.
pub fn wide_cases() -> Vec<(Shape, Scheme)> {
    let (rk4, euler) = (Stepper::Rk4, Stepper::Euler);
    let cases = vec![
        (
            shape(2, 0, 192, 2, 10),
            scheme(2, euler, TraceAt::EveryStage),
        ),
        (shape(6, 0, 192, 2, 10), scheme(2, rk4, TraceAt::EveryStage)),
        (shape(11, 1, 198, 3, 4), scheme(1, rk4, TraceAt::EveryStage)),
        (
            shape(13, 0, 206, 2, 4),
            scheme(1, rk4, TraceAt::GaussPoints),
        ),
        (shape(7, 0, 192, 4, 4), scheme(2, euler, TraceAt::StepNodes)),
    ];
    assert!(cases.iter().all(|(shape, _)| uses_strassen(shape.m)));
    cases
}

pub fn cases() -> Vec<(Shape, Scheme)> {
    let (rk4, euler) = (Stepper::Rk4, Stepper::Euler);
    let (every, nodes) = (TraceAt::EveryStage, TraceAt::StepNodes);
    let gauss = TraceAt::GaussPoints;
    let bent = |b: f64, scheme: Scheme| Scheme {
        grid: Grid::Bent(b),
        ..scheme
    };
    vec![
        (shape(1, 0, 1, 2, 10), scheme(2, rk4, every)),
        (shape(2, 0, 5, 2, 10), scheme(3, rk4, every)),
        (shape(4, 0, 7, 3, 2), scheme(2, rk4, every)),
        (shape(3, 2, 6, 4, 10), scheme(2, rk4, nodes)),
        (shape(2, 1, 19, 2, 1), scheme(3, rk4, nodes)),
        (shape(5, 0, 3, 3, 10), scheme(4, euler, nodes)),
        (shape(7, 3, 4, 2, 10), scheme(1, euler, every)),
        (shape(3, 1, 7, 3, 10), scheme(1, rk4, gauss)),
        (shape(4, 0, 6, 2, 10), scheme(3, rk4, gauss)),
        (shape(2, 0, 5, 2, 10), scheme(4, euler, gauss)),
        (shape(3, 0, 8, 5, 10), scheme(5, euler, every)),
        (shape(3, 1, 6, 3, 10), bent(1.0, scheme(3, rk4, every))),
        (shape(4, 0, 5, 2, 10), bent(0.3, scheme(3, rk4, nodes))),
        (shape(2, 0, 7, 2, 10), bent(1.0, scheme(2, rk4, gauss))),
    ]
}
