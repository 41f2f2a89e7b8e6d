//! The end of a register block of a product: its last terms and its stores, a few rows at a time.
//!
//! ```text
//! all rows      sum_r += w_kr x_k        for all terms k but the last ones
//! two rows      the last terms, then y_r = sum_r; then the next two rows
//! ```
//!
//! Some CPUs (Zen 3) let few stores wait for their values: the fifth of 256 bits holds up all that comes after it. A block that
//! stored its twelve registers at once would drain the pipeline at every end: 25 cycles, where 32 columns take 192. Two rows at a
//! time are done while the others still have terms to add; that leaves 5 of the 25. The order of a row's sum stays what it is.
//!
//! With AVX-512 a register holds a row of 512 bits, and a block has more work between its ends: there all rows end together.

use crate::lanes::Lanes;
use crate::layout::BLOCK_COLUMNS;

/// Whether the rows of a block end one after another. On ARM it is not measured.
const STAGGERED: bool = cfg!(target_arch = "x86_64") && BLOCK_COLUMNS == 1;

/// The number of terms that are left to the end: as many as keep the multiply-adds busy while stores wait. Two leave 20 cycles
/// of the 25, eight 16.
pub const LAST_TERMS: usize = 4;

/// Splits the terms of a block into those that all rows add together and those that are left to [`finish`].
#[inline(always)]
pub fn split_last<V>(terms: &[V]) -> (&[V], Option<&[V; LAST_TERMS]>) {
    match terms.split_last_chunk() {
        Some((terms, last)) if STAGGERED => (terms, Some(last)),
        _ => (terms, None),
    }
}

/// Adds the last terms to the sums of R rows and P columns, and stores them. `weight` maps a term and a row, `x` a column and a
/// term, and `store` takes a column, a row and its sum.
#[inline(always)]
pub fn finish<T: Lanes, const R: usize, const P: usize>(
    sum: &mut [[T; R]; P],
    weight: impl Fn(usize, usize) -> T::Real,
    x: impl Fn(usize, usize) -> T,
    mut store: impl FnMut(usize, usize, T),
) {
    two_rows::<T, 0, R, P>(sum, &weight, &x, &mut store);
    two_rows::<T, 2, R, P>(sum, &weight, &x, &mut store);
    two_rows::<T, 4, R, P>(sum, &weight, &x, &mut store);
    two_rows::<T, 6, R, P>(sum, &weight, &x, &mut store);
}

/// The rows FIRST and FIRST + 1, as far as there are R; a constant in each copy, so that the sums stay in registers.
#[inline(always)]
#[expect(
    clippy::needless_range_loop,
    reason = "iterators over the sums would leave the registers"
)]
fn two_rows<T: Lanes, const FIRST: usize, const R: usize, const P: usize>(
    sum: &mut [[T; R]; P],
    weight: &impl Fn(usize, usize) -> T::Real,
    x: &impl Fn(usize, usize) -> T,
    store: &mut impl FnMut(usize, usize, T),
) {
    for k in 0..LAST_TERMS {
        for p in 0..P {
            for r in FIRST..FIRST + 2 {
                if r < R {
                    sum[p][r] = T::splat(weight(k, r)).mul_add(x(p, k), sum[p][r]);
                }
            }
        }
    }
    for p in 0..P {
        for r in FIRST..FIRST + 2 {
            if r < R {
                store(p, r, sum[p][r]);
            }
        }
    }
}
