//! Every setting of a session by its dotted name, as the session file writes it: what the dashboard lists and edits are told by.

use super::{Data, Optimizer, Session};

/// When an edit of a field takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// From the next iteration.
    Live,
    /// From the next draw of the batch.
    Resample,
    /// Needs a new run.
    Restart,
}

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Dotted name, as `optimizer.lr`.
    pub name: &'static str,
    /// When an edit takes effect.
    pub applies: Applies,
    /// As the session file writes it.
    pub value: String,
}

/// All of them, in the order of the file.
pub fn fields(session: &Session) -> Vec<Field> {
    use Applies::{Live, Resample, Restart};
    let Data::Toy {
        name,
        batch,
        resample_every,
    } = &session.data;
    let Optimizer::Adam {
        lr,
        schedule,
        clamp,
    } = &session.optimizer;
    let row = |name, applies, value: &dyn std::fmt::Debug| Field {
        name,
        applies,
        value: format!("{value:?}"),
    };
    vec![
        row("data.name", Restart, name),
        row("data.batch", Resample, batch),
        row("data.resample_every", Live, resample_every),
        row("model.width", Restart, &session.model.width),
        row("model.layers", Restart, &session.model.layers),
        row("model.rank", Restart, &session.model.rank),
        row("model.precision", Restart, &session.model.precision),
        row("model.seed", Restart, &session.model.seed),
        row("flow.steps", Resample, &session.flow.steps),
        row("flow.stepper", Resample, &session.flow.stepper),
        row("flow.trace", Resample, &session.flow.trace),
        row("weights.transport", Live, &session.weights.transport),
        row("weights.likelihood", Live, &session.weights.likelihood),
        row("weights.hjb", Live, &session.weights.hjb),
        row("optimizer.lr", Live, lr),
        row("optimizer.schedule", Live, schedule),
        row("optimizer.clamp", Live, clamp),
        row("validation.every", Live, &session.validation.every),
        row("validation.samples", Restart, &session.validation.samples),
        row("validation.steps", Live, &session.validation.steps),
        row("stop.iterations", Live, &session.stop.iterations),
        row("stop.seconds", Live, &session.stop.seconds),
    ]
}

/// Stands in until the session module brings its own: enough for the types to compile.
mod pending {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::session::{
        Flow, Gate, Model, Optimizer, Pictures, Precision, Recovery, Schedule, Stepper, Stop, Toy,
        Trace, Validation, Weights,
    };

    impl<'de> Deserialize<'de> for Toy {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(D::Error::custom("pending"))
        }
    }
    impl<'de> Deserialize<'de> for Gate {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(D::Error::custom("pending"))
        }
    }
    impl Serialize for Gate {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str("pending")
        }
    }
    impl Default for Model {
        fn default() -> Self {
            Self {
                width: 32,
                layers: 2,
                rank: 10,
                precision: Precision::F64,
                seed: 1,
            }
        }
    }
    impl Default for Flow {
        fn default() -> Self {
            Self {
                steps: 8,
                stepper: Stepper::Rk4,
                trace: Trace::EveryStage,
            }
        }
    }
    impl Default for Weights {
        fn default() -> Self {
            Self {
                transport: 1.0,
                likelihood: 100.0,
                hjb: 5.0,
            }
        }
    }
    impl Default for Optimizer {
        fn default() -> Self {
            Self::Adam {
                lr: 0.1,
                schedule: Schedule::Constant,
                clamp: None,
            }
        }
    }
    impl Default for Validation {
        fn default() -> Self {
            Self {
                every: 50,
                samples: 5000,
                steps: 12,
            }
        }
    }
    impl Default for Stop {
        fn default() -> Self {
            Self {
                iterations: 5000,
                seconds: None,
            }
        }
    }
    impl Default for Recovery {
        fn default() -> Self {
            Self {
                rollbacks: 5,
                factor: 0.5,
            }
        }
    }
    impl Default for Pictures {
        fn default() -> Self {
            Self {
                every: 1.0,
                samples: 1000,
            }
        }
    }
}
