//! The loss M of a start without simulation (conditional flow matching), for one tile of pairs.
//!
//! ```text
//! x_t = (1 - t) x + t x_1        e = -(1/a0) grad_x Phi(x_t, y, t) - (x_1 - x)        M = mean |e|^2
//! ```
//!
//! adjoint, before the mean: that of grad_s Phi alone, without the trace, from the seed
//!
//! ```text
//! grad_bar = -(2/a0) e for the first d components, 0 for the others
//! ```

use crate::flow::Flow;
use crate::gradient;
use crate::lanes::{Lanes, Real, lanes, scalars_mut, zeros};
use crate::network::Network;
use crate::parameter_gradient::FirstLayerTerm;
use crate::resnet;
use crate::tile::{Tile, Workspace};

/// The least number of tiles in a chunk of pairs: a chunk costs a pass over its sums, and a pair is one evaluation only.
pub const TILES: usize = 8;

/// `Pairs` are pairs of a data row and a normal draw, each with a time t; they are asked for one by one.
#[derive(Clone, Copy)]
pub struct Pairs<'a> {
    /// The number of pairs.
    pub n: usize,
    /// The function that writes pair i into a slice: x (d), y (context), x_1 (d) and t.
    pub row: &'a (dyn Fn(usize, &mut [f64]) + Sync),
}

/// A `Matching` holds the memory of one thread for a tile of pairs.
#[derive(Debug)]
pub struct Matching<T> {
    /// (x_t, y, t), inputs.
    s: Vec<T>,
    /// x_1 - x, d; then e.
    residual: Vec<T>,
    /// 1 for a pair, 0 for padding.
    real: T,
    /// One pair.
    row: Vec<f64>,
    resnet: resnet::Cache<T>,
    gradient: gradient::Cache<T>,
}

impl<T: Lanes> Matching<T> {
    /// Returns the memory for a network.
    pub fn new(net: &Network<T>) -> Self {
        let shape = &net.shape;
        Matching {
            s: zeros(shape.inputs()),
            residual: zeros(shape.d),
            real: T::default(),
            row: vec![0.0; shape.columns() + shape.d + 1],
            resnet: resnet::Cache::new(net),
            gradient: gradient::Cache::new(net),
        }
    }

    /// Takes the pairs of a tile; lanes past them are padding, at 0.
    pub fn take(&mut self, pairs: &Pairs, Tile { first, count }: Tile) {
        let d = self.residual.len();
        self.s.fill(T::default());
        self.residual.fill(T::default());
        self.real = T::default();
        for lane in 0..count {
            (pairs.row)(first + lane, &mut self.row);
            let (start, rest) = self.row.split_at(self.row.len() - d - 1);
            let (x, context) = start.split_at(d);
            let (x_1, t) = (&rest[..d], rest[d]);
            let place = x.iter().zip(x_1).map(|(&x, &x_1)| x + t * (x_1 - x));
            let s = place.chain(context.iter().copied()).chain([t]);
            put(&mut self.s, lane, s);
            let line = x.iter().zip(x_1).map(|(&x, &x_1)| x_1 - x);
            put(&mut self.residual, lane, line);
            scalars_mut(std::slice::from_mut(&mut self.real))[lane] = T::Real::of(1.0);
        }
    }

    /// Returns the sum of |e|^2 over the first `count` pairs, and adds its gradient, summed over the tile's pairs, to the
    /// parameter gradient.
    pub fn run(&mut self, flow: Flow<T>, count: usize, work: &mut Workspace<T>) -> f64 {
        let Flow { net, a0 } = flow;
        resnet::forward(net, &self.s, &mut self.resnet);
        gradient::forward(net, &self.s, &self.resnet, &mut self.gradient, work.scratch);
        let (factor, seed) = (T::of(-1.0 / a0), T::of(-2.0 / a0) * self.real);
        let (mut square, bars) = (T::default(), &mut *work.cotangents);
        bars.s.fill(T::default());
        bars.grad.fill(T::default());
        // e, |e|^2 and the seed in one pass over the d rows: all three are in L1 once.
        let columns = self.residual.iter_mut().zip(&self.gradient.grad);
        for ((residual, &grad), bar) in columns.zip(&mut bars.grad) {
            *residual = factor.mul_add(grad, -*residual);
            square = residual.mul_add(*residual, square);
            *bar = seed * *residual;
        }
        let at = gradient::GradientPoint {
            net,
            s: &self.s,
            resnet: &self.resnet,
            gradient: &self.gradient,
            trace: None,
        };
        gradient::adjoint(at, bars, work.theta_bar);
        resnet::adjoint(net, &self.resnet, work);
        work.theta_bar.add_k0(FirstLayerTerm {
            slope: &self.resnet.slope[0],
            z: self.gradient.z(net, 1),
            a_bar: &work.cotangents.slope[0],
            grad_bar: &work.cotangents.grad,
            s: &self.s,
        });
        lanes(&square)[..count].iter().map(|v| v.widen()).sum()
    }
}

/// Writes a column of values into one lane.
fn put<T: Lanes>(column: &mut [T], lane: usize, values: impl Iterator<Item = f64>) {
    let places = scalars_mut(column)[lane..].iter_mut().step_by(T::WIDTH);
    for (place, value) in places.zip(values) {
        *place = T::Real::of(value);
    }
}
