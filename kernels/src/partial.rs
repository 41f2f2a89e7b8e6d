//! The parameter gradient of one tile in the kernels' precision, flushed into f64 sums tile by tile: over a whole batch
//! f32 sums would lose three digits.

use crate::lanes::{Lanes, Real};
use crate::linear::Outer;
use crate::network::Network;
use crate::tile::{PANEL, zeros};

/// Cotangents of the parameters. Lanes are samples, summed at the flush, but for K_1 .. K_M, where lanes are columns.
#[derive(Debug)]
pub struct Partial<T> {
    /// K_1 .. K_M.
    pub k: Vec<Outer<T>>,
    /// K_0 by columns, inputs x m.
    pub k0: Vec<T>,
    /// b_i, layers x m.
    pub bias: Vec<Vec<T>>,
    /// w, m.
    pub w: Vec<T>,
    /// A, r x inputs.
    pub a: Vec<T>,
    /// b, inputs.
    pub linear: Vec<T>,
    /// trace(E^T A^T A E).
    pub a_trace: T,
}

impl<T: Lanes> Partial<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let shape = &net.shape;
        let (m, s) = (shape.m, shape.inputs());
        Partial {
            k: (1..shape.layers).map(|_| Outer::new(m, PANEL)).collect(),
            k0: zeros(s * m),
            bias: vec![zeros(m); shape.layers],
            w: zeros(m),
            a: zeros(shape.r() * s),
            linear: zeros(s),
            a_trace: T::default(),
        }
    }

    /// K_bar_0 += y g' + a_bar s'.
    pub fn add_k0(&mut self, (y, g): (&[T], &[T]), (a_bar, s): (&[T], &[T])) {
        for ((column, &g), &s) in self.k0.chunks_exact_mut(y.len()).zip(g).zip(s) {
            for ((k0, &y), &a_bar) in column.iter_mut().zip(y).zip(a_bar) {
                *k0 = y.mul_add(g, a_bar.mul_add(s, *k0));
            }
        }
    }

    /// Adds everything to the flat f64 gradient and is zero again.
    pub fn flush(&mut self, net: &Network<T>, total: &mut [f64]) {
        let (s, m, d) = (net.shape.inputs(), net.shape.m, net.shape.d);
        let at = &net.at;
        for (k, range) in self.k.iter_mut().zip(&at.k[1..]) {
            k.flush(&mut total[range.clone()]);
        }
        let k0_total = &mut total[at.k[0].clone()];
        for (l, column) in self.k0.chunks_exact_mut(m).enumerate() {
            for (value, row) in column.iter_mut().zip(k0_total.chunks_exact_mut(s)) {
                row[l] += take(value);
            }
        }
        for (bias, range) in self.bias.iter_mut().zip(&at.b) {
            add(bias, &mut total[range.clone()]);
        }
        add(&mut self.w, &mut total[at.w.clone()]);
        add(&mut self.linear, &mut total[at.linear.clone()]);
        let a_total = &mut total[at.a.clone()];
        add(&mut self.a, a_total);
        let twice = 2.0 * take(&mut self.a_trace);
        for (row, total) in net.a.chunks_exact(s).zip(a_total.chunks_exact_mut(s)) {
            for (a, total) in row[..d].iter().zip(total) {
                *total += twice * a.widen();
            }
        }
    }
}

fn take<T: Lanes>(value: &mut T) -> f64 {
    std::mem::take(value).sum()
}

fn add<T: Lanes>(values: &mut [T], total: &mut [f64]) {
    for (value, total) in values.iter_mut().zip(total) {
        *total += take(value);
    }
}
