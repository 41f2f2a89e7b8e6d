//! L, C, R and the loss, the seeds of the adjoint, and where the trace is evaluated.
//!
//! ```text
//! L = mean v(1)      R = mean r(1)      C = mean( 1/2 |x(1)|^2 + d/2 log(2 pi) - l(1) )
//! loss = a0 L + a1 C + a2 R             log p(x) = -( 1/2 |x(1)|^2 + d/2 log(2 pi) - l(1) )
//! seeds per sample, before the mean:    x_bar = a1 x(1)   l_bar = -a1   v_bar = a0   r_bar = a2
//! ```
//!
//! l does not feed back into the path, so l(1) may be any weighted sum of l' at points of it:
//!
//! | where | evaluations | points and weights |
//! | --- | --- | --- |
//! | `EveryStage` | 4 nt (RK4) | the stages, with the stepper's weights |
//! | `StepNodes` | nt + 1 | t_k = k/nt by composite Simpson; if nt is odd, the 3/8 rule on the last three intervals |
//! | `GaussPoints` | nt/2 + 2 | Gauss-Legendre on [0, 1], x from the continuous extension of the step around each point |
//!
//! `GaussPoints` is for flows in many dimensions, where the trace is nearly all of the cost: on four trained flows its error in C
//! was below that of `StepNodes`, and with a point fewer the error of l grew two- to threefold. `tests/quadrature.rs` of the
//! program trains with each.

use crate::quadrature::{QuadratureNode, legendre};
use crate::stepper::Stepper;

/// `Alpha` holds the weights of the loss; a0 also scales the dynamics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alpha {
    /// The weight of the transport cost L.
    pub a0: f64,
    /// The weight of the negative log-likelihood C.
    pub a1: f64,
    /// The weight of the HJB penalty R.
    pub a2: f64,
}

/// A `Scheme` says how the flow is integrated over [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scheme {
    /// The number of time steps nt, at least 1; at least 2 with [`TraceAt::StepNodes`].
    pub steps: usize,
    /// The Runge-Kutta method.
    pub stepper: Stepper,
    /// The points at which the trace is evaluated.
    pub trace: TraceAt,
    /// The times of the steps.
    pub grid: Grid,
}

/// A `Grid` says how the times t of the steps lie in [0, 1]: evenly in s, where t = t(s). Every rate of the flow is multiplied
/// by t'(s).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Grid {
    /// The times are even: t = s.
    Even,
    /// The times are t = (1 - b) s + b s^2 for b from 0 to 1: shorter steps near the data, where a flow that widens thin
    /// directions is fast.
    Bent(f64),
}

impl Grid {
    /// Returns the time t(s).
    pub fn time(self, s: f64) -> f64 {
        match self {
            Grid::Even => s,
            Grid::Bent(b) => s * (1.0 - b + b * s),
        }
    }

    /// Returns the derivative t'(s).
    pub fn pace(self, s: f64) -> f64 {
        match self {
            Grid::Even => 1.0,
            Grid::Bent(b) => 1.0 - b + 2.0 * b * s,
        }
    }
}

/// `TraceAt` says where the trace of the Hessian is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceAt {
    /// The trace is evaluated at every Runge-Kutta stage, as published.
    EveryStage,
    /// The trace is evaluated at the step nodes only.
    StepNodes,
    /// The trace is evaluated at the points of one Gauss-Legendre rule over [0, 1].
    GaussPoints,
}

/// A `Point` is a point between the stages at which the trace is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The index of the step around the point.
    pub step: usize,
    /// The fraction of that step before the point, above 0 and up to 1.
    pub fraction: f64,
    /// The weight of l' in l.
    pub weight: f64,
}

impl Scheme {
    /// Returns a scheme with the same evaluations, with the trace and without. It is the same for all grids that have them at
    /// the same stages.
    pub fn evaluated(&self) -> Scheme {
        let rests = self.grid.pace(0.0) == 0.0;
        Scheme {
            grid: if rests { self.grid } else { Grid::Even },
            ..*self
        }
    }

    /// Returns the time step 1/nt.
    pub fn dt(&self) -> f64 {
        1.0 / self.steps as f64
    }

    /// Returns the number of stages in a step.
    pub fn stages(&self) -> usize {
        self.stepper.tableau().b.len()
    }

    /// Returns the number of evaluations of the right-hand side along a path.
    pub fn evaluations(&self) -> usize {
        self.steps * self.stages() + self.points().len()
    }

    /// Returns the number of evaluations along a path that include the trace.
    pub fn traced_evaluations(&self) -> usize {
        let stages = self.stages();
        let all = (0..self.steps * stages).map(|k| self.trace_weight(k / stages, k % stages));
        all.flatten().count() + self.points().len()
    }

    /// Returns the weight of l' at a stage of a step, to be multiplied by t'(s), or None where the trace is not evaluated or
    /// its weight is 0.
    pub fn trace_weight(&self, step: usize, stage: usize) -> Option<f64> {
        let s = (step as f64 + self.stepper.tableau().c[stage]) * self.dt();
        if self.grid.pace(s) == 0.0 {
            return None;
        }
        match self.trace {
            TraceAt::EveryStage => Some(self.dt() * self.stepper.tableau().b[stage]),
            TraceAt::StepNodes => (stage == 0).then(|| node_weight(step, self.steps)),
            TraceAt::GaussPoints => None,
        }
    }

    /// Returns the points between the stages, in order of time.
    pub fn points(&self) -> Vec<Point> {
        let nt = self.steps;
        match self.trace {
            TraceAt::EveryStage => Vec::new(),
            TraceAt::StepNodes => vec![Point {
                step: nt - 1,
                fraction: 1.0,
                weight: node_weight(nt, nt),
            }],
            TraceAt::GaussPoints => legendre(nt / 2 + 2)
                .map(|QuadratureNode { point, weight }| {
                    let at = 0.5 * (1.0 + point) * nt as f64;
                    Point {
                        step: at as usize,
                        fraction: at.fract(),
                        weight: 0.5 * weight,
                    }
                })
                .collect(),
        }
    }
}

/// Returns the weight of node k of 0..=nt on [0, 1].
fn node_weight(k: usize, nt: usize) -> f64 {
    assert!(nt >= 2, "step nodes need at least two steps");
    let h = 1.0 / nt as f64;
    let simpson = if nt.is_multiple_of(2) { nt } else { nt - 3 };
    let mut weight = 0.0;
    if simpson > 0 && k <= simpson {
        weight += h / 3.0
            * if k % 2 == 1 {
                4.0
            } else if k == 0 || k == simpson {
                1.0
            } else {
                2.0
            };
    }
    if !nt.is_multiple_of(2) && k >= simpson {
        weight += 3.0 * h / 8.0 * [1.0, 3.0, 3.0, 1.0][k - simpson];
    }
    weight
}

/// `Costs` are means over the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// The loss a0 L + a1 C + a2 R.
    pub loss: f64,
    /// The transport cost L.
    pub l: f64,
    /// The negative log-likelihood C, in nats.
    pub c: f64,
    /// The HJB penalty R.
    pub r: f64,
}

/// The sums of the costs over samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostSums {
    /// The sum of v(1).
    pub v: f64,
    /// The sum of -log p, in nats.
    pub nll: f64,
    /// The sum of r(1).
    pub r: f64,
}

impl CostSums {
    /// Returns the sums at the start of a slice, in the order v, -log p, r.
    pub fn from_slice(sums: &[f64]) -> Self {
        CostSums {
            v: sums[0],
            nll: sums[1],
            r: sums[2],
        }
    }
}

impl Costs {
    /// Returns the mean costs from their sums over n samples.
    pub fn from_sums(sums: CostSums, n: usize, alpha: &Alpha) -> Self {
        let n = n as f64;
        let (l, c, r) = (sums.v / n, sums.nll / n, sums.r / n);
        Costs {
            loss: alpha.a0 * l + alpha.a1 * c + alpha.a2 * r,
            l,
            c,
            r,
        }
    }
}

/// Returns log p(x) from d, |x(1)|^2 and l(1).
pub fn normal_log_density(d: usize, square: f64, l: f64) -> f64 {
    l - 0.5 * square - 0.5 * d as f64 * std::f64::consts::TAU.ln()
}

/// Returns log p(x) from a final state (x(1), l, v, r) of d + 3 values.
pub fn log_density(state: &[f64]) -> f64 {
    let d = state.len() - 3;
    normal_log_density(d, state[..d].iter().map(|x| x * x).sum(), state[d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_weights_integrate_cubics_exactly() {
        for nt in 2..=11 {
            for power in 0..4 {
                let sum: f64 = (0..=nt)
                    .map(|k| node_weight(k, nt) * (k as f64 / nt as f64).powi(power))
                    .sum();
                assert!(
                    (sum - 1.0 / f64::from(power + 1)).abs() < 1e-15,
                    "nt {nt}, power {power}: {sum}"
                );
            }
        }
    }

    #[test]
    fn every_rule_has_its_number_of_traces_and_its_weights_sum_to_one() {
        for nt in 2..=11 {
            let traces = [
                (TraceAt::EveryStage, 4 * nt),
                (TraceAt::StepNodes, nt + 1),
                (TraceAt::GaussPoints, nt / 2 + 2),
            ];
            for (trace, count) in traces {
                let scheme = Scheme {
                    steps: nt,
                    stepper: Stepper::Rk4,
                    trace,
                    grid: Grid::Even,
                };
                assert_eq!(scheme.traced_evaluations(), count);
                let on_stages = (0..4 * nt).filter_map(|k| scheme.trace_weight(k / 4, k % 4));
                let between = scheme.points().into_iter().map(|point| point.weight);
                let sum: f64 = on_stages.chain(between).sum();
                assert!((sum - 1.0).abs() < 1e-14, "{scheme:?}: {sum}");
            }
        }
    }

    #[test]
    fn where_time_stands_still_no_trace_is_evaluated() {
        for nt in 2..=11 {
            for (stepper, trace, saved) in [
                (Stepper::Rk4, TraceAt::EveryStage, 1),
                (Stepper::Euler, TraceAt::EveryStage, 1),
                (Stepper::Rk4, TraceAt::StepNodes, 1),
                (Stepper::Rk4, TraceAt::GaussPoints, 0),
            ] {
                let of = |grid| Scheme {
                    steps: nt,
                    stepper,
                    trace,
                    grid,
                };
                let (even, square) = (of(Grid::Even), of(Grid::Bent(1.0)));
                // t'(0) = 0, and nowhere else.
                assert_eq!(square.trace_weight(0, 0), None);
                assert_eq!(
                    square.traced_evaluations() + saved,
                    even.traced_evaluations()
                );
                assert_eq!(square.evaluations(), even.evaluations());
                // The weights of l', t'(s) among them, sum to t(1) = 1: every rule is exact for straight lines. But Euler's, which
                // takes t' from the left.
                let tableau = stepper.tableau();
                let stages = square.stages();
                let on_stages = (0..stages * nt).filter_map(|k| {
                    let s = (k / stages) as f64 + tableau.c[k % stages];
                    let weight = square.trace_weight(k / stages, k % stages)?;
                    Some(weight * Grid::Bent(1.0).pace(s * square.dt()))
                });
                let between = square.points().into_iter().map(|point| {
                    let s = (point.step as f64 + point.fraction) * square.dt();
                    point.weight * Grid::Bent(1.0).pace(s)
                });
                let sum: f64 = on_stages.chain(between).sum();
                let want = match stepper {
                    Stepper::Rk4 => 1.0,
                    Stepper::Euler => 1.0 - square.dt(),
                };
                assert!((sum - want).abs() < 1e-14, "{square:?}: {sum}");
            }
        }
    }

    #[test]
    fn gauss_points_come_in_order_of_time_and_lie_in_their_steps() {
        for steps in 1..=40 {
            let scheme = Scheme {
                steps,
                stepper: Stepper::Rk4,
                trace: TraceAt::GaussPoints,
                grid: Grid::Even,
            };
            let points = scheme.points();
            let time = |point: &Point| point.step as f64 + point.fraction;
            assert!(points.is_sorted_by(|a, b| time(a) < time(b)));
            assert!(points.iter().all(|point| point.step < steps));
            assert!(
                points
                    .iter()
                    .all(|point| (0.0..=1.0).contains(&point.fraction))
            );
        }
    }

    #[test]
    fn the_normal_at_rest_has_the_normal_log_density() {
        let state = [3.0, 4.0, 0.5, 0.0, 0.0];
        assert_eq!(log_density(&state), 0.5 - 12.5 - std::f64::consts::TAU.ln());
    }
}
