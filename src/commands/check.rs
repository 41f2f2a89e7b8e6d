//! `otflow check`: prints a session as it will be in force, its data, and the flops and memory that it needs.

use std::fmt::Write;
use std::path::Path;

use otflow_kernels::batch::Chunks;
use otflow_kernels::engine::lanes_of;
use otflow_kernels::objective::Scheme;
use otflow_kernels::parameters::Shape;
use otflow_kernels::tree_sum::sums_a_thread;

use crate::commands::given::{self, Given};
use crate::cost::{Computation, flops_per_sample};
use crate::data::{Dataset, SplitPart, SplitTable};
use crate::exit::{Exit, refuse};
use crate::problem::{precision, scheme, shape};
use crate::say;
use crate::scaling::MeanAndScale;
use crate::session::{self, Initial, Session, built_in, fields};

/// Bytes of a row of a tile: one 512-bit vector.
const VECTOR: f64 = 64.0;

/// Prints a session; the value is the exit code.
pub fn check(name: &Path) -> Exit {
    let loaded = match given::session(name) {
        Ok(Given::File(file)) => session::load(&file),
        Ok(Given::Toy(toy)) => session::parse(built_in(toy), name),
        Err(message) => return refuse(&message),
    };
    match loaded {
        Ok(session) => match Dataset::open(&session.data, session.model.seed) {
            Ok(data) => {
                say::out(&describe(&session, &data));
                Exit::Done
            }
            Err(error) => refuse(&error.to_string()),
        },
        Err(rejection) => refuse(&rejection.to_string()),
    }
}

/// The description of a session: its fields, data and shapes, and the flops and memory of an iteration.
fn describe(session: &Session, data: &Dataset) -> String {
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
    if let Some(table) = data.table() {
        describe_table(&mut text, table);
    }
    _ = writeln!(text, "\nparameters {}", shape.parameters());
    for tensor in shape.tensors() {
        _ = writeln!(text, "  {:<20} {:?}", tensor.name, tensor.shape);
    }
    let flops = flops_per_sample(Computation::Iteration, &shape, &scheme) * batch as f64;
    _ = writeln!(text, "\none iteration      {:.3} Gflop", flops / 1e9);
    if let Initial::Matching { batch, .. } = session.start {
        let flops = flops_per_sample(Computation::Matching, &shape, &scheme) * batch as f64;
        _ = writeln!(text, "one of matching    {:.3} Gflop", flops / 1e9);
    }
    let chunks = Chunks::of(batch, lanes_of(precision(session))).count();
    let sums = sums_a_thread(chunks).min(chunks);
    let memory = [
        MemoryUse {
            name: "path of a tile, each thread",
            bytes: tape_bytes(&shape, &scheme),
        },
        MemoryUse {
            name: "gradient sums, each thread",
            bytes: 8.0 * (sums * shape.parameters()) as f64,
        },
        MemoryUse {
            name: "parameters and moments",
            bytes: 8.0 * (COPIES * shape.parameters()) as f64,
        },
        MemoryUse {
            name: "batch and validation",
            bytes: 8.0 * sample_values(&shape, session),
        },
    ];
    for MemoryUse { name, bytes } in memory.into_iter().chain(matching_memory(session, &shape)) {
        _ = writeln!(text, "memory {name:<27} {:>9.1} MB", bytes / 1e6);
    }
    text
}

/// Memory of one purpose.
struct MemoryUse {
    name: &'static str,
    bytes: f64,
}

/// The memory of a start by matching: pairs of rows and normal draws, and the distances within a group.
fn matching_memory(session: &Session, shape: &Shape) -> Vec<MemoryUse> {
    let Initial::Matching { batch, group, .. } = session.start else {
        return Vec::new();
    };
    let (pairs, distances) = (batch * (shape.columns() + shape.d), group.min(batch).pow(2));
    vec![
        MemoryUse {
            name: "pairs of the start",
            bytes: 8.0 * pairs as f64,
        },
        MemoryUse {
            name: "distances, each thread",
            bytes: 8.0 * distances as f64,
        },
    ]
}

/// Describes the rows of the parts and the scaling of the columns.
fn describe_table(text: &mut String, table: &SplitTable) {
    let rows = [
        ("training", SplitPart::Training),
        ("validation", SplitPart::Validation),
        ("test", SplitPart::Test),
    ];
    let rows = rows.map(|(name, part)| format!("{} {name}", table.len(part)));
    let dropped = table.dropped();
    _ = writeln!(
        text,
        "\nrows {}; {dropped} left out for missing values",
        rows.join(", ")
    );
    for (k, column) in table.scaling().columns.iter().enumerate() {
        let role = if k < table.dimension() {
            "learned"
        } else {
            "given"
        };
        let (name, MeanAndScale { mean, scale }) = (&column.name, column.raw());
        let map = column.transform.as_ref();
        let map = map.map_or(String::new(), |transform| format!(", {}", transform.map));
        let whitening = table.scaling().whitening.as_ref();
        let whitened = match whitening.filter(|_| k < table.dimension()) {
            None => "",
            Some(whitening) if whitening.is_mapped() => ", whitened and made normal",
            Some(_) => ", whitened",
        };
        _ = writeln!(
            text,
            "  {name:<26} mean {mean:<14.6} deviation {scale:<14.6} {role}{map}{whitened}"
        );
    }
    for fault in table.faults() {
        _ = writeln!(text, "warning: {fault}");
    }
}

/// Vectors as long as the parameters that a trainer holds: the parameters, the gradient, the best, the last good ones, and twice two
/// moments.
const COPIES: usize = 8;

/// Number of values of the batch and the validation: rows of both, end states and two log densities of the validation.
fn sample_values(shape: &Shape, session: &Session) -> f64 {
    let columns = shape.columns();
    (session.data.batch() * columns + session.validation.samples * (columns + shape.d + 5)) as f64
}

/// Bytes that the evaluations of a tile keep for the adjoint: slope_i, u_i, z_i, s, grad_s Phi, x' and the HJB residual, and of the
/// trace c_i and slope_bar_i.
fn tape_bytes(shape: &Shape, scheme: &Scheme) -> f64 {
    let (m, layers, inner) = (shape.m, shape.layers, shape.layers - 1);
    let plain = ((layers + 2 * inner) * m + 2 * shape.inputs() + shape.d + 1) as f64;
    let trace = (2 * inner * m) as f64;
    let traced = scheme.traced_evaluations() as f64;
    VECTOR * (plain * scheme.evaluations() as f64 + trace * traced)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::session::parse;
    use otflow_kernels::objective::{Grid, TraceAt};
    use otflow_kernels::stepper::Stepper;

    #[test]
    fn the_path_of_a_tile_is_counted_row_by_row() {
        let shape = Shape {
            d: 3,
            context: 2,
            m: 10,
            layers: 3,
            rank: 10,
        };
        let bytes = |trace| {
            let scheme = Scheme {
                steps: 4,
                stepper: Stepper::Rk4,
                trace,
                grid: Grid::Even,
            };
            tape_bytes(&shape, &scheme)
        };
        // Three slopes, two u, two z of 10 rows; s and grad of 6, x' of 3, the residual; of the trace two c and two slope_bar.
        let (plain, trace) = (70.0 + 12.0 + 3.0 + 1.0, 40.0);
        assert_eq!(bytes(TraceAt::EveryStage), 64.0 * 16.0 * (plain + trace));
        // The last node is an evaluation of its own.
        let nodes = 17.0 * plain + 5.0 * trace;
        assert_eq!(bytes(TraceAt::StepNodes), 64.0 * nodes);
    }

    /// What is said of a session in a folder.
    fn said(folder: &Path, text: &str) -> String {
        let session = parse(text, &folder.join("s.ron")).unwrap();
        let data = Dataset::open(&session.data, session.model.seed).unwrap();
        describe(&session, &data)
    }

    #[test]
    fn maps_and_whitening_are_named_by_column() {
        let folder = tempfile::tempdir().unwrap();
        let row = |k: u32| format!("{},{},{}\n", k + 1, k * 7 % 50, k * k % 31);
        let rows: String = (0..200).map(row).collect();
        std::fs::write(folder.path().join("t.csv"), format!("a,b,y\n{rows}")).unwrap();
        let said = said(
            folder.path(),
            r#"(data: Table(path: "t.csv", batch: 20, given: ["y"], transform: {"a": Log}, whiten: Yes),
                validation: (samples: 20))"#,
        );
        let ends = |name: &str, end: &str| {
            let line = said.lines().find(|line| line.starts_with(name)).unwrap();
            assert!(line.ends_with(end), "{line}");
        };
        ends("  a ", " learned, as its logarithm, whitened");
        ends("  b ", " learned, whitened");
        ends("  y ", " given");
    }

    #[test]
    fn a_start_by_matching_is_counted_beside_an_iteration_and_the_square_grid_with_its_traces() {
        let folder = Path::new(".");
        let of = |more: &str| {
            let text =
                format!("(data: Toy(name: \"moons\", batch: 1000), model: (width: 50), {more})");
            said(folder, &text)
        };
        let flops = |said: &str, name: &str| -> f64 {
            let line = said.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace()
                .rev()
                .nth(1)
                .unwrap()
                .parse()
                .unwrap()
        };
        let start = of("start: Matching(batch: 2000, group: 100)");
        // 3 (4 m^2 + 4 m (d + 1)) = 31,800 for each of 2000 pairs.
        assert_eq!(flops(&start, "one of matching"), 0.064);
        assert!(start.contains("memory pairs of the start"));
        assert!(!of("").contains("matching "));
        let trace = 3.0 * 1000.0 * 2.0 * 50.0 * 50.0 * 2.0 / 1e9;
        let of_grid = |grid: &str| {
            let flow = format!("flow: (steps: 4, trace: EveryStage, grid: {grid})");
            flops(&of(&flow), "one iteration")
        };
        let saved = of_grid("Even") - of_grid("Square");
        assert!((saved - trace).abs() < 1.5e-3, "{saved} {trace}");
    }
}
