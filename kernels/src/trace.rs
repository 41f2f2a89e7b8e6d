//! The exact trace of the space Hessian of Phi.
//!
//! ```text
//! t_0 = sum_k sigma''(a_0)_k z_1k |(K_0 E)_k|^2            J_0 = diag(slope_0) K_0 E
//! y_i = K_i J_{i-1}      c_ik = |y_ik|^2      t_i = sum_k sigma''(a_i)_k z_{i+1,k} c_ik      J_i = J_{i-1} + h diag(slope_i) y_i
//! trace = t_0 + h (t_1 + ... + t_M) + trace(E^T A^T A E)
//! ```
//!
//! adjoint, from t = trace_bar, with sigma'' = 1 - slope^2:
//!
//! ```text
//! tau_0 = t |(K_0 E)_k|^2      tau_i = t c_i        slope and z meet them in gradient::adjoint
//! y_bar_i = 2 t h sigma''_i z_{i+1} y_i + h slope_i J_bar_i     slope_bar_i += h J_bar_i . y_i        J_bar_M = 0
//! J_bar_{i-1} = J_bar_i + K_i^T y_bar_i                         K_bar_i += y_bar_i J_{i-1}'
//! slope_bar_0 += J_bar_0 . K_0 E            K_bar_0 += slope_0 J_bar_0 + 2 t sigma''_0 z_1 K_0 E
//! ```
//!
//! The seed t is a weight of the sum that l is, and known before the path is. So the adjoint pass follows each panel of columns at
//! once, while y_i is in the cache, and leaves the sums slope_bar_i for [`crate::flow::adjoint`], which runs later.
//!
//! Each column of J is on its own: the columns go through all layers in panels of at most [`PANEL_COLUMNS`], or of at most
//! [`PANEL_PAIRS`] pairs for Strassen's scheme ([`crate::strassen`]). If d is odd, the last column goes without the scheme. The
//! loops, from the outside in: panels, layers, then a product or an elementwise loop over the panel. So J and y_i exist for one
//! panel at a time (6 x 256 vectors of 64 bytes are 96 KB, in L2), and K_i is read once a panel from L2; the other order, all
//! columns of one layer first, would write and read m d vectors a layer.

mod column_pairs;
mod columns;
mod panel;

use std::ops::Range;

use crate::activation::curvature;
use crate::lanes::Lanes;
use crate::layout::{PANEL_COLUMNS, PANEL_PAIRS, evenly};
use crate::linear::transpose;
use crate::network::Network;
use crate::tile::Scratch;

pub use columns::{Cache, Seed, TracePoint};

/// Returns the columns 0..d in panels: pairs where Strassen's scheme is used, but for the last column of an odd number.
fn panels<T: Lanes>(net: &Network<T>) -> impl Iterator<Item = Range<usize>> {
    let d = net.shape.d;
    let paired = if net.strassen.is_empty() {
        0
    } else {
        d / 2 * 2
    };
    let pairs = evenly(paired / 2, PANEL_PAIRS).map(|pairs| 2 * pairs);
    let mut end = 0;
    pairs
        .chain(evenly(d - paired, PANEL_COLUMNS))
        .map(move |size| {
            end += size;
            end - size..end
        })
}

/// Returns the trace, one value a sample. With a seed, the adjoint pass follows at once.
pub fn forward<T: Lanes>(
    at: TracePoint<T>,
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
    mut seed: Option<Seed<T>>,
) -> T {
    let TracePoint {
        net,
        resnet,
        gradient,
    } = at;
    if let Some(Seed { bar, theta_bar }) = &mut seed {
        theta_bar.a_trace += *bar;
        for (slope, transposed) in resnet.slope.iter().zip(&mut scratch.slope_transposed) {
            transpose(slope, net.section, transposed);
        }
    }
    for panel in panels(net) {
        let run = match panel.len() {
            6 => run_panel::<T, 6>,
            4 => run_panel::<T, 4>,
            3 => run_panel::<T, 3>,
            2 => run_panel::<T, 2>,
            _ => run_panel::<T, 1>,
        };
        run(at, panel, cache, scratch, &mut seed);
    }
    let t_0 = term(&resnet.slope[0], gradient.z(net, 1), |k| {
        T::splat(net.norms[k])
    });
    (1..net.shape.layers).fold(T::splat(net.a_trace) + t_0, |trace, i| {
        let c = &cache.c[i - 1];
        let t = term(&resnet.slope[i], gradient.z(net, i + 1), |k| c[k]);
        net.h.mul_add(t, trace)
    })
}

/// Returns sum_k sigma''_k z_k c_k, in four sums side by side: a single chain of multiply-adds would wait for its own latency.
#[inline(always)]
fn term<T: Lanes>(slope: &[T], z: &[T], c: impl Fn(usize) -> T) -> T {
    let z = &z[..slope.len()];
    let mut sums = [T::default(); 4];
    let mut add = |sum: usize, k: usize| {
        sums[sum] = (curvature(slope[k]) * z[k]).mul_add(c(k), sums[sum]);
    };
    let fours = slope.len() / 4 * 4;
    for first in (0..fours).step_by(4) {
        (0..4).for_each(|k| add(k, first + k));
    }
    (fours..slope.len()).for_each(|k| add(k - fours, k));
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// Runs the P columns of a panel through all layers, and with a seed the adjoint pass through them.
fn run_panel<T: Lanes, const P: usize>(
    at: TracePoint<T>,
    panel: Range<usize>,
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
    seed: &mut Option<Seed<T>>,
) {
    if at.net.strassen.is_empty() || !P.is_multiple_of(2) {
        panel::forward::<T, P>(at, &panel, cache, scratch);
        if let Some(seed) = seed {
            panel::adjoint::<T, P>(at, &panel, cache, scratch, seed);
        }
    } else {
        column_pairs::forward::<T, P>(at, &panel, cache, scratch);
        if let Some(seed) = seed {
            column_pairs::adjoint::<T, P>(at, &panel, cache, scratch, seed);
        }
    }
}
