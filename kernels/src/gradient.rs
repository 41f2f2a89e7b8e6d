//! grad_s Phi.
//!
//! ```text
//! z_{M+1} = w       z_i = z_{i+1} + h K_i^T ( slope_i * z_{i+1} )                 i = M..1
//! grad = K_0^T ( slope_0 * z_1 ) + A^T A s + b
//! ```
//!
//! adjoint, from g = grad_bar; the trace meets slope and z in the same places, with tau_0 = t |(K_0 E)_k|^2, tau_i = t c_i from
//! its cotangent t, 0 where it is not evaluated:
//!
//! ```text
//! e = K_0 g:   slope_bar_0 = z_1 (e - 2 slope_0 tau_0)      z_bar_1 = slope_0 e + sigma''_0 tau_0
//!              K_bar_0 += (slope_0 z_1) g'
//! f = K_i z_bar_i:   slope_bar_i = h z_{i+1} (f - 2 slope_i tau_i)    z_bar_{i+1} = z_bar_i + h (slope_i f + sigma''_i tau_i)
//!                    K_bar_i += h (slope_i z_{i+1}) z_bar_i'                                 i = 1..M
//! w_bar += z_bar_{M+1}    b_bar += g    s_bar += A^T A g    A_bar += (A s) g' + (A g) s'
//! ```

use crate::activation::curvature;
use crate::lanes::Lanes;
use crate::linear::{apply, transpose};
use crate::network::Network;
use crate::partial::Partial;
use crate::tile::{Bars, Scratch, add, zeros};
use crate::{resnet, trace};

/// What forward leaves for the other terms and for the adjoint.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// z_1 .. z_M, M x m.
    z: Vec<Vec<T>>,
    /// grad_s Phi, inputs.
    pub grad: Vec<T>,
}

impl<T: Lanes> Cache<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        Cache {
            z: vec![zeros(net.shape.m); net.shape.layers - 1],
            grad: zeros(net.shape.inputs()),
        }
    }

    /// z_i, m; i = 1..=M+1.
    pub fn z<'a>(&'a self, net: &'a Network<T>, i: usize) -> &'a [T] {
        self.z.get(i - 1).unwrap_or(&net.w)
    }
}

/// Fills the cache.
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

/// Row r of A times x.
fn a_times<T: Lanes>(net: &Network<T>, r: usize, x: &[T]) -> T {
    let row = &net.a[r * x.len()..];
    row.iter()
        .zip(x)
        .fold(T::default(), |sum, (&a, &x)| T::splat(a).mul_add(x, sum))
}

/// into += A^T A x.
fn add_gram<T: Lanes>(net: &Network<T>, x: &[T], into: &mut [T]) {
    for r in 0..net.shape.r() {
        let ax = a_times(net, r, x);
        for (into, &a) in into.iter_mut().zip(&net.a[r * x.len()..]) {
            *into = T::splat(a).mul_add(ax, *into);
        }
    }
}

/// 1/2 |A s|^2 + b.s + c.
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

/// trace_bar and what the trace left, where it was evaluated.
pub type FromTrace<'a, T> = Option<(T, &'a trace::Cache<T>)>;

/// From grad_bar to `bars.slope` and `bars.z`, overwritten, s and the parameters; all of K_bar_0 but its columns is left to
/// [`Partial::add_k0`].
///
/// Nothing else reaches slope_M, so what goes on from there into a_M and u_{M-1} is done in the same pass: it leaves u_bar_{M-1}
/// in `bars.u`.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    (s, resnet, cache, trace): (&[T], &resnet::Cache<T>, &Cache<T>, FromTrace<T>),
    bars: &mut Bars<T>,
    partial: &mut Partial<T>,
) {
    let last = net.shape.layers - 1;
    add(&mut partial.linear, &bars.grad);
    add_gram(net, &bars.grad, &mut bars.s);
    add_gram_parameters(net, (s, &bars.grad), partial);
    let trace_bar = trace.map_or(T::default(), |(t, _)| t);
    // Without the trace any finite column does, since its factor is 0.
    let column = |i: usize| trace.map_or(&resnet.slope[i], |(_, trace)| &trace.c[i - 1]);
    let received = |i: usize| trace.map(|(_, trace)| &*trace.slope_bar[i]);
    apply(&net.k[0], &bars.grad, &mut bars.slope[0]);
    let known = [&resnet.slope[0], cache.z(net, 1)];
    first_layer(
        trace_bar,
        known,
        (&net.norms, received(0)),
        [&mut bars.slope[0], &mut bars.z[0]],
    );
    for i in 1..last {
        partial.k[i - 1].push(1);
        let (y, x) = partial.k[i - 1].last(1);
        let (below, above) = bars.z.split_at_mut(i);
        let below = &below[i - 1];
        transpose(below, net.part, x);
        apply(&net.k[i], below, &mut bars.slope[i]);
        layer(
            (net.h, trace_bar),
            [&resnet.slope[i], cache.z(net, i + 1), column(i), below],
            [y, &mut bars.slope[i], &mut above[0]],
        );
        if let Some(received) = received(i) {
            add(&mut bars.slope[i], received);
        }
    }
    let k_bar = &mut partial.k[last - 1];
    k_bar.push(2);
    let (left, right) = k_bar.last(2);
    let ((y, a_bar), below) = (left.split_at_mut(net.shape.m), &bars.z[last - 1]);
    let (x, u) = right.split_at_mut(right.len() / 2);
    transpose(below, net.part, x);
    transpose(&resnet.u[last - 1], net.part, u);
    apply(&net.k[last], below, a_bar);
    last_layer(
        (net.h, trace_bar),
        [
            &resnet.slope[last],
            cache.z(net, last + 1),
            column(last),
            below,
        ],
        [y, a_bar, &mut partial.w, &mut partial.bias[last]],
    );
    apply(&net.kt[last], a_bar, &mut bars.u);
}

// The loops below have functions of their own, which keeps what is constant in registers. What comes is overwritten by what
// leaves where it can be: at the published widths, columns compete for the first cache.

/// From slope_0, z_1, |(K_0 E)_k|^2, e in its place and what the trace's J left, to slope_bar_0; and to z_bar_1.
#[inline(never)]
fn first_layer<T: Lanes>(
    trace_bar: T,
    [slope, z]: [&[T]; 2],
    (n, received): (&[T::Real], Option<&[T]>),
    into: [&mut [T]; 2],
) {
    let m = slope.len();
    let (z, n) = (&z[..m], &n[..m]);
    let [slope_bar, z_bar] = into.map(|column| &mut column[..m]);
    let through =
        |k: usize, e: T| through_product((slope[k], z[k]), (e, trace_bar * T::splat(n[k])));
    let Some(received) = received else {
        for k in 0..m {
            (slope_bar[k], z_bar[k]) = through(k, slope_bar[k]);
        }
        return;
    };
    let received = &received[..m];
    for k in 0..m {
        let (bar, z) = through(k, slope_bar[k]);
        (slope_bar[k], z_bar[k]) = (received[k] + bar, z);
    }
}

/// From slope_i, z_{i+1}, c_i, z_bar_i, and f in its place, to slope_bar_i; and to h slope_i z_{i+1} and z_bar_{i+1}.
#[inline(never)]
fn layer<T: Lanes>((h, trace_bar): (T, T), known: [&[T]; 4], into: [&mut [T]; 3]) {
    let m = known[0].len();
    let [slope, z, c, below] = known.map(|column| &column[..m]);
    let [y, slope_bar, above] = into.map(|column| &mut column[..m]);
    for k in 0..m {
        let through = through_product((slope[k], z[k]), (slope_bar[k], trace_bar * c[k]));
        y[k] = h * slope[k] * z[k];
        slope_bar[k] = h * through.0;
        above[k] = h.mul_add(through.1, below[k]);
    }
}

/// The same for i = M, where slope_bar goes on to a_bar and the biases, and w_bar adds up.
#[inline(never)]
fn last_layer<T: Lanes>((h, trace_bar): (T, T), known: [&[T]; 4], into: [&mut [T]; 4]) {
    let m = known[0].len();
    let [slope, z, c, below] = known.map(|column| &column[..m]);
    let [y, a_bar, w_bar, bias_bar] = into.map(|column| &mut column[..m]);
    for k in 0..m {
        let through = through_product((slope[k], z[k]), (a_bar[k], trace_bar * c[k]));
        y[k] = h * slope[k] * z[k];
        a_bar[k] = curvature(slope[k]) * h * through.0;
        bias_bar[k] += a_bar[k];
        w_bar[k] += h.mul_add(through.1, below[k]);
    }
}

/// What slope and z receive from f, the cotangent of slope z, and tau, that of sigma'' z.
#[inline(always)]
fn through_product<T: Lanes>((slope, z): (T, T), (f, tau): (T, T)) -> (T, T) {
    let slope_bar = z * (T::of(-2.0) * slope).mul_add(tau, f);
    let z_bar = slope.mul_add(f, curvature(slope) * tau);
    (slope_bar, z_bar)
}

fn add_gram_parameters<T: Lanes>(net: &Network<T>, (s, g): (&[T], &[T]), partial: &mut Partial<T>) {
    for (r, a_bar) in partial.a.chunks_exact_mut(s.len()).enumerate() {
        let (a_s, a_g) = (a_times(net, r, s), a_times(net, r, g));
        for ((a_bar, &s), &g) in a_bar.iter_mut().zip(s).zip(g) {
            *a_bar = a_s.mul_add(g, a_g.mul_add(s, *a_bar));
        }
    }
}
