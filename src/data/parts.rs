//! The parts of a table: training, validation and test rows, standardised by the first two together, as published.
//!
//! ```text
//! rows shuffled, or as in the file:   training | validation | test
//! z = (x + jitter width (U - 1/2) - mean) / scale     scale^2 = variance + width^2 / 12
//! ```
//!
//! The noise of a row depends on (seed, epoch, row) alone; epoch 0 is what validation and test rows are seen with.

use std::ops::Range;

use rand::RngExt;
use rand::seq::SliceRandom;

use super::Error;
use super::random::{Stream, generator, row_generator, seek, spaced};
use crate::scaling::{Column, Scaling};
use crate::session;
use crate::table::{Blocks, Selection, Table};

/// Rows looked at at a time.
const BLOCK: usize = 4096;
/// Columns whose correlation is closer to 1 or -1 than this are copies of each other.
const COPY: f64 = 1e-12;
/// A deviation below this share of the mean is rounding.
const CONSTANT: f64 = 1e-13;

/// Words of a uniform value.
const UNIFORM: u64 = 2;

/// A part of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is trained on.
    Training,
    /// What picks the best parameters.
    Validation,
    /// What nothing is decided by.
    Test,
}

/// A table with its split and its scaling.
pub struct Parts {
    table: Table,
    /// Learned columns; the others are given.
    d: usize,
    seed: u64,
    /// Rows of the table in the order of the split; None for the order of the file.
    order: Option<Vec<usize>>,
    /// Rows of the training part, and of training and validation part together.
    ends: [usize; 2],
    scaling: Scaling,
    /// Width of the noise of every column, in its own units.
    jitter: Vec<f64>,
}

impl Parts {
    /// Opens the table and looks at all of its rows.
    ///
    /// # Errors
    /// Whatever keeps it from being learned.
    pub fn open(table: &session::Table, seed: u64) -> Result<Self, Error> {
        let columns = columns(table)?;
        let d = columns.len() - table.given.len();
        if d == 0 {
            return Err(Error::NothingToLearn);
        }
        let file = Table::open(table.path, &selection(table, columns.clone()))?;
        let n = file.len();
        let [training, validation, _] = table.split.rows(n);
        if validation == 0 || training < 2 {
            return Err(Error::TooFew { rows: n });
        }
        let ends = [training, training + validation];
        let mut parts = Parts {
            jitter: jitter(table, &columns)?,
            order: table
                .split
                .shuffle
                .map(|seed| shuffled(n, seed, Stream::Split, 0)),
            scaling: Scaling {
                columns: Vec::new(),
            },
            table: file,
            d,
            seed,
            ends,
        };
        parts.scaling = parts.measure()?;
        Ok(parts)
    }

    /// d, the learned columns.
    pub fn dimension(&self) -> usize {
        self.d
    }

    /// c, the given columns.
    pub fn context(&self) -> usize {
        self.table.width() - self.d
    }

    /// Mean and scale of every column.
    pub fn scaling(&self) -> &Scaling {
        &self.scaling
    }

    /// Rows of the file that were left out for missing values.
    pub fn dropped(&self) -> u64 {
        self.table.dropped()
    }

    /// Rows of a part.
    pub fn len(&self, part: Part) -> usize {
        self.range(part).len()
    }

    /// So many rows of a part, as evenly spread over it as can be, or all if it has no more; standardised, row-major, d + c values each.
    pub fn spread(&self, part: Part, n: usize) -> Result<Vec<f64>, Error> {
        let len = self.len(part);
        let n = n.min(len);
        let rows: Vec<usize> = (0..n).map(|k| k * len / n).collect();
        self.rows(part, &rows, 0)
    }

    /// Rows of a part by their place in it, in the noise of an epoch; standardised, row-major, d + c values each.
    pub fn rows(&self, part: Part, places: &[usize], epoch: u64) -> Result<Vec<f64>, Error> {
        let first = self.range(part).start;
        let places: Vec<usize> = places.iter().map(|place| first + place).collect();
        let mut rows = self.raw(&places)?;
        self.blur(&mut rows, &places, epoch);
        self.scaling.standardize(&mut rows, 0, self.table.width());
        Ok(rows)
    }

    /// The order of an epoch's training rows, from 1: places in the training part.
    pub fn epoch(&self, epoch: u64) -> Vec<usize> {
        shuffled(self.ends[0], self.seed, Stream::Training, epoch)
    }

    fn range(&self, part: Part) -> Range<usize> {
        let [training, validation] = self.ends;
        match part {
            Part::Training => 0..training,
            Part::Validation => training..validation,
            Part::Test => validation..self.table.len(),
        }
    }

    /// Rows as they stand in the table, by their place in the split.
    fn raw(&self, places: &[usize]) -> Result<Vec<f64>, Error> {
        let mut rows = vec![0.0; places.len() * self.table.width()];
        match &self.order {
            None => self.table.gather(places, &mut rows)?,
            Some(order) => {
                let places: Vec<usize> = places.iter().map(|&place| order[place]).collect();
                self.table.gather(&places, &mut rows)?;
            }
        }
        Ok(rows)
    }

    fn blur(&self, rows: &mut [f64], places: &[usize], epoch: u64) {
        if self.jitter.iter().all(|&width| width == 0.0) {
            return;
        }
        for (row, &place) in rows.chunks_exact_mut(self.table.width()).zip(places) {
            let row_at = spaced(place as u64, self.table.width(), UNIFORM);
            let mut rng = row_generator(self.seed, Stream::Jitter, epoch, row_at);
            for (value, width) in row.iter_mut().zip(&self.jitter) {
                let u: f64 = rng.random();
                *value += width * (u - 0.5);
            }
        }
    }

    /// Mean and deviation of the training and validation rows; refuses columns that are constant, or copies of others.
    fn measure(&self) -> Result<Scaling, Error> {
        let width = self.table.width();
        let n = self.ends[1] as f64;
        let mut mean = vec![0.0; width];
        self.each_row(|row| add(&mut mean, row))?;
        mean.iter_mut().for_each(|sum| *sum /= n);
        let mut products = vec![0.0; width * width];
        self.each_row(|row| {
            for i in 0..width {
                let off = row[i] - mean[i];
                for j in 0..=i {
                    products[i * width + j] += off * (row[j] - mean[j]);
                }
            }
        })?;
        let names = self.table.names();
        let spread = |i: usize| (products[i * width + i] / n).sqrt();
        for i in 0..width {
            if spread(i) <= CONSTANT * mean[i].abs() || spread(i) == 0.0 {
                return Err(Error::Constant {
                    column: names[i].clone(),
                    value: mean[i],
                });
            }
            for j in 0..i {
                let correlation = products[i * width + j] / (n * spread(i) * spread(j));
                if 1.0 - correlation.abs() < COPY {
                    return Err(Error::Copy {
                        column: names[i].clone(),
                        of: names[j].clone(),
                    });
                }
            }
        }
        let column = |i: usize| Column {
            name: names[i].clone(),
            mean: mean[i],
            scale: (products[i * width + i] / n + self.jitter[i].powi(2) / 12.0).sqrt(),
        };
        Ok(Scaling {
            columns: (0..width).map(column).collect(),
        })
    }

    /// Every row of the training and validation part, in order.
    fn each_row(&self, mut see: impl FnMut(&[f64])) -> Result<(), Error> {
        let places: Vec<usize> = (0..self.ends[1]).collect();
        for places in places.chunks(BLOCK) {
            let rows = self.raw(places)?;
            rows.chunks_exact(self.table.width()).for_each(&mut see);
        }
        Ok(())
    }
}

fn add(sum: &mut [f64], row: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value;
    }
}

/// The learned columns, then the given ones.
fn columns(table: &session::Table) -> Result<Vec<String>, Error> {
    let learned = if table.columns.is_empty() {
        let all = Blocks::open(table.path, &selection(table, Vec::new()), 1)?;
        let learned = all.names().iter();
        let learned = learned.filter(|name| !table.given.contains(name));
        learned.cloned().collect()
    } else {
        table.columns.to_vec()
    };
    Ok([learned.as_slice(), table.given].concat())
}

fn selection(table: &session::Table, columns: Vec<String>) -> Selection {
    Selection {
        columns,
        header: table.header,
        missing: table.missing,
    }
}

/// Width of the noise of every column.
fn jitter(table: &session::Table, columns: &[String]) -> Result<Vec<f64>, Error> {
    if let Some(name) = table.jitter.keys().find(|name| !columns.contains(name)) {
        return Err(Error::Jitter {
            column: name.clone(),
            columns: columns.join(", "),
        });
    }
    let width = |name: &String| table.jitter.get(name).copied().unwrap_or(0.0);
    Ok(columns.iter().map(width).collect())
}

/// 0 to n - 1 in an order that depends on the other arguments only.
fn shuffled(n: usize, seed: u64, stream: Stream, draw: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut rng = generator(seed, stream);
    // A draw of its own key rather than a place in the stream: a long shuffle would run into the next one's words.
    let key: [u8; 32] = {
        seek(&mut rng, draw, 0);
        rng.random()
    };
    order.shuffle(&mut <rand_chacha::ChaCha8Rng as rand::SeedableRng>::from_seed(key));
    order
}
