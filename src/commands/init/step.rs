//! The rounding step of a column: the largest number of which all differences between its values are multiples.
//!
//! ```text
//! step = gcd of |x_i - x_0|,   every x as the shortest decimal that reads back to it, so that 0.3 - 0.1 is 0.2
//! ```

/// A decimal number, digits 10^exponent.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// The shortest decimal that reads back to a finite number; of a number in single precision the shortest that reads back in it.
    fn of(value: f64) -> Option<Self> {
        let single = value as f32;
        let text = if f64::from(single) == value {
            format!("{single:e}")
        } else {
            format!("{value:e}")
        };
        let (mantissa, exponent) = text.split_once('e')?;
        let decimals = mantissa.split_once('.').map_or(0, |(_, rest)| rest.len());
        Some(Decimal {
            digits: mantissa.replace('.', "").parse().ok()?,
            exponent: exponent.parse::<i32>().ok()? - i32::try_from(decimals).ok()?,
        })
    }

    /// The digits at a lower exponent; None if 128 bits do not hold them.
    fn digits_at(self, exponent: i32) -> Option<i128> {
        let places = u32::try_from(self.exponent - exponent).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(places)?)
    }
}

/// The rounding step of the values so far: the first value and, at its exponent, the greatest common divisor of the differences from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundingStep {
    first: Option<Decimal>,
    step: u128,
    /// Whether 128 bits did not hold the values, or one was not finite.
    lost: bool,
}

impl RoundingStep {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        if !self.lost {
            self.lost = self.refine(value).is_none();
        }
    }

    fn refine(&mut self, value: f64) -> Option<()> {
        let value = Decimal::of(value)?;
        let first = *self.first.get_or_insert(value);
        let exponent = first.exponent.min(value.exponent);
        let (base, digits) = (first.digits_at(exponent)?, value.digits_at(exponent)?);
        let finer = Decimal {
            digits: i128::try_from(self.step).ok()?,
            exponent: first.exponent,
        };
        let step = finer.digits_at(exponent)?.unsigned_abs();
        self.step = gcd(step, digits.checked_sub(base)?.unsigned_abs());
        self.first = Some(Decimal {
            digits: base,
            exponent,
        });
        Some(())
    }

    /// The step, above 0. None where all values are equal, or 128 bits do not hold them.
    pub fn step(&self) -> Option<f64> {
        let exponent = self.first?.exponent;
        let step = format!("{}e{exponent}", self.step).parse().ok()?;
        (!self.lost && step > 0.0).then_some(step)
    }
}

/// The greatest common divisor.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(values: &[f64]) -> Option<f64> {
        let mut lattice = RoundingStep::default();
        values.iter().for_each(|value| lattice.add(*value));
        lattice.step()
    }

    #[test]
    fn the_step_is_that_of_the_decimals_and_not_of_the_bits() {
        assert_eq!(step(&[0.1, 0.3, 0.7]), Some(0.2));
        assert_eq!(step(&[61.5, 59.8, 1e-1]), Some(0.1));
        assert_eq!(step(&[326.0, 2757.0, 18823.0]), Some(1.0));
        assert_eq!(step(&[5e6, -1e7, 2.5e6]), Some(2.5e6));
        assert_eq!(step(&[1e-300, 3e-300]), Some(2e-300));
    }

    #[test]
    fn values_between_two_multiples_still_lie_a_step_apart() {
        assert_eq!(step(&[0.5, 1.5, -3.5]), Some(1.0));
    }

    #[test]
    fn singles_are_rounded_as_they_were_written() {
        let values = [0.1_f32, 0.25, 3.95].map(f64::from);
        assert_eq!(step(&values), Some(0.05));
    }

    #[test]
    fn a_later_value_can_make_it_finer_and_none_coarser() {
        assert_eq!(step(&[10.0, 20.0]), Some(10.0));
        assert_eq!(step(&[10.0, 20.0, 20.25]), Some(0.25));
        assert_eq!(step(&[20.25, 20.0, 10.0]), Some(0.25));
    }

    #[test]
    fn what_has_no_step_has_none() {
        assert_eq!(step(&[]), None);
        assert_eq!(step(&[3.0, 3.0]), None);
        assert_eq!(step(&[1.0, f64::INFINITY]), None);
        assert_eq!(step(&[1e300, 1e-300]), None);
        assert_eq!(step(&[1e300, 1e-300, 1.0, 2.0]), None);
    }
}
