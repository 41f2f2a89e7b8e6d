//! The components of the loss: the loss a0 L + a1 C + a2 R itself and its three parts.

use crate::event::Losses;

/// A component of the loss, with a curve of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// The loss a0 L + a1 C + a2 R.
    Loss,
    /// The transport cost.
    L,
    /// The negative log-likelihood, nats.
    C,
    /// The HJB penalty.
    R,
}

impl Component {
    /// All components, in the order of the screen.
    pub const ALL: [Self; 4] = [Self::Loss, Self::L, Self::C, Self::R];

    /// The symbol that formulas write.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::L => "L",
            Self::C => "C",
            Self::R => "R",
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

    /// The unweighted value among the losses of an iteration.
    pub fn of(self, losses: &Losses) -> f64 {
        match self {
            Self::Loss => losses.loss,
            Self::L => losses.l,
            Self::C => losses.c,
            Self::R => losses.r,
        }
    }
}
