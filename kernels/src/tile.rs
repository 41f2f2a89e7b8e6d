//! What one worker needs for one tile, allocated once: cotangents and scratch of an evaluation.
//!
//! A tile is one vector of samples; every array here holds one vector a row, rows being features.

use crate::lanes::{COLUMNS, Lanes};
use crate::linear::vectors;
use crate::network::Network;

/// A column of zeros.
pub fn zeros<T: Lanes>(rows: usize) -> Vec<T> {
    vec![T::default(); rows]
}

/// Cotangents of one evaluation; every adjoint adds to them.
#[derive(Debug)]
pub struct Bars<T> {
    /// Of sigma'(a_i), layers x m.
    pub slope: Vec<Vec<T>>,
    /// Of z_1 .. z_{M+1}, layers x m.
    pub z: Vec<Vec<T>>,
    /// Of u_i, m.
    pub u: Vec<T>,
    /// Of grad_s Phi, inputs.
    pub grad: Vec<T>,
    /// Of s, inputs.
    pub s: Vec<T>,
}

impl<T: Lanes> Bars<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let (m, layers, inputs) = (net.shape.m, net.shape.layers, net.shape.inputs());
        Bars {
            slope: vec![zeros(m); layers],
            z: vec![zeros(m); layers],
            u: zeros(m),
            grad: zeros(inputs),
            s: zeros(inputs),
        }
    }

    /// Zero again, but for `grad`.
    pub fn clear(&mut self) {
        self.slope
            .iter_mut()
            .chain(&mut self.z)
            .for_each(|bar| bar.fill(T::default()));
        self.s.fill(T::default());
    }
}

/// Intermediate columns; no value outlives the call that wrote it.
#[derive(Debug)]
pub struct Scratch<T> {
    /// One layer's right-hand side, m.
    pub y_bar: Vec<T>,
    /// One layer's column with rows across lanes, vectors(m) x WIDTH.
    pub transposed: Vec<T>,
    /// Columns of J or of its cotangent, COLUMNS x m.
    pub jac: Vec<Vec<T>>,
    /// Columns of y_bar, COLUMNS x m.
    pub panel: Vec<Vec<T>>,
    /// 2 h trace_bar sigma''_i z_{i+1}, M x m.
    pub weight: Vec<Vec<T>>,
    /// slope_0 .. slope_{M-1}, rows across lanes, M x (vectors(m) x WIDTH).
    pub slope_lanes: Vec<Vec<T>>,
    /// J_0 .. J_{M-1}, rows across lanes, M x COLUMNS x (vectors(m) x WIDTH).
    pub jac_lanes: Vec<Vec<Vec<T>>>,
}

impl<T: Lanes> Scratch<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let (m, inner) = (net.shape.m, net.shape.layers - 1);
        let across = vectors::<T>(m) * T::WIDTH;
        Scratch {
            y_bar: zeros(m),
            transposed: zeros(across),
            jac: vec![zeros(m); COLUMNS],
            panel: vec![zeros(m); COLUMNS],
            weight: vec![zeros(m); inner],
            slope_lanes: vec![zeros(across); inner],
            jac_lanes: vec![vec![zeros(across); COLUMNS]; inner],
        }
    }
}
