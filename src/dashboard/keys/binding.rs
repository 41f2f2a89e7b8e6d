//! A key and a row of the table of keys.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::dashboard::action::Action;
use crate::dashboard::state::trainer::Trainer;

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key itself.
    pub code: KeyCode,
    /// Whether the control key is held.
    pub control: bool,
}

impl Key {
    /// The key of a terminal event; None for releases, which do nothing.
    pub fn pressed(event: KeyEvent) -> Option<Self> {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        (event.kind != KeyEventKind::Release).then_some(Self {
            code: event.code,
            control,
        })
    }

    /// A key without control.
    pub const fn plain(code: KeyCode) -> Self {
        Self {
            code,
            control: false,
        }
    }

    /// A letter or sign without control.
    pub const fn letter(letter: char) -> Self {
        Self::plain(KeyCode::Char(letter))
    }

    /// A letter with control.
    pub const fn control(letter: char) -> Self {
        Self {
            code: KeyCode::Char(letter),
            control: true,
        }
    }

    /// The name of the key in the footer and the help.
    pub fn label(self) -> String {
        match self.code {
            KeyCode::Char(' ') => "Space".into(),
            KeyCode::Char(c) if self.control => format!("Ctrl-{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => c.into(),
            KeyCode::BackTab => "Shift-Tab".into(),
            other => other.to_string(),
        }
    }
}

/// A row of a table of keys.
#[derive(Clone, Copy, Debug)]
pub struct Binding<A = Action> {
    /// The keys, which all do the same.
    pub keys: &'static [Key],
    /// The action.
    pub action: A,
    /// The word in the footer, for the most needed keys.
    pub footer: Option<&'static str>,
    /// The line in the help.
    pub help: &'static str,
    /// The trainer that the action needs; None for one that acts on every run. With another trainer the key is not offered.
    pub needs: Option<Trainer>,
}

/// A row of the table, from its columns.
pub const fn row<A: Copy>(
    keys: &'static [Key],
    action: A,
    footer: Option<&'static str>,
    help: &'static str,
) -> Binding<A> {
    Binding {
        keys,
        action,
        footer,
        help,
        needs: None,
    }
}

/// A row whose action needs this trainer.
pub const fn needs(trainer: Trainer, row: Binding) -> Binding {
    Binding {
        needs: Some(trainer),
        ..row
    }
}

impl<A> Binding<A> {
    /// Whether the action can act on the run of this trainer.
    pub fn is_offered(&self, trainer: Trainer) -> bool {
        self.needs.is_none_or(|needed| needed == trainer)
    }

    /// The names of the keys in the footer and the help.
    pub fn label(&self) -> String {
        self.keys
            .iter()
            .map(|key| key.label())
            .collect::<Vec<_>>()
            .join(" ")
    }
}
