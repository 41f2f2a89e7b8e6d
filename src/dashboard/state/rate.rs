//! The learning rate in force: rate = base x factor, where the schedule, its drops and the rollbacks make the factor.
//!
//! An event of an iteration tells the rate, and the settings in force then the base. An edit of the base keeps the factor. After an edit of
//! the schedule, of the optimiser or of the number of iterations the factor is not known until the next iteration has told its rate.

/// The base of the rate while the loss is minimised.
const OF_LOSS: &str = "optimizer.lr";
/// The base of the rate while a start by matching lasts.
const OF_MATCHING: &str = "start.lr";

/// The learning rate in force and its base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateInForce {
    /// The field that holds the base.
    pub field: &'static str,
    /// The base.
    pub base: f64,
    /// The rate.
    pub rate: f64,
}

/// The phase of training, which decides the base of the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatePhase {
    /// The loss is minimised.
    Loss,
    /// A start by matching lasts.
    Matching,
}

impl RatePhase {
    /// The field that holds the base of the rate.
    pub fn field(self) -> &'static str {
        match self {
            Self::Loss => OF_LOSS,
            Self::Matching => OF_MATCHING,
        }
    }
}

/// Whether the factor has another value after an edit of this field.
pub fn changes_factor(field: &str) -> bool {
    let fields = [
        "optimizer",
        "optimizer.schedule",
        "stop.iterations",
        "start.iterations",
    ];
    fields.contains(&field)
}

impl RateInForce {
    /// What the schedule, its drops and the rollbacks have made of the base, as a factor.
    pub fn factor(&self) -> f64 {
        self.rate / self.base
    }

    /// The rate after an edit of the base.
    pub fn with_base(self, base: f64) -> Self {
        let rate = base * self.factor();
        Self { base, rate, ..self }
    }

    /// The base that makes `rate` the rate in force, in six digits.
    ///
    /// # Errors
    /// When there is none, in a sentence.
    pub fn base_for(&self, rate: f64) -> Result<f64, String> {
        let base = rate / self.factor();
        let rounded = format!("{base:.5e}").parse().ok();
        rounded
            .filter(|base: &f64| base.is_finite() && *base > 0.0)
            .ok_or_else(|| format!("no base makes the rate {rate} now"))
    }
}

/// The rate that a person wants now, typed as `=0.001` or `now 0.001`; None for any other text.
pub fn wanted_now(text: &str) -> Option<Result<f64, String>> {
    let text = text.trim();
    let rest = text
        .strip_prefix('=')
        .or_else(|| text.strip_prefix("now"))?
        .trim();
    let rate = rest.parse::<f64>().ok();
    let rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0);
    Some(rate.ok_or_else(|| format!("`{rest}` is no rate above 0; expected as in `now 0.001`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: RateInForce = RateInForce {
        field: OF_LOSS,
        base: 0.1,
        rate: 0.025,
    };

    #[test]
    fn the_base_for_a_rate_is_the_rate_over_the_factor() {
        assert_eq!(QUARTER.base_for(0.001), Ok(0.004));
        let third = RateInForce {
            rate: 0.1 / 3.0,
            ..QUARTER
        };
        let base = third.base_for(0.01).unwrap();
        assert!((base * third.factor() - 0.01).abs() < 1e-7);
        assert_eq!(QUARTER.with_base(0.004).rate, 0.001);
        let none = RateInForce {
            rate: 0.0,
            ..QUARTER
        };
        assert!(none.base_for(0.01).is_err());
    }

    #[test]
    fn a_rate_is_wanted_now_behind_a_word_or_a_sign() {
        for text in ["=1e-3", "now 1e-3", " = 0.001 ", "now 0.001"] {
            assert_eq!(wanted_now(text), Some(Ok(0.001)), "{text}");
        }
        for text in ["=", "now x", "=-1", "=0", "=inf", "=NaN"] {
            assert!(matches!(wanted_now(text), Some(Err(_))), "{text}");
        }
        assert_eq!(wanted_now("0.001"), None);
    }
}
