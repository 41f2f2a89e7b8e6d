//! The start by matching of a run as the dashboard keeps it: the curve of M, and whether the loss is minimised by now.

use super::format::{duration, number};
use super::history::Series;
use super::journal::Kind;
use super::state::State;

/// A start by matching.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// M by iterations.
    pub curve: Series,
    /// M of the last of them.
    pub m: f64,
    /// The last of them.
    pub iteration: u64,
    /// Iterations that minimise the loss have followed.
    pub over: bool,
}

impl State {
    /// Whether the last iteration was one of a start by matching.
    pub fn matches(&self) -> bool {
        self.matching
            .as_ref()
            .is_some_and(|matching| !matching.over)
    }

    /// Takes up M of an iteration.
    pub(super) fn matched(&mut self, iteration: u64, m: f64) {
        if !self.matches() {
            self.pace.turn();
        }
        let matching = self.matching.get_or_insert_default();
        matching.curve.push(iteration, m);
        (matching.m, matching.iteration, matching.over) = (m, iteration, false);
    }

    /// The loss is minimised from here on: iterations have another speed.
    pub(super) fn turn_to_loss(&mut self) {
        let Some(matching) = self.matching.as_mut().filter(|matching| !matching.over) else {
            return;
        };
        matching.over = true;
        let (iteration, m) = (matching.iteration, number(matching.m));
        let time = duration(self.pace.elapsed(None));
        self.view.lens.start = iteration;
        self.pace.turn();
        let text = format!("matching over: M {m} after {time}; the loss from here on");
        self.journal.push(iteration, Kind::Matched, text);
        self.mark(iteration, Kind::Matched);
    }

    /// Iterations of the start that are left, where others follow: those take another time.
    pub(super) fn matching_left(&self) -> Option<f64> {
        let total = self
            .setting("start.iterations")
            .filter(|_| self.matches())?;
        let run = self.setting("stop.iterations").unwrap_or(f64::INFINITY);
        (total < run).then(|| (total - self.iteration as f64).max(0.0))
    }

    /// Seconds to the end of the start, where others follow.
    pub fn until_loss(&self) -> Option<f64> {
        let idle = self.finished.is_some() || self.silent();
        let left = self.matching_left().filter(|_| !idle)?;
        Some(left / self.pace.rate()?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::phase::Phase;
    use super::super::sample;
    use super::*;
    use crate::event::Event;

    #[test]
    fn the_phase_turns_with_the_first_iteration_of_the_loss() {
        let mut state = sample::with_start();
        for i in 1..=200 {
            state.apply(sample::matching(i, 0.01 * i as f64), 0.0);
        }
        assert_eq!((state.phase(), state.matches()), (Phase::Matching, true));
        assert_eq!(state.training.span(), None);
        assert_eq!(state.span(), Some((1, 200)));
        state.apply(sample::iteration(201, 1.0), 0.0);
        assert_eq!((state.phase(), state.matches()), (Phase::Running, false));
        let line = state.journal.lines().back().unwrap();
        assert_eq!((line.iteration, line.kind), (200, Kind::Matched));
        assert!(line.text.contains("M 0.5000 after 2s"), "{}", line.text);
        assert_eq!(state.marks.back().unwrap().iteration, 200);
        assert_eq!(state.span(), Some((1, 201)));
    }

    #[test]
    fn time_left_is_that_of_the_phase_and_nothing_is_said_of_the_rest_before_it_has_begun() {
        let mut state = sample::with_start();
        for i in 1..=100 {
            state.apply(sample::matching(i, 0.05 * i as f64), 0.0);
        }
        // 20 iterations a second, 100 of the start to come.
        assert_eq!(state.until_loss().map(f64::round), Some(5.0));
        assert_eq!(state.left(), None);
        for i in 101..=200 {
            state.apply(sample::matching(i, 0.05 * i as f64), 0.0);
        }
        state.apply(sample::iteration(201, 1.0), 0.0);
        assert_eq!((state.until_loss(), state.left()), (None, None));
        // One in 5 seconds.
        for i in 202..=210 {
            state.apply(sample::iteration(i, 1.0), 0.0);
        }
        assert_eq!(state.left().map(f64::round), Some((5000.0 - 210.0) * 5.0));
    }

    #[test]
    fn a_run_that_is_all_start_has_its_time_left() {
        let mut state = sample::with_start();
        let edit = |field: &str| Event::Edit {
            iteration: 0,
            field: field.into(),
            old: "5000".into(),
            new: "150".into(),
            applies: "live".into(),
        };
        state.apply(edit("stop.iterations"), 0.0);
        for i in 1..=100 {
            state.apply(sample::matching(i, 0.05 * i as f64), 0.0);
        }
        assert_eq!(state.until_loss(), None);
        assert_eq!(state.left().map(|left| (10.0 * left).round()), Some(25.0));
    }
}
