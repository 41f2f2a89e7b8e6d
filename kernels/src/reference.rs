//! The specification: all of the mathematics once more, for one sample, in plain scalar loops over a number type.
//!
//! Run with [`Dual`] numbers it gives the exact derivative of the discrete loss along one parameter. Slow on purpose:
//! every line is to be compared with the equations at the head of the term's own file.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::objective::{Alpha, Scheme};
use crate::parameters::{Offsets, Shape};

/// A `Number` is what the specification computes with: f64, or a dual number.
pub trait Number:
    Copy
    + Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + From<f64>
{
    /// Returns the plain value.
    fn value(self) -> f64;
    /// Returns the hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Returns log(1 + exp(-2 self)) for self >= 0.
    fn log1p_exp(self) -> Self;

    /// Returns |self|, with derivative 0 at 0.
    fn abs(self) -> Self {
        if self.value() == 0.0 {
            Self::from(0.0)
        } else if self.value() < 0.0 {
            -self
        } else {
            self
        }
    }
}

impl Number for f64 {
    fn value(self) -> f64 {
        self
    }

    fn tanh(self) -> Self {
        f64::tanh(self)
    }

    fn log1p_exp(self) -> Self {
        (-2.0 * self).exp().ln_1p()
    }
}

/// A `Dual` number is a value with its derivative along one direction.
#[derive(Clone, Copy, Debug)]
pub struct Dual {
    /// The value.
    pub value: f64,
    /// The derivative.
    pub slope: f64,
}

impl From<f64> for Dual {
    fn from(value: f64) -> Self {
        Dual { value, slope: 0.0 }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Dual {
            value: self.value + o.value,
            slope: self.slope + o.slope,
        }
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Dual {
            value: self.value - o.value,
            slope: self.slope - o.slope,
        }
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Dual {
            value: self.value * o.value,
            slope: self.slope * o.value + self.value * o.slope,
        }
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let value = self.value / o.value;
        Dual {
            value,
            slope: (self.slope - value * o.slope) / o.value,
        }
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        Dual {
            value: -self.value,
            slope: -self.slope,
        }
    }
}

impl Number for Dual {
    fn value(self) -> f64 {
        self.value
    }

    fn tanh(self) -> Self {
        let value = self.value.tanh();
        Dual {
            value,
            slope: (1.0 - value * value) * self.slope,
        }
    }

    fn log1p_exp(self) -> Self {
        let e = (-2.0 * self.value).exp();
        Dual {
            value: e.ln_1p(),
            slope: -2.0 * e / (1.0 + e) * self.slope,
        }
    }
}

/// Returns sigma(a).
pub fn sigma<N: Number>(a: N) -> N {
    a.abs() + a.abs().log1p_exp()
}

/// Returns a row-major matrix times a vector.
fn times<N: Number>(matrix: &[N], x: &[N]) -> Vec<N> {
    matrix.chunks(x.len()).map(|row| dot(row, x)).collect()
}

/// Returns the transpose of a row-major matrix times a vector.
fn transpose_times<N: Number>(matrix: &[N], x: &[N]) -> Vec<N> {
    let columns = matrix.len() / x.len();
    (0..columns)
        .map(|c| {
            sum(x
                .iter()
                .enumerate()
                .map(|(r, &x)| matrix[r * columns + c] * x))
        })
        .collect()
}

fn dot<N: Number>(a: &[N], b: &[N]) -> N {
    sum(a.iter().zip(b).map(|(&a, &b)| a * b))
}

fn sum<N: Number>(terms: impl Iterator<Item = N>) -> N {
    terms.fold(N::from(0.0), |sum, term| sum + term)
}

/// `PointValues` hold Phi and its derivatives at one point.
#[derive(Clone, Debug)]
pub struct PointValues<N> {
    /// The potential Phi(s).
    pub phi: N,
    /// The gradient grad_s Phi, inputs.
    pub grad: Vec<N>,
    /// The trace of the space Hessian.
    pub trace: N,
}

/// Returns Phi, its gradient and its exact trace at s = (x, y, t).
pub fn potential<N: Number>(shape: &Shape, theta: &[N], s: &[N]) -> PointValues<N> {
    let at = Offsets::new(shape);
    let (m, d, last, one) = (shape.m, shape.d, shape.layers - 1, N::from(1.0));
    let h = N::from(shape.h());
    let k = |i: usize| &theta[at.k[i].clone()];
    let open = |i: usize, x: &[N]| -> Vec<N> {
        times(k(i), x)
            .iter()
            .zip(&theta[at.b[i].clone()])
            .map(|(&a, &b)| a + b)
            .collect()
    };
    let mut a = vec![open(0, s)];
    let mut u: Vec<N> = a[0].iter().map(|&a| sigma(a)).collect();
    for i in 1..=last {
        a.push(open(i, &u));
        u = u
            .iter()
            .zip(&a[i])
            .map(|(&u, &a)| u + h * sigma(a))
            .collect();
    }
    let slope: Vec<Vec<N>> = a
        .iter()
        .map(|a| a.iter().map(|a| a.tanh()).collect())
        .collect();
    let curvature = |i: usize, k: usize| one - slope[i][k] * slope[i][k];

    let w = &theta[at.w.clone()];
    let mut z = vec![w.to_vec(); last + 1];
    for i in (1..=last).rev() {
        let y: Vec<N> = (0..m).map(|k| slope[i][k] * z[i][k]).collect();
        z[i - 1] = transpose_times(k(i), &y)
            .iter()
            .zip(&z[i])
            .map(|(&y, &z)| z + h * y)
            .collect();
    }
    let (a_matrix, b) = (&theta[at.a.clone()], &theta[at.linear.clone()]);
    let a_s = times(a_matrix, s);
    let y: Vec<N> = (0..m).map(|k| slope[0][k] * z[0][k]).collect();
    let through_k0 = transpose_times(k(0), &y);
    let through_a = transpose_times(a_matrix, &a_s);
    let grad = (0..s.len())
        .map(|l| through_k0[l] + through_a[l] + b[l])
        .collect();
    let phi = dot(w, &u) + N::from(0.5) * dot(&a_s, &a_s) + dot(b, s) + theta[at.constant.start];

    let column = |j: usize| -> Vec<N> { (0..m).map(|row| k(0)[row * s.len() + j]).collect() };
    let mut trace = sum(a_matrix
        .chunks(s.len())
        .flat_map(|row| &row[..d])
        .map(|&a| a * a));
    for j in 0..d {
        let k0 = column(j);
        trace = trace + sum((0..m).map(|k| curvature(0, k) * z[0][k] * k0[k] * k0[k]));
        let mut jac: Vec<N> = (0..m).map(|k| slope[0][k] * k0[k]).collect();
        for i in 1..=last {
            let y = times(k(i), &jac);
            trace = trace + h * sum((0..m).map(|k| curvature(i, k) * z[i][k] * y[k] * y[k]));
            jac = (0..m).map(|k| jac[k] + h * slope[i][k] * y[k]).collect();
        }
    }
    PointValues { phi, grad, trace }
}

/// A `Model` is a potential as the velocity field of the flow.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a, N> {
    /// The shape of the potential.
    pub shape: &'a Shape,
    /// The parameters, flat as in [`Shape::tensors`].
    pub theta: &'a [N],
    /// The weight of the transport cost, which also scales the dynamics.
    pub a0: f64,
}

/// Returns x', l', v', r' at (x, y, t), d + 3 values.
pub fn velocity<N: Number>(model: Model<N>, x: &[N], y: &[f64], t: f64) -> Vec<N> {
    let Model { shape, theta, a0 } = model;
    let context = y.iter().copied().chain([t]).map(N::from);
    let s: Vec<N> = x.iter().copied().chain(context).collect();
    let at = potential(shape, theta, &s);
    let mut rates: Vec<N> = at.grad[..shape.d]
        .iter()
        .map(|&g| -g / N::from(a0))
        .collect();
    let v = N::from(0.5) * dot(&rates, &rates);
    rates.push(-at.trace / N::from(a0));
    rates.push(v);
    rates.push((-at.grad[s.len() - 1] + N::from(a0) * v).abs());
    rates
}

/// Returns the same derivatives with respect to s, where t = t(s): every rate is multiplied by t'(s).
fn rates<N: Number>(model: Model<N>, scheme: &Scheme, x: &[N], y: &[f64], s: f64) -> Vec<N> {
    let pace = N::from(scheme.grid.pace(s));
    let rates = velocity(model, x, y, scheme.grid.time(s));
    rates.into_iter().map(|rate| pace * rate).collect()
}

/// Returns the final state (x, l, v, r), at t = 1, of a row (x, y).
pub fn state<N: Number>(model: Model<N>, scheme: &Scheme, row: &[f64]) -> Vec<N> {
    let (d, tableau, dt) = (model.shape.d, scheme.stepper.tableau(), scheme.dt());
    let (x, y) = row.split_at(d);
    let mut state: Vec<N> = x.iter().copied().chain([0.0; 3]).map(N::from).collect();
    let points = scheme.points();
    for step in 0..scheme.steps {
        let (mut next, mut stages) = (state.clone(), Vec::<Vec<N>>::new());
        for stage in 0..tableau.b.len() {
            let x: Vec<N> = (0..d)
                .map(|j| match stages.last() {
                    Some(k) => state[j] + N::from(dt * tableau.a[stage]) * k[j],
                    None => state[j],
                })
                .collect();
            let k = rates(model, scheme, &x, y, (step as f64 + tableau.c[stage]) * dt);
            for j in (0..d + 3).filter(|&j| j != d) {
                next[j] = next[j] + N::from(dt * tableau.b[stage]) * k[j];
            }
            if let Some(weight) = scheme.trace_weight(step, stage) {
                next[d] = next[d] + N::from(weight) * k[d];
            }
            stages.push(k);
        }
        for point in points.iter().filter(|point| point.step == step) {
            let b = |stage: usize| N::from(dt * tableau.b_between(stage, point.fraction));
            let x: Vec<N> = (0..d)
                .map(|j| state[j] + sum(stages.iter().enumerate().map(|(i, k)| b(i) * k[j])))
                .collect();
            let k = rates(model, scheme, &x, y, (step as f64 + point.fraction) * dt);
            next[d] = next[d] + N::from(point.weight) * k[d];
        }
        state = next;
    }
    state
}

/// Returns the loss over rows of (x, y).
pub fn loss<N: Number>(
    shape: &Shape,
    theta: &[N],
    scheme: &Scheme,
    alpha: &Alpha,
    rows: &[f64],
) -> N {
    let a0 = alpha.a0;
    let model = Model { shape, theta, a0 };
    let (d, n) = (shape.d, rows.len() / shape.columns());
    let constant = N::from(0.5 * d as f64 * std::f64::consts::TAU.ln());
    let of_row = |row: &[f64]| {
        let end = state(model, scheme, row);
        let c = N::from(0.5) * dot(&end[..d], &end[..d]) + constant - end[d];
        N::from(alpha.a0) * end[d + 1] + N::from(alpha.a1) * c + N::from(alpha.a2) * end[d + 2]
    };
    sum(rows.chunks(shape.columns()).map(of_row)) / N::from(n as f64)
}

/// Returns M over pairs of x, y, x_1 and t, 2 d + context + 1 values each.
pub fn matching<N: Number>(model: Model<N>, pairs: &[f64]) -> N {
    let Model { shape, theta, a0 } = model;
    let (d, width) = (shape.d, shape.columns() + shape.d + 1);
    let of_pair = |pair: &[f64]| {
        let (x, rest) = pair.split_at(d);
        let (y, rest) = rest.split_at(shape.context);
        let (x_1, t) = (&rest[..d], rest[d]);
        let place = x.iter().zip(x_1).map(|(x, x_1)| (1.0 - t) * x + t * x_1);
        let s = place.chain(y.iter().copied()).chain([t]);
        let s: Vec<N> = s.map(N::from).collect();
        let at = potential(shape, theta, &s);
        let off = |j: usize| -at.grad[j] / N::from(a0) - N::from(x_1[j] - x[j]);
        sum((0..d).map(|j| off(j) * off(j)))
    };
    sum(pairs.chunks(width).map(of_pair)) / N::from((pairs.len() / width) as f64)
}
