//! The session as it was given to `otflow train`: a file, a built-in session, or the session in force in another run.

use std::path::{Path, PathBuf};

use crate::commands::given::{self, Given};
use crate::session::{self, Rejection, Session, StreamedSession, built_in};

/// A session before it is parsed.
#[derive(Clone)]
pub(super) struct SessionFile {
    /// The path; None for a session that no file has.
    pub(super) path: Option<PathBuf>,
    /// The text as typed; empty where the file of a run that goes on can't be read, of which who follows the file tells.
    pub(super) text: String,
    /// The name of a run of it: the stem of the file.
    pub(super) name: String,
}

impl SessionFile {
    /// The session of the file or 2-D set that is given, or of the default set.
    ///
    /// # Errors
    /// When there is none, or its file can't be read, in a sentence.
    pub(super) fn find(given: Option<&Path>) -> Result<Self, String> {
        match given.map_or_else(|| Ok(given::default_session()), given::session)? {
            Given::File(path) => Self::read(path).map_err(|rejection| rejection.to_string()),
            Given::Toy(toy) => Ok(SessionFile {
                path: None,
                text: built_in(toy).into(),
                name: toy.name().into(),
            }),
        }
    }

    /// Reads the session of a path; that of a stream has no file.
    fn read(path: PathBuf) -> Result<Self, Rejection> {
        Ok(match session::read_stream(&path)? {
            Some(StreamedSession { name, text }) => SessionFile {
                path: None,
                text,
                name: name.into(),
            },
            None => SessionFile {
                text: session::read(&path)?,
                name: stem(&path),
                path: Some(path),
            },
        })
    }

    /// A session that no file has.
    pub(super) fn without_path(name: String, session: &Session) -> Self {
        SessionFile {
            path: None,
            text: session::to_ron(session),
            name,
        }
    }

    /// The session of the text.
    pub(super) fn parse(&self) -> Result<Session, Rejection> {
        let unfiled = || session::name_without_file(&self.name).into();
        let path = self.path.clone().unwrap_or_else(unfiled);
        session::parse(&self.text, &path)
    }

    /// The refusal of this file as a whole, as for what the command line sets beside it.
    pub(super) fn refused(&self, message: impl Into<String>) -> Rejection {
        Rejection {
            file: self.path.clone().unwrap_or_else(|| "session".into()),
            line: 1,
            column: 1,
            message: message.into(),
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map_or("run".into(), |stem| stem.to_string_lossy().into_owned())
}
