//! Why a session file was refused: what is wrong, and where.

use std::path::PathBuf;

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
