//! What a run is doing, as far as its directory tells.

use crate::dashboard::format::duration;
use crate::dashboard::phase::Phase;
use crate::event::Reason;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunStatus {
    /// Its record is being read.
    Reading,
    /// Its record has no line so far.
    Empty,
    /// It trains.
    Running,
    /// It is paused.
    Paused,
    /// Nothing was written for these seconds.
    Silent(f64),
    /// It has ended.
    Ended(Reason),
    /// Its record can't be read, or does not begin with a start.
    Damaged,
    /// Its record is not there any more.
    Gone,
}

impl RunStatus {
    /// The state in a word or two.
    pub fn word(self) -> String {
        let word = match self {
            RunStatus::Reading => "reading",
            RunStatus::Empty => "empty",
            RunStatus::Running => "running",
            RunStatus::Paused => "paused",
            RunStatus::Silent(seconds) => {
                let time = duration(seconds);
                let unit = time.split(' ').next().unwrap_or_default();
                return format!("silent {unit}");
            }
            RunStatus::Ended(reason) => match reason {
                Reason::Iterations => "ended",
                Reason::Seconds => "time up",
                Reason::Plateau => "plateau",
                Reason::Quit => "quit",
                Reason::Signal(number) => return format!("signal {number}"),
                Reason::Diverged => "diverged",
                Reason::Lost => "rank lost",
            },
            RunStatus::Damaged => "damaged",
            RunStatus::Gone => "gone",
        };
        word.into()
    }

    /// The place in the order of states: what is under way first.
    pub fn rank(self) -> u8 {
        match self {
            RunStatus::Running => 0,
            RunStatus::Paused => 1,
            RunStatus::Silent(_) => 2,
            RunStatus::Reading => 3,
            RunStatus::Empty => 4,
            RunStatus::Ended(Reason::Diverged | Reason::Lost) => 6,
            RunStatus::Ended(_) => 5,
            RunStatus::Damaged => 7,
            RunStatus::Gone => 8,
        }
    }

    /// The phase of a watched run that the state is shown as; None for what is no run that can be read.
    pub fn phase(self) -> Option<Phase> {
        Some(match self {
            RunStatus::Reading | RunStatus::Empty => Phase::Waiting,
            RunStatus::Running => Phase::Watching,
            RunStatus::Paused => Phase::Paused,
            RunStatus::Silent(_) => Phase::Silent,
            RunStatus::Ended(reason) => Phase::ended(reason),
            RunStatus::Damaged | RunStatus::Gone => return None,
        })
    }
}
