//! The optimiser and the schedule by which its learning rate falls.

use serde::{Deserialize, Serialize};

/// The optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Optimizer {
    /// Adam with beta 0.9 and 0.999, epsilon 1e-8, as the published code uses it.
    Adam {
        /// Base learning rate, above 0 to 10; default 0.1.
        #[serde(default = "super::defaults::lr")]
        lr: f64,
        /// Schedule of the rate. Default Constant.
        #[serde(default)]
        schedule: Schedule,
        /// Every parameter is kept in [-clamp, clamp]; above 0. Default None: no limit.
        #[serde(default)]
        clamp: Option<f64>,
        /// Decoupled weight decay of the matrices, 0 to 10: a step takes the share rate x decay off them. Default 0.
        #[serde(default)]
        decay: f64,
        /// Largest norm of the gradient, above 0; a longer one is shortened to it. Default None: no limit.
        #[serde(default)]
        clip: Option<f64>,
        /// Share that the exponential average of the parameters keeps in an iteration, above 0 and below 1; the average is
        /// judged and saved in their place. Default None: no average.
        #[serde(default)]
        average: Option<f64>,
    },
    /// Muon: the momentum of each matrix is made nearly orthogonal before the step. Biases go by Adam with beta 0.9 and 0.99.
    Muon {
        /// Base learning rate, above 0 to 10; default 0.005.
        #[serde(default = "super::defaults::muon_lr")]
        lr: f64,
        /// Schedule of the rate. Default Constant.
        #[serde(default)]
        schedule: Schedule,
        /// Share of the momentum that stays in an iteration, 0 to below 1; default 0.95.
        #[serde(default = "super::defaults::momentum")]
        momentum: f64,
        /// Bound of every parameter, as for Adam.
        #[serde(default)]
        clamp: Option<f64>,
        /// Decoupled weight decay of the matrices, as for Adam.
        #[serde(default)]
        decay: f64,
        /// Largest norm of the gradient, as for Adam.
        #[serde(default)]
        clip: Option<f64>,
        /// Share that the exponential average of the parameters keeps, as for Adam.
        #[serde(default)]
        average: Option<f64>,
    },
}

/// The settings that every optimiser has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepping {
    /// Base learning rate.
    pub lr: f64,
    /// Schedule of the rate.
    pub schedule: Schedule,
    /// Bound of every parameter.
    pub clamp: Option<f64>,
    /// Decoupled weight decay.
    pub decay: f64,
    /// Largest norm of the gradient.
    pub clip: Option<f64>,
    /// Share that the average of the parameters keeps in an iteration.
    pub average: Option<f64>,
}

impl Optimizer {
    /// The settings that do not depend on the kind.
    pub fn stepping(&self) -> Stepping {
        match *self {
            Optimizer::Adam {
                lr,
                schedule,
                clamp,
                decay,
                clip,
                average,
            }
            | Optimizer::Muon {
                lr,
                schedule,
                momentum: _,
                clamp,
                decay,
                clip,
                average,
            } => Stepping {
                lr,
                schedule,
                clamp,
                decay,
                clip,
                average,
            },
        }
    }

    /// The base learning rate, to be changed.
    pub fn lr_mut(&mut self) -> &mut f64 {
        match self {
            Optimizer::Adam { lr, .. } | Optimizer::Muon { lr, .. } => lr,
        }
    }
}

/// The schedule by which the learning rate falls from its base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Schedule {
    /// The rate does not fall.
    #[default]
    Constant,
    /// The rate is halved at a fixed interval.
    Halve {
        /// Iterations between two halvings, at least 1.
        every: u64,
    },
    /// The rate rises to its base over the first iterations in which the loss is minimised, then falls along half a cosine to its
    /// floor at the last iteration.
    Cosine {
        /// Iterations of the rise, 0 to 1 million. Default 20.
        #[serde(default = "super::defaults::warmup")]
        warmup: u64,
        /// Share of the base at the end, 0 to 1. Default 0.01.
        #[serde(default = "super::defaults::floor")]
        floor: f64,
    },
    /// The rate is lowered when the validation loss has stopped improving.
    Plateau {
        /// Validations without improvement before the rate is lowered, 1 to 10000.
        patience: u64,
        /// Factor by which the rate is lowered, above 0 and below 1. Default 0.1.
        #[serde(default = "super::defaults::plateau_factor")]
        factor: f64,
        /// Drops before the run stops, 0 to 100. Default 3.
        #[serde(default = "super::defaults::plateau_drops")]
        drops: u64,
    },
}
