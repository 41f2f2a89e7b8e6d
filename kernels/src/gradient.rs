//! grad_s Phi.
//!
//! ```text
//! z_{M+1} = w       z_i = z_{i+1} + h K_i^T ( slope_i * z_{i+1} )                 i = M..1
//! grad = K_0^T ( slope_0 * z_1 ) + A^T A s + b
//! ```
//!
//! adjoint, from g = grad_bar:
//!
//! ```text
//! e = K_0 g:   slope_bar_0 += e z_1      z_bar_1 += e slope_0      K_bar_0 += (slope_0 z_1) g'
//! f = K_i z_bar_i:   slope_bar_i += h f z_{i+1}      z_bar_{i+1} += z_bar_i + h f slope_i
//!                    K_bar_i += h (slope_i z_{i+1}) z_bar_i'                                 i = 1..M
//! w_bar += z_bar_{M+1}    b_bar += g    s_bar += A^T A g    A_bar += (A s) g' + (A g) s'
//! ```

use crate::lanes::Lanes;
use crate::linear::{apply, outer, transpose};
use crate::network::Network;
use crate::partial::Partial;
use crate::resnet;
use crate::tile::{Bars, Scratch, zeros};

/// What forward leaves for the other terms and for the adjoint.
#[derive(Debug, Clone)]
pub struct Cache<T> {
    /// z_1 .. z_{M+1}, layers x m; the last is w.
    pub z: Vec<Vec<T>>,
    /// grad_s Phi, inputs.
    pub grad: Vec<T>,
}

impl<T: Lanes> Cache<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        Cache {
            z: vec![zeros(net.shape.m); net.shape.layers],
            grad: zeros(net.shape.inputs()),
        }
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
    let y = &mut scratch.y_bar;
    let last = net.shape.layers - 1;
    for (z, &w) in cache.z[last].iter_mut().zip(&net.w) {
        *z = T::splat(w);
    }
    for i in (1..=last).rev() {
        product(y, &resnet.slope[i], &cache.z[i]);
        let (z, above) = cache.z.split_at_mut(i);
        let (z, above) = (&mut z[i - 1], &above[0]);
        apply(&net.kt[i], [y], |k, [y]| z[k] = net.h.mul_add(y, above[k]));
    }
    product(y, &resnet.slope[0], &cache.z[0]);
    let grad = &mut cache.grad;
    apply(&net.kt[0], [y], |l, [y]| {
        grad[l] = y + T::splat(net.linear[l])
    });
    add_gram(net, s, grad);
}

fn product<T: Lanes>(y: &mut [T], slope: &[T], z: &[T]) {
    for ((y, &slope), &z) in y.iter_mut().zip(slope).zip(z) {
        *y = slope * z;
    }
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

/// From grad_bar and `bars.z` to `bars.slope`, s and the parameters.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    (s, resnet, cache): (&[T], &resnet::Cache<T>, &Cache<T>),
    bars: &mut Bars<T>,
    scratch: &mut Scratch<T>,
    partial: &mut Partial<T>,
) {
    let Bars {
        grad: g,
        slope: slope_bar,
        z: z_bar,
        s: s_bar,
        ..
    } = bars;
    let Scratch {
        y_bar: y,
        transposed,
        ..
    } = scratch;
    apply(&net.k[0], [g], |k, [e]| {
        slope_bar[0][k] = e.mul_add(cache.z[0][k], slope_bar[0][k]);
        z_bar[0][k] = e.mul_add(resnet.slope[0][k], z_bar[0][k]);
    });
    product(y, &resnet.slope[0], &cache.z[0]);
    for (l, &g) in g.iter().enumerate() {
        partial.add_k0(l, y, g);
        partial.linear[l] += g;
    }
    add_gram(net, g, s_bar);
    add_gram_parameters(net, (s, g), partial);
    for i in 1..net.shape.layers {
        product(y, &resnet.slope[i], &cache.z[i]);
        y.iter_mut().for_each(|y| *y = net.h * *y);
        transpose(&z_bar[i - 1], transposed);
        outer(&mut partial.k[i - 1], net.shape.m, y, transposed);
        let (below, above) = z_bar.split_at_mut(i);
        let (below, above) = (&below[i - 1], &mut above[0]);
        apply(&net.k[i], [below], |k, [f]| {
            let f = net.h * f;
            slope_bar[i][k] = f.mul_add(cache.z[i][k], slope_bar[i][k]);
            above[k] += f.mul_add(resnet.slope[i][k], below[k]);
        });
    }
    for (w_bar, &z_bar) in partial.w.iter_mut().zip(&z_bar[net.shape.layers - 1]) {
        *w_bar += z_bar;
    }
}

fn add_gram_parameters<T: Lanes>(net: &Network<T>, (s, g): (&[T], &[T]), partial: &mut Partial<T>) {
    for (r, a_bar) in partial.a.chunks_exact_mut(s.len()).enumerate() {
        let (a_s, a_g) = (a_times(net, r, s), a_times(net, r, g));
        for ((a_bar, &s), &g) in a_bar.iter_mut().zip(s).zip(g) {
            *a_bar = a_s.mul_add(g, a_g.mul_add(s, *a_bar));
        }
    }
}
