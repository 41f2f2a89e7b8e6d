//! Reference files of the loss of a start by matching: M and its gradient.
//!
//! Keys: d, m, nTh, n, a0; `params` and `grads` by published name; x and x1 (n x d), t (n), context (n x c; none for c = 0); loss,
//! which is M.

use anyhow::{Context, Result, ensure};
use otflow_kernels::engine::{Pairs, Precision, engine};
use otflow_kernels::parameters::Shape;
use serde::Deserialize;

use super::errors::RelativeErrors;
use super::problem::{ConditionedRows, Sizes, Tensors, flat, shape};

/// The values of a file.
#[derive(Deserialize)]
pub(super) struct MatchingReference {
    d: usize,
    m: usize,
    #[serde(rename = "nTh")]
    layers: usize,
    n: usize,
    a0: f64,
    params: Tensors,
    grads: Tensors,
    x: Vec<Vec<f64>>,
    x1: Vec<Vec<f64>>,
    t: Vec<f64>,
    #[serde(default)]
    context: Vec<Vec<f64>>,
    loss: f64,
}

/// Compares the kernels with the values of a file.
///
/// # Errors
/// When the file contradicts itself or claims sizes that no problem has.
pub(super) fn compare(
    reference: &MatchingReference,
    precision: Precision,
) -> Result<RelativeErrors> {
    let sizes = Sizes {
        d: reference.d,
        context: reference.context.first().map_or(0, Vec::len),
        m: reference.m,
        layers: reference.layers,
    };
    let shape = shape(&sizes, &reference.params)?;
    // Before anything is made in the sizes that the file claims.
    let theta = flat(&shape, &reference.params)?;
    let want = flat(&shape, &reference.grads).context("in grads")?;
    let pairs = pairs(reference, &shape)?;
    let width = shape.columns() + shape.d + 1;
    let row = |i: usize, out: &mut [f64]| out.copy_from_slice(&pairs[i * width..][..width]);
    let pairs = Pairs {
        n: reference.n,
        row: &row,
    };
    let mut engine = engine(shape, precision, 0)?;
    engine.load(&theta);
    let mut gradient = vec![0.0; shape.parameters()];
    let loss = engine.matching(pairs, reference.a0, &mut gradient);
    let mut errors = RelativeErrors::default();
    errors.add("loss", &[loss], &[reference.loss]);
    errors.add_tensors(&shape, &gradient, &want);
    Ok(errors)
}

/// The pairs of the file: x, the context, x_1 and t of every pair, n x (d + c + d + 1).
fn pairs(reference: &MatchingReference, shape: &Shape) -> Result<Vec<f64>> {
    let MatchingReference { n, x1, t, .. } = reference;
    let rows = ConditionedRows {
        x: &reference.x,
        context: &reference.context,
    };
    let rows = rows.joined(shape, *n)?;
    ensure!(
        x1.len() == *n && t.len() == *n,
        "x1 has {} rows and t {}, {n} expected",
        x1.len(),
        t.len()
    );
    for (i, x1) in x1.iter().enumerate() {
        ensure!(
            x1.len() == shape.d,
            "row {i} of x1 has {} values, {} expected",
            x1.len(),
            shape.d
        );
    }
    let starts = rows.chunks_exact(shape.columns());
    let pairs = starts.zip(x1).zip(t);
    let pairs = pairs.flat_map(|((start, x1), t)| start.iter().chain(x1).chain([t]));
    Ok(pairs.copied().collect())
}
