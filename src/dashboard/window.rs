//! The iterations that the charts show, on a linear or log axis: where one stands between left (0) and right (1), and back.

/// A range of iterations with a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// At the left.
    pub first: u64,
    /// At the right, not before `first`.
    pub last: u64,
    /// Whether iterations stand by decades.
    pub log: bool,
}

impl Window {
    /// Whether `iteration` is seen.
    pub fn holds(&self, iteration: u64) -> bool {
        (self.first..=self.last).contains(&iteration)
    }

    /// An iteration on an even scale.
    fn place(&self, iteration: u64) -> f64 {
        if self.log {
            (iteration.max(1) as f64).ln()
        } else {
            iteration as f64
        }
    }

    /// 0 at the left, 1 at the right, outside beyond them; a single iteration stands in the middle.
    pub fn across(&self, iteration: u64) -> f64 {
        let (first, last) = (self.place(self.first), self.place(self.last));
        if last <= first {
            return 0.5;
        }
        (self.place(iteration) - first) / (last - first)
    }

    /// The iteration nearest to a share of the width; 0 and the greatest number are the bounds.
    pub fn at(&self, share: f64) -> u64 {
        let (first, last) = (self.place(self.first), self.place(self.last));
        let place = first + (last - first) * share;
        let iteration = if self.log { place.exp() } else { place };
        iteration.round() as u64
    }

    /// This window with what lies from one share of its width to another.
    pub fn part(&self, from: f64, to: f64) -> Self {
        Self {
            first: self.at(from),
            last: self.at(to),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_iterations_are_inverse() {
        for log in [false, true] {
            for (first, last) in [(0, 10), (1, 5000), (4990, 5000), (1, 1 << 40)] {
                let window = Window { first, last, log };
                assert_eq!((window.across(first), window.across(last)), (0.0, 1.0));
                for iteration in [first.max(1), first + 3, (first + last) / 2, last, last + 5] {
                    let back = window.at(window.across(iteration));
                    assert_eq!(back, iteration, "{window:?}");
                }
            }
        }
        let decades = Window {
            first: 1,
            last: 10_000,
            log: true,
        };
        assert!((decades.across(100) - 0.5).abs() < 1e-12);
    }
}
