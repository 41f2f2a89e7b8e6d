//! The refusal of a session file: what is wrong, and where.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The refusal of a session file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The message: what is wrong and what is allowed, with the line and a caret.
    pub message: String,
}

impl Rejection {
    /// The refusal of a file as a whole.
    pub(super) fn of_file(file: &Path, message: String) -> Self {
        Rejection {
            file: file.to_owned(),
            line: 1,
            column: 1,
            message,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file.display(),
            self.line,
            self.column,
            self.message
        )
    }
}

impl Error for Rejection {}
