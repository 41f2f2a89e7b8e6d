//! `Real` (f32, f64) and `Lanes`, a vector of samples: lane l holds sample l of a tile, weights are broadcast.
//!
//! The engine runs on one 512-bit vector a tile row, f32x16 or f64x8, on every machine; where registers are narrower
//! `wide` makes it of two or four, so tiles and the order of sums do not depend on the machine; nor do the bits, wherever a
//! multiply-add rounds once. Width 1 is the scalar check.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Index, Mul, Neg, Sub};

use wide::bytemuck::{Pod, cast, cast_slice, cast_slice_mut};
use wide::{f32x8, f32x16, f64x4, f64x8, i32x16, i64x8};

/// Whether a multiply-add is rounded once on this machine.
const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

/// A `Real` is a scalar that the kernels compute in.
pub trait Real: Pod + Debug + Default + PartialOrd + Send + Sync {
    /// Whether the precision is double, which selects the formulas of [`crate::activation`].
    const DOUBLE: bool;

    /// Returns the nearest value.
    fn of(value: f64) -> Self;

    /// Returns the value in f64, exactly.
    fn widen(self) -> f64;
}

impl Real for f32 {
    const DOUBLE: bool = false;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    const DOUBLE: bool = true;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn widen(self) -> f64 {
        self
    }
}

/// A `Lanes` vector holds one value for each sample of a tile.
pub trait Lanes:
    Pod
    + Debug
    + Default
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The type of a lane.
    type Real: Real;

    /// The array of all lanes.
    type Array: Pod + Index<usize, Output = Self::Real>;

    /// The number of lanes.
    const WIDTH: usize;

    /// The constant 1.5 * 2^(mantissa bits) + (bias of the exponent). Adding it rounds to an integer and leaves that in the low
    /// bits, biased as an exponent.
    const MAGIC: f64;

    /// Returns a vector with the same value in every lane.
    fn splat(value: Self::Real) -> Self;

    /// Returns self * a + b.
    fn mul_add(self, a: Self, b: Self) -> Self;

    /// Returns the absolute value.
    fn abs(self) -> Self;

    /// Returns the magnitude of self with the sign of the argument; self must not be negative.
    fn with_sign(self, sign: Self) -> Self;

    /// Returns 1, -1, or 0 at zero.
    fn sign(self) -> Self;

    /// Returns the smaller of self and the ceiling; NaN stays NaN.
    fn at_most(self, ceiling: Self) -> Self;

    /// Returns 2^n, where self is n + MAGIC and n lies between the smallest normal exponent and 0.
    fn exp2_of_rounded(self) -> Self;

    /// Returns the sum over the lanes, in f64 and in order.
    fn sum(self) -> f64 {
        lanes(&self).iter().map(|v| v.widen()).sum()
    }

    /// Transposes WIDTH vectors: lane k of `output[l]` is lane l of `input[k]`.
    fn transpose(input: &[Self], output: &mut [Self]);

    /// Returns a vector with the nearest value in every lane.
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self::splat(Self::Real::of(value))
    }
}

/// Returns a column of zeros.
pub fn zeros<T: Lanes>(rows: usize) -> Vec<T> {
    vec![T::default(); rows]
}

/// Computes into += x, row by row.
pub fn add<T: Lanes>(into: &mut [T], x: &[T]) {
    for (into, &x) in into.iter_mut().zip(x) {
        *into += x;
    }
}

/// Returns the lanes of one vector.
pub fn lanes<T: Lanes>(vector: &T) -> &[T::Real] {
    cast_slice(std::slice::from_ref(vector))
}

/// Returns the lanes of many vectors, one vector after another, to write.
pub fn scalars_mut<T: Lanes>(vectors: &mut [T]) -> &mut [T::Real] {
    cast_slice_mut(vectors)
}

macro_rules! wide_lanes {
    ($vector:ident, $integer:ident, $real:ident, $width:literal, $bits:literal, $bias:literal, $transpose_quarter:path) => {
        impl Lanes for $vector {
            type Real = $real;
            type Array = [$real; $width];
            const WIDTH: usize = $width;
            const MAGIC: f64 = 1.5 * (1_u64 << $bits) as f64 + $bias as f64;

            #[inline(always)]
            fn splat(value: $real) -> Self {
                $vector::splat(value)
            }

            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $vector::mul_add(self, a, b)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $vector::abs(self)
            }

            #[inline(always)]
            fn with_sign(self, sign: Self) -> Self {
                self | (sign & $vector::splat(-0.0))
            }

            #[inline(always)]
            fn sign(self) -> Self {
                let (zero, one) = ($vector::splat(0.0), $vector::splat(1.0));
                (self.simd_gt(zero) & one) - (self.simd_lt(zero) & one)
            }

            #[inline(always)]
            fn at_most(self, ceiling: Self) -> Self {
                // The constant stands first: the instruction returns its second operand where either is NaN.
                ceiling.fast_min(self)
            }

            #[inline(always)]
            fn exp2_of_rounded(self) -> Self {
                let n: $integer = cast(self);
                cast(n << $bits as u32)
            }

            #[inline(always)]
            fn transpose(input: &[Self], output: &mut [Self]) {
                by_quarters(input, output, $transpose_quarter)
            }
        }
    };
}

wide_lanes!(f32x16, i32x16, f32, 16, 23, 127, f32x8::transpose);
wide_lanes!(f64x8, i64x8, f64, 8, 52, 1023, f64x4::transpose);

/// Transposes 2 N vectors of 2 N lanes by their quarters, N halves of vectors each, every one of which is loaded and stored once.
#[inline(always)]
fn by_quarters<T: Lanes, H: Pod, const N: usize>(
    input: &[T],
    output: &mut [T],
    transpose: impl Fn([H; N]) -> [H; N],
) {
    let (input, output): (&[[H; 2]], &mut [[H; 2]]) = (cast_slice(input), cast_slice_mut(output));
    for (from, input) in input.as_chunks::<N>().0.iter().enumerate() {
        for half in 0..2 {
            let quarter = transpose(std::array::from_fn(|k| input[k][half]));
            for (output, row) in output[N * half..][..N].iter_mut().zip(quarter) {
                output[from] = row;
            }
        }
    }
}

macro_rules! scalar_lanes {
    ($real:ident, $bits:literal, $bias:literal) => {
        impl Lanes for $real {
            type Real = $real;
            type Array = [$real; 1];
            const WIDTH: usize = 1;
            const MAGIC: f64 = 1.5 * (1_u64 << $bits) as f64 + $bias as f64;

            fn splat(value: $real) -> Self {
                value
            }

            fn mul_add(self, a: Self, b: Self) -> Self {
                if FUSED {
                    $real::mul_add(self, a, b)
                } else {
                    self * a + b
                }
            }

            fn abs(self) -> Self {
                $real::abs(self)
            }

            fn with_sign(self, sign: Self) -> Self {
                self.copysign(sign)
            }

            fn sign(self) -> Self {
                if self == 0.0 {
                    0.0
                } else {
                    $real::signum(self)
                }
            }

            fn at_most(self, ceiling: Self) -> Self {
                if self > ceiling { ceiling } else { self }
            }

            fn exp2_of_rounded(self) -> Self {
                $real::from_bits(self.to_bits() << $bits)
            }

            fn transpose(input: &[Self], output: &mut [Self]) {
                output[0] = input[0];
            }
        }
    };
}

scalar_lanes!(f32, 23, 127);
scalar_lanes!(f64, 52, 1023);

#[cfg(test)]
mod tests {
    use super::*;

    fn transposes<T: Lanes>() {
        let width = T::WIDTH;
        let mut input = vec![T::default(); width];
        for (k, value) in scalars_mut(&mut input).iter_mut().enumerate() {
            *value = T::Real::of(k as f64);
        }
        let mut output = vec![T::default(); width];
        T::transpose(&input, &mut output);
        for (k, input) in input.iter().enumerate() {
            for (l, output) in output.iter().enumerate() {
                assert_eq!(lanes(output)[k], lanes(input)[l]);
            }
        }
    }

    #[test]
    fn every_width_transposes() {
        transposes::<f32>();
        transposes::<f32x16>();
        transposes::<f64>();
        transposes::<f64x8>();
    }

    fn small_operations<T: Lanes>() {
        let of = |v: f64| T::of(v);
        let same = |a: T, v: f64| assert_eq!(lanes(&a), lanes(&of(v)));
        same(of(3.0).sign(), 1.0);
        same(of(-0.5).sign(), -1.0);
        same(of(0.0).sign(), 0.0);
        same(of(-0.0).sign(), 0.0);
        same(of(2.0).with_sign(of(-3.0)), -2.0);
        same(of(5.0).at_most(of(1.0)), 1.0);
        same(of(-5.0).at_most(of(1.0)), -5.0);
        same(of(T::MAGIC - 3.0).exp2_of_rounded(), 0.125);
        same(of(T::MAGIC).exp2_of_rounded(), 1.0);
        assert!(
            lanes(&of(f64::NAN).at_most(of(1.0)))
                .iter()
                .all(|v| v.widen().is_nan())
        );
        assert_eq!(of(0.5).sum(), 0.5 * T::WIDTH as f64);
    }

    #[test]
    fn every_width_has_the_same_small_operations() {
        small_operations::<f32>();
        small_operations::<f32x16>();
        small_operations::<f64>();
        small_operations::<f64x8>();
    }
}
