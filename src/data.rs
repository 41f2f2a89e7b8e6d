//! A data set: what is learned, how batches are drawn from it, and its true log density where that is known.
//!
//! | file | holds |
//! | --- | --- |
//! | `toy.rs`, `toy/` | the 2-D sets |
//! | `parts.rs`, `parts/` | a table: training, validation and test rows, standardised |
//! | `permutation.rs` | a shuffle that is computed, not kept |
//! | `batches.rs` | which rows an iteration is trained on |
//! | `pairs.rs` | normal draws matched with them by optimal transport, and times |
//! | `random.rs` | random numbers by counter |

pub mod batches;
pub mod pairs;
mod parts;
mod permutation;
pub mod random;
pub mod toy;

use rayon::prelude::*;

use crate::scaling::Scaling;
use crate::session::{Data, Toy};
use crate::table;
pub use parts::{Part, Parts};
use random::{Stream, generator, seek};

/// Rows a thread takes at a time.
const CHUNK: usize = 1024;

/// The set a session names, with the seed it is drawn by.
pub struct Dataset {
    source: Source,
    seed: u64,
}

enum Source {
    Toy(Toy, toy::Density),
    Table(Box<Parts>),
}

/// A data set that can't be learned, or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error(transparent)]
    Table(#[from] table::TableError),
    /// A split leaves a part without rows.
    #[error("{rows} rows are too few for a training part of 2 rows and a validation part of 1")]
    TooFew {
        /// Rows of the table.
        rows: usize,
    },
    /// Every column is given.
    #[error("no column is left to be learned: `data.given` has them all")]
    NothingToLearn,
    /// A column without spread.
    #[error(
        "column {column:?} is {value:?} in every row, so it has no density: leave it out of `data.columns`"
    )]
    Constant {
        /// Its name.
        column: String,
        /// What it holds.
        value: f64,
    },
    /// A column whose variance is no number.
    #[error("column {column:?} has values too large to be standardised: write it in a larger unit")]
    Overflow {
        /// Its name.
        column: String,
    },
    /// A column that another one determines.
    #[error(
        "column {column:?} is a copy of {of:?}, up to scale and offset, so the two have no density: leave one out of `data.columns`"
    )]
    Copy {
        /// Its name.
        column: String,
        /// The other's.
        of: String,
    },
    /// A column that others determine.
    #[error(
        "column {column:?} is a sum of multiples of {of:?}, so they have no density: leave one of them out of `data.columns`"
    )]
    Dependent {
        /// Its name.
        column: String,
        /// Those before it.
        of: Vec<String>,
    },
    /// Noise for a column that is not used.
    #[error("`data.jitter` names {column:?}, which is none of the columns {columns}")]
    Jitter {
        /// What it names.
        column: String,
        /// The columns that there are.
        columns: String,
    },
    /// A map for a column that is not used.
    #[error("`data.transform` names {column:?}, which is none of the columns {columns}")]
    Transform {
        /// What it names.
        column: String,
        /// The columns that there are.
        columns: String,
    },
    /// A column with values that its map is not defined for.
    #[error(
        "`data.transform` takes column {column:?} for one of values {domain}, and it has {value:?}: take another map, such as Normal"
    )]
    Domain {
        /// Its name.
        column: String,
        /// What the map is defined for, in words.
        domain: String,
        /// Its least value, or its largest, that is not.
        value: f64,
    },
    /// A column that has no spread, or no finite one, after its map.
    #[error(
        "column {column:?} has no spread once `data.transform` is applied, as nearly all of its rows hold one value: take it out of `data.transform`"
    )]
    Flat {
        /// Its name.
        column: String,
    },
}

impl Dataset {
    /// The set of a session. Every row of a table is looked at.
    ///
    /// # Errors
    /// When a table can't be read or can't be learned.
    pub fn open(data: &Data, seed: u64) -> Result<Self, Error> {
        let source = match (data, data.table()) {
            (_, Some(table)) => Source::Table(Box::new(Parts::open(&table, seed)?)),
            (Data::Toy { name, .. }, _) => Source::Toy(*name, toy::Density::new(*name)),
            (Data::Table { .. }, None) => return Err(Error::NothingToLearn),
        };
        Ok(Self { source, seed })
    }

    /// The parts of a table, if it is one.
    pub fn parts(&self) -> Option<&Parts> {
        match &self.source {
            Source::Toy(..) => None,
            Source::Table(parts) => Some(parts),
        }
    }

    /// d, the columns that are learned.
    pub fn dimension(&self) -> usize {
        self.parts().map_or(2, Parts::dimension)
    }

    /// c, the columns a density is conditioned on.
    pub fn context(&self) -> usize {
        self.parts().map_or(0, Parts::context)
    }

    /// Names of the d + c columns.
    pub fn names(&self) -> Vec<String> {
        let toy = || ["x1", "x2"].map(str::to_owned).to_vec();
        self.scaling().map_or_else(toy, Scaling::names)
    }

    /// How the columns of a table are standardised.
    pub fn scaling(&self) -> Option<&Scaling> {
        self.parts().map(Parts::scaling)
    }

    /// What log densities of standardised rows are higher by than those of these rows, d + c values each, as the flow has them;
    /// nats, 0 for toy sets and where no column has a map.
    pub fn offsets(&self, rows: &[f64]) -> Vec<f64> {
        let none = || vec![0.0; rows.len() / (self.dimension() + self.context())];
        let offsets = |scaling: &Scaling| scaling.offsets(rows, self.dimension());
        self.scaling().map_or_else(none, offsets)
    }

    /// The mean of [`Dataset::offsets`] over the training rows of a table.
    pub fn mean_offset(&self) -> f64 {
        self.parts().map_or(0.0, Parts::mean_offset)
    }

    /// H in nats, the lower limit of C, where it is known.
    pub fn entropy(&self) -> Option<f64> {
        match &self.source {
            Source::Toy(toy, _) => Some(toy::entropy(*toy)),
            Source::Table(_) => None,
        }
    }

    /// Rows that pick the best parameters where n are asked for: all of a table's validation part if it has fewer.
    pub fn validation_rows(&self, n: usize) -> usize {
        self.parts()
            .map_or(n, |parts| n.min(parts.len(Part::Validation)))
    }

    /// Those with these numbers, from 0, of the n rows that pick the best parameters, n as [`Dataset::validation_rows`] gives it;
    /// row-major, d + c values each. Of a table no others are read.
    ///
    /// # Errors
    /// When a table can't be read.
    pub fn validation(
        &self,
        n: usize,
        numbers: impl Iterator<Item = usize>,
    ) -> Result<Vec<f64>, Error> {
        match self.parts() {
            None => {
                let (all, d) = (self.draw(Stream::Validation, 0, n), self.dimension());
                let row = |k: usize| &all[k * d..][..d];
                Ok(numbers.flat_map(row).copied().collect())
            }
            Some(parts) => parts.some_of_spread(Part::Validation, n, numbers),
        }
    }

    /// At most n rows to be shown, the same ones every time; row-major, d + c values each.
    ///
    /// # Errors
    /// When a table can't be read.
    pub fn shown(&self, n: usize) -> Result<Vec<f64>, Error> {
        match self.parts() {
            None => Ok(self.draw(Stream::Pictures, 0, n)),
            Some(parts) => parts.spread(Part::Validation, n),
        }
    }

    /// Rows 0 to n - 1 of a draw of a toy set, n x d row by row: the same bits for any number of threads, and for any n. No rows for
    /// a table.
    pub fn draw(&self, stream: Stream, draw: u64, n: usize) -> Vec<f64> {
        self.draw_some(stream, draw, n, |_| true)
    }

    /// [`Dataset::draw`], but only those rows that are wanted; zeros in the place of the others.
    pub fn draw_some(
        &self,
        stream: Stream,
        draw: u64,
        n: usize,
        wanted: impl Fn(usize) -> bool + Sync,
    ) -> Vec<f64> {
        let Source::Toy(toy, _) = self.source else {
            return Vec::new();
        };
        let first = generator(self.seed, stream);
        let mut rows = vec![0.0; n * self.dimension()];
        rows.par_chunks_mut(CHUNK * self.dimension())
            .enumerate()
            .for_each(|(chunk, rows)| {
                let mut rng = first.clone();
                let rows = rows.chunks_exact_mut(self.dimension()).enumerate();
                let rows = rows.map(|(i, row)| (chunk * CHUNK + i, row));
                for (i, row) in rows.filter(|(i, _)| wanted(*i)) {
                    seek(&mut rng, draw, i as u64);
                    row.copy_from_slice(&toy::sample(toy, &mut rng));
                }
            });
        rows
    }

    /// True log density of every row of n x d, where it is known.
    pub fn log_density(&self, rows: &[f64]) -> Option<Vec<f64>> {
        let Source::Toy(_, density) = &self.source else {
            return None;
        };
        let (rows, _) = rows.as_chunks::<2>();
        Some(rows.par_iter().map(|&x| density.log(x)).collect())
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
        Dataset::open(&data, 5).unwrap()
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
