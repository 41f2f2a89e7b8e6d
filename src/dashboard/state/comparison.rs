//! A run that is not shown but compared with: its curves, by its name.

use super::series::LossSeries;
use crate::dashboard::range::IterationSpan;

/// The curves of a run that this one is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparedCurves {
    /// The name of its directory.
    pub name: String,
    /// The training curves.
    pub training: LossSeries,
    /// The validation curves.
    pub validation: LossSeries,
}

impl ComparedCurves {
    /// A run without curves.
    pub fn new(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// The first and the last iteration.
    pub fn span(&self) -> Option<IterationSpan> {
        let spans = [self.training.span(), self.validation.span()];
        spans.into_iter().flatten().reduce(IterationSpan::join)
    }

    /// The letter that stands for the run of this number, from 0, at its curves and before its name.
    pub fn letter(number: usize) -> char {
        char::from(b'A' + (number % 26) as u8)
    }
}
