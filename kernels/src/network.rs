//! The parameters as the kernels read them: each K_i packed for K x and for K^T x, and what follows from the parameters alone.

use crate::lanes::{Lanes, Real, scalars_mut};
use crate::linear::{Packed, vectors};
use crate::outer::{across, part};
use crate::parameters::{Offsets, Shape};
use crate::seven::{self, Seven};

/// A square matrix and its transpose for the seven products.
#[derive(Debug, Clone)]
pub struct Sevens<R> {
    /// K_i.
    pub k: Seven<R>,
    /// K_i^T.
    pub kt: Seven<R>,
}

/// Packed parameters of one potential.
#[derive(Debug, Clone)]
pub struct Network<T: Lanes> {
    /// The shape it was made for.
    pub shape: Shape,
    /// Where theta has what.
    pub at: Offsets,
    /// The residual step h = 1/M.
    pub h: T,
    /// K_i.
    pub k: Vec<Packed<T::Real>>,
    /// K_i^T.
    pub kt: Vec<Packed<T::Real>>,
    /// K_1 .. K_M for the seven products, where they pay.
    pub seven: Vec<Sevens<T::Real>>,
    /// Rows whose vectors lie together where lanes are rows.
    pub part: usize,
    /// b_i, m each.
    pub bias: Vec<Vec<T::Real>>,
    /// w in every lane, m.
    pub w: Vec<T>,
    /// A, r x inputs.
    pub a: Vec<T::Real>,
    /// b, inputs.
    pub linear: Vec<T::Real>,
    /// c.
    pub constant: T::Real,
    /// Columns of K_0 E, d x m.
    pub k0: Vec<T::Real>,
    /// The same with rows across lanes, d x across(m) / WIDTH.
    pub k0_lanes: Vec<T>,
    /// |(K_0 E)_k|^2, m.
    pub norms: Vec<T::Real>,
    /// trace(E^T A^T A E).
    pub a_trace: T::Real,
}

impl<T: Lanes> Network<T> {
    /// All parameters zero.
    pub fn new(shape: Shape) -> Self {
        let (s, m, d) = (shape.inputs(), shape.m, shape.d);
        let fan_in = |i: usize| if i == 0 { s } else { m };
        let zeros = |length: usize| vec![T::Real::default(); length];
        Network {
            shape,
            at: Offsets::new(&shape),
            h: T::of(shape.h()),
            k: (0..shape.layers)
                .map(|i| Packed::new(m, fan_in(i)))
                .collect(),
            kt: (0..shape.layers)
                .map(|i| Packed::new(fan_in(i), m))
                .collect(),
            seven: (1..shape.layers)
                .filter(|_| seven::pays(m))
                .map(|_| Sevens {
                    k: Seven::new(m),
                    kt: Seven::new(m),
                })
                .collect(),
            part: part(m),
            bias: vec![zeros(m); shape.layers],
            w: vec![T::default(); m],
            a: zeros(shape.r() * s),
            linear: zeros(s),
            constant: T::Real::default(),
            k0: zeros(d * m),
            k0_lanes: vec![T::default(); d * across::<T>(m, part(m)) / T::WIDTH],
            norms: zeros(m),
            a_trace: T::Real::default(),
        }
    }

    /// Takes new parameters, flat as in [`Shape::tensors`].
    pub fn load(&mut self, theta: &[f64]) {
        let (s, m, d) = (self.shape.inputs(), self.shape.m, self.shape.d);
        let at = &self.at;
        for i in 0..self.shape.layers {
            let (k, columns) = (&theta[at.k[i].clone()], if i == 0 { s } else { m });
            self.k[i].fill(|row, column| k[row * columns + column]);
            self.kt[i].fill(|row, column| k[column * columns + row]);
            if let Some(seven) = i.checked_sub(1).and_then(|i| self.seven.get_mut(i)) {
                seven.k.fill(|row, column| k[row * columns + column]);
                seven.kt.fill(|row, column| k[column * columns + row]);
            }
            copy(&mut self.bias[i], &theta[at.b[i].clone()]);
        }
        for (into, &w) in self.w.iter_mut().zip(&theta[at.w.clone()]) {
            *into = T::of(w);
        }
        copy(&mut self.a, &theta[at.a.clone()]);
        copy(&mut self.linear, &theta[at.linear.clone()]);
        self.constant = T::Real::of(theta[at.constant.start]);
        let a = &theta[at.a.clone()];
        self.a_trace = T::Real::of(a.chunks(s).flat_map(|row| &row[..d]).map(|v| v * v).sum());
        let k0 = at.k[0].clone();
        self.load_space_columns(&theta[k0]);
    }

    fn load_space_columns(&mut self, k0: &[f64]) {
        let (s, m, d) = (self.shape.inputs(), self.shape.m, self.shape.d);
        for (k, row) in k0.chunks(s).enumerate() {
            self.norms[k] = T::Real::of(row[..d].iter().map(|v| v * v).sum());
            for (j, &value) in row[..d].iter().enumerate() {
                self.k0[j * m + k] = T::Real::of(value);
            }
        }
        let padded = vectors::<T>(self.part) * T::WIDTH;
        let parts = self.k0.chunks(self.part);
        for (lanes, part) in scalars_mut(&mut self.k0_lanes)
            .chunks_mut(padded)
            .zip(parts)
        {
            lanes[..part.len()].copy_from_slice(part);
        }
    }
}

fn copy<R: Real>(into: &mut [R], from: &[f64]) {
    for (into, &from) in into.iter_mut().zip(from) {
        *into = R::of(from);
    }
}
