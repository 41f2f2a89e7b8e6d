//! The keys of the losses pane: they move the window and the cursor, and choose scales and averages. Steps are shares of the window,
//! since the state knows no size of a screen.

use crate::dashboard::action::LossesAction;
use crate::dashboard::axis::AxisScale;
use crate::dashboard::component::Component;
use crate::dashboard::range::IterationSpan;
use crate::dashboard::state::State;
use crate::dashboard::state::losses::{ChartPage, IterationRange, LossesView, Outliers};
use crate::dashboard::state::series::Series;
use crate::dashboard::window::Window;

/// Least width of a window, iterations.
const LEAST: u64 = 4;
/// Share of the window that the cursor moves by.
const STEP: f64 = 0.02;
/// Share of its width that the window moves by.
const PAN: f64 = 0.25;

/// Changes the state of the pane as a key asks.
pub fn update(state: &mut State, action: LossesAction) {
    let (span, with_start) = (state.span(), state.matching.is_some());
    let view = &mut state.view.losses;
    match action {
        LossesAction::Page => view.page = view.page.next(with_start),
        LossesAction::LogX => view.log_x = !view.log_x,
        LossesAction::All => view.range = IterationRange::All,
        LossesAction::Outliers => {
            view.outliers = match view.outliers {
                Outliers::Included => Outliers::Marked,
                Outliers::Marked => Outliers::Included,
            }
        }
        LossesAction::Smooth => view.smoothing = view.smoothing.next(),
        LossesAction::In
        | LossesAction::Out
        | LossesAction::Left
        | LossesAction::Right
        | LossesAction::Follow
        | LossesAction::Cursor => {
            if let Some(span) = span {
                move_view(view, action, span);
            }
        }
    }
}

/// Takes the next scale of the values of the page: symmetric only where log alone doesn't do.
pub fn next_scale(state: &mut State) {
    let page = state.view.losses.page;
    let ranges = series(state, page).into_iter().filter_map(Series::range);
    let positive = ranges.into_iter().all(|range| range.low > 0.0);
    let scales = &mut state.view.losses.scales;
    let next = match scales.of(page) {
        AxisScale::Linear => AxisScale::Log,
        AxisScale::Log if !positive => AxisScale::SymLog,
        AxisScale::Log | AxisScale::SymLog => AxisScale::Linear,
    };
    scales.set(page, next);
}

/// The curves of a page whose scale can be chosen: C - H is always on a log axis.
fn series(state: &State, page: ChartPage) -> Vec<&Series> {
    let both = |component| [&state.training, &state.validation].map(|of| of.series(component));
    let measures = &state.measures;
    match page {
        ChartPage::Losses => Component::ALL.into_iter().flat_map(both).collect(),
        ChartPage::Fit => both(Component::C)
            .into_iter()
            .chain([&measures.gap])
            .collect(),
        ChartPage::Steps => vec![&measures.rate, &measures.gradient, &measures.update],
        ChartPage::Matching => state.matching.iter().map(|start| &start.curve).collect(),
    }
}

/// Moves or resizes the window, or moves the cursor.
fn move_view(view: &mut LossesView, action: LossesAction, span: IterationSpan) {
    let window = view.window(span);
    let cursor = view.cursor(window);
    let (newest, oldest) = (window.across(span.last), window.across(span.first));
    match (action, cursor) {
        (LossesAction::In, _) => zoom(view, 0.5, span),
        (LossesAction::Out, _) => zoom(view, 2.0, span),
        (LossesAction::Left, Some(_)) => move_cursor(view, -STEP, span),
        (LossesAction::Right, Some(_)) => move_cursor(view, STEP, span),
        (LossesAction::Left, None) => pan(view, (-PAN).max(oldest), span),
        (LossesAction::Right, None) => pan(view, PAN.min(newest - 1.0), span),
        (LossesAction::Follow, _) => {
            view.range = IterationRange::Newest(window.last - window.first);
        }
        (LossesAction::Cursor, Some(_)) => view.cursor = None,
        (LossesAction::Cursor, None) => view.cursor = Some(window.last),
        _ => {}
    }
}

fn zoom(view: &mut LossesView, factor: f64, span: IterationSpan) {
    let window = view.window(span);
    let centre = window.across(view.cursor(window).unwrap_or(window.last));
    let ends = window.part(centre - centre * factor, centre + (1.0 - centre) * factor);
    if factor > 1.0 || ends.last.saturating_sub(ends.first) >= LEAST {
        show(view, ends, span);
    }
}

/// Moves the window by a share of its width.
fn pan(view: &mut LossesView, share: f64, span: IterationSpan) {
    let ends = view.window(span).part(share, 1.0 + share);
    show(view, ends, span);
}

/// Moves the cursor by a share of the window, and the window along with it.
fn move_cursor(view: &mut LossesView, share: f64, span: IterationSpan) {
    let window = view.window(span);
    let Some(from) = view.cursor(window) else {
        return;
    };
    let aim = window.at(window.across(from) + share);
    let aim = if share < 0.0 {
        aim.min(from.saturating_sub(1))
    } else {
        aim.max(from.saturating_add(1))
    };
    let to = aim.clamp(span.first, span.last.max(span.first));
    view.cursor = Some(to);
    let place = window.across(to);
    if !window.holds(to) {
        pan(view, place - place.clamp(0.0, 1.0), span);
    }
}

/// Shows a window. One that ended at the newest iteration and still does goes on following it.
fn show(view: &mut LossesView, ends: Window, span: IterationSpan) {
    let shown = IterationSpan {
        first: ends.first.max(span.first),
        last: ends.last.min(span.last),
    };
    let follows = !matches!(view.range, IterationRange::Fixed(_)) && shown.last == span.last;
    view.range = match () {
        () if shown == span => IterationRange::All,
        () if follows => IterationRange::Newest(shown.last.saturating_sub(shown.first)),
        () => IterationRange::Fixed(shown),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::keys::Key;
    use crate::dashboard::update::update;

    /// A run of a number of iterations.
    fn run(iterations: u64) -> State {
        let mut state = fixtures::started();
        for i in 1..=iterations {
            state.apply(fixtures::iteration(i, 1.0), 0.0);
        }
        state
    }

    fn press(state: &mut State, keys: &str) {
        for letter in keys.chars() {
            update(state, Key::letter(letter));
        }
    }

    fn seen(state: &State) -> (u64, u64) {
        let window = state.view.losses.window(state.span().unwrap());
        (window.first, window.last)
    }

    #[test]
    fn zooming_halves_at_the_right_end_and_follows() {
        let mut state = run(801);
        press(&mut state, "++");
        assert_eq!(seen(&state), (601, 801));
        state.apply(fixtures::iteration(802, 1.0), 0.0);
        assert_eq!(seen(&state), (602, 802));
        press(&mut state, "--");
        state.apply(fixtures::iteration(803, 1.0), 0.0);
        assert!(seen(&state).1 == 803 && seen(&state).0 <= 4);
        press(&mut state, "-");
        assert_eq!(
            (seen(&state), state.view.losses.range),
            ((1, 803), IterationRange::All)
        );
    }

    #[test]
    fn a_window_moved_to_the_left_stays_until_asked_to_follow() {
        let mut state = run(801);
        press(&mut state, "++hh");
        assert_eq!(seen(&state), (501, 701));
        state.apply(fixtures::iteration(802, 1.0), 0.0);
        assert_eq!(seen(&state), (501, 701));
        press(&mut state, "llllll");
        assert_eq!(seen(&state), (602, 802));
        press(&mut state, "hf");
        assert_eq!(seen(&state), (602, 802));
        press(&mut state, "h0");
        assert_eq!(seen(&state), (1, 802));
    }

    #[test]
    fn the_cursor_is_the_centre_of_zooming_and_pulls_the_window_along() {
        let mut state = run(1001);
        press(&mut state, "c");
        assert_eq!(state.view.losses.cursor, Some(1001));
        press(&mut state, &"h".repeat(25));
        assert_eq!(state.view.losses.cursor, Some(501));
        press(&mut state, "+");
        assert_eq!(seen(&state), (251, 751));
        press(&mut state, &"h".repeat(30));
        let cursor = state.view.losses.cursor.unwrap();
        assert_eq!(cursor, 201);
        assert_eq!(seen(&state), (201, 701));
        press(&mut state, "c");
        assert_eq!(state.view.losses.cursor, None);
    }

    #[test]
    fn zooming_out_undoes_zooming_in_with_log_iterations() {
        let mut state = run(10_000);
        press(&mut state, "x+");
        assert_eq!(seen(&state), (100, 10_000));
        press(&mut state, "-");
        assert_eq!(seen(&state), (1, 10_000));
    }

    #[test]
    fn scales_go_round_and_meet_symmetric_log_only_where_it_is_needed() {
        let scales = |value| {
            let mut state = fixtures::started();
            state.apply(fixtures::iteration(1, value), 0.0);
            [0; 3].map(|_| {
                press(&mut state, "y");
                state.view.losses.scales.of(ChartPage::Losses)
            })
        };
        assert_eq!(
            scales(1.0),
            [AxisScale::Log, AxisScale::Linear, AxisScale::Log]
        );
        assert_eq!(
            scales(0.0),
            [AxisScale::Log, AxisScale::SymLog, AxisScale::Linear]
        );
    }

    #[test]
    fn pages_go_round_and_keep_a_scale_each() {
        let pages = |mut state: State| {
            ChartPage::ALL.map(|_| {
                press(&mut state, "m");
                state.view.losses.page
            })
        };
        use ChartPage::{Fit, Losses, Matching, Steps};
        assert_eq!(pages(run(3)), [Fit, Steps, Losses, Fit]);
        let start = fixtures::started_by_matching(250);
        assert_eq!(pages(start), [Fit, Steps, Matching, Losses]);
        let mut state = run(3);
        press(&mut state, "ymm");
        let scale = |state: &State, page| state.view.losses.scales.of(page);
        assert_eq!(scale(&state, Losses), AxisScale::Log);
        assert_eq!(scale(&state, Steps), AxisScale::Log);
        press(&mut state, "y");
        assert_eq!(scale(&state, Steps), AxisScale::Linear);
        assert_eq!(scale(&state, Losses), AxisScale::Log);
    }

    #[test]
    fn the_page_of_a_start_shows_its_iterations() {
        let mut state = fixtures::started_by_matching(260);
        assert_eq!(seen(&state), (1, 260));
        press(&mut state, "mmm");
        assert_eq!(seen(&state), (1, 200));
    }

    #[test]
    fn any_keys_keep_the_window_and_the_cursor_inside_the_run() {
        let keys = ['+', '-', 'h', 'l', 'f', '0', 'c', 'x', 'a', 'r', 'y', 'm'];
        let mut turn = 12_345_u64;
        for iterations in [0, 1, 2, 5, 3000] {
            let mut state = run(iterations);
            for _ in 0..3000 {
                turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                press(
                    &mut state,
                    &keys[(turn >> 33) as usize % keys.len()].to_string(),
                );
                let Some(span) = state.span() else { continue };
                let window = state.view.losses.window(span);
                assert!(span.first <= window.first && window.last <= span.last);
                let least = LEAST.min(span.last - span.first);
                assert!(
                    window.last - window.first >= least.min(2),
                    "{:?}",
                    state.view.losses
                );
                let cursor = state.view.losses.cursor(window);
                assert!(cursor.is_none_or(|at| window.holds(at)));
            }
        }
    }
}
