//! The phase of the run, and the reason of its end in words.

use super::state::State;
use crate::event::Reason;

/// Seconds after which a process that is not heard of counts as silent.
const PATIENCE: f64 = 30.0;
/// Length of that time in iterations, where iterations are slow.
const SLOW: f64 = 3.0;

/// A phase of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No event has come.
    Waiting,
    /// The run is in its start by matching.
    Matching,
    /// The loss is minimised.
    Running,
    /// Another process trains.
    Watching,
    /// Nothing is heard of the process that trains.
    Silent,
    /// The trainer was asked to pause.
    Pausing,
    /// The trainer is paused.
    Paused,
    /// The trainer was asked to stop.
    Stopping,
    /// The run has ended by itself.
    Done,
    /// The user or a signal has ended the run.
    Stopped,
    /// The run has diverged and given up.
    Diverged,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 11] = [
        Phase::Waiting,
        Phase::Matching,
        Phase::Running,
        Phase::Watching,
        Phase::Silent,
        Phase::Pausing,
        Phase::Paused,
        Phase::Stopping,
        Phase::Done,
        Phase::Stopped,
        Phase::Diverged,
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Waiting => "WAITING",
            Phase::Matching => "MATCH",
            Phase::Running => "RUN",
            Phase::Watching => "WATCH",
            Phase::Silent => "NO NEWS",
            Phase::Pausing => "PAUSING",
            Phase::Paused => "PAUSED",
            Phase::Stopping => "STOPPING",
            Phase::Done => "DONE",
            Phase::Stopped => "STOPPED",
            Phase::Diverged => "DIVERGED",
        }
    }
}

impl Phase {
    /// The phase of a run that has ended for this reason.
    pub fn ended(reason: Reason) -> Self {
        match reason {
            Reason::Diverged => Phase::Diverged,
            Reason::Quit | Reason::Signal(_) | Reason::Lost => Phase::Stopped,
            Reason::Iterations | Reason::Seconds | Reason::Plateau => Phase::Done,
        }
    }
}

/// Whether seconds of silence are more than a process that trains is silent for, whose iterations take so many.
pub fn is_silent(silence: f64, iteration: f64) -> bool {
    silence > (SLOW * iteration).max(PATIENCE)
}

impl State {
    /// The phase of the run.
    pub fn phase(&self) -> Phase {
        match (&self.finished, self.view.stopping, self.paused) {
            (Some(finished), ..) => Phase::ended(finished.reason),
            (None, true, _) => Phase::Stopping,
            (None, false, true) => Phase::Paused,
            _ if self.view.pause_wanted => Phase::Pausing,
            _ if self.silent() => Phase::Silent,
            _ if self.silence.is_some() => Phase::Watching,
            _ if self.start.is_none() => Phase::Waiting,
            _ if self.matches() => Phase::Matching,
            _ => Phase::Running,
        }
    }

    /// Whether the process that trains this run has not been heard of for longer than its iterations take.
    pub fn silent(&self) -> bool {
        let iteration = self.clock.rate().map_or(0.0, |rate| 1.0 / rate);
        let idle = self.paused || self.finished.is_some();
        self.silence
            .is_some_and(|silence| is_silent(silence, iteration) && !idle)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;
    use crate::event::Event;

    #[test]
    fn a_run_of_another_process_is_watched_until_it_is_silent_or_over() {
        let mut state = State {
            silence: Some(0.5),
            ..State::default()
        };
        assert_eq!(state.phase(), Phase::Watching);
        state.silence = Some(31.0);
        assert_eq!(state.phase(), Phase::Silent);
        let slow = |i: u64| fixtures::iteration(4 * i, 1.0);
        (1..=2).for_each(|i| state.apply(slow(i), 0.0));
        assert_eq!(state.phase(), Phase::Silent, "an iteration takes 5 s");
        state.clock = Default::default();
        for (iteration, seconds) in [(1, 0.0), (2, 60.0)] {
            state.clock.record(iteration, seconds, 0.0);
        }
        assert_eq!(state.phase(), Phase::Watching, "an iteration takes 60 s");
        state.apply(fixtures::finished(9, Reason::Iterations), 0.0);
        state.silence = Some(1e6);
        assert_eq!(state.phase(), Phase::Done);
    }

    #[test]
    fn the_phase_follows_the_events() {
        let mut state = State::default();
        assert_eq!(state.phase(), Phase::Waiting);
        state = fixtures::started();
        assert_eq!(state.phase(), Phase::Running);
        state.apply(
            Event::Paused {
                iteration: 3,
                paused: true,
            },
            1.0,
        );
        assert_eq!(state.phase(), Phase::Paused);
        state.apply(
            Event::Paused {
                iteration: 3,
                paused: false,
            },
            2.0,
        );
        assert_eq!(state.phase(), Phase::Running);
        for (reason, phase) in [
            (Reason::Plateau, Phase::Done),
            (Reason::Signal(15), Phase::Stopped),
            (Reason::Diverged, Phase::Diverged),
        ] {
            state.apply(fixtures::finished(9, reason), 3.0);
            assert_eq!(state.phase(), phase);
        }
    }
}
