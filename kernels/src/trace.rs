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
//! t is a weight of the sum that l is, known before the path is: so the way back follows each panel of columns at once, while y_i is
//! in the cache, and leaves the sums slope_bar_i for [`crate::flow::adjoint`], where the rest of an evaluation has its turn.
//!
//! Each column of J is on its own: the columns go through all layers in panels of at most [`PANEL`], or of at most [`PAIRS`]
//! pairs for the seven products of [`crate::seven`], where a panel with an odd number of columns, in the end, goes without them.

mod pairs;

use std::ops::Range;

use crate::activation::curvature;
use crate::lanes::Lanes;
use crate::linear::{apply, columns, columns_mut, evenly, transpose};
use crate::network::Network;
use crate::outer::Outer;
use crate::partial::Partial;
use crate::tile::{PAIRS, PANEL, Scratch, add, zeros};
use crate::{gradient, resnet};

/// What an evaluation leaves.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// c_1 .. c_M, M x m.
    pub c: Vec<Vec<T>>,
    /// What slope_0 .. slope_{M-1} receive through J, M x m, where the way back was gone.
    pub slope_bar: Vec<Vec<T>>,
}

impl<T: Lanes> Cache<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let columns = vec![zeros(net.shape.m); net.shape.layers - 1];
        Cache {
            c: columns.clone(),
            slope_bar: columns,
        }
    }
}

/// The columns 0..d in panels, by pairs but for the last one of an odd number where the seven products pay.
fn panels<T: Lanes>(net: &Network<T>) -> impl Iterator<Item = Range<usize>> {
    let d = net.shape.d;
    let paired = if net.seven.is_empty() { 0 } else { d / 2 * 2 };
    let pairs = evenly(paired / 2, PAIRS).map(|pairs| 2 * pairs);
    let mut end = 0;
    pairs.chain(evenly(d - paired, PANEL)).map(move |size| {
        end += size;
        end - size..end
    })
}

/// What the trace is computed from.
type Known<'a, T> = (&'a resnet::Cache<T>, &'a gradient::Cache<T>);

/// The way back: the cotangent of what is evaluated, here the trace, and those of the parameters, added to.
pub type Back<'a, T> = (T, &'a mut Partial<T>);

/// The trace, one value a sample, and the way back from it.
pub fn forward<T: Lanes>(
    net: &Network<T>,
    known: Known<T>,
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
    mut back: Option<Back<T>>,
) -> T {
    let (resnet, gradient) = known;
    if let Some((trace_bar, partial)) = &mut back {
        partial.a_trace += *trace_bar;
        for (slope, lanes) in resnet.slope.iter().zip(&mut scratch.slope_lanes) {
            transpose(slope, net.part, lanes);
        }
    }
    for panel in panels(net) {
        let through = match panel.len() {
            6 => through::<T, 6>,
            4 => through::<T, 4>,
            3 => through::<T, 3>,
            2 => through::<T, 2>,
            _ => through::<T, 1>,
        };
        through(net, known, (cache, panel), scratch, &mut back);
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

/// The P columns of a panel through all layers and back.
fn through<T: Lanes, const P: usize>(
    net: &Network<T>,
    known: Known<T>,
    (cache, panel): (&mut Cache<T>, Range<usize>),
    scratch: &mut Scratch<T>,
    back: &mut Option<Back<T>>,
) {
    if net.seven.is_empty() || !P.is_multiple_of(2) {
        panel_forward::<T, P>(net, known.0, (cache, &panel), scratch);
        if let Some(back) = back {
            panel_back::<T, P>(net, known, (cache, &panel), back, scratch);
        }
    } else {
        pairs::forward::<T, P>(net, known.0, (cache, &panel), scratch);
        if let Some(back) = back {
            pairs::back::<T, P>(net, known, (cache, &panel), back, scratch);
        }
    }
}

// A loop goes over the rows and takes all columns along, which loads and stores what they share once.

fn panel_forward<T: Lanes, const P: usize>(
    net: &Network<T>,
    resnet: &resnet::Cache<T>,
    (cache, panel): (&mut Cache<T>, &Range<usize>),
    scratch: &mut Scratch<T>,
) {
    let (m, last) = (net.shape.m, net.shape.layers - 1);
    let jac = &mut scratch.jac[..P * m];
    first_columns::<T, P>(&resnet.slope[0], &net.k0[panel.start * m..], jac);
    for i in 1..=last {
        let y = &mut scratch.layers[i - 1][..P * m];
        apply(&net.k[i], jac, y);
        add_squares::<T, P>(y, &mut cache.c[i - 1], panel.start == 0);
        if i < last {
            next_columns::<T, P>((net.h, &resnet.slope[i]), y, jac);
        }
    }
}

fn panel_back<T: Lanes, const P: usize>(
    net: &Network<T>,
    (resnet, gradient): Known<T>,
    (cache, panel): (&mut Cache<T>, &Range<usize>),
    (trace_bar, partial): &mut Back<T>,
    scratch: &mut Scratch<T>,
) {
    let (m, last) = (net.shape.m, net.shape.layers - 1);
    columns_across_lanes(net, panel, scratch, &mut partial.k);
    let (jac_bar, below) = (&mut scratch.jac[..P * m], &mut scratch.below[..P * m]);
    for i in (1..=last).rev() {
        let y = &scratch.layers[i - 1][..P * m];
        let (y_bar, _) = partial.k[i - 1].last(P);
        let known = (*trace_bar, net.h, &*resnet.slope[i], gradient.z(net, i + 1));
        y_bar_columns::<T, P>(known, y, y_bar);
        if i == last {
            apply(&net.kt[i], y_bar, jac_bar);
            continue;
        }
        let slope_bar = (&mut *cache.slope_bar[i], panel.start == 0);
        through_slope::<T, P>((net.h, &resnet.slope[i]), [y, jac_bar], slope_bar, y_bar);
        apply(&net.kt[i], y_bar, below);
        add(jac_bar, below);
    }
    let known = (*trace_bar, &*resnet.slope[0], gradient.z(net, 1));
    let slope_bar = (&mut *cache.slope_bar[0], panel.start == 0);
    into_first_layer::<T, P>(net, known, (jac_bar, panel), slope_bar, &mut partial.k0);
}

/// J_0 = diag(slope_0) K_0 E.
#[inline(always)]
fn first_columns<T: Lanes, const P: usize>(slope: &[T], k0: &[T::Real], jac: &mut [T]) {
    let m = slope.len();
    let (k0, jac): ([&[T::Real]; P], [&mut [T]; P]) = (columns(k0, m), columns_mut(jac, m));
    for k in 0..m {
        for p in 0..P {
            jac[p][k] = slope[k] * T::splat(k0[p][k]);
        }
    }
}

/// c_i += |y_i|^2, or the same for the first columns.
#[inline(always)]
fn add_squares<T: Lanes, const P: usize>(y: &[T], c: &mut [T], first: bool) {
    let m = c.len();
    let y: [&[T]; P] = columns(y, m);
    for (k, c) in c.iter_mut().enumerate() {
        let before = if first { T::default() } else { *c };
        *c = (0..P).fold(before, |c, p| y[p][k].mul_add(y[p][k], c));
    }
}

/// J_i = J_{i-1} + h diag(slope_i) y_i in the place of J_{i-1}.
#[inline(always)]
fn next_columns<T: Lanes, const P: usize>((h, slope): (T, &[T]), y: &[T], jac: &mut [T]) {
    let m = slope.len();
    let (y, jac): ([&[T]; P], [&mut [T]; P]) = (columns(y, m), columns_mut(jac, m));
    for k in 0..m {
        let step = h * slope[k];
        for p in 0..P {
            jac[p][k] = step.mul_add(y[p][k], jac[p][k]);
        }
    }
}

/// 2 t h sigma''_i z_{i+1} y_i.
#[inline(always)]
fn y_bar_columns<T: Lanes, const P: usize>(
    (trace_bar, h, slope, z): (T, T, &[T], &[T]),
    y: &[T],
    y_bar: &mut [T],
) {
    let (m, twice) = (slope.len(), T::of(2.0) * trace_bar);
    let (z, y, y_bar): (_, [&[T]; P], [&mut [T]; P]) =
        (&z[..m], columns(y, m), columns_mut(y_bar, m));
    for k in 0..m {
        let weight = twice * h * curvature(slope[k]) * z[k];
        for p in 0..P {
            y_bar[p][k] = weight * y[p][k];
        }
    }
}

/// From y_i and J_bar_i: y_bar_i += h slope_i J_bar_i, and slope_bar_i += h J_bar_i . y_i, or the same for the first columns.
#[inline(always)]
fn through_slope<T: Lanes, const P: usize>(
    (h, slope): (T, &[T]),
    [y, jac_bar]: [&[T]; 2],
    (slope_bar, first): (&mut [T], bool),
    y_bar: &mut [T],
) {
    let m = slope.len();
    let (y, jac_bar): ([&[T]; P], [&[T]; P]) = (columns(y, m), columns(jac_bar, m));
    let (y_bar, slope_bar): ([&mut [T]; P], _) = (columns_mut(y_bar, m), &mut slope_bar[..m]);
    for k in 0..m {
        let mut sum = if first { T::default() } else { slope_bar[k] };
        for p in 0..P {
            let scaled = h * jac_bar[p][k];
            y_bar[p][k] = slope[k].mul_add(scaled, y_bar[p][k]);
            sum = scaled.mul_add(y[p][k], sum);
        }
        slope_bar[k] = sum;
    }
}

/// K_bar_0 += slope_0 J_bar_0 + 2 t sigma''_0 z_1 K_0 E, and slope_bar_0 += J_bar_0 . K_0 E, or the same for the first columns.
#[inline(always)]
fn into_first_layer<T: Lanes, const P: usize>(
    net: &Network<T>,
    (trace_bar, slope, z): (T, &[T], &[T]),
    (jac_bar, panel): (&[T], &Range<usize>),
    (slope_bar, first): (&mut [T], bool),
    k0_bar: &mut [T],
) {
    let (m, twice) = (net.shape.m, T::of(2.0) * trace_bar);
    let jac_bar: [&[T]; P] = columns(jac_bar, m);
    let k0: [&[T::Real]; P] = columns(&net.k0[panel.start * m..], m);
    let k0_bar: [&mut [T]; P] = columns_mut(&mut k0_bar[panel.start * m..], m);
    let (slope, z, slope_bar) = (&slope[..m], &z[..m], &mut slope_bar[..m]);
    for k in 0..m {
        let weight = twice * curvature(slope[k]) * z[k];
        let mut sum = if first { T::default() } else { slope_bar[k] };
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
    panel: &Range<usize>,
    scratch: &mut Scratch<T>,
    k_bar: &mut [Outer<T>],
) {
    let (size, across) = (panel.len(), scratch.transposed.len());
    for i in 0..k_bar.len() {
        let (before, from) = k_bar.split_at_mut(i);
        from[0].push(size);
        let (_, jac) = from[0].last(size);
        match before.last_mut() {
            None => first_across_lanes(net, panel.start, &scratch.slope_lanes[0], jac),
            Some(before) => {
                jac.copy_from_slice(before.last(size).1);
                next_across_lanes(net, i, scratch, (jac, across));
            }
        }
    }
}

/// J_0 for as many columns as there is room for, from column `first` on.
fn first_across_lanes<T: Lanes>(net: &Network<T>, first: usize, slope: &[T], jac: &mut [T]) {
    let width = slope.len() / T::WIDTH;
    let k0 = net.k0_lanes[first * width..].chunks_exact(width);
    for (jac, k0) in jac.chunks_exact_mut(slope.len()).zip(k0) {
        let vectors = jac
            .chunks_exact_mut(T::WIDTH)
            .zip(slope.chunks_exact(T::WIDTH));
        for ((jac, slope), &k0) in vectors.zip(k0) {
            for (jac, &slope) in jac.iter_mut().zip(slope) {
                *jac = slope * k0;
            }
        }
    }
}

/// J_i in the place of J_{i-1}, whose columns are so long.
fn next_across_lanes<T: Lanes>(
    net: &Network<T>,
    i: usize,
    scratch: &mut Scratch<T>,
    (jac, across): (&mut [T], usize),
) {
    let y = scratch.layers[i - 1].chunks_exact(net.shape.m);
    for (jac, y) in jac.chunks_exact_mut(across).zip(y) {
        transpose(y, net.part, &mut scratch.transposed);
        let rows = scratch.slope_lanes[i].iter().zip(&scratch.transposed);
        for (jac, (&slope, &y)) in jac.iter_mut().zip(rows) {
            *jac = (net.h * slope).mul_add(y, *jac);
        }
    }
}
