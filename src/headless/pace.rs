//! How often the headless output has a row, as `--log-every` says it: `100`, `10s`.

use std::str::FromStr;

/// The distance between two rows, besides those of validations and of the first and last iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowPace {
    /// A row at every multiple of this number of iterations; above 0.
    Iterations(u64),
    /// A row when there was none for this much training time, seconds; above 0.
    Seconds(f64),
}

impl Default for RowPace {
    fn default() -> Self {
        RowPace::Seconds(10.0)
    }
}

impl FromStr for RowPace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` is neither a number of iterations, as 100, nor of seconds, as 10s")
        };
        let pace = match text.trim().strip_suffix('s') {
            Some(seconds) => RowPace::Seconds(seconds.parse().map_err(|_| wrong())?),
            None => RowPace::Iterations(text.trim().parse().map_err(|_| wrong())?),
        };
        match pace {
            RowPace::Iterations(1..) => Ok(pace),
            RowPace::Seconds(seconds) if seconds > 0.0 && seconds.is_finite() => Ok(pace),
            _ => Err("it must be above 0 and finite".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_a_number_and_seconds_have_their_unit() {
        assert_eq!("100".parse(), Ok(RowPace::Iterations(100)));
        assert_eq!("10s".parse(), Ok(RowPace::Seconds(10.0)));
        assert_eq!("0.5s".parse(), Ok(RowPace::Seconds(0.5)));
        for bad in [
            "0", "0s", "-1s", "infs", "nans", "s", "", "1.5", "10 min", "-3",
        ] {
            assert!(bad.parse::<RowPace>().is_err(), "{bad}");
        }
    }
}
