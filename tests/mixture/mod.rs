//! Mixtures of normal distributions with axes of their own lengths, whose log density is known.
//!
//! ```text
//! log p(x) = log mean over the components of product_k N(x_k; centre_k, sd_k)
//! ```

use std::f64::consts::TAU;

use otflow::data::random::{DrawKey, Stream, row_generator};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// Components of [`Mixture::far_apart`].
const COMPONENTS: usize = 8;

/// A coordinate of a component.
struct Marginal {
    centre: f64,
    /// Standard deviation.
    sd: f64,
}

/// Components of equal weight.
pub struct Mixture {
    components: Vec<Vec<Marginal>>,
}

impl Mixture {
    /// Eight components far apart, the same ones every time: centres N(0, 4), deviations from 0.3 to 0.9.
    pub fn far_apart(d: usize) -> Self {
        let key = DrawKey {
            seed: 0,
            stream: Stream::StartValues,
            draw: 0,
        };
        let mut rng = row_generator(key, 0);
        let mut marginal = || Marginal {
            centre: 2.0 * rng.sample::<f64, _>(StandardNormal),
            sd: 0.3 + 0.6 * rng.random::<f64>(),
        };
        let mut component = || (0..d).map(|_| marginal()).collect();
        Mixture {
            components: (0..COMPONENTS).map(|_| component()).collect(),
        }
    }

    /// Breiman's twonorm (1996): two components of unit variance around (a, .., a) and (-a, .., -a), a = 2 / sqrt(d).
    #[allow(dead_code)] // Of two test programs one has no use for it.
    pub fn twonorm(d: usize) -> Self {
        let a = 2.0 / (d as f64).sqrt();
        let component = |centre: f64| (0..d).map(|_| Marginal { centre, sd: 1.0 }).collect();
        Mixture {
            components: [a, -a].map(component).into(),
        }
    }

    pub fn sample(&self, rng: &mut impl Rng) -> Vec<f64> {
        let component = &self.components[rng.random_range(0..self.components.len())];
        component
            .iter()
            .map(|of| of.centre + of.sd * rng.sample::<f64, _>(StandardNormal))
            .collect()
    }

    pub fn log_density(&self, x: &[f64]) -> f64 {
        let normal = |(x, of): (&f64, &Marginal)| {
            let z = (x - of.centre) / of.sd;
            -0.5 * (z * z + TAU.ln()) - of.sd.ln()
        };
        let of_component = |c: &Vec<Marginal>| x.iter().zip(c).map(normal).sum::<f64>();
        let logs: Vec<f64> = self.components.iter().map(of_component).collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| (log - top).exp()).sum();
        top + (sum / self.components.len() as f64).ln()
    }
}
