//! The values that a field may have: told in messages, and checked.

use std::fmt;

use super::field_value::FieldValue;

/// The values a field may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Allowed {
    /// An integer from the first bound to the second; `u64::MAX` means no upper bound.
    Whole(u64, u64),
    /// A number from the first bound to the second.
    From(f64, f64),
    /// A number above the first bound and up to the second; infinity means any finite number.
    Above(f64, f64),
    /// A number above the first bound and below the second.
    Between(f64, f64),
    /// A number from the first bound on and below the second.
    Below(f64, f64),
    /// The value None, or a finite number above a bound.
    NoneOrAbove {
        /// The bound.
        low: f64,
        /// The largest number that a step leads to; the next step up leads to None.
        largest_step: f64,
    },
    /// The value None, or a number above 0 and below 1.
    NoneOrBetween,
    /// Values that the type itself enforces, in words.
    Words(&'static str),
}

impl Allowed {
    /// Whether a value is allowed.
    pub fn admits(self, value: &FieldValue) -> bool {
        match (self, value) {
            (Self::Whole(low, high), FieldValue::Whole(value)) => (low..=high).contains(value),
            (Self::NoneOrAbove { low, .. }, FieldValue::Optional(value)) => {
                value.is_none_or(|value| value > low && value.is_finite())
            }
            (Self::NoneOrBetween, FieldValue::Optional(value)) => {
                value.is_none_or(|value| value > 0.0 && value < 1.0)
            }
            (_, FieldValue::Number(value)) if !value.is_finite() => false,
            (Self::From(low, high), FieldValue::Number(value)) => (low..=high).contains(value),
            (Self::Below(low, high), FieldValue::Number(value)) => *value >= low && *value < high,
            (Self::Above(low, high), FieldValue::Number(value)) => *value > low && *value <= high,
            (Self::Between(low, high), FieldValue::Number(value)) => *value > low && *value < high,
            (_, value) => matches!(value, FieldValue::Written(_) | FieldValue::Absent),
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
            Self::NoneOrAbove { low, .. } => write!(f, "None or a finite number above {low}"),
            Self::NoneOrBetween => write!(f, "None or a number above 0 and below 1"),
            Self::Words(words) => f.write_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_to_closed_ranges_only() {
        let number = FieldValue::Number;
        assert!(Allowed::Whole(1, 5).admits(&FieldValue::Whole(1)));
        assert!(Allowed::Whole(1, 5).admits(&FieldValue::Whole(5)));
        assert!(!Allowed::Whole(1, 5).admits(&FieldValue::Whole(0)));
        assert!(!Allowed::Whole(1, 5).admits(&FieldValue::Whole(6)));
        assert!(Allowed::From(0.0, 1.0).admits(&number(0.0)));
        assert!(!Allowed::From(0.0, 1.0).admits(&number(1.0 + f64::EPSILON)));
        assert!(!Allowed::Above(0.0, 1.0).admits(&number(0.0)));
        assert!(Allowed::Above(0.0, 1.0).admits(&number(1.0)));
        assert!(!Allowed::Between(0.0, 1.0).admits(&number(1.0)));
        assert!(
            Allowed::NoneOrAbove {
                low: 0.0,
                largest_step: 1.0
            }
            .admits(&FieldValue::Optional(None))
        );
        assert!(
            !Allowed::NoneOrAbove {
                low: 0.0,
                largest_step: 1.0
            }
            .admits(&FieldValue::Optional(Some(0.0)))
        );
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
                    .all(|range| !range.admits(&FieldValue::Number(value)))
            );
            assert!(
                !Allowed::NoneOrAbove {
                    low: 0.0,
                    largest_step: 1.0
                }
                .admits(&FieldValue::Optional(Some(value)))
            );
        }
    }

    #[test]
    fn an_integer_is_not_checked_by_a_range_of_numbers() {
        assert!(!Allowed::From(0.0, 9.0).admits(&FieldValue::Whole(1)));
        assert!(!Allowed::Whole(0, 9).admits(&FieldValue::Number(1.0)));
    }
}
