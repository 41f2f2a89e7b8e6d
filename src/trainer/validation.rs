//! The figures that pick the best parameters, over samples of their own, drawn once.
//!
//! ```text
//! C - H is estimated by the mean of log p(x) - log q(x) over the same samples, far closer than C itself:
//! divergence = mean delta      divergence_se = sd(delta) / sqrt(n)      delta = log p(x) - log q(x)
//! ```

use otflow_kernels::engine::{Engine, with_rows};
use otflow_kernels::objective::{Alpha, CostSums, Costs, Scheme, log_density};

use crate::data::random::Stream;
use crate::data::{DataError, Dataset};
use crate::event::Figures;
use crate::loss_range::Resolution;
use crate::ranks::Ranks;

/// Samples and, where it is known, the true log density of each.
pub struct Validation {
    /// The rows that this rank computes.
    rows: Vec<f64>,
    /// The amount by which the log density of each row is higher in standardised units of the table.
    offsets: Vec<f64>,
    truth: Option<Vec<f64>>,
    n: usize,
}

impl Validation {
    /// Draws the samples that this rank computes, of n, or of all of a table's validation part if it has fewer.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn new(data: &Dataset, n: usize, ranks: &Ranks) -> Result<Self, DataError> {
        let n = data.validation_rows(n);
        let rows = data.validation(n, ranks.rows(n))?;
        Ok(Validation {
            offsets: data.offsets(&rows),
            rows,
            // No rows of a table, whose density is not known.
            truth: data.log_density(&data.draw(Stream::Validation, 0, n)),
            n,
        })
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.n
    }

    /// The figures of the parameters that the engine holds. None when the pass for them was given up.
    pub fn figures(&self, mut pass: Pass) -> Option<Figures> {
        let ends = self.ends(&mut pass, self.n)?;
        let total = |of: fn(&PathEnd) -> f64| ends.iter().map(of).sum::<f64>();
        let sums = CostSums {
            v: total(|end| end.v),
            nll: -total(|end| end.log),
            r: total(|end| end.r),
        };
        let costs = Costs::from_sums(sums, self.n, pass.alpha);
        let paired = self
            .truth
            .as_ref()
            .map(|truth| Estimate::new(truth.iter().zip(&ends).map(|(p, end)| p - end.log)));
        Some(Figures {
            losses: super::losses(&costs),
            c_se: Some(Estimate::new(ends.iter().map(|end| end.log)).error),
            divergence: paired.map(|paired| paired.mean),
            divergence_se: paired.map(|paired| paired.error),
        })
    }

    /// C over the first rows as these steps give it, and as twice as many do, nats: far apart where the flow lives by the error of
    /// its integration. The log density of such a model means nothing, however good its C.
    pub fn resolution(&self, mut pass: Pass) -> Option<Resolution> {
        let samples = self.n.min(RESOLVED);
        let scheme = pass.scheme;
        let mut c = |steps| {
            pass.scheme = Scheme { steps, ..scheme };
            let ends = self.ends(&mut pass, samples)?;
            Some(-Estimate::new(ends.iter().map(|end| end.log)).mean)
        };
        Some(Resolution {
            steps: scheme.steps,
            c: c(scheme.steps)?,
            fine: c(2 * scheme.steps)?,
        })
    }

    /// The ends of the paths of the first n samples. None when a pass was given up.
    fn ends(&self, pass: &mut Pass, n: usize) -> Option<Vec<PathEnd>> {
        let Pass {
            engine,
            ranks,
            scheme,
            alpha,
        } = pass;
        let shape = engine.shape();
        let own = ranks.rows(n).count();
        let mut states = vec![0.0; own * (shape.d + 3)];
        with_rows(
            &self.rows[..own * shape.columns()],
            shape.columns(),
            |samples| engine.states(samples, scheme, alpha.a0, &mut states),
        );
        let values = states
            .chunks_exact(shape.d + 3)
            .zip(&self.offsets)
            .flat_map(|(state, offset)| {
                let log = log_density(state) + offset;
                [log, state[shape.d + 1], state[shape.d + 2]]
            });
        let all = ranks.join(values.collect(), n, 3)?;
        let (ends, _) = all.as_chunks();
        let end = |&[log, v, r]: &[f64; 3]| PathEnd { log, v, r };
        Some(ends.iter().map(end).collect())
    }
}

/// The context of a pass over the samples; the parameters are those that the engine holds.
pub struct Pass<'a> {
    /// The kernels.
    pub engine: &'a mut dyn Engine,
    /// The ranks that share the samples.
    pub ranks: &'a mut Ranks,
    /// The integration.
    pub scheme: Scheme,
    /// The weights of the loss.
    pub alpha: &'a Alpha,
}

/// The end of the path of a sample: its log density, v(1) and r(1).
struct PathEnd {
    log: f64,
    v: f64,
    r: f64,
}

/// Rows by which the integration is judged.
const RESOLVED: usize = 256;
/// A mean with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// The mean.
    pub(crate) mean: f64,
    /// The standard error of the mean.
    pub(crate) error: f64,
}

impl Estimate {
    /// The mean of the values.
    pub(crate) fn new(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / n;
        let variance = values.map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0);
        Estimate {
            mean,
            error: (variance / n).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_error_is_that_of_the_mean() {
        let Estimate { mean, error } = Estimate::new([1.0, 2.0, 3.0, 4.0].into_iter());
        assert_eq!(mean, 2.5);
        assert!((error - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
    }
}
