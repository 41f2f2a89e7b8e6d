//! The values of arguments, parsed from their text.

use clap::builder::{PathBufValueParser, TypedValueParser};
use otflow_kernels::objective::Alpha;

use crate::run::read::run_of;

/// The parser of run directories, for which a file in one stands too.
pub fn run() -> impl TypedValueParser<Value = std::path::PathBuf> {
    PathBufValueParser::new().map(run_of)
}

/// Parses a whole number above 0.
///
/// # Errors
/// The text is no such value; the error is a sentence.
pub fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be above 0".into()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("`{text}` is not a whole number")),
    }
}

/// Parses a number of time steps, 1 to 1000.
///
/// # Errors
/// The text is no such value; the error is a sentence.
pub fn parse_steps(text: &str) -> Result<usize, String> {
    match parse_count(text)? {
        steps if steps <= 1000 => Ok(steps),
        _ => Err("at most 1000".into()),
    }
}

/// Parses the weights a0,a1,a2 of the loss.
///
/// # Errors
/// The text is no such value; the error is a sentence.
pub fn parse_weights(text: &str) -> Result<Alpha, String> {
    let values: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let allowed = |weight: &f64| (0.0..=1e9).contains(weight);
    match values.as_deref() {
        Ok([a0, a1, a2]) if [a0, a1, a2].into_iter().all(allowed) && *a0 > 0.0 => Ok(Alpha {
            a0: *a0,
            a1: *a1,
            a2: *a2,
        }),
        _ => Err("expected three numbers from 0 to 1e9, the first above 0, as 1,100,5".into()),
    }
}

/// Parses a finite number above 0.
///
/// # Errors
/// The text is no such value; the error is a sentence.
pub fn parse_positive(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err("it must be above 0 and finite".into())
    }
}
