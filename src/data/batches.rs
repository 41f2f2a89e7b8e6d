//! Which rows an iteration is trained on.
//!
//! A batch of a toy set is the whole training set, until it is drawn again. The training part of a table goes by in shuffled
//! batches, each row once an epoch; the last batch of an epoch has what is left.

use std::ops::Range;
use std::sync::Arc;

use otflow_kernels::batch::Share;
use otflow_kernels::progress::Progress;
use serde::{Deserialize, Serialize};

use super::permutation::Permutation;
use super::random::Stream;
use super::{Dataset, Error, Part};
use crate::session::Data;

/// Rows read in a step: less than a second also where each takes 10 ms, as of a file system far away.
const STEP: usize = 64;

/// Where training stands in the data; with the seed it tells which batch comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Draws of a toy set, or epochs begun.
    pub draws: u64,
    /// Rows of the epoch that have gone by.
    pub seen: usize,
    /// Rows of a batch, as they were when the draw or the epoch began.
    pub size: usize,
}

/// Which rows of a batch are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The part of the batch that is computed.
    pub share: Share,
    /// Rows that the parts of a batch are made of.
    pub grain: usize,
    /// Rows that are needed together, counted from the first of the batch: all of those that a part has one of.
    pub group: usize,
}

impl Cut {
    /// All rows of every batch.
    pub const ALL: Cut = Cut {
        share: Share::ALL,
        grain: 1,
        group: 1,
    };

    /// The rows that are computed, of n.
    pub fn computed(&self, n: usize) -> Range<usize> {
        self.share.samples(n, self.grain)
    }

    /// The rows that are read, of n.
    pub fn read(&self, n: usize) -> Range<usize> {
        let Range { start, end } = self.computed(n);
        if start == end {
            return start..end;
        }
        let first = start / self.group * self.group;
        first..end.next_multiple_of(self.group).min(n)
    }
}

/// The batch in hand and those to come.
#[derive(Debug)]
pub struct Batches {
    position: Position,
    /// Places in the training part, in the order of the epoch; empty for a toy set.
    order: Permutation,
    rows: Vec<f64>,
    /// What is read of a batch. A batch has its size all the same, with zeros in the place of the others.
    cut: Cut,
    /// Told of the reads, which others wait for.
    progress: Arc<Progress>,
}

impl Default for Batches {
    fn default() -> Self {
        Batches {
            position: Position::default(),
            order: Permutation::default(),
            rows: Vec::new(),
            cut: Cut::ALL,
            progress: Arc::default(),
        }
    }
}

impl Batches {
    /// Any rows in hand.
    #[cfg(test)]
    pub(crate) fn of(rows: Vec<f64>) -> Self {
        Batches {
            rows,
            ..Batches::default()
        }
    }

    /// None in hand; reads no more than this of those to come.
    pub fn shared(cut: Cut) -> Self {
        Batches {
            cut,
            ..Batches::default()
        }
    }

    /// What is read of a batch.
    pub fn cut(&self) -> Cut {
        self.cut
    }

    /// Takes the first batch of a new draw or epoch in hand, of `size` rows, and reads this of it and of those to come.
    ///
    /// # Errors
    /// When its rows can't be read: the batch in hand stays.
    pub fn renew(&mut self, data: &Dataset, size: usize, cut: Cut) -> Result<(), Error> {
        self.cut = cut;
        self.position.seen = self.order.len();
        self.advance(data, size)
    }

    /// Has reads counted among the steps of the work.
    pub fn watch(&mut self, progress: Arc<Progress>) {
        self.progress = progress;
    }

    /// The rows in hand, (x, y) row by row.
    pub fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// Where training stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The batch that was in hand at a position, or a share of it.
    ///
    /// # Errors
    /// When its rows can't be read.
    pub fn at(position: Position, cut: Cut, data: &Dataset) -> Result<Self, Error> {
        let mut batches = Batches {
            position,
            ..Batches::shared(cut)
        };
        match &data.parts() {
            None => batches.draw(data),
            Some(parts) => {
                batches.order = parts.epoch(position.draws);
                let last = position.seen % position.size;
                let last = if last == 0 { position.size } else { last };
                batches.position.seen -= last;
                batches.step(data)?;
            }
        }
        Ok(batches)
    }

    /// Whether the next batch begins a draw of a toy set or an epoch.
    pub fn is_over(&self) -> bool {
        self.position.seen >= self.order.len()
    }

    /// Whether another batch is due after an iteration.
    pub fn is_due(iteration: u64, data: &Data) -> bool {
        match data {
            Data::Toy { resample_every, .. } => iteration.is_multiple_of(*resample_every),
            Data::Table { .. } => true,
        }
    }

    /// Takes the next batch in hand; `size` rows from the next draw or epoch on.
    ///
    /// # Errors
    /// When its rows can't be read: the batch in hand stays.
    pub fn advance(&mut self, data: &Dataset, size: usize) -> Result<(), Error> {
        if !self.is_over() {
            return self.step(data);
        }
        self.position = Position {
            draws: self.position.draws + 1,
            seen: 0,
            size,
        };
        match data.parts() {
            None => {
                self.draw(data);
                Ok(())
            }
            Some(parts) => {
                self.order = parts.epoch(self.position.draws);
                self.step(data)
            }
        }
    }

    /// The rows of a draw of a toy set.
    fn draw(&mut self, data: &Dataset) {
        let Position { draws, size, .. } = self.position;
        let own = self.cut.read(size);
        let wanted = |row| own.contains(&row);
        self.rows = data.draw_some(Stream::Training, draws - 1, size, wanted);
    }

    /// The next rows of the epoch.
    fn step(&mut self, data: &Dataset) -> Result<(), Error> {
        let Position { draws, seen, size } = self.position;
        let end = self.order.len().min(seen + size);
        self.position.seen = end;
        let Some(parts) = data.parts() else {
            return Ok(());
        };
        let own = self.cut.read(end - seen);
        let places: Vec<usize> = own.clone().map(|k| self.order.at(seen + k)).collect();
        let width = data.dimension() + data.context();
        let mut read = Vec::with_capacity(own.len() * width);
        for places in places.chunks(STEP) {
            self.progress.step();
            read.extend(parts.rows(Part::Training, places, draws)?);
        }
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
            let parts = data.parts().unwrap();
            let mut rows = parts.rows(Part::Training, &places, epoch).unwrap();
            rows.sort_by(f64::total_cmp);
            rows
        };
        let mut batches = Batches::default();
        for epoch in 1..4 {
            let mut seen = Vec::new();
            for size in [5, 5, 3] {
                assert_eq!(batches.is_over(), size == 5 && seen.is_empty());
                // Another size waits for the next epoch.
                batches
                    .advance(&data, if seen.is_empty() { 5 } else { 9 })
                    .unwrap();
                assert_eq!(batches.rows().len(), size);
                seen.extend_from_slice(batches.rows());
            }
            assert!(batches.is_over());
            seen.sort_by(f64::total_cmp);
            assert_eq!(seen, all(epoch));
        }
        assert_ne!(
            data.parts().unwrap().epoch(1),
            data.parts().unwrap().epoch(2)
        );
    }

    #[test]
    fn shares_of_a_batch_are_its_rows_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let toy = session::parse("(data: Toy(name: \"moons\"))", Path::new("s.ron")).unwrap();
        for data in [table(folder.path()), Dataset::open(&toy.data, 3).unwrap()] {
            let width = data.dimension();
            let mut whole = Batches::default();
            let shares = [0, 1, 2].map(|index| Cut {
                share: Share { index, of: 3 },
                grain: 2,
                group: 1,
            });
            let mut parts = shares.map(Batches::shared);
            for size in [9, 9, 9, 70] {
                whole.advance(&data, size).unwrap();
                let n = whole.rows().len() / width;
                let mut together = vec![0.0; n * width];
                for (part, share) in parts.iter_mut().zip(shares) {
                    part.advance(&data, size).unwrap();
                    let again = Batches::at(part.position(), share, &data).unwrap();
                    assert_eq!(again.rows(), part.rows());
                    assert_eq!(part.position(), whole.position());
                    assert_eq!(part.rows().len(), whole.rows().len());
                    for (sample, row) in part.rows().chunks_exact(width).enumerate() {
                        assert!(
                            part.cut().read(n).contains(&sample) || row.iter().all(|&x| x == 0.0)
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
        let mut batches = Batches::shared(Cut {
            share: Share { index: 0, of: 2 },
            ..Cut::ALL
        });
        let progress = Arc::<Progress>::default();
        batches.watch(Arc::clone(&progress));
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
                let again = Batches::at(batches.position(), Cut::ALL, &data).unwrap();
                assert_eq!(again.rows(), batches.rows());
                assert_eq!(again.position(), batches.position());
                assert_eq!(again.is_over(), batches.is_over());
            }
        }
    }
}
