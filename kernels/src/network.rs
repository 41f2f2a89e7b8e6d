//! The parameters as the kernels read them: each K_i packed for K x and for K^T x, and what follows from the parameters alone.

use crate::lanes::{Lanes, Real, scalars_mut, zeros};
use crate::layout::{section, transposed_len, uses_strassen, vectors};
use crate::linear::Packed;
use crate::parameters::{Offsets, Shape};
use crate::strassen::StrassenMatrix;

/// A `StrassenLayer` is a square matrix and its transpose for Strassen's scheme.
#[derive(Debug, Clone)]
pub struct StrassenLayer<R> {
    /// The matrix K_i.
    pub k: StrassenMatrix<R>,
    /// The transpose K_i^T.
    pub kt: StrassenMatrix<R>,
}

/// A `Network` holds the packed parameters of one potential.
#[derive(Debug, Clone)]
pub struct Network<T: Lanes> {
    /// The shape of the potential.
    pub shape: Shape,
    /// The ranges of the symbols in the flat theta.
    pub at: Offsets,
    /// The residual step h = 1/M.
    pub h: T,
    /// The matrices K_i.
    pub k: Vec<Packed<T::Real>>,
    /// The transposes K_i^T.
    pub kt: Vec<Packed<T::Real>>,
    /// The matrices K_1 .. K_M for Strassen's scheme; empty where it is not used.
    pub strassen: Vec<StrassenLayer<T::Real>>,
    /// Rows of a section of a transposed column ([`crate::layout::section`]).
    pub section: usize,
    /// The biases b_i, m each.
    pub bias: Vec<Vec<T::Real>>,
    /// The weights w, each in every lane, m.
    pub w: Vec<T>,
    /// The matrix A, r x inputs.
    pub a: Vec<T::Real>,
    /// The vector b, inputs.
    pub linear: Vec<T::Real>,
    /// The constant c.
    pub constant: T::Real,
    /// The columns of K_0 E, d x m.
    pub k0: Vec<T::Real>,
    /// The columns of K_0 E transposed, d x transposed_len(m) / WIDTH: one vector serves every sample.
    pub k0_transposed: Vec<T>,
    /// The squared norms |(K_0 E)_k|^2 of the rows, m.
    pub norms: Vec<T::Real>,
    /// The trace of E^T A^T A E.
    pub a_trace: T::Real,
}

impl<T: Lanes> Network<T> {
    /// Returns a network whose parameters are all zero.
    pub fn new(shape: Shape) -> Self {
        let (s, m, d) = (shape.inputs(), shape.m, shape.d);
        let fan_in = |i: usize| if i == 0 { s } else { m };
        let scalars = |length: usize| vec![T::Real::default(); length];
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
            strassen: (1..shape.layers)
                .filter(|_| uses_strassen(m))
                .map(|_| StrassenLayer {
                    k: StrassenMatrix::new(m),
                    kt: StrassenMatrix::new(m),
                })
                .collect(),
            section: section(m),
            bias: vec![scalars(m); shape.layers],
            w: zeros(m),
            a: scalars(shape.r() * s),
            linear: scalars(s),
            constant: T::Real::default(),
            k0: scalars(d * m),
            k0_transposed: zeros(d * transposed_len::<T>(m, section(m)) / T::WIDTH),
            norms: scalars(m),
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
            if let Some(layer) = i.checked_sub(1).and_then(|i| self.strassen.get_mut(i)) {
                layer.k.fill(|row, column| k[row * columns + column]);
                layer.kt.fill(|row, column| k[column * columns + row]);
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
        let padded = vectors::<T>(self.section) * T::WIDTH;
        let sections = self.k0.chunks(self.section);
        for (lanes, section) in scalars_mut(&mut self.k0_transposed)
            .chunks_mut(padded)
            .zip(sections)
        {
            lanes[..section.len()].copy_from_slice(section);
        }
    }
}

fn copy<R: Real>(into: &mut [R], from: &[f64]) {
    for (into, &from) in into.iter_mut().zip(from) {
        *into = R::of(from);
    }
}
