//! A data set: what is learned, how batches are drawn from it, and its true log density where that is known.

pub mod random;
pub mod toy;

use rayon::prelude::*;

use crate::session::{Data, Toy};
use random::{Stream, generator, seek};

/// Rows a thread takes at a time.
const CHUNK: usize = 1024;

/// The set a session names, with the seed it is drawn by.
#[derive(Debug)]
pub struct Dataset {
    toy: Toy,
    density: toy::Density,
    seed: u64,
}

impl Dataset {
    /// The set of a session.
    pub fn new(data: &Data, seed: u64) -> Self {
        let Data::Toy { name, .. } = data;
        Self {
            toy: *name,
            density: toy::Density::new(*name),
            seed,
        }
    }

    /// d, the columns of a row.
    pub fn dimension(&self) -> usize {
        2
    }

    /// c, the columns a density is conditioned on.
    pub fn context(&self) -> usize {
        0
    }

    /// H in nats, the lower limit of C, where it is known.
    pub fn entropy(&self) -> Option<f64> {
        Some(toy::entropy(self.toy))
    }

    /// Rows 0 to n - 1 of a draw, n x d row by row: the same bits for any number of threads, and for any n.
    pub fn draw(&self, stream: Stream, draw: u64, n: usize) -> Vec<f64> {
        let first = generator(self.seed, stream);
        let mut rows = vec![0.0; n * self.dimension()];
        rows.par_chunks_mut(CHUNK * self.dimension())
            .enumerate()
            .for_each(|(chunk, rows)| {
                let mut rng = first.clone();
                for (i, row) in rows.chunks_exact_mut(self.dimension()).enumerate() {
                    seek(&mut rng, draw, (chunk * CHUNK + i) as u64);
                    row.copy_from_slice(&toy::sample(self.toy, &mut rng));
                }
            });
        rows
    }

    /// True log density of every row of n x d, where it is known.
    pub fn log_density(&self, rows: &[f64]) -> Option<Vec<f64>> {
        let (rows, _) = rows.as_chunks::<2>();
        Some(rows.par_iter().map(|&x| self.density.log(x)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use random::row_generator;

    fn moons() -> Dataset {
        let data = Data::Toy {
            name: Toy::Moons,
            batch: 100,
            resample_every: 1,
        };
        Dataset::new(&data, 5)
    }

    /// Not a whole number of chunks.
    const ROWS: usize = 3 * CHUNK + 17;

    #[test]
    fn a_draw_is_the_same_bits_for_any_number_of_threads_and_rows() {
        let set = moons();
        let draw_by = |threads: usize, n: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| set.draw(Stream::Training, 3, n))
        };
        let rows = draw_by(1, ROWS);
        assert_eq!(rows.len(), 2 * ROWS);
        assert_eq!(rows, draw_by(3, ROWS));
        assert_eq!(rows[..2 * 100], draw_by(2, 100));
    }

    #[test]
    fn a_row_is_what_its_own_generator_gives() {
        let rows = moons().draw(Stream::Pictures, 9, ROWS);
        for i in [0, 1, CHUNK - 1, CHUNK, ROWS - 1] {
            let mut rng = row_generator(5, Stream::Pictures, 9, i as u64);
            assert_eq!(
                rows[2 * i..2 * i + 2],
                toy::sample(Toy::Moons, &mut rng),
                "row {i}"
            );
        }
    }

    #[test]
    fn draws_streams_and_seeds_differ() {
        let set = moons();
        let other = Dataset { seed: 6, ..moons() };
        let first = set.draw(Stream::Training, 0, 1);
        assert_ne!(first, set.draw(Stream::Training, 1, 1));
        assert_ne!(first, set.draw(Stream::Validation, 0, 1));
        assert_ne!(first, other.draw(Stream::Training, 0, 1));
    }

    #[test]
    fn log_densities_come_in_the_order_of_the_rows() {
        let set = moons();
        let rows = set.draw(Stream::Validation, 0, 100);
        let log = set.log_density(&rows).unwrap();
        let density = toy::Density::new(Toy::Moons);
        let one_by_one: Vec<f64> = rows.chunks(2).map(|x| density.log([x[0], x[1]])).collect();
        assert_eq!(log, one_by_one);
    }
}
