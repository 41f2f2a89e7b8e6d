//! The elementwise loops over a panel of J, and what an evaluation of the trace reads and leaves.
//!
//! Each loop goes over the rows and takes all columns of the panel along: what the columns share (slope, z, c, slope_bar) is loaded
//! and stored once a row, and kept in registers meanwhile. The number of columns P is a constant, so that the loop over them is
//! unrolled; the panel itself, P m vectors, comes from L1 or L2, where the product before has left it.

use std::ops::Range;

use crate::activation::curvature;
use crate::lanes::{Lanes, zeros};
use crate::linear::{columns, columns_mut, transpose};
use crate::network::Network;
use crate::parameter_gradient::ParameterGradient;
use crate::tile::Scratch;
use crate::{gradient, resnet};

/// A `Cache` holds the results of an evaluation that its adjoint reads.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// The squared norms c_1 .. c_M, M x m.
    pub c: Vec<Vec<T>>,
    /// The cotangents that slope_0 .. slope_{M-1} receive through J, M x m, where the adjoint pass was done.
    pub slope_bar: Vec<Vec<T>>,
}

impl<T: Lanes> Cache<T> {
    /// Returns a cache of zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let columns = vec![zeros(net.shape.m); net.shape.layers - 1];
        Cache {
            c: columns.clone(),
            slope_bar: columns,
        }
    }
}

/// A `TracePoint` holds the parameters and the columns that the trace is computed from.
#[derive(Debug, Clone, Copy)]
pub struct TracePoint<'a, T: Lanes> {
    /// The packed parameters.
    pub net: &'a Network<T>,
    /// The columns slope_i and u_i.
    pub resnet: &'a resnet::Cache<T>,
    /// The columns z_i.
    pub gradient: &'a gradient::Cache<T>,
}

/// A `Seed` starts an adjoint pass, and names the parameter gradient that it adds to.
#[derive(Debug)]
pub struct Seed<'a, T> {
    /// The cotangent of the value that the forward pass returns.
    pub bar: T,
    /// The parameter gradient.
    pub theta_bar: &'a mut ParameterGradient<T>,
}

/// `Before` is the value that a sum over the panels has before one of them is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// The panel is the first: zero, whatever memory holds.
    Zero,
    /// The panel is a later one: what memory holds.
    Held,
}

impl Before {
    /// Returns the value before a panel of columns is added.
    pub fn panel(panel: &Range<usize>) -> Self {
        if panel.start == 0 {
            Before::Zero
        } else {
            Before::Held
        }
    }

    #[inline(always)]
    fn value<T: Lanes>(self, held: T) -> T {
        match self {
            Before::Zero => T::default(),
            Before::Held => held,
        }
    }
}

/// `Curvatures` are the weights factor sigma''_k z_k of a layer's rows, where sigma'' = 1 - slope^2.
#[derive(Debug, Clone, Copy)]
pub struct Curvatures<'a, T> {
    factor: T,
    slope: &'a [T],
    z: &'a [T],
}

impl<'a, T: Lanes> Curvatures<'a, T> {
    /// Returns the weights of slope_i and z_{i+1}; the factor is 2 t h, or 2 t for the first layer.
    pub fn new(factor: T, slope: &'a [T], z: &'a [T]) -> Self {
        let z = &z[..slope.len()];
        Curvatures { factor, slope, z }
    }

    /// Returns the weight in row k.
    #[inline(always)]
    pub fn at(&self, k: usize) -> T {
        self.factor * curvature(self.slope[k]) * self.z[k]
    }
}

/// Computes the columns J_0 = diag(slope_0) K_0 E.
#[inline(always)]
pub fn first_columns<T: Lanes, const P: usize>(slope: &[T], k0: &[T::Real], jac: &mut [T]) {
    let m = slope.len();
    let (k0, jac): ([&[T::Real]; P], [&mut [T]; P]) = (columns(k0, m), columns_mut(jac, m));
    for k in 0..m {
        for p in 0..P {
            jac[p][k] = slope[k] * T::splat(k0[p][k]);
        }
    }
}

/// Computes the sums c_i += |y_i|^2.
#[inline(always)]
pub fn add_squares<T: Lanes, const P: usize>(y: &[T], c: &mut [T], before: Before) {
    let m = c.len();
    let y: [&[T]; P] = columns(y, m);
    for (k, c) in c.iter_mut().enumerate() {
        *c = (0..P).fold(before.value(*c), |c, p| y[p][k].mul_add(y[p][k], c));
    }
}

/// Computes the columns J_i = J_{i-1} + h diag(slope_i) y_i, in the place of J_{i-1}.
#[inline(always)]
pub fn next_columns<T: Lanes, const P: usize>(h: T, slope: &[T], y: &[T], jac: &mut [T]) {
    let m = slope.len();
    let (y, jac): ([&[T]; P], [&mut [T]; P]) = (columns(y, m), columns_mut(jac, m));
    for k in 0..m {
        let step = h * slope[k];
        for p in 0..P {
            jac[p][k] = step.mul_add(y[p][k], jac[p][k]);
        }
    }
}

/// Computes the columns 2 t h sigma''_i z_{i+1} y_i.
#[inline(always)]
pub fn y_bar_columns<T: Lanes, const P: usize>(
    curvatures: Curvatures<T>,
    y: &[T],
    y_bar: &mut [T],
) {
    let m = curvatures.slope.len();
    let (y, y_bar): ([&[T]; P], [&mut [T]; P]) = (columns(y, m), columns_mut(y_bar, m));
    for k in 0..m {
        let weight = curvatures.at(k);
        for p in 0..P {
            y_bar[p][k] = weight * y[p][k];
        }
    }
}

/// A `SlopeSum` is a cotangent of slope_i that panels add to.
#[derive(Debug)]
pub struct SlopeSum<'a, T> {
    /// The sum slope_bar_i, m.
    pub sum: &'a mut [T],
    /// The value of the sum before this panel.
    pub before: Before,
}

/// A `LayerPanel` is a panel y_i above the first layer, with the cotangent J_bar_i.
#[derive(Debug, Clone, Copy)]
pub struct LayerPanel<'a, T> {
    /// The residual step h.
    pub h: T,
    /// The column slope_i, m.
    pub slope: &'a [T],
    /// The panel y_i.
    pub y: &'a [T],
    /// The cotangent J_bar_i.
    pub jac_bar: &'a [T],
}

/// Computes the adjoint of [`next_columns`]: y_bar_i += h slope_i J_bar_i, and slope_bar_i += h J_bar_i . y_i.
#[inline(always)]
pub fn next_columns_adjoint<T: Lanes, const P: usize>(
    layer: LayerPanel<T>,
    slope_bar: SlopeSum<T>,
    y_bar: &mut [T],
) {
    let LayerPanel { h, slope, .. } = layer;
    let m = slope.len();
    let (y, jac_bar): ([&[T]; P], [&[T]; P]) = (columns(layer.y, m), columns(layer.jac_bar, m));
    let (y_bar, before): ([&mut [T]; P], _) = (columns_mut(y_bar, m), slope_bar.before);
    let slope_bar = &mut slope_bar.sum[..m];
    for k in 0..m {
        let mut sum = before.value(slope_bar[k]);
        for p in 0..P {
            let scaled = h * jac_bar[p][k];
            y_bar[p][k] = slope[k].mul_add(scaled, y_bar[p][k]);
            sum = scaled.mul_add(y[p][k], sum);
        }
        slope_bar[k] = sum;
    }
}

/// Computes the adjoint of [`first_columns`] and of t_0: K_bar_0 += slope_0 J_bar_0 + 2 t sigma''_0 z_1 K_0 E, and slope_bar_0
/// += J_bar_0 . K_0 E. `k0` and `k0_bar` begin with the panel's first column.
#[inline(always)]
pub fn first_columns_adjoint<T: Lanes, const P: usize>(
    curvatures: Curvatures<T>,
    k0: &[T::Real],
    jac_bar: &[T],
    slope_bar: SlopeSum<T>,
    k0_bar: &mut [T],
) {
    let m = curvatures.slope.len();
    let (jac_bar, k0): ([&[T]; P], [&[T::Real]; P]) = (columns(jac_bar, m), columns(k0, m));
    let (k0_bar, before): ([&mut [T]; P], _) = (columns_mut(k0_bar, m), slope_bar.before);
    let (slope, slope_bar) = (curvatures.slope, &mut slope_bar.sum[..m]);
    for k in 0..m {
        let weight = curvatures.at(k);
        let mut sum = before.value(slope_bar[k]);
        for p in 0..P {
            let k0 = T::splat(k0[p][k]);
            sum = jac_bar[p][k].mul_add(k0, sum);
            k0_bar[p][k] = jac_bar[p][k].mul_add(slope[k], weight.mul_add(k0, k0_bar[p][k]));
        }
        slope_bar[k] = sum;
    }
}

/// Computes the columns of J_0 transposed, as many as `jac` holds, from column `first` on. They are formed from slope_0 and K_0
/// E, which are transposed already, and need no transpose of their own.
pub fn first_columns_transposed<T: Lanes>(
    net: &Network<T>,
    first: usize,
    slope: &[T],
    jac: &mut [T],
) {
    let width = slope.len() / T::WIDTH;
    let k0 = net.k0_transposed[first * width..].chunks_exact(width);
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

/// Computes the columns of J_i transposed, in the place of J_{i-1}; those of y_i are in `scratch.layers`.
pub fn next_columns_transposed<T: Lanes>(
    net: &Network<T>,
    i: usize,
    scratch: &mut Scratch<T>,
    jac: &mut [T],
) {
    let y = scratch.layers[i - 1].chunks_exact(net.shape.m);
    for (jac, y) in jac.chunks_exact_mut(scratch.transposed.len()).zip(y) {
        transpose(y, net.section, &mut scratch.transposed);
        let rows = scratch.slope_transposed[i].iter().zip(&scratch.transposed);
        for (jac, (&slope, &y)) in jac.iter_mut().zip(rows) {
            *jac = (net.h * slope).mul_add(y, *jac);
        }
    }
}
