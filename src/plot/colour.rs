//! Colours that people with any kind of colour vision can tell apart: Okabe and Ito (2008) for categories, viridis for densities.

/// The data.
pub const DATA: &str = "#0072b2";
/// What the model makes.
pub const MODEL: &str = "#d55e00";
/// Samples that went there and back.
pub const RESTORED: &str = "#009e73";
/// Samples where the flow takes them.
pub const MAPPED: &str = "#cc79a7";
/// Limits and references.
pub const REFERENCE: &str = "#000000";
/// The normal.
pub const NORMAL: &str = "#555555";
/// Grids.
pub const FAINT: &str = "#dddddd";
/// For curves side by side, in order.
pub const SERIES: [&str; 5] = [DATA, MODEL, RESTORED, MAPPED, "#e69f00"];

/// The colour of a level from 0 to 1: viridis, darker is lower.
pub fn shade(level: f64) -> String {
    let level = if level.is_nan() { 0.0 } else { level };
    format!("#{:x}", colorous::VIRIDIS.eval_continuous(level))
}
