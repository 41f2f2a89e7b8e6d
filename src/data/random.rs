//! Random numbers by counter: row i of draw k starts at its own word of the ChaCha8 stream of its purpose,
//! ```text
//! word = (k 2^32 + i) WORDS,
//! ```
//! so a row depends on (seed, purpose, k, i) only and any thread can draw any row.

use std::ops::Range;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// 32-bit words set aside for a row: one refill of the generator's buffer, so a row costs one refill.
/// A row of the toy sets takes 12 and, when normals are rejected, a few more.
pub const WORDS: u64 = 64;

/// A stream of random numbers for one purpose. Streams never share numbers; a number once given here stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Stream {
    /// Batches of the training; the draw counts the batches.
    Training = 0,
    /// Samples of the validation.
    Validation = 1,
    /// Start values of the parameters.
    StartValues = 2,
    /// Samples shown on the screen.
    Pictures = 3,
    /// The split of the rows of a table.
    Split = 4,
    /// Noise around the values of a table; the draw is the epoch.
    Jitter = 5,
    /// Samples that a user asks for.
    Samples = 6,
    /// Normal draws paired with rows; the draw is the one of the rows, or their epoch.
    Pairs = 7,
    /// Times of pairs; the draw is the iteration.
    Times = 8,
    /// Grids of time steps; the draw is the iteration.
    Grid = 9,
}

/// The generator of a stream, at its first word.
pub fn generator(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}

/// Moves a generator to a row, which is cheap: no number is computed. A stream has room for 2^30 draws of 2^32 rows.
pub fn seek(rng: &mut ChaCha8Rng, draw: u64, row: u64) {
    rng.set_word_pos(((u128::from(draw) << 32) + u128::from(row)) * u128::from(WORDS));
}

/// The key of a draw of rows: the rows depend on it alone.
#[derive(Clone, Copy, Debug)]
pub struct DrawKey {
    /// Seed of the generator.
    pub seed: u64,
    /// Stream of the purpose.
    pub stream: Stream,
    /// Number of the draw in its stream.
    pub draw: u64,
}

/// The generator of one row of a draw.
pub fn row_generator(key: DrawKey, row: u64) -> ChaCha8Rng {
    let mut rng = generator(key.seed, key.stream);
    seek(&mut rng, key.draw, row);
    rng
}

/// The row to seek for row i where a row has `values` values of `words` words each on average: wide rows take the room of several.
pub fn spaced(row: u64, values: usize, words: u64) -> u64 {
    row * (values as u64 * words).div_ceil(WORDS)
}

/// Draws the rows with these numbers, of d normal values each, row-major.
pub fn normal_rows(key: DrawKey, rows: Range<u64>, d: usize) -> Vec<f64> {
    let start = generator(key.seed, key.stream);
    let n = (rows.end - rows.start) as usize;
    let mut values = vec![0.0; n * d];
    values
        .par_chunks_mut(d.max(1))
        .enumerate()
        .for_each(|(i, row)| {
            let mut rng = start.clone();
            seek(&mut rng, key.draw, spaced(rows.start + i as u64, d, NORMAL));
            row.fill_with(|| StandardNormal.sample(&mut rng));
        });
    values
}

/// Words a normal value takes, with room for rejected ones.
const NORMAL: u64 = 4;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::Rng;

    use super::*;

    #[test]
    fn no_two_of_seed_stream_draw_and_row_share_numbers() {
        let mut seen = HashSet::new();
        for seed in [0, 1, u64::MAX] {
            for stream in [
                Stream::Training,
                Stream::Validation,
                Stream::StartValues,
                Stream::Pictures,
                Stream::Split,
                Stream::Jitter,
                Stream::Samples,
            ] {
                for draw in [0, 1, (1 << 30) - 1] {
                    for row in [0, 1, 2, (1 << 32) - 1] {
                        let mut rng = row_generator(DrawKey { seed, stream, draw }, row);
                        assert!(
                            seen.insert(rng.next_u64()),
                            "{seed} {stream:?} {draw} {row}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn rows_lie_words_apart_in_one_sequence() {
        let first = DrawKey {
            seed: 7,
            stream: Stream::Training,
            draw: 0,
        };
        let mut walk = generator(first.seed, first.stream);
        for _ in 0..3 * WORDS {
            walk.next_u32();
        }
        assert_eq!(row_generator(first, 3).next_u64(), walk.next_u64());
    }
}
