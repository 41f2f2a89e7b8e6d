//! Colours that people with any kind of colour vision can tell apart: Okabe and Ito (2008) for categories, viridis for densities.

/// Colour of the data.
pub const DATA: &str = "#0072b2";
/// Colour of samples of the model.
pub const MODEL: &str = "#d55e00";
/// Colour of f^-1(f(x)).
pub const RESTORED: &str = "#009e73";
/// Colour of f(x).
pub const MAPPED: &str = "#cc79a7";
/// Colour of limits and references.
pub const REFERENCE: &str = "#000000";
/// Colour of grid lines.
pub const FAINT: &str = "#dddddd";
/// Colours of several curves, in order.
pub const SERIES: [&str; 5] = [DATA, MODEL, RESTORED, MAPPED, "#e69f00"];

/// The colour of a level from 0 to 1 in the map viridis: darker is lower.
pub fn shade(level: f64) -> String {
    let level = if level.is_nan() { 0.0 } else { level };
    format!("#{:x}", colorous::VIRIDIS.eval_continuous(level))
}
