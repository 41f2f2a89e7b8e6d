//! The table of keys: the footer and the help are made from it, so that they can't differ from what keys do. A pane may have keys
//! of its own, which go before those of every pane.
//!
//! | file | holds |
//! | --- | --- |
//! | binding | a key, a row of the table |
//! | losses, flow, settings | the keys of a pane |
//! | no_key | letters that Caps Lock or another layout makes of keys |

mod binding;
mod flow;
mod losses;
mod no_key;
mod settings;

use crossterm::event::KeyCode;

use super::action::{Action, InputAction};
use super::pane::Pane;
use super::state::trainer::Trainer;
use super::state::value_input::InputEdit;
use binding::needs;
pub use binding::{Binding, Key, row};
pub use no_key::{NoKey, PASTED};

/// The keys of a pane, or of all panes.
#[derive(Clone, Copy, Debug)]
pub struct KeyTable {
    /// The pane that must have the focus; None for keys of every pane.
    pub pane: Option<Pane>,
    /// The rows, in the order of the help.
    pub rows: &'static [Binding],
}

/// The keys of the panes and of every pane.
pub const TABLES: [KeyTable; 4] = [
    KeyTable {
        pane: Some(Pane::Losses),
        rows: losses::KEYS,
    },
    KeyTable {
        pane: Some(Pane::Flow),
        rows: flow::KEYS,
    },
    KeyTable {
        pane: Some(Pane::Settings),
        rows: settings::KEYS,
    },
    KeyTable {
        pane: None,
        rows: EVERYWHERE,
    },
];

/// The keys that act in every pane.
const EVERYWHERE: &[Binding] = &[
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::letter('q')],
            Action::Quit,
            Some("quit"),
            "stop and save, after asking; leave when done",
        ),
    ),
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::control('c')],
            Action::Interrupt,
            None,
            "stop and save; twice: leave at once",
        ),
    ),
    needs(
        Trainer::AnotherProcess,
        row(
            &[Key::letter('q'), Key::control('c')],
            Action::Quit,
            Some("quit"),
            "leave; the run goes on",
        ),
    ),
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::letter('p'), Key::letter(' ')],
            Action::Pause,
            Some("pause"),
            "pause training or go on",
        ),
    ),
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::letter('.')],
            Action::Step,
            None,
            "one iteration while paused",
        ),
    ),
    row(&[Key::letter('?')], Action::Help, Some("help"), "this help"),
    row(
        &[Key::plain(KeyCode::Esc)],
        Action::Back,
        None,
        "close help, question, zoom, banner; never quits",
    ),
    row(
        &[Key::plain(KeyCode::Enter)],
        Action::Accept,
        None,
        "yes to a question; else zoom",
    ),
    row(
        &[Key::plain(KeyCode::Tab)],
        Action::Next,
        Some("pane"),
        "next pane",
    ),
    row(
        &[Key::plain(KeyCode::BackTab)],
        Action::Previous,
        None,
        "pane before",
    ),
    row(
        &[Key::letter('1')],
        Action::Focus(Pane::Losses),
        None,
        "losses",
    ),
    row(&[Key::letter('2')], Action::Focus(Pane::Flow), None, "flow"),
    row(
        &[Key::letter('3')],
        Action::Focus(Pane::Settings),
        None,
        "settings",
    ),
    row(&[Key::letter('4')], Action::Focus(Pane::Log), None, "log"),
    row(
        &[Key::letter('5')],
        Action::Focus(Pane::Optimizer),
        None,
        "optimizer",
    ),
    row(
        &[Key::letter('z')],
        Action::Zoom,
        Some("zoom"),
        "focused pane alone, or all",
    ),
    row(
        &[Key::plain(KeyCode::Up), Key::letter('k')],
        Action::Up,
        None,
        "setting above, or scroll the log up",
    ),
    row(
        &[Key::plain(KeyCode::Down), Key::letter('j')],
        Action::Down,
        None,
        "setting below, or scroll the log down",
    ),
    row(
        &[Key::letter('y')],
        Action::LogAxis,
        Some("log"),
        "loss axes linear, log, symmetric log",
    ),
    row(
        &[Key::letter('w')],
        Action::Weighted,
        Some("weights"),
        "L, C, R raw or times their weights",
    ),
    needs(
        Trainer::ThisProcess,
        row(
            &[Key::letter('B')],
            Action::Restore,
            None,
            "go on from the best parameters, after asking",
        ),
    ),
    row(
        &[Key::letter('s')],
        Action::Save,
        None,
        "save the screen, and pictures of flow and losses",
    ),
    row(
        &[Key::control('l')],
        Action::Repaint,
        None,
        "draw the screen again",
    ),
    row(
        &[Key::control('z')],
        Action::Suspend,
        None,
        "stop the process; fg goes on",
    ),
];

/// The rows that act on the run of this trainer while a pane has the focus, its own first.
pub fn rows(focus: Pane, trainer: Trainer) -> impl Iterator<Item = &'static Binding> {
    rows_of_any_trainer(focus).filter(move |row| row.is_offered(trainer))
}

fn rows_of_any_trainer(focus: Pane) -> impl Iterator<Item = &'static Binding> {
    let of = move |pane| TABLES.into_iter().filter(move |table| table.pane == pane);
    of(Some(focus)).chain(of(None)).flat_map(|table| table.rows)
}

/// Whether an action is one that no key is offered for with this trainer.
pub fn is_refused(action: Action, trainer: Trainer) -> bool {
    let rows = TABLES.into_iter().flat_map(|table| table.rows);
    let mut rows = rows.filter(|row| row.action == action).peekable();
    rows.peek().is_some() && rows.all(|row| !row.is_offered(trainer))
}

/// The rows that act while a value is typed.
pub fn input_rows() -> impl Iterator<Item = &'static Binding> {
    settings::INPUT.iter()
}

/// The action of a key while a box is open, which the keys of panes do not reach.
pub fn action_in_box(key: Key) -> Option<Action> {
    let bound = |binding: &&Binding| binding.keys.contains(&key);
    EVERYWHERE.iter().find(bound).map(|binding| binding.action)
}

/// The action of a key while a value is typed: what is no key of its own, and no letter, is one of every pane where that has control.
pub fn action_in_input(key: Key) -> Option<Action> {
    let own = input_rows().find(|binding| binding.keys.contains(&key));
    match (own, key.code) {
        (Some(binding), _) => Some(binding.action),
        (None, KeyCode::Char(letter)) if !key.control => {
            Some(Action::Input(InputAction::Edit(InputEdit::Insert(letter))))
        }
        (None, _) if key.control => action_in_box(key),
        _ => None,
    }
}

/// The action of a key while a pane has the focus; one that is not offered where the key has no other.
pub fn action(key: Key, focus: Pane, trainer: Trainer) -> Option<Action> {
    let bound = |binding: &&Binding| binding.keys.contains(&key);
    let offered = rows(focus, trainer).find(bound);
    let row = offered.or_else(|| rows_of_any_trainer(focus).find(bound));
    row.map(|binding| binding.action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyEvent, KeyEventKind, KeyModifiers};

    #[test]
    fn no_key_is_bound_twice_in_a_table() {
        let tables = TABLES.map(|table| table.rows);
        for trainer in [Trainer::ThisProcess, Trainer::AnotherProcess] {
            for rows in tables.into_iter().chain([settings::INPUT]) {
                let rows = rows.iter().filter(|row| row.is_offered(trainer));
                let keys: Vec<_> = rows.flat_map(|binding| binding.keys).collect();
                for (i, key) in keys.iter().enumerate() {
                    assert!(!keys[..i].contains(key), "{}", key.label());
                }
            }
        }
    }

    #[test]
    fn releases_do_nothing_and_control_makes_another_key() {
        let press = |kind, modifiers| KeyEvent {
            kind,
            ..KeyEvent::new(KeyCode::Char('c'), modifiers)
        };
        assert_eq!(
            Key::pressed(press(KeyEventKind::Release, KeyModifiers::NONE)),
            None
        );
        let stop = Key::pressed(press(KeyEventKind::Press, KeyModifiers::CONTROL)).unwrap();
        let own = |key, pane| action(key, pane, Trainer::ThisProcess);
        assert_eq!(own(stop, Pane::Losses), Some(Action::Interrupt));
        let plain = Key::pressed(press(KeyEventKind::Press, KeyModifiers::NONE)).unwrap();
        assert_eq!(own(plain, Pane::Log), None);
    }

    #[test]
    fn what_would_command_the_trainer_is_not_offered_on_the_run_of_another_process() {
        let another = Trainer::AnotherProcess;
        let commands = [Action::Pause, Action::Step, Action::Interrupt];
        for pane in Pane::ALL {
            let offered: Vec<Action> = rows(pane, another).map(|row| row.action).collect();
            assert!(commands.iter().all(|command| !offered.contains(command)));
        }
        let nudges = |trainer| {
            let rows = rows(Pane::Settings, trainer);
            rows.filter(|row| row.footer == Some("more")).count()
        };
        assert_eq!(
            (nudges(another), nudges(Trainer::ThisProcess)),
            (0, 1),
            "an edit"
        );
        let enter = Key::plain(KeyCode::Enter);
        assert_eq!(action(enter, Pane::Settings, another), Some(Action::Accept));
        assert!(is_refused(Action::Pause, another) && !is_refused(Action::Quit, another));
        assert!(!is_refused(Action::Pause, Trainer::ThisProcess));
    }
}
