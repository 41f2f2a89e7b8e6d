//! `otflow verify`: compares the kernels with the values of reference files.
//!
//! ```text
//! error of a quantity = largest |computed - reference| / largest |reference|, or the largest difference where the reference is all zero
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `flow.rs` | files of a flow: those without a `kind` |
//! | `matching.rs` | files of the loss of a start by matching: `"kind": "matching"` |
//! | `problem.rs` | sizes, parameters and rows, which both kinds have |
//! | `errors.rs` | the relative errors of quantities |

mod errors;
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
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cli;
use crate::exit::Exit;
use crate::file;
use crate::problem::kernel_precision;
use crate::say;
use errors::{RelativeErrors, largest};

/// Tolerance of f64: some thousand operations of half a unit each, and values that the reference itself holds to 1e-15.
const TOLERANCE_F64: f64 = 1e-11;
/// Tolerance of f32: 24 bits through the same operations; gradients of a tile are flushed into f64.
const TOLERANCE_F32: f64 = 2e-5;
/// Tolerance of the loss and its parts in f32: means over samples, in which roundings cancel.
const TOLERANCE_F32_LOSS: f64 = 2e-6;
/// Tolerance of M and its gradient in f32: sums of a few pairs without the mean over the stages of a path.
const TOLERANCE_F32_MATCHING: f64 = 5e-5;

/// The kind of a reference file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReferenceKind {
    /// Values of a flow; the files of the published values have no kind.
    #[default]
    Flow,
    /// Values of the loss of a start by matching.
    Matching,
}

impl ReferenceKind {
    /// The largest allowed error of a quantity.
    fn tolerance(self, precision: &str, quantity: &str) -> f64 {
        match (self, precision, quantity) {
            (ReferenceKind::Matching, "f32", _) => TOLERANCE_F32_MATCHING,
            (ReferenceKind::Flow, "f32", "loss" | "costs") => TOLERANCE_F32_LOSS,
            (ReferenceKind::Flow, "f32", _) => TOLERANCE_F32,
            _ => TOLERANCE_F64,
        }
    }
}

/// The key of a file on which the others depend.
#[derive(Deserialize)]
struct ReferenceHeader {
    #[serde(default)]
    kind: ReferenceKind,
}

/// The errors of the kernels against one file.
#[derive(Debug, Serialize)]
pub struct Agreement {
    /// Path of the file.
    pub file: PathBuf,
    /// Precision: `f32` or `f64`.
    pub precision: &'static str,
    /// Relative error by quantity; gradients under their tensor's published name.
    pub errors: BTreeMap<String, f64>,
    /// Largest of the errors; NaN if any is.
    pub largest: f64,
    #[serde(skip)]
    kind: ReferenceKind,
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

/// Compares the kernels with the files and prints the errors; the value is the exit code.
///
/// # Errors
/// When a file can't be read or is not of the reference format; the message says what is missing.
pub fn verify(args: &cli::VerifyArgs) -> Result<Exit> {
    let precision = kernel_precision(args.precision);
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

/// Compares the kernels with one file.
fn verify_file(file: &Path, precision: Precision) -> Result<Agreement> {
    let text = file::open(file)
        .and_then(io::read_to_string)
        .with_context(|| format!("cannot read {}", file.display()))?;
    verify_text(&text, file, precision)
}

/// Compares the kernels with the text of a file; the path `file` is for messages.
///
/// # Errors
/// When the text is not of the reference format; the message says what is missing.
pub fn verify_text(text: &str, file: &Path, precision: Precision) -> Result<Agreement> {
    let ReferenceHeader { kind } = read(text, file)?;
    let errors = match kind {
        ReferenceKind::Flow => flow::compare(&read(text, file)?, precision),
        ReferenceKind::Matching => matching::compare(&read(text, file)?, precision),
    };
    let RelativeErrors(errors) = errors.with_context(|| format!("in {}", file.display()))?;
    Ok(Agreement {
        file: file.to_owned(),
        precision: precision.name(),
        largest: largest(errors.values().copied()),
        errors,
        kind,
    })
}

/// Parses the text of a file.
fn read<T: DeserializeOwned>(text: &str, file: &Path) -> Result<T> {
    serde_json::from_str(text).with_context(|| {
        format!(
            "{} is not a reference file (see `otflow verify --help`)",
            file.display()
        )
    })
}
