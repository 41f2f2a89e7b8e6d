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

use crate::gradient::TraceTerm;
use crate::lanes::{Lanes, zeros};
use crate::network::Network;
use crate::parameter_gradient::FirstLayerTerm;
use crate::tile::{Scratch, Workspace};
use crate::trace::Seed;
use crate::{gradient, resnet, trace};

/// A `Flow` is a potential as the velocity field of the flow.
#[derive(Debug, Clone, Copy)]
pub struct Flow<'a, T: Lanes> {
    /// The packed parameters.
    pub net: &'a Network<T>,
    /// The weight of the transport cost, which also scales the dynamics.
    pub a0: f64,
}

/// A `Cache` holds the results of one evaluation that its adjoint reads.
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
    /// Returns a cache of zeros for a network, with memory for the trace or without.
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

    /// Returns the gradient grad_s Phi, inputs.
    pub fn grad(&self) -> &[T] {
        &self.gradient.grad
    }

    /// Returns the potential Phi itself.
    pub fn phi(&self, net: &Network<T>, scratch: &mut Scratch<T>) -> T {
        resnet::output(net, &self.resnet, scratch) + gradient::quadratic(net, &self.s)
    }
}

/// `Rates` are the derivatives of l, v and r, or their cotangents.
#[derive(Debug, Clone, Copy)]
pub struct Rates<T> {
    /// l', where the trace is evaluated.
    pub l: Option<T>,
    /// v'.
    pub v: T,
    /// r'.
    pub r: T,
}

/// A `Place` is where the flow is evaluated: a point of every path, and the time.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a, T> {
    /// The points x, d.
    pub x: &'a [T],
    /// The context y.
    pub y: &'a [T],
    /// The time t in [0, 1].
    pub t: f64,
}

/// Returns the rates at a place. It leaves x' in the cache, and evaluates l' where the cache has memory for the trace. With a
/// seed l'_bar, the adjoint pass of the trace follows at once.
pub fn forward<T: Lanes>(
    flow: Flow<T>,
    place: Place<T>,
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
    seed: Option<Seed<T>>,
) -> Rates<T> {
    let Flow { net, a0 } = flow;
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
        let seed = seed.map(|seed| Seed {
            bar: factor * seed.bar,
            ..seed
        });
        let at = trace::TracePoint {
            net,
            resnet: &cache.resnet,
            gradient: &cache.gradient,
        };
        factor * trace::forward(at, trace, scratch, seed)
    });
    Rates {
        l,
        v,
        r: cache.rho.abs(),
    }
}

/// Returns the velocity x' of the last forward pass, d.
pub fn velocity<T>(cache: &Cache<T>) -> &[T] {
    &cache.velocity
}

/// `RatesBar` holds the cotangents of the results of an evaluation.
#[derive(Debug, Clone, Copy)]
pub struct RatesBar<'a, T> {
    /// The cotangent of x', d; shorter where the last components are 0.
    pub velocity: &'a [T],
    /// The cotangents of l', v' and r'.
    pub rates: Rates<T>,
}

/// Computes the adjoint of an evaluation. It overwrites the cotangent of s and adds to those of the parameters.
pub fn adjoint<T: Lanes>(
    flow: Flow<T>,
    cache: &Cache<T>,
    bars: RatesBar<T>,
    work: &mut Workspace<T>,
) {
    let (Flow { net, a0 }, rates) = (flow, bars.rates);
    let into = &mut *work.cotangents;
    into.s.fill(T::default());
    let factor = T::of(-1.0 / a0);
    let rho_bar = rates.r * cache.rho.sign();
    let v_bar = T::of(a0).mul_add(rho_bar, rates.v);
    into.grad.fill(T::default());
    let velocities = cache.velocity.iter().zip(bars.velocity);
    for (grad, (&velocity, &bar)) in into.grad.iter_mut().zip(velocities) {
        *grad = factor * v_bar.mul_add(velocity, bar);
    }
    into.grad[net.shape.inputs() - 1] = -rho_bar;
    let trace = rates.l.zip(cache.trace.as_ref());
    let trace = trace.map(|(l_bar, trace)| TraceTerm {
        trace_bar: factor * l_bar,
        c: &trace.c,
        slope_bar: &trace.slope_bar,
    });
    let at = gradient::GradientPoint {
        net,
        s: &cache.s,
        resnet: &cache.resnet,
        gradient: &cache.gradient,
        trace,
    };
    gradient::adjoint(at, into, work.theta_bar);
    resnet::adjoint(net, &cache.resnet, work);
    work.theta_bar.add_k0(FirstLayerTerm {
        slope: &cache.resnet.slope[0],
        z: cache.gradient.z(net, 1),
        a_bar: &work.cotangents.slope[0],
        grad_bar: &work.cotangents.grad,
        s: &cache.s,
    });
}
