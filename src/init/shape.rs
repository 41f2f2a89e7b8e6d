//! Whether a column is to be made normal before the flow learns it, and what of its shape speaks for that.
//!
//! ```text
//! deviation = (third quartile - first) / 1.349, as it would be of a normal
//! reach = the larger distance of an extreme from the median, in deviations        lean = (q95 + q05 - 2 median) / (q95 - q05)
//! ```

use crate::headless::number::general;
use crate::scaling::Gain;

/// Nats from which on a map is worth its while.
const WORTH: f64 = 0.03;
/// Quartiles of the normal lie so many deviations apart.
const QUARTILES: f64 = 1.349;
/// Deviations that a normal column of any usual length stays within, and that it goes beyond.
const FAR: f64 = 6.0;
const NEAR: f64 = 2.2;
/// The lean of a normal column is 0, that of an exponential one 0.55.
const LEAN: f64 = 0.15;
/// Digits of figures in words.
const DIGITS: usize = 2;

/// Why a column is to be made normal, in words; none where it is near enough as it is.
pub fn reason(sample: Vec<f64>, jitter: f64) -> Option<String> {
    let Gain { nats, sample } = Gain::of(sample, jitter)?;
    let gained = general(nats, DIGITS);
    (nats > WORTH).then(|| format!("{}: made normal, which gains {gained} nats", shape(&sample)))
}

/// What a sorted sample looks like that is not normal.
fn shape(sample: &[f64]) -> String {
    let last = sample.len() - 1;
    let at = |share: f64| sample[(share * last as f64).round() as usize];
    let median = at(0.5);
    let deviation = (at(0.75) - at(0.25)) / QUARTILES;
    if deviation == 0.0 {
        return "mostly one value".to_owned();
    }
    let reach = (at(1.0) - median).max(median - at(0.0)) / deviation;
    let lean = (at(0.95) + at(0.05) - 2.0 * median) / (at(0.95) - at(0.05));
    let deviations = general(reach, DIGITS);
    match (reach > FAR, lean.abs() > LEAN) {
        (true, true) => format!("skewed, with a tail of {deviations} deviations"),
        (true, false) => format!("heavy tails of {deviations} deviations"),
        (false, true) => "skewed".to_owned(),
        (false, false) if reach < NEAR => "flat between bounds".to_owned(),
        (false, false) => "peaks or steps".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::data::random::{Stream, generator};

    #[test]
    fn a_column_is_made_normal_if_it_is_clearly_none() {
        let mut rng = generator(1, Stream::Samples);
        let mut normal = |n: usize| -> Vec<f64> {
            let draw = |_| StandardNormal.sample(&mut rng);
            (0..n).map(draw).collect()
        };
        for n in [2, 30, 300, 4000] {
            assert_eq!(reason(normal(n), 0.0), None, "{n}");
        }
        let rounded: Vec<f64> = normal(4000).iter().map(|x| (3.0 * x).round()).collect();
        assert_eq!(reason(rounded, 1.0), None);
        let heavy = normal(4000).iter().map(|x| x * x * x).collect();
        assert!(reason(heavy, 0.0).unwrap().starts_with("heavy tails of "));
        let skewed: Vec<f64> = normal(4000).iter().map(|x| x.exp()).collect();
        assert!(
            reason(skewed.clone(), 0.0)
                .unwrap()
                .starts_with("skewed, with a tail of ")
        );
        let bent = skewed.iter().map(|x| x.min(3.0)).collect();
        assert!(reason(bent, 0.0).unwrap().starts_with("skewed: "));
        let mut rng = generator(2, Stream::Samples);
        let flat: Vec<f64> = (0..4000).map(|_| rng.random()).collect();
        // Entropy of the normal of that deviation less that of the uniform: 0.176 nats.
        let why = reason(flat, 0.0).unwrap();
        assert!(
            why.starts_with("flat between bounds: ") && why.contains("0.17"),
            "{why}"
        );
        let zeros = (0..4000).map(|k| if k % 10 == 0 { f64::from(k) } else { 0.0 });
        assert!(
            reason(zeros.collect(), 0.0)
                .unwrap()
                .starts_with("mostly one value")
        );
        assert_eq!(reason(vec![3.0; 100], 0.0), None);
    }
}
