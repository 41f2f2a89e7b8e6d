//! The lines of the help: one for every key.

use super::keys::KEYS;

/// The lines.
pub fn lines() -> Vec<String> {
    let keys = KEYS
        .iter()
        .map(|row| format!("{:<12} {}", row.label(), row.help));
    let letters = "A, B, ... stand at the curves and before their runs; * marked by Space";
    keys.chain([letters.into()]).collect()
}
