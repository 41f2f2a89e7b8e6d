//! The model file that a command is to use: the one that was named, or that of a run directory.

use std::path::{Path, PathBuf};

use crate::model::TrainedModel;

/// Loads the model of a file or a run directory.
///
/// # Errors
/// When there is none that can be read, in a sentence.
pub fn load_model(source: &Path) -> Result<TrainedModel, String> {
    TrainedModel::load(&model_file(source)?).map_err(|error| error.to_string())
}

/// Finds the model file: of a run directory the best parameters, before its first validation the last.
///
/// # Errors
/// When a directory has neither, in a sentence.
pub fn model_file(source: &Path) -> Result<PathBuf, String> {
    if !source.is_dir() {
        return Ok(source.to_owned());
    }
    let files = ["best", "last"].map(|name| source.join(name).with_extension("safetensors"));
    let found = files.into_iter().find(|file| Path::is_file(file));
    found.ok_or_else(|| {
        format!(
            "{} has neither best.safetensors nor last.safetensors: \
             is it a run directory, and has the run been validated once?",
            source.display()
        )
    })
}
