//! The start by matching of a run, a fold over its events: how long it took and where its loss M ended.

use serde::Serialize;

use crate::event::Event;

/// The outcome of a start by matching so far; `summary.json` and `otflow compare --json` have it under `matching`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Matched {
    /// Iterations of matching done.
    pub iterations: u64,
    /// Training time at the last of them, seconds.
    pub seconds: f64,
    /// M of the last of them.
    #[serde(rename = "M")]
    pub m: f64,
    /// True if iterations that minimise the loss have followed.
    pub over: bool,
}

impl Matched {
    /// Takes one event into account; true for the first one that minimises the loss after a start by matching.
    pub fn take(of: &mut Option<Self>, event: &Event) -> bool {
        match *event {
            Event::Matching {
                iteration,
                seconds,
                m,
                ..
            } => {
                *of = Some(Matched {
                    iterations: iteration,
                    seconds,
                    m,
                    over: false,
                });
                false
            }
            Event::Iteration { .. } => of
                .as_mut()
                .is_some_and(|matched| !std::mem::replace(&mut matched.over, true)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic;

    #[test]
    fn the_last_matching_iteration_counts_and_the_end_is_told_once() {
        let (mut matched, mut ends) = (None, Vec::new());
        for event in synthetic::with_start() {
            if Matched::take(&mut matched, &event) {
                ends.push(event);
            }
        }
        let expected = Matched {
            iterations: 2,
            seconds: 0.5,
            m: 1.25,
            over: true,
        };
        assert_eq!(matched, Some(expected));
        assert_eq!(ends, [synthetic::iteration(3, 1.5, 0.1, 0.5)]);
        let mut none = None;
        let told = |event: &Event| Matched::take(&mut none, event);
        assert!(!synthetic::events().iter().any(told));
        assert_eq!(none, None);
    }
}
