//! The gradient of Phi in space, context and time.
//!
//! ```text
//! z_{M+1} = w       z_i = z_{i+1} + h K_i^T ( slope_i * z_{i+1} )                 i = M..1
//! grad = K_0^T ( slope_0 * z_1 ) + A^T A s + b
//! ```
//!
//! adjoint, from g = grad_bar. The trace meets slope and z in the same places: with tau_0 = t |(K_0 E)_k|^2 and tau_i = t c_i from
//! its cotangent t, or 0 where it is not evaluated:
//!
//! ```text
//! e = K_0 g:   slope_bar_0 = z_1 (e - 2 slope_0 tau_0)      z_bar_1 = slope_0 e + sigma''_0 tau_0
//!              K_bar_0 += (slope_0 z_1) g'
//! f = K_i z_bar_i:   slope_bar_i = h z_{i+1} (f - 2 slope_i tau_i)    z_bar_{i+1} = z_bar_i + h (slope_i f + sigma''_i tau_i)
//!                    K_bar_i += h (slope_i z_{i+1}) z_bar_i'                                 i = 1..M
//! w_bar += z_bar_{M+1}    b_bar += g    s_bar += A^T A g    A_bar += (A s) g' + (A g) s'
//! ```

use crate::activation::curvature;
use crate::lanes::{Lanes, add, zeros};
use crate::linear::{apply, transpose};
use crate::network::Network;
use crate::parameter_gradient::ParameterGradient;
use crate::resnet;
use crate::tile::{Cotangents, Scratch};
use crate::weight_gradient::Term;

/// A `Cache` holds the results of `forward` for the other terms and for the adjoint.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// z_1 .. z_M, M x m.
    z: Vec<Vec<T>>,
    /// grad_s Phi, inputs.
    pub grad: Vec<T>,
}

impl<T: Lanes> Cache<T> {
    /// Returns a cache of zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        Cache {
            z: vec![zeros(net.shape.m); net.shape.layers - 1],
            grad: zeros(net.shape.inputs()),
        }
    }

    /// Returns the column z_i, m; i from 1 to M + 1.
    pub fn z<'a>(&'a self, net: &'a Network<T>, i: usize) -> &'a [T] {
        self.z.get(i - 1).unwrap_or(&net.w)
    }
}

/// Computes z_i and grad_s Phi, and overwrites the cache.
pub fn forward<T: Lanes>(
    net: &Network<T>,
    s: &[T],
    resnet: &resnet::Cache<T>,
    cache: &mut Cache<T>,
    scratch: &mut Scratch<T>,
) {
    let (y, last) = (&mut scratch.y, net.shape.layers - 1);
    for ((y, &slope), &w) in y.iter_mut().zip(&resnet.slope[last]).zip(&net.w) {
        *y = slope * w;
    }
    for i in (1..=last).rev() {
        let (z, above) = cache.z.split_at_mut(i);
        let (z, above) = (&mut z[i - 1], above.first().unwrap_or(&net.w));
        apply(&net.kt[i], y, z);
        let rows = z.iter_mut().zip(above).zip(&resnet.slope[i - 1]);
        for (((z, &above), &slope), y) in rows.zip(&mut *y) {
            *z = net.h.mul_add(*z, above);
            *y = slope * *z;
        }
    }
    let grad = &mut cache.grad;
    apply(&net.kt[0], y, grad);
    for (grad, &b) in grad.iter_mut().zip(&net.linear) {
        *grad += T::splat(b);
    }
    add_gram(net, s, grad);
}

/// Row r of A, times x.
fn a_times<T: Lanes>(net: &Network<T>, r: usize, x: &[T]) -> T {
    let row = &net.a[r * x.len()..];
    row.iter()
        .zip(x)
        .fold(T::default(), |sum, (&a, &x)| T::splat(a).mul_add(x, sum))
}

/// The sum into += A^T A x.
fn add_gram<T: Lanes>(net: &Network<T>, x: &[T], into: &mut [T]) {
    for r in 0..net.shape.r() {
        let ax = a_times(net, r, x);
        for (into, &a) in into.iter_mut().zip(&net.a[r * x.len()..]) {
            *into = T::splat(a).mul_add(ax, *into);
        }
    }
}

/// Returns the quadratic part 1/2 |A s|^2 + b.s + c of Phi.
pub fn quadratic<T: Lanes>(net: &Network<T>, s: &[T]) -> T {
    let mut value = T::splat(net.constant);
    for r in 0..net.shape.r() {
        let a_s = a_times(net, r, s);
        value = (T::of(0.5) * a_s).mul_add(a_s, value);
    }
    s.iter()
        .zip(&net.linear)
        .fold(value, |sum, (&s, &b)| s.mul_add(T::splat(b), sum))
}

/// A `TraceTerm` is the part of the trace in the cotangents of slope and z.
#[derive(Debug, Clone, Copy)]
pub struct TraceTerm<'a, T> {
    /// The cotangent t of the trace.
    pub trace_bar: T,
    /// c_1 .. c_M, M x m.
    pub c: &'a [Vec<T>],
    /// The cotangents that slope_0 .. slope_{M-1} receive through J, M x m.
    pub slope_bar: &'a [Vec<T>],
}

/// A `GradientPoint` is what the adjoint is taken of: its parameters and its results.
#[derive(Debug, Clone, Copy)]
pub struct GradientPoint<'a, T: Lanes> {
    /// The packed parameters.
    pub net: &'a Network<T>,
    /// s, inputs.
    pub s: &'a [T],
    /// slope_i and u_i.
    pub resnet: &'a resnet::Cache<T>,
    /// z_i.
    pub gradient: &'a Cache<T>,
    /// The part of the trace, where it was evaluated.
    pub trace: Option<TraceTerm<'a, T>>,
}

/// Computes the adjoint, from the cotangent of grad_s Phi to those of slope and z, which are overwritten, and to those of s and
/// of the parameters, which are added to. The columns of K_bar_0 are left to [`ParameterGradient::add_k0`].
///
/// Nothing else reaches slope_M, so that its cotangent goes on into a_M and u_{M-1} in the same pass, which leaves u_bar_{M-1}.
pub fn adjoint<T: Lanes>(
    at: GradientPoint<T>,
    bars: &mut Cotangents<T>,
    theta_bar: &mut ParameterGradient<T>,
) {
    let GradientPoint {
        net,
        s,
        resnet,
        gradient,
        trace,
    } = at;
    let last = net.shape.layers - 1;
    add(&mut theta_bar.linear, &bars.grad);
    add_gram(net, &bars.grad, &mut bars.s);
    add_gram_parameters(net, s, &bars.grad, theta_bar);
    let trace_bar = trace.map_or(T::default(), |trace| trace.trace_bar);
    // Without the trace any finite column does, since its factor is 0.
    let column = |i: usize| trace.map_or(&resnet.slope[i], |trace| &trace.c[i - 1]);
    let received = |i: usize| trace.map(|trace| &*trace.slope_bar[i]);
    let layer = |i: usize, h: T| Layer {
        h,
        trace_bar,
        slope: &resnet.slope[i],
        z: gradient.z(net, i + 1),
    };
    apply(&net.k[0], &bars.grad, &mut bars.slope[0]);
    let (slope_bar, z_bar) = (&mut bars.slope[0], &mut bars.z[0]);
    first_layer(
        layer(0, T::of(1.0)),
        &net.norms,
        received(0),
        slope_bar,
        z_bar,
    );
    for i in 1..last {
        theta_bar.k[i - 1].reserve(1);
        let Term { y_bar, x } = theta_bar.k[i - 1].reserved(1);
        let (below, above) = bars.z.split_at_mut(i);
        let below = &below[i - 1];
        transpose(below, net.section, x);
        apply(&net.k[i], below, &mut bars.slope[i]);
        let into = LayerCotangents {
            y: y_bar,
            slope_bar: &mut bars.slope[i],
            z_bar: &mut above[0],
        };
        middle_layer(layer(i, net.h), column(i), below, into);
        if let Some(received) = received(i) {
            add(&mut bars.slope[i], received);
        }
    }
    let k_bar = &mut theta_bar.k[last - 1];
    k_bar.reserve(2);
    let Term { y_bar, x } = k_bar.reserved(2);
    let ((y, a_bar), below) = (y_bar.split_at_mut(net.shape.m), &bars.z[last - 1]);
    let (x, u) = x.split_at_mut(x.len() / 2);
    transpose(below, net.section, x);
    transpose(&resnet.u[last - 1], net.section, u);
    apply(&net.k[last], below, a_bar);
    let into = LastLayerCotangents {
        y,
        a_bar,
        w_bar: &mut theta_bar.w,
        bias_bar: &mut theta_bar.bias[last],
    };
    last_layer(layer(last, net.h), column(last), below, into);
    apply(&net.kt[last], a_bar, &mut bars.u);
}

// The loops below have functions of their own, which keeps what is constant in registers: h, trace_bar and 1 and -2. They are bound
// by loads and stores, so that each loop reads a column once, and the cotangent that comes in is overwritten by the one that goes
// out: at the published widths six or seven columns of m vectors compete for L1.

/// The columns and constants of one layer that its adjoint reads.
#[derive(Clone, Copy)]
struct Layer<'a, T> {
    /// The residual step.
    h: T,
    /// The cotangent of the trace.
    trace_bar: T,
    /// slope_i, m.
    slope: &'a [T],
    /// z_{i+1}, m.
    z: &'a [T],
}

/// The cotangents of slope_0, in the place of e, and of z_1, from |(K_0 E)_k|^2 and from what slope_0 received through J.
#[inline(never)]
fn first_layer<T: Lanes>(
    layer: Layer<T>,
    norms: &[T::Real],
    received: Option<&[T]>,
    slope_bar: &mut [T],
    z_bar: &mut [T],
) {
    let (m, trace_bar) = (layer.slope.len(), layer.trace_bar);
    let (slope, z, norms) = (layer.slope, &layer.z[..m], &norms[..m]);
    let (slope_bar, z_bar) = (&mut slope_bar[..m], &mut z_bar[..m]);
    let through =
        |k: usize, e: T| product_adjoint(slope[k], z[k], e, trace_bar * T::splat(norms[k]));
    let Some(received) = received else {
        for k in 0..m {
            let bars = through(k, slope_bar[k]);
            (slope_bar[k], z_bar[k]) = (bars.slope, bars.z);
        }
        return;
    };
    let received = &received[..m];
    for k in 0..m {
        let bars = through(k, slope_bar[k]);
        (slope_bar[k], z_bar[k]) = (received[k] + bars.slope, bars.z);
    }
}

/// The columns that a layer between the first and the last writes.
struct LayerCotangents<'a, T> {
    /// h slope_i z_{i+1}, the left side of K_bar_i.
    y: &'a mut [T],
    /// The cotangent of slope_i, in the place of f.
    slope_bar: &'a mut [T],
    /// The cotangent of z_{i+1}.
    z_bar: &'a mut [T],
}

/// The cotangents of a layer between the first and the last, from c_i and z_bar_i.
#[inline(never)]
fn middle_layer<T: Lanes>(layer: Layer<T>, c: &[T], below: &[T], into: LayerCotangents<T>) {
    let Layer { h, trace_bar, .. } = layer;
    let m = layer.slope.len();
    let [slope, z, c, below] = [layer.slope, layer.z, c, below].map(|column| &column[..m]);
    let [y, slope_bar, z_bar] = [into.y, into.slope_bar, into.z_bar].map(|column| &mut column[..m]);
    for k in 0..m {
        let bars = product_adjoint(slope[k], z[k], slope_bar[k], trace_bar * c[k]);
        y[k] = h * slope[k] * z[k];
        slope_bar[k] = h * bars.slope;
        z_bar[k] = h.mul_add(bars.z, below[k]);
    }
}

/// The columns that the last layer writes.
struct LastLayerCotangents<'a, T> {
    /// h slope_M z_{M+1}, the left side of K_bar_M.
    y: &'a mut [T],
    /// The cotangent of a_M, in the place of f.
    a_bar: &'a mut [T],
    /// The cotangent of w, which is added to.
    w_bar: &'a mut [T],
    /// The cotangent of b_M, which is added to.
    bias_bar: &'a mut [T],
}

/// The cotangents of the last layer, from c_M and z_bar_M: that of slope_M goes on to a_M and the biases.
#[inline(never)]
fn last_layer<T: Lanes>(layer: Layer<T>, c: &[T], below: &[T], into: LastLayerCotangents<T>) {
    let Layer { h, trace_bar, .. } = layer;
    let m = layer.slope.len();
    let [slope, z, c, below] = [layer.slope, layer.z, c, below].map(|column| &column[..m]);
    let LastLayerCotangents {
        y,
        a_bar,
        w_bar,
        bias_bar,
    } = into;
    let [y, a_bar, w_bar, bias_bar] = [y, a_bar, w_bar, bias_bar].map(|column| &mut column[..m]);
    for k in 0..m {
        let bars = product_adjoint(slope[k], z[k], a_bar[k], trace_bar * c[k]);
        y[k] = h * slope[k] * z[k];
        a_bar[k] = curvature(slope[k]) * h * bars.slope;
        bias_bar[k] += a_bar[k];
        w_bar[k] += h.mul_add(bars.z, below[k]);
    }
}

/// The cotangents of one slope and one z.
struct ProductCotangents<T> {
    slope: T,
    z: T,
}

/// The adjoint of the product slope z, with cotangent f, and of sigma'' z, with cotangent tau.
#[inline(always)]
fn product_adjoint<T: Lanes>(slope: T, z: T, f: T, tau: T) -> ProductCotangents<T> {
    ProductCotangents {
        slope: z * (T::of(-2.0) * slope).mul_add(tau, f),
        z: slope.mul_add(f, curvature(slope) * tau),
    }
}

/// The sum A_bar += (A s) g' + (A g) s'.
fn add_gram_parameters<T: Lanes>(
    net: &Network<T>,
    s: &[T],
    g: &[T],
    theta_bar: &mut ParameterGradient<T>,
) {
    for (r, a_bar) in theta_bar.a.chunks_exact_mut(s.len()).enumerate() {
        let (a_s, a_g) = (a_times(net, r, s), a_times(net, r, g));
        for ((a_bar, &s), &g) in a_bar.iter_mut().zip(s).zip(g) {
            *a_bar = a_s.mul_add(g, a_g.mul_add(s, *a_bar));
        }
    }
}
