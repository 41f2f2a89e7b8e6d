//! The run directory, `runs/<session>-<time>/`:
//!
//! | file | holds |
//! | --- | --- |
//! | `session.ron` | the session as typed; the start event has it as in force, with the limits and gates of the command line |
//! | `metrics.jsonl` | every event but checkpoint, in order, as `train --json` prints them: what `otflow watch` shows |
//! | `edits.jsonl` | once more the event edit for every accepted edit, with its iteration; not the restart-only ones. Before them
//! an object `session` with the whole edited session, which `otflow replay` goes by |
//! | `log.txt` | in words, with the time of day: all that happened but iterations, validations, resamples and checkpoints that no signal asked for |
//! | `summary.json` | [`summary::Summary`], when the run has finished |
//! | `best.safetensors`, `last.safetensors` | [`TrainedModel`] |
//! | `state.ckpt`, `state.1.ckpt` | [`crate::checkpoint`]: the last and the one before, for `otflow train --resume` |
//! | `fork.ckpt` | what a run began with that was forked off another one; [`crate::checkpoint`] |
//! | `lock` | nothing; locked while a process trains the run |
//! | `tensorboard/events.out.tfevents.*` | with `--tensorboard`: the curves as TensorBoard reads them |
//!
//! Whole files are replaced atomically (`file.rs`); lines are appended whole, at the latest after a second.

mod cut;
pub(crate) mod export;
pub mod line;
mod lines;
mod matched;
pub mod read;
mod record;
pub mod settings;
pub mod summary;

#[cfg(test)]
pub(crate) mod synthetic;
#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::ZonedDateTime;

use crate::file::{self, naming};
use crate::model::{self, TrainedModel};
use crate::run::export::tensorboard;

use crate::checkpoint::Lengths;
pub use matched::Matched;
pub use record::{ClosedDirectory, Recording, record};

/// A directory that belongs to one run, and to this process.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// The event file for TensorBoard, if one is to be written.
    tensorboard: Option<PathBuf>,
    /// The system unlocks it with the last copy, also when the process is killed.
    _lock: Arc<File>,
    /// The lengths of the files of a run that goes on.
    lengths: Lengths,
    /// The place that it goes on from, for the log.
    resumed: Option<String>,
}

/// The directory of a run that goes on.
#[derive(Debug)]
pub struct CutBack {
    /// The directory, cut back to a checkpoint.
    pub directory: RunDirectory,
    /// Sentences on what is missing in its files.
    pub missing: Vec<String>,
}

impl RunDirectory {
    /// Makes `parent/<name>-<time>`, with `-2`, `-3`, .. when another run has taken that name.
    pub fn create(parent: &Path, name: &str, session_text: &str) -> io::Result<Self> {
        let time = ZonedDateTime::now().strftime("%Y%m%d-%H%M%S");
        Self::numbered(parent, &format!("{name}-{time}"), session_text)
    }

    /// Takes exactly `path`, which must be empty or not be there.
    pub fn create_at(path: &Path, session_text: &str) -> io::Result<Self> {
        fs::create_dir_all(path).map_err(naming("create", path))?;
        let mut entries = fs::read_dir(path).map_err(naming("read", path))?;
        if entries.next().is_some() {
            let message = format!(
                "{} is not empty: give a new directory, or empty this one",
                path.display()
            );
            return Err(io::Error::new(ErrorKind::DirectoryNotEmpty, message));
        }
        Self::claim(path.to_owned(), session_text)
    }

    /// Takes the directory of a run that has ended, by whatever end.
    ///
    /// # Errors
    /// When another process trains it.
    pub fn reopen(path: &Path) -> io::Result<Self> {
        Ok(RunDirectory {
            path: path.to_owned(),
            tensorboard: None,
            _lock: lock(path)?,
            lengths: Lengths::default(),
            resumed: None,
        })
    }

    /// Cuts the growing files back to a checkpoint; `note` tells the log of it.
    ///
    /// # Errors
    /// When a file can't be cut.
    pub fn cut_back(self, lengths: Lengths, note: String) -> io::Result<CutBack> {
        let mut missing = Vec::new();
        let mut cut = |name: &str, length| -> io::Result<u64> {
            let path = self.path.join(name);
            let rest = cut::lines(&path, length).map_err(naming("cut", &path))?;
            if rest < length {
                let bytes = length - rest;
                missing.push(format!("{} lacks {bytes} bytes", path.display()));
            }
            Ok(rest)
        };
        let mut lengths = Lengths {
            metrics: cut("metrics.jsonl", lengths.metrics)?,
            edits: cut("edits.jsonl", lengths.edits)?,
            log: cut("log.txt", lengths.log)?,
            tensorboard: lengths
                .tensorboard
                .map(|(path, length)| (self.path.join(path), length)),
        };
        let mut tensorboard = None;
        if let Some((path, length)) = &lengths.tensorboard
            && !cut::records(path, *length).map_err(naming("cut", path))?
        {
            // Written anew from the metrics.
            tensorboard = Some(path.clone());
            lengths.tensorboard = None;
        }
        file::remove_temporary_files(&self.path)?;
        let summary = self.path.join("summary.json");
        match fs::remove_file(&summary) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(naming("remove", &summary)(error));
            }
            _ => {}
        }
        let directory = RunDirectory {
            lengths,
            tensorboard,
            resumed: Some(note),
            ..self
        };
        Ok(CutBack { directory, missing })
    }

    /// Adds a file of the curves for TensorBoard: in `directory`, else in `tensorboard` in this one.
    ///
    /// # Errors
    /// When the directory can't be had, or holds the event file of another run.
    pub fn with_tensorboard(self, directory: Option<&Path>) -> io::Result<Self> {
        if self.lengths.tensorboard.is_some() {
            return Ok(self);
        }
        let own = self.path.join("tensorboard");
        let file = tensorboard::prepare(&self.path, directory.unwrap_or(&own))?;
        Ok(RunDirectory {
            tensorboard: Some(file),
            ..self
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path as a checkpoint has it, which a process with another working directory reads, perhaps in a copy of the directory.
    fn named(&self, path: &Path) -> PathBuf {
        let inside = path.strip_prefix(&self.path);
        inside.map_or_else(
            |_| std::path::absolute(path).unwrap_or(path.to_owned()),
            Path::to_owned,
        )
    }

    /// Writes `<file>.safetensors`, with `file` one of `best` and `last`; gives its path.
    pub fn save_model(
        &self,
        file: &str,
        model: &TrainedModel,
    ) -> Result<PathBuf, model::ModelError> {
        let path = self.path.join(file).with_extension("safetensors");
        model.save(&path)?;
        Ok(path)
    }

    fn numbered(parent: &Path, stem: &str, session_text: &str) -> io::Result<Self> {
        fs::create_dir_all(parent).map_err(naming("create", parent))?;
        let mut path = parent.join(stem);
        let mut number = 1;
        // One call that makes or fails: two processes can't both have made it.
        while let Err(error) = fs::create_dir(&path) {
            if error.kind() != ErrorKind::AlreadyExists {
                return Err(naming("create", &path)(error));
            }
            number += 1;
            path = parent.join(format!("{stem}-{number}"));
        }
        Self::claim(path, session_text)
    }

    /// Takes a directory for this process; of two that found the same one empty, the log lets in one.
    fn claim(path: PathBuf, session_text: &str) -> io::Result<Self> {
        for name in ["log.txt", "metrics.jsonl", "edits.jsonl"] {
            let path = path.join(name);
            File::create_new(&path).map_err(naming("create", &path))?;
        }
        let lock = lock(&path)?;
        file::replace(&path.join("session.ron"), session_text.as_bytes())?;
        Ok(RunDirectory {
            path,
            tensorboard: None,
            _lock: lock,
            lengths: Lengths::default(),
            resumed: None,
        })
    }
}

/// Locks a run directory against other processes that would train it; a file system without locks lets in everybody.
fn lock(run: &Path) -> io::Result<Arc<File>> {
    let path = run.join("lock");
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(naming("open", &path))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let message = format!("{} is in use: another process trains it", run.display());
            Err(io::Error::new(ErrorKind::WouldBlock, message))
        }
        _ => Ok(Arc::new(file)),
    }
}
