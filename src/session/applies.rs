//! The moment at which an edit of a field applies to a running session.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The moment at which an edit of a running session applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// The edit applies at the next iteration.
    Live,
    /// The edit applies at the next draw of the batch.
    Resample,
    /// The edit applies only in a new run.
    Restart,
}

impl fmt::Display for Applies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Live => "live",
            Self::Resample => "resample",
            Self::Restart => "restart",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_serialised_as_it_is_shown() {
        for applies in [Applies::Live, Applies::Resample, Applies::Restart] {
            let json = serde_json::to_string(&applies).unwrap();
            assert_eq!(json, format!("\"{applies}\""));
            assert_eq!(serde_json::from_str::<Applies>(&json).unwrap(), applies);
        }
    }
}
