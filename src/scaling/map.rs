//! Monotone maps g of a column onto one that is closer to normal, with their inverses and exact slopes.
//!
//! ```text
//! Normal   u = the spline through quantiles (spline.rs, fit.rs)
//! Log      u = log x                          x = e^u                              log g' = -u
//! Asinh    u = asinh((x - center) / scale)   x = center + scale sinh u   log g' = -log cosh u - log scale
//! Logit    u = log((x - low) / (high - x))    x = low + (high - low) / (1 + e^-u)    log g' = |u| + 2 log(1 + e^-|u|) - log(high - low)
//! ```
//!
//! log g' is that at the x with g(x) = u. Elementary functions are libm's: the same bits on every machine.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::spline::Spline;
use crate::session::Transform;

/// A map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Map {
    /// Fitted to the quantiles of the column; of all numbers.
    Normal(Spline),
    /// Of numbers above 0.
    Log,
    /// Of all numbers: straight near a center, a logarithm on both sides far from it.
    Asinh(Center),
    /// Of numbers between two bounds.
    Logit(Bounds),
}

/// Where a map is straight, and how far around.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Center {
    /// The middle, in the column's units.
    pub center: f64,
    /// Distance from it beyond which the map bends, above 0.
    pub scale: f64,
}

/// Ends of an open interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The lower one, or minus infinity.
    pub low: f64,
    /// The upper one, or infinity.
    pub high: f64,
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bounds { low, high } = self;
        match high.is_finite() {
            true => write!(f, "between {low:?} and {high:?}"),
            false => write!(f, "above {low:?}"),
        }
    }
}

impl Bounds {
    /// Whether a number lies between them, in noise of this width: where there is noise it may lie on one, and the noise is
    /// folded back ([`Bounds::fold`]).
    pub fn hold(&self, x: f64, jitter: f64) -> bool {
        if jitter > 0.0 {
            self.low <= x && x <= self.high && 0.5 * jitter < self.high - self.low
        } else {
            self.low < x && x < self.high
        }
    }

    /// A number that noise has carried over a bound, mirrored at it: what was rounded to a value near the bound lay on this side.
    pub fn fold(&self, x: f64) -> f64 {
        let folded = if x <= self.low {
            2.0 * self.low - x
        } else if x >= self.high {
            2.0 * self.high - x
        } else {
            x
        };
        self.inside(folded)
    }

    /// The nearest number between them; NaN as NaN.
    fn inside(&self, x: f64) -> f64 {
        x.clamp(self.low.next_up(), self.high.next_down())
    }
}

impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Map::Normal(spline) => write!(f, "made normal by {} knots", spline.knots()),
            Map::Log => f.write_str("as its logarithm"),
            Map::Asinh(Center { center, scale }) => {
                write!(
                    f,
                    "as its inverse hyperbolic sine from {center:?} in units of {scale:?}"
                )
            }
            Map::Logit(bounds) => write!(f, "as its log odds {bounds}"),
        }
    }
}

impl Map {
    /// What a session asks for, of a sample of the column in noise of this width, 0 for none. None where it asks for no map, or
    /// where the sample is constant.
    pub fn fit(transform: Transform, sample: Vec<f64>, jitter: f64) -> Option<Self> {
        match transform {
            Transform::None => None,
            Transform::Normal => {
                super::fit::normal(sample, jitter, super::fit::ColumnKind::Own).map(Map::Normal)
            }
            Transform::Log => Some(Map::Log),
            Transform::Asinh(center, scale) => Some(Map::Asinh(Center { center, scale })),
            Transform::Logit(low, high) => Some(Map::Logit(Bounds { low, high })),
        }
    }

    /// Whether it is one: what is read from a file may be anything.
    pub fn is_sound(&self) -> bool {
        match self {
            Map::Normal(spline) => spline.is_sound(),
            Map::Log => true,
            Map::Asinh(Center { center, scale }) => {
                center.is_finite() && scale.is_finite() && *scale > 0.0
            }
            Map::Logit(Bounds { low, high }) => {
                low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()
            }
        }
    }

    /// Between which numbers it is defined.
    pub fn bounds(&self) -> Bounds {
        match self {
            Map::Normal(_) | Map::Asinh(_) => Bounds {
                low: f64::NEG_INFINITY,
                high: f64::INFINITY,
            },
            Map::Log => Bounds {
                low: 0.0,
                high: f64::INFINITY,
            },
            Map::Logit(bounds) => *bounds,
        }
    }

    /// u = g(x); infinite at a bound and beyond it, NaN of NaN.
    pub fn value(&self, x: f64) -> f64 {
        let Bounds { low, high } = self.bounds();
        match self {
            _ if x <= low => f64::NEG_INFINITY,
            _ if x >= high => f64::INFINITY,
            Map::Normal(spline) => spline.value(x),
            Map::Log => libm::log(x),
            Map::Asinh(Center { center, scale }) => libm::asinh((x - center) / scale),
            Map::Logit(_) => libm::log((x - low) / (high - x)),
        }
    }

    /// The x with g(x) = u, between the bounds; NaN of NaN.
    pub fn inverse(&self, u: f64) -> f64 {
        match self {
            Map::Normal(spline) => spline.inverse(u),
            Map::Log => self.bounds().inside(libm::exp(u)),
            Map::Asinh(Center { center, scale }) => libm::sinh(u).mul_add(*scale, *center),
            Map::Logit(bounds) => {
                // From the nearer bound, which has its digits there.
                let tail = libm::exp(-u.abs());
                let off = (bounds.high - bounds.low) * (tail / (1.0 + tail));
                bounds.inside(if u > 0.0 {
                    bounds.high - off
                } else {
                    bounds.low + off
                })
            }
        }
    }

    /// log g'(x) at the x with g(x) = u, nats.
    pub fn log_slope(&self, u: f64) -> f64 {
        match self {
            Map::Normal(spline) => spline.log_slope(u),
            Map::Log => -u,
            Map::Asinh(Center { scale, .. }) => {
                let u = u.abs();
                // log cosh u without the overflow of cosh
                let log_cosh = u + libm::log1p(libm::exp(-2.0 * u)) - std::f64::consts::LN_2;
                -log_cosh - libm::log(*scale)
            }
            Map::Logit(Bounds { low, high }) => {
                let u = u.abs();
                u + 2.0 * libm::log1p(libm::exp(-u)) - libm::log(high - low)
            }
        }
    }
}
