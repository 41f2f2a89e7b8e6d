//! The session as it was given to `otflow train`: a file, the built-in copy, or the session in force in another run.

use std::path::{Path, PathBuf};

use crate::session::{self, EMBEDDED, Rejection, Session};

/// The path in a checkout of the session of a run without arguments.
const DEFAULT: &str = "sessions/8gaussians.ron";

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
    /// The file that is given, else the default one, else the built-in copy of that.
    pub(super) fn find(given: Option<&Path>) -> Result<Self, Rejection> {
        let default = Path::new(DEFAULT);
        let path = given.or_else(|| default.is_file().then_some(default));
        match path {
            Some(path) => Self::read(path),
            None => Ok(SessionFile {
                path: None,
                text: EMBEDDED.into(),
                name: stem(default),
            }),
        }
    }

    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, Rejection> {
        Ok(SessionFile {
            path: Some(path.to_owned()),
            text: session::read(path)?,
            name: stem(path),
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
        let built_in = Path::new("built-in 8gaussians");
        session::parse(&self.text, self.path.as_deref().unwrap_or(built_in))
    }

    /// The refusal of this file for what the command line sets beside it.
    pub(super) fn refused_with_arguments(&self, lack: String) -> Rejection {
        Rejection {
            file: self.path.clone().unwrap_or_else(|| "session".into()),
            line: 1,
            column: 1,
            message: lack,
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map_or("run".into(), |stem| stem.to_string_lossy().into_owned())
}
