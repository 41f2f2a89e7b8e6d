//! What a session will be and need, before anything runs.

use std::fmt::Write;

use otflow_kernels::batch::Chunks;
use otflow_kernels::engine::lanes_of;
use otflow_kernels::objective::Scheme;
use otflow_kernels::parameters::Shape;
use otflow_kernels::tree::sums_a_thread;

use crate::cost::{Work, flops_per_sample};
use crate::data::{Dataset, Part, Parts};
use crate::scaling::Column;
use crate::session::{Session, fields};
use crate::trainer::{precision, scheme, shape};

/// Bytes of a row of a tile: one 512-bit vector.
const VECTOR: f64 = 64.0;

/// The session in force, field by field, its data, its shapes, and what an iteration takes.
pub fn describe(session: &Session, data: &Dataset) -> String {
    let shape = shape(session, data);
    let scheme = scheme(&session.flow);
    let batch = session.data.batch();
    let mut text = String::new();
    // Writing to a String does not fail.
    for field in fields(session) {
        _ = writeln!(
            text,
            "{:<28} {:<24} {}",
            field.name, field.value, field.applies
        );
    }
    if let Some(parts) = data.parts() {
        describe_table(&mut text, parts);
    }
    _ = writeln!(text, "\nparameters {}", shape.parameters());
    for tensor in shape.tensors() {
        _ = writeln!(text, "  {:<20} {:?}", tensor.name, tensor.shape);
    }
    let flops = flops_per_sample(Work::Iteration, &shape, &scheme) * batch as f64;
    _ = writeln!(text, "\none iteration      {:.3} Gflop", flops / 1e9);
    let chunks = Chunks::of(batch, lanes_of(precision(session))).count();
    let sums = sums_a_thread(chunks).min(chunks);
    let memory = [
        ("path of a tile, each thread", tape_bytes(&shape, &scheme)),
        (
            "gradient sums, each thread",
            8.0 * (sums * shape.parameters()) as f64,
        ),
        (
            "parameters and moments",
            8.0 * (COPIES * shape.parameters()) as f64,
        ),
        ("batch and validation", 8.0 * sample_values(&shape, session)),
    ];
    for (what, bytes) in memory {
        _ = writeln!(text, "memory {what:<27} {:>9.1} MB", bytes / 1e6);
    }
    text
}

/// Rows of the parts, and what the columns are standardised by.
fn describe_table(text: &mut String, parts: &Parts) {
    let rows = [
        ("training", Part::Training),
        ("validation", Part::Validation),
        ("test", Part::Test),
    ];
    let rows = rows.map(|(name, part)| format!("{} {name}", parts.len(part)));
    let dropped = parts.dropped();
    _ = writeln!(
        text,
        "\nrows {}; {dropped} left out for missing values",
        rows.join(", ")
    );
    for (k, column) in parts.scaling().columns.iter().enumerate() {
        let role = if k < parts.dimension() {
            "learned"
        } else {
            "given"
        };
        let Column { name, mean, scale } = column;
        _ = writeln!(
            text,
            "  {name:<26} mean {mean:<14.6} deviation {scale:<14.6} {role}"
        );
    }
}

/// Copies of theta that a trainer holds: itself, the gradient, the best, the last good ones, and twice two moments.
const COPIES: usize = 8;

/// Rows of the batch, and rows, end states and two log densities of the validation.
fn sample_values(shape: &Shape, session: &Session) -> f64 {
    let columns = shape.columns();
    (session.data.batch() * columns + session.validation.samples * (columns + shape.d + 5)) as f64
}

fn tape_bytes(shape: &Shape, scheme: &Scheme) -> f64 {
    let (d, m, layers) = (shape.d as f64, shape.m as f64, shape.layers as f64);
    let plain = 3.0 * layers * m;
    let trace = (layers - 1.0) * m * (d + 1.0);
    let traced = scheme.traced_evaluations() as f64;
    VECTOR * (plain * scheme.evaluations() as f64 + trace * traced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use otflow_kernels::objective::TraceAt;
    use otflow_kernels::stepper::Stepper;

    /// Measured for MINIBOONE with two threads: 18 MB of kept values a thread.
    #[test]
    fn the_path_of_a_tile_of_miniboone_takes_18_megabytes() {
        let shape = Shape {
            d: 43,
            context: 0,
            m: 256,
            layers: 2,
            rank: 10,
        };
        let scheme = Scheme {
            steps: 6,
            stepper: Stepper::Rk4,
            trace: TraceAt::EveryStage,
        };
        assert!((tape_bytes(&shape, &scheme) / 18e6 - 1.0).abs() < 0.15);
    }
}
