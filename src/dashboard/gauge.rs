//! Where the time goes and how fast the kernels are, over the last readings of the meter.

use std::collections::VecDeque;

use crate::meter::MeterReading;

/// Least seconds between two readings that are kept.
const SPACING: f64 = 1.0;
/// Readings kept.
const READINGS: usize = 16;

/// Readings and when they were taken. One is kept only when an iteration has ended since the last: long iterations are
/// counted when they end, and a window that cuts them would lie.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauge {
    readings: VecDeque<(f64, MeterReading)>,
}

/// Means over the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recent {
    /// Of losses and gradients, while they are computed.
    pub gflops: f64,
    /// The same, as a share of the FMA peak, if that was measured well.
    pub of_peak: Option<f64>,
    /// Share of the time in losses and gradients.
    pub kernels: f64,
    /// Share of the time on matching pairs.
    pub pairs: f64,
    /// Share of the time in validations.
    pub validation: f64,
    /// Time on pictures, beside the training, as a share of the time.
    pub pictures: f64,
}

impl Gauge {
    /// Takes a reading at `now`, seconds.
    pub fn read(&mut self, now: f64, reading: MeterReading) {
        let keep = self
            .readings
            .back()
            .is_none_or(|(then, last)| now >= then + SPACING && reading.kernels > last.kernels);
        if !keep {
            return;
        }
        if self.readings.len() == READINGS {
            self.readings.pop_front();
        }
        self.readings.push_back((now, reading));
    }

    /// Once there are two readings.
    pub fn recent(&self) -> Option<Recent> {
        let ((from, first), (to, last)) = (self.readings.front()?, self.readings.back()?);
        if to <= from {
            return None;
        }
        let share = |of: fn(&MeterReading) -> f64| (of(last) - of(first)) / (to - from);
        let kernels = share(|reading| reading.kernels);
        let gflops = share(|reading| reading.flops) / kernels / 1e9;
        Some(Recent {
            gflops,
            // A machine that was busy while the peak was measured gives too low a one.
            of_peak: last
                .peak
                .map(|peak| gflops / peak)
                .filter(|&share| share <= 1.0),
            kernels,
            pairs: share(|reading| reading.pairs),
            validation: share(|reading| reading.validation),
            pictures: share(|reading| reading.pictures),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After `seconds` of which three quarters were kernels at 8 GFLOP/s.
    fn reading(seconds: f64) -> MeterReading {
        MeterReading {
            kernels: 0.75 * seconds,
            pairs: 0.0625 * seconds,
            validation: 0.125 * seconds,
            pictures: 0.0,
            flops: 6e9 * seconds,
            peak: Some(16.0),
        }
    }

    #[test]
    fn shares_and_speed_are_means_over_the_window() {
        let mut gauge = Gauge::default();
        gauge.read(10.0, reading(0.0));
        assert_eq!(gauge.recent(), None);
        for second in 1..100 {
            gauge.read(10.0 + f64::from(second), reading(f64::from(second)));
        }
        let recent = gauge.recent().unwrap();
        assert_eq!((recent.kernels, recent.validation), (0.75, 0.125));
        assert_eq!(recent.pairs, 0.0625);
        assert_eq!((recent.gflops, recent.of_peak), (8.0, Some(0.5)));
    }

    #[test]
    fn no_iteration_no_reading() {
        let mut gauge = Gauge::default();
        gauge.read(0.0, reading(0.0));
        gauge.read(9.0, reading(8.0));
        gauge.read(20.0, reading(8.0));
        assert_eq!(gauge.recent().unwrap().kernels, 0.75 * 8.0 / 9.0);
    }
}
