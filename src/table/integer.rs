//! Integers that a 64-bit float need not hold: those from 2^53 = 9007199254740992 on. Elsewhere they are rounded, as decimals are; a
//! copy of a table keeps their digits, or refuses them.

use super::error::ValueLocation;

/// The first integer whose neighbour a 64-bit float does not hold, 2^53.
const FIRST: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;

/// An integer of a block of rows, from 2^53 on in size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LargeInteger {
    /// Its place among the values of the block.
    pub index: usize,
    /// Its digits.
    pub digits: String,
    /// Where the table has it.
    pub location: ValueLocation,
}

/// Whether a number may be an integer that was rounded.
pub(super) fn may_be_rounded(value: f64) -> bool {
    value.abs() >= FIRST && value.is_finite()
}

/// The digits of the number in a field if it is such an integer. Numbers with an exponent or a fraction are none.
pub(super) fn large_digits(value: f64, field: &[u8]) -> Option<String> {
    if !may_be_rounded(value) {
        return None;
    }
    let text = str::from_utf8(field.trim_ascii()).ok()?;
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all = |text: &str, wanted: fn(&u8) -> bool| text.as_bytes().iter().all(wanted);
    let integer = all(
        digits.strip_prefix('-').unwrap_or(digits),
        u8::is_ascii_digit,
    ) && all(fraction, |digit| *digit == b'0');
    integer.then(|| digits.to_owned())
}

/// Whether a number is not the integer with these digits.
pub(super) fn is_rounded(value: f64, digits: &str) -> bool {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    format!("{:.0}", value.abs()) != unsigned.trim_start_matches('0')
}

impl LargeInteger {
    /// Whether a number is not this integer.
    pub fn is_rounded_to(&self, value: f64) -> bool {
        is_rounded(value, &self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_rounded_where_no_double_has_its_digits() {
        let digits_of = |text: &str| large_digits(text.parse().unwrap(), text.as_bytes());
        for (text, rounded) in [
            ("9007199254740993", true),
            ("9007199254740992", false),
            ("-9007199254740993", true),
            ("+0018446744073709551616", false),
            ("18446744073709551615", true),
            ("1152921504606846976.00", false),
            ("100000000000000000000000", true),
            ("99999999999999991611392", false),
        ] {
            let digits = digits_of(text).unwrap();
            assert_eq!(
                is_rounded(text.parse().unwrap(), &digits),
                rounded,
                "{text}"
            );
        }
        for text in [
            "9007199254740991",
            "1e16",
            "12345678901234567.5",
            "-5",
            "inf",
            "NaN",
        ] {
            assert_eq!(digits_of(text), None, "{text}");
        }
    }
}
