//! Gates: `FIGURE <= LIMIT`, a condition on the best validation, in session files and after `--require`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::from_text::deserialize_parsed;
use crate::nearest::describe_unknown;

/// A figure of the best validation that a gate can ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateFigure {
    /// The loss, `validation_loss`.
    Loss,
    /// The transport cost, `validation_L`.
    L,
    /// The negative log-likelihood in nats, `validation_C`.
    C,
    /// The HJB penalty, `validation_R`.
    R,
    /// The divergence C - H in nats, `divergence`.
    Divergence,
}

/// The value of a figure of the best validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FigureValue {
    /// The figure has this value.
    Known(f64),
    /// The figure needs the true density of the data, which is unknown.
    Unknown,
    /// There was no validation.
    NotValidated,
}

/// A condition on the best validation: `FIGURE <= LIMIT`, written as a string; the figure must be finite and not above the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// The figure that is judged.
    pub figure: GateFigure,
    /// The largest value that passes; finite.
    pub limit: f64,
}

impl GateFigure {
    /// Every figure.
    pub const ALL: [Self; 5] = [Self::Loss, Self::L, Self::C, Self::R, Self::Divergence];

    /// The name of the figure in a gate.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "validation_loss",
            Self::L => "validation_L",
            Self::C => "validation_C",
            Self::R => "validation_R",
            Self::Divergence => "divergence",
        }
    }
}

impl Gate {
    /// Judges the value that the best validation has of the gate's figure: None when it passes; otherwise a sentence that says by
    /// what it fails.
    pub fn missed(&self, value: FigureValue) -> Option<String> {
        let what = match value {
            FigureValue::Known(value) if value <= self.limit && value.is_finite() => return None,
            FigureValue::Known(value) => format!("but the best validation has {value}"),
            FigureValue::Unknown => "but the truth of this data is unknown".to_owned(),
            FigureValue::NotValidated => "but there was no validation".to_owned(),
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
        let found = GateFigure::ALL
            .into_iter()
            .find(|known| known.name() == figure);
        let figure = found.ok_or_else(|| {
            describe_unknown("figure", figure, &GateFigure::ALL.map(GateFigure::name))
        })?;
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
        deserialize_parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(text: &str) -> Gate {
        text.parse().unwrap()
    }

    #[test]
    fn spaces_are_optional_and_what_is_written_is_read_again() {
        let c = Gate {
            figure: GateFigure::C,
            limit: 2.95,
        };
        for text in [
            "validation_C <= 2.95",
            "validation_C<=2.95",
            "  validation_C  <=2.95 ",
        ] {
            assert_eq!(gate(text), c);
        }
        for figure in GateFigure::ALL {
            for limit in [-0.1, 0.0, 3.0, 1e-12, 1.0 / 3.0] {
                let gate = Gate { figure, limit };
                assert_eq!(gate.to_string().parse(), Ok(gate));
            }
        }
    }

    #[test]
    fn a_figure_at_its_limit_passes_and_one_above_is_named_with_its_value() {
        let gate = gate("validation_C <= 2.95");
        assert_eq!(gate.missed(FigureValue::Known(2.95)), None);
        assert_eq!(
            gate.missed(FigureValue::Known(3.1)).unwrap(),
            "gate missed: validation_C <= 2.95, but the best validation has 3.1"
        );
    }

    #[test]
    fn a_figure_that_is_absent_or_not_finite_is_a_miss() {
        let c = gate("validation_C <= 2.95");
        for value in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            assert!(c.missed(FigureValue::Known(value)).is_some());
        }
        assert!(
            c.missed(FigureValue::NotValidated)
                .unwrap()
                .contains("no validation")
        );
        let divergence = gate("divergence <= 1");
        assert!(
            divergence
                .missed(FigureValue::Unknown)
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
            GateFigure::ALL
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
