//! What follows from the state: times, spans, the selected setting. Nothing here changes it.

use super::State;
use super::comparison::ComparedCurves;
use super::flow::FlowContent;
use super::losses::ChartPage;
use super::series::Series;
use super::trainer::Trainer;
use crate::dashboard::component::Component;
use crate::dashboard::pane::Pane;
use crate::dashboard::range::IterationSpan;
use crate::session::{self, FieldPart, SessionField};

/// Seconds without an event after which the screen shows how far the iteration is.
const LONG_ITERATION: f64 = 0.5;
/// Frames a second while the paths play.
const FRAMES: f64 = 10.0;

impl State {
    /// The process that trains the run.
    pub fn trainer(&self) -> Trainer {
        match self.silence {
            Some(_) => Trainer::AnotherProcess,
            None => Trainer::ThisProcess,
        }
    }

    /// The training time now, seconds; also between the events of long iterations.
    pub fn elapsed(&self) -> f64 {
        let idle = self.paused || self.finished.is_some() || self.silent();
        self.clock.elapsed(if idle { None } else { Some(self.now) })
    }

    /// The seconds to the nearer of the two limits. The limit of iterations gives no time while a start by matching lasts.
    pub fn left(&self) -> Option<f64> {
        if self.finished.is_some() || self.silent() {
            return None;
        }
        let iterations = self.setting("stop.iterations");
        let known = iterations.filter(|_| self.matching_left().is_none());
        let iterations = known.map(|total| total - self.iteration as f64);
        let by_count = iterations
            .zip(self.clock.rate())
            .map(|(left, rate)| left / rate);
        let by_time = self
            .setting("stop.seconds")
            .map(|limit| limit - self.elapsed());
        by_count.into_iter().chain(by_time).reduce(f64::min)
    }

    /// The share of the present iteration that is done; None while iterations are short.
    pub fn inside(&self) -> Option<f64> {
        let tiles = self.tiles;
        let idle = self.paused || self.finished.is_some() || tiles.all == 0;
        let long = self.clock.since(self.now) > LONG_ITERATION;
        (long && !idle).then(|| tiles.done as f64 / tiles.all as f64)
    }

    /// The value of a setting as a number; `Some(x)` counts as x.
    pub fn setting(&self, name: &str) -> Option<f64> {
        let value = &self.fields.iter().find(|field| field.name == name)?.value;
        let value = value
            .strip_prefix("Some(")
            .and_then(|rest| rest.strip_suffix(')'))
            .unwrap_or(value);
        value.replace('_', "").parse().ok()
    }

    /// The factor of a curve: its weight in force, or 1.
    pub fn factor(&self, component: Component) -> f64 {
        let weight = component.weight().filter(|_| self.view.weighted);
        weight.and_then(|name| self.setting(name)).unwrap_or(1.0)
    }

    /// The first and the last iteration on the charts; those of the start on its page.
    pub fn span(&self) -> Option<IterationSpan> {
        let start = self.matching.as_ref().map(|matching| &matching.curve);
        let start = start.and_then(Series::span);
        if start.is_some() && self.view.losses.page == ChartPage::Matching {
            return start;
        }
        let spans = [self.training.span(), self.validation.span(), start];
        let compared = self.compared.iter().map(ComparedCurves::span);
        spans
            .into_iter()
            .chain(compared)
            .flatten()
            .reduce(IterationSpan::join)
    }

    /// Whether the last iteration was one of a start by matching.
    pub fn matches(&self) -> bool {
        self.matching
            .as_ref()
            .is_some_and(|matching| !matching.over)
    }

    /// The iterations of the start that are left, if iterations of another speed follow.
    fn matching_left(&self) -> Option<f64> {
        let total = self
            .setting("start.iterations")
            .filter(|_| self.matches())?;
        let run = self.setting("stop.iterations").unwrap_or(f64::INFINITY);
        (total < run).then(|| (total - self.iteration as f64).max(0.0))
    }

    /// The seconds to the end of the start, if iterations of another speed follow.
    pub fn until_loss(&self) -> Option<f64> {
        let idle = self.finished.is_some() || self.silent();
        let left = self.matching_left().filter(|_| !idle)?;
        Some(left / self.clock.rate()?)
    }

    /// The settings in the order of the rows: those that an edit changes at once, those of the next draw, those that need a new run.
    pub fn setting_rows(&self) -> Vec<&SessionField> {
        let mut rows: Vec<&SessionField> = self.fields.iter().collect();
        rows.sort_by_key(|field| field.applies as usize);
        rows
    }

    /// The selected setting.
    pub fn selected(&self) -> Option<&SessionField> {
        let rows = self.setting_rows();
        rows.get(self.view.settings.selected).copied()
    }

    /// The parts of the selected setting that keys can act on.
    pub fn selected_parts(&self) -> Vec<FieldPart> {
        let parts = |field: &SessionField| session::parts(field.name, &field.value);
        self.selected().map_or(Vec::new(), parts)
    }

    /// The part of the selected setting that keys act on; None for the whole.
    pub fn selected_part(&self) -> Option<FieldPart> {
        let part = self.view.settings.part.checked_sub(1)?;
        self.selected_parts().into_iter().nth(part)
    }

    /// Whether the screen drawn at `then` is out of date because particles move.
    pub fn particles_moved_since(&self, then: f64) -> bool {
        let view = &self.view;
        let seen = !view.zoom || view.focus == Pane::Flow;
        let plays = view.flow.content == FlowContent::Paths && view.flow.playing_since.is_some();
        seen && plays && (then * FRAMES).floor() != (self.now * FRAMES).floor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::phase::Phase;
    use crate::dashboard::state::log::LogKind;
    use crate::event::Event;
    use crate::session::Applies;

    fn span(first: u64, last: u64) -> Option<IterationSpan> {
        Some(IterationSpan { first, last })
    }

    #[test]
    fn the_weights_in_force_scale_the_curves_only_when_asked() {
        let mut state = fixtures::started();
        let weight = state.fields.iter_mut();
        let mut weight = weight.filter(|field| field.name == "weights.hjb");
        weight.next().unwrap().value = "2.5".into();
        assert_eq!(state.factor(Component::R), 1.0);
        state.view.weighted = true;
        assert_eq!(state.factor(Component::R), 2.5);
        assert_eq!(state.factor(Component::Loss), 1.0);
    }

    #[test]
    fn time_stands_still_while_paused_and_goes_on_between_events() {
        let mut state = fixtures::started();
        state.apply(fixtures::iteration(1, 5.0), 10.0);
        state.now = 12.0;
        assert_eq!(state.elapsed(), 7.0);
        state.apply(
            Event::Paused {
                iteration: 1,
                paused: true,
            },
            12.0,
        );
        state.now = 20.0;
        assert_eq!(state.elapsed(), 7.0);
        state.apply(
            Event::Paused {
                iteration: 1,
                paused: false,
            },
            20.0,
        );
        state.now = 21.0;
        assert_eq!(state.elapsed(), 8.0);
    }

    #[test]
    fn the_phase_turns_with_the_first_iteration_of_the_loss() {
        let mut state = fixtures::with_start();
        for i in 1..=200 {
            state.apply(fixtures::matching(i, 0.01 * i as f64), 0.0);
        }
        assert_eq!((state.phase(), state.matches()), (Phase::Matching, true));
        assert_eq!(state.training.span(), None);
        assert_eq!(state.span(), span(1, 200));
        state.apply(fixtures::iteration(201, 1.0), 0.0);
        assert_eq!((state.phase(), state.matches()), (Phase::Running, false));
        let line = state.log.lines().back().unwrap();
        assert_eq!((line.iteration, line.kind), (200, LogKind::Matched));
        assert!(line.text.contains("M 0.5000 after 2s"), "{}", line.text);
        assert_eq!(state.ticks.back().unwrap().iteration, 200);
        assert_eq!(state.span(), span(1, 201));
    }

    #[test]
    fn time_left_is_that_of_the_phase_and_nothing_is_said_of_the_rest_before_it_has_begun() {
        let mut state = fixtures::with_start();
        for i in 1..=100 {
            state.apply(fixtures::matching(i, 0.05 * i as f64), 0.0);
        }
        // 20 iterations a second, 100 of the start to come.
        assert_eq!(state.until_loss().map(f64::round), Some(5.0));
        assert_eq!(state.left(), None);
        for i in 101..=200 {
            state.apply(fixtures::matching(i, 0.05 * i as f64), 0.0);
        }
        state.apply(fixtures::iteration(201, 1.0), 0.0);
        assert_eq!((state.until_loss(), state.left()), (None, None));
        // One in 5 seconds.
        for i in 202..=210 {
            state.apply(fixtures::iteration(i, 1.0), 0.0);
        }
        assert_eq!(state.left().map(f64::round), Some((5000.0 - 210.0) * 5.0));
    }

    #[test]
    fn a_run_that_is_all_start_has_its_time_left() {
        let mut state = fixtures::with_start();
        let edit = |field: &str| Event::Edit {
            iteration: 0,
            field: field.into(),
            old: "5000".into(),
            new: "150".into(),
            applies: Applies::Live,
        };
        state.apply(edit("stop.iterations"), 0.0);
        for i in 1..=100 {
            state.apply(fixtures::matching(i, 0.05 * i as f64), 0.0);
        }
        assert_eq!(state.until_loss(), None);
        assert_eq!(state.left().map(|left| (10.0 * left).round()), Some(25.0));
    }
}
