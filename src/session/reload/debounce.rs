//! When a burst of changes has settled: a while after the last one, but never long after the first.
//!
//! Holds no clock: the caller says what time it is.

use std::time::{Duration, Instant};

/// Longer than the pauses of an editor that truncates, writes and renames.
const QUIET: Duration = Duration::from_millis(100);

/// So that a file that is written without end is still looked at.
const LONGEST: Duration = Duration::from_secs(1);

/// The burst in hand.
#[derive(Debug, Default)]
pub(super) struct Debounce {
    /// Its first and its latest change.
    burst: Option<(Instant, Instant)>,
}

impl Debounce {
    /// Something has changed.
    pub fn touch(&mut self, now: Instant) {
        let first = self.burst.map_or(now, |(first, _)| first);
        self.burst = Some((first, now));
    }

    /// When to look, if there is a burst.
    pub fn due(&self) -> Option<Instant> {
        self.burst
            .map(|(first, latest)| (latest + QUIET).min(first + LONGEST))
    }

    /// The burst was looked at.
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
