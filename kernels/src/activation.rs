//! sigma(a) = |a| + log(1 + exp(-2|a|)),  sigma' = tanh,  sigma'' = 1 - tanh^2, from one exponential e = exp(-2|a|).
//!
//! ```text
//! e = s 2^f      s = 2^n,  n + f = -2|a| / ln 2,  |f| <= 1/2
//! f32: g = 1 - e = (1 - s) - s (2^f - 1)      tanh |a| = g / (2 - g)      log(1 + e) = log(3/2 + (1/2 - g)), both polynomials
//! f64: e = s (q + p) / (q - p),  p / q = tanh(f ln 2 / 2)
//!      tanh |a| = (q (1 - s) - p (1 + s)) / D       D = q (1 + s) - p (1 - s)
//!      log(1 + e) = log sqrt(2) + 2 atanh(w),    w = (D - sqrt(2) (q - p)) / (D + sqrt(2) (q - p))
//! ```
//!
//! In f64 a rational function needs half the coefficients of a polynomial, and its division is that of the tanh anyway; in f32
//! the polynomials are short, and a second division would take longer than all of one.
//!
//! The coefficients interpolate at Chebyshev points: `kernels/coefficients.py` derives them, finds every one of those here to the
//! last digit but two of f64, which it names, and prints the errors that stand beside them.
//!
//! Errors, where the true values are those of f64's own functions. In f32, over all 2^32 inputs, on an AMD EPYC (Zen 4,
//! AVX-512): sigma at most 1.31e-7 relative, which is 1.1 times f32's epsilon, sigma' 1.49e-7 and sigma'' 2.98e-7 absolute; the
//! tests ask for 2.38e-7, 1.6e-7 and 3.2e-7. In f64, tested over [-30, 30]: sigma within 1e-15 relative, sigma' within 1e-15 absolute, and near zero 2e-15 relative. NaN
//! stays NaN.
//!
//! Vectors go through side by side ([`activate`]), as many as [`SIDE_BY_SIDE`] says: one alone is a chain of some twenty dependent
//! operations, which waits for its own latency. The intermediate values of so many still fit the registers; the coefficients are
//! broadcast from L1. Columns are read and written once, in order.

use std::array::from_fn;
use std::f64::consts::{LOG2_E, SQRT_2};

use crate::lanes::{Lanes, Real};
use crate::layout::SIDE_BY_SIDE;

/// The coefficients of (2^f - 1) / f in powers of f, |f| <= 1/2: relative error 1.2e-8; no polynomial of this degree is
/// below 0.94e-8.
const EXP_F32: [f64; 6] = [
    0.693_147_188_026_228_8,
    0.240_226_507_605_681_27,
    0.055_503_571_142_190_78,
    0.009_618_082_557_277_852,
    0.001_339_086_336_467_123_4,
    0.000_154_531_629_451_206_9,
];

/// The coefficients of log(3/2 + x) in powers of x, |x| <= 1/2: error 6.1e-9; no polynomial of this degree is below 3.2e-9.
const LOG_F32: [f64; 10] = [
    0.405_465_103_898_773_3,
    0.666_666_669_227_252_9,
    -0.222_221_381_913_783_4,
    0.098_764_920_950_189_3,
    -0.049_409_342_798_101_816,
    0.026_353_642_950_257_612,
    -0.014_340_113_295_483_42,
    0.008_183_676_706_413_467,
    -0.006_147_917_249_423_393,
    0.003_662_242_168_854_303,
];

/// The coefficients of p / f and of q in powers of f^2, |f| <= 1/2: relative error of the quotient 5.0e-18, and 3.4e-17 with the
/// coefficients rounded to f64. Interpolated on |f| <= 0.501. The script finds the last one smaller by one unit in the last place.
const TANH_F64: [[f64; 3]; 2] = [
    [
        0.346_573_590_279_972_65,
        0.004_624_839_163_303_175,
        5.287_067_936_054_068e-6,
    ],
    [1.0, 0.053_382_216_211_462_24, 0.000_228_933_320_925_979_7],
];

/// The coefficients of 2 atanh(w) / w in powers of w^2, |w| <= 3 - 2 sqrt(2): error of 2 atanh(w) 6.1e-17, and 7.8e-17 with the
/// coefficients rounded to f64. Interpolated on an interval wider by a factor of 1.001. The script finds the last one smaller by
/// 1.3e-14 of it, which changes the result by 1e-25.
const ATANH_F64: [f64; 7] = [
    2.000_000_000_000_000_3,
    0.666_666_666_665_515_2,
    0.400_000_000_623_732_04,
    0.285_714_159_181_118_1,
    0.222_234_420_440_891_37,
    0.181_216_854_975_853_9,
    0.168_407_338_008_428_5,
];

/// The constant log(sqrt(2)).
const HALF_LN_2: f64 = 0.346_573_590_279_972_65;

/// A polynomial's values at x, by Horner's scheme; `coefficients` from the constant upwards.
#[inline(always)]
fn polynomial<T: Lanes, const C: usize, const N: usize>(
    coefficients: &[f64; C],
    x: [T; N],
) -> [T; N] {
    let mut down = coefficients.iter().rev().map(|&c| T::of(c));
    let last = down.next().unwrap_or_default();
    down.fold([last; N], |value, c| from_fn(|k| value[k].mul_add(x[k], c)))
}

/// The argument of the exponential in parts, for N values.
struct Reduced<T, const N: usize> {
    /// |a|.
    magnitude: [T; N],
    /// f, the distance of -2|a| / ln 2 from the nearest integer.
    fraction: [T; N],
    /// s = 2^n.
    power: [T; N],
}

/// The argument reduction. Adding MAGIC rounds to an integer n and leaves it in the low bits, from which 2^n is a shift.
#[inline(always)]
fn reduce<T: Lanes, const N: usize>(a: [T; N]) -> Reduced<T, N> {
    let magnitude = a.map(T::abs);
    // From here on exp(-2|a|) is below what counts, and the exponent still normal.
    let highest = T::of(if T::Real::DOUBLE { 354.0 } else { 43.0 });
    let (scale, magic) = (T::of(-2.0 * LOG2_E), T::of(T::MAGIC));
    let low = magnitude.map(|a| a.at_most(highest));
    let shifted = low.map(|a| a.mul_add(scale, magic));
    Reduced {
        magnitude,
        fraction: from_fn(|k| low[k].mul_add(scale, magic - shifted[k])),
        power: shifted.map(T::exp2_of_rounded),
    }
}

/// The difference g = 1 - e, in f32.
#[inline(always)]
fn one_minus_exp<T: Lanes, const N: usize>(f: [T; N], power: [T; N]) -> [T; N] {
    let p = polynomial(&EXP_F32, f);
    from_fn(|k| (-(f[k] * p[k])).mul_add(power[k], T::of(1.0) - power[k]))
}

/// tanh a from g, in f32.
#[inline(always)]
fn tanh_from<T: Lanes, const N: usize>(g: [T; N], a: [T; N]) -> [T; N] {
    from_fn(|k| (g[k] / (T::of(2.0) - g[k])).with_sign(a[k]))
}

/// The quotient tanh |a| in f64, before its division.
struct Quotient<T, const N: usize> {
    /// The numerator q (1 - s) - p (1 + s).
    over: [T; N],
    /// The denominator D.
    under: [T; N],
    /// The difference q - p.
    rest: [T; N],
}

/// The quotient from f and s.
#[inline(always)]
fn quotient<T: Lanes, const N: usize>(f: [T; N], power: [T; N]) -> Quotient<T, N> {
    let square = f.map(|f| f * f);
    let [p, q] = &TANH_F64;
    let (p, q) = (polynomial(p, square), polynomial(q, square));
    let p: [T; N] = from_fn(|k| f[k] * p[k]);
    let (sum, gap) = (
        power.map(|power| T::of(1.0) + power),
        power.map(|power| T::of(1.0) - power),
    );
    // The smaller product is the one that rounds on its own.
    Quotient {
        over: from_fn(|k| q[k].mul_add(gap[k], -(p[k] * sum[k]))),
        under: from_fn(|k| q[k].mul_add(sum[k], -(p[k] * gap[k]))),
        rest: from_fn(|k| q[k] - p[k]),
    }
}

/// An `Activation` holds sigma and its derivative at N values.
#[derive(Debug, Clone, Copy)]
pub struct Activation<T, const N: usize> {
    /// sigma(a).
    pub sigma: [T; N],
    /// sigma'(a).
    pub slope: [T; N],
}

/// Returns sigma and its derivative at N values side by side.
#[inline(always)]
pub fn sigma_and_slope<T: Lanes, const N: usize>(a: [T; N]) -> Activation<T, N> {
    let Reduced {
        magnitude,
        fraction,
        power,
    } = reduce(a);
    if !T::Real::DOUBLE {
        let g = one_minus_exp(fraction, power);
        let log = polynomial(&LOG_F32, g.map(|g| T::of(0.5) - g));
        return Activation {
            sigma: from_fn(|k| magnitude[k] + log[k]),
            slope: tanh_from(g, a),
        };
    }
    let Quotient { over, under, rest } = quotient(fraction, power);
    let root = T::of(SQRT_2);
    let high: [T; N] = from_fn(|k| root.mul_add(rest[k], under[k]));
    let low: [T; N] = from_fn(|k| (-root).mul_add(rest[k], under[k]));
    // One division for both quotients: a division of eight f64 takes as long as some sixteen multiply-adds.
    let both: [T; N] = from_fn(|k| T::of(1.0) / (under[k] * high[k]));
    let w: [T; N] = from_fn(|k| low[k] * (under[k] * both[k]));
    let square = w.map(|w| w * w);
    let atanh = polynomial(&ATANH_F64, square);
    let log: [T; N] = from_fn(|k| w[k].mul_add(atanh[k], T::of(HALF_LN_2)));
    Activation {
        sigma: from_fn(|k| magnitude[k] + log[k]),
        slope: from_fn(|k| (over[k] * (high[k] * both[k])).with_sign(a[k])),
    }
}

/// The derivative sigma'(a) alone.
#[inline(always)]
fn slope<T: Lanes, const N: usize>(a: [T; N]) -> [T; N] {
    let Reduced {
        fraction, power, ..
    } = reduce(a);
    if !T::Real::DOUBLE {
        return tanh_from(one_minus_exp(fraction, power), a);
    }
    let Quotient { over, under, .. } = quotient(fraction, power);
    from_fn(|k| (over[k] / under[k]).with_sign(a[k]))
}

/// Computes the activation of a column: u = sigma(a + b), and sigma'(a + b) in the place of a.
pub fn activate<T: Lanes>(a: &mut [T], b: &[T::Real], u: &mut [T]) {
    let (groups, ones) = a.as_chunks_mut::<SIDE_BY_SIDE>();
    let ((b_groups, b), (u_groups, u)) = (
        b.as_chunks::<SIDE_BY_SIDE>(),
        u.as_chunks_mut::<SIDE_BY_SIDE>(),
    );
    for ((a, b), u) in groups.iter_mut().zip(b_groups).zip(u_groups) {
        let at = sigma_and_slope(from_fn(|k| a[k] + T::splat(b[k])));
        (*u, *a) = (at.sigma, at.slope);
    }
    for ((a, &b), u) in ones.iter_mut().zip(b).zip(u) {
        let at = sigma_and_slope([*a + T::splat(b)]);
        ([*u], [*a]) = (at.sigma, at.slope);
    }
}

/// Computes the derivative sigma'(a + b) of a column, in the place of a.
pub fn slopes<T: Lanes>(a: &mut [T], b: &[T::Real]) {
    let (groups, ones) = a.as_chunks_mut::<SIDE_BY_SIDE>();
    let (b_groups, b) = b.as_chunks::<SIDE_BY_SIDE>();
    for (a, b) in groups.iter_mut().zip(b_groups) {
        *a = slope(from_fn(|k| a[k] + T::splat(b[k])));
    }
    for (a, &b) in ones.iter_mut().zip(b) {
        [*a] = slope([*a + T::splat(b)]);
    }
}

/// Returns the second derivative sigma'' = 1 - slope^2.
#[inline(always)]
pub fn curvature<T: Lanes>(slope: T) -> T {
    (-slope).mul_add(slope, T::of(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::lanes;
    use wide::{f32x16, f64x8};

    fn exact(a: f64) -> (f64, f64) {
        (a.abs() + (-2.0 * a.abs()).exp().ln_1p(), a.tanh())
    }

    fn grid() -> impl Iterator<Item = f64> {
        let fine = (-300_000..=300_000).map(|k| f64::from(k) * 1e-4);
        let tiny = (1..300).flat_map(|k| [2.0_f64.powi(-k), -(2.0_f64.powi(-k))]);
        fine.chain(tiny)
            .chain([0.0, -0.0, 100.0, -100.0, 700.0, 1e30, -1e30])
    }

    /// Largest relative error of sigma, largest absolute error of tanh.
    fn errors<T: Lanes>() -> (f64, f64) {
        let mut worst = (0.0_f64, 0.0_f64);
        for a in grid() {
            let rounded = T::Real::of(a).widen();
            let Activation { sigma, slope } = sigma_and_slope([T::of(a)]);
            let (want_sigma, want_slope) = exact(rounded);
            worst.0 = worst
                .0
                .max((lanes(&sigma[0])[0].widen() / want_sigma - 1.0).abs());
            worst.1 = worst
                .1
                .max((lanes(&slope[0])[0].widen() - want_slope).abs());
        }
        worst
    }

    #[test]
    fn single_precision_is_within_two_ulp() {
        let (sigma, slope) = errors::<f32x16>();
        assert!(sigma < 2.0 * f64::from(f32::EPSILON), "{sigma:e}");
        assert!(slope < 1.6e-7, "{slope:e}");
    }

    #[test]
    fn double_precision_is_within_rounding() {
        let (sigma, slope) = errors::<f64x8>();
        assert!(sigma < 1e-15, "{sigma:e}");
        assert!(slope < 1e-15, "{slope:e}");
    }

    #[test]
    fn tanh_is_relatively_exact_near_zero() {
        for k in 1..300 {
            let a = 2.0_f64.powi(-k);
            let got = lanes(&slope([f64x8::of(a)])[0])[0];
            assert!((got / a.tanh() - 1.0).abs() < 2e-15, "{a:e}: {got:e}");
        }
    }

    fn keeps<T: Lanes>() {
        let Activation { sigma, slope } = sigma_and_slope([T::of(f64::NAN)]);
        assert!(lanes(&sigma[0])[0].widen().is_nan() && lanes(&slope[0])[0].widen().is_nan());
        let Activation { sigma, slope } = sigma_and_slope([T::of(f64::NEG_INFINITY)]);
        assert_eq!(
            (lanes(&sigma[0])[0].widen(), lanes(&slope[0])[0].widen()),
            (f64::INFINITY, -1.0)
        );
        let zero = sigma_and_slope([T::of(-0.0)]).slope;
        assert_eq!(lanes(&zero[0])[0].widen(), 0.0);
    }

    #[test]
    fn not_a_number_infinity_and_zero_pass_through() {
        keeps::<f32>();
        keeps::<f32x16>();
        keeps::<f64>();
        keeps::<f64x8>();
    }

    /// Largest relative error of sigma, and largest absolute ones of sigma' and sigma''.
    #[derive(Clone, Copy, Debug, Default)]
    struct Errors {
        sigma: f64,
        slope: f64,
        curvature: f64,
    }

    impl Errors {
        fn most(self, other: Self) -> Self {
            Errors {
                sigma: self.sigma.max(other.sigma),
                slope: self.slope.max(other.slope),
                curvature: self.curvature.max(other.curvature),
            }
        }

        fn of(a: f32, sigma: f32, slope: f32, curved: f32) -> Self {
            let (want_sigma, want_slope) = exact(f64::from(a));
            let sech = 1.0 / f64::from(a).cosh();
            Errors {
                sigma: (f64::from(sigma) / want_sigma - 1.0).abs(),
                slope: (f64::from(slope) - want_slope).abs(),
                curvature: (f64::from(curved) - sech * sech).abs(),
            }
        }
    }

    /// The errors over all inputs with these upper 16 bits.
    fn errors_of(upper: u32) -> Errors {
        let mut worst = Errors::default();
        for lower in (0..1_u32 << 16).step_by(64) {
            let input = |k: usize| f32::from_bits((upper << 16) + lower + k as u32);
            let a: [f32x16; 4] = from_fn(|k| f32x16::new(from_fn(|lane| input(16 * k + lane))));
            let at = sigma_and_slope(a);
            // Bits, not values: not a number is equal to nothing.
            let bits = |x: [f32x16; 4]| x.map(|x| x.to_array().map(f32::to_bits));
            assert_eq!(bits(slope(a)), bits(at.slope));
            for k in 0..64 {
                let lane = |x: &[f32x16; 4]| lanes(&x[k / 16])[k % 16];
                let (a, sigma, slope) = (input(k), lane(&at.sigma), lane(&at.slope));
                if a.is_finite() {
                    let curved = lane(&at.slope.map(curvature));
                    worst = worst.most(Errors::of(a, sigma, slope, curved));
                } else {
                    assert_eq!((sigma.is_nan(), slope.is_nan()), (a.is_nan(), a.is_nan()));
                }
            }
        }
        worst
    }

    /// Minutes of both cores: `cargo test --release -p otflow-kernels every_input -- --ignored --nocapture`.
    #[test]
    #[ignore = "4 billion inputs"]
    fn every_input_in_single_precision_is_within_the_stated_errors() {
        use rayon::prelude::*;
        let all = (0..1_u32 << 16).into_par_iter().map(errors_of);
        let worst = all.reduce(Errors::default, Errors::most);
        println!("{worst:?}");
        assert!(worst.sigma < 2.0 * f64::from(f32::EPSILON), "{worst:?}");
        assert!(worst.slope < 1.6e-7, "{worst:?}");
        assert!(worst.curvature < 3.2e-7, "{worst:?}");
    }
}
