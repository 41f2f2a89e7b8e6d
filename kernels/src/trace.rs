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
//! Each column of J is on its own: the columns go through all layers in panels of at most [`PANEL`].

use std::ops::Range;

use crate::activation::curvature;
use crate::lanes::Lanes;
use crate::linear::{Outer, apply, columns, columns_mut, evenly, transpose, vectors};
use crate::network::Network;
use crate::partial::Partial;
use crate::tile::{Bars, PANEL, Scratch, add, zeros};
use crate::{gradient, resnet};

/// What forward leaves for the adjoint.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// c_i, M x m.
    c: Vec<Vec<T>>,
    /// y_i, M x (kept x m): all columns, or those of the panel in hand.
    y: Vec<Vec<T>>,
    /// Columns that y holds: d when the adjoint follows, else one panel.
    kept: usize,
}

impl<T: Lanes> Cache<T> {
    /// Zeros for a network; `kept` is d where the adjoint is to follow, else [`PANEL`].
    pub fn new(net: &Network<T>, kept: usize) -> Self {
        let (m, inner) = (net.shape.m, net.shape.layers - 1);
        Cache {
            c: vec![zeros(m); inner],
            y: vec![zeros(kept * m); inner],
            kept,
        }
    }

    /// c_1 .. c_M, M x m.
    pub fn squares(&self) -> &[Vec<T>] {
        &self.c
    }

    /// Where the columns of a panel lie in y.
    fn place(&self, panel: &Range<usize>, d: usize) -> Range<usize> {
        let (m, first) = (self.c[0].len(), if self.kept < d { 0 } else { panel.start });
        first * m..(first + panel.len()) * m
    }
}

/// The columns 0..d in panels.
fn panels(d: usize) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    evenly(d, PANEL).map(move |size| {
        end += size;
        end - size..end
    })
}

/// The trace, one value a sample.
pub fn forward<T: Lanes>(
    net: &Network<T>,
    (resnet, gradient): (&resnet::Cache<T>, &gradient::Cache<T>),
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
) -> T {
    for panel in panels(net.shape.d) {
        let jac = &mut scratch.jac;
        match panel.len() {
            4 => panel_forward::<T, 4>(net, resnet, (cache, panel), jac),
            3 => panel_forward::<T, 3>(net, resnet, (cache, panel), jac),
            2 => panel_forward::<T, 2>(net, resnet, (cache, panel), jac),
            _ => panel_forward::<T, 1>(net, resnet, (cache, panel), jac),
        }
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

/// sum_k sigma''_k z_k c_k, in four sums side by side, since a single chain of multiply-adds would leave the units waiting.
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

/// The P columns of a panel through all layers. A loop goes over the rows and takes all columns along, which loads and stores
/// what they share once.
fn panel_forward<T: Lanes, const P: usize>(
    net: &Network<T>,
    resnet: &resnet::Cache<T>,
    (cache, panel): (&mut Cache<T>, Range<usize>),
    jac: &mut [T],
) {
    let (m, last) = (net.shape.m, net.shape.layers - 1);
    let (first, place) = (panel.start == 0, cache.place(&panel, net.shape.d));
    let jac = &mut jac[..P * m];
    let k0: [&[T::Real]; P] = columns(&net.k0[panel.start * m..], m);
    let into: [&mut [T]; P] = columns_mut(jac, m);
    for (k, &slope) in resnet.slope[0][..m].iter().enumerate() {
        for p in 0..P {
            into[p][k] = slope * T::splat(k0[p][k]);
        }
    }
    for i in 1..=last {
        let y = &mut cache.y[i - 1][place.clone()];
        apply(&net.k[i], jac, y);
        let y: [&[T]; P] = columns(y, m);
        for (k, c) in cache.c[i - 1][..m].iter_mut().enumerate() {
            let before = if first { T::default() } else { *c };
            *c = (0..P).fold(before, |c, p| y[p][k].mul_add(y[p][k], c));
        }
        if i < last {
            let jac: [&mut [T]; P] = columns_mut(jac, m);
            for (k, &slope) in resnet.slope[i][..m].iter().enumerate() {
                let step = net.h * slope;
                for p in 0..P {
                    jac[p][k] = step.mul_add(y[p][k], jac[p][k]);
                }
            }
        }
    }
}

/// From trace_bar, added to `bars.slope` and the parameters.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    known: (&resnet::Cache<T>, &gradient::Cache<T>, &Cache<T>),
    trace_bar: T,
    (bars, scratch): (&mut Bars<T>, &mut Scratch<T>),
    partial: &mut Partial<T>,
) {
    let (resnet, _, cache) = known;
    partial.a_trace += trace_bar;
    for (slope, lanes) in resnet.slope.iter().zip(&mut scratch.slope_lanes) {
        transpose(slope, lanes);
    }
    for panel in panels(net.shape.d) {
        columns_across_lanes(net, (cache, &panel), scratch, &mut partial.k);
        let (from, work) = ((panel, trace_bar), (&mut *bars, &mut *scratch));
        match from.0.len() {
            4 => panel_adjoint::<T, 4>(net, known, from, work, partial),
            3 => panel_adjoint::<T, 3>(net, known, from, work, partial),
            2 => panel_adjoint::<T, 2>(net, known, from, work, partial),
            _ => panel_adjoint::<T, 1>(net, known, from, work, partial),
        }
    }
}

/// The P columns of a panel back through all layers.
fn panel_adjoint<T: Lanes, const P: usize>(
    net: &Network<T>,
    (resnet, gradient, cache): (&resnet::Cache<T>, &gradient::Cache<T>, &Cache<T>),
    (panel, trace_bar): (Range<usize>, T),
    (bars, scratch): (&mut Bars<T>, &mut Scratch<T>),
    partial: &mut Partial<T>,
) {
    let (m, last) = (net.shape.m, net.shape.layers - 1);
    let place = cache.place(&panel, net.shape.d);
    let twice = T::of(2.0) * trace_bar;
    let (jac_bar, below) = (&mut scratch.jac[..P * m], &mut scratch.below[..P * m]);
    for i in (1..=last).rev() {
        let y: [&[T]; P] = columns(&cache.y[i - 1][place.clone()], m);
        let (y_bar, _) = partial.k[i - 1].last(P);
        let into: [&mut [T]; P] = columns_mut(y_bar, m);
        let (slope, z) = (&resnet.slope[i][..m], &gradient.z(net, i + 1)[..m]);
        for k in 0..m {
            let weight = twice * net.h * curvature(slope[k]) * z[k];
            for p in 0..P {
                into[p][k] = weight * y[p][k];
            }
        }
        if i == last {
            apply(&net.kt[i], y_bar, jac_bar);
            continue;
        }
        let through: [&[T]; P] = columns(jac_bar, m);
        let slope_bar = &mut bars.slope[i][..m];
        for k in 0..m {
            for p in 0..P {
                let scaled = net.h * through[p][k];
                into[p][k] = slope[k].mul_add(scaled, into[p][k]);
                slope_bar[k] = scaled.mul_add(y[p][k], slope_bar[k]);
            }
        }
        apply(&net.kt[i], y_bar, below);
        add(jac_bar, below);
    }
    let jac_bar: [&[T]; P] = columns(jac_bar, m);
    let k0: [&[T::Real]; P] = columns(&net.k0[panel.start * m..], m);
    let k0_bar: [&mut [T]; P] = columns_mut(&mut partial.k0[panel.start * m..], m);
    let (slope, z) = (&resnet.slope[0][..m], &gradient.z(net, 1)[..m]);
    let slope_bar = &mut bars.slope[0][..m];
    for k in 0..m {
        let weight = twice * curvature(slope[k]) * z[k];
        let mut sum = slope_bar[k];
        for p in 0..P {
            let k0 = T::splat(k0[p][k]);
            sum = jac_bar[p][k].mul_add(k0, sum);
            k0_bar[p][k] = jac_bar[p][k].mul_add(slope[k], weight.mul_add(k0, k0_bar[p][k]));
        }
        slope_bar[k] = sum;
    }
}

/// Makes room for a panel in every K_bar_i and writes J_{i-1} there, rows across lanes.
fn columns_across_lanes<T: Lanes>(
    net: &Network<T>,
    (cache, panel): (&Cache<T>, &Range<usize>),
    scratch: &mut Scratch<T>,
    k_bar: &mut [Outer<T>],
) {
    let (m, width, size) = (net.shape.m, vectors::<T>(net.shape.m), panel.len());
    let across = width * T::WIDTH;
    let Scratch {
        slope_lanes,
        transposed,
        ..
    } = scratch;
    k_bar.iter_mut().for_each(|k_bar| k_bar.push(size));
    let k0 = net.k0_lanes[panel.start * width..].chunks_exact(width);
    let (_, jac) = k_bar[0].last(size);
    for (jac, k0) in jac.chunks_exact_mut(across).zip(k0) {
        let vectors = jac
            .chunks_exact_mut(T::WIDTH)
            .zip(slope_lanes[0].chunks_exact(T::WIDTH));
        for ((jac, slope), &k0) in vectors.zip(k0) {
            for (jac, &slope) in jac.iter_mut().zip(slope) {
                *jac = slope * k0;
            }
        }
    }
    let place = cache.place(panel, net.shape.d);
    for i in 1..net.shape.layers - 1 {
        let (before, after) = k_bar.split_at_mut(i);
        let ((_, before), (_, after)) = (before[i - 1].last(size), after[0].last(size));
        let columns = before
            .chunks_exact(across)
            .zip(after.chunks_exact_mut(across));
        for ((before, after), y) in columns.zip(cache.y[i - 1][place.clone()].chunks_exact(m)) {
            transpose(y, transposed);
            let rows = slope_lanes[i]
                .iter()
                .zip(&*transposed)
                .zip(before.iter().zip(after));
            for ((&slope, &y), (&before, after)) in rows {
                *after = (net.h * slope).mul_add(y, before);
            }
        }
    }
}
