//! The debouncing of changes: a burst of them is over a while after the last change, or at the latest a second after the first.
//!
//! There is no clock here: the caller passes the time.

use std::time::{Duration, Instant};

/// Time without a change that ends a burst: longer than the pauses of an editor that truncates, writes and renames.
const QUIET: Duration = Duration::from_millis(100);

/// The longest burst: a file that is written without end is read all the same.
const LONGEST: Duration = Duration::from_secs(1);

/// The debouncer: the present burst of changes, if there is one.
#[derive(Debug, Default)]
pub(super) struct Debounce {
    burst: Option<Burst>,
}

/// The times of a burst of changes.
#[derive(Clone, Copy, Debug)]
struct Burst {
    first: Instant,
    latest: Instant,
}

impl Debounce {
    /// Counts a change.
    pub fn touch(&mut self, now: Instant) {
        let first = self.burst.map_or(now, |burst| burst.first);
        self.burst = Some(Burst { first, latest: now });
    }

    /// The time at which the burst is over, if there is one.
    pub fn due(&self) -> Option<Instant> {
        self.burst
            .map(|Burst { first, latest }| (latest + QUIET).min(first + LONGEST))
    }

    /// Ends the burst.
    pub fn clear(&mut self) {
        self.burst = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn without_a_change_nothing_is_due() {
        let mut debounce = Debounce::default();
        assert_eq!(debounce.due(), None);
        debounce.touch(Instant::now());
        debounce.clear();
        assert_eq!(debounce.due(), None);
    }

    #[test]
    fn every_change_puts_the_look_off() {
        let (mut debounce, start) = (Debounce::default(), Instant::now());
        for at in [0, 60, 120] {
            debounce.touch(start + ms(at));
            assert_eq!(debounce.due(), Some(start + ms(at) + QUIET));
        }
    }

    #[test]
    fn changes_without_end_are_looked_at_all_the_same() {
        let (mut debounce, start) = (Debounce::default(), Instant::now());
        for at in (0..5000).step_by(50) {
            debounce.touch(start + ms(at));
        }
        assert_eq!(debounce.due(), Some(start + LONGEST));
    }

    #[test]
    fn a_new_burst_has_its_own_limit() {
        let (mut debounce, start) = (Debounce::default(), Instant::now());
        debounce.touch(start);
        debounce.clear();
        debounce.touch(start + LONGEST * 3);
        assert_eq!(debounce.due(), Some(start + LONGEST * 3 + QUIET));
    }
}
