//! L, C, R and the loss, the seeds of the adjoint, and where the trace is evaluated.
//!
//!     L = mean v(1)      R = mean r(1)      C = mean( 1/2 |x(1)|^2 + d/2 log(2 pi) - l(1) )
//!     loss = a0 L + a1 C + a2 R             log p(x) = -( 1/2 |x(1)|^2 + d/2 log(2 pi) - l(1) )
//!     seeds per sample, before the mean:    x_bar = a1 x(1)   l_bar = -a1   v_bar = a0   r_bar = a2

use crate::stepper::Stepper;

/// The weights of the loss; a0 also scales the dynamics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alpha {
    /// Weight of the transport cost L.
    pub a0: f64,
    /// Weight of the negative log-likelihood C.
    pub a1: f64,
    /// Weight of the HJB penalty R.
    pub a2: f64,
}

/// How the flow is integrated over [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Number of time steps nt, at least 1; at least 2 with [`TraceAt::StepNodes`].
    pub steps: usize,
    /// Runge-Kutta scheme.
    pub stepper: Stepper,
    /// Where the trace is evaluated.
    pub trace: TraceAt,
}

/// Where the trace of the Hessian is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceAt {
    /// At every Runge-Kutta stage, as published.
    EveryStage,
    /// At the step nodes t_k = k/nt only, by composite Simpson (the 3/8 rule on the last three intervals if nt is odd).
    StepNodes,
}

/// Means over the samples, in nats for `c`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// a0 L + a1 C + a2 R.
    pub loss: f64,
    /// Transport cost L.
    pub l: f64,
    /// Negative log-likelihood C, nats.
    pub c: f64,
    /// HJB penalty R.
    pub r: f64,
}
