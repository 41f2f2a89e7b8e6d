//! `Engine`: the one place where precision and lane width become concrete. Everything outside this crate speaks f64.

use crate::objective::{Alpha, Costs, Scheme};
use crate::parameters::Shape;

/// Rows of data, each (x, y) with d + context values; filled one at a time so that memory does not grow with n.
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

/// A potential with its flow. Object safe; made by [`engine`].
pub trait Engine: Send {
    /// The shape it was made for.
    fn shape(&self) -> Shape;

    /// Takes new parameters, flat as in [`Shape::tensors`].
    fn load(&mut self, theta: &[f64]);

    /// Phi (n), grad_s Phi (n x inputs) and the trace of its space Hessian (n) at time t.
    fn potential(&mut self, samples: Samples, t: f64, phi: &mut [f64], grad: &mut [f64], trace: &mut [f64]);

    /// L, C, R and the loss.
    fn costs(&mut self, samples: Samples, scheme: &Scheme, alpha: &Alpha) -> Costs;

    /// L, C, R and the loss, and the gradient of the loss with respect to every parameter (overwritten).
    fn gradient(&mut self, samples: Samples, scheme: &Scheme, alpha: &Alpha, gradient: &mut [f64]) -> Costs;

    /// The final states (x(1), l, v, r), n x (d + 3).
    fn states(&mut self, samples: Samples, scheme: &Scheme, a0: f64, out: &mut [f64]);

    /// The paths x(t_0) .. x(t_nt), n x (nt + 1) x d, no trace; row i starts at its sample.
    fn paths(&mut self, samples: Samples, scheme: &Scheme, a0: f64, direction: Direction, out: &mut [f64]);

    /// The end of every path, n x d, no trace.
    fn transport(&mut self, samples: Samples, scheme: &Scheme, a0: f64, direction: Direction, out: &mut [f64]);
}
