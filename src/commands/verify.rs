//! `otflow verify`: reference files against the kernels: for every quantity the largest absolute difference over the largest absolute value
//! (the plain difference where the reference is all zero).
//!
//! | file | holds |
//! | --- | --- |
//! | `flow.rs` | files of a flow: those without a `kind` |
//! | `matching.rs` | files of the loss of a start by matching: `"kind": "matching"` |
//! | `problem.rs` | what both have: sizes, parameters, rows |

mod flow;
mod matching;
mod problem;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use otflow_kernels::engine::Precision;
use otflow_kernels::parameters::Shape;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cli;
use crate::exit::Exit;
use crate::file;
use crate::problem::arithmetic;
use crate::say;

/// f64: some thousand operations of half a unit each, and values that the reference itself holds to 1e-15.
const TOLERANCE_F64: f64 = 1e-11;
/// f32: 24 bits through the same operations; gradients of a tile are flushed into f64.
const TOLERANCE_F32: f64 = 2e-5;
/// The loss and its parts in f32: means over samples, in which roundings cancel.
const TOLERANCE_F32_LOSS: f64 = 2e-6;
/// M and its gradient in f32: sums of a few pairs without the mean over the stages of a path.
const TOLERANCE_F32_MATCHING: f64 = 5e-5;

/// What a reference file is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// A flow; the files of the published values don't say so.
    #[default]
    Flow,
    /// The loss of a start by matching.
    Matching,
}

impl Kind {
    /// Largest error that a quantity may have.
    fn tolerance(self, precision: &str, quantity: &str) -> f64 {
        match (self, precision, quantity) {
            (Kind::Matching, "f32", _) => TOLERANCE_F32_MATCHING,
            (Kind::Flow, "f32", "loss" | "costs") => TOLERANCE_F32_LOSS,
            (Kind::Flow, "f32", _) => TOLERANCE_F32,
            _ => TOLERANCE_F64,
        }
    }
}

/// The one key that says how the others are read.
#[derive(Deserialize)]
struct Kinded {
    #[serde(default)]
    kind: Kind,
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
    #[serde(skip)]
    kind: Kind,
}

impl Agreement {
    /// Whether every quantity is within its tolerance.
    pub fn holds(&self) -> bool {
        let within =
            |(name, error): (&String, &f64)| *error <= self.kind.tolerance(self.precision, name);
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

/// Compares the files that are given and prints how far the kernels are from each.
///
/// # Errors
/// When a file can't be read or is not of the reference format; says what is missing.
pub fn verify(args: &cli::VerifyArgs) -> Result<Exit> {
    let precision = arithmetic(args.precision);
    let agreements = args.files.iter().map(|file| verify_file(file, precision));
    let agreements = agreements.collect::<Result<Vec<Agreement>>>()?;
    if args.json {
        say::out(&serde_json::to_string_pretty(&agreements)?);
    } else {
        let told = |agreement: &Agreement| say::out(&agreement.to_string());
        agreements.iter().for_each(told);
    }
    Ok(match agreements.iter().all(Agreement::holds) {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

/// Compares one file.
fn verify_file(file: &Path, precision: Precision) -> Result<Agreement> {
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
    let Kinded { kind } = read(text, file)?;
    let errors = match kind {
        Kind::Flow => flow::compare(&read(text, file)?, precision),
        Kind::Matching => matching::compare(&read(text, file)?, precision),
    };
    let Errors(errors) = errors.with_context(|| format!("in {}", file.display()))?;
    Ok(Agreement {
        file: file.to_owned(),
        precision: precision.name(),
        largest: largest(errors.values().copied()),
        errors,
        kind,
    })
}

fn read<T: DeserializeOwned>(text: &str, file: &Path) -> Result<T> {
    serde_json::from_str(text).with_context(|| {
        format!(
            "{} is not a reference file (see `otflow verify --help`)",
            file.display()
        )
    })
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

/// Relative error by quantity.
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

    /// Flat gradients, tensor by tensor.
    fn add_tensors(&mut self, shape: &Shape, got: &[f64], want: &[f64]) {
        for tensor in shape.tensors() {
            let range = tensor.range.clone();
            self.add(&tensor.name, &got[range.clone()], &want[range]);
        }
    }
}
