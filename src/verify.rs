//! Reference files against the kernels: for every quantity the largest absolute difference over the largest absolute value
//! (the plain difference where the reference is all zero).
//!
//! The format is that of the published values: d, c (context), m, nTh, n, nt, alpha, stepper, trace; `params` and `grads`
//! by published name; x, context; phi, grad_s, trace_hess at s_time; loss, cost_L, cost_C, cost_R; forward (n x (d+3)),
//! inverse_x (forward's x integrated back), log_prob.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use otflow_kernels::engine::{Direction, Engine, Precision, Samples, engine, with_rows};
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt, log_density};
use otflow_kernels::parameters::Shape;
use otflow_kernels::stepper::Stepper;
use serde::{Deserialize, Serialize};

use crate::file;
use crate::model::LARGEST;

/// f64: some thousand operations of half a unit each, and values that the reference itself holds to 1e-15.
const TOLERANCE_F64: f64 = 1e-11;
/// f32: 24 bits through the same operations; gradients of a tile are flushed into f64.
const TOLERANCE_F32: f64 = 2e-5;
/// The loss and its parts in f32: means over samples, in which roundings cancel.
const TOLERANCE_F32_LOSS: f64 = 2e-6;

/// Time steps of a session, too.
const MOST_STEPS: usize = 1000;

/// Largest error that a quantity may have.
fn tolerance(precision: &str, quantity: &str) -> f64 {
    match (precision, quantity) {
        ("f32", "loss" | "costs") => TOLERANCE_F32_LOSS,
        ("f32", _) => TOLERANCE_F32,
        _ => TOLERANCE_F64,
    }
}

#[derive(Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    data: Vec<f64>,
}

#[derive(Deserialize)]
struct Reference {
    d: usize,
    #[serde(default)]
    c: usize,
    m: usize,
    #[serde(rename = "nTh")]
    layers: usize,
    n: usize,
    nt: usize,
    alpha: [f64; 3],
    stepper: String,
    #[serde(default = "every_stage")]
    trace: String,
    params: BTreeMap<String, Tensor>,
    grads: BTreeMap<String, Tensor>,
    x: Vec<Vec<f64>>,
    #[serde(default)]
    context: Vec<Vec<f64>>,
    s_time: f64,
    phi: Vec<f64>,
    grad_s: Vec<Vec<f64>>,
    trace_hess: Vec<f64>,
    loss: f64,
    #[serde(rename = "cost_L")]
    cost_l: f64,
    #[serde(rename = "cost_C")]
    cost_c: f64,
    #[serde(rename = "cost_R")]
    cost_r: f64,
    forward: Vec<Vec<f64>>,
    inverse_x: Vec<Vec<f64>>,
    log_prob: Vec<f64>,
}

fn every_stage() -> String {
    "every-stage".into()
}

/// How far the kernels are from one file.
#[derive(Debug, Serialize)]
pub struct Agreement {
    /// The file.
    pub file: PathBuf,
    /// `f32` or `f64`.
    pub precision: &'static str,
    /// Relative error by quantity; gradients under their tensor's published name.
    pub errors: BTreeMap<String, f64>,
    /// The largest of them; NaN if any is.
    pub largest: f64,
}

impl Agreement {
    /// Whether every quantity is within its tolerance.
    pub fn holds(&self) -> bool {
        let within = |(name, error): (&String, &f64)| *error <= tolerance(self.precision, name);
        self.errors.iter().all(within)
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.holds() { "agrees" } else { "DIFFERS" };
        writeln!(
            f,
            "{} ({}) {verdict}: largest relative error {:.1e}",
            self.file.display(),
            self.precision,
            self.largest
        )?;
        self.errors
            .iter()
            .try_for_each(|(name, error)| writeln!(f, "  {name:<20} {error:.1e}"))
    }
}

/// Compares one file.
///
/// # Errors
/// When the file can't be read or is not of the reference format; says what is missing.
pub fn verify(file: &Path, precision: Precision) -> Result<Agreement> {
    let text = file::open(file)
        .and_then(io::read_to_string)
        .with_context(|| format!("cannot read {}", file.display()))?;
    verify_text(&text, file, precision)
}

/// Compares the text of a file; `file` is only named.
///
/// # Errors
/// When it is not of the reference format; says what is missing.
pub fn verify_text(text: &str, file: &Path, precision: Precision) -> Result<Agreement> {
    let reference: Reference = serde_json::from_str(text).with_context(|| {
        format!(
            "{} is not a reference file (see `otflow verify --help`)",
            file.display()
        )
    })?;
    let errors =
        compare(&reference, precision).with_context(|| format!("in {}", file.display()))?;
    let largest = largest(errors.values().copied());
    Ok(Agreement {
        file: file.to_owned(),
        precision: precision.name(),
        errors,
        largest,
    })
}

fn compare(reference: &Reference, precision: Precision) -> Result<BTreeMap<String, f64>> {
    let shape = shape(reference)?;
    let (scheme, alpha) = (scheme(reference)?, alpha(reference));
    // Before anything is made in the sizes that the file claims.
    let theta = flat(&shape, &reference.params)?;
    let rows = rows(reference, &reference.x)?;
    let mut engine = engine(shape, precision, 0)?;
    engine.load(&theta);
    let mut errors = Errors::default();
    with_rows(&rows, shape.columns(), |samples| {
        potential(&mut *engine, reference, samples, &mut errors);
        losses(
            &mut *engine,
            (reference, samples),
            (&scheme, &alpha),
            &mut errors,
        )?;
        let mut states = vec![0.0; reference.n * (shape.d + 3)];
        engine.states(samples, &scheme, alpha.a0, &mut states);
        errors.add("forward", &states, &reference.forward.concat());
        let log_prob: Vec<f64> = states.chunks(shape.d + 3).map(log_density).collect();
        errors.add("log_prob", &log_prob, &reference.log_prob);
        anyhow::Ok(())
    })?;
    let ends: Vec<Vec<f64>> = reference
        .forward
        .iter()
        .map(|state| state[..shape.d.min(state.len())].to_vec())
        .collect();
    let ends = self::rows(reference, &ends)?;
    let mut back = vec![0.0; reference.n * shape.d];
    with_rows(&ends, shape.columns(), |samples| {
        engine.transport(samples, (&scheme, alpha.a0), Direction::Inverse, &mut back);
    });
    errors.add("inverse_x", &back, &reference.inverse_x.concat());
    Ok(errors.0)
}

fn shape(reference: &Reference) -> Result<Shape> {
    let rank = reference
        .params
        .get("A")
        .map_or(0, |a| a.shape.first().copied().unwrap_or(0));
    for (name, least, size) in [
        ("d", 1, reference.d),
        ("c", 0, reference.c),
        ("m", 1, reference.m),
        ("nTh", 2, reference.layers),
        ("the number of rows of A", 1, rank),
    ] {
        ensure!(
            (least..=LARGEST).contains(&size),
            "{name} is {size}, not from {least} to {LARGEST}"
        );
    }
    Ok(Shape {
        d: reference.d,
        context: reference.c,
        m: reference.m,
        layers: reference.layers,
        rank,
    })
}

fn scheme(reference: &Reference) -> Result<Scheme> {
    let stepper = match reference.stepper.as_str() {
        "rk4" => Stepper::Rk4,
        "rk1" => Stepper::Euler,
        other => bail!("stepper is `{other}`, not rk4 or rk1"),
    };
    let trace = match reference.trace.as_str() {
        "every-stage" => TraceAt::EveryStage,
        "step-nodes" => TraceAt::StepNodes,
        other => bail!("trace is `{other}`, not every-stage or step-nodes"),
    };
    let least = if trace == TraceAt::StepNodes { 2 } else { 1 };
    ensure!(
        (least..=MOST_STEPS).contains(&reference.nt),
        "nt is {}, not from {least} to {MOST_STEPS}",
        reference.nt
    );
    Ok(Scheme {
        steps: reference.nt,
        stepper,
        trace,
        grid: Grid::Even,
    })
}

fn alpha(reference: &Reference) -> Alpha {
    let [a0, a1, a2] = reference.alpha;
    Alpha { a0, a1, a2 }
}

fn flat(shape: &Shape, tensors: &BTreeMap<String, Tensor>) -> Result<Vec<f64>> {
    let mut theta = Vec::new();
    for want in shape.tensors() {
        let tensor = tensors
            .get(&want.name)
            .with_context(|| format!("tensor {} is missing", want.name))?;
        let sides = tensor.shape.iter();
        let size = sides.copied().try_fold(1, usize::checked_mul);
        let count = want.range.len();
        ensure!(
            size == Some(count) && tensor.data.len() == count,
            "tensor {} has shape {:?} and {} values, {:?} expected",
            want.name,
            tensor.shape,
            tensor.data.len(),
            want.shape
        );
        theta.extend(&tensor.data);
    }
    Ok(theta)
}

/// x beside the context, n x columns.
fn rows(reference: &Reference, x: &[Vec<f64>]) -> Result<Vec<f64>> {
    ensure!(
        x.len() == reference.n && !x.is_empty(),
        "x has {} rows, {} expected, and one at least",
        x.len(),
        reference.n
    );
    let context = |i: usize| reference.context.get(i).into_iter().flatten();
    for (i, x) in x.iter().enumerate() {
        let (d, c) = (x.len(), context(i).count());
        ensure!(
            (d, c) == (reference.d, reference.c),
            "row {i} of x has {d} values and {c} of context, {} and {} expected",
            reference.d,
            reference.c
        );
    }
    let rows = x
        .iter()
        .enumerate()
        .flat_map(|(i, x)| x.iter().chain(context(i)));
    Ok(rows.copied().collect())
}

fn potential(
    engine: &mut dyn Engine,
    reference: &Reference,
    samples: Samples,
    errors: &mut Errors,
) {
    let width = engine.shape().inputs() + 2;
    let mut out = vec![0.0; samples.n * width];
    engine.potential(samples, reference.s_time, &mut out);
    let column = |range: std::ops::Range<usize>| -> Vec<f64> {
        out.chunks(width)
            .flat_map(|row| &row[range.clone()])
            .copied()
            .collect()
    };
    errors.add("phi", &column(0..1), &reference.phi);
    errors.add("grad_s", &column(1..width - 1), &reference.grad_s.concat());
    errors.add(
        "trace_hess",
        &column(width - 1..width),
        &reference.trace_hess,
    );
}

fn losses(
    engine: &mut dyn Engine,
    (reference, samples): (&Reference, Samples),
    (scheme, alpha): (&Scheme, &Alpha),
    errors: &mut Errors,
) -> Result<()> {
    let shape = engine.shape();
    let mut gradient = vec![0.0; shape.parameters()];
    engine.gradient(samples, scheme, alpha, &mut gradient);
    let costs = engine.costs(samples, scheme, alpha);
    errors.add("loss", &[costs.loss], &[reference.loss]);
    errors.add(
        "costs",
        &[costs.l, costs.c, costs.r],
        &[reference.cost_l, reference.cost_c, reference.cost_r],
    );
    let want = flat(&shape, &reference.grads).context("in grads")?;
    for tensor in shape.tensors() {
        errors.add(
            &tensor.name,
            &gradient[tensor.range.clone()],
            &want[tensor.range.clone()],
        );
    }
    Ok(())
}

/// NaN if any is.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |a: f64, b| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            a.max(b)
        }
    })
}

#[derive(Default)]
struct Errors(BTreeMap<String, f64>);

impl Errors {
    /// NaN where a value is missing or not a number: neither passes.
    fn add(&mut self, name: &str, got: &[f64], want: &[f64]) {
        let off = largest(got.iter().zip(want).map(|(g, w)| (g - w).abs()));
        let size = largest(want.iter().map(|w| w.abs()));
        let same_length = got.len() == want.len();
        let error = if !same_length {
            f64::NAN
        } else if size == 0.0 {
            off
        } else {
            off / size
        };
        self.0.insert(name.into(), error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with('d'));
        files.sort();
        assert_eq!(files.len(), 9);
        files
    }

    #[test]
    fn every_reference_file_agrees_in_both_precisions() {
        for file in files() {
            for precision in [Precision::F64, Precision::F32] {
                let agreement = verify(&file, precision).unwrap();
                assert!(agreement.holds(), "{agreement:#?}");
            }
        }
    }

    #[test]
    fn a_changed_value_is_found() {
        let text = std::fs::read_to_string(&files()[0]).unwrap();
        let mut reference: Reference = serde_json::from_str(&text).unwrap();
        reference.grads.get_mut("A").unwrap().data[0] *= 1.0 + 1e-8;
        let errors = compare(&reference, Precision::F64).unwrap();
        let wrong: Vec<&str> = errors
            .iter()
            .filter(|(_, e)| **e > TOLERANCE_F64)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(wrong, ["A"]);
    }

    /// What is said of the first file with one of its fields at another value.
    fn refusal(field: &str, value: serde_json::Value) -> String {
        let text = std::fs::read_to_string(&files()[0]).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json[field] = value;
        let error = verify_text(&json.to_string(), Path::new("r.json"), Precision::F64);
        format!("{:#}", error.unwrap_err())
    }

    #[test]
    fn sizes_are_not_believed() {
        let most = u64::MAX;
        for (field, value, message) in [
            ("d", most, "d is 18446744073709551615, not from 1 to 65536"),
            ("c", 1 << 60, "not from 0 to 65536"),
            ("m", 65536, "tensor w.weight has shape"),
            ("nTh", 1, "nTh is 1, not from 2 to 65536"),
            ("nt", 1 << 40, "nt is 1099511627776, not from 1 to 1000"),
            ("n", 1 << 60, "x has"),
        ] {
            let error = refusal(field, value.into());
            assert!(error.contains(message), "{field}: {error}");
        }
        assert!(refusal("x", serde_json::json!([])).contains("x has 0 rows"));
        let tensor = serde_json::json!({ "A": { "shape": [most, most], "data": [] } });
        assert!(refusal("params", tensor).contains("rows of A is 18446744073709551615"));
    }

    #[test]
    fn the_loss_is_held_to_more_than_the_gradients_in_single_precision() {
        let off_by = |quantity: &str| Agreement {
            file: PathBuf::new(),
            precision: "f32",
            errors: BTreeMap::from([(quantity.into(), 1e-5)]),
            largest: 1e-5,
        };
        assert!(off_by("A").holds() && !off_by("loss").holds());
    }

    #[test]
    fn values_that_are_missing_or_not_numbers_do_not_pass() {
        let mut errors = Errors::default();
        errors.add("short", &[1.0], &[1.0, 2.0]);
        errors.add("nan", &[f64::NAN], &[1.0]);
        errors.add("zero", &[1e-3], &[0.0]);
        assert!(errors.0["short"].is_nan() && errors.0["nan"].is_nan());
        assert_eq!(errors.0["zero"], 1e-3);
    }
}
