//! Prints the bits that the kernels compute, one line for each problem of the tests and each precision, so that builds for
//! different instruction sets can be compared: `.ci/bits` does.
//!
//! A line has a hash over all that an engine returns, and what it was computed of. A step of descent follows each gradient, so
//! that what comes after it depends on every bit of it.

#[path = "../../tests/agreement/problems.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the tests need more of it, and may panic"
)]
mod problems;

use otflow_kernels::engine::{
    Direction, Engine, Pairs, Precision, Samples, Transport, compiled, engine, with_rows,
};
use otflow_kernels::objective::Scheme;
use otflow_kernels::parameters::Shape;
use rayon::ThreadPoolBuildError;

use problems::{ALPHA, cases, parameters, rows, wide_cases};

/// The number of samples: two tiles in single precision and three in double, the last one padded.
const SAMPLES: usize = 19;

/// The largest change of a parameter by a step of descent.
const RATE: f64 = 1e-2;

fn main() -> Result<(), ThreadPoolBuildError> {
    eprintln!("{}", compiled());
    for (shape, scheme) in cases().into_iter().chain(wide_cases()) {
        for precision in [Precision::F32, Precision::F64] {
            let mut engine = engine(shape, precision, 1)?;
            let bits = bits(engine.as_mut(), &scheme);
            println!("{bits:016x} {} {shape:?} {scheme:?}", precision.name());
        }
    }
    Ok(())
}

/// Returns the hash of all results of an engine.
fn bits(engine: &mut dyn Engine, scheme: &Scheme) -> u64 {
    let shape = engine.shape();
    let mut theta = parameters(&shape);
    let mut gradient = vec![0.0; theta.len()];
    let mut hash = Hash::default();
    let rows = rows(&shape, SAMPLES);
    with_rows(&rows, shape.columns(), |samples| {
        engine.load(&theta);
        let costs = engine.gradient(samples, scheme, &ALPHA, &mut gradient);
        hash.add(&[costs.loss, costs.l, costs.c, costs.r]);
        descend(&mut theta, &gradient, &mut hash);
        engine.load(&theta);
        hash.add(&[matching(engine, &rows, &mut gradient)]);
        descend(&mut theta, &gradient, &mut hash);
        engine.load(&theta);
        results(engine, samples, scheme, &mut hash);
    });
    for tensor in shape.tensors().iter().filter(|t| t.shape.len() == 2) {
        let matrix = &mut gradient[tensor.range.clone()];
        engine.orthogonalize(matrix, tensor.shape[1]);
        hash.add(matrix);
    }
    hash.0
}

/// Takes one step of descent.
fn descend(theta: &mut [f64], gradient: &[f64], hash: &mut Hash) {
    let largest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    for (theta, gradient) in theta.iter_mut().zip(gradient) {
        *theta -= RATE / largest * gradient;
    }
    hash.add(theta);
}

/// Returns M, and writes its gradient, for pairs whose second point is the first one of another row.
fn matching(engine: &mut dyn Engine, rows: &[f64], gradient: &mut [f64]) -> f64 {
    let Shape { d, context, .. } = engine.shape();
    let columns = d + context;
    let row = |i: usize, out: &mut [f64]| {
        out[..columns].copy_from_slice(&rows[i * columns..][..columns]);
        let other = (i + 1) % SAMPLES * columns;
        out[columns..columns + d].copy_from_slice(&rows[other..][..d]);
        out[columns + d] = i as f64 / SAMPLES as f64;
    };
    let pairs = Pairs {
        n: SAMPLES,
        row: &row,
    };
    engine.matching(pairs, ALPHA.a0, gradient)
}

/// Adds everything that an engine returns besides gradients.
fn results(engine: &mut dyn Engine, samples: Samples, scheme: &Scheme, hash: &mut Hash) {
    let shape = engine.shape();
    let mut potential = vec![0.0; SAMPLES * (shape.inputs() + 2)];
    engine.potential(samples, 0.37, &mut potential);
    hash.add(&potential);
    let mut states = vec![0.0; SAMPLES * (shape.d + 3)];
    engine.states(samples, scheme, ALPHA.a0, &mut states);
    hash.add(&states);
    let back = Transport {
        scheme,
        a0: ALPHA.a0,
        direction: Direction::Inverse,
    };
    let mut ends = vec![0.0; SAMPLES * shape.d];
    engine.transport(samples, back, &mut ends);
    hash.add(&ends);
}

/// An FNV-1a hash of 64 bits.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    fn add(&mut self, values: &[f64]) {
        // The bits of what is no number differ from one kind of CPU to the next.
        assert!(values.iter().all(|value| value.is_finite()));
        for byte in values.iter().flat_map(|value| value.to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
