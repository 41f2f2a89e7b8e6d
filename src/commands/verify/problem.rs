//! The parts of reference files of both kinds: sizes of the network, parameters by published name, and rows x with their context.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use otflow_kernels::parameters::Shape;
use serde::Deserialize;

use crate::model::LARGEST;

/// Tensors by their published names.
pub(super) type Tensors = BTreeMap<String, ReferenceTensor>;

/// A tensor of a file.
#[derive(Deserialize)]
pub(super) struct ReferenceTensor {
    /// Shape.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub data: Vec<f64>,
}

/// The sizes of the network that a file claims.
pub(super) struct Sizes {
    pub d: usize,
    pub context: usize,
    pub m: usize,
    pub layers: usize,
}

/// The shape of a potential of these sizes; the rank is the number of rows of A.
///
/// # Errors
/// When a size is not from its least value to [`LARGEST`].
pub(super) fn shape(sizes: &Sizes, params: &Tensors) -> Result<Shape> {
    let a = params.get("A");
    let rank = a.map_or(0, |a| a.shape.first().copied().unwrap_or(0));
    for (name, least, size) in [
        ("d", 1, sizes.d),
        ("c", 0, sizes.context),
        ("m", 1, sizes.m),
        ("nTh", 2, sizes.layers),
        ("the number of rows of A", 1, rank),
    ] {
        ensure!(
            (least..=LARGEST).contains(&size),
            "{name} is {size}, not from {least} to {LARGEST}"
        );
    }
    Ok(Shape {
        d: sizes.d,
        context: sizes.context,
        m: sizes.m,
        layers: sizes.layers,
        rank,
    })
}

/// The values of the tensors in the order of the flat parameters.
///
/// # Errors
/// When a tensor is missing or has another shape.
pub(super) fn flat(shape: &Shape, tensors: &Tensors) -> Result<Vec<f64>> {
    let mut theta = Vec::new();
    for want in shape.tensors() {
        let tensor = tensors
            .get(&want.name)
            .with_context(|| format!("tensor {} is missing", want.name))?;
        let sides = tensor.shape.iter();
        let size = sides.copied().try_fold(1, usize::checked_mul);
        let count = want.range.len();
        ensure!(
            size == Some(count) && tensor.data.len() == count,
            "tensor {} has shape {:?} and {} values, {:?} expected",
            want.name,
            tensor.shape,
            tensor.data.len(),
            want.shape
        );
        theta.extend(&tensor.data);
    }
    Ok(theta)
}

/// The rows of a file.
pub(super) struct ConditionedRows<'a> {
    /// Rows x, d values each.
    pub x: &'a [Vec<f64>],
    /// Context of every row, c values each; empty without context.
    pub context: &'a [Vec<f64>],
}

impl ConditionedRows<'_> {
    /// The rows with their context, n x (d + c).
    ///
    /// # Errors
    /// When there are other than n rows, or a row has another number of values.
    pub fn joined(&self, shape: &Shape, n: usize) -> Result<Vec<f64>> {
        ensure!(
            self.x.len() == n && n > 0,
            "x has {} rows, {n} expected, and one at least",
            self.x.len()
        );
        let context = |i: usize| self.context.get(i).into_iter().flatten();
        for (i, x) in self.x.iter().enumerate() {
            let (d, c) = (x.len(), context(i).count());
            ensure!(
                (d, c) == (shape.d, shape.context),
                "row {i} of x has {d} values and {c} of context, {} and {} expected",
                shape.d,
                shape.context
            );
        }
        let rows = self.x.iter().enumerate();
        let rows = rows.flat_map(|(i, x)| x.iter().chain(context(i)));
        Ok(rows.copied().collect())
    }
}
