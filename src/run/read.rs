//! The reader of a run directory, which may be growing.
//!
//! | file | holds |
//! | --- | --- |
//! | `tail.rs` | a growing file, read a slice at a time |
//! | `event.rs` | a line back as the event it was |
//! | `edits.rs` | edits that `metrics.jsonl` does not have |
//! | `history.rs` | the events of a run directory in order, all or what a picture needs |
//! | `overview.rs` | the lines of a long record that a picture needs |
//! | `skim.rs` | a first look at a huge record |

mod edits;
mod event;
mod history;
mod overview;
mod skim;
mod tail;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::file;
pub use event::event;
pub use history::History;
pub use skim::skim;

/// The file a run directory is known by.
pub(crate) const METRICS: &str = "metrics.jsonl";

/// The run that a path stands for: a file in a run directory stands for the directory, also where it is named by a link; else the path
/// itself.
pub fn run_of(path: PathBuf) -> PathBuf {
    if !path.is_file() {
        return path;
    }
    let real = path.canonicalize().ok();
    let places = [Some(&path), real.as_ref()].into_iter().flatten();
    let mut folders = places.filter_map(|place| place.parent());
    match folders.find(|folder| folder.join(METRICS).is_file()) {
        Some(here) if here.as_os_str().is_empty() => ".".into(),
        Some(run) => run.to_owned(),
        None => path.clone(),
    }
}

/// The reason why a directory can't be read as that of a run, if there is one.
pub fn fault(run: &Path) -> Option<String> {
    let name = run.display();
    let metrics = run.join(METRICS);
    match fs::metadata(run).map(|metadata| metadata.is_dir()) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Some(format!("{name}: there is no such directory"))
        }
        Err(error) => Some(format!("cannot read {name}: {error}")),
        Ok(false) => Some(format!(
            "{name} is no directory: give that of a run, as `otflow train` makes it in runs/"
        )),
        Ok(true) => match file::open(&metrics) {
            Err(error) if error.kind() == ErrorKind::NotFound => Some(format!(
                "{name} is no run directory: there is no {METRICS} in it"
            )),
            Err(error) => Some(format!("cannot read {}: {error}", metrics.display())),
            Ok(_) => None,
        },
    }
}
