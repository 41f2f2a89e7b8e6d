//! What a column gains by being made normal, by a sample of it.
//!
//! ```text
//! gain = mean of log q(x) - log N(x; mean, deviation) - knots / n        log q(x) = log N(g(x)) + log g'(x)
//! ```
//!
//! q and the normal are both fitted to the sample. A knot gains 1 / (2 n) nats on it by chance, and loses as much on other rows.

use super::fit;

/// A sample of a column in its noise.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// Nats a row.
    pub nats: f64,
    /// The sample, in increasing order, equal values spread over the width of the noise.
    pub sample: Vec<f64>,
}

impl Gain {
    /// Of a sample in noise of this width, 0 for none; none where the sample is constant.
    pub fn of(mut sample: Vec<f64>, jitter: f64) -> Option<Self> {
        let map = fit::normal(sample.clone(), jitter)?;
        sample.sort_by(f64::total_cmp);
        fit::spread(&mut sample, jitter, 1.0);
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        let squares = sample.iter().map(|x| (x - mean) * (x - mean));
        let variance = squares.sum::<f64>() / n;
        let log = |x: &f64| {
            let u = map.value(*x);
            map.log_slope(u) - 0.5 * u * u
        };
        let log = sample.iter().map(log).sum::<f64>() / n;
        let nats = log + 0.5 * (1.0 + variance.ln()) - map.knots() as f64 / n;
        Some(Gain { nats, sample })
    }
}
