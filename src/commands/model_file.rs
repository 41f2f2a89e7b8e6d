//! The model that a command is to use: that of a file, or of a run directory.

use std::path::Path;

use crate::model::{TrainedModel, file_of};
use crate::run::read::run_of;

/// Loads the model of a file or a run directory.
///
/// # Errors
/// When there is none that can be read, in a sentence.
pub fn load_model(source: &Path) -> Result<TrainedModel, String> {
    let file = file_of(source)?;
    TrainedModel::load(&file).map_err(|error| {
        let run = run_of(file.clone());
        let other = file.extension().is_none_or(|name| name != "safetensors");
        match other && run != file {
            true => format!(
                "{error}; it is no model: give {} for the best parameters of that run",
                run.display()
            ),
            false => error.to_string(),
        }
    })
}
