//! Gates: `FIGURE <= LIMIT`, a condition on the best validation, in session files and after `--require`; and what becomes of them.

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

/// A gate that was judged by the best validation. The names are those of the JSON under `gates`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// The gate.
    pub gate: Gate,
    /// The value that the best validation has of the figure; None where it has none that is finite.
    pub value: Option<f64>,
    /// True if the gate passes.
    pub passed: bool,
    /// The value minus the limit where the gate is missed by a value; else None.
    pub missed_by: Option<f64>,
    /// The reason why the gate is missed, in words; None when it passes.
    pub missed: Option<String>,
}

impl Gate {
    /// Judges the value that the best validation has of the gate's figure.
    pub fn judge(self, value: FigureValue) -> GateResult {
        let finite = match value {
            FigureValue::Known(value) if value.is_finite() => Some(value),
            _ => None,
        };
        let missed_by = finite
            .map(|value| value - self.limit)
            .filter(|&excess| excess > 0.0);
        let missed = match (value, missed_by) {
            (FigureValue::Known(_), Some(excess)) => Some(format!("missed by {}", short(excess))),
            (FigureValue::Known(value), None) if finite.is_none() => {
                Some(format!("missed, as it is {value}"))
            }
            (FigureValue::Known(_), None) => None,
            (FigureValue::Unknown, _) => {
                Some("missed, as the true density of this data is unknown".to_owned())
            }
            (FigureValue::NotValidated, _) => Some("missed, as there was no validation".to_owned()),
        };
        GateResult {
            gate: self,
            value: finite,
            passed: missed.is_none(),
            missed_by,
            missed,
        }
    }
}

/// A value in five significant digits.
fn short(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

impl GateResult {
    /// The value and what became of the gate: `0.0312 passed`, `0.0812 missed by 0.0312`.
    pub fn outcome(&self) -> String {
        let value = self.value.map(|value| format!("{} ", short(value)));
        let outcome = self.missed.as_deref().unwrap_or("passed");
        value.unwrap_or_default() + outcome
    }
}

impl fmt::Display for GateResult {
    /// The gate, its value and what became of it: `divergence <= 0.05: 0.0312 passed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.gate, self.outcome())
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
    fn a_figure_at_its_limit_passes_and_one_above_is_missed_by_the_difference() {
        let gate = gate("validation_C <= 2.5");
        let passed = gate.judge(FigureValue::Known(2.5));
        assert_eq!((passed.passed, passed.missed_by), (true, None));
        assert_eq!(passed.to_string(), "validation_C <= 2.5: 2.5 passed");
        let missed = gate.judge(FigureValue::Known(2.75));
        assert_eq!((missed.passed, missed.missed_by), (false, Some(0.25)));
        assert_eq!(
            missed.to_string(),
            "validation_C <= 2.5: 2.75 missed by 0.25"
        );
        let digits = gate.judge(FigureValue::Known(2.512345678));
        assert_eq!(digits.outcome(), "2.5123 missed by 0.012346");
        let far_below = gate.judge(FigureValue::Known(-1.23456789e-7));
        assert_eq!(far_below.outcome(), "-0.00000012346 passed");
    }

    #[test]
    fn a_figure_that_is_absent_or_not_finite_is_a_miss_without_a_value() {
        let c = gate("validation_C <= 2.95");
        for (value, words) in [
            (FigureValue::Known(f64::NAN), "NaN"),
            (FigureValue::Known(f64::NEG_INFINITY), "-inf"),
            (FigureValue::Known(f64::INFINITY), "inf"),
            (FigureValue::NotValidated, "no validation"),
            (FigureValue::Unknown, "unknown"),
        ] {
            let result = c.judge(value);
            assert_eq!(
                (result.passed, result.value, result.missed_by),
                (false, None, None)
            );
            let told = result.to_string();
            assert!(
                told.starts_with("validation_C <= 2.95: missed, as ") && told.contains(words),
                "{told}"
            );
        }
    }

    #[test]
    fn a_result_reads_back_from_json_with_the_names_of_the_contract() {
        let result = gate("divergence <= 0.05").judge(FigureValue::Known(0.1));
        let json = serde_json::to_value(&result).unwrap();
        let expected = serde_json::json!({
            "gate": "divergence <= 0.05", "value": 0.1, "passed": false, "missed_by": 0.05, "missed": "missed by 0.05"
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<GateResult>(json).unwrap(), result);
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
