//! The one table of keys: what they do, the footer and the help come from it. A pane may have keys of its own, which go before
//! those for all; its file holds their table.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::lens;
use super::pane::Pane;
use super::stage;
use super::steer;

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// With the control key held.
    pub control: bool,
}

impl Key {
    /// None for releases: only presses act.
    pub fn pressed(event: KeyEvent) -> Option<Self> {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        (event.kind != KeyEventKind::Release).then_some(Self {
            code: event.code,
            control,
        })
    }

    /// Without control.
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

    /// With control.
    pub const fn control(letter: char) -> Self {
        Self {
            code: KeyCode::Char(letter),
            control: true,
        }
    }

    /// As footer and help write it.
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

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask whether to stop; leave when the run is over.
    Quit,
    /// Stop; a second time, leave at once.
    Interrupt,
    /// Pause or go on.
    Pause,
    /// One iteration while paused.
    Step,
    /// Show or hide the help.
    Help,
    /// Close what is open.
    Back,
    /// Yes to a question, zoom otherwise.
    Accept,
    /// Focus the next pane.
    Next,
    /// Focus the pane before.
    Previous,
    /// Focus this pane.
    Focus(Pane),
    /// One pane or all.
    Zoom,
    /// Scroll the focused pane up.
    Up,
    /// Scroll the focused pane down.
    Down,
    /// The next scale of the loss axes.
    LogAxis,
    /// L, C, R alone or times their weights.
    Weighted,
    /// Of the loss charts.
    Lens(lens::Act),
    /// Save what is seen.
    Portrait,
    /// Draw everything again.
    Repaint,
    /// Stop the process as the shell does.
    Suspend,
    /// Steer from the settings.
    Steer(steer::Act),
    /// Look at the flow in another way.
    Stage(stage::Act),
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Any of these.
    pub keys: &'static [Key],
    /// Does this.
    pub action: Action,
    /// Word in the footer, for the most needed.
    pub footer: Option<&'static str>,
    /// Line in the help.
    pub help: &'static str,
}

/// A row.
pub const fn row(
    keys: &'static [Key],
    action: Action,
    footer: Option<&'static str>,
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        action,
        footer,
        help,
    }
}

/// All keys: those of a pane, and those for all.
pub const TABLES: &[(Option<Pane>, &[Binding])] = &[
    (Some(Pane::Losses), lens::KEYS),
    (Some(Pane::Flow), stage::KEYS),
    (Some(Pane::Settings), steer::KEYS),
    (None, EVERYWHERE),
];

const EVERYWHERE: &[Binding] = &[
    row(
        &[Key::letter('q')],
        Action::Quit,
        Some("quit"),
        "stop and save, after asking; leave when done",
    ),
    row(
        &[Key::control('c')],
        Action::Interrupt,
        None,
        "stop and save; twice: leave at once",
    ),
    row(
        &[Key::letter('p'), Key::letter(' ')],
        Action::Pause,
        Some("pause"),
        "pause training or go on",
    ),
    row(
        &[Key::letter('.')],
        Action::Step,
        None,
        "one iteration while paused",
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
        Some("weighted"),
        "L, C, R raw or times their weights",
    ),
    row(
        &[Key::letter('s')],
        Action::Portrait,
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

/// The rows that count while a pane has the focus, its own first.
pub fn rows(focus: Pane) -> impl Iterator<Item = &'static Binding> {
    let of = move |pane| TABLES.iter().filter(move |table| table.0 == pane);
    of(Some(focus)).chain(of(None)).flat_map(|table| table.1)
}

/// What `key` asks for.
pub fn action(key: Key, focus: Pane) -> Option<Action> {
    rows(focus)
        .find(|binding| binding.keys.contains(&key))
        .map(|binding| binding.action)
}

impl Binding {
    /// Its keys, as footer and help write them.
    pub fn label(&self) -> String {
        self.keys
            .iter()
            .map(|key| key.label())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice_in_a_table() {
        for (_, table) in TABLES {
            let keys: Vec<_> = table.iter().flat_map(|binding| binding.keys).collect();
            for (i, key) in keys.iter().enumerate() {
                assert!(!keys[..i].contains(key), "{}", key.label());
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
        assert_eq!(action(stop, Pane::Losses), Some(Action::Interrupt));
        let plain = Key::pressed(press(KeyEventKind::Press, KeyModifiers::NONE)).unwrap();
        assert_eq!(action(plain, Pane::Log), None);
    }
}
