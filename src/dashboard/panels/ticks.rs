//! Ticks of events, shared by all charts, each with its letter at the top; and the line of the cursor.

use ratatui::buffer::Buffer;

use super::chart::Frame;
use crate::dashboard::journal::Kind;
use crate::dashboard::paint;
use crate::dashboard::state::{Mark, State};
use crate::dashboard::theme::Theme;

/// What has a tick, the least important first: where several stand in one column, the last of them in this order is seen.
const ORDER: [Kind; 6] = [
    Kind::Resample,
    Kind::Checkpoint,
    Kind::Best,
    Kind::Rate,
    Kind::Edit,
    Kind::Rollback,
];

/// Columns a tick of what happens all the time must have on average, so that they can be told apart.
const SPACING: usize = 4;

/// The ticks that are seen, the least important first.
fn seen(state: &State, frame: &Frame) -> Vec<Mark> {
    let best = state.best.map(|best| Mark {
        iteration: best.iteration,
        kind: Kind::Best,
    });
    let marks = || state.marks.iter().copied().chain(best);
    let of =
        |kind| marks().filter(move |mark| mark.kind == kind && frame.window.holds(mark.iteration));
    let most = usize::from(frame.plot.width) / SPACING;
    let few = |&kind: &Kind| {
        !matches!(kind, Kind::Resample | Kind::Checkpoint) || of(kind).count() <= most
    };
    ORDER.into_iter().filter(few).flat_map(of).collect()
}

/// A thin line for each event, and the cursor.
pub fn lines(state: &State, frame: &Frame, theme: &Theme, buffer: &mut Buffer) {
    let marks = seen(state, frame).into_iter().map(|mark| mark.iteration);
    let marks = marks.map(|at| (at, theme.lines().1, theme.dim()));
    let cursor = state.view.lens.cursor(frame.window);
    let cursor = cursor.map(|at| (at, theme.side(), theme.strong()));
    for (iteration, symbol, style) in marks.chain(cursor) {
        for row in 0..frame.plot.height {
            let place = (frame.column(iteration), row);
            paint::at(buffer, frame.plot, place, symbol, style);
        }
    }
}

/// The letters in the first row, above the curves; in the second where the first holds a mark of values outside or not finite.
pub fn letters(state: &State, frame: &Frame, theme: &Theme, buffer: &mut Buffer) {
    for mark in seen(state, frame) {
        let (letter, style) = theme.kind(mark.kind);
        let column = frame.column(mark.iteration);
        let top = buffer.cell((frame.plot.x + column, frame.plot.y));
        let marks = [theme.broken(), theme.beyond().0];
        let taken = top.is_some_and(|cell| marks.contains(&cell.symbol()));
        paint::at(
            buffer,
            frame.plot,
            (column, u16::from(taken)),
            letter,
            style,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::axis::{Axis, Scale};
    use crate::dashboard::sample;
    use crate::dashboard::theme::Markers;
    use crate::dashboard::window::Window;
    use crate::event::Event;
    use ratatui::layout::Rect;

    const THEME: Theme = Theme {
        markers: Markers::Ascii,
        colour: false,
    };

    fn frame(last: u64) -> Frame {
        Frame {
            plot: Rect::new(0, 0, 21, 3),
            window: Window {
                first: 0,
                last,
                log: false,
            },
            axis: Axis::fit(0.0, 1.0, Scale::Linear),
            factor: 1.0,
        }
    }

    /// The first two rows.
    fn drawn(state: &State, frame: &Frame) -> [String; 2] {
        let mut buffer = Buffer::empty(frame.plot);
        lines(state, frame, &THEME, &mut buffer);
        letters(state, frame, &THEME, &mut buffer);
        [0, 1].map(|y| (0..21).map(|x| buffer[(x, y)].symbol()).collect())
    }

    fn checkpoint(iteration: u64) -> Event {
        Event::Checkpoint {
            iteration,
            path: "a".into(),
        }
    }

    #[test]
    fn the_most_important_of_a_column_is_seen() {
        let mut state = sample::run();
        for iteration in [100, 120, 200] {
            state.apply(checkpoint(iteration), 0.0);
            state.apply(Event::Resample { iteration }, 0.0);
        }
        let rows = drawn(&state, &frame(400));
        assert_eq!(rows[0], "     we   d   !   b  ");
        assert_eq!(rows[1], "     ::   :   :   :  ");
    }

    #[test]
    fn new_batches_are_seen_only_where_they_can_be_told_apart() {
        let mut state = sample::started();
        for iteration in (25..=400).step_by(25) {
            state.apply(Event::Resample { iteration }, 0.0);
        }
        assert_eq!(drawn(&state, &frame(400))[0].trim(), "");
        assert_eq!(drawn(&state, &frame(100))[0], "     s    s    s    s");
    }

    #[test]
    fn a_letter_goes_below_a_mark_and_the_cursor_has_a_line() {
        let mut state = sample::run();
        state.view.lens.cursor = Some(40);
        let frame = frame(400);
        let mut buffer = Buffer::empty(frame.plot);
        buffer[(6, 0)].set_symbol(THEME.beyond().0);
        lines(&State::default(), &frame, &THEME, &mut buffer);
        letters(&state, &frame, &THEME, &mut buffer);
        assert_eq!(buffer[(6, 0)].symbol(), "^");
        assert_eq!(buffer[(6, 1)].symbol(), "e");
        assert_eq!(drawn(&state, &frame)[1].find('|'), Some(2));
    }
}
