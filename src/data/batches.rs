//! Which rows an iteration is trained on.
//!
//! A batch of a toy set is the whole training set, until it is drawn again. The training part of a table goes by in shuffled
//! batches, each row once an epoch; the last batch of an epoch has what is left.

use serde::{Deserialize, Serialize};

use super::random::Stream;
use super::{Dataset, Error, Part};
use crate::session::Data;

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

/// The batch in hand and those to come.
#[derive(Debug, Default)]
pub struct Batches {
    position: Position,
    /// Places in the training part, in the order of the epoch; empty for a toy set.
    order: Vec<usize>,
    rows: Vec<f64>,
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

    /// The rows in hand, (x, y) row by row.
    pub fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// Where training stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The batch that was in hand at a position.
    ///
    /// # Errors
    /// When its rows can't be read.
    pub fn at(position: Position, data: &Dataset) -> Result<Self, Error> {
        let mut batches = Batches {
            position,
            ..Batches::default()
        };
        match &data.parts() {
            None => batches.rows = data.draw(Stream::Training, position.draws - 1, position.size),
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
                self.rows = data.draw(Stream::Training, self.position.draws - 1, size);
                Ok(())
            }
            Some(parts) => {
                self.order = parts.epoch(self.position.draws);
                self.step(data)
            }
        }
    }

    /// The next rows of the epoch.
    fn step(&mut self, data: &Dataset) -> Result<(), Error> {
        let Position { draws, seen, size } = self.position;
        let end = self.order.len().min(seen + size);
        self.position.seen = end;
        if let Some(parts) = data.parts() {
            self.rows = parts.rows(Part::Training, &self.order[seen..end], draws)?;
        }
        Ok(())
    }
}
