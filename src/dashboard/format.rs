//! Numbers and durations as the screen writes them: short, and of about the same width while they change.

/// A number in four significant digits; with an exponent outside 1e-3 to 1e5.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".into()
    } else if !value.is_finite() {
        if value.is_nan() {
            "NaN".into()
        } else {
            format!("{value}")
        }
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.2e}")
    } else {
        let decimals = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{value:.decimals$}")
    }
}

/// A learning rate as one would type it: products of a schedule's factors without the last digits of their rounding.
pub fn rate(lr: f64) -> String {
    let lr = format!("{lr:.5e}").parse().unwrap_or(lr);
    if (1e-3..1e5).contains(&lr) {
        format!("{lr}")
    } else {
        format!("{lr:e}")
    }
}

/// A share of 1: tenths of a percent below 10.
pub fn percent(share: f64) -> String {
    let decimals = usize::from(share.abs() < 0.0995);
    format!("{:.decimals$}%", 100.0 * share)
}

/// The two largest units: `9s`, `1m 02s`, `1h 12m`, `3d 04h`.
pub fn duration(seconds: f64) -> String {
    // A float cast saturates, so that an absurd estimate stays a number.
    let seconds = seconds.max(0.0) as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        86_400..864_000_000 => format!("{}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
        _ => "> 9999d".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_short_and_what_was_typed() {
        let product = 0.01 * 0.2 * 0.2 * 0.2 * 0.2 * 0.2;
        assert!(product.to_string().len() > 15);
        assert_eq!(rate(product), "3.2e-6");
        let typed = [0.1, 0.05, 0.0123, 2.0, 1e-4, 10.0].map(rate);
        assert_eq!(typed, ["0.1", "0.05", "0.0123", "2", "1e-4", "10"]);
        assert_eq!(rate(f64::NAN), "NaN");
    }

    #[test]
    fn numbers_have_four_digits_and_say_what_they_are() {
        let table = [
            (0.0, "0"),
            (2.91349, "2.913"),
            (-12.345, "-12.35"),
            (99_999.4, "99999"),
            (1e300, "1.00e300"),
            (0.00123456, "0.001235"),
            (4e-7, "4.00e-7"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn percents_have_two_digits_at_least() {
        let table = [
            (0.0, "0.0%"),
            (0.0123, "1.2%"),
            (0.0999, "10%"),
            (0.57, "57%"),
            (1.0, "100%"),
        ];
        for (share, text) in table {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn durations_have_two_units() {
        let table = [
            (0.4, "0s"),
            (62.0, "1m 02s"),
            (4320.0, "1h 12m"),
            (273_600.0, "3d 04h"),
            (f64::INFINITY, "> 9999d"),
            (f64::NAN, "0s"),
        ];
        for (seconds, text) in table {
            assert_eq!(duration(seconds), text);
        }
    }
}
