//! `Engine`: the one place where precision and lane width become concrete. Everything outside this crate speaks f64.

use rayon::ThreadPoolBuildError;
use wide::{f32x16, f64x8};

use crate::batch::Batch;
use crate::objective::{Alpha, Costs, Scheme};
use crate::parameters::Shape;

/// Rows of data, each (x, y) with d + context values; asked for one at a time, so that memory does not grow with n.
#[derive(Clone, Copy)]
pub struct Samples<'a> {
    /// Number of rows.
    pub n: usize,
    /// Writes row i into the slice.
    pub row: &'a (dyn Fn(usize, &mut [f64]) + Sync),
}

/// Which way the flow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// t from 0 to 1: data to normal, f.
    Forward,
    /// t from 1 to 0: normal to data, f^-1.
    Inverse,
}

/// Arithmetic of the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single precision, sums over tiles in f64.
    F32,
    /// Double precision.
    F64,
}

/// A potential with its flow; object safe, made by [`engine`].
pub trait Engine: Send {
    /// The shape it was made for.
    fn shape(&self) -> Shape;

    /// Takes new parameters, flat as in [`Shape::tensors`].
    fn load(&mut self, theta: &[f64]);

    /// Phi, grad_s Phi (inputs) and the trace of its space Hessian at time t, n x (inputs + 2).
    fn potential(&mut self, samples: Samples, t: f64, out: &mut [f64]);

    /// L, C, R and the loss.
    fn costs(&mut self, samples: Samples, scheme: &Scheme, alpha: &Alpha) -> Costs;

    /// L, C, R and the loss, and the gradient of the loss with respect to every parameter (overwritten).
    fn gradient(
        &mut self,
        samples: Samples,
        scheme: &Scheme,
        alpha: &Alpha,
        gradient: &mut [f64],
    ) -> Costs;

    /// The final states (x(1), l, v, r), n x (d + 3).
    fn states(&mut self, samples: Samples, scheme: &Scheme, a0: f64, out: &mut [f64]);

    /// The paths in order of travel, n x (nt + 1) x d, without the trace; a row starts at its sample.
    fn paths(
        &mut self,
        samples: Samples,
        flow: (&Scheme, f64),
        direction: Direction,
        out: &mut [f64],
    );

    /// The ends of the paths, n x d, without the trace.
    fn transport(
        &mut self,
        samples: Samples,
        flow: (&Scheme, f64),
        direction: Direction,
        out: &mut [f64],
    );
}

/// An engine on so many threads of its own; 0 means one a core.
///
/// # Errors
/// When the threads cannot be started.
pub fn engine(
    shape: Shape,
    precision: Precision,
    threads: usize,
) -> Result<Box<dyn Engine>, ThreadPoolBuildError> {
    Ok(match precision {
        Precision::F32 => Box::new(Batch::<f32x16>::new(shape, threads)?),
        Precision::F64 => Box::new(Batch::<f64x8>::new(shape, threads)?),
    })
}

/// The vector instructions this was compiled for.
pub fn compiled() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "AVX-512"
    } else if cfg!(all(target_feature = "avx2", target_feature = "fma")) {
        "AVX2+FMA"
    } else if cfg!(target_arch = "aarch64") {
        "NEON"
    } else {
        "no AVX2, no FMA"
    }
}
