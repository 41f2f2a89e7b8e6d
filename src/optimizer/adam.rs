//! Adam (Kingma and Ba 2015), b1 = 0.9 and eps = 1e-8; b2 = 0.999 in the published code.
//!
//! ```text
//! m <- b1 m + (1 - b1) g      v <- b2 v + (1 - b2) g^2
//! theta <- theta - lr / (1 - b1^k) * m / ( sqrt(v) / sqrt(1 - b2^k) + eps )
//! ```

use serde::{Deserialize, Serialize};

const BETA1: f64 = 0.9;
/// The value of b2 in the published code.
pub const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// The state of Adam: first and second moments of the gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// First moment of every parameter.
    m: Vec<f64>,
    /// Second moment of every parameter.
    v: Vec<f64>,
    /// Powers b1^k and b2^k, kept as running products so that they are the same bits everywhere.
    powers: (f64, f64),
}

impl Adam {
    /// The state before the first step, for a number of parameters.
    pub fn new(parameters: usize) -> Self {
        Adam {
            m: vec![0.0; parameters],
            v: vec![0.0; parameters],
            powers: (1.0, 1.0),
        }
    }

    /// Number of parameters; None if any value is not finite.
    pub fn parameters(&self) -> Option<usize> {
        let powers = [self.powers.0, self.powers.1];
        let mut values = self.m.iter().chain(&self.v).chain(&powers);
        let sound = self.m.len() == self.v.len() && values.all(|value| value.is_finite());
        sound.then_some(self.m.len())
    }

    /// Copies another state for as many parameters, without allocating.
    pub fn copy_from(&mut self, other: &Self) {
        self.m.copy_from_slice(&other.m);
        self.v.copy_from_slice(&other.v);
        self.powers = other.powers;
    }

    /// Makes one step. `beta2` is b2, the same in every step.
    pub fn step(&mut self, theta: &mut [f64], gradient: &[f64], lr: f64, beta2: f64) {
        self.powers = (self.powers.0 * BETA1, self.powers.1 * beta2);
        let (rate, root) = (lr / (1.0 - self.powers.0), (1.0 - self.powers.1).sqrt());
        let moments = self.m.iter_mut().zip(&mut self.v);
        for ((theta, &g), (m, v)) in theta.iter_mut().zip(gradient).zip(moments) {
            *m = BETA1 * *m + (1.0 - BETA1) * g;
            *v = beta2 * *v + (1.0 - beta2) * g * g;
            *theta -= rate * *m / (v.sqrt() / root + EPSILON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_are_those_of_the_definition() {
        let (mut adam, mut theta) = (Adam::new(2), [1.0, -2.0]);
        let gradients = [[0.5, -3.0], [-0.25, 1.0]];
        let (mut m, mut v, mut want) = ([0.0; 2], [0.0; 2], theta);
        for (k, g) in gradients.iter().enumerate() {
            adam.step(&mut theta, g, 0.1, BETA2);
            for i in 0..2 {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                let k = k as i32 + 1;
                let (m_hat, v_hat) = (
                    m[i] / (1.0 - 0.9_f64.powi(k)),
                    v[i] / (1.0 - 0.999_f64.powi(k)),
                );
                want[i] -= 0.1 * m_hat / (v_hat.sqrt() + 1e-8);
            }
        }
        for i in 0..2 {
            assert!((theta[i] - want[i]).abs() < 1e-14, "{theta:?} {want:?}");
        }
    }

    #[test]
    fn a_parameter_without_gradient_stays() {
        let (mut adam, mut theta) = (Adam::new(1), [0.3]);
        adam.step(&mut theta, &[0.0], 0.5, BETA2);
        assert_eq!(theta, [0.3]);
    }
}
