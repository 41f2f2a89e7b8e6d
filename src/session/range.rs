//! What a field may hold: said in messages, and checked on every session that is read.
//!
//! The ranges themselves stand in `table.rs`.

use std::fmt;

use super::fields::ABSENT;
use super::table::rows;
use super::{Initial, Session, Trace, Transform};

/// The values a field may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Allowed {
    /// An integer, both ends included; `u64::MAX` means no upper end.
    Whole(u64, u64),
    /// A number, both ends included.
    From(f64, f64),
    /// A number above the first and up to the second; infinity means any finite one.
    Above(f64, f64),
    /// A number between the two, ends left out.
    Between(f64, f64),
    /// A number from the first on and below the second.
    Below(f64, f64),
    /// None, or a finite number above the first; past the second one, steps lead to None.
    NoneOrAbove(f64, f64),
    /// None, or a number above 0 and below 1.
    NoneOrBetween,
    /// What the type itself enforces, in words.
    Words(&'static str),
}

/// What a field has.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Held {
    /// An integer.
    Whole(u64),
    /// A number.
    Number(f64),
    /// A number or None.
    Maybe(Option<f64>),
    /// Anything else, as RON.
    Written(String),
    /// Nothing: the field belongs to a variant that was not chosen.
    Absent,
}

/// A field whose value is not allowed.
#[derive(Debug, PartialEq)]
pub(super) struct Violation {
    /// Dotted name.
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Allowed {
    /// Whether `held` is one of them.
    pub fn admits(self, held: &Held) -> bool {
        match (self, held) {
            (Self::Whole(low, high), Held::Whole(value)) => (low..=high).contains(value),
            (Self::NoneOrAbove(low, _), Held::Maybe(value)) => {
                value.is_none_or(|value| value > low && value.is_finite())
            }
            (Self::NoneOrBetween, Held::Maybe(value)) => {
                value.is_none_or(|value| value > 0.0 && value < 1.0)
            }
            (_, Held::Number(value)) if !value.is_finite() => false,
            (Self::From(low, high), Held::Number(value)) => (low..=high).contains(value),
            (Self::Below(low, high), Held::Number(value)) => *value >= low && *value < high,
            (Self::Above(low, high), Held::Number(value)) => *value > low && *value <= high,
            (Self::Between(low, high), Held::Number(value)) => *value > low && *value < high,
            (_, held) => matches!(held, Held::Written(_) | Held::Absent),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Whole(low, u64::MAX) => write!(f, "an integer, at least {low}"),
            Self::Whole(low, high) => write!(f, "an integer from {low} to {high}"),
            Self::From(low, high) => write!(f, "a number from {low} to {high}"),
            Self::Above(low, f64::INFINITY) => write!(f, "a finite number above {low}"),
            Self::Above(low, high) => write!(f, "a number above {low} and up to {high}"),
            Self::Between(low, high) => write!(f, "a number above {low} and below {high}"),
            Self::Below(low, high) => write!(f, "a number from {low} on and below {high}"),
            Self::NoneOrAbove(low, _) => write!(f, "None or a finite number above {low}"),
            Self::NoneOrBetween => write!(f, "None or a number above 0 and below 1"),
            Self::Words(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => write!(f, "{value}"),
            // Debug keeps the decimal point, as RON writes numbers.
            Self::Number(value) => write!(f, "{value:?}"),
            Self::Maybe(value) => write!(f, "{value:?}"),
            Self::Written(text) => f.write_str(text),
            Self::Absent => f.write_str(ABSENT),
        }
    }
}

/// The first field whose value is not allowed, by itself or beside another one.
pub(super) fn check(session: &Session) -> Result<(), Violation> {
    for row in rows() {
        let held = (row.held)(session);
        if !row.allowed.admits(&held) {
            let message = format!("`{}` must be {}, found {held}", row.name, row.allowed);
            return Err(Violation {
                field: row.name,
                message,
            });
        }
    }
    check_table(session)?;
    if let Initial::Model(path) = &session.start
        && path.as_os_str().is_empty()
    {
        return Err(Violation {
            field: "start",
            message: "the model of `start` must be the path of a file".to_owned(),
        });
    }
    check_nodes(session)
}

/// What is out of range in a session that was not read by `parse`.
pub fn fault(session: &Session) -> Option<String> {
    check(session).err().map(|violation| violation.message)
}

/// What of a table can be judged without its file.
fn check_table(session: &Session) -> Result<(), Violation> {
    let Some(table) = session.data.table() else {
        return Ok(());
    };
    let violation = |field, message| Err(Violation { field, message });
    if table.path.as_os_str().is_empty() {
        return violation(
            "data.path",
            "`data.path` must be the path of a file".to_owned(),
        );
    }
    if let Some(name) = table.given.iter().find(|name| table.columns.contains(name)) {
        let message =
            format!("{name:?} stands in `data.columns` too: a column is learned or given");
        return violation("data.given", message);
    }
    let broad = |(_, width): &(&String, &f64)| !(width.is_finite() && **width > 0.0);
    if let Some((name, width)) = table.jitter.iter().find(broad) {
        let message =
            format!("the jitter of {name:?} must be a finite width above 0, found {width:?}");
        return violation("data.jitter", message);
    }
    for (name, map) in table.transform {
        let message = match *map {
            Transform::Asinh(center, scale)
                if !(center.is_finite() && scale.is_finite() && scale > 0.0) =>
            {
                format!("the center of {name:?} must be finite, its scale finite and above 0")
            }
            Transform::Logit(low, high) if !(low.is_finite() && high.is_finite() && low < high) => {
                format!("the bounds of {name:?} must be finite, the lower one first")
            }
            _ => continue,
        };
        return violation("data.transform", message);
    }
    Ok(())
}

/// Simpson's rule over the step nodes needs two steps, in training and in validation.
fn check_nodes(session: &Session) -> Result<(), Violation> {
    if session.flow.trace != Trace::StepNodes {
        return Ok(());
    }
    let steps = [
        ("flow.steps", session.flow.steps),
        ("validation.steps", session.validation.steps),
    ];
    match steps.into_iter().find(|(_, steps)| *steps < 2) {
        None => Ok(()),
        Some((field, steps)) => {
            let message = format!(
                "`{field}` must be at least 2 where `flow.trace` is StepNodes, found {steps}; or use GaussPoints"
            );
            Err(Violation { field, message })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_to_closed_ranges_only() {
        let number = Held::Number;
        assert!(Allowed::Whole(1, 5).admits(&Held::Whole(1)));
        assert!(Allowed::Whole(1, 5).admits(&Held::Whole(5)));
        assert!(!Allowed::Whole(1, 5).admits(&Held::Whole(0)));
        assert!(!Allowed::Whole(1, 5).admits(&Held::Whole(6)));
        assert!(Allowed::From(0.0, 1.0).admits(&number(0.0)));
        assert!(!Allowed::From(0.0, 1.0).admits(&number(1.0 + f64::EPSILON)));
        assert!(!Allowed::Above(0.0, 1.0).admits(&number(0.0)));
        assert!(Allowed::Above(0.0, 1.0).admits(&number(1.0)));
        assert!(!Allowed::Between(0.0, 1.0).admits(&number(1.0)));
        assert!(Allowed::NoneOrAbove(0.0, 1.0).admits(&Held::Maybe(None)));
        assert!(!Allowed::NoneOrAbove(0.0, 1.0).admits(&Held::Maybe(Some(0.0))));
    }

    #[test]
    fn what_is_not_finite_is_in_no_range() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let ranges = [
                Allowed::From(f64::NEG_INFINITY, f64::INFINITY),
                Allowed::Above(0.0, f64::INFINITY),
                Allowed::Between(f64::NEG_INFINITY, f64::INFINITY),
            ];
            assert!(
                ranges
                    .iter()
                    .all(|range| !range.admits(&Held::Number(value)))
            );
            assert!(!Allowed::NoneOrAbove(0.0, 1.0).admits(&Held::Maybe(Some(value))));
        }
    }

    #[test]
    fn an_integer_is_not_checked_by_a_range_of_numbers() {
        assert!(!Allowed::From(0.0, 9.0).admits(&Held::Whole(1)));
        assert!(!Allowed::Whole(0, 9).admits(&Held::Number(1.0)));
    }
}
