//! Monotone maps g of a column onto one that is closer to normal, with their inverses and exact slopes.
//!
//! ```text
//! Normal   u = the spline through quantiles (spline.rs, fit.rs)
//! Log      u = log x                          x = e^u                              log g' = -u
//! Asinh    u = asinh((x - center) / scale)   x = center + scale sinh u   log g' = -log cosh u - log scale
//! Above    u = log(x - low)                    x = low + e^u                       log g' = -u
//! Below    u = -log(high - x)                  x = high - e^-u                     log g' = u
//! Logit    u = log((x - low) / (high - x))    x = low + (high - low) / (1 + e^-u)    log g' = |u| + 2 log(1 + e^-|u|) - log(high - low)
//! ```
//!
//! log g' is taken at the x with g(x) = u. Elementary functions are libm's: the same bits on every machine.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fit::{ColumnKind, fit_normal};
use super::spline::Spline;
use crate::session::Transform;

/// A monotone map g of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ColumnMap {
    /// The spline through the quantiles of the column; defined for all numbers.
    Normal(Spline),
    /// The logarithm; defined for numbers above 0.
    Log,
    /// The logarithm of the distance from a lower bound; defined for numbers above it.
    Above(f64),
    /// Minus the logarithm of the distance from an upper bound; defined for numbers below it.
    Below(f64),
    /// The inverse hyperbolic sine: straight near a center, a logarithm on both sides far from it; defined for all numbers.
    Asinh(Center),
    /// The log odds; defined for numbers between two bounds.
    Logit(Bounds),
}

/// Center and scale of an inverse hyperbolic sine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Center {
    /// The point around which the map is straight, in the column's units.
    pub center: f64,
    /// Distance from the center beyond which the map bends, in the column's units, above 0.
    pub scale: f64,
}

/// Bounds of an open interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Lower bound, or minus infinity.
    pub low: f64,
    /// Upper bound, or infinity.
    pub high: f64,
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bounds { low, high } = self;
        match (low.is_finite(), high.is_finite()) {
            (true, true) => write!(f, "between {low:?} and {high:?}"),
            (false, true) => write!(f, "below {high:?}"),
            _ => write!(f, "above {low:?}"),
        }
    }
}

impl Bounds {
    /// Whether a number with noise of this width lies between the bounds. With noise it may lie on a bound, as the noise is folded
    /// back ([`Bounds::fold`]).
    pub fn contain(&self, x: f64, jitter: f64) -> bool {
        if jitter > 0.0 {
            self.low <= x && x <= self.high && 0.5 * jitter < self.high - self.low
        } else {
            self.low < x && x < self.high
        }
    }

    /// Whether any bound is finite.
    pub fn are_finite(&self) -> bool {
        self.low.is_finite() || self.high.is_finite()
    }

    /// Mirrors a number that noise has carried over a bound at that bound: the value before its rounding lay inside.
    pub fn fold(&self, x: f64) -> f64 {
        let folded = if x <= self.low {
            2.0 * self.low - x
        } else if x >= self.high {
            2.0 * self.high - x
        } else {
            x
        };
        self.clamp_inside(folded)
    }

    /// The nearest number between the bounds; NaN for NaN.
    fn clamp_inside(&self, x: f64) -> f64 {
        x.clamp(self.low.next_up(), self.high.next_down())
    }
}

impl fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnMap::Normal(spline) => write!(f, "made normal by {} knots", spline.knots()),
            ColumnMap::Log => f.write_str("as its logarithm"),
            ColumnMap::Above(low) => write!(f, "as the logarithm of its distance above {low:?}"),
            ColumnMap::Below(high) => write!(f, "as the logarithm of its distance below {high:?}"),
            ColumnMap::Asinh(Center { center, scale }) => {
                write!(
                    f,
                    "as its inverse hyperbolic sine from {center:?} in units of {scale:?}"
                )
            }
            ColumnMap::Logit(bounds) => write!(f, "as its log odds {bounds}"),
        }
    }
}

impl ColumnMap {
    /// The map that a session asks for, fitted to a sample of the column with noise of this width, 0 for none. None where it asks for
    /// no map, or where the sample is constant.
    pub fn fit(transform: Transform, sample: Vec<f64>, jitter: f64) -> Option<Self> {
        match transform {
            Transform::None => None,
            Transform::Normal => fit_normal(sample, jitter, ColumnKind::Own).map(ColumnMap::Normal),
            Transform::Log => Some(ColumnMap::Log),
            Transform::Above(low) => Some(ColumnMap::Above(low)),
            Transform::Below(high) => Some(ColumnMap::Below(high)),
            Transform::Asinh(center, scale) => Some(ColumnMap::Asinh(Center { center, scale })),
            Transform::Logit(low, high) => Some(ColumnMap::Logit(Bounds { low, high })),
        }
    }

    /// Whether the parameters of the map are valid. Files may hold any numbers.
    pub fn is_sound(&self) -> bool {
        match self {
            ColumnMap::Normal(spline) => spline.is_sound(),
            ColumnMap::Log => true,
            ColumnMap::Above(bound) | ColumnMap::Below(bound) => bound.is_finite(),
            ColumnMap::Asinh(Center { center, scale }) => {
                center.is_finite() && scale.is_finite() && *scale > 0.0
            }
            ColumnMap::Logit(Bounds { low, high }) => {
                low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()
            }
        }
    }

    /// The bounds between which the map is defined.
    pub fn bounds(&self) -> Bounds {
        match self {
            ColumnMap::Normal(_) | ColumnMap::Asinh(_) => Bounds {
                low: f64::NEG_INFINITY,
                high: f64::INFINITY,
            },
            ColumnMap::Log => Bounds {
                low: 0.0,
                high: f64::INFINITY,
            },
            ColumnMap::Above(low) => Bounds {
                low: *low,
                high: f64::INFINITY,
            },
            ColumnMap::Below(high) => Bounds {
                low: f64::NEG_INFINITY,
                high: *high,
            },
            ColumnMap::Logit(bounds) => *bounds,
        }
    }

    /// The value u = g(x); infinite at a bound and beyond it, NaN of NaN.
    pub fn value(&self, x: f64) -> f64 {
        let Bounds { low, high } = self.bounds();
        match self {
            _ if x <= low => f64::NEG_INFINITY,
            _ if x >= high => f64::INFINITY,
            ColumnMap::Normal(spline) => spline.value(x),
            ColumnMap::Log => libm::log(x),
            ColumnMap::Above(_) => libm::log(x - low),
            ColumnMap::Below(_) => -libm::log(high - x),
            ColumnMap::Asinh(Center { center, scale }) => libm::asinh((x - center) / scale),
            ColumnMap::Logit(_) => libm::log((x - low) / (high - x)),
        }
    }

    /// The x with g(x) = u, between the bounds; NaN of NaN.
    pub fn inverse(&self, u: f64) -> f64 {
        match self {
            ColumnMap::Normal(spline) => spline.inverse(u),
            ColumnMap::Log => self.bounds().clamp_inside(libm::exp(u)),
            ColumnMap::Above(low) => self.bounds().clamp_inside(low + libm::exp(u)),
            ColumnMap::Below(high) => self.bounds().clamp_inside(high - libm::exp(-u)),
            ColumnMap::Asinh(Center { center, scale }) => libm::sinh(u).mul_add(*scale, *center),
            ColumnMap::Logit(bounds) => {
                // From the nearer bound, which has its digits there.
                let tail = libm::exp(-u.abs());
                let off = (bounds.high - bounds.low) * (tail / (1.0 + tail));
                bounds.clamp_inside(if u > 0.0 {
                    bounds.high - off
                } else {
                    bounds.low + off
                })
            }
        }
    }

    /// The log slope log g'(x) at the x with g(x) = u, nats.
    pub fn log_slope(&self, u: f64) -> f64 {
        match self {
            ColumnMap::Normal(spline) => spline.log_slope(u),
            ColumnMap::Log | ColumnMap::Above(_) => -u,
            ColumnMap::Below(_) => u,
            ColumnMap::Asinh(Center { scale, .. }) => {
                let u = u.abs();
                // log cosh u without the overflow of cosh
                let log_cosh = u + libm::log1p(libm::exp(-2.0 * u)) - std::f64::consts::LN_2;
                -log_cosh - libm::log(*scale)
            }
            ColumnMap::Logit(Bounds { low, high }) => {
                let u = u.abs();
                u + 2.0 * libm::log1p(libm::exp(-u)) - libm::log(high - low)
            }
        }
    }
}
