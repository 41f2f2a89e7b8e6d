//! Training time, speed and time left, from the last iterations.

use std::collections::VecDeque;

/// Least seconds between two samples.
const SPACING: f64 = 0.25;
/// Samples kept: the speed is that of the last 15 seconds or 60 iterations, whichever is longer.
const SAMPLES: usize = 60;

/// Where training stood, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pace {
    /// Iteration and training time in seconds.
    samples: VecDeque<(u64, f64)>,
    /// Training time of the last event.
    seconds: f64,
    /// When `seconds` was true, on the dashboard's clock.
    at: f64,
}

impl Pace {
    /// An event came at `now` with this iteration and training time.
    pub fn reach(&mut self, iteration: u64, seconds: f64, now: f64) {
        (self.seconds, self.at) = (seconds, now);
        if self
            .samples
            .back()
            .is_some_and(|last| seconds < last.1 + SPACING || iteration <= last.0)
        {
            return;
        }
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back((iteration, seconds));
    }

    /// Iterations do something else from here on: the speed so far says nothing of theirs.
    pub fn turn(&mut self) {
        self.samples.clear();
    }

    /// Training stops or goes on at `now`: time counts from here.
    pub fn hold(&mut self, now: f64, running: bool) {
        if running {
            self.seconds = self.elapsed(Some(now));
        }
        self.at = now;
    }

    /// Training time, seconds: of the last event, or carried on to `now`.
    pub fn elapsed(&self, now: Option<f64>) -> f64 {
        self.seconds + now.map_or(0.0, |now| (now - self.at).max(0.0))
    }

    /// Seconds since the last event.
    pub fn since(&self, now: f64) -> f64 {
        now - self.at
    }

    /// Iterations per second, once two samples are there.
    pub fn rate(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        (last.1 > first.1).then(|| (last.0 - first.0) as f64 / (last.1 - first.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_that_of_the_last_samples() {
        let mut pace = Pace::default();
        assert_eq!(pace.rate(), None);
        let slow = SAMPLES as u64;
        for i in 0..slow {
            pace.reach(i, i as f64, 0.0);
        }
        assert_eq!(pace.rate(), Some(1.0));
        for i in 0..=slow {
            pace.reach(slow + 4 * i, (slow + i) as f64, 0.0);
        }
        assert_eq!(pace.rate(), Some(4.0));
    }
}
