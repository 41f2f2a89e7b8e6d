//! A start from a model: its parameters, where it has the shape that the session asks for.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use otflow_kernels::parameters::Shape;

use crate::model::TrainedModel;

/// The parameters of a model file.
///
/// # Errors
/// When it can't be read, or is of another shape.
pub(super) fn initial(path: &Path, shape: &Shape) -> Result<Vec<f64>> {
    let model = TrainedModel::load(path).context("cannot start from the model of `start`")?;
    ensure!(
        model.shape == *shape,
        "cannot start from {}: it has {}, and the session asks for {}",
        path.display(),
        sizes(&model.shape),
        sizes(shape)
    );
    Ok(model.theta)
}

fn sizes(shape: &Shape) -> String {
    format!(
        "dimension {}, {} given columns, width {}, {} layers, rank {}",
        shape.d,
        shape.context,
        shape.m,
        shape.layers,
        shape.r()
    )
}
