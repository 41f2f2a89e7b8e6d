//! The residual network under Phi.
//!
//! ```text
//! u_0 = sigma(K_0 s + b_0)          u_i = u_{i-1} + h sigma(K_i u_{i-1} + b_i)      i = 1..M
//! ```
//!
//! adjoint, with a_i = K_i u_{i-1} + b_i (u_{-1} = s) and slope_i = sigma'(a_i):
//!
//! ```text
//! a_bar_i = sigma''(a_i) slope_bar_i + h slope_i u_bar_i       (no h at i = 0)
//! K_bar_i += a_bar_i u_{i-1}'       b_bar_i += a_bar_i       u_bar_{i-1} = u_bar_i + K_i^T a_bar_i
//! ```
//!
//! u_M enters Phi alone, neither the loss nor the density: its u_bar is 0, and `forward` leaves it out.

use crate::activation::{curvature, sigma_and_slope, slope};
use crate::lanes::Lanes;
use crate::linear::{apply, outer, transpose};
use crate::network::Network;
use crate::partial::Partial;
use crate::tile::{Bars, Scratch, zeros};

/// What forward leaves for the other terms and for the adjoint.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// sigma'(a_i), layers x m.
    pub slope: Vec<Vec<T>>,
    /// u_0 .. u_{M-1}, M x m.
    pub u: Vec<Vec<T>>,
}

impl<T: Lanes> Cache<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let shape = &net.shape;
        Cache {
            slope: vec![zeros(shape.m); shape.layers],
            u: vec![zeros(shape.m); shape.layers - 1],
        }
    }
}

/// Fills the cache from s (inputs).
pub fn forward<T: Lanes>(net: &Network<T>, s: &[T], cache: &mut Cache<T>) {
    let last = net.shape.layers - 1;
    let (bias, slopes, u) = (&net.bias[0], &mut cache.slope[0], &mut cache.u[0]);
    apply(&net.k[0], [s], |k, [a]| {
        (u[k], slopes[k]) = sigma_and_slope(a + T::splat(bias[k]))
    });
    for i in 1..last {
        let (bias, slopes) = (&net.bias[i], &mut cache.slope[i]);
        let (before, after) = cache.u.split_at_mut(i);
        let (before, after) = (&before[i - 1], &mut after[0]);
        apply(&net.k[i], [before], |k, [a]| {
            let (sigma, slope) = sigma_and_slope(a + T::splat(bias[k]));
            after[k] = net.h.mul_add(sigma, before[k]);
            slopes[k] = slope;
        });
    }
    let (bias, slopes) = (&net.bias[last], &mut cache.slope[last]);
    apply(&net.k[last], [&cache.u[last - 1]], |k, [a]| {
        slopes[k] = slope(a + T::splat(bias[k]))
    });
}

/// w . u_M from a filled cache.
pub fn output<T: Lanes>(net: &Network<T>, cache: &Cache<T>) -> T {
    let last = net.shape.layers - 1;
    let (bias, before) = (&net.bias[last], &cache.u[last - 1]);
    let mut value = T::default();
    apply(&net.k[last], [before], |k, [a]| {
        let (sigma, _) = sigma_and_slope(a + T::splat(bias[k]));
        value = T::splat(net.w[k]).mul_add(net.h.mul_add(sigma, before[k]), value);
    });
    value
}

/// From `bars.slope` to the parameters and, added, to s.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    (s, cache): (&[T], &Cache<T>),
    bars: &mut Bars<T>,
    scratch: &mut Scratch<T>,
    partial: &mut Partial<T>,
) {
    let Scratch {
        y_bar: a_bar,
        transposed,
        ..
    } = scratch;
    bars.u.fill(T::default());
    for i in (1..net.shape.layers).rev() {
        let slopes = &cache.slope[i];
        for (k, a_bar) in a_bar.iter_mut().enumerate() {
            let through_u = net.h * slopes[k] * bars.u[k];
            *a_bar = curvature(slopes[k]).mul_add(bars.slope[i][k], through_u);
            partial.bias[i][k] += *a_bar;
        }
        transpose(&cache.u[i - 1], transposed);
        outer(&mut partial.k[i - 1], net.shape.m, a_bar, transposed);
        let u_bar = &mut bars.u;
        apply(&net.kt[i], [a_bar], |k, [y]| u_bar[k] += y);
    }
    for (k, a_bar) in a_bar.iter_mut().enumerate() {
        let slope = cache.slope[0][k];
        *a_bar = curvature(slope).mul_add(bars.slope[0][k], slope * bars.u[k]);
        partial.bias[0][k] += *a_bar;
    }
    for (l, &s) in s.iter().enumerate() {
        partial.add_k0(l, a_bar, s);
    }
    let s_bar = &mut bars.s;
    apply(&net.kt[0], [a_bar], |l, [y]| s_bar[l] += y);
}
