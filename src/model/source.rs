//! The file of a model that is named by its own path or by that of a run directory.

use std::path::{Path, PathBuf};

/// Finds the model file: of a run directory the best parameters, before its first validation the last; else the path itself.
///
/// # Errors
/// When a directory has neither, in a sentence.
pub fn file_of(source: &Path) -> Result<PathBuf, String> {
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
