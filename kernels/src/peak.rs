//! The FMA peak: multiply-adds in registers and nothing else, what the kernels' counted flops are measured against.
//!
//! ```text
//! x_i <- x_i f + a       i = 1..CHAINS, enough that the others hide the latency of each
//! ```

use std::hint::black_box;

use crate::lanes::Lanes;
use crate::layout::{BLOCK_COLUMNS, BLOCK_ROWS};

/// The number of chains: the sums of a register block of the products, which fill the registers without spilling.
const CHAINS: usize = BLOCK_ROWS * BLOCK_COLUMNS;

/// Runs `rounds` rounds on the calling thread and returns their flops; the caller times it.
pub fn multiply_adds<T: Lanes>(rounds: u32) -> f64 {
    // Hidden from the compiler, which would else compute the loop, or one chain for all.
    let (factor, addend) = black_box((T::of(0.5), T::of(1.0)));
    let mut sums = black_box([T::default(); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, addend);
        }
    }
    black_box(sums);
    2.0 * (CHAINS * T::WIDTH) as f64 * f64::from(rounds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wide::{f32x16, f64x8};

    #[test]
    fn flops_are_two_a_lane_chain_and_round() {
        let chains = CHAINS as f64;
        assert_eq!(multiply_adds::<f32x16>(1000), 32_000.0 * chains);
        assert_eq!(multiply_adds::<f64x8>(1000), 16_000.0 * chains);
        assert_eq!(multiply_adds::<f64>(0), 0.0);
    }
}
