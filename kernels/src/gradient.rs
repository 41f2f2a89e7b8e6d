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
use crate::resnet;
use crate::tile::{Bars, Scratch, add, zeros};

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

/// trace_bar and c_1 .. c_M, where the trace was evaluated.
pub type FromTrace<'a, T> = Option<(T, &'a [Vec<T>])>;

/// From grad_bar to `bars.slope` and `bars.z`, overwritten, s and the parameters; slope_0 z_1 stays in `scratch.y_0` for K_bar_0.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    (s, resnet, cache, trace): (&[T], &resnet::Cache<T>, &Cache<T>, FromTrace<T>),
    bars: &mut Bars<T>,
    scratch: &mut Scratch<T>,
    partial: &mut Partial<T>,
) {
    let (m, f) = (net.shape.m, &mut scratch.y);
    add(&mut partial.linear, &bars.grad);
    add_gram(net, &bars.grad, &mut bars.s);
    add_gram_parameters(net, (s, &bars.grad), partial);
    let trace_bar = trace.map_or(T::default(), |(t, _)| t);
    // Without the trace any finite column does, since its factor is 0.
    let column = |i: usize| trace.map_or(&resnet.slope[i], |(_, c)| &c[i - 1]);
    apply(&net.k[0], &bars.grad, f);
    let (slope, z, n) = (
        &resnet.slope[0][..m],
        &cache.z(net, 1)[..m],
        &net.norms[..m],
    );
    let (y, slope_bar, z_bar) = (
        &mut scratch.y_0[..m],
        &mut bars.slope[0][..m],
        &mut bars.z[0][..m],
    );
    for (k, &e) in f.iter().enumerate() {
        let through = through_product((slope[k], z[k]), (e, trace_bar * n[k]));
        y[k] = slope[k] * z[k];
        slope_bar[k] = through.0;
        z_bar[k] = through.1;
    }
    for i in 1..net.shape.layers {
        partial.k[i - 1].push(1);
        let (y, x) = partial.k[i - 1].last(1);
        let (below, above) = bars.z.split_at_mut(i);
        transpose(&below[i - 1], x);
        apply(&net.k[i], &below[i - 1], f);
        let (slope, z, c) = (
            &resnet.slope[i][..m],
            &cache.z(net, i + 1)[..m],
            &column(i)[..m],
        );
        let (y, slope_bar, below) = (&mut y[..m], &mut bars.slope[i][..m], &below[i - 1][..m]);
        let mut layer = |k: usize| {
            let through = through_product((slope[k], z[k]), (f[k], trace_bar * c[k]));
            y[k] = net.h * slope[k] * z[k];
            slope_bar[k] = net.h * through.0;
            net.h.mul_add(through.1, below[k])
        };
        match above.first_mut() {
            Some(above) => above
                .iter_mut()
                .enumerate()
                .for_each(|(k, z_bar)| *z_bar = layer(k)),
            None => partial
                .w
                .iter_mut()
                .enumerate()
                .for_each(|(k, z_bar)| *z_bar += layer(k)),
        }
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
