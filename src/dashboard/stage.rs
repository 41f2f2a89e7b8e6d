//! What of the flow is looked at: which views, which columns, and where on their paths the particles are. Keys change it;
//! while it plays, the place follows from the time alone.

use crossterm::event::KeyCode;

use super::keys::{Action, Binding, Key, row};
use super::pane::Pane;
use super::state::State;
use crate::event::Start;
use crate::session::Data;

/// Seconds that particles take along their paths.
const SWEEP: f64 = 5.0;
/// Rest at the end before they start again, as a share of the sweep.
const HOLD: f64 = 0.2;
/// What a key moves them, as a share of the paths.
const STEP: f64 = 0.05;
/// Frames a second while it plays.
const FRAMES: f64 = 10.0;

/// Views that share the pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Data and generated samples; with the two others where there is room.
    #[default]
    Data,
    /// f(x) and f^-1(f(x)).
    Inverse,
    /// The density of the model.
    Density,
    /// Particles on their paths.
    Paths,
}

/// What of the flow is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The views.
    pub show: Show,
    /// The data samples are drawn over the density.
    pub samples: bool,
    /// Particles go from the normal to the data.
    pub backward: bool,
    /// Columns wanted on the two axes, from 0; there may be fewer.
    columns: [usize; 2],
    /// Share of the way done when play began, or since it stands still.
    reached: f64,
    /// When play began.
    since: Option<f64>,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            show: Show::default(),
            samples: false,
            backward: false,
            columns: [0, 1],
            reached: 0.0,
            since: None,
        }
    }
}

impl Stage {
    /// Share of the way done, 0 to 1.
    pub fn share(&self, now: f64) -> f64 {
        let played = self.since.map_or(0.0, |since| (now - since) / SWEEP);
        ((self.reached + played) % (1.0 + HOLD)).clamp(0.0, 1.0)
    }

    /// Time of the flow: 0 at the data, 1 at the normal.
    pub fn time(&self, now: f64) -> f64 {
        let share = self.share(now);
        if self.backward { 1.0 - share } else { share }
    }

    /// Columns on the two axes, of so many.
    pub fn columns(&self, dimension: usize) -> [usize; 2] {
        self.columns
            .map(|column| column.min(dimension.saturating_sub(1)))
    }
}

/// Name of a column of the points, from 0; by number in the record of a run that has no names.
pub fn name(start: &Start, column: usize) -> String {
    let name = start.columns.get(column).cloned();
    name.unwrap_or_else(|| format!("x{}", column + 1))
}

/// What the points are measured in, if not in units of their own.
pub fn unit(start: &Start) -> Option<&'static str> {
    matches!(start.session.data, Data::Table { .. }).then_some("standardised")
}

/// Whether the screen of then is out of date because particles move.
pub fn moves(state: &State, then: f64) -> bool {
    let view = &state.view;
    let seen = !view.zoom || view.focus == Pane::Flow;
    let plays = view.stage.show == Show::Paths && view.stage.since.is_some();
    seen && plays && (then * FRAMES).floor() != (state.now * FRAMES).floor()
}

/// What a key changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The next views.
    View,
    /// The density, with the data over it or without.
    Samples,
    /// Particles back on their way.
    Earlier,
    /// Particles on.
    Later,
    /// Play or stand still.
    Play,
    /// The other direction.
    Turn,
    /// Another column on an axis, 0 or 1, by so many.
    Column(usize, isize),
}

/// Keys of the pane.
pub const KEYS: &[Binding] = &[
    row(
        &[Key::letter('v')],
        Action::Stage(Act::View),
        Some("view"),
        "data and generated; f(x) and back; density; paths",
    ),
    row(
        &[Key::letter('t')],
        Action::Stage(Act::Play),
        Some("play"),
        "paths: play or stand still",
    ),
    row(
        &[Key::letter(','), Key::plain(KeyCode::Left)],
        Action::Stage(Act::Earlier),
        None,
        "paths: back in time of the play",
    ),
    row(
        &[Key::letter(';'), Key::plain(KeyCode::Right)],
        Action::Stage(Act::Later),
        None,
        "paths: on in time of the play",
    ),
    row(
        &[Key::letter('b')],
        Action::Stage(Act::Turn),
        None,
        "paths: data to normal, or normal to data",
    ),
    row(
        &[Key::letter('d')],
        Action::Stage(Act::Samples),
        None,
        "density: with the data over it, or without",
    ),
    row(
        &[Key::letter('[')],
        Action::Stage(Act::Column(0, -1)),
        None,
        "column before on the horizontal axis",
    ),
    row(
        &[Key::letter(']')],
        Action::Stage(Act::Column(0, 1)),
        None,
        "next column on the horizontal axis",
    ),
    row(
        &[Key::letter('{')],
        Action::Stage(Act::Column(1, -1)),
        None,
        "column before on the vertical axis",
    ),
    row(
        &[Key::letter('}')],
        Action::Stage(Act::Column(1, 1)),
        None,
        "next column on the vertical axis",
    ),
];

/// Does what a key asks for; keys of a view bring it up.
pub fn act(state: &mut State, act: Act) {
    let dimension = state
        .picture
        .as_ref()
        .map_or(0, |picture| picture.dimension);
    let (now, stage) = (state.now, &mut state.view.stage);
    match act {
        Act::View => {
            stage.show = match stage.show {
                Show::Data => Show::Inverse,
                Show::Inverse => Show::Density,
                Show::Density => Show::Paths,
                Show::Paths => Show::Data,
            }
        }
        Act::Samples => {
            stage.samples = stage.show != Show::Density || !stage.samples;
            stage.show = Show::Density;
        }
        Act::Column(axis, by) => {
            let last = dimension.saturating_sub(1);
            let column = stage.columns(dimension)[axis];
            stage.columns[axis] = column.saturating_add_signed(by).min(last);
        }
        Act::Earlier | Act::Later | Act::Play | Act::Turn => {
            stage.show = Show::Paths;
            stage.travel(act, now);
        }
    }
}

impl Stage {
    fn travel(&mut self, act: Act, now: f64) {
        let share = self.share(now);
        let scrubbed = |by: f64| ((share + by).clamp(0.0, 1.0), None);
        (self.reached, self.since) = match act {
            Act::Earlier => scrubbed(-STEP),
            Act::Later => scrubbed(STEP),
            Act::Play if self.since.is_some() => (share, None),
            Act::Play => (if share < 1.0 { share } else { 0.0 }, Some(now)),
            // The time of the flow stays.
            _ => (1.0 - share, self.since.map(|_| now)),
        };
        self.backward ^= act == Act::Turn;
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::event::Picture;

    fn after(acts: &[Act]) -> State {
        let mut state = sample::run();
        acts.iter().for_each(|&one| act(&mut state, one));
        state
    }

    #[test]
    fn the_views_come_round() {
        assert_eq!(after(&[Act::View; 3]).view.stage.show, Show::Paths);
        assert_eq!(after(&[Act::View; 4]).view.stage, Stage::default());
    }

    #[test]
    fn scrubbing_stays_on_the_path_and_brings_it_up() {
        let stage = after(&[Act::Later; 3]).view.stage;
        assert_eq!(stage.show, Show::Paths);
        assert!((stage.share(7.0) - 3.0 * STEP).abs() < 1e-12);
        assert_eq!(after(&[Act::Later; 99]).view.stage.share(0.0), 1.0);
        assert_eq!(after(&[Act::Earlier]).view.stage.share(0.0), 0.0);
    }

    #[test]
    fn play_goes_from_where_it_stands_to_the_end_holds_and_starts_again() {
        let state = after(&[Act::Play]);
        let (began, stage) = (state.now, &state.view.stage);
        let share = |seconds: f64| stage.share(began + seconds);
        assert_eq!((share(0.0), share(SWEEP / 2.0)), (0.0, 0.5));
        assert_eq!(share(SWEEP * (1.0 + HOLD / 2.0)), 1.0);
        assert!((share(SWEEP * (1.25 + HOLD)) - 0.25).abs() < 1e-9);
        let mut state = state.clone();
        state.now = began + SWEEP / 2.0;
        act(&mut state, Act::Play);
        assert_eq!(state.view.stage.share(1e9), 0.5);
    }

    #[test]
    fn turning_keeps_the_time_of_the_flow() {
        let mut state = after(&[Act::Later; 5]);
        let time = state.view.stage.time(0.0);
        act(&mut state, Act::Turn);
        assert!(state.view.stage.backward);
        assert!((state.view.stage.time(0.0) - time).abs() < 1e-12);
    }

    #[test]
    fn only_what_moves_and_is_seen_asks_for_frames_ten_a_second() {
        let mut state = after(&[Act::Play]);
        let frames = |state: &mut State| {
            let ticks = (0..1000).map(|i| 100.0 + f64::from(i) / 1000.0);
            let mut then = 100.0;
            ticks
                .filter(|&now| {
                    state.now = now;
                    moves(state, std::mem::replace(&mut then, now))
                })
                .count()
        };
        assert!((9..=10).contains(&frames(&mut state)));
        state.view.zoom = true;
        assert_eq!(frames(&mut state), 0);
        state.view.focus = Pane::Flow;
        assert!(frames(&mut state) > 0);
        act(&mut state, Act::View);
        assert_eq!(frames(&mut state), 0);
    }

    #[test]
    fn columns_stay_among_those_of_the_picture() {
        let mut state = sample::started();
        act(&mut state, Act::Column(0, 1));
        state.show(Picture {
            dimension: 3,
            ..Picture::default()
        });
        assert_eq!(state.view.stage.columns(3), [0, 1]);
        for _ in 0..5 {
            act(&mut state, Act::Column(1, 1));
        }
        assert_eq!(state.view.stage.columns(3), [0, 2]);
        act(&mut state, Act::Column(0, -1));
        act(&mut state, Act::Column(1, -1));
        assert_eq!(state.view.stage.columns(3), [0, 1]);
        assert_eq!(state.view.stage.columns(1), [0, 0]);
        assert_eq!(state.view.stage.columns(0), [0, 0]);
    }

    #[test]
    fn the_density_comes_with_the_data_and_then_without() {
        let stage = after(&[Act::Samples]).view.stage;
        assert!(stage.samples && stage.show == Show::Density);
        assert!(!after(&[Act::Samples; 2]).view.stage.samples);
    }
}
