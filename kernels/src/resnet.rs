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
//! from [`crate::gradient::adjoint`], which has loaded the columns that they need.

use crate::activation::{activate, curvature, sigma_and_slope, slopes};
use crate::lanes::{Lanes, add, zeros};
use crate::linear::{apply, transpose};
use crate::network::Network;
use crate::tile::{Scratch, Workspace};
use crate::weight_gradient::Term;

/// A `Cache` holds the results of `forward` for the other terms and for the adjoint.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// The derivatives slope_i = sigma'(a_i), layers x m.
    pub slope: Vec<Vec<T>>,
    /// The columns u_0 .. u_{M-1}, M x m.
    pub u: Vec<Vec<T>>,
}

impl<T: Lanes> Cache<T> {
    /// Returns a cache of zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let shape = &net.shape;
        Cache {
            slope: vec![zeros(shape.m); shape.layers],
            u: vec![zeros(shape.m); shape.layers - 1],
        }
    }
}

/// Computes u_i and slope_i from s (inputs), and overwrites the cache.
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

/// Returns the network's part w . u_M of Phi, from a filled cache.
pub fn output<T: Lanes>(net: &Network<T>, cache: &Cache<T>, scratch: &mut Scratch<T>) -> T {
    let last = net.shape.layers - 1;
    let (a, before) = (&mut scratch.y, &cache.u[last - 1]);
    apply(&net.k[last], before, a);
    let mut value = T::default();
    for (k, &a) in a.iter().enumerate() {
        let [sigma] = sigma_and_slope([a + T::splat(net.bias[last][k])]).sigma;
        value = net.w[k].mul_add(net.h.mul_add(sigma, before[k]), value);
    }
    value
}

/// Computes the adjoint below the last layer, from the cotangents of slope and of u_{M-1} that [`crate::gradient::adjoint`]
/// leaves. It adds to the cotangents of s and of the parameters; a_bar_0 takes the place of slope_bar_0.
pub fn adjoint<T: Lanes>(net: &Network<T>, cache: &Cache<T>, work: &mut Workspace<T>) {
    let Workspace {
        cotangents: bars,
        scratch,
        theta_bar,
    } = work;
    for i in (1..net.shape.layers - 1).rev() {
        activation_adjoint(
            net.h,
            &cache.slope[i],
            &bars.u,
            &mut bars.slope[i],
            &mut theta_bar.bias[i],
        );
        theta_bar.k[i - 1].reserve(1);
        let Term { y_bar, x } = theta_bar.k[i - 1].reserved(1);
        y_bar.copy_from_slice(&bars.slope[i]);
        transpose(&cache.u[i - 1], net.section, x);
        apply(&net.kt[i], y_bar, &mut scratch.y);
        add(&mut bars.u, &scratch.y);
    }
    activation_adjoint(
        T::of(1.0),
        &cache.slope[0],
        &bars.u,
        &mut bars.slope[0],
        &mut theta_bar.bias[0],
    );
    apply(&net.kt[0], &bars.slope[0], &mut scratch.inputs);
    add(&mut bars.s, &scratch.inputs);
}

/// The cotangent a_bar = sigma'' slope_bar + factor slope u_bar, in the place of slope_bar and added to that of the biases.
#[inline(never)]
fn activation_adjoint<T: Lanes>(
    factor: T,
    slope: &[T],
    u_bar: &[T],
    bar: &mut [T],
    bias_bar: &mut [T],
) {
    let m = slope.len();
    let (u_bar, bar, bias_bar) = (&u_bar[..m], &mut bar[..m], &mut bias_bar[..m]);
    for k in 0..m {
        bar[k] = curvature(slope[k]).mul_add(bar[k], factor * slope[k] * u_bar[k]);
        bias_bar[k] += bar[k];
    }
}
