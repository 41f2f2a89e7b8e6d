//! The four curves: the loss a0 L + a1 C + a2 R and its parts.

use crate::event::Losses;

/// One curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// a0 L + a1 C + a2 R.
    Loss,
    /// Transport cost.
    L,
    /// Negative log-likelihood, nats.
    C,
    /// HJB penalty.
    R,
}

impl Component {
    /// In the order of the screen.
    pub const ALL: [Self; 4] = [Self::Loss, Self::L, Self::C, Self::R];

    /// As the formulas write it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::L => "L",
            Self::C => "C",
            Self::R => "R",
        }
    }

    /// What it measures, and its unit if it has one.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Loss => "",
            Self::L => "transport",
            Self::C => "nats",
            Self::R => "HJB",
        }
    }

    /// The setting that holds its weight in the loss.
    pub fn weight(self) -> Option<&'static str> {
        match self {
            Self::Loss => None,
            Self::L => Some("weights.transport"),
            Self::C => Some("weights.likelihood"),
            Self::R => Some("weights.hjb"),
        }
    }

    /// Its value, unweighted.
    pub fn of(self, losses: &Losses) -> f64 {
        match self {
            Self::Loss => losses.loss,
            Self::L => losses.l,
            Self::C => losses.c,
            Self::R => losses.r,
        }
    }
}
