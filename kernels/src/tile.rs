//! The memory that one worker needs for one tile, allocated once: cotangents and scratch of an evaluation.
//!
//! A tile is one vector of samples; every array here holds one vector a row, rows being features. Panels of J have at most
//! [`MAX_PANEL_COLUMNS`] columns.

use crate::lanes::{Lanes, zeros};
use crate::layout::{MAX_PANEL_COLUMNS, transposed_len};
use crate::network::Network;
use crate::parameter_gradient::ParameterGradient;

/// A `Tile` is a run of consecutive samples of a batch, one for each lane of a vector.
#[derive(Debug, Clone, Copy)]
pub struct Tile {
    /// The index of the first sample in its batch.
    pub first: usize,
    /// The number of samples, up to the lanes of a tile.
    pub count: usize,
}

/// `Cotangents` holds the cotangents of the results of one evaluation.
#[derive(Debug)]
pub struct Cotangents<T> {
    /// The cotangents of sigma'(a_0) .. sigma'(a_{M-1}), M x m; that of sigma'(a_M) goes straight on into a_M.
    pub slope: Vec<Vec<T>>,
    /// The cotangents of z_1 .. z_M, M x m; that of z_{M+1} is that of w.
    pub z: Vec<Vec<T>>,
    /// The cotangent of u_i, m.
    pub u: Vec<T>,
    /// The cotangent of grad_s Phi, inputs.
    pub grad: Vec<T>,
    /// The cotangent of s, inputs.
    pub s: Vec<T>,
}

impl<T: Lanes> Cotangents<T> {
    /// Returns cotangents of zero for a network.
    pub fn new(net: &Network<T>) -> Self {
        let (m, layers, inputs) = (net.shape.m, net.shape.layers, net.shape.inputs());
        Cotangents {
            slope: vec![zeros(m); layers - 1],
            z: vec![zeros(m); layers - 1],
            u: zeros(m),
            grad: zeros(inputs),
            s: zeros(inputs),
        }
    }
}

/// A `Scratch` holds intermediate columns; no value outlives the call that wrote it.
#[derive(Debug)]
pub struct Scratch<T> {
    /// One layer's column, m.
    pub y: Vec<T>,
    /// One column of inputs.
    pub inputs: Vec<T>,
    /// A panel of J or of its cotangent.
    pub jac: Vec<T>,
    /// A panel of y_i for each of M layers.
    pub layers: Vec<Vec<T>>,
    /// A panel of K_i^T y_bar, or one operand of Strassen's scheme.
    pub spare: Vec<T>,
    /// A panel of J, transposed.
    pub jac_transposed: Vec<T>,
    /// slope_0 .. slope_{M-1}, each transposed.
    pub slope_transposed: Vec<Vec<T>>,
    /// One column, transposed.
    pub transposed: Vec<T>,
}

impl<T: Lanes> Scratch<T> {
    /// Returns scratch of zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let (m, inner) = (net.shape.m, net.shape.layers - 1);
        let length = transposed_len::<T>(m, net.section);
        Scratch {
            y: zeros(m),
            inputs: zeros(net.shape.inputs()),
            jac: zeros(MAX_PANEL_COLUMNS * m),
            layers: vec![zeros(MAX_PANEL_COLUMNS * m); inner],
            spare: zeros(MAX_PANEL_COLUMNS * m),
            jac_transposed: zeros(MAX_PANEL_COLUMNS * length),
            slope_transposed: vec![zeros(length); inner],
            transposed: zeros(length),
        }
    }
}

/// A `Workspace` is the memory that an adjoint writes to.
#[derive(Debug)]
pub struct Workspace<'a, T> {
    /// The cotangents of the evaluation.
    pub cotangents: &'a mut Cotangents<T>,
    /// Intermediate columns.
    pub scratch: &'a mut Scratch<T>,
    /// The parameter gradient, which is added to.
    pub theta_bar: &'a mut ParameterGradient<T>,
}
