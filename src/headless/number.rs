//! Numbers in columns: six significant digits in at most [`WIDTH`] characters, whatever the value.

/// Characters of a column; enough for a sign and six digits of what losses are, from 0.01 to 999999.
pub(super) const WIDTH: usize = 10;

/// Significant digits of a loss.
pub(crate) const DIGITS: usize = 6;

/// Formats a value with this number of significant digits, or fewer where [`WIDTH`] has no room for them.
pub(crate) fn format_number(value: f64, digits: usize) -> String {
    format_in(value, digits, WIDTH)
}

/// Formats a value with this number of significant digits, or fewer where `width`, at least 7, has no room for them.
pub(crate) fn format_in(value: f64, digits: usize, width: usize) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    // Of the rounded value: 999999.7 has the exponent 6.
    let exponent: i32 = scientific
        .split('e')
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let decimals = digits as i32 - 1 - exponent;
    // Behind a sign and `0.`, where the value is below 1; above it all digits have room.
    let room = match exponent {
        0.. => decimals,
        _ => width as i32 - i32::from(value.is_sign_negative()) - 2,
    };
    let shown = decimals.min(room);
    let fits = |places: &usize| format!("{value:.places$e}").len() <= width;
    let places = (0..digits).rev().find(fits);
    let digits_left = places.map_or(0, |places| places as i32 + 1);
    if exponent >= -3 && decimals >= 0 && exponent + 1 + shown >= digits_left {
        return format!("{value:.*}", shown.max(0) as usize);
    }
    places.map_or(scientific, |places| format!("{value:.places$e}"))
}

/// Formats a setting as it was typed, or with fewer digits where that is too wide.
pub(crate) fn format_setting(value: f64) -> String {
    format_setting_in(value, DIGITS, WIDTH)
}

/// Formats a setting as it was typed, or with this number of digits or fewer where `width` has no room for it.
pub(crate) fn format_setting_in(value: f64, digits: usize, width: usize) -> String {
    let typed = value.to_string();
    if typed.len() <= width {
        typed
    } else {
        format_in(value, digits, width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_have_six_digits() {
        let cases = [
            (2.8123456, "2.81235"),
            (-3.2, "-3.20000"),
            (1e5, "100000"),
            (123456.789, "123457"),
            (999999.7, "1.00000e6"),
            (1e-2, "0.0100000"),
            (-0.0123456789, "-0.0123457"),
            (0.00123456789, "0.00123457"),
            (-0.00123456789, "-0.0012346"),
            (1.23456789e-5, "1.23457e-5"),
            (-1.23456789e-300, "-1.23e-300"),
            (0.0, "0.00000"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in cases {
            assert_eq!(format_number(value, DIGITS), text);
        }
    }

    #[test]
    fn every_magnitude_fits_into_its_column_and_keeps_its_value() {
        /// Three digits are left in the worst case, -1.23e-300.
        const ROUNDING: f64 = 0.005;
        for exponent in -307..308 {
            for value in [9.99999, 1.23456, -1.23456, -9.99999].map(|v| v * 10_f64.powi(exponent)) {
                let text = format_number(value, DIGITS);
                assert!(text.len() <= WIDTH, "{text}");
                assert!(
                    (text.parse::<f64>().unwrap() / value - 1.0).abs() <= ROUNDING,
                    "{text} for {value}"
                );
                let narrow = format_in(value, 5, 8);
                assert!(narrow.len() <= 8, "{narrow}");
            }
        }
    }

    #[test]
    fn narrow_columns_have_fewer_digits() {
        let cases = [
            (2.8123456, "2.8123"),
            (-12.3456, "-12.346"),
            (12345.6, "12346"),
            (0.0123456, "0.012346"),
            (-0.0123456, "-0.01235"),
            (0.00123456, "0.001235"),
            (-0.00123456, "-0.00123"),
            (0.000123456, "1.235e-4"),
            (-0.000123456, "-1.23e-4"),
            (123456.0, "1.2346e5"),
            (-123456.0, "-1.235e5"),
        ];
        for (value, text) in cases {
            assert_eq!(format_in(value, 5, 8), text);
        }
    }

    #[test]
    fn a_standard_error_has_two_digits() {
        assert_eq!(format_number(0.0021345, 2), "0.0021");
        assert_eq!(format_number(12.3, 2), "12");
        assert_eq!(format_number(123.0, 2), "1.2e2");
    }

    #[test]
    fn a_rate_is_shown_as_typed_unless_it_is_too_long() {
        assert_eq!(format_setting(0.1), "0.1");
        assert_eq!(format_setting(0.1 / 3.0), "0.0333333");
    }
}
