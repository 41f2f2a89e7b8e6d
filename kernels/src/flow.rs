//! The right-hand side of the flow at one point of every path of a tile.
//!
//! ```text
//! x' = -(1/a0) grad_x Phi        l' = -(1/a0) trace
//! v' = 1/2 |x'|^2                r' = | -d_t Phi + a0 v' |
//! ```
//!
//! adjoint, with rho = -d_t Phi + a0 v' and sign(0) = 0 as published:
//!
//! ```text
//! rho_bar = r'_bar sign(rho)      v'_bar += a0 rho_bar        x'_bar += v'_bar x'
//! grad_x_bar = -(1/a0) x'_bar     d_t Phi_bar = -rho_bar      trace_bar = -(1/a0) l'_bar
//! ```

use crate::lanes::Lanes;
use crate::network::Network;
use crate::partial::Partial;
use crate::tile::{Bars, Scratch, zeros};
use crate::{gradient, resnet, trace};

/// What one evaluation leaves for its adjoint.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    s: Vec<T>,
    resnet: resnet::Cache<T>,
    gradient: gradient::Cache<T>,
    trace: Option<trace::Cache<T>>,
    /// x', d.
    velocity: Vec<T>,
    rho: T,
}

impl<T: Lanes> Cache<T> {
    /// Zeros for a network, with a trace or without.
    pub fn new(net: &Network<T>, traced: bool) -> Self {
        Cache {
            s: zeros(net.shape.inputs()),
            resnet: resnet::Cache::new(net),
            gradient: gradient::Cache::new(net),
            trace: traced.then(|| trace::Cache::new(net)),
            velocity: zeros(net.shape.d),
            rho: T::default(),
        }
    }

    /// grad_s Phi, inputs.
    pub fn grad(&self) -> &[T] {
        &self.gradient.grad
    }

    /// Phi itself.
    pub fn phi(&self, net: &Network<T>, scratch: &mut Scratch<T>) -> T {
        resnet::output(net, &self.resnet, scratch) + gradient::quadratic(net, &self.s)
    }
}

/// Derivatives of l, v and r, or their cotangents; no l' where the trace is not evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Rates<T> {
    /// l'.
    pub l: Option<T>,
    /// v'.
    pub v: T,
    /// r'.
    pub r: T,
}

/// Where an evaluation happens: the point of every path, and the time.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a, T> {
    /// d.
    pub x: &'a [T],
    /// Context columns.
    pub y: &'a [T],
    /// Time in [0, 1].
    pub t: f64,
}

/// Writes x' and gives the other rates; l' where the cache has room for the trace. From l'_bar the way back is gone at once.
pub fn forward<T: Lanes>(
    net: &Network<T>,
    a0: f64,
    place: Place<T>,
    (cache, scratch): (&mut Cache<T>, &mut Scratch<T>),
    back: Option<trace::Back<T>>,
) -> Rates<T> {
    let d = net.shape.d;
    cache.s[..d].copy_from_slice(place.x);
    cache.s[d..d + place.y.len()].copy_from_slice(place.y);
    cache.s[net.shape.inputs() - 1] = T::of(place.t);
    resnet::forward(net, &cache.s, &mut cache.resnet);
    gradient::forward(net, &cache.s, &cache.resnet, &mut cache.gradient, scratch);
    let factor = T::of(-1.0 / a0);
    let mut square = T::default();
    for (velocity, &grad) in cache.velocity.iter_mut().zip(&cache.gradient.grad) {
        *velocity = factor * grad;
        square = velocity.mul_add(*velocity, square);
    }
    let v = T::of(0.5) * square;
    cache.rho = T::of(a0).mul_add(v, -cache.gradient.grad[net.shape.inputs() - 1]);
    let l = cache.trace.as_mut().map(|trace| {
        let back = back.map(|(l_bar, partial)| (factor * l_bar, partial));
        let known = (&cache.resnet, &cache.gradient);
        factor * trace::forward(net, known, trace, scratch, back)
    });
    Rates {
        l,
        v,
        r: cache.rho.abs(),
    }
}

/// x' of the last forward, d.
pub fn velocity<T>(cache: &Cache<T>) -> &[T] {
    &cache.velocity
}

/// From x'_bar and the cotangents of the rates to `bars.s` and the parameters.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    a0: f64,
    (cache, velocity_bar, rates): (&Cache<T>, &[T], Rates<T>),
    (bars, scratch): (&mut Bars<T>, &mut Scratch<T>),
    partial: &mut Partial<T>,
) {
    bars.s.fill(T::default());
    let factor = T::of(-1.0 / a0);
    let rho_bar = rates.r * cache.rho.sign();
    let v_bar = T::of(a0).mul_add(rho_bar, rates.v);
    bars.grad.fill(T::default());
    for ((grad, &velocity), &bar) in bars.grad.iter_mut().zip(&cache.velocity).zip(velocity_bar) {
        *grad = factor * v_bar.mul_add(velocity, bar);
    }
    bars.grad[net.shape.inputs() - 1] = -rho_bar;
    let trace = rates.l.zip(cache.trace.as_ref());
    let trace = trace.map(|(l_bar, trace)| (factor * l_bar, trace));
    gradient::adjoint(
        net,
        (&cache.s, &cache.resnet, &cache.gradient, trace),
        bars,
        partial,
    );
    resnet::adjoint(net, &cache.resnet, bars, scratch, partial);
    let left = [
        &cache.resnet.slope[0],
        cache.gradient.z(net, 1),
        &bars.slope[0],
    ];
    partial.add_k0(left, [&bars.grad, &cache.s]);
}
