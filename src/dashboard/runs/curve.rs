//! A curve over iterations and seconds in bounded memory: when its points run out, neighbours are merged in pairs, and each keeps the least
//! and the greatest value. Values that are not finite are left out.

use crate::dashboard::range::ValueRange;

/// Most points of a curve: more than the dots that half of a wide terminal has across.
const CAPACITY: usize = 512;

/// Neighbouring values of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The last iteration.
    pub iteration: u64,
    /// The training time of that iteration, seconds.
    pub seconds: f64,
    /// The values.
    pub values: ValueRange,
}

/// A curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    points: Vec<CurvePoint>,
    /// The number of times that points were merged: each is of 2^halvings values, the last of fewer.
    halvings: u32,
    /// Values of the last point.
    last: u64,
}

impl Curve {
    /// Adds a value at the end.
    pub fn push(&mut self, iteration: u64, seconds: f64, value: f64) {
        if !value.is_finite() || !seconds.is_finite() {
            return;
        }
        let new = CurvePoint {
            iteration,
            seconds,
            values: ValueRange::of(value),
        };
        match self.points.last_mut() {
            Some(point) if self.last < 1 << self.halvings => {
                *point = merged(*point, new);
                self.last += 1;
            }
            _ => {
                self.points.push(new);
                self.last = 1;
            }
        }
        if self.points.len() > CAPACITY {
            self.halve();
        }
    }

    /// Merges the points in pairs; the last, which has none to go with, stays alone.
    fn halve(&mut self) {
        let pairs = self.points.chunks(2);
        let points = pairs.map(|pair| pair.iter().copied().reduce(merged));
        self.points = points.flatten().collect();
        self.halvings += 1;
    }

    /// The points, in order.
    pub fn points(&self) -> &[CurvePoint] {
        &self.points
    }
}

fn merged(before: CurvePoint, after: CurvePoint) -> CurvePoint {
    CurvePoint {
        values: before.values.join(after.values),
        ..after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_ends_and_its_spikes_in_bounded_memory() {
        let mut curve = Curve::default();
        for i in 1..=1_000_000 {
            let value = if i == 777_777 { 50.0 } else { 1.0 / i as f64 };
            curve.push(i, i as f64 / 2.0, value);
        }
        curve.push(1_000_001, 1.0, f64::NAN);
        let points = curve.points();
        assert!(points.len() <= CAPACITY && points.len() > CAPACITY / 4);
        assert_eq!(points[0].values.high, 1.0);
        let last = points.last().unwrap();
        assert_eq!((last.iteration, last.seconds), (1_000_000, 500_000.0));
        let spiked: Vec<&CurvePoint> = points.iter().filter(|p| p.values.high == 50.0).collect();
        assert_eq!(spiked.len(), 1);
        assert!(spiked[0].iteration.abs_diff(777_777) < 5000);
        let rising = points
            .windows(2)
            .all(|two| two[0].iteration < two[1].iteration);
        assert!(rising);
    }
}
