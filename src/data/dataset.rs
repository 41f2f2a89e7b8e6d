//! The data set of a session: a toy set or a table, with one interface.

use rayon::prelude::*;

use super::error::DataError;
use super::random::{Stream, generator, seek};
use super::split_table::{SplitPart, SplitTable};
use super::toy::{self, ToyDensity};
use crate::scaling::Scaling;
use crate::session::{Data, Toy};
use crate::table::NameSource;

/// Rows that a thread draws at a time.
const CHUNK: usize = 1024;

/// The data set of a session, with the seed that it is drawn by.
pub struct Dataset {
    source: DatasetSource,
    seed: u64,
}

/// The source of the rows of a data set.
enum DatasetSource {
    /// A 2-D set, drawn without end.
    Toy { toy: Toy, density: ToyDensity },
    /// The rows of a table.
    Table(Box<SplitTable>),
}

impl Dataset {
    /// Opens the data set of a session. Every row of a table is read.
    ///
    /// # Errors
    /// When a table can't be read or can't be learned.
    pub fn open(data: &Data, seed: u64) -> Result<Self, DataError> {
        let source = match (data, data.table()) {
            (_, Some(table)) => DatasetSource::Table(Box::new(SplitTable::open(&table, seed)?)),
            (Data::Toy { name, .. }, _) => DatasetSource::Toy {
                toy: *name,
                density: ToyDensity::new(*name),
            },
            (Data::Table { .. }, None) => return Err(DataError::NothingToLearn),
        };
        Ok(Self { source, seed })
    }

    /// The table with its split; None for a toy set.
    pub fn table(&self) -> Option<&SplitTable> {
        match &self.source {
            DatasetSource::Toy { .. } => None,
            DatasetSource::Table(table) => Some(table),
        }
    }

    /// The number d of learned columns.
    pub fn dimension(&self) -> usize {
        self.table().map_or(2, SplitTable::dimension)
    }

    /// The number c of columns that the density is conditioned on.
    pub fn context(&self) -> usize {
        self.table().map_or(0, SplitTable::context)
    }

    /// Names of the d + c columns.
    pub fn names(&self) -> Vec<String> {
        let toy = || ["x1", "x2"].map(str::to_owned).to_vec();
        self.scaling().map_or_else(toy, Scaling::names)
    }

    /// The source of the names of a table's columns; None for a toy set.
    pub fn name_source(&self) -> Option<NameSource> {
        self.table().map(SplitTable::name_source)
    }

    /// The scaling that standardises the columns of a table; None for a toy set.
    pub fn scaling(&self) -> Option<&Scaling> {
        self.table().map(SplitTable::scaling)
    }

    /// Offsets in nats of rows in the units of the flow, d + c values each: the log density of the standardised row less the log
    /// density of the row. 0 for toy sets and where no column has a map.
    pub fn offsets(&self, rows: &[f64]) -> Vec<f64> {
        let none = || vec![0.0; rows.len() / (self.dimension() + self.context())];
        let offsets = |scaling: &Scaling| scaling.offsets(rows, self.dimension());
        self.scaling().map_or_else(none, offsets)
    }

    /// Mean of [`Dataset::offsets`] over the training rows of a table, nats; 0 for toy sets.
    pub fn mean_offset(&self) -> f64 {
        self.table().map_or(0.0, SplitTable::mean_offset)
    }

    /// The entropy H in nats, the lower limit of C, where it is known.
    pub fn entropy(&self) -> Option<f64> {
        match &self.source {
            DatasetSource::Toy { toy, .. } => Some(toy::entropy(*toy)),
            DatasetSource::Table(_) => None,
        }
    }

    /// Number of the rows that pick the best parameters where n are asked for: all of a table's validation part if it has fewer.
    pub fn validation_rows(&self, n: usize) -> usize {
        self.table()
            .map_or(n, |table| n.min(table.len(SplitPart::Validation)))
    }

    /// The rows that pick the best parameters: the ones with these numbers, from 0, of the n that [`Dataset::validation_rows`]
    /// gives; row-major, d + c values each. No other rows of a table are read.
    ///
    /// # Errors
    /// When a table can't be read.
    pub fn validation(
        &self,
        n: usize,
        numbers: impl Iterator<Item = usize>,
    ) -> Result<Vec<f64>, DataError> {
        match self.table() {
            None => {
                let (all, d) = (self.draw(Stream::Validation, 0, n), self.dimension());
                let row = |k: usize| &all[k * d..][..d];
                Ok(numbers.flat_map(row).copied().collect())
            }
            Some(table) => table.some_spaced_rows(SplitPart::Validation, n, numbers),
        }
    }

    /// Rows for pictures, at most n, the same ones every time; row-major, d + c values each.
    ///
    /// # Errors
    /// When a table can't be read.
    pub fn picture_rows(&self, n: usize) -> Result<Vec<f64>, DataError> {
        match self.table() {
            None => Ok(self.draw(Stream::Pictures, 0, n)),
            Some(table) => table.spaced_rows(SplitPart::Validation, n),
        }
    }

    /// Draws rows 0 to n - 1 of a toy set, n x d row by row: the same bits for any number of threads, and for any n. No rows for a
    /// table.
    pub fn draw(&self, stream: Stream, draw: u64, n: usize) -> Vec<f64> {
        self.draw_some(stream, draw, n, |_| true)
    }

    /// Draws as [`Dataset::draw`] does, but only the rows that are wanted; the others are zeros.
    pub fn draw_some(
        &self,
        stream: Stream,
        draw: u64,
        n: usize,
        wanted: impl Fn(usize) -> bool + Sync,
    ) -> Vec<f64> {
        let DatasetSource::Toy { toy, .. } = self.source else {
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

    /// True log density of every row of n x d in nats, where it is known.
    pub fn log_density(&self, rows: &[f64]) -> Option<Vec<f64>> {
        let DatasetSource::Toy { density, .. } = &self.source else {
            return None;
        };
        let (rows, _) = rows.as_chunks::<2>();
        Some(rows.par_iter().map(|&x| density.log_density(x)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::{DrawKey, row_generator};

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
            let mut rng = row_generator(
                DrawKey {
                    seed: 5,
                    stream: Stream::Pictures,
                    draw: 9,
                },
                i as u64,
            );
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
        let density = ToyDensity::new(Toy::Moons);
        let one_by_one: Vec<f64> = rows
            .chunks(2)
            .map(|x| density.log_density([x[0], x[1]]))
            .collect();
        assert_eq!(log, one_by_one);
    }
}
