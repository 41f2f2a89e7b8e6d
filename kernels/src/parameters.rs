//! The parameters theta of Phi in one flat f64 buffer, with named views under the published names:
//! `A`, `c.weight` (b), `c.bias` (c), `w.weight`, `N.layers.i.weight` (K_i), `N.layers.i.bias` (b_i).
//!
//! Start values: K_i, b_i uniform in +-1/sqrt(fan_in), K_i and b_i for i >= 2 a copy of K_1 and b_1,
//! A Xavier-uniform, w = 1, b = 0, c = 0.

use std::ops::Range;

/// A `Shape` is the size of the potential; every array in the crate follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The space dimension, at least 1.
    pub d: usize,
    /// The number of context columns, held fixed along the flow; 0 for an unconditional density.
    pub context: usize,
    /// The width, at least 1.
    pub m: usize,
    /// The number of layers (M + 1; the published code calls it nTh), at least 2.
    pub layers: usize,
    /// The largest rank of A^T A.
    pub rank: usize,
}

impl Shape {
    /// Returns the number of components of s = (x, y, t): d + context + 1.
    pub fn inputs(&self) -> usize {
        self.d + self.context + 1
    }

    /// Returns the number of values in one row of data, (x, y): d + context.
    pub fn columns(&self) -> usize {
        self.d + self.context
    }

    /// Returns the number of rows of A: min(rank, inputs).
    pub fn r(&self) -> usize {
        self.rank.min(self.inputs())
    }

    /// Returns the residual step h = 1/M.
    pub fn h(&self) -> f64 {
        1.0 / (self.layers - 1) as f64
    }

    /// Returns every tensor in the order in which the flat buffer holds them.
    pub fn tensors(&self) -> Vec<Tensor> {
        let (s, m) = (self.inputs(), self.m);
        let mut named: Vec<(String, Vec<usize>)> = vec![
            ("A".into(), vec![self.r(), s]),
            ("c.weight".into(), vec![1, s]),
            ("c.bias".into(), vec![1]),
            ("w.weight".into(), vec![1, m]),
        ];
        for i in 0..self.layers {
            let fan_in = if i == 0 { s } else { m };
            named.push((format!("N.layers.{i}.weight"), vec![m, fan_in]));
            named.push((format!("N.layers.{i}.bias"), vec![m]));
        }
        let mut start = 0;
        named
            .into_iter()
            .map(|(name, shape)| {
                let range = start..start + shape.iter().product::<usize>();
                start = range.end;
                Tensor { name, shape, range }
            })
            .collect()
    }

    /// Returns the number of parameters.
    pub fn parameters(&self) -> usize {
        let s = self.inputs();
        self.r() * s + s + 1 + self.m + self.m * (s + 1) + (self.layers - 1) * self.m * (self.m + 1)
    }

    /// Returns start values; `uniform` draws from [0, 1).
    pub fn start(&self, mut uniform: impl FnMut() -> f64) -> Vec<f64> {
        let mut theta = vec![0.0; self.parameters()];
        let offsets = Offsets::new(self);
        let mut fill = |range: Range<usize>, bound: f64, theta: &mut [f64]| {
            for value in &mut theta[range] {
                *value = bound * (2.0 * uniform() - 1.0);
            }
        };
        let (s, m) = (self.inputs(), self.m);
        let xavier = (6.0 / (self.r() + s) as f64).sqrt();
        fill(offsets.a.clone(), xavier, &mut theta);
        theta[offsets.w.clone()].fill(1.0);
        for i in 0..2 {
            let fan_in = if i == 0 { s } else { m };
            let bound = 1.0 / (fan_in as f64).sqrt();
            fill(offsets.k[i].clone(), bound, &mut theta);
            fill(offsets.b[i].clone(), bound, &mut theta);
        }
        for i in 2..self.layers {
            theta.copy_within(offsets.k[1].clone(), offsets.k[i].start);
            theta.copy_within(offsets.b[1].clone(), offsets.b[i].start);
        }
        theta
    }
}

/// A `Tensor` is one named array of the flat buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// The published name.
    pub name: String,
    /// The published shape, row-major.
    pub shape: Vec<usize>,
    /// The range in the flat buffer.
    pub range: Range<usize>,
}

/// `Offsets` are the ranges of the symbols in the flat buffer.
#[derive(Clone, Debug)]
pub struct Offsets {
    /// The range of A, r x inputs.
    pub a: Range<usize>,
    /// The range of b, inputs.
    pub linear: Range<usize>,
    /// The range of c, a single value.
    pub constant: Range<usize>,
    /// The range of w, m.
    pub w: Range<usize>,
    /// The ranges of K_i: m x inputs for i = 0, else m x m.
    pub k: Vec<Range<usize>>,
    /// The ranges of b_i, m.
    pub b: Vec<Range<usize>>,
}

impl Offsets {
    /// Returns the ranges of [`Shape::tensors`] by symbol.
    pub fn new(shape: &Shape) -> Self {
        let ranges: Vec<_> = shape.tensors().into_iter().map(|t| t.range).collect();
        let of_layers = |first: usize| ranges[first..].iter().step_by(2).cloned().collect();
        Offsets {
            a: ranges[0].clone(),
            linear: ranges[1].clone(),
            constant: ranges[2].clone(),
            w: ranges[3].clone(),
            k: of_layers(4),
            b: of_layers(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        d: 3,
        context: 2,
        m: 7,
        layers: 4,
        rank: 10,
    };

    #[test]
    fn tensors_tile_the_buffer_without_gaps() {
        let tensors = SHAPE.tensors();
        let mut end = 0;
        for t in &tensors {
            assert_eq!(t.range.start, end);
            end = t.range.end;
        }
        assert_eq!(end, SHAPE.parameters());
        assert_eq!(Offsets::new(&SHAPE).b.last().unwrap().end, end);
    }

    #[test]
    fn start_values_follow_the_published_rule() {
        let mut state = 1_u64;
        let theta = SHAPE.start(|| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        });
        let offsets = Offsets::new(&SHAPE);
        assert!(theta[offsets.w.clone()].iter().all(|&w| w == 1.0));
        assert!(theta[offsets.linear.clone()].iter().all(|&b| b == 0.0));
        assert_eq!(theta[offsets.constant.start], 0.0);
        let largest = |r: &Range<usize>| {
            theta[r.clone()]
                .iter()
                .fold(0.0, |a: f64, v| a.max(v.abs()))
        };
        let bounds = [
            (&offsets.k[0], 6.0_f64.sqrt()),
            (&offsets.k[1], 7.0_f64.sqrt()),
        ];
        for (range, root) in bounds {
            assert!(largest(range) <= 1.0 / root && largest(range) > 0.7 / root);
        }
        assert!(largest(&offsets.a) <= (6.0_f64 / 12.0).sqrt());
        for i in 2..4 {
            assert_eq!(theta[offsets.k[i].clone()], theta[offsets.k[1].clone()]);
            assert_eq!(theta[offsets.b[i].clone()], theta[offsets.b[1].clone()]);
        }
    }
}
