//! Where the time goes and how fast the kernels are, over the last readings of the meter.

use std::collections::VecDeque;

use crate::meter::MeterReading;

/// Least seconds between two readings that are kept.
const SPACING: f64 = 1.0;
/// Readings kept.
const READINGS: usize = 16;

/// The last readings of the meter. One is kept only when an iteration has ended since the one before: long iterations are counted
/// when they end, and a window that cuts them would lie.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeterReadings {
    readings: VecDeque<TimedReading>,
}

/// A reading and its time.
#[derive(Clone, Debug, PartialEq)]
struct TimedReading {
    /// The time, in seconds since the dashboard was opened.
    at: f64,
    reading: MeterReading,
}

/// The speed of the kernels and the shares of the time, as means over the kept readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throughput {
    /// The speed of losses and gradients while they are computed, GFLOP/s.
    pub gflops: f64,
    /// The same speed as a share of the FMA peak, if the peak was measured well.
    pub of_peak: Option<f64>,
    /// The share of the time in losses and gradients.
    pub kernels: f64,
    /// The share of the time on matching pairs.
    pub pairs: f64,
    /// The share of the time in validations.
    pub validation: f64,
    /// The time on pictures, which are made beside the training, as a share of the time.
    pub pictures: f64,
}

impl MeterReadings {
    /// Adds a reading at `now`, seconds.
    pub fn push(&mut self, now: f64, reading: MeterReading) {
        let keep = self
            .readings
            .back()
            .is_none_or(|last| now >= last.at + SPACING && reading.kernels > last.reading.kernels);
        if !keep {
            return;
        }
        if self.readings.len() == READINGS {
            self.readings.pop_front();
        }
        self.readings.push_back(TimedReading { at: now, reading });
    }

    /// The throughput over the kept readings, once there are two.
    pub fn throughput(&self) -> Option<Throughput> {
        let (first, last) = (self.readings.front()?, self.readings.back()?);
        if last.at <= first.at {
            return None;
        }
        let change = |of: fn(&MeterReading) -> f64| of(&last.reading) - of(&first.reading);
        let share = |of: fn(&MeterReading) -> f64| change(of) / (last.at - first.at);
        let kernels = share(|reading| reading.kernels);
        let gflops = share(|reading| reading.flops) / kernels / 1e9;
        Some(Throughput {
            gflops,
            // A machine that was busy while the peak was measured gives too low a one.
            of_peak: last
                .reading
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
        let mut readings = MeterReadings::default();
        readings.push(10.0, reading(0.0));
        assert_eq!(readings.throughput(), None);
        for second in 1..100 {
            readings.push(10.0 + f64::from(second), reading(f64::from(second)));
        }
        let recent = readings.throughput().unwrap();
        assert_eq!((recent.kernels, recent.validation), (0.75, 0.125));
        assert_eq!(recent.pairs, 0.0625);
        assert_eq!((recent.gflops, recent.of_peak), (8.0, Some(0.5)));
    }

    #[test]
    fn no_iteration_no_reading() {
        let mut readings = MeterReadings::default();
        readings.push(0.0, reading(0.0));
        readings.push(9.0, reading(8.0));
        readings.push(20.0, reading(8.0));
        assert_eq!(readings.throughput().unwrap().kernels, 0.75 * 8.0 / 9.0);
    }
}
