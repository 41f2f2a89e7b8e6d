//! Ticks of events, shared by all charts, each with its letter at the top; and the line of the cursor. The canvas is that of the plot.

use std::collections::BTreeMap;

use super::frame::ChartFrame;
use crate::dashboard::canvas::Canvas;
use crate::dashboard::state::State;
use crate::dashboard::state::log::{ChartTick, LogKind};

/// The kinds that have a tick, the least important first: where several stand in one column, the last of them in this order is seen.
const ORDER: [LogKind; 7] = [
    LogKind::Resample,
    LogKind::Checkpoint,
    LogKind::Best,
    LogKind::Matched,
    LogKind::Rate,
    LogKind::Edit,
    LogKind::Rollback,
];

/// Columns a tick must have on average to be told from others of its kind. Those of a kind that has less are left out, but
/// for what nobody may miss: edits and rollbacks.
const SPACING: usize = 4;

/// Whether the tick of a column stands close between two others: lines at all of them would hide the curves.
fn crowded(ticks: &BTreeMap<u16, LogKind>, column: u16) -> bool {
    let near = SPACING as u16 - 1;
    let any = |columns| ticks.range::<u16, _>(columns).next().is_some();
    any(column.saturating_sub(near)..column) && any(column + 1..column + 1 + near)
}

/// The kinds of the ticks by their columns.
pub fn by_column(state: &State, frame: &ChartFrame) -> BTreeMap<u16, LogKind> {
    let best = state.best.map(|best| ChartTick {
        iteration: best.iteration,
        kind: LogKind::Best,
    });
    let ticks = state.ticks.iter().copied().chain(best);
    let ticks: Vec<_> = ticks
        .filter(|tick| frame.window.holds(tick.iteration))
        .collect();
    let of = |kind| ticks.iter().filter(move |tick| tick.kind == kind);
    let most = usize::from(frame.plot.width) / SPACING;
    let few = |&kind: &LogKind| {
        matches!(kind, LogKind::Edit | LogKind::Rollback) || of(kind).count() <= most
    };
    let all = ORDER.into_iter().filter(few).flat_map(of);
    // The last of a column stays.
    all.map(|tick| (frame.column(tick.iteration), tick.kind))
        .collect()
}

/// Draws a thin line for each event that is neither routine nor crowded, and the cursor.
pub fn draw_lines(
    state: &State,
    ticks: &BTreeMap<u16, LogKind>,
    frame: &ChartFrame,
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    // What comes by itself every so often has its letter alone: a fence of lines would hide the curves.
    let rare = |kind: &LogKind| !matches!(kind, LogKind::Resample | LogKind::Checkpoint);
    let alone = ticks
        .iter()
        .filter(|&(&column, kind)| rare(kind) && !crowded(ticks, column));
    let ticks = alone.map(|(&column, _)| (column, theme.rules().vertical, theme.dim()));
    let cursor = state.view.losses.cursor(frame.window);
    let cursor = cursor.map(|at| (frame.column(at), theme.side(), theme.strong()));
    for (column, symbol, style) in ticks.chain(cursor) {
        for row in 0..frame.plot.height {
            canvas.replace((column, row), symbol, style);
        }
    }
}

/// Draws the letters, each in the first row that the curves and ticks leave free; at the top if there is none. Those of a crowd stand
/// in the top row, as far as that is free; a rollback's is never left out.
pub fn draw_letters(ticks: &BTreeMap<u16, LogKind>, frame: &ChartFrame, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let lines = [" ", theme.rules().vertical, theme.side()];
    for (&column, &kind) in ticks {
        let letter = theme.kind(kind);
        let free = |row: &u16| {
            let cell = canvas
                .buffer
                .cell((frame.plot.x + column, frame.plot.y + row));
            cell.is_some_and(|cell| lines.contains(&cell.symbol()))
        };
        let row = (0..frame.plot.height).find(free).unwrap_or(0);
        if row > 0 && kind != LogKind::Rollback && crowded(ticks, column) {
            continue;
        }
        canvas.replace((column, row), letter.text, letter.style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::axis::{Axis, AxisScale};
    use crate::dashboard::fixtures;
    use crate::dashboard::range::ValueRange;
    use crate::dashboard::theme::{Depth, Markers, Theme};
    use crate::dashboard::window::Window;
    use crate::event::Event;
    use crate::session::Applies;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    const THEME: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
    };

    fn frame(last: u64) -> ChartFrame {
        ChartFrame {
            plot: Rect::new(0, 0, 21, 3),
            window: Window {
                first: 0,
                last,
                log: false,
                matching_end: 0,
            },
            axis: Axis::fit(
                ValueRange {
                    low: 0.0,
                    high: 1.0,
                },
                AxisScale::Linear,
            ),
            factor: 1.0,
            markers: Markers::Ascii,
        }
    }

    /// The first two rows.
    fn drawn(state: &State, frame: &ChartFrame) -> [String; 2] {
        let mut buffer = Buffer::empty(frame.plot);
        let ticks = by_column(state, frame);
        let canvas = &mut Canvas::whole(&THEME, &mut buffer);
        draw_lines(state, &ticks, frame, canvas);
        draw_letters(&ticks, frame, canvas);
        [0, 1].map(|y| (0..21).map(|x| buffer[(x, y)].symbol()).collect())
    }

    fn checkpoint(iteration: u64) -> Event {
        Event::Checkpoint {
            iteration,
            path: "a".into(),
        }
    }

    fn edit(iteration: u64) -> Event {
        let [field, old, new] = ["optimizer.lr", "0.1", "0.2"].map(String::from);
        Event::Edit {
            iteration,
            field,
            old,
            new,
            applies: Applies::Live,
        }
    }

    #[test]
    fn the_most_important_of_a_column_is_seen() {
        let mut state = fixtures::run();
        for iteration in [100, 120, 200] {
            state.apply(checkpoint(iteration), 0.0);
            state.apply(Event::Resample { iteration }, 0.0);
        }
        let rows = drawn(&state, &frame(400));
        assert_eq!(rows[0], "     we   d   !   b  ");
        // Of the three, the checkpoint is routine.
        assert_eq!(rows[1], "      :   :   :   :  ");
    }

    #[test]
    fn routine_is_seen_only_where_its_ticks_can_be_told_apart() {
        let mut state = fixtures::started();
        for iteration in 101..=120 {
            let (old, new) = (1.0, 0.5);
            state.apply(
                Event::Rate {
                    iteration,
                    old,
                    new,
                },
                0.0,
            );
        }
        for iteration in (25..=400).step_by(25) {
            state.apply(Event::Resample { iteration }, 0.0);
        }
        assert_eq!(drawn(&state, &frame(400))[0].trim(), "");
        assert_eq!(drawn(&state, &frame(100))[0], "     s    s    s    s");
    }

    #[test]
    fn a_crowd_of_edits_is_a_row_of_letters_and_hides_no_curve() {
        let mut state = fixtures::started();
        for iteration in 100..300 {
            state.apply(edit(iteration), 0.0);
        }
        let frame = frame(400);
        assert_eq!(
            drawn(&state, &frame),
            ["     eeeeeeeeeee     ", "     :         :     "]
        );
        let mut buffer = Buffer::empty(frame.plot);
        (7..9).for_each(|x| _ = buffer[(x, 0)].set_symbol("."));
        let canvas = &mut Canvas::whole(&THEME, &mut buffer);
        draw_letters(&by_column(&state, &frame), &frame, canvas);
        let row = |y| -> String { (0..21).map(|x| buffer[(x, y)].symbol()).collect() };
        assert_eq!(
            [row(0), row(1)].map(|row| row.trim().to_owned()),
            ["ee..eeeeeee", ""]
        );
    }

    #[test]
    fn a_rollback_in_a_crowd_has_its_letter() {
        let mut state = fixtures::started();
        (100..300).for_each(|iteration| state.apply(edit(iteration), 0.0));
        let (iteration, to, left) = (200, 199, 4);
        let (quantity, lr) = ("C".into(), 0.1);
        state.apply(
            Event::Rollback {
                finding: "is not finite".into(),
                iteration,
                quantity,
                to,
                lr,
                left,
            },
            0.0,
        );
        let frame = frame(400);
        let mut buffer = Buffer::empty(frame.plot);
        buffer[(10, 0)].set_symbol(".");
        let canvas = &mut Canvas::whole(&THEME, &mut buffer);
        draw_letters(&by_column(&state, &frame), &frame, canvas);
        assert_eq!(buffer[(10, 1)].symbol(), "!");
    }

    #[test]
    fn a_letter_hides_no_mark_and_the_cursor_has_a_line() {
        let mut state = fixtures::run();
        state.view.losses.cursor = Some(40);
        let frame = frame(400);
        let mut buffer = Buffer::empty(frame.plot);
        buffer[(6, 0)].set_symbol(THEME.beyond().up);
        let canvas = &mut Canvas::whole(&THEME, &mut buffer);
        draw_letters(&by_column(&state, &frame), &frame, canvas);
        assert_eq!(buffer[(6, 0)].symbol(), "^");
        assert_eq!(buffer[(6, 1)].symbol(), "e");
        assert_eq!(drawn(&state, &frame)[1].find('|'), Some(2));
    }
}
