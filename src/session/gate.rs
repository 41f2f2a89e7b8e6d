//! Gates: `FIGURE <= LIMIT`, a condition on the best validation, in session files and after `--require`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::event::Best;
use crate::nearest::unknown;

/// A figure of the best validation that a gate can ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// `validation_loss`
    Loss,
    /// `validation_L`
    L,
    /// `validation_C`
    C,
    /// `validation_R`
    R,
    /// `divergence`: C - H
    Divergence,
}

/// `FIGURE <= LIMIT`, written as a string; the figure must be finite and not above the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// What is judged.
    pub figure: Figure,
    /// The largest value that passes; finite.
    pub limit: f64,
}

impl Figure {
    /// Every figure.
    pub const ALL: [Self; 5] = [Self::Loss, Self::L, Self::C, Self::R, Self::Divergence];

    /// Its name in a gate.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "validation_loss",
            Self::L => "validation_L",
            Self::C => "validation_C",
            Self::R => "validation_R",
            Self::Divergence => "divergence",
        }
    }

    fn of(self, best: &Best) -> Option<f64> {
        match self {
            Self::Loss => Some(best.losses.loss),
            Self::L => Some(best.losses.l),
            Self::C => Some(best.losses.c),
            Self::R => Some(best.losses.r),
            Self::Divergence => best.divergence,
        }
    }
}

impl Gate {
    /// None when the best validation passes; otherwise a sentence that says by what it fails.
    pub fn missed(&self, best: Option<&Best>) -> Option<String> {
        let what = match best.map(|best| self.figure.of(best)) {
            Some(Some(value)) if value <= self.limit && value.is_finite() => return None,
            Some(Some(value)) => format!("but the best validation has {value}"),
            Some(None) => "but the truth of this data is unknown".to_owned(),
            None => "but there was no validation".to_owned(),
        };
        Some(format!("gate missed: {self}, {what}"))
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <= {}", self.figure.name(), self.limit)
    }
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (figure, limit) = text.split_once("<=").ok_or_else(|| {
            format!("a gate is `FIGURE <= LIMIT`, such as `validation_C <= 2.95`; found `{text}`")
        })?;
        let (figure, limit) = (figure.trim(), limit.trim());
        let found = Figure::ALL.into_iter().find(|known| known.name() == figure);
        let figure =
            found.ok_or_else(|| unknown("figure", figure, &Figure::ALL.map(Figure::name)))?;
        match limit.parse() {
            Ok(limit) if f64::is_finite(limit) => Ok(Self { figure, limit }),
            _ => Err(format!(
                "the limit of a gate must be a finite number, found `{limit}`"
            )),
        }
    }
}

impl Serialize for Gate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Gate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Losses;

    fn best(c: f64, divergence: Option<f64>) -> Best {
        let losses = Losses {
            loss: 10.0,
            l: 1.0,
            c,
            r: 0.5,
        };
        Best {
            iteration: 50,
            losses,
            divergence,
            divergence_se: None,
        }
    }

    fn gate(text: &str) -> Gate {
        text.parse().unwrap()
    }

    #[test]
    fn spaces_are_optional_and_what_is_written_is_read_again() {
        let c = Gate {
            figure: Figure::C,
            limit: 2.95,
        };
        for text in [
            "validation_C <= 2.95",
            "validation_C<=2.95",
            "  validation_C  <=2.95 ",
        ] {
            assert_eq!(gate(text), c);
        }
        for figure in Figure::ALL {
            for limit in [-0.1, 0.0, 3.0, 1e-12, 1.0 / 3.0] {
                let gate = Gate { figure, limit };
                assert_eq!(gate.to_string().parse(), Ok(gate));
            }
        }
    }

    #[test]
    fn a_figure_at_its_limit_passes_and_one_above_is_named_with_its_value() {
        let gate = gate("validation_C <= 2.95");
        assert_eq!(gate.missed(Some(&best(2.95, None))), None);
        assert_eq!(
            gate.missed(Some(&best(3.1, None))).unwrap(),
            "gate missed: validation_C <= 2.95, but the best validation has 3.1"
        );
    }

    #[test]
    fn every_figure_is_judged_by_its_own_value() {
        let best = best(3.0, Some(0.25));
        for (figure, value) in Figure::ALL.into_iter().zip([10.0, 1.0, 3.0, 0.5, 0.25]) {
            assert_eq!(
                Gate {
                    figure,
                    limit: value
                }
                .missed(Some(&best)),
                None
            );
            assert!(
                Gate {
                    figure,
                    limit: value - 0.01
                }
                .missed(Some(&best))
                .is_some()
            );
        }
    }

    #[test]
    fn a_figure_that_is_absent_or_not_finite_is_a_miss() {
        let c = gate("validation_C <= 2.95");
        for value in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            assert!(c.missed(Some(&best(value, None))).is_some());
        }
        assert!(c.missed(None).unwrap().contains("no validation"));
        let divergence = gate("divergence <= 1");
        assert!(
            divergence
                .missed(Some(&best(1.0, None)))
                .unwrap()
                .contains("unknown")
        );
    }

    #[test]
    fn what_is_no_gate_is_refused_with_the_valid_figures() {
        let refusal = |text: &str| text.parse::<Gate>().unwrap_err();
        let message = refusal("validation_c <= 1");
        assert!(
            message.contains("did you mean `validation_C`?"),
            "{message}"
        );
        assert!(
            Figure::ALL
                .iter()
                .all(|figure| message.contains(figure.name())),
            "{message}"
        );
        for text in ["", "validation_C", "validation_C < 2", "validation_C = 2"] {
            assert!(refusal(text).contains("FIGURE <= LIMIT"));
        }
        for limit in ["inf", "NaN", "-inf", "", "two", "1e999"] {
            assert!(refusal(&format!("divergence <= {limit}")).contains("finite"));
        }
    }
}
