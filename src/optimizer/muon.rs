//! Muon (K. Jordan, 2024): a step along the nearly orthogonal factor of each matrix's momentum; biases are stepped by Adam.
//!
//! ```text
//! B <- beta B + G        O = orthogonal factor of G + beta B        theta <- theta - lr sqrt(max(1, rows/columns)) O
//! ```
//!
//! Matrices are K_i and A, and w and b as matrices of one row; b_i and c are biases.

use std::ops::Range;

use otflow_kernels::engine::Engine;
use otflow_kernels::parameters::Shape;
use serde::{Deserialize, Serialize};

use super::adam::Adam;

/// The b2 of Adam on the biases.
const BETA2: f64 = 0.99;

/// A matrix among the parameters.
pub(super) struct ParameterMatrix {
    /// Range of its values, row-major.
    pub(super) range: Range<usize>,
    pub(super) columns: usize,
}

/// The parameters of a potential, divided into matrices and biases.
pub(super) struct ParameterParts {
    pub(super) matrices: Vec<ParameterMatrix>,
    /// Ranges of the biases among the parameters.
    pub(super) biases: Vec<Range<usize>>,
}

/// Divides the parameters of a potential into matrices and biases.
pub(super) fn parameter_parts(shape: &Shape) -> ParameterParts {
    let (matrices, biases): (Vec<_>, Vec<_>) = shape
        .tensors()
        .into_iter()
        .partition(|tensor| tensor.shape.len() == 2);
    let matrix = |tensor: otflow_kernels::parameters::Tensor| ParameterMatrix {
        columns: tensor.shape[1],
        range: tensor.range,
    };
    ParameterParts {
        matrices: matrices.into_iter().map(matrix).collect(),
        biases: biases.into_iter().map(|tensor| tensor.range).collect(),
    }
}

/// The state of Muon: the momentum of the matrices, and the state of Adam for the biases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Muon {
    /// Momentum B, as long as all parameters; 0 at the biases.
    momentum: Vec<f64>,
    biases: Adam,
}

impl Muon {
    /// The state before the first step.
    pub fn new(shape: &Shape) -> Self {
        let biases = parameter_parts(shape)
            .biases
            .into_iter()
            .map(|range| range.len())
            .sum();
        Muon {
            momentum: vec![0.0; shape.parameters()],
            biases: Adam::new(biases),
        }
    }

    /// Number of parameters; None if any value is not finite.
    pub fn parameters(&self) -> Option<usize> {
        let finite = self.momentum.iter().all(|value| value.is_finite());
        (finite && self.biases.parameters().is_some()).then_some(self.momentum.len())
    }

    /// Copies another state for as many parameters, without allocating.
    pub fn copy_from(&mut self, other: &Self) {
        self.momentum.copy_from_slice(&other.momentum);
        self.biases.copy_from(&other.biases);
    }

    /// Makes one step. The engine's threads compute the orthogonal factors.
    pub fn step(
        &mut self,
        theta: &mut [f64],
        gradient: &[f64],
        engine: &dyn Engine,
        MuonRates { lr, beta }: MuonRates,
    ) {
        let ParameterParts { matrices, biases } = parameter_parts(&engine.shape());
        for ParameterMatrix { range, columns } in matrices {
            let (theta, gradient) = (&mut theta[range.clone()], &gradient[range.clone()]);
            let momentum = &mut self.momentum[range];
            for (b, &g) in momentum.iter_mut().zip(gradient) {
                *b = beta * *b + g;
            }
            let ahead = gradient.iter().zip(&*momentum).map(|(g, b)| g + beta * b);
            let mut factor: Vec<f64> = ahead.collect();
            engine.orthogonalize(&mut factor, columns);
            let rows = factor.len() / columns;
            let rate = lr * (rows as f64 / columns as f64).max(1.0).sqrt();
            for (theta, o) in theta.iter_mut().zip(factor) {
                *theta -= rate * o;
            }
        }
        let gather = |from: &[f64]| -> Vec<f64> {
            biases
                .iter()
                .flat_map(|range| &from[range.clone()])
                .copied()
                .collect()
        };
        let (mut values, slopes) = (gather(theta), gather(gradient));
        self.biases.step(&mut values, &slopes, lr, BETA2);
        let mut rest = values.as_slice();
        for range in biases {
            let (values, later) = rest.split_at(range.len());
            theta[range].copy_from_slice(values);
            rest = later;
        }
    }
}

/// The rates of a step of Muon.
#[derive(Clone, Copy, Debug)]
pub struct MuonRates {
    /// Learning rate lr.
    pub lr: f64,
    /// Share beta of the momentum that is kept.
    pub beta: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use otflow_kernels::engine::{Precision, engine};

    const SHAPE: Shape = Shape {
        d: 2,
        context: 0,
        m: 5,
        layers: 3,
        rank: 10,
    };

    #[test]
    fn every_parameter_is_of_a_matrix_or_a_bias() {
        let ParameterParts { matrices, biases } = parameter_parts(&SHAPE);
        let mut ranges: Vec<_> = matrices.into_iter().map(|matrix| matrix.range).collect();
        // A, b, w, K_0, K_1, K_2; c, b_0, b_1, b_2.
        assert_eq!((ranges.len(), biases.len()), (6, 4));
        ranges.extend(biases);
        ranges.sort_by_key(|range| range.start);
        let ends = ranges.iter().scan(0, |end, range| {
            let fits = range.start == *end;
            *end = range.end;
            Some(fits)
        });
        assert!(ends.into_iter().all(|fits| fits));
        assert_eq!(ranges.last().unwrap().end, SHAPE.parameters());
    }

    /// Two steps of a matrix of one row: its factor is a multiple of itself over its norm, so that the direction is known.
    #[test]
    fn a_row_steps_along_its_momentum() {
        let engine = engine(SHAPE, Precision::F64, 1).unwrap();
        let at = SHAPE.tensors()[3].range.clone();
        let mut muon = Muon::new(&SHAPE);
        let mut theta = vec![0.0; SHAPE.parameters()];
        let mut b = [0.0; 5];
        for g in [[1.0, -2.0, 0.5, 0.0, 3.0], [0.3, 1.0, 1.0, -1.0, 0.0]] {
            let mut gradient = vec![0.0; SHAPE.parameters()];
            gradient[at.clone()].copy_from_slice(&g);
            let before = theta.clone();
            let pace = MuonRates {
                lr: 0.1,
                beta: 0.95,
            };
            muon.step(&mut theta, &gradient, &*engine, pace);
            let mut ahead = [0.0; 5];
            for k in 0..5 {
                b[k] = 0.95 * b[k] + g[k];
                ahead[k] = g[k] + 0.95 * b[k];
            }
            let norm = ahead.iter().map(|v| v * v).sum::<f64>().sqrt();
            // Five rounds of s <- (a + b s^2 + c s^4) s from s = 1.
            let s = (0..5).fold(1.0_f64, |s, _| {
                s * (3.4445 - 4.7750 * s * s + 2.0315 * s.powi(4))
            });
            for k in 0..5 {
                let moved = theta[at.start + k] - before[at.start + k];
                assert!((moved + 0.1 * s * ahead[k] / norm).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_tall_matrix_takes_longer_steps_and_biases_those_of_adam() {
        let engine = engine(SHAPE, Precision::F64, 1).unwrap();
        let tensors = SHAPE.tensors();
        // K_0: 5 x 3; b_0.
        let (k0, b0) = (&tensors[4], &tensors[5]);
        let mut gradient = vec![0.0; SHAPE.parameters()];
        gradient[k0.range.start] = 7.0;
        gradient[b0.range.start] = -2.0;
        let mut theta = vec![0.0; SHAPE.parameters()];
        let pace = MuonRates {
            lr: 0.1,
            beta: 0.95,
        };
        Muon::new(&SHAPE).step(&mut theta, &gradient, &*engine, pace);
        let norm = |range: &Range<usize>| {
            theta[range.clone()]
                .iter()
                .map(|v| v * v)
                .sum::<f64>()
                .sqrt()
        };
        let (moved, longest) = (norm(&k0.range), 0.1 * (5.0_f64 / 3.0).sqrt());
        assert!((0.67 * longest..1.21 * longest).contains(&moved), "{moved}");
        assert!((theta[b0.range.start] - 0.1).abs() < 1e-9);
    }
}
