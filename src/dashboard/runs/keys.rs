//! The table of keys of the screen of a folder: the footer and the help are made from it.

use crossterm::event::KeyCode;

use super::action::{FilterInput, RunsAction};
use crate::dashboard::keys::{Binding, Key, row};

/// The rows that a page key moves by.
const PAGE: isize = 10;

/// The keys, in the order of the help.
pub const KEYS: &[Binding<RunsAction>] = &[
    row(
        &[Key::letter('q'), Key::control('c')],
        RunsAction::Quit,
        Some("quit"),
        "leave; the runs go on",
    ),
    row(
        &[Key::plain(KeyCode::Enter)],
        RunsAction::Open,
        Some("open"),
        "selected run in its dashboard; q or Esc comes back",
    ),
    row(
        &[Key::letter(' ')],
        RunsAction::Mark,
        Some("mark"),
        "draw the curve of the selected run, or not",
    ),
    row(
        &[Key::letter('/')],
        RunsAction::Filter,
        Some("filter"),
        "words in name, state, verdict or settings",
    ),
    row(
        &[Key::letter('o')],
        RunsAction::Sort,
        Some("order"),
        "sort by the next column",
    ),
    row(
        &[Key::letter('i')],
        RunsAction::Reverse,
        None,
        "invert the order",
    ),
    row(
        &[Key::letter('v')],
        RunsAction::Quantity,
        Some("value"),
        "validation C, its loss, C - H, training C",
    ),
    row(
        &[Key::letter('?')],
        RunsAction::Help,
        Some("help"),
        "this help",
    ),
    row(
        &[Key::letter('t')],
        RunsAction::Abscissa,
        Some("time"),
        "over iterations or over training time",
    ),
    row(
        &[Key::letter('c')],
        RunsAction::Cursor,
        Some("cursor"),
        "cursor that reads all curves out",
    ),
    row(
        &[Key::plain(KeyCode::Left), Key::letter('h')],
        RunsAction::MoveCursor(-1),
        None,
        "cursor to the left",
    ),
    row(
        &[Key::plain(KeyCode::Right), Key::letter('l')],
        RunsAction::MoveCursor(1),
        None,
        "cursor to the right",
    ),
    row(
        &[Key::letter('y')],
        RunsAction::LogAxis,
        Some("log"),
        "values linear, log, symmetric log",
    ),
    row(
        &[Key::letter('x')],
        RunsAction::LogX,
        None,
        "iterations or seconds linear or log",
    ),
    row(
        &[Key::letter('r')],
        RunsAction::Outliers,
        None,
        "outliers at the edge, marked, or in the range",
    ),
    row(
        &[Key::letter('u')],
        RunsAction::UnmarkAll,
        None,
        "draw the first runs of the table again",
    ),
    row(
        &[Key::plain(KeyCode::Up), Key::letter('k')],
        RunsAction::Select(-1),
        None,
        "run above",
    ),
    row(
        &[Key::plain(KeyCode::Down), Key::letter('j')],
        RunsAction::Select(1),
        None,
        "run below",
    ),
    row(
        &[Key::plain(KeyCode::PageUp)],
        RunsAction::Select(-PAGE),
        None,
        "ten runs up",
    ),
    row(
        &[Key::plain(KeyCode::PageDown)],
        RunsAction::Select(PAGE),
        None,
        "ten runs down",
    ),
    row(
        &[Key::plain(KeyCode::Home), Key::letter('g')],
        RunsAction::First,
        None,
        "first run",
    ),
    row(
        &[Key::plain(KeyCode::End), Key::letter('G')],
        RunsAction::Last,
        None,
        "last run",
    ),
    row(
        &[Key::plain(KeyCode::Esc)],
        RunsAction::Back,
        None,
        "close the help, the zoom; show all runs; never quits",
    ),
    row(
        &[Key::plain(KeyCode::Tab), Key::plain(KeyCode::BackTab)],
        RunsAction::OtherPart,
        Some("part"),
        "table or chart, where one is shown",
    ),
    row(
        &[Key::letter('z')],
        RunsAction::Zoom,
        None,
        "table or chart alone, or both",
    ),
    row(
        &[Key::control('l')],
        RunsAction::Repaint,
        None,
        "draw the screen again",
    ),
    row(
        &[Key::control('z')],
        RunsAction::Suspend,
        None,
        "stop the process; fg goes on",
    ),
];

/// The keys while a filter is typed; every letter and sign without control goes into it.
pub const INPUT: &[Binding<RunsAction>] = &[
    row(
        &[Key::plain(KeyCode::Enter)],
        RunsAction::Input(FilterInput::Keep),
        Some("keep"),
        "keep the filter",
    ),
    row(
        &[Key::plain(KeyCode::Esc)],
        RunsAction::Input(FilterInput::GiveUp),
        Some("all runs"),
        "show all runs",
    ),
    row(
        &[Key::control('u')],
        RunsAction::Input(FilterInput::Clear),
        Some("empty"),
        "remove all letters",
    ),
    row(
        &[Key::plain(KeyCode::Backspace), Key::control('h')],
        RunsAction::Input(FilterInput::Backspace),
        None,
        "remove the last letter",
    ),
];

/// The action of a key.
pub fn action(key: Key) -> Option<RunsAction> {
    find(KEYS, key)
}

/// The action of a key while a filter is typed: what is no key of its own, and no letter, is one of the table.
pub fn action_in_input(key: Key) -> Option<RunsAction> {
    match (find(INPUT, key), key.code) {
        (Some(action), _) => Some(action),
        (None, KeyCode::Char(letter)) if !key.control => {
            Some(RunsAction::Input(FilterInput::Insert(letter)))
        }
        (None, _) => action(key),
    }
}

fn find(rows: &[Binding<RunsAction>], key: Key) -> Option<RunsAction> {
    let bound = |binding: &&Binding<RunsAction>| binding.keys.contains(&key);
    rows.iter().find(bound).map(|binding| binding.action)
}
