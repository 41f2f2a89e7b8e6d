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
    let y = &mut scratch.y;
    for i in (1..net.shape.layers).rev() {
        product(y, &resnet.slope[i], cache.z(net, i + 1));
        let (z, above) = cache.z.split_at_mut(i);
        let (z, above) = (&mut z[i - 1], above.first().unwrap_or(&net.w));
        apply(&net.kt[i], y, z);
        for (z, &above) in z.iter_mut().zip(above) {
            *z = net.h.mul_add(*z, above);
        }
    }
    product(y, &resnet.slope[0], cache.z(net, 1));
    let grad = &mut cache.grad;
    apply(&net.kt[0], y, grad);
    for (grad, &b) in grad.iter_mut().zip(&net.linear) {
        *grad += T::splat(b);
    }
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

/// From grad_bar and `bars.z` to `bars.slope`, s and the parameters; slope_0 z_1 stays in `scratch.y_0` for K_bar_0.
pub fn adjoint<T: Lanes>(
    net: &Network<T>,
    (s, resnet, cache): (&[T], &resnet::Cache<T>, &Cache<T>),
    bars: &mut Bars<T>,
    scratch: &mut Scratch<T>,
    partial: &mut Partial<T>,
) {
    let (m, f) = (net.shape.m, &mut scratch.y);
    add(&mut partial.linear, &bars.grad);
    add_gram(net, &bars.grad, &mut bars.s);
    add_gram_parameters(net, (s, &bars.grad), partial);
    apply(&net.k[0], &bars.grad, f);
    let (slope, z) = (&resnet.slope[0][..m], &cache.z(net, 1)[..m]);
    let (slope_bar, z_bar) = (&mut bars.slope[0][..m], &mut bars.z[0][..m]);
    let y = &mut scratch.y_0[..m];
    for (k, &e) in f.iter().enumerate() {
        y[k] = slope[k] * z[k];
        slope_bar[k] = e.mul_add(z[k], slope_bar[k]);
        z_bar[k] = e.mul_add(slope[k], z_bar[k]);
    }
    for i in 1..net.shape.layers {
        partial.k[i - 1].push(1);
        let (y, x) = partial.k[i - 1].last(1);
        let (below, above) = bars.z.split_at_mut(i);
        let (below, above) = (
            &below[i - 1][..m],
            above.first_mut().unwrap_or(&mut partial.w),
        );
        transpose(below, x);
        apply(&net.k[i], below, f);
        let (slope, z) = (&resnet.slope[i][..m], &cache.z(net, i + 1)[..m]);
        let (slope_bar, above) = (&mut bars.slope[i][..m], &mut above[..m]);
        let y = &mut y[..m];
        for (k, &f) in f.iter().enumerate() {
            let f = net.h * f;
            y[k] = net.h * slope[k] * z[k];
            slope_bar[k] = f.mul_add(z[k], slope_bar[k]);
            above[k] += f.mul_add(slope[k], below[k]);
        }
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
