//! The keys of the settings pane, and those of the line in which a value is typed.

use crossterm::event::KeyCode;

use super::binding::{Binding, Key, needs, row};
use crate::dashboard::action::{Action, InputAction, SettingsAction};
use crate::dashboard::state::trainer::Trainer;
use crate::dashboard::state::value_input::InputEdit;
use crate::session::NudgeDirection;

/// The keys of the settings pane.
pub const KEYS: &[Binding] = &[
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::plain(KeyCode::Enter)],
            Action::Settings(SettingsAction::Type),
            Some("type"),
            "type a value; at a rate also `now 0.001`",
        ),
    ),
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::letter('+'), Key::letter('=')],
            Action::Settings(SettingsAction::Nudge(NudgeDirection::Up)),
            Some("more"),
            "selected setting one step up, in the file",
        ),
    ),
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::letter('-')],
            Action::Settings(SettingsAction::Nudge(NudgeDirection::Down)),
            Some("less"),
            "selected setting one step down, in the file",
        ),
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
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::letter('u')],
            Action::Settings(SettingsAction::Undo),
            Some("undo"),
            "take the last edit back, in the file",
        ),
    ),
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::letter('e')],
            Action::Settings(SettingsAction::OpenEditor),
            Some("edit"),
            "the session file in $VISUAL, $EDITOR or vi",
        ),
    ),
    row(
        &[Key::letter('i')],
        Action::Settings(SettingsAction::Edits),
        Some("edits"),
        "all edits so far, or the settings",
    ),
];

/// The keys while a value is typed; every letter and sign without control goes into it.
pub const INPUT: &[Binding] = &[
    row(
        &[Key::plain(KeyCode::Enter)],
        Action::Input(InputAction::Write),
        Some("write"),
        "write the value into the session file",
    ),
    row(
        &[Key::plain(KeyCode::Esc)],
        Action::Input(InputAction::GiveUp),
        Some("give up"),
        "leave the file as it is",
    ),
    row(
        &[Key::control('u')],
        Action::Input(InputAction::Edit(InputEdit::Clear)),
        Some("empty"),
        "remove what is before the cursor",
    ),
    row(
        &[Key::plain(KeyCode::Left)],
        Action::Input(InputAction::Edit(InputEdit::Left)),
        None,
        "cursor to the left",
    ),
    row(
        &[Key::plain(KeyCode::Right)],
        Action::Input(InputAction::Edit(InputEdit::Right)),
        None,
        "cursor to the right",
    ),
    row(
        &[Key::plain(KeyCode::Home), Key::control('a')],
        Action::Input(InputAction::Edit(InputEdit::Home)),
        None,
        "cursor before the text",
    ),
    row(
        &[Key::plain(KeyCode::End), Key::control('e')],
        Action::Input(InputAction::Edit(InputEdit::End)),
        None,
        "cursor behind the text",
    ),
    row(
        &[Key::plain(KeyCode::Backspace), Key::control('h')],
        Action::Input(InputAction::Edit(InputEdit::Backspace)),
        None,
        "remove the letter before the cursor",
    ),
    row(
        &[Key::plain(KeyCode::Delete)],
        Action::Input(InputAction::Edit(InputEdit::Delete)),
        None,
        "remove the letter behind the cursor",
    ),
];
