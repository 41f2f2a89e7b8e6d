//! The batches of rows that iterations are trained on.
//!
//! A batch of a toy set is the whole training set, until it is drawn again. The training part of a table is read in shuffled
//! batches, each row once an epoch; the last batch of an epoch has the rows that are left.

use std::ops::Range;
use std::sync::Arc;

use otflow_kernels::batch::Share;
use otflow_kernels::progress::Progress;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::dataset::Dataset;
use super::error::DataError;
use super::permutation::Permutation;
use super::random::Stream;
use super::split_table::SplitPart;
use crate::session::Data;

/// Rows that a thread reads in a step: less than a second also where each takes 10 ms, as from a remote file system.
pub const STEP: usize = 64;

/// The position of the training in the data; with the seed it determines the next batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPosition {
    /// Number of the draws of a toy set, or of the epochs begun.
    pub draws: u64,
    /// Rows of the epoch that have been read.
    pub seen: usize,
    /// Rows of a batch, as set when the draw or the epoch began.
    pub size: usize,
}

/// The share of a rank in every batch: the rows that it computes and reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankShare {
    /// Share of the batch that the rank computes.
    pub share: Share,
    /// Number of rows of which shares are multiples.
    pub grain: usize,
    /// Rows of a group, counted from the first row of the batch: if a share has one row of a group, the whole group is read.
    pub group: usize,
}

impl RankShare {
    /// The share of a single rank: all rows of every batch.
    pub const ALL: RankShare = RankShare {
        share: Share::ALL,
        grain: 1,
        group: 1,
    };

    /// The rows that are computed in a batch of n.
    pub fn computed(&self, n: usize) -> Range<usize> {
        self.share.samples(n, self.grain)
    }

    /// The rows that are read in a batch of n.
    pub fn read(&self, n: usize) -> Range<usize> {
        let Range { start, end } = self.computed(n);
        if start == end {
            return start..end;
        }
        let first = start / self.group * self.group;
        first..end.next_multiple_of(self.group).min(n)
    }
}

/// The current batch and the position from which the next ones are read.
#[derive(Debug)]
pub struct Batches {
    position: DataPosition,
    /// Order of the training rows in the epoch; empty for a toy set.
    order: Permutation,
    /// Rows of the current batch: all of them, but zeros where this rank does not read.
    rows: Vec<f64>,
    rank_share: RankShare,
    /// Counter of the reads, by which other ranks see that this one is alive.
    progress: Arc<Progress>,
}

impl Default for Batches {
    fn default() -> Self {
        Batches {
            position: DataPosition::default(),
            order: Permutation::default(),
            rows: Vec::new(),
            rank_share: RankShare::ALL,
            progress: Arc::default(),
        }
    }
}

impl Batches {
    /// A current batch of any rows.
    #[cfg(test)]
    pub(crate) fn with_rows(rows: Vec<f64>) -> Self {
        Batches {
            rows,
            ..Batches::default()
        }
    }

    /// Batches of which this share is read, without a current one yet.
    pub fn of_share(rank_share: RankShare) -> Self {
        Batches {
            rank_share,
            ..Batches::default()
        }
    }

    /// The share of every batch that is computed and read.
    pub fn rank_share(&self) -> RankShare {
        self.rank_share
    }

    /// Begins a new draw or epoch with a batch of `size` rows, and reads this share from now on.
    ///
    /// # Errors
    /// The rows of the batch can't be read; the current batch stays.
    pub fn start_anew(
        &mut self,
        data: &Dataset,
        size: usize,
        rank_share: RankShare,
    ) -> Result<(), DataError> {
        self.rank_share = rank_share;
        self.position.seen = self.order.len();
        self.advance(data, size)
    }

    /// Counts reads as steps of the work.
    pub fn report_to(&mut self, progress: Arc<Progress>) {
        self.progress = progress;
    }

    /// The rows of the current batch, (x, y) row by row.
    pub fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// The position of the training in the data.
    pub fn position(&self) -> DataPosition {
        self.position
    }

    /// Restores the batch that was current at a position, or a share of it.
    ///
    /// # Errors
    /// The rows of the batch can't be read.
    pub fn restore(
        position: DataPosition,
        rank_share: RankShare,
        data: &Dataset,
    ) -> Result<Self, DataError> {
        let mut batches = Batches {
            position,
            ..Batches::of_share(rank_share)
        };
        match data.table() {
            None => batches.draw_rows(data),
            Some(table) => {
                batches.order = table.epoch(position.draws);
                let last = position.seen % position.size;
                let last = if last == 0 { position.size } else { last };
                batches.position.seen -= last;
                batches.read_next(data)?;
            }
        }
        Ok(batches)
    }

    /// Whether the draw of a toy set or the epoch is over, so that the next batch begins a new one.
    pub fn is_draw_over(&self) -> bool {
        self.position.seen >= self.order.len()
    }

    /// Whether the next batch is due after an iteration.
    pub fn is_due(iteration: u64, data: &Data) -> bool {
        match data {
            Data::Toy { resample_every, .. } => iteration.is_multiple_of(*resample_every),
            Data::Table { .. } => true,
        }
    }

    /// Reads the next batch; its size becomes `size` rows with the next draw or epoch.
    ///
    /// # Errors
    /// The rows of the batch can't be read; the current batch stays.
    pub fn advance(&mut self, data: &Dataset, size: usize) -> Result<(), DataError> {
        if !self.is_draw_over() {
            return self.read_next(data);
        }
        self.position = DataPosition {
            draws: self.position.draws + 1,
            seen: 0,
            size,
        };
        match data.table() {
            None => {
                self.draw_rows(data);
                Ok(())
            }
            Some(table) => {
                self.order = table.epoch(self.position.draws);
                self.read_next(data)
            }
        }
    }

    /// Draws the rows of a batch of a toy set.
    fn draw_rows(&mut self, data: &Dataset) {
        let DataPosition { draws, size, .. } = self.position;
        let own = self.rank_share.read(size);
        let wanted = |row| own.contains(&row);
        self.rows = data.draw_some(Stream::Training, draws - 1, size, wanted);
    }

    /// Reads the next rows of the epoch.
    fn read_next(&mut self, data: &Dataset) -> Result<(), DataError> {
        let DataPosition { draws, seen, size } = self.position;
        let end = self.order.len().min(seen + size);
        self.position.seen = end;
        let Some(table) = data.table() else {
            return Ok(());
        };
        let own = self.rank_share.read(end - seen);
        let places: Vec<usize> = own.clone().map(|k| self.order.at(seen + k)).collect();
        let width = data.dimension() + data.context();
        let steps = places.par_chunks(STEP).map(|places| {
            self.progress.step();
            table.rows(SplitPart::Training, places, draws)
        });
        let read = steps.collect::<Result<Vec<_>, _>>()?.concat();
        self.rows = vec![0.0; (end - seen) * width];
        self.rows[own.start * width..own.end * width].copy_from_slice(&read);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::session;

    /// 13 rows to train on.
    fn table(folder: &Path) -> Dataset {
        let rows: Vec<String> = (0..15).map(|i| (i * i).to_string()).collect();
        fs::write(folder.join("t.csv"), rows.join("\n")).unwrap();
        let text = "(data: Table(path: \"t.csv\", jitter: {\"1\": 1.0}))";
        let session = session::parse(text, &folder.join("s.ron")).unwrap();
        Dataset::open(&session.data, 1).unwrap()
    }

    #[test]
    fn an_epoch_has_every_row_once_and_its_last_batch_what_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let data = table(folder.path());
        let all = |epoch| {
            let places: Vec<usize> = (0..13).collect();
            let table = data.table().unwrap();
            let mut rows = table.rows(SplitPart::Training, &places, epoch).unwrap();
            rows.sort_by(f64::total_cmp);
            rows
        };
        let mut batches = Batches::default();
        for epoch in 1..4 {
            let mut seen = Vec::new();
            for size in [5, 5, 3] {
                assert_eq!(batches.is_draw_over(), size == 5 && seen.is_empty());
                // Another size waits for the next epoch.
                batches
                    .advance(&data, if seen.is_empty() { 5 } else { 9 })
                    .unwrap();
                assert_eq!(batches.rows().len(), size);
                seen.extend_from_slice(batches.rows());
            }
            assert!(batches.is_draw_over());
            seen.sort_by(f64::total_cmp);
            assert_eq!(seen, all(epoch));
        }
        assert_ne!(
            data.table().unwrap().epoch(1),
            data.table().unwrap().epoch(2)
        );
    }

    #[test]
    fn shares_of_a_batch_are_its_rows_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let toy = session::parse("(data: Toy(name: \"moons\"))", Path::new("s.ron")).unwrap();
        for data in [table(folder.path()), Dataset::open(&toy.data, 3).unwrap()] {
            let width = data.dimension();
            let mut whole = Batches::default();
            let shares = [0, 1, 2].map(|index| RankShare {
                share: Share { index, of: 3 },
                grain: 2,
                group: 1,
            });
            let mut parts = shares.map(Batches::of_share);
            for size in [9, 9, 9, 70] {
                whole.advance(&data, size).unwrap();
                let n = whole.rows().len() / width;
                let mut together = vec![0.0; n * width];
                for (part, share) in parts.iter_mut().zip(shares) {
                    part.advance(&data, size).unwrap();
                    let again = Batches::restore(part.position(), share, &data).unwrap();
                    assert_eq!(again.rows(), part.rows());
                    assert_eq!(part.position(), whole.position());
                    assert_eq!(part.rows().len(), whole.rows().len());
                    for (sample, row) in part.rows().chunks_exact(width).enumerate() {
                        assert!(
                            part.rank_share().read(n).contains(&sample)
                                || row.iter().all(|&x| x == 0.0)
                        );
                    }
                    let added = together.iter().zip(part.rows()).map(|(a, b)| a + b);
                    together = added.collect();
                }
                assert_eq!(together, whole.rows());
            }
        }
    }

    #[test]
    fn every_few_rows_read_are_a_step() {
        let folder = tempfile::tempdir().unwrap();
        let rows: Vec<String> = (0..600).map(|i| (i * i).to_string()).collect();
        fs::write(folder.path().join("t.csv"), rows.join("\n")).unwrap();
        let text = "(data: Table(path: \"t.csv\"))";
        let session = session::parse(text, &folder.path().join("s.ron")).unwrap();
        let data = Dataset::open(&session.data, 1).unwrap();
        let mut batches = Batches::of_share(RankShare {
            share: Share { index: 0, of: 2 },
            ..RankShare::ALL
        });
        let progress = Arc::<Progress>::default();
        batches.report_to(Arc::clone(&progress));
        batches.advance(&data, 400).unwrap();
        assert_eq!(progress.steps(), 200_usize.div_ceil(STEP));
    }

    #[test]
    fn the_batches_after_a_position_are_those_that_would_have_come() {
        let folder = tempfile::tempdir().unwrap();
        let toy = session::parse("(data: Toy(name: \"moons\"))", Path::new("s.ron")).unwrap();
        for data in [table(folder.path()), Dataset::open(&toy.data, 3).unwrap()] {
            let mut batches = Batches::default();
            for size in [4, 6, 5, 5, 7, 4, 4, 4] {
                batches.advance(&data, size).unwrap();
                let again = Batches::restore(batches.position(), RankShare::ALL, &data).unwrap();
                assert_eq!(again.rows(), batches.rows());
                assert_eq!(again.position(), batches.position());
                assert_eq!(again.is_draw_over(), batches.is_draw_over());
            }
        }
    }
}
