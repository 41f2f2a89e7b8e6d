//! How keys change the state. Steps of the cursor are shares of the axis, since the state knows no size of a screen.

use super::action::{FilterInput, RunsAction};
use super::keys;
use super::order::Direction;
use super::overlay::{Abscissa, MOST, axis_across, value_at};
use super::state::{Part, RunsRequest, RunsState, RunsView};
use super::status::RunStatus;
use crate::dashboard::axis::AxisScale;
use crate::dashboard::keys::{Key, NoKey, PASTED};
use crate::dashboard::state::losses::Outliers;

/// Share of the axis that the cursor moves by.
const STEP: f64 = 0.02;

/// Changes the state as a key asks.
pub fn update(state: &mut RunsState, key: Key) {
    let action = match state.view.typing {
        true => keys::action_in_input(key),
        false => keys::action(key),
    };
    match action {
        Some(action) => perform(state, action),
        None => {
            if let Some(no_key) = NoKey::of(key, |key| keys::action(key).is_some()) {
                state.view.notice = Some(no_key.to_string());
            }
        }
    }
}

/// Takes up a pasted text: into the filter while that is typed; its letters are no keys elsewhere.
pub fn paste(state: &mut RunsState, text: &str) {
    if !state.view.typing {
        state.view.notice = Some(PASTED.to_owned());
        return;
    }
    for letter in text.trim().chars().filter(|letter| !letter.is_control()) {
        update(state, Key::letter(letter));
    }
}

/// Changes the state as an action asks.
pub fn perform(state: &mut RunsState, action: RunsAction) {
    let view = &mut state.view;
    view.notice = None;
    match action {
        RunsAction::Suspend => view.request = Some(RunsRequest::Suspend),
        RunsAction::Repaint => view.request = Some(RunsRequest::Repaint),
        _ if view.help.is_some() => use_help(view, action),
        RunsAction::Quit => view.request = Some(RunsRequest::Leave),
        RunsAction::Help => view.help = Some(0),
        RunsAction::Open => open(state),
        RunsAction::Mark => mark(state),
        RunsAction::UnmarkAll => view.marked.clear(),
        RunsAction::Select(down) => select(state, |place| place.saturating_add_signed(down)),
        RunsAction::First => select(state, |_| 0),
        RunsAction::Last => select(state, |_| usize::MAX),
        RunsAction::Sort => view.order.column = view.order.column.next(),
        RunsAction::Reverse => {
            view.order.direction = match view.order.direction {
                Direction::Rising => Direction::Falling,
                Direction::Falling => Direction::Rising,
            }
        }
        RunsAction::Filter => view.typing = true,
        RunsAction::Input(input) => type_filter(view, input),
        RunsAction::Back if view.zoom => view.zoom = false,
        RunsAction::Back => view.filter.clear(),
        RunsAction::OtherPart => {
            view.part = match view.part {
                Part::Table => Part::Chart,
                Part::Chart => Part::Table,
            }
        }
        RunsAction::Zoom => view.zoom = !view.zoom,
        RunsAction::Quantity
        | RunsAction::Abscissa
        | RunsAction::LogAxis
        | RunsAction::LogX
        | RunsAction::Outliers
        | RunsAction::Cursor
        | RunsAction::MoveCursor(_) => change_chart(state, action),
    }
}

/// Scrolls or closes the help.
fn use_help(view: &mut RunsView, action: RunsAction) {
    let above = view.help.unwrap_or(0);
    view.help = match action {
        RunsAction::Select(down) => Some(above.saturating_add_signed(down).min(keys::KEYS.len())),
        RunsAction::Back | RunsAction::Help | RunsAction::Quit | RunsAction::Open => None,
        _ => Some(above),
    };
}

/// Selects another run by its place in the table.
fn select(state: &mut RunsState, to: impl Fn(usize) -> usize) {
    let table = state.table();
    if let Some(place) = state.selected_place(&table) {
        let place = to(place).min(table.len() - 1);
        state.view.selected = Some(table[place]);
    }
}

/// The selected run, by its number.
fn selected(state: &RunsState) -> Option<usize> {
    let table = state.table();
    state.selected_place(&table).map(|place| table[place])
}

fn open(state: &mut RunsState) {
    let Some(run) = selected(state) else { return };
    state.view.selected = Some(run);
    match state.rows[run].status() {
        RunStatus::Damaged | RunStatus::Gone => {
            let fault = state.rows[run].reason();
            state.view.notice = Some(format!("cannot be shown: {fault}"));
        }
        _ => state.view.request = Some(RunsRequest::Open(run)),
    }
}

/// Marks the selected run, or takes its mark away, and selects it.
fn mark(state: &mut RunsState) {
    let Some(run) = selected(state) else { return };
    let view = &mut state.view;
    view.selected = Some(run);
    match view.marked.iter().position(|&marked| marked == run) {
        Some(place) => _ = view.marked.remove(place),
        None if view.marked.len() < MOST => view.marked.push(run),
        None => {
            view.notice = Some(format!(
                "{MOST} runs are marked, and there is no more letter"
            ))
        }
    }
}

fn type_filter(view: &mut RunsView, input: FilterInput) {
    match input {
        FilterInput::Insert(letter) => view.filter.push(letter),
        FilterInput::Backspace => _ = view.filter.pop(),
        FilterInput::Clear => view.filter.clear(),
        FilterInput::Keep => view.typing = false,
        FilterInput::GiveUp => {
            view.typing = false;
            view.filter.clear();
        }
    }
}

fn change_chart(state: &mut RunsState, action: RunsAction) {
    let ranges = state.ranges();
    let chart = &mut state.view.overlay;
    match action {
        RunsAction::Quantity => chart.quantity = chart.quantity.next(),
        RunsAction::Abscissa => {
            chart.cursor = None;
            chart.abscissa = match chart.abscissa {
                Abscissa::Iterations => Abscissa::Seconds,
                Abscissa::Seconds => Abscissa::Iterations,
            };
        }
        RunsAction::LogAxis => {
            let positive = ranges.is_none_or(|ranges| ranges.up.low > 0.0);
            chart.scale = match chart.scale {
                AxisScale::Linear => AxisScale::Log,
                AxisScale::Log if !positive => AxisScale::SymLog,
                AxisScale::Log | AxisScale::SymLog => AxisScale::Linear,
            };
        }
        RunsAction::LogX => chart.log_x = !chart.log_x,
        RunsAction::Outliers => {
            chart.outliers = match chart.outliers {
                Outliers::Included => Outliers::Marked,
                Outliers::Marked => Outliers::Included,
            }
        }
        RunsAction::Cursor | RunsAction::MoveCursor(_) => {
            let Some(ranges) = ranges else { return };
            let axis = axis_across(ranges.across, chart);
            let steps = match action {
                RunsAction::MoveCursor(steps) => f64::from(steps),
                _ if chart.cursor.is_some() => {
                    chart.cursor = None;
                    return;
                }
                _ => 0.0,
            };
            let from = chart.cursor.unwrap_or(ranges.across.high);
            let to = value_at(&axis, axis.position(from) + steps * STEP);
            // Whole iterations, and always another one.
            chart.cursor = Some(match chart.abscissa {
                Abscissa::Iterations if steps < 0.0 => to.floor(),
                Abscissa::Iterations => to.ceil(),
                Abscissa::Seconds => to,
            });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;
    use crossterm::event::KeyCode;

    fn press(state: &mut RunsState, keys: &str) {
        for letter in keys.chars() {
            let code = match letter {
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                letter => KeyCode::Char(letter),
            };
            update(state, Key::plain(code));
        }
    }

    #[test]
    fn no_key_is_bound_twice_and_every_key_does_something() {
        for rows in [keys::KEYS, keys::INPUT] {
            let all: Vec<Key> = rows.iter().flat_map(|row| row.keys).copied().collect();
            for (i, key) in all.iter().enumerate() {
                assert!(!all[..i].contains(key), "{}", key.label());
                let acts = [false, true].into_iter().any(|typing| {
                    let mut before = fixtures::folder();
                    press(&mut before, "jo chvz");
                    (before.view.typing, before.view.filter) = (typing, "n".into());
                    let mut after = before.clone();
                    update(&mut after, *key);
                    after != before
                });
                assert!(acts, "{}", key.label());
            }
        }
    }

    #[test]
    fn the_selection_stays_on_its_run_when_the_order_changes() {
        let mut state = fixtures::folder();
        press(&mut state, "jj");
        let name = |state: &RunsState| state.rows[selected(state).unwrap()].name.clone();
        assert_eq!(name(&state), "moons-b");
        press(&mut state, "ooi");
        assert_eq!(name(&state), "moons-b");
        press(&mut state, "g");
        assert_ne!(name(&state), "moons-b");
        // Filtered out it is the first that stands there.
        press(&mut state, "/silent\n");
        assert_eq!((name(&state).as_str(), state.table().len()), ("silent", 1));
        press(&mut state, "\x1b");
        assert_eq!(state.table().len(), 5);
    }

    #[test]
    fn letters_go_into_the_filter_while_it_is_typed() {
        let mut state = fixtures::folder();
        press(&mut state, "/quit ");
        assert_eq!(
            (state.view.filter.as_str(), state.view.request),
            ("quit ", None)
        );
        assert!(state.table().is_empty());
        press(&mut state, "\x1b");
        assert_eq!((state.view.filter.as_str(), state.view.typing), ("", false));
        press(&mut state, "q");
        assert_eq!(state.view.request, Some(RunsRequest::Leave));
    }

    #[test]
    fn a_letter_that_is_no_key_is_answered_but_not_in_the_filter() {
        let mut state = fixtures::folder();
        for (letter, reason) in [("й", "layout"), ("Q", "Caps Lock")] {
            press(&mut state, letter);
            assert!(state.view.notice.as_ref().unwrap().contains(reason));
            assert_eq!(state.view.request, None);
        }
        press(&mut state, "/йQ");
        assert_eq!(
            (state.view.filter.as_str(), state.view.notice),
            ("йQ", None)
        );
    }

    #[test]
    fn a_pasted_text_is_a_filter_or_nothing() {
        let mut state = fixtures::folder();
        paste(&mut state, "q");
        assert_eq!(state.view.request, None);
        assert_eq!(state.view.notice.as_deref(), Some(PASTED));
        press(&mut state, "/");
        paste(&mut state, "moons\n");
        assert_eq!(
            (state.view.filter.as_str(), state.view.typing),
            ("moons", true)
        );
    }

    #[test]
    fn a_run_that_cannot_be_read_is_not_opened() {
        let mut state = fixtures::folder();
        press(&mut state, "\n");
        assert_eq!(state.view.request, None);
        assert!(state.view.notice.as_ref().unwrap().contains("start"));
        press(&mut state, "j\n");
        assert_eq!(state.view.request, Some(RunsRequest::Open(0)));
    }

    #[test]
    fn marks_come_and_go_and_end_with_the_letters() {
        let mut state = fixtures::many(40);
        for _ in 0..40 {
            press(&mut state, " j");
        }
        assert_eq!(state.view.marked.len(), MOST);
        press(&mut state, "g ");
        assert_eq!(state.view.marked.len(), MOST - 1);
        press(&mut state, "u");
        assert!(state.view.marked.is_empty());
    }

    #[test]
    fn the_cursor_stays_on_the_axis_and_always_moves() {
        for log_x in ["", "x"] {
            let mut state = fixtures::folder();
            press(&mut state, log_x);
            press(&mut state, "c");
            assert_eq!(state.view.overlay.cursor, Some(150.0));
            press(&mut state, "h");
            let first = state.view.overlay.cursor.unwrap();
            assert!(first < 150.0 && first > 130.0);
            press(&mut state, &"h".repeat(200));
            assert!(state.view.overlay.cursor.unwrap() <= 10.0);
            press(&mut state, &"l".repeat(200));
            assert!(state.view.overlay.cursor.unwrap() >= 150.0);
            press(&mut state, "c");
            assert_eq!(state.view.overlay.cursor, None);
        }
    }
}
