//! The state of the settings pane: the selected setting, the list of edits, and the change of the session file that was asked for.

use std::path::PathBuf;

use super::differences::FileNews;
use super::edits::SavedEdits;
use super::value_input::ValueInput;
use crate::session::NudgeDirection;

/// The note on a file that is no valid session.
pub const BROKEN: &str = "mend the file first (e opens it)";

/// The choices of the settings pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingsView {
    /// The number of the selected setting, in the order of the rows.
    pub selected: usize,
    /// The part of the selected setting that keys act on, from 1; 0 for the whole.
    pub part: usize,
    /// Whether the edits are shown in place of the settings.
    pub edits: bool,
    /// The number of edits above the first one shown.
    pub above: usize,
    /// Whether changes of the session file reach the run.
    pub followed: bool,
    /// Whether a session without a file gets one at the first edit.
    pub unwritten: bool,
    /// The line in which a value is being typed.
    pub input: Option<ValueInput>,
    /// What events have told of the file since it was last read.
    pub news: FileNews,
    /// The answer to the last key, in one line.
    pub note: Option<String>,
    /// The field that the last step has changed in the file but not yet in the run.
    pub asked: Option<&'static str>,
    /// The change of the session file that waits for the event loop.
    pub request: Option<FileRequest>,
}

/// A change of the session file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRequest {
    /// The session file; None for a session that gets one first.
    pub file: Option<PathBuf>,
    /// The values to be written.
    pub change: FileChange,
}

/// The values to be written into the session file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileChange {
    /// The value one step up or down from the present one.
    Nudge {
        /// The dotted name of the field.
        field: &'static str,
        /// The direction of the step.
        way: NudgeDirection,
    },
    /// A value that was typed.
    Value(TypedValue),
    /// The values before some edits.
    Undo(SavedEdits),
}

/// A value that was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct TypedValue {
    /// The dotted name of the field, or of a part of one.
    pub field: &'static str,
    /// The text of the value.
    pub text: String,
    /// The rate that the value, a base of it, makes the rate in force; None for a value typed itself.
    pub rate_now: Option<f64>,
}

/// A field whose value in the session file was replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenField {
    /// The dotted name.
    pub field: String,
    /// The value that stood in the file.
    pub old: String,
    /// The value that stands there now.
    pub new: String,
}
