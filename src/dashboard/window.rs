//! The window of the charts: the iterations that they show on a linear or log axis; the place of an iteration between left (0) and
//! right (1), and the iteration at a place.

/// A range of iterations with a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The iteration at the left.
    pub first: u64,
    /// The iteration at the right, not before `first`.
    pub last: u64,
    /// Whether iterations stand by decades.
    pub log: bool,
    /// The last iteration of a start by matching, 0 without one: where later ones are seen on a linear axis, the many and quick
    /// ones up to it have a quarter of the width at most.
    pub matching_end: u64,
}

/// A part of a window whose iterations stand evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowPart {
    /// The iteration at the left.
    pub first: u64,
    /// The iteration at the right.
    pub last: u64,
    /// The share of the width.
    pub share: f64,
}

/// The scale of a window: the places of its ends, which are the same for all iterations.
#[derive(Clone, Copy, Debug)]
pub struct WindowScale {
    window: Window,
    first: f64,
    last: f64,
}

impl WindowScale {
    /// The share of the width where an iteration stands: 0 at the left, 1 at the right; a single iteration stands in the middle.
    pub fn across(&self, iteration: u64) -> f64 {
        if self.last <= self.first {
            return 0.5;
        }
        (self.window.place(iteration) - self.first) / (self.last - self.first)
    }
}

/// Share of the width that a start by matching takes at most.
const START: f64 = 0.25;

impl Window {
    /// Whether `iteration` is seen.
    pub fn holds(&self, iteration: u64) -> bool {
        (self.first..=self.last).contains(&iteration)
    }

    /// The parts of the window, cut where the scale changes.
    pub fn parts(&self) -> Vec<WindowPart> {
        let part = |first, last, share| WindowPart { first, last, share };
        if self.width() == 1.0 {
            return vec![part(self.first, self.last, 1.0)];
        }
        vec![
            part(self.first, self.matching_end, START),
            part(self.matching_end, self.last, 1.0 - START),
        ]
    }

    /// The width of an iteration of the start, where a later one has 1.
    fn width(&self) -> f64 {
        let [before, after] = [
            self.matching_end.saturating_sub(self.first) as f64,
            self.last.saturating_sub(self.matching_end) as f64,
        ];
        if self.log || self.matching_end <= self.first || after == 0.0 {
            return 1.0;
        }
        (START / (1.0 - START) * after / before).min(1.0)
    }

    /// The place of an iteration on an even scale.
    fn place(&self, iteration: u64) -> f64 {
        if self.log {
            return (iteration.max(1) as f64).ln();
        }
        if iteration >= self.matching_end {
            return iteration as f64;
        }
        self.matching_end as f64 - (self.matching_end - iteration) as f64 * self.width()
    }

    /// The number at a place of the even scale.
    fn read(&self, place: f64) -> f64 {
        if self.log {
            return place.exp();
        }
        let start = self.matching_end as f64;
        if place >= start {
            return place;
        }
        start - (start - place) / self.width()
    }

    /// The scale, for many iterations.
    pub fn scale(&self) -> WindowScale {
        WindowScale {
            window: *self,
            first: self.place(self.first),
            last: self.place(self.last),
        }
    }

    /// The share of the width where an iteration stands, as [`WindowScale::across`].
    pub fn across(&self, iteration: u64) -> f64 {
        self.scale().across(iteration)
    }

    /// The iteration nearest to a share of the width; 0 and the greatest number are the bounds.
    pub fn at(&self, share: f64) -> u64 {
        let WindowScale { first, last, .. } = self.scale();
        let place = first + (last - first) * share;
        self.read(place).round() as u64
    }

    /// The window of what lies from one share of the width to another.
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
                let window = Window {
                    first,
                    last,
                    log,
                    matching_end: 0,
                };
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
            matching_end: 0,
        };
        assert!((decades.across(100) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_long_start_has_a_quarter_of_the_width_and_a_short_one_its_own() {
        let window = |first, last| Window {
            first,
            last,
            log: false,
            matching_end: 2000,
        };
        let long = window(1, 2200);
        assert!((long.across(2000) - 0.25).abs() < 1e-12);
        assert!((long.across(2100) - 0.625).abs() < 1e-12);
        for iteration in [1, 2, 777, 1999, 2000, 2001, 2200, 2300] {
            assert_eq!(long.at(long.across(iteration)), iteration);
        }
        assert_eq!(long.parts()[1].first, 2000);
        for even in [window(0, 20_000), window(0, 2000), window(2000, 2100)] {
            assert_eq!(even.parts().len(), 1);
            let middle = (even.first + even.last) / 2;
            assert_eq!(even.across(middle), 0.5);
        }
        let log = Window { log: true, ..long };
        assert!(log.across(2000) > 0.9);
    }
}
