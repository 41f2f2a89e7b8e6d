//! What the run is doing, and why it ended, in words.

use super::state::State;
use crate::event::Reason;

/// What the run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No event has come.
    Waiting,
    /// Training.
    Running,
    /// Asked to pause.
    Pausing,
    /// Paused.
    Paused,
    /// Asked to stop.
    Stopping,
    /// Ended by itself.
    Done,
    /// Ended by the user or a signal.
    Stopped,
    /// Gave up.
    Diverged,
}

impl State {
    /// What the run is doing.
    pub fn phase(&self) -> Phase {
        match (&self.finished, self.view.stopping, self.paused) {
            (Some(finished), ..) => match finished.reason {
                Reason::Diverged => Phase::Diverged,
                Reason::Quit | Reason::Signal(_) => Phase::Stopped,
                Reason::Iterations | Reason::Seconds | Reason::Plateau => Phase::Done,
            },
            (None, true, _) => Phase::Stopping,
            (None, false, true) => Phase::Paused,
            _ if self.view.pause_wanted => Phase::Pausing,
            _ if self.start.is_none() => Phase::Waiting,
            _ => Phase::Running,
        }
    }
}

/// Why a run ended, in words.
pub fn reason(reason: Reason) -> String {
    match reason {
        Reason::Iterations => "all iterations done".into(),
        Reason::Seconds => "time limit reached".into(),
        Reason::Plateau => "no drops of the learning rate left".into(),
        Reason::Quit => "stopped by the user".into(),
        Reason::Signal(number) => format!("stopped by signal {number}"),
        Reason::Diverged => "diverged, no rollbacks left".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::event::Event;

    #[test]
    fn the_phase_follows_the_events() {
        let mut state = State::default();
        assert_eq!(state.phase(), Phase::Waiting);
        state = sample::started();
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
            state.apply(sample::finished(9, reason), 3.0);
            assert_eq!(state.phase(), phase);
        }
    }
}
