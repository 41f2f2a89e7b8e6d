//! Level and slope of a stretch of a series by least squares, with their standard errors from the scatter of the residuals:
//!
//! ```text
//! y = level + slope (x - mean x) + r          level = mean y
//! s^2 = sum r^2 / (n - 2)                     f^2 = (1 + q) / (1 - q), q = sum r_i r_(i+1) / sum r_i^2, from 0 to 0.95
//! se(level) = f s / sqrt(n)                   se(slope) = f s / sqrt(sum (x - mean x)^2)
//! ```
//!
//! f makes up for neighbours that are alike, as validations of parameters that change slowly are; where q is underestimated, as in short
//! stretches, so are the errors. A curve that flattens out scatters around its line and so hides its slope; Mann's test asks whether
//! values fall in whatever shape:
//!
//! ```text
//! S = sum over i < j of sign(y_j - y_i)       z = (S +- 1, towards 0) / sqrt(n (n - 1) (2 n + 5) / 18)
//! ```
//!
//! Mann, Nonparametric tests against trend, 1945.

use std::cmp::Ordering;

use serde::Serialize;

/// Fewest values that have a trend with an error.
pub const LEAST: usize = 4;

/// Largest correlation of neighbours that is made up for.
const LARGEST_CORRELATION: f64 = 0.95;

/// A value of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesPoint {
    /// Place on the axis, such as an iteration.
    pub x: f64,
    /// Value.
    pub y: f64,
}

/// An estimate with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Value.
    pub value: f64,
    /// Standard error.
    pub error: f64,
}

/// Number of standard errors beyond which a difference is no noise.
const BEYOND: f64 = 3.0;

impl Estimate {
    /// The difference of two independent estimates: the other one less this one.
    pub fn until(self, other: Self) -> Self {
        Estimate {
            value: other.value - self.value,
            error: self.error.hypot(other.error),
        }
    }

    /// The estimate in a unit of which there are so many in one of its own.
    pub fn times(self, factor: f64) -> Self {
        Estimate {
            value: factor * self.value,
            error: factor.abs() * self.error,
        }
    }

    /// Whether the value differs from 0 by more than three standard errors.
    pub fn is_beyond_noise(self) -> bool {
        self.value.abs() > BEYOND * self.error
    }
}

/// The level and the slope of a stretch of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Number of values.
    pub count: usize,
    /// Mean place of the values.
    pub center: f64,
    /// Mean value.
    pub level: Estimate,
    /// Change of the value per unit of the axis.
    pub slope: Estimate,
}

impl Trend {
    /// Fits the finite values of a stretch; None where there are less than [`LEAST`], or all at one place.
    pub fn fit(points: &[SeriesPoint]) -> Option<Self> {
        let finite = |point: &&SeriesPoint| point.x.is_finite() && point.y.is_finite();
        let points: Vec<&SeriesPoint> = points.iter().filter(finite).collect();
        let count = points.len();
        if count < LEAST {
            return None;
        }
        let n = count as f64;
        let mean = |of: fn(&SeriesPoint) -> f64| points.iter().map(|p| of(p) / n).sum::<f64>();
        let (center, level) = (mean(|p| p.x), mean(|p| p.y));
        let spread: f64 = points.iter().map(|p| (p.x - center).powi(2)).sum();
        let joint = points.iter().map(|p| (p.x - center) * (p.y - level));
        let slope = joint.sum::<f64>() / spread;
        let residuals: Vec<f64> = points
            .iter()
            .map(|p| p.y - level - slope * (p.x - center))
            .collect();
        let squares: f64 = residuals.iter().map(|r| r * r).sum();
        let scatter = (squares / (n - 2.0)).sqrt() * alike(&residuals, squares);
        let estimate = |value, error| Estimate { value, error };
        slope.is_finite().then(|| Trend {
            count,
            center,
            level: estimate(level, scatter / n.sqrt()),
            slope: estimate(slope, scatter / spread.sqrt()),
        })
    }

    /// The value that the line has at another place.
    pub fn at(&self, x: f64) -> Estimate {
        let distance = x - self.center;
        Estimate {
            value: self.level.value + self.slope.value * distance,
            error: self.level.error.hypot(self.slope.error * distance),
        }
    }
}

/// The z of Mann's test for a trend of values in their order: normal where there is none and neighbours are independent, below 0 where they
/// fall. 0 for less than [`LEAST`] values, or where one is no number.
pub fn rank_trend(values: &[f64]) -> f64 {
    if values.len() < LEAST || values.iter().any(|value| value.is_nan()) {
        return 0.0;
    }
    let later = |(i, a): (usize, &f64)| -> f64 {
        let signs = values[i + 1..].iter().map(|b| match b.total_cmp(a) {
            Ordering::Less => -1.0,
            Ordering::Equal => 0.0,
            Ordering::Greater => 1.0,
        });
        signs.sum()
    };
    let s: f64 = values.iter().enumerate().map(later).sum();
    let n = values.len() as f64;
    let nearer = (s.abs() - 1.0).max(0.0).copysign(s);
    nearer / (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt()
}

/// The factor f of errors for neighbours that are alike.
fn alike(residuals: &[f64], squares: f64) -> f64 {
    let products: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let correlation = (products / squares).clamp(0.0, LARGEST_CORRELATION);
    // Without any scatter there is no correlation.
    let correlation = if squares > 0.0 { correlation } else { 0.0 };
    ((1.0 + correlation) / (1.0 - correlation)).sqrt()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn series(values: &[f64]) -> Vec<SeriesPoint> {
        let point = |(i, &y): (usize, &f64)| SeriesPoint {
            x: 10.0 * i as f64,
            y,
        };
        values.iter().enumerate().map(point).collect()
    }

    #[test]
    fn a_line_has_its_slope_and_no_error() {
        let values: Vec<f64> = (0..8).map(|i| 3.0 - 0.25 * f64::from(i)).collect();
        let trend = Trend::fit(&series(&values)).unwrap();
        assert!((trend.slope.value + 0.025).abs() < 1e-15);
        assert!((trend.level.value - (3.0 - 0.25 * 3.5)).abs() < 1e-15);
        assert!(trend.level.error < 1e-15 && trend.center == 35.0);
        assert!((trend.at(100.0).value - 0.5).abs() < 1e-14);
    }

    #[test]
    fn errors_are_those_of_the_textbook() {
        // Residuals 1, -1, -1, 1 are orthogonal to a constant and to a line: s^2 = 4 / 2, q = -1/4 and not made up for.
        let trend = Trend::fit(&series(&[2.0, 1.0, 2.0, 5.0])).unwrap();
        assert!((trend.level.value - 2.5).abs() < 1e-15);
        assert!((trend.slope.value - 0.1).abs() < 1e-15);
        assert!((trend.level.error - (2.0_f64 / 4.0).sqrt()).abs() < 1e-12);
        assert!((trend.slope.error - (2.0_f64 / 500.0).sqrt()).abs() < 1e-12);
        let far = trend.at(15.0 + 50.0);
        assert!((far.error.powi(2) - (0.5 + 2500.0 * 2.0 / 500.0)).abs() < 1e-12);
    }

    #[test]
    fn ranks_see_a_trend_of_any_shape() {
        let curve: Vec<f64> = (0..10).map(|k| f64::exp(-f64::from(k))).collect();
        // All 45 pairs fall; the variance is 10 x 9 x 25 / 18 = 125.
        assert!((rank_trend(&curve) + 44.0 / 125.0_f64.sqrt()).abs() < 1e-12);
        // 5 pairs rise, one is equal, 4 fall: S = 1.
        assert_eq!(rank_trend(&[2.0, 1.0, 3.0, 3.0, 1.5]), 0.0);
        assert_eq!(rank_trend(&curve[..3]), 0.0);
        assert_eq!(rank_trend(&[1.0, 2.0, f64::NAN, 3.0, 4.0]), 0.0);
        let squares: f64 = (1..=400)
            .map(|seed| rank_trend(&noise(10, 0.0, seed)).powi(2))
            .sum();
        assert!((squares / 400.0 - 1.0).abs() < 0.25, "{squares}");
    }

    #[test]
    fn what_is_not_finite_is_left_out_and_too_few_values_have_no_trend() {
        assert_eq!(Trend::fit(&series(&[1.0, 2.0, f64::NAN, 3.0])), None);
        assert!(Trend::fit(&series(&[1.0, 2.0, f64::NAN, 3.0, 4.0])).is_some());
        let place = SeriesPoint { x: 1.0, y: 2.0 };
        assert_eq!(Trend::fit(&[place; 5]), None);
    }

    /// Noise whose neighbours have the correlation `q`, of unit variance.
    fn noise(count: usize, q: f64, seed: u64) -> Vec<f64> {
        let mut last = 0.0;
        let step = |draw: f64| {
            last = q * last + (1.0 - q * q).sqrt() * draw;
            last
        };
        let draws = StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(seed));
        draws.take(count).map(step).collect()
    }

    #[test]
    fn levels_scatter_by_their_error_with_neighbours_alike_or_not() {
        for q in [0.0, 0.6] {
            let levels: Vec<Trend> = (1..=400)
                .filter_map(|seed| Trend::fit(&series(&noise(200, q, seed))))
                .collect();
            let squares = levels.iter().map(|trend| trend.level.value.powi(2));
            let scatter = (squares.sum::<f64>() / 400.0).sqrt();
            let told = levels.iter().map(|trend| trend.level.error).sum::<f64>() / 400.0;
            assert!((told / scatter - 1.0).abs() < 0.15, "{q}: {told} {scatter}");
        }
    }

    #[test]
    fn differences_add_their_errors_as_squares() {
        let [a, b] = [(3.0, 0.3), (2.0, 0.4)].map(|(value, error)| Estimate { value, error });
        let step = a.until(b);
        assert!((step.value + 1.0).abs() < 1e-15 && (step.error - 0.5).abs() < 1e-15);
        assert!(!step.is_beyond_noise());
        assert!(Estimate { error: 0.3, ..step }.is_beyond_noise());
    }
}
