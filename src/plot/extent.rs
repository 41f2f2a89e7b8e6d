//! The range of some values, of all or of most.

/// Largest magnitude that is drawn; twice it is still finite. Larger values are drawn as this.
pub const LARGEST: f64 = 1e300;
/// Distance from the median beyond which values are far out, in those of the first and the last hundredth.
const FAR_OUT: f64 = 3.0;

/// A closed interval of finite numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Distance of the ends.
    pub fn length(&self) -> f64 {
        self.high - self.low
    }
}

/// The range of the finite values, clamped to where sums of two are finite; None if there are none.
pub fn extent(values: impl Iterator<Item = f64>) -> Option<Interval> {
    let finite = values.filter(|value| value.is_finite());
    finite.fold(None, |extent: Option<Interval>, value| {
        let value = value.clamp(-LARGEST, LARGEST);
        let Interval { low, high } = extent.unwrap_or(Interval {
            low: value,
            high: value,
        });
        Some(Interval {
            low: low.min(value),
            high: high.max(value),
        })
    })
}

/// The range of the finite values without those far out: further from the median than [`FAR_OUT`] times what all but a hundredth of
/// the values on that side are. None if there are none.
pub fn extent_of_most(values: impl Iterator<Item = f64>) -> Option<Interval> {
    let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let [rare, middle, common] = [last / 100, last / 2, last - last / 100].map(|k| sorted[k]);
    let (low, high) = (
        middle - FAR_OUT * (middle - rare),
        middle + FAR_OUT * (common - middle),
    );
    extent(
        sorted
            .into_iter()
            .filter(|value| (low..=high).contains(value)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_far_out_does_not_stretch_the_range() {
        let mut values: Vec<f64> = (0..=1000).map(|k| f64::from(k) / 1000.0).collect();
        let whole = extent_of_most(values.iter().copied()).unwrap();
        assert_eq!((whole.low, whole.high), (0.0, 1.0));
        values.extend([50.0, -3.0, f64::NAN]);
        let most = extent_of_most(values.into_iter()).unwrap();
        assert_eq!((most.low, most.high), (0.0, 1.0));
        assert_eq!(extent_of_most([f64::NAN].into_iter()), None);
    }
}
