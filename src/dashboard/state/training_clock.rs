//! Training time, speed and time left, from the last iterations.

use std::collections::VecDeque;

/// Least seconds between two samples.
const SPACING: f64 = 0.25;
/// Samples kept: the speed is that of the last 15 seconds or 60 iterations, whichever is longer.
const SAMPLES: usize = 60;

/// The training time and the speed of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingClock {
    /// The last iterations.
    samples: VecDeque<ClockSample>,
    /// The training time of the last event.
    seconds: f64,
    /// The time at which `seconds` was true, on the dashboard's clock.
    at: f64,
}

/// An iteration and the training time at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ClockSample {
    iteration: u64,
    seconds: f64,
}

impl TrainingClock {
    /// Adds an event that came at `now` with this iteration and training time.
    pub fn record(&mut self, iteration: u64, seconds: f64, now: f64) {
        (self.seconds, self.at) = (seconds, now);
        if self
            .samples
            .back()
            .is_some_and(|last| seconds < last.seconds + SPACING || iteration <= last.iteration)
        {
            return;
        }
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(ClockSample { iteration, seconds });
    }

    /// Forgets the speed, where iterations of another kind begin.
    pub fn forget_speed(&mut self) {
        self.samples.clear();
    }

    /// Counts the training time up to `now`, where training stops.
    pub fn stop(&mut self, now: f64) {
        self.seconds = self.elapsed(Some(now));
        self.at = now;
    }

    /// Counts the training time from `now`, where training goes on.
    pub fn resume(&mut self, now: f64) {
        self.at = now;
    }

    /// The training time, seconds: that of the last event, or carried on to `now`.
    pub fn elapsed(&self, now: Option<f64>) -> f64 {
        self.seconds + now.map_or(0.0, |now| (now - self.at).max(0.0))
    }

    /// The seconds since the last event.
    pub fn since(&self, now: f64) -> f64 {
        now - self.at
    }

    /// The iterations per second, once there are two samples.
    pub fn rate(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let seconds = last.seconds - first.seconds;
        (seconds > 0.0).then(|| (last.iteration - first.iteration) as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_that_of_the_last_samples() {
        let mut clock = TrainingClock::default();
        assert_eq!(clock.rate(), None);
        let slow = SAMPLES as u64;
        for i in 0..slow {
            clock.record(i, i as f64, 0.0);
        }
        assert_eq!(clock.rate(), Some(1.0));
        for i in 0..=slow {
            clock.record(slow + 4 * i, (slow + i) as f64, 0.0);
        }
        assert_eq!(clock.rate(), Some(4.0));
    }
}
