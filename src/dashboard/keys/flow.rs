//! The keys of the flow pane.

use crossterm::event::KeyCode;

use super::binding::{Binding, Key, row};
use crate::dashboard::action::{Action, FlowAction};

/// The keys of the flow pane.
pub const KEYS: &[Binding] = &[
    row(
        &[Key::letter('v')],
        Action::Flow(FlowAction::View),
        Some("view"),
        "next view of those that this data has",
    ),
    row(
        &[Key::letter('t')],
        Action::Flow(FlowAction::Play),
        Some("play"),
        "paths: play or stand still",
    ),
    row(
        &[Key::letter(','), Key::plain(KeyCode::Left)],
        Action::Flow(FlowAction::Earlier),
        None,
        "paths: back in time of the play",
    ),
    row(
        &[Key::letter(';'), Key::plain(KeyCode::Right)],
        Action::Flow(FlowAction::Later),
        None,
        "paths: on in time of the play",
    ),
    row(
        &[Key::letter('b')],
        Action::Flow(FlowAction::Turn),
        None,
        "paths: data to normal, or normal to data",
    ),
    row(
        &[Key::letter('d')],
        Action::Flow(FlowAction::Samples),
        None,
        "density: with the data over it, or without",
    ),
    row(
        &[Key::letter('n')],
        Action::Flow(FlowAction::Pair(1)),
        None,
        "pair of columns that fits worst after this one",
    ),
    row(
        &[Key::letter('N')],
        Action::Flow(FlowAction::Pair(-1)),
        None,
        "pair of columns that fits worse",
    ),
    row(
        &[Key::letter('[')],
        Action::Flow(FlowAction::Column { axis: 0, by: -1 }),
        None,
        "column before on the horizontal axis",
    ),
    row(
        &[Key::letter(']')],
        Action::Flow(FlowAction::Column { axis: 0, by: 1 }),
        None,
        "next column on the horizontal axis",
    ),
    row(
        &[Key::letter('{')],
        Action::Flow(FlowAction::Column { axis: 1, by: -1 }),
        None,
        "column before on the vertical axis",
    ),
    row(
        &[Key::letter('}')],
        Action::Flow(FlowAction::Column { axis: 1, by: 1 }),
        None,
        "next column on the vertical axis",
    ),
];
