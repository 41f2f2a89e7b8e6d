//! What one worker needs for one tile, allocated once: cotangents and scratch of an evaluation.
//!
//! A tile is one vector of samples; every array here holds one vector a row, rows being features.

use crate::lanes::{COLUMNS, Lanes};
use crate::network::Network;
use crate::outer::across;

/// Columns of J that go through all layers together: as many as keep the second cache free for K and its gradient. The
/// longer the panel, the fewer times the gradient of K is loaded and stored. `trace` has loops for 1 to 4 columns.
pub const PANEL: usize = if COLUMNS == 3 { 3 } else { 4 };

/// The same in pairs for the seven products, up to 3. It is alike on every machine, since the bits depend on it.
pub const PAIRS: usize = 3;

/// Columns of J in hand at most.
pub const MOST: usize = if PANEL > 2 * PAIRS { PANEL } else { 2 * PAIRS };

/// A column of zeros.
pub fn zeros<T: Lanes>(rows: usize) -> Vec<T> {
    vec![T::default(); rows]
}

/// into += x, row by row.
pub fn add<T: Lanes>(into: &mut [T], x: &[T]) {
    for (into, &x) in into.iter_mut().zip(x) {
        *into += x;
    }
}

/// Cotangents of one evaluation.
#[derive(Debug)]
pub struct Bars<T> {
    /// Of sigma'(a_0) .. sigma'(a_{M-1}), M x m; that of sigma'(a_M) goes straight on into a_M.
    pub slope: Vec<Vec<T>>,
    /// Of z_1 .. z_M, M x m; that of z_{M+1} is w's.
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
            slope: vec![zeros(m); layers - 1],
            z: vec![zeros(m); layers - 1],
            u: zeros(m),
            grad: zeros(inputs),
            s: zeros(inputs),
        }
    }
}

/// Intermediate columns; no value outlives the call that wrote it.
#[derive(Debug)]
pub struct Scratch<T> {
    /// One layer's column, m.
    pub y: Vec<T>,
    /// One column of inputs.
    pub inputs: Vec<T>,
    /// Columns of J or of its cotangent.
    pub jac: Vec<T>,
    /// Columns of y_i, M x columns.
    pub layers: Vec<Vec<T>>,
    /// Columns of K_i^T y_bar.
    pub below: Vec<T>,
    /// Columns of J with rows across lanes.
    pub jac_lanes: Vec<T>,
    /// slope_0 .. slope_{M-1}, rows across lanes, M x across(m).
    pub slope_lanes: Vec<Vec<T>>,
    /// One column with rows across lanes, across(m).
    pub transposed: Vec<T>,
}

impl<T: Lanes> Scratch<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let (m, inner) = (net.shape.m, net.shape.layers - 1);
        let across = across::<T>(m, net.part);
        Scratch {
            y: zeros(m),
            inputs: zeros(net.shape.inputs()),
            jac: zeros(MOST * m),
            layers: vec![zeros(MOST * m); inner],
            below: zeros(MOST * m),
            jac_lanes: zeros(MOST * across),
            slope_lanes: vec![zeros(across); inner],
            transposed: zeros(across),
        }
    }
}
