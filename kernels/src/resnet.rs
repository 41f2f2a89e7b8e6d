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
//! u_M enters Phi alone, neither the loss nor the density: its u_bar is 0, and `forward` leaves it out. a_bar_M and u_bar_{M-1} come
//! from [`crate::gradient::adjoint`], which has what they need in hand.

use crate::activation::{activate, curvature, sigma_and_slope, slopes};
use crate::lanes::Lanes;
use crate::linear::{apply, transpose};
use crate::network::Network;
use crate::partial::Partial;
use crate::tile::{Bars, Scratch, add, zeros};

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
    let Cache { slope, u } = cache;
    let last = net.shape.layers - 1;
    // Every a_i is written where its slope will be.
    apply(&net.k[0], s, &mut slope[0]);
    activate(&mut slope[0], &net.bias[0], &mut u[0]);
    for i in 1..last {
        let (before, after) = u.split_at_mut(i);
        let (before, after) = (&before[i - 1], &mut after[0]);
        apply(&net.k[i], before, &mut slope[i]);
        activate(&mut slope[i], &net.bias[i], after);
        for (after, &before) in after.iter_mut().zip(before) {
            *after = net.h.mul_add(*after, before);
        }
    }
    apply(&net.k[last], &u[last - 1], &mut slope[last]);
    slopes(&mut slope[last], &net.bias[last]);
}

/// w . u_M from a filled cache.
pub fn output<T: Lanes>(net: &Network<T>, cache: &Cache<T>, scratch: &mut Scratch<T>) -> T {
    let last = net.shape.layers - 1;
    let (a, before) = (&mut scratch.y, &cache.u[last - 1]);
    apply(&net.k[last], before, a);
    let mut value = T::default();
    for (k, &a) in a.iter().enumerate() {
        let ([sigma], _) = sigma_and_slope([a + T::splat(net.bias[last][k])]);
        value = net.w[k].mul_add(net.h.mul_add(sigma, before[k]), value);
    }
    value
}

/// From `bars.slope` below the last layer and u_bar_{M-1}, which [`crate::gradient::adjoint`] leaves, to the parameters and,
/// added, to s; a_bar_0 takes the place of slope_bar_0.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    cache: &Cache<T>,
    bars: &mut Bars<T>,
    scratch: &mut Scratch<T>,
    partial: &mut Partial<T>,
) {
    for i in (1..net.shape.layers - 1).rev() {
        into_a_bar(
            net.h,
            [&cache.slope[i], &bars.u],
            [&mut bars.slope[i], &mut partial.bias[i]],
        );
        partial.k[i - 1].push(1);
        let (a_bar, x) = partial.k[i - 1].last(1);
        a_bar.copy_from_slice(&bars.slope[i]);
        transpose(&cache.u[i - 1], net.part, x);
        apply(&net.kt[i], a_bar, &mut scratch.y);
        add(&mut bars.u, &scratch.y);
    }
    let into = [&mut bars.slope[0][..], &mut partial.bias[0]];
    into_a_bar(T::of(1.0), [&cache.slope[0], &bars.u], into);
    apply(&net.kt[0], &bars.slope[0], &mut scratch.inputs);
    add(&mut bars.s, &scratch.inputs);
}

/// a_bar = sigma'' slope_bar + factor slope u_bar in the place of slope_bar; added to the biases.
#[inline(never)]
fn into_a_bar<T: Lanes>(factor: T, known: [&[T]; 2], into: [&mut [T]; 2]) {
    let m = known[0].len();
    let [slope, u_bar] = known.map(|column| &column[..m]);
    let [bar, bias_bar] = into.map(|column| &mut column[..m]);
    for k in 0..m {
        bar[k] = curvature(slope[k]).mul_add(bar[k], factor * slope[k] * u_bar[k]);
        bias_bar[k] += bar[k];
    }
}
