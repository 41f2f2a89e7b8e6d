//! A start from a model: its parameters, where it has the shape that the session asks for.

use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, ensure};
use otflow_kernels::parameters::Shape;

use crate::model::{TrainedModel, file_of};

/// The parameters of a model file, or the best of a run directory.
///
/// # Errors
/// When it can't be read, or is of another shape.
pub(super) fn initial(path: &Path, shape: &Shape) -> Result<Vec<f64>> {
    let load = |file: PathBuf| Ok(TrainedModel::load(&file)?);
    let model = file_of(path).map_err(Error::msg).and_then(load);
    let model = model.context("cannot start from the model of `start`")?;
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
