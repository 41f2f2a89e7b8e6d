//! The keys of the losses pane.

use crossterm::event::KeyCode;

use super::binding::{Binding, Key, row};
use crate::dashboard::action::{Action, LossesAction};

/// The keys of the losses pane.
pub const KEYS: &[Binding] = &[
    row(
        &[Key::letter('m')],
        Action::Losses(LossesAction::Page),
        Some("charts"),
        "charts: losses; C, gap, C - H; rate, gradient, step; M",
    ),
    row(
        &[Key::letter('r')],
        Action::Losses(LossesAction::Outliers),
        Some("range"),
        "values: without outliers, which have marks, or all",
    ),
    key(
        &[Key::letter('+')],
        LossesAction::In,
        "half the iterations, about the cursor or the right end",
    ),
    key(
        &[Key::letter('-')],
        LossesAction::Out,
        "twice the iterations",
    ),
    key(
        &[Key::plain(KeyCode::Left), Key::letter('h')],
        LossesAction::Left,
        "cursor or window to the left",
    ),
    key(
        &[Key::plain(KeyCode::Right), Key::letter('l')],
        LossesAction::Right,
        "cursor or window to the right",
    ),
    key(
        &[Key::letter('f')],
        LossesAction::Follow,
        "follow the newest iteration",
    ),
    key(
        &[Key::letter('0'), Key::letter('=')],
        LossesAction::All,
        "all iterations",
    ),
    key(
        &[Key::letter('c')],
        LossesAction::Cursor,
        "cursor that reads all charts out",
    ),
    key(
        &[Key::letter('a')],
        LossesAction::Smooth,
        "average over iterations: off, 0.9, 0.98",
    ),
    key(
        &[Key::letter('x')],
        LossesAction::LogX,
        "iterations linear or log",
    ),
];

const fn key(keys: &'static [Key], action: LossesAction, help: &'static str) -> Binding {
    row(keys, Action::Losses(action), None, help)
}
