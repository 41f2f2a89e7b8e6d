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
//! slope_bar_0 -= 2 slope_0 t z_1 n      z_bar_1 += t sigma''_0 n      n_bar += t sigma''_0 z_1          n = |(K_0 E)_k|^2
//! slope_bar_i -= 2 slope_i t h z_{i+1} c_i    z_bar_{i+1} += t h sigma''_i c_i    w_i = 2 t h sigma''_i z_{i+1}
//! y_bar_i = w_i y_i + h slope_i J_bar_i     slope_bar_i += h J_bar_i . y_i        J_bar_M = 0
//! J_bar_{i-1} = J_bar_i + K_i^T y_bar_i     K_bar_i += y_bar_i J_{i-1}'
//! slope_bar_0 += J_bar_0 . K_0 E            K_bar_0 += slope_0 J_bar_0
//! ```
//!
//! Each column of J is on its own: the columns go through all layers in panels of [`COLUMNS`].

use crate::activation::curvature;
use crate::lanes::{COLUMNS, Lanes};
use crate::linear::{apply, outer, transpose, vectors};
use crate::network::Network;
use crate::partial::Partial;
use crate::tile::{Bars, Scratch, zeros};
use crate::{gradient, resnet};

/// What forward leaves for the adjoint.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// c_i, M x m.
    c: Vec<Vec<T>>,
    /// y_i, M x (kept x m): column j at j mod kept.
    y: Vec<Vec<T>>,
    /// Columns that y holds: d when the adjoint follows, else one panel.
    kept: usize,
}

impl<T: Lanes> Cache<T> {
    /// Zeros for a network; `kept` is d where the adjoint is to follow, else anything from [`COLUMNS`].
    pub fn new(net: &Network<T>, kept: usize) -> Self {
        let (m, inner) = (net.shape.m, net.shape.layers - 1);
        Cache {
            c: vec![zeros(m); inner],
            y: vec![zeros(kept * m); inner],
            kept,
        }
    }

    fn column(&self, i: usize, j: usize) -> &[T] {
        let m = self.c[0].len();
        &self.y[i - 1][(j % self.kept) * m..][..m]
    }
}

/// The trace, one value a sample.
pub fn forward<T: Lanes>(
    net: &Network<T>,
    (resnet, gradient): (&resnet::Cache<T>, &gradient::Cache<T>),
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
) -> T {
    cache.c.iter_mut().for_each(|c| c.fill(T::default()));
    let d = net.shape.d;
    let mut j = 0;
    while j + COLUMNS <= d {
        panel_forward::<T, COLUMNS>(net, resnet, (cache, j), scratch);
        j += COLUMNS;
    }
    for j in j..d {
        panel_forward::<T, 1>(net, resnet, (cache, j), scratch);
    }
    let mut trace = T::splat(net.a_trace);
    for (k, &n) in net.norms.iter().enumerate() {
        trace = (curvature(resnet.slope[0][k]) * gradient.z[0][k]).mul_add(T::splat(n), trace);
    }
    for i in 1..net.shape.layers {
        let mut t = T::default();
        for (k, &c) in cache.c[i - 1].iter().enumerate() {
            t = (curvature(resnet.slope[i][k]) * gradient.z[i][k]).mul_add(c, t);
        }
        trace = net.h.mul_add(t, trace);
    }
    trace
}

/// Columns j .. j + P of J through all layers.
fn panel_forward<T: Lanes, const P: usize>(
    net: &Network<T>,
    resnet: &resnet::Cache<T>,
    (cache, j): (&mut Cache<T>, usize),
    scratch: &mut Scratch<T>,
) {
    let (m, kept) = (net.shape.m, cache.kept);
    for p in 0..P {
        let k0 = &net.k0[(j + p) * m..][..m];
        for ((jac, &k0), &slope) in scratch.jac[p].iter_mut().zip(k0).zip(&resnet.slope[0]) {
            *jac = slope * T::splat(k0);
        }
    }
    for i in 1..net.shape.layers {
        let (c, y_kept) = (&mut cache.c[i - 1], &mut cache.y[i - 1]);
        let jac: [&[T]; P] = std::array::from_fn(|p| scratch.jac[p].as_slice());
        apply(&net.k[i], jac, |k, y| {
            for (p, &y) in y.iter().enumerate() {
                c[k] = y.mul_add(y, c[k]);
                y_kept[((j + p) % kept) * m + k] = y;
            }
        });
        if i + 1 < net.shape.layers {
            for p in 0..P {
                let y = cache.column(i, j + p);
                for ((jac, &y), &slope) in scratch.jac[p].iter_mut().zip(y).zip(&resnet.slope[i]) {
                    *jac = (net.h * slope).mul_add(y, *jac);
                }
            }
        }
    }
}

/// From trace_bar to `bars.slope`, `bars.z` and the parameters.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    (resnet, gradient, cache): (&resnet::Cache<T>, &gradient::Cache<T>, &Cache<T>),
    trace_bar: T,
    (bars, scratch): (&mut Bars<T>, &mut Scratch<T>),
    partial: &mut Partial<T>,
) {
    partial.a_trace += trace_bar;
    for (k, &n) in net.norms.iter().enumerate() {
        let (slope, z, n) = (resnet.slope[0][k], gradient.z[0][k], T::splat(n));
        let along = trace_bar * curvature(slope);
        bars.slope[0][k] = (T::of(-2.0) * slope * trace_bar * z).mul_add(n, bars.slope[0][k]);
        bars.z[0][k] = along.mul_add(n, bars.z[0][k]);
        partial.norms[k] = along.mul_add(z, partial.norms[k]);
    }
    let scaled = net.h * trace_bar;
    for i in 1..net.shape.layers {
        for (k, &c) in cache.c[i - 1].iter().enumerate() {
            let (slope, z) = (resnet.slope[i][k], gradient.z[i][k]);
            let along = scaled * curvature(slope);
            bars.slope[i][k] = (T::of(-2.0) * slope * scaled * z).mul_add(c, bars.slope[i][k]);
            bars.z[i][k] = along.mul_add(c, bars.z[i][k]);
            scratch.weight[i - 1][k] = T::of(2.0) * along * z;
        }
    }
    for i in 0..net.shape.layers - 1 {
        transpose(&resnet.slope[i], &mut scratch.slope_lanes[i]);
    }
    let mut j = 0;
    while j + COLUMNS <= net.shape.d {
        panel_adjoint::<T, COLUMNS>(net, (resnet, cache, j), (bars, scratch), partial);
        j += COLUMNS;
    }
    for j in j..net.shape.d {
        panel_adjoint::<T, 1>(net, (resnet, cache, j), (bars, scratch), partial);
    }
}

/// Columns j .. j + P back through all layers.
fn panel_adjoint<T: Lanes, const P: usize>(
    net: &Network<T>,
    (resnet, cache, j): (&resnet::Cache<T>, &Cache<T>, usize),
    (bars, scratch): (&mut Bars<T>, &mut Scratch<T>),
    partial: &mut Partial<T>,
) {
    let (m, last) = (net.shape.m, net.shape.layers - 1);
    for p in 0..P {
        columns_across_lanes(net, (cache, j + p), p, scratch);
    }
    let Scratch {
        panel: y_bar,
        jac: jac_bar,
        weight,
        jac_lanes,
        ..
    } = scratch;
    for i in (1..=last).rev() {
        for p in 0..P {
            let y = cache.column(i, j + p);
            for (k, y_bar) in y_bar[p].iter_mut().enumerate() {
                *y_bar = weight[i - 1][k] * y[k];
                if i < last {
                    let scaled = net.h * jac_bar[p][k];
                    *y_bar = resnet.slope[i][k].mul_add(scaled, *y_bar);
                    bars.slope[i][k] = scaled.mul_add(y[k], bars.slope[i][k]);
                }
            }
            outer(&mut partial.k[i - 1], m, &y_bar[p], &jac_lanes[i - 1][p]);
        }
        let above: [&[T]; P] = std::array::from_fn(|p| y_bar[p].as_slice());
        apply(&net.kt[i], above, |k, y| {
            for (p, &y) in y.iter().enumerate() {
                jac_bar[p][k] = if i < last { jac_bar[p][k] + y } else { y };
            }
        });
    }
    for (p, jac_bar) in jac_bar[..P].iter().enumerate() {
        let k0 = &net.k0[(j + p) * m..][..m];
        let k0_bar = &mut partial.k0[(j + p) * m..][..m];
        for (k, &jac_bar) in jac_bar.iter().enumerate() {
            bars.slope[0][k] = jac_bar.mul_add(T::splat(k0[k]), bars.slope[0][k]);
            k0_bar[k] = jac_bar.mul_add(resnet.slope[0][k], k0_bar[k]);
        }
    }
}

/// J_0 .. J_{M-1} of one column, rows across lanes as `outer` reads them.
fn columns_across_lanes<T: Lanes>(
    net: &Network<T>,
    (cache, j): (&Cache<T>, usize),
    p: usize,
    scratch: &mut Scratch<T>,
) {
    let k0 = &net.k0_lanes[j * vectors::<T>(net.shape.m)..];
    for ((jac, slope), &k0) in scratch.jac_lanes[0][p]
        .chunks_exact_mut(T::WIDTH)
        .zip(scratch.slope_lanes[0].chunks_exact(T::WIDTH))
        .zip(k0)
    {
        for (jac, &slope) in jac.iter_mut().zip(slope) {
            *jac = slope * k0;
        }
    }
    for i in 1..net.shape.layers - 1 {
        transpose(cache.column(i, j), &mut scratch.transposed);
        let (before, after) = scratch.jac_lanes.split_at_mut(i);
        let step = scratch.slope_lanes[i].iter().zip(&scratch.transposed);
        for ((after, &before), (&slope, &y)) in
            after[0][p].iter_mut().zip(&before[i - 1][p]).zip(step)
        {
            *after = (net.h * slope).mul_add(y, before);
        }
    }
}
