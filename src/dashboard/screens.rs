//! Whole screens as text, from a list of events.

mod charts;
mod hard;
mod settings;

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::action::{Action, FlowAction, SettingsAction};
use super::axis::AxisScale;
use super::fixtures;
use super::layout;
use super::pane::Pane;
use super::range::IterationSpan;
use super::state::comparison::ComparedCurves;
use super::state::flow::FlowContent;
use super::state::losses::{IterationRange, LossesView, Outliers};
use super::state::series::Smoothing;
use super::state::{Popup, State};
use super::theme::{Depth, Markers, Theme, rgb};
use super::update::perform;
use crate::event::{Event, Reason};
use crate::session::Applies;
use crate::session::Rejection;

const COLOUR: Theme = Theme {
    markers: Markers::Braille,
    colour: Depth::Ansi16,
};
const PLAIN: Theme = Theme {
    markers: Markers::Braille,
    colour: Depth::None,
};
const ASCII: Theme = Theme {
    markers: Markers::Ascii,
    colour: Depth::None,
};

/// The modes of colour, by name.
const MODES: [(&str, Theme); 4] = [
    (
        "truecolor",
        Theme {
            markers: Markers::Braille,
            colour: Depth::True,
        },
    ),
    ("16_colours", COLOUR),
    ("no_colour", PLAIN),
    ("ascii", ASCII),
];

fn drawn(state: &State, theme: &Theme, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    layout::screen(state, theme, &mut buffer);
    buffer
}

/// One line a row, without trailing blanks.
pub fn text(buffer: &Buffer) -> String {
    let row = |y| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
            .trim_end()
            .to_owned()
    };
    (0..buffer.area.height)
        .map(row)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A letter a cell for its colour (upper case: bold), a digit for the brightness of the heat map's, `#` reversed, `-` dim.
pub fn styles(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut row = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let letter = match cell.fg {
                Color::Reset => '.',
                Color::Red => 'r',
                Color::Green => 'g',
                Color::Yellow => 'y',
                Color::Blue => 'b',
                Color::Magenta => 'm',
                Color::Cyan => 'c',
                Color::LightBlue => 'l',
                Color::LightRed => 'o',
                Color::Indexed(29) => 'g',
                Color::Indexed(32) => 'b',
                Color::Indexed(134) => 'm',
                Color::Indexed(160) => 'r',
                Color::Indexed(166) => 'o',
                other => shade(other),
            };
            row.push(match cell.modifier {
                _ if cell.symbol() == " " && !cell.modifier.contains(Modifier::REVERSED) => ' ',
                m if m.contains(Modifier::REVERSED) => '#',
                m if m.contains(Modifier::DIM) => '-',
                m if m.contains(Modifier::BOLD) && letter == '.' => 'B',
                m if m.contains(Modifier::BOLD) => letter.to_ascii_uppercase(),
                _ => letter,
            });
        }
        let _ = writeln!(out, "{}", row.trim_end());
    }
    out
}

/// Tenths of the full brightness.
fn shade(colour: Color) -> char {
    let parts = rgb(colour).unwrap().map(u32::from);
    let tenths = parts.iter().sum::<u32>() * 10 / (3 * 256);
    char::from_digit(tenths, 10).unwrap()
}

fn rejected() -> Event {
    let message = "optimizer.lr must be above 0 and at most 10\n   optimizer: Adam(lr: 20.0),\n                       ^";
    Event::Rejected(Rejection {
        file: "8gaussians.ron".into(),
        line: 7,
        column: 24,
        message: message.into(),
    })
}

#[test]
fn the_design_size() {
    insta::assert_snapshot!(text(&drawn(&fixtures::run(), &COLOUR, (80, 24))));
}

#[test]
fn the_styles_of_the_design_size() {
    insta::assert_snapshot!(styles(&drawn(&fixtures::run(), &COLOUR, (80, 24))));
}

/// Every size and every mode, with the density in the flow pane, which is what differs most between modes.
#[test]
fn every_mode_at_six_sizes() {
    let mut state = fixtures::run();
    state.view.flow.content = FlowContent::Density;
    for (name, theme) in MODES {
        for size in [(80, 24), (80, 23), (120, 40), (200, 60), (60, 16), (40, 12)] {
            let screen = drawn(&state, &theme, size);
            let shown = format!("{}\n\n{}", text(&screen), styles(&screen));
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), shown);
        }
    }
}

fn set_scale(state: &mut State, scale: AxisScale) {
    let view = &mut state.view.losses;
    view.scales.set(view.page, scale);
}

#[test]
fn a_wide_screen() {
    insta::assert_snapshot!(text(&drawn(&fixtures::run(), &COLOUR, (120, 40))));
}

#[test]
fn a_large_screen_with_log_axes_and_weights() {
    let mut state = fixtures::run();
    set_scale(&mut state, AxisScale::Log);
    state.view.weighted = true;
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (200, 60))));
}

#[test]
fn a_window_with_a_cursor_an_average_and_outliers() {
    let mut state = fixtures::run();
    state.view.losses = LossesView {
        range: IterationRange::Fixed(IterationSpan {
            first: 50,
            last: 300,
        }),
        cursor: Some(222),
        smoothing: Smoothing::Short,
        outliers: Outliers::Included,
        ..LossesView::default()
    };
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
}

#[test]
fn the_losses_alone_with_log_iterations() {
    let mut state = fixtures::run();
    (state.view.zoom, state.view.losses.log_x) = (true, true);
    set_scale(&mut state, AxisScale::SymLog);
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (100, 40))));
}

#[test]
fn a_line_a_metric() {
    insta::assert_snapshot!(text(&drawn(&fixtures::run(), &COLOUR, (40, 12))));
}

#[test]
fn one_pane_at_a_time_in_ascii() {
    let mut state = fixtures::run();
    state.view.focus = Pane::Flow;
    insta::assert_snapshot!(text(&drawn(&state, &ASCII, (70, 20))));
}

/// The flow alone after some keys.
fn staged(actions: &[FlowAction]) -> State {
    let mut state = fixtures::run();
    (state.view.focus, state.view.zoom) = (Pane::Flow, true);
    for &action in actions {
        perform(&mut state, Action::Flow(action));
    }
    state
}

#[test]
fn the_four_views_of_the_flow() {
    insta::assert_snapshot!(text(&drawn(&staged(&[]), &COLOUR, (80, 24))));
}

#[test]
fn the_density_with_the_data_over_it() {
    insta::assert_snapshot!(text(&drawn(
        &staged(&[FlowAction::Samples]),
        &ASCII,
        (80, 24)
    )));
}

#[test]
fn the_particles_half_way() {
    let mut state = staged(&[FlowAction::Later; 10]);
    state.view.zoom = false;
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
}

#[test]
fn the_keys_of_the_flow() {
    let mut state = staged(&[]);
    state.view.popup = Some(Popup::Help);
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
}

#[test]
fn the_help() {
    let mut state = fixtures::run();
    state.view.popup = Some(Popup::Help);
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
}

#[test]
fn what_the_numbers_mean() {
    let mut state = fixtures::run();
    state.view.popup = Some(Popup::Terms);
    for size in [(80, 24), (120, 40)] {
        insta::assert_snapshot!(text(&drawn(&state, &COLOUR, size)));
    }
}

#[test]
fn a_refused_file_while_asked_to_stop() {
    let mut state = fixtures::run();
    state.apply(rejected(), 21.0);
    state.view.popup = Some(Popup::Quit);
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
}

/// A run with the settings in focus, soon after an edit.
fn steered() -> State {
    let mut state = fixtures::run();
    let edit = |field: &str, old: &str, new: &str| Event::Edit {
        iteration: 400,
        field: field.into(),
        old: old.into(),
        new: new.into(),
        applies: Applies::Live,
    };
    state.apply(edit("weights.likelihood", "100.0", "200.0"), 21.0);
    state.apply(rejected(), 23.0);
    state.apply(edit("optimizer.lr", "0.05", "0.1"), 24.0);
    state.view.focus = Pane::Settings;
    (state.view.settings.selected, state.now) = (4, 25.0);
    state
}

#[test]
fn settings_soon_after_an_edit() {
    let mut state = steered();
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
    state.now = 40.0;
    state.view.settings.note = Some("mend the file first (e opens it)".into());
    let later = text(&drawn(&state, &COLOUR, (80, 24)));
    assert!(!later.contains("100.0 -> 200.0") && later.contains("mend the file first"));
}

#[test]
fn a_part_of_a_setting() {
    let mut state = steered();
    perform(&mut state, Action::Settings(SettingsAction::Part(1)));
    let screen = text(&drawn(&state, &COLOUR, (80, 24)));
    assert!(
        screen.contains(">  optimizer.schedule.every 500"),
        "{screen}"
    );
}

#[test]
fn the_edits_of_a_run() {
    let mut state = steered();
    (state.view.settings.edits, state.view.zoom) = (true, true);
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
}

#[test]
fn the_selected_setting_is_always_among_the_rows_and_marked_without_colour() {
    let mut state = steered();
    for (selected, name) in [
        (0, "weights.transport"),
        (1, "weights.likelihood"),
        (7, "stop.seconds"),
        (8, "data.batch"),
        (11, "model.width"),
    ] {
        state.view.settings.selected = selected;
        for theme in [&PLAIN, &ASCII] {
            let screen = text(&drawn(&state, theme, (80, 24)));
            let marked = |line: &str| {
                line.split('>')
                    .skip(1)
                    .any(|rest| rest.trim_start_matches(['*', ' ']).starts_with(name))
            };
            assert!(screen.lines().any(marked), "{name}:\n{screen}");
        }
    }
}

#[test]
fn before_the_first_event() {
    insta::assert_snapshot!(text(&drawn(&State::default(), &COLOUR, (80, 24))));
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    let small = |size| text(&drawn(&fixtures::run(), &COLOUR, size));
    assert_eq!(small((30, 3)).trim(), "need 20x5, have 30x3");
    assert_eq!(small((15, 3)).trim(), "need 20x5,\nhave 15x3");
}

/// Another process's run beside two others, one of them with these values.
fn compared(values: &[f64]) -> State {
    let mut state = fixtures::run();
    state.silence = Some(45.0);
    let mut other = ComparedCurves::new("rings-20260101-120000".into());
    for (i, &value) in (1..).zip(values) {
        other.apply(&fixtures::iteration(50 * i, value));
    }
    state.compared = vec![
        other,
        ComparedCurves::new("a name that is wider than the pane".into()),
    ];
    state
}

#[test]
fn a_watched_run_beside_another() {
    let state = compared(&[120.0, 150.0, 90.0, 60.0, 40.0, 30.0, 30.0, 30.0]);
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
}

#[test]
fn a_start_by_matching() {
    let state = fixtures::started_by_matching(150);
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (120, 40))));
    assert!(text(&drawn(&state, &ASCII, (120, 40))).is_ascii());
    let lines = text(&drawn(&state, &ASCII, (40, 12)));
    assert!(
        lines.contains("M matching loss, standardised   0.6667"),
        "{lines}"
    );
}

#[test]
fn after_a_start_by_matching() {
    let state = fixtures::started_by_matching(260);
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (80, 24))));
    insta::assert_snapshot!(text(&drawn(&state, &COLOUR, (120, 40))));
}

#[test]
fn a_watched_run_says_that_it_matches() {
    let mut state = fixtures::started_by_matching(150);
    state.silence = Some(1.0);
    let screen = text(&drawn(&state, &ASCII, (80, 24)));
    assert!(screen.contains("> WATCH  matching  150/5000"), "{screen}");
}

#[test]
fn a_finished_run() {
    let mut state = fixtures::run();
    state.apply(fixtures::finished(400, Reason::Iterations), 21.0);
    state.dropped = 12;
    let screen = text(&drawn(&state, &COLOUR, (80, 24)));
    assert!(
        screen.contains("DONE")
            && screen.contains("done, q to leave")
            && screen.contains("12 events lost")
    );
}

#[test]
fn without_colour_the_same_text_has_no_colour_at_all() {
    let mut state = fixtures::run();
    state.apply(rejected(), 21.0);
    let (colour, plain) = (
        drawn(&state, &COLOUR, (120, 40)),
        drawn(&state, &PLAIN, (120, 40)),
    );
    assert!(
        plain
            .content()
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    assert!(colour.content().iter().any(|cell| cell.fg != Color::Reset));
    assert_eq!(text(&colour), text(&plain));
}

#[test]
fn ascii_is_ascii() {
    for size in [(80, 24), (40, 12), (120, 40), (70, 20)] {
        assert!(
            text(&drawn(&fixtures::run(), &ASCII, size)).is_ascii(),
            "{size:?}"
        );
    }
    for action in [FlowAction::View, FlowAction::Samples, FlowAction::Turn] {
        assert!(text(&drawn(&staged(&[action]), &ASCII, (80, 24))).is_ascii());
    }
}

#[test]
fn the_heat_map_has_no_colour_where_there_is_none() {
    let map = drawn(&staged(&[FlowAction::Samples]), &PLAIN, (80, 24));
    let plain = |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
    assert!(map.content().iter().all(plain));
}
