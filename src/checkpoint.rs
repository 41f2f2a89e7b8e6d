//! `state.ckpt`: all that a run can be taken up from, and told again by.
//!
//! ```text
//! "otflow\n\x1a" | version u32 | postcard of `Stored` | CRC-64/XZ of all before      little-endian; floats to the bit
//! ```
//!
//! The one before it is kept as `state.1.ckpt`, for a disk that has damaged the last. Sessions are in it as the text that a
//! session file would have, so that they are checked as such.

pub(crate) mod best;
pub mod state;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crc::{CRC_64_XZ, Crc};
use serde::{Deserialize, Serialize};

use crate::data::{Dataset, SplitPart};
use crate::event::Start;
use crate::file::{self, naming};
use crate::session::overrides::Overrides;
use crate::session::{self, Session};
use state::TrainingState;

/// The last and the one before.
pub const NAMES: [&str; 2] = ["state.ckpt", "state.1.ckpt"];
/// The file of the state that a run began with, where it was forked off another one or started from a model.
pub const FORK: &str = "fork.ckpt";
/// The name under which a damaged checkpoint is put aside.
const DAMAGED: &str = "state.damaged.ckpt";

const MAGIC: &[u8; 8] = b"otflow\n\x1a";
/// The version of the content, and of which rows of a table an iteration has.
const VERSION: u32 = 5;
const CRC: Crc<u64> = Crc::<u64>::new(&CRC_64_XZ);
/// Bytes before and behind the content.
const HEAD: usize = MAGIC.len() + 4;
const TAIL: usize = 8;
/// Bytes of the largest file that is believed to be one: eight vectors of the largest model there can be.
const LARGEST: u64 = 1 << 34;

/// A run between two iterations.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The start of the run.
    pub start: Start,
    /// The session in force.
    pub in_force: Arc<Session>,
    /// The session as last edited, with what needs a new run.
    pub as_edited: Arc<Session>,
    /// The arguments of the command line that outrank it.
    pub overrides: Overrides,
    /// The [`fingerprint`] of the data.
    pub data: u64,
    /// The trainer.
    pub state: TrainingState,
}

/// The bytes of the growing files that belong to a checkpoint; what comes behind them is of iterations that are done again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// The length of `metrics.jsonl`.
    pub metrics: u64,
    /// The length of `edits.jsonl`.
    pub edits: u64,
    /// The length of `log.txt`.
    pub log: u64,
    /// The path of TensorBoard's file, if one is written, and its length; the path is relative to the run directory if it is in there, else absolute.
    pub tensorboard: Option<(PathBuf, u64)>,
}

/// A checkpoint as it is read, with what belongs to it of the growing files.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The lengths of the growing files at its time.
    pub lengths: Lengths,
}

/// The last checkpoint of a run that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Latest {
    /// The checkpoint.
    pub saved: Saved,
    /// A sentence on a newer one that is damaged, if there is one.
    pub damaged: Option<String>,
}

/// The content of a file whose checksum is right.
struct Content<'a> {
    version: u32,
    bytes: &'a [u8],
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// JSON, as in `metrics.jsonl`.
    start: String,
    session: String,
    edited: String,
    overrides: Overrides,
    data: u64,
    lengths: Lengths,
    state: TrainingState,
}

/// The reason why a checkpoint can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Another file, or one that is not whole.
    #[error("{} is damaged: {}", path.display(), what)]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damage, to stand in a sentence.
        what: String,
    },
    /// One that can't be gone on from to the bits that its own program would give.
    #[error(
        "{} has a checkpoint of version {found}, and this program goes on from version {VERSION} alone: go on with the program that wrote it, or train its session.ron anew",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: u32,
    },
    /// A run without any.
    #[error("{} has no checkpoint to go on from: train its session.ron anew", run.display())]
    Missing {
        /// The run directory.
        run: PathBuf,
    },
}

/// A number that differs where the rows of a table do: by names, means and scales of the columns, and rows of the parts.
pub fn fingerprint(data: &Dataset) -> u64 {
    use SplitPart::{Test, Training, Validation};
    let parts = [Training, Validation, Test];
    let rows = parts.map(|part| data.table().map_or(0, |table| table.len(part)));
    let described = serde_json::to_vec(&(data.dimension(), data.names(), data.scaling(), rows));
    CRC.checksum(&described.unwrap_or_default())
}

/// A number that differs where training would: of all but the time.
pub fn checksum(state: &TrainingState) -> String {
    let bytes = postcard::to_allocvec(&state.clone().after(0.0));
    // Plain data can't fail to be written.
    format!("{:016x}", CRC.checksum(&bytes.unwrap_or_default()))
}

impl Checkpoint {
    /// Writes it as the last one of a run; the last one so far becomes the one before.
    ///
    /// # Errors
    /// When it can't be written; what was there can still be used.
    pub fn save(&self, run: &Path, lengths: &Lengths) -> io::Result<()> {
        let [last, before] = NAMES.map(|name| run.join(name));
        let bytes = self.encode(lengths).map_err(naming("write", &last))?;
        let mut file = file::begin(&last)?;
        let written = file.write_all(&bytes);
        let written = written.and_then(|()| file.as_file().sync_all());
        written.map_err(naming("write", &last))?;
        match fs::rename(&last, &before) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(naming("rename", &last)(error));
            }
            _ => file::finish(file, &last),
        }
    }

    fn encode(&self, lengths: &Lengths) -> io::Result<Vec<u8>> {
        if !self.state.is_sound(self.state.parameters()) {
            return Err(io::Error::other("a number in it is not finite"));
        }
        let stored = Stored {
            start: serde_json::to_string(&self.start)?,
            session: session::to_ron(&self.in_force),
            edited: session::to_ron(&self.as_edited),
            overrides: self.overrides.clone(),
            data: self.data,
            lengths: lengths.clone(),
            state: self.state.clone(),
        };
        let content = postcard::to_allocvec(&stored).map_err(io::Error::other)?;
        Ok(framed(&content))
    }

    /// Writes it as the state that a run was forked off with.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn save_fork(&self, run: &Path) -> io::Result<()> {
        let path = run.join(FORK);
        let bytes = self
            .encode(&Lengths::default())
            .map_err(naming("write", &path))?;
        file::replace(&path, &bytes)
    }

    /// Reads one, with what belongs to it of the growing files.
    ///
    /// # Errors
    /// When there is none, or it is not whole.
    pub fn load(path: &Path) -> Result<Saved, Error> {
        let mut bytes = Vec::new();
        let file = file::open(path).map_err(naming("read", path))?;
        let read = file.take(LARGEST).read_to_end(&mut bytes);
        read.map_err(naming("read", path))?;
        understood(path, &bytes)
    }

    /// The last one of a run that can be used, with what belongs to it, and a sentence on a damaged one.
    ///
    /// # Errors
    /// When there is none.
    pub fn latest(run: &Path) -> Result<Latest, Error> {
        let [last, before] = NAMES.map(|name| run.join(name));
        let error = match Self::load(&last) {
            Ok(saved) => {
                return Ok(Latest {
                    saved,
                    damaged: None,
                });
            }
            Err(error @ Error::Version { .. }) => return Err(error),
            Err(error) => error,
        };
        let absent = |error: &Error| matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::NotFound);
        match Self::load(&before) {
            // Between the two renamings of a save there is no last one.
            Ok(saved) => Ok(Latest {
                saved,
                damaged: (!absent(&error))
                    .then(|| format!("{error}; the checkpoint before it is used")),
            }),
            Err(other) if absent(&error) && absent(&other) => Err(Error::Missing {
                run: run.to_owned(),
            }),
            Err(other) if absent(&error) => Err(other),
            Err(_) => Err(error),
        }
    }

    /// Puts a last one that is damaged aside, so that the good one before it is not overwritten by it.
    ///
    /// # Errors
    /// When it can't be renamed.
    pub fn put_aside(run: &Path) -> io::Result<()> {
        let path = run.join(NAMES[0]);
        fs::rename(&path, run.join(DAMAGED)).map_err(naming("rename", &path))
    }
}

/// A file with this content, sound as to its head and checksum.
pub fn framed(content: &[u8]) -> Vec<u8> {
    let mut bytes = [MAGIC, &VERSION.to_le_bytes()[..], content].concat();
    bytes.extend(CRC.checksum(&bytes).to_le_bytes());
    bytes
}

/// The checkpoint in the bytes of a file.
fn understood(path: &Path, bytes: &[u8]) -> Result<Saved, Error> {
    let damaged = |what| Error::Damaged {
        path: path.to_owned(),
        what,
    };
    match unframed(bytes).map_err(damaged)? {
        Content {
            version: VERSION,
            bytes,
        } => decode(bytes).map_err(damaged),
        Content { version, .. } => Err(Error::Version {
            path: path.to_owned(),
            found: version,
        }),
    }
}

/// Version and content of a file, or what is wrong with it.
fn unframed(bytes: &[u8]) -> Result<Content<'_>, String> {
    if bytes.get(..MAGIC.len()) != Some(MAGIC.as_slice()) {
        return Err("it is no checkpoint".into());
    }
    let cut = || "it is cut off".to_owned();
    let (whole, crc) = bytes.split_last_chunk::<TAIL>().ok_or_else(cut)?;
    let (head, bytes) = whole.split_at_checked(HEAD).ok_or_else(cut)?;
    if CRC.checksum(whole) != u64::from_le_bytes(*crc) {
        return Err("its checksum is wrong".into());
    }
    let (_, version) = head.split_last_chunk().ok_or_else(cut)?;
    Ok(Content {
        version: u32::from_le_bytes(*version),
        bytes,
    })
}

/// The checkpoint of a content, or what is wrong with it.
fn decode(content: &[u8]) -> Result<Saved, String> {
    let stored: Stored = postcard::from_bytes(content).map_err(|error| error.to_string())?;
    if !stored.state.is_sound(stored.state.parameters()) {
        return Err("a number in it is not finite".into());
    }
    let session = |text: &str| {
        let session = session::parse(text, Path::new("session"));
        session.map(Arc::new).map_err(|rejection| rejection.message)
    };
    let start: Start = serde_json::from_str(&stored.start).map_err(|error| error.to_string())?;
    if let Some(fault) = session::find_fault(&start.session) {
        return Err(fault.to_string());
    }
    let checkpoint = Checkpoint {
        start,
        in_force: session(&stored.session)?,
        as_edited: session(&stored.edited)?,
        overrides: stored.overrides,
        data: stored.data,
        state: stored.state,
    };
    Ok(Saved {
        checkpoint,
        lengths: stored.lengths,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic;
    use crate::trainer::Trainer;

    const SESSION: &str = r#"(
        data: Toy(name: "moons", batch: 20),
        model: (width: 3),
        validation: (every: 1, samples: 10),
    )"#;

    fn checkpoint() -> Checkpoint {
        let session = Arc::new(session::parse(SESSION, Path::new("s.ron")).unwrap());
        let data = Arc::new(Dataset::open(&session.data, 1).unwrap());
        let number = fingerprint(&data);
        let mut trainer = Trainer::new(Arc::clone(&session), data, 1).unwrap();
        trainer.iterate(&mut |_| ());
        Checkpoint {
            start: synthetic::start(),
            as_edited: Arc::clone(&session),
            in_force: session,
            overrides: Overrides::default(),
            data: number,
            state: trainer.state(),
        }
    }

    fn lengths() -> Lengths {
        Lengths {
            metrics: 1 << 40,
            tensorboard: Some(("/a/b".into(), 3)),
            ..Lengths::default()
        }
    }

    #[test]
    fn what_is_saved_comes_back_and_the_one_before_is_lengths() {
        let run = tempfile::tempdir().unwrap();
        let missing = Checkpoint::latest(run.path()).unwrap_err();
        assert!(matches!(missing, Error::Missing { .. }));
        let mut checkpoint = checkpoint();
        checkpoint.save(run.path(), &lengths()).unwrap();
        checkpoint.state.iteration = 2;
        checkpoint.save(run.path(), &Lengths::default()).unwrap();
        let last = Checkpoint::latest(run.path()).unwrap();
        let saved = Saved {
            checkpoint,
            lengths: Lengths::default(),
        };
        let damaged = None;
        assert_eq!(last, Latest { saved, damaged });
        // As between the two renamings.
        fs::remove_file(run.path().join(NAMES[0])).unwrap();
        let Latest { saved, damaged } = Checkpoint::latest(run.path()).unwrap();
        let iteration = saved.checkpoint.state.iteration;
        assert_eq!((iteration, saved.lengths, damaged), (1, lengths(), None));
        assert_eq!(fs::read_dir(run.path()).unwrap().count(), 1);
    }

    #[test]
    fn whatever_bit_is_off_is_noticed() {
        let bytes = checkpoint().encode(&lengths()).unwrap();
        assert!(read(&bytes).is_ok());
        for i in 0..bytes.len() {
            assert!(read(&bytes[..i]).is_err(), "cut at {i}");
            let mut off = bytes.clone();
            off[i] ^= 1 << (i % 8);
            assert!(read(&off).is_err(), "byte {i}");
        }
        assert!(read(&[bytes.as_slice(), b"x"].concat()).is_err());
    }

    fn read(bytes: &[u8]) -> Result<Saved, Error> {
        understood(Path::new("state.ckpt"), bytes)
    }

    /// Bytes that the checksum agrees with.
    fn sealed(bytes: &[u8]) -> Vec<u8> {
        [bytes, &CRC.checksum(bytes).to_le_bytes()].concat()
    }

    #[test]
    fn sizes_that_the_file_does_not_have_are_no_sizes() {
        let bytes = checkpoint().encode(&lengths()).unwrap();
        let whole = &bytes[..bytes.len() - TAIL];
        assert_eq!(sealed(whole), bytes);
        // Every byte in turn claims that what begins there is as long as can be.
        for i in HEAD..whole.len() {
            let claim = [&whole[..i], &[0xff; 9], &whole[i..]].concat();
            // A few are numbers of any size.
            let _ = read(&sealed(&claim));
        }
        let lengths = [
            &whole[..HEAD],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ];
        assert!(read(&sealed(&lengths.concat())).is_err());
    }

    #[test]
    fn one_of_another_version_is_refused_whatever_the_one_before_is() {
        let run = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            checkpoint().save(run.path(), &lengths()).unwrap();
        }
        let last = run.path().join(NAMES[0]);
        let bytes = fs::read(&last).unwrap();
        let content = &bytes[HEAD..bytes.len() - TAIL];
        let older = [MAGIC.as_slice(), &[4, 0, 0, 0], content].concat();
        fs::write(&last, sealed(&older)).unwrap();
        let error = Checkpoint::latest(run.path()).unwrap_err().to_string();
        let sentence =
            "has a checkpoint of version 4, and this program goes on from version 5 alone";
        assert!(error.contains(sentence), "{error}");
    }

    #[test]
    fn what_is_not_finite_is_not_written() {
        let run = tempfile::tempdir().unwrap();
        let mut checkpoint = checkpoint();
        checkpoint.state.spoil();
        let error = checkpoint.save(run.path(), &lengths()).unwrap_err();
        assert!(error.to_string().contains("not finite"), "{error}");
        assert_eq!(fs::read_dir(run.path()).unwrap().count(), 0);
    }
}
