//! The keys of the flow pane: they choose the view and the columns, and move the particles.

use crate::dashboard::action::FlowAction;
use crate::dashboard::state::State;
use crate::dashboard::state::flow::{FlowContent, FlowView, views};
use crate::event::PairMisfit;

/// Share of the paths that a key moves the particles by.
const STEP: f64 = 0.05;

/// Changes the state of the pane as a key asks; a key that belongs to a view also shows it.
pub fn update(state: &mut State, action: FlowAction) {
    let (now, view) = (state.now, &mut state.view.flow);
    let picture = state.picture.as_ref();
    let columns = picture.map_or(0, |picture| picture.dimension + picture.context);
    let shown = picture.map_or(view.content, |picture| view.shown(picture));
    match action {
        FlowAction::View => {
            let views = picture.map(views).unwrap_or_default();
            let place = views.iter().position(|&one| one == shown);
            let next = place.and_then(|place| views.get((place + 1) % views.len()));
            view.content = next.copied().unwrap_or(view.content);
        }
        FlowAction::Samples if shown == FlowContent::Pair => {
            view.content = shown;
            view.pair_samples ^= true;
        }
        FlowAction::Samples => {
            view.samples = shown != FlowContent::Density || !view.samples;
            view.content = FlowContent::Density;
        }
        FlowAction::Pair(by) => {
            let Some(misfits) = picture.and_then(|picture| picture.misfits.as_ref()) else {
                return;
            };
            let last = misfits.pairs.len().saturating_sub(1);
            let of = |pair: &PairMisfit| pair.columns == view.wanted;
            let place = misfits.pairs.iter().position(of).or(view.rank);
            let place = place
                .map_or(0, |place| place.saturating_add_signed(by))
                .min(last);
            view.content = FlowContent::Pair;
            view.rank = Some(place);
            if let Some(pair) = misfits.pairs.get(place) {
                view.wanted = pair.columns;
            }
        }
        FlowAction::Column { axis, by } => {
            let last = columns.saturating_sub(1);
            let column = view.columns(columns)[axis];
            view.wanted[axis] = column.saturating_add_signed(by).min(last);
            view.rank = None;
        }
        FlowAction::Earlier | FlowAction::Later | FlowAction::Play | FlowAction::Turn => {
            view.content = FlowContent::Paths;
            move_particles(view, action, now);
        }
    }
}

/// Moves the particles, or changes how they move.
fn move_particles(view: &mut FlowView, action: FlowAction, now: f64) {
    let share = view.share(now);
    let moved = |by: f64| ((share + by).clamp(0.0, 1.0), None);
    (view.reached, view.playing_since) = match action {
        FlowAction::Earlier => moved(-STEP),
        FlowAction::Later => moved(STEP),
        FlowAction::Play if view.playing_since.is_some() => (share, None),
        FlowAction::Play => (if share < 1.0 { share } else { 0.0 }, Some(now)),
        // The time of the flow stays.
        _ => (1.0 - share, view.playing_since.map(|_| now)),
    };
    view.backward ^= action == FlowAction::Turn;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::pane::Pane;
    use crate::dashboard::state::flow::{HOLD, SWEEP};
    use crate::event::Picture;

    fn after(actions: &[FlowAction]) -> State {
        let mut state = fixtures::run();
        actions.iter().for_each(|&one| update(&mut state, one));
        state
    }

    #[test]
    fn the_views_come_round() {
        assert_eq!(
            after(&[FlowAction::View; 3]).view.flow.content,
            FlowContent::Paths
        );
        assert_eq!(after(&[FlowAction::View; 4]).view.flow, FlowView::default());
    }

    #[test]
    fn scrubbing_stays_on_the_path_and_brings_it_up() {
        let view = after(&[FlowAction::Later; 3]).view.flow;
        assert_eq!(view.content, FlowContent::Paths);
        assert!((view.share(7.0) - 3.0 * STEP).abs() < 1e-12);
        assert_eq!(after(&[FlowAction::Later; 99]).view.flow.share(0.0), 1.0);
        assert_eq!(after(&[FlowAction::Earlier]).view.flow.share(0.0), 0.0);
    }

    #[test]
    fn play_goes_from_where_it_stands_to_the_end_holds_and_starts_again() {
        let state = after(&[FlowAction::Play]);
        let (began, view) = (state.now, &state.view.flow);
        let share = |seconds: f64| view.share(began + seconds);
        assert_eq!((share(0.0), share(SWEEP / 2.0)), (0.0, 0.5));
        assert_eq!(share(SWEEP * (1.0 + HOLD / 2.0)), 1.0);
        assert!((share(SWEEP * (1.25 + HOLD)) - 0.25).abs() < 1e-9);
        let mut state = state.clone();
        state.now = began + SWEEP / 2.0;
        update(&mut state, FlowAction::Play);
        assert_eq!(state.view.flow.share(1e9), 0.5);
    }

    #[test]
    fn turning_keeps_the_time_of_the_flow() {
        let mut state = after(&[FlowAction::Later; 5]);
        let time = state.view.flow.time(0.0);
        update(&mut state, FlowAction::Turn);
        assert!(state.view.flow.backward);
        assert!((state.view.flow.time(0.0) - time).abs() < 1e-12);
    }

    #[test]
    fn only_what_moves_and_is_seen_asks_for_frames_ten_a_second() {
        let mut state = after(&[FlowAction::Play]);
        let frames = |state: &mut State| {
            let ticks = (0..1000).map(|i| 100.0 + f64::from(i) / 1000.0);
            let mut then = 100.0;
            ticks
                .filter(|&now| {
                    state.now = now;
                    state.particles_moved_since(std::mem::replace(&mut then, now))
                })
                .count()
        };
        assert!((9..=10).contains(&frames(&mut state)));
        state.view.zoom = true;
        assert_eq!(frames(&mut state), 0);
        state.view.focus = Pane::Flow;
        assert!(frames(&mut state) > 0);
        update(&mut state, FlowAction::View);
        assert_eq!(frames(&mut state), 0);
    }

    #[test]
    fn columns_stay_among_those_of_the_picture() {
        let mut state = fixtures::started();
        update(&mut state, FlowAction::Column { axis: 0, by: 1 });
        state.set_picture(Picture {
            dimension: 3,
            ..Picture::default()
        });
        assert_eq!(state.view.flow.columns(3), [0, 1]);
        for _ in 0..5 {
            update(&mut state, FlowAction::Column { axis: 1, by: 1 });
        }
        assert_eq!(state.view.flow.columns(3), [0, 2]);
        update(&mut state, FlowAction::Column { axis: 0, by: -1 });
        update(&mut state, FlowAction::Column { axis: 1, by: -1 });
        assert_eq!(state.view.flow.columns(3), [0, 1]);
        assert_eq!(state.view.flow.columns(1), [0, 0]);
        assert_eq!(state.view.flow.columns(0), [0, 0]);
    }

    #[test]
    fn data_over_the_pair_goes_and_comes_back_without_leaving_it() {
        let mut state = fixtures::run();
        state.set_picture(Picture {
            dimension: 3,
            data: vec![0.0; 3],
            misfits: Some(fixtures::misfits()),
            ..Picture::default()
        });
        update(&mut state, FlowAction::Pair(0));
        for seen in [false, true] {
            update(&mut state, FlowAction::Samples);
            let view = &state.view.flow;
            assert_eq!((view.content, view.pair_samples), (FlowContent::Pair, seen));
        }
    }

    #[test]
    fn pairs_are_stepped_through_in_the_order_of_misfit() {
        let mut state = fixtures::started();
        update(&mut state, FlowAction::Pair(1));
        assert_eq!(state.view.flow, FlowView::default(), "no picture yet");
        state.set_picture(Picture {
            dimension: 3,
            misfits: Some(fixtures::misfits()),
            ..Picture::default()
        });
        let mut after = |by| {
            update(&mut state, FlowAction::Pair(by));
            state.view.flow.wanted
        };
        let seen = [0, 1, 1, 1, -1, -9].map(&mut after);
        assert_eq!(seen, [[0, 2], [1, 2], [0, 1], [0, 1], [1, 2], [0, 2]]);
        update(&mut state, FlowAction::Column { axis: 0, by: 1 });
        assert_eq!(
            (state.view.flow.wanted, state.view.flow.rank),
            ([1, 2], None)
        );
        // From a pair that was chosen the order goes on.
        update(&mut state, FlowAction::Pair(1));
        assert_eq!(state.view.flow.wanted, [0, 1]);
    }

    #[test]
    fn the_density_comes_with_the_data_and_then_without() {
        let view = after(&[FlowAction::Samples]).view.flow;
        assert!(view.samples && view.content == FlowContent::Density);
        assert!(!after(&[FlowAction::Samples; 2]).view.flow.samples);
    }
}
