//! The end of a run: why it ended, its best validation, and what became of the gates.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Figures, Losses};
use crate::session::{FigureValue, Gate, GateFigure, GateResult};

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// Iterations done.
    pub iteration: u64,
    /// Training time, seconds.
    pub seconds: f64,
    /// The reason of the end.
    pub reason: Reason,
    /// The best validation by the loss in force, if there was one.
    pub best: Option<Best>,
    /// The best validation by C.
    #[serde(rename = "best_C", default)]
    pub best_c: Option<Best>,
    /// Every gate in force at the end, judged by the best validation.
    #[serde(default)]
    pub gates: Vec<GateResult>,
}

/// The validation whose parameters were kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// The iteration after which it was.
    pub iteration: u64,
    /// The figures of the validation.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The measure of the best validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BestBy {
    /// The loss at the weights in force.
    #[serde(rename = "loss")]
    Loss,
    /// C alone.
    C,
}

impl fmt::Display for BestBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BestBy::Loss => "loss",
            BestBy::C => "C",
        })
    }
}

impl Best {
    /// Judges gates by the best validation, if there was one.
    pub fn judge(best: Option<&Self>, gates: &[Gate]) -> Vec<GateResult> {
        let gates = gates.iter();
        gates
            .map(|gate| gate.judge(Self::figure(best, gate.figure)))
            .collect()
    }

    /// The value of a figure of the best validation, if there was one, as a gate judges it.
    fn figure(best: Option<&Self>, figure: GateFigure) -> FigureValue {
        let Some(best) = best else {
            return FigureValue::NotValidated;
        };
        let Losses { loss, l, c, r } = best.figures.losses;
        FigureValue::Known(match figure {
            GateFigure::Loss => loss,
            GateFigure::L => l,
            GateFigure::C => c,
            GateFigure::R => r,
            GateFigure::Divergence => match best.figures.divergence {
                Some(divergence) => divergence,
                None => return FigureValue::Unknown,
            },
        })
    }
}

/// The reason why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// All iterations are done.
    Iterations,
    /// The time limit was reached.
    Seconds,
    /// The plateau schedule has no drops left.
    Plateau,
    /// The user asked for it.
    Quit,
    /// A signal asked for it: its number.
    Signal(i32),
    /// The loss was not finite or out of the range of sound training, and no rollbacks were left.
    Diverged,
    /// Another rank can't be reached any more.
    Lost,
}

impl Reason {
    /// True if training was cut off in the middle of whatever it did.
    pub fn ends_at_once(self) -> bool {
        matches!(self, Reason::Quit | Reason::Signal(_) | Reason::Lost)
    }
}

impl fmt::Display for Reason {
    /// The reason in words, as the screen and the log have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Iterations => f.write_str("all iterations done"),
            Reason::Seconds => f.write_str("time limit reached"),
            Reason::Plateau => f.write_str("no drops of the learning rate left"),
            Reason::Quit => f.write_str("stopped by the user"),
            Reason::Signal(number) => write!(f, "stopped by signal {number}"),
            Reason::Diverged => f.write_str("diverged, no rollbacks left"),
            Reason::Lost => f.write_str("a rank was lost"),
        }
    }
}

impl Serialize for Reason {
    /// One word; a signal as `signal 15`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Reason::Iterations => serializer.serialize_str("iterations"),
            Reason::Seconds => serializer.serialize_str("seconds"),
            Reason::Plateau => serializer.serialize_str("plateau"),
            Reason::Quit => serializer.serialize_str("quit"),
            Reason::Diverged => serializer.serialize_str("diverged"),
            Reason::Lost => serializer.serialize_str("lost"),
            Reason::Signal(number) => serializer.collect_str(&format_args!("signal {number}")),
        }
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let signal = word.strip_prefix("signal ").map(str::parse);
        match (word.as_str(), signal) {
            ("iterations", _) => Ok(Reason::Iterations),
            ("seconds", _) => Ok(Reason::Seconds),
            ("plateau", _) => Ok(Reason::Plateau),
            ("quit", _) => Ok(Reason::Quit),
            ("diverged", _) => Ok(Reason::Diverged),
            ("lost", _) => Ok(Reason::Lost),
            (_, Some(Ok(number))) => Ok(Reason::Signal(number)),
            _ => Err(de::Error::custom(format_args!(
                "no reason for an end: {word}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn best(divergence: Option<f64>) -> Best {
        let losses = Losses {
            loss: 10.0,
            l: 1.0,
            c: 3.0,
            r: 0.5,
        };
        Best {
            iteration: 50,
            figures: Figures {
                losses,
                c_se: None,
                divergence,
                divergence_se: None,
            },
        }
    }

    #[test]
    fn every_figure_is_judged_by_its_own_value() {
        let best = best(Some(0.25));
        for (figure, value) in GateFigure::ALL.into_iter().zip([10.0, 1.0, 3.0, 0.5, 0.25]) {
            let gates = [value, value - 0.01].map(|limit| Gate { figure, limit });
            let results = Best::judge(Some(&best), &gates);
            let passed: Vec<bool> = results.iter().map(|result| result.passed).collect();
            assert_eq!(passed, [true, false]);
        }
    }

    #[test]
    fn a_figure_may_have_no_value() {
        let divergence = GateFigure::Divergence;
        assert_eq!(Best::figure(None, divergence), FigureValue::NotValidated);
        assert_eq!(
            Best::figure(Some(&best(None)), divergence),
            FigureValue::Unknown
        );
    }
}
