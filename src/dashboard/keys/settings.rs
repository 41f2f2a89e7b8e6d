//! The keys of the settings pane.

use crossterm::event::KeyCode;

use super::binding::{Binding, Key, row};
use crate::dashboard::action::{Action, SettingsAction};
use crate::session::NudgeDirection;

/// The keys of the settings pane.
pub const KEYS: &[Binding] = &[
    row(
        &[Key::letter('+'), Key::letter('=')],
        Action::Settings(SettingsAction::Nudge(NudgeDirection::Up)),
        Some("more"),
        "selected setting one step up, in the file",
    ),
    row(
        &[Key::letter('-')],
        Action::Settings(SettingsAction::Nudge(NudgeDirection::Down)),
        Some("less"),
        "selected setting one step down, in the file",
    ),
    row(
        &[Key::plain(KeyCode::Right)],
        Action::Settings(SettingsAction::Part(1)),
        None,
        "part of a setting: every, patience, ...",
    ),
    row(
        &[Key::plain(KeyCode::Left)],
        Action::Settings(SettingsAction::Part(-1)),
        None,
        "part before, or the whole setting",
    ),
    row(
        &[Key::letter('u')],
        Action::Settings(SettingsAction::Undo),
        Some("undo"),
        "take the last edit back, in the file",
    ),
    row(
        &[Key::letter('e')],
        Action::Settings(SettingsAction::OpenEditor),
        Some("edit"),
        "the session file in $VISUAL, $EDITOR or vi",
    ),
    row(
        &[Key::letter('i')],
        Action::Settings(SettingsAction::Edits),
        Some("edits"),
        "all edits so far, or the settings",
    ),
];
