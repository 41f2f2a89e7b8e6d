//! What part of the curves is seen and how: the scales, the window of iterations, the cursor, the smoothing. It has no size of a
//! screen in it, so steps are shares of the window.

use crossterm::event::KeyCode;

use super::axis::Scale;
use super::component::Component;
use super::history::Smoothing;
use super::keys::{Action, Binding, Key, row};
use super::state::State;
use super::window::Window;

/// Least width of a window, iterations.
const LEAST: u64 = 4;
/// Share of the window that the cursor moves by.
const STEP: f64 = 0.02;
/// Share of the window that it is moved by.
const PAN: f64 = 0.25;

/// Which iterations are seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// All.
    #[default]
    All,
    /// So many up to the newest.
    Newest(u64),
    /// From one to another.
    Between(u64, u64),
}

/// How the loss charts are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lens {
    /// Of the values. Log turns symmetric in the charts that hold values not above 0.
    pub scale: Scale,
    /// Whether iterations stand by decades.
    pub log_x: bool,
    /// Which iterations.
    pub reach: Reach,
    /// Iteration that is read out.
    pub cursor: Option<u64>,
    /// What is drawn over the values.
    pub smoothing: Smoothing,
    /// Whether outliers are left out of the range of the values, and marked at its edge.
    pub robust: bool,
    /// Last iteration of a start by matching, once it is over; else 0.
    pub start: u64,
}

/// What a key of the loss charts asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Linear or log iterations.
    LogX,
    /// Half the window.
    In,
    /// Twice the window.
    Out,
    /// Cursor or window to the left.
    Left,
    /// Cursor or window to the right.
    Right,
    /// Keep the newest iteration in the window.
    Follow,
    /// All iterations.
    All,
    /// With or without outliers in the range.
    Robust,
    /// With or without a cursor.
    Cursor,
    /// The next smoothing.
    Smooth,
}

/// Keys of the loss charts.
pub const KEYS: &[Binding] = &[
    key(
        &[Key::letter('+')],
        Act::In,
        "half the iterations, about the cursor or the right end",
    ),
    key(&[Key::letter('-')], Act::Out, "twice the iterations"),
    key(
        &[Key::plain(KeyCode::Left), Key::letter('h')],
        Act::Left,
        "cursor or window to the left",
    ),
    key(
        &[Key::plain(KeyCode::Right), Key::letter('l')],
        Act::Right,
        "cursor or window to the right",
    ),
    key(
        &[Key::letter('f')],
        Act::Follow,
        "follow the newest iteration",
    ),
    key(
        &[Key::letter('0'), Key::letter('=')],
        Act::All,
        "all iterations",
    ),
    key(
        &[Key::letter('c')],
        Act::Cursor,
        "cursor that reads all charts out",
    ),
    key(
        &[Key::letter('a')],
        Act::Smooth,
        "average over iterations: off, 0.9, 0.98",
    ),
    key(
        &[Key::letter('r')],
        Act::Robust,
        "outliers at the edge, marked, or in the range",
    ),
    key(&[Key::letter('x')], Act::LogX, "iterations linear or log"),
];

const fn key(keys: &'static [Key], act: Act, help: &'static str) -> Binding {
    row(keys, Action::Lens(act), None, help)
}

/// Does what a key asks for.
pub fn act(state: &mut State, act: Act) {
    let span = state.span();
    let lens = &mut state.view.lens;
    match act {
        Act::LogX => lens.log_x = !lens.log_x,
        Act::All => lens.reach = Reach::All,
        Act::Robust => lens.robust = !lens.robust,
        Act::Smooth => lens.smoothing = lens.smoothing.next(),
        Act::In | Act::Out | Act::Left | Act::Right | Act::Follow | Act::Cursor => {
            if let Some(span) = span {
                lens.travel(act, span);
            }
        }
    }
}

/// The next scale of the values: symmetric only where log alone doesn't do.
pub fn scale(state: &mut State) {
    let all = Component::ALL.into_iter();
    let ranges = all.flat_map(|component| {
        let both = [&state.training, &state.validation];
        both.map(|history| history.series(component).range())
    });
    let positive = ranges.flatten().all(|range| range.0 > 0.0);
    let lens = &mut state.view.lens;
    lens.scale = match lens.scale {
        Scale::Linear => Scale::Log,
        Scale::Log if !positive => Scale::SymLog,
        Scale::Log | Scale::SymLog => Scale::Linear,
    };
}

impl Lens {
    /// The part of `span` that is seen.
    pub fn window(&self, span: (u64, u64)) -> Window {
        let inside = |iteration: u64| iteration.clamp(span.0, span.1.max(span.0));
        let (first, last) = match self.reach {
            Reach::All => span,
            Reach::Newest(width) => (inside(span.1.saturating_sub(width)), span.1),
            Reach::Between(first, last) => (inside(first), inside(last)),
        };
        Window {
            first,
            last: last.max(first),
            log: self.log_x,
            start: self.start,
        }
    }

    /// The iteration that is read out: the cursor, or the edge of the window that it is beyond.
    pub fn cursor(&self, window: Window) -> Option<u64> {
        Some(self.cursor?.clamp(window.first, window.last))
    }

    fn travel(&mut self, act: Act, span: (u64, u64)) {
        let window = self.window(span);
        let cursor = self.cursor(window);
        match (act, cursor) {
            (Act::In, _) => self.zoom(0.5, span),
            (Act::Out, _) => self.zoom(2.0, span),
            (Act::Left, Some(_)) => self.walk(-STEP, span),
            (Act::Right, Some(_)) => self.walk(STEP, span),
            (Act::Left, None) => self.pan((-PAN).max(window.across(span.0)), span),
            (Act::Right, None) => self.pan(PAN.min(window.across(span.1) - 1.0), span),
            (Act::Follow, _) => self.reach = Reach::Newest(window.last - window.first),
            (Act::Cursor, Some(_)) => self.cursor = None,
            (Act::Cursor, None) => self.cursor = Some(window.last),
            _ => {}
        }
    }

    fn zoom(&mut self, factor: f64, span: (u64, u64)) {
        let window = self.window(span);
        let centre = window.across(self.cursor(window).unwrap_or(window.last));
        let ends = window.part(centre - centre * factor, centre + (1.0 - centre) * factor);
        if factor > 1.0 || ends.last.saturating_sub(ends.first) >= LEAST {
            self.look(ends, span);
        }
    }

    /// Moves the window by a share of its width.
    fn pan(&mut self, share: f64, span: (u64, u64)) {
        let ends = self.window(span).part(share, 1.0 + share);
        self.look(ends, span);
    }

    /// Moves the cursor by a share of the window, and the window along with it.
    fn walk(&mut self, share: f64, span: (u64, u64)) {
        let window = self.window(span);
        let Some(from) = self.cursor(window) else {
            return;
        };
        let aim = window.at(window.across(from) + share);
        let aim = if share < 0.0 {
            aim.min(from.saturating_sub(1))
        } else {
            aim.max(from.saturating_add(1))
        };
        let to = aim.clamp(span.0, span.1.max(span.0));
        self.cursor = Some(to);
        let place = window.across(to);
        if !window.holds(to) {
            self.pan(place - place.clamp(0.0, 1.0), span);
        }
    }

    /// Takes up a window. One that ended at the newest iteration and still does goes on following it.
    fn look(&mut self, ends: Window, span: (u64, u64)) {
        let (first, last) = (ends.first.max(span.0), ends.last.min(span.1));
        let follows = !matches!(self.reach, Reach::Between(..)) && last == span.1;
        self.reach = match () {
            () if (first, last) == span => Reach::All,
            () if follows => Reach::Newest(last.saturating_sub(first)),
            () => Reach::Between(first, last),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::super::update::update;
    use super::*;

    /// A run of so many iterations.
    fn run(iterations: u64) -> State {
        let mut state = sample::started();
        for i in 1..=iterations {
            state.apply(sample::iteration(i, 1.0), 0.0);
        }
        state
    }

    fn press(state: &mut State, keys: &str) {
        for letter in keys.chars() {
            update(state, Key::letter(letter));
        }
    }

    fn seen(state: &State) -> (u64, u64) {
        let window = state.view.lens.window(state.span().unwrap());
        (window.first, window.last)
    }

    #[test]
    fn zooming_halves_at_the_right_end_and_follows() {
        let mut state = run(801);
        press(&mut state, "++");
        assert_eq!(seen(&state), (601, 801));
        state.apply(sample::iteration(802, 1.0), 0.0);
        assert_eq!(seen(&state), (602, 802));
        press(&mut state, "--");
        state.apply(sample::iteration(803, 1.0), 0.0);
        assert!(seen(&state).1 == 803 && seen(&state).0 <= 4);
        press(&mut state, "-");
        assert_eq!(
            (seen(&state), state.view.lens.reach),
            ((1, 803), Reach::All)
        );
    }

    #[test]
    fn a_window_moved_to_the_left_stays_until_asked_to_follow() {
        let mut state = run(801);
        press(&mut state, "++hh");
        assert_eq!(seen(&state), (501, 701));
        state.apply(sample::iteration(802, 1.0), 0.0);
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
        assert_eq!(state.view.lens.cursor, Some(1001));
        press(&mut state, &"h".repeat(25));
        assert_eq!(state.view.lens.cursor, Some(501));
        press(&mut state, "+");
        assert_eq!(seen(&state), (251, 751));
        press(&mut state, &"h".repeat(30));
        let cursor = state.view.lens.cursor.unwrap();
        assert_eq!(cursor, 201);
        assert_eq!(seen(&state), (201, 701));
        press(&mut state, "c");
        assert_eq!(state.view.lens.cursor, None);
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
            let mut state = sample::started();
            state.apply(sample::iteration(1, value), 0.0);
            [0; 3].map(|_| {
                press(&mut state, "y");
                state.view.lens.scale
            })
        };
        assert_eq!(scales(1.0), [Scale::Log, Scale::Linear, Scale::Log]);
        assert_eq!(scales(0.0), [Scale::Log, Scale::SymLog, Scale::Linear]);
    }

    #[test]
    fn any_keys_keep_the_window_and_the_cursor_inside_the_run() {
        let keys = ['+', '-', 'h', 'l', 'f', '0', 'c', 'x', 'a', 'r', 'y'];
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
                let window = state.view.lens.window(span);
                assert!(span.0 <= window.first && window.last <= span.1);
                let least = LEAST.min(span.1 - span.0);
                assert!(
                    window.last - window.first >= least.min(2),
                    "{:?}",
                    state.view.lens
                );
                let cursor = state.view.lens.cursor(window);
                assert!(cursor.is_none_or(|at| window.holds(at)));
            }
        }
    }
}
