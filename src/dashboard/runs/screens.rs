//! Whole screens as text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::action::RunsAction;
use super::fixtures;
use super::layout;
use super::state::RunsState;
use super::update::perform;
use crate::dashboard::screens::{styles, text};
use crate::dashboard::theme::{Depth, Markers, Theme};

const ASCII: Theme = Theme {
    markers: Markers::Ascii,
    colour: Depth::None,
};

/// The four colour modes.
const DEPTHS: [Depth; 4] = [Depth::None, Depth::Ansi16, Depth::Palette256, Depth::True];

fn drawn(state: &RunsState, theme: &Theme, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    layout::screen(state, theme, &mut buffer);
    buffer
}

/// The text, then the styles in every colour mode; the text is the same in all.
fn in_all_modes(state: &RunsState, size: (u16, u16)) -> String {
    let screens = DEPTHS.map(|colour| {
        let markers = Markers::Braille;
        drawn(state, &Theme { markers, colour }, size)
    });
    let told = text(&screens[0]);
    let modes = DEPTHS.iter().zip(&screens).map(|(depth, screen)| {
        assert_eq!(text(screen), told, "{depth:?}");
        format!("\n\n{depth:?}\n{}", styles(screen))
    });
    let modes: String = modes.collect();
    told + &modes
}

fn looked_at(actions: &[RunsAction]) -> RunsState {
    let mut state = fixtures::folder();
    for &action in actions {
        perform(&mut state, action);
    }
    state
}

/// Two runs are marked, the third is selected, and the cursor stands between their validations.
fn marked() -> RunsState {
    use RunsAction::{Cursor, Mark, MoveCursor, Select, Sort};
    looked_at(&[
        Sort,
        Sort,
        Sort,
        Sort,
        Mark,
        Select(1),
        Mark,
        Select(1),
        Cursor,
        MoveCursor(-1),
        MoveCursor(-1),
        MoveCursor(-1),
        MoveCursor(-1),
    ])
}

#[test]
fn a_folder_at_the_design_size() {
    insta::assert_snapshot!(in_all_modes(&looked_at(&[]), (80, 24)));
}

#[test]
fn one_part_at_a_time() {
    let table = in_all_modes(&marked(), (80, 23));
    let chart = looked_at(&[RunsAction::OtherPart]);
    let chart = text(&drawn(&chart, &ASCII, (80, 23)));
    insta::assert_snapshot!(format!("{table}\n\nthe other part, in ASCII\n{chart}"));
    let small = looked_at(&[RunsAction::OtherPart]);
    let parts = [marked(), small].map(|state| text(&drawn(&state, &ASCII, (60, 16))));
    insta::assert_snapshot!(parts.join("\n\n"));
}

#[test]
fn a_folder_on_a_large_screen() {
    insta::assert_snapshot!(in_all_modes(&marked(), (120, 40)));
}

#[test]
fn a_folder_on_a_huge_screen() {
    insta::assert_snapshot!(in_all_modes(&marked(), (200, 60)));
}

#[test]
fn many_runs_scroll_with_the_selection() {
    let mut state = fixtures::many(200);
    let shown = |state: &RunsState| text(&drawn(state, &ASCII, (80, 24)));
    // The legend has names, too.
    let row = |number: usize| format!("run-{number:03}  ended");
    assert!(shown(&state).contains(&row(0)) && !shown(&state).contains(&row(199)));
    perform(&mut state, RunsAction::Last);
    assert!(shown(&state).contains(&row(199)) && !shown(&state).contains(&row(0)));
    perform(&mut state, RunsAction::Select(-100));
    let screen = shown(&state);
    assert!(screen.contains(&row(99)), "{screen}");
}

#[test]
fn no_size_fails_and_ascii_is_ascii() {
    let mut help = marked();
    perform(&mut help, RunsAction::Help);
    let mut filtered = marked();
    filtered.view.filter = "nothing".into();
    let empty = RunsState::new("runs".into());
    for state in [marked(), help, filtered, empty, fixtures::many(30)] {
        for width in (0..130).step_by(3) {
            for height in (0..44).step_by(2) {
                for part in [RunsAction::OtherPart, RunsAction::Zoom] {
                    let mut state = state.clone();
                    perform(&mut state, part);
                    let screen = drawn(&state, &ASCII, (width, height));
                    assert!(text(&screen).is_ascii(), "{width}x{height}");
                }
            }
        }
    }
}

#[test]
fn without_colour_there_is_none_and_every_curve_has_its_letter() {
    let theme = Theme {
        markers: Markers::Braille,
        colour: Depth::None,
    };
    let screen = drawn(&marked(), &theme, (120, 40));
    let cells = screen.content().iter();
    assert!(cells.clone().all(|cell| cell.fg == Color::Reset));
    let count = |letter: &str| cells.clone().filter(|cell| cell.symbol() == letter).count();
    // In the table, in the legend, and at the curve.
    assert!(count("A") >= 3 && count("B") >= 3);
}

#[test]
fn the_axes_of_every_choice_are_drawn() {
    use RunsAction::{Abscissa, LogAxis, LogX, Outliers, Quantity};
    let mut state = marked();
    for action in [
        LogX, LogAxis, Abscissa, LogX, Quantity, Quantity, LogAxis, Outliers, Quantity, LogX,
    ] {
        perform(&mut state, action);
        let screen = text(&drawn(&state, &ASCII, (120, 40)));
        let name = state.view.overlay.quantity.name();
        assert!(screen.contains(name), "{screen}");
    }
}
