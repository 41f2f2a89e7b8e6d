//! One step of the optimiser, with the parts that Adam and Muon share:
//!
//! ```text
//! clip     g <- g min(1, clip / |g|)
//! decay    theta <- theta - lr decay theta          matrices alone
//! step     Adam (`adam.rs`) or Muon (`muon.rs`)
//! clamp    every parameter into [-clamp, clamp]
//! average  mean <- mean + (1 - a_k) (theta - mean)  a_k = min(average, k / (k + 1)), k steps before this one
//! ```

mod adam;
mod muon;
pub mod schedule;

use otflow_kernels::engine::Engine;
use otflow_kernels::parameters::Shape;
use serde::{Deserialize, Serialize};

pub use adam::{Adam, BETA2};
use muon::{Muon, MuonRates, parameter_parts};

use crate::session::{Optimizer, Stepping};

/// The state of an optimiser: its moments of earlier gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OptimizerState {
    /// State of Adam.
    Adam(Adam),
    /// State of Muon.
    Muon(Muon),
}

impl OptimizerState {
    /// The state of this kind of optimiser before its first step.
    pub fn new(optimizer: &Optimizer, shape: &Shape) -> Self {
        match optimizer {
            Optimizer::Adam { .. } => OptimizerState::Adam(Adam::new(shape.parameters())),
            Optimizer::Muon { .. } => OptimizerState::Muon(Muon::new(shape)),
        }
    }

    /// Whether the state is of this kind of optimiser.
    pub fn is_of(&self, optimizer: &Optimizer) -> bool {
        matches!(
            (self, optimizer),
            (OptimizerState::Adam(_), Optimizer::Adam { .. })
                | (OptimizerState::Muon(_), Optimizer::Muon { .. })
        )
    }

    /// Number of parameters that the state is for; None if any value is not finite.
    pub fn parameters(&self) -> Option<usize> {
        match self {
            OptimizerState::Adam(adam) => adam.parameters(),
            OptimizerState::Muon(muon) => muon.parameters(),
        }
    }

    /// Copies another state, without allocating where both are of the same kind.
    pub fn copy_from(&mut self, other: &Self) {
        match (self, other) {
            (OptimizerState::Adam(adam), OptimizerState::Adam(other)) => adam.copy_from(other),
            (OptimizerState::Muon(muon), OptimizerState::Muon(other)) => muon.copy_from(other),
            (own, other) => *own = other.clone(),
        }
    }

    /// Makes one step at the learning rate lr. The gradient is clipped in place.
    pub fn step(
        &mut self,
        theta: &mut [f64],
        gradient: &mut [f64],
        engine: &dyn Engine,
        optimizer: &Optimizer,
        lr: f64,
    ) {
        let Stepping {
            clamp, decay, clip, ..
        } = optimizer.stepping();
        if let Some(clip) = clip {
            let length = norm(gradient.iter().copied());
            if length > clip {
                gradient
                    .iter_mut()
                    .for_each(|value| *value *= clip / length);
            }
        }
        if decay > 0.0 {
            for matrix in parameter_parts(&engine.shape()).matrices {
                let values = theta[matrix.range].iter_mut();
                values.for_each(|value| *value -= lr * decay * *value);
            }
        }
        if !self.is_of(optimizer) {
            *self = OptimizerState::new(optimizer, &engine.shape());
        }
        match (self, optimizer) {
            (OptimizerState::Adam(adam), _) => adam.step(theta, gradient, lr, BETA2),
            (OptimizerState::Muon(muon), Optimizer::Muon { momentum, .. }) => {
                let beta = *momentum;
                muon.step(theta, gradient, engine, MuonRates { lr, beta });
            }
            (OptimizerState::Muon(_), Optimizer::Adam { .. }) => {}
        }
        if let Some(limit) = clamp {
            let values = theta.iter_mut();
            values.for_each(|value| *value = value.clamp(-limit, limit));
        }
    }
}

/// The exponential average of the parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterAverage {
    /// Average of every parameter, in the order of the parameters.
    pub theta: Vec<f64>,
    /// Number of steps averaged.
    steps: u64,
}

impl ParameterAverage {
    /// The average of no steps, for a number of parameters.
    pub fn new(parameters: usize) -> Self {
        ParameterAverage {
            theta: vec![0.0; parameters],
            steps: 0,
        }
    }

    /// Adds the parameters after a step. The share `keep` of the average is kept, or that of the plain mean while it is less.
    pub fn add(&mut self, theta: &[f64], keep: f64) {
        let steps = self.steps as f64;
        let share = 1.0 - keep.min(steps / (steps + 1.0));
        for (mean, &theta) in self.theta.iter_mut().zip(theta) {
            *mean += share * (theta - *mean);
        }
        self.steps += 1;
    }
}

/// The Euclidean norm of the values.
pub(crate) fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Schedule;
    use otflow_kernels::engine::{Precision, engine};

    const SHAPE: Shape = Shape {
        d: 2,
        context: 0,
        m: 4,
        layers: 2,
        rank: 10,
    };

    fn adam(clamp: Option<f64>, decay: f64, clip: Option<f64>) -> Optimizer {
        Optimizer::Adam {
            lr: 1.0,
            schedule: Schedule::Constant,
            clamp,
            decay,
            clip,
            average: None,
        }
    }

    /// The parameters after one step from 1.4 each, and the gradient, 3 and 4 at the first two and 0 elsewhere, as it was used.
    fn stepped(optimizer: &Optimizer, lr: f64) -> (Vec<f64>, Vec<f64>) {
        let engine = engine(SHAPE, Precision::F64, 1).unwrap();
        let n = SHAPE.parameters();
        let (mut theta, mut gradient) = (vec![1.4; n], vec![0.0; n]);
        gradient[..2].copy_from_slice(&[3.0, 4.0]);
        OptimizerState::new(optimizer, &SHAPE).step(
            &mut theta,
            &mut gradient,
            &*engine,
            optimizer,
            lr,
        );
        (theta, gradient)
    }

    #[test]
    fn the_box_holds_every_parameter() {
        let (theta, _) = stepped(&adam(Some(1.3), 0.0, None), 0.5);
        assert!((theta[0] - 0.9).abs() < 1e-8);
        assert!(theta[2..].iter().all(|&value| value == 1.3));
    }

    #[test]
    fn decay_takes_its_share_of_the_matrices_and_leaves_the_biases() {
        let (theta, _) = stepped(&adam(None, 0.1, None), 0.5);
        for tensor in SHAPE.tensors() {
            let want = if tensor.shape.len() == 2 {
                1.4 * 0.95
            } else {
                1.4
            };
            let last = theta[tensor.range.end - 1];
            assert!((last - want).abs() < 1e-12, "{}: {last}", tensor.name);
        }
    }

    #[test]
    fn a_long_gradient_is_shortened_and_a_short_one_is_not() {
        let (_, gradient) = stepped(&adam(None, 0.0, Some(1.0)), 0.1);
        assert!((gradient[0] - 0.6).abs() < 1e-15 && (gradient[1] - 0.8).abs() < 1e-15);
        let (_, gradient) = stepped(&adam(None, 0.0, Some(6.0)), 0.1);
        assert_eq!(gradient[..2], [3.0, 4.0]);
    }

    #[test]
    fn an_average_is_the_mean_until_it_forgets() {
        let mut average = ParameterAverage::new(1);
        let means: Vec<f64> = [4.0, 2.0, 0.0, 8.0]
            .iter()
            .map(|&value| {
                average.add(&[value], 0.5);
                average.theta[0]
            })
            .collect();
        assert_eq!(means, [4.0, 3.0, 1.5, 4.75]);
    }
}
