//! What a table is standardised by: looks at all of its rows, block after block in the order of the file.
//!
//! ```text
//! mean, variance and correlations of the columns as they are          what has no density is refused by them
//! a map g for a column where one is asked for, then mean and variance of g(x), x in the noise of epoch 0
//! ```
//!
//! Maps are fitted to rows spread evenly over the split, so that memory does not grow with the table.
//!
//! The covariance here is formed of all rows in one pass, block after block. That of `scaling/covariance.rs` goes over the same rows
//! again and again to leave those far out aside, so it holds a sample of them in memory.

use super::{Error, Parts};
use crate::scaling::covariance::{InnerRows, find_inner_rows};
use crate::scaling::fit::{ColumnKind, fit_normal};
use crate::scaling::order::order_columns;
use crate::scaling::{Column, ColumnMap, ColumnTransform, MeanAndScale, Whitening};
use crate::session::Transform;

/// Rows looked at at a time.
const BLOCK: usize = 4096;
/// Columns whose correlation is closer to 1 or -1 than this are copies of each other.
const COPY: f64 = 1e-12;
/// A deviation below this share of the mean is rounding.
const CONSTANT: f64 = 1e-13;
/// Rows that a map is fitted to, at most.
const SAMPLE: usize = 65_536;
/// Products that a covariance of the inner rows is formed of, at most, where that leaves so many rows to a column.
const PRODUCTS: usize = 1 << 26;
const LEAST_ROWS: usize = 20;

/// What is learned of the columns.
pub(super) struct Measured {
    /// As they are standardised.
    pub columns: Vec<Column>,
    /// Mean over the training rows of `Scaling::offsets`.
    pub offset: f64,
}

/// A row that goes by.
struct Seen<'a> {
    /// Its place in the split.
    place: usize,
    values: &'a mut [f64],
}

/// Of a column that is to get a map.
#[derive(Default)]
struct Glance {
    /// Of all rows, those of the test part too: the bounds of a map are said of the column.
    all: Ends,
    /// Of those that it is fitted to, all training and validation rows.
    learned: Ends,
    /// Values that it is fitted to.
    sample: Vec<f64>,
}

/// The least and the largest of values.
struct Ends {
    least: f64,
    largest: f64,
}

impl Default for Ends {
    fn default() -> Self {
        Ends {
            least: f64::INFINITY,
            largest: f64::NEG_INFINITY,
        }
    }
}

impl Ends {
    fn add(&mut self, value: f64) {
        self.least = self.least.min(value);
        self.largest = self.largest.max(value);
    }
}

/// Mean of values that go by, and the sum of their squares about it (Welford 1962).
#[derive(Clone, Copy, Default)]
struct Running {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Running {
    fn add(&mut self, value: f64) {
        self.n += 1.0;
        let off = value - self.mean;
        self.mean += off / self.n;
        self.squares += off * (value - self.mean);
    }
}

impl Parts {
    /// Looks at the columns. Refuses those that are constant, copies of others, or not what their maps are for.
    pub(super) fn measure(&self, transforms: &[Transform]) -> Result<Measured, Error> {
        let raw = self.moments()?;
        let names = self.table.names().iter();
        let column = |(name, raw): (&String, MeanAndScale)| Column {
            name: name.clone(),
            mean: raw.mean,
            scale: raw.scale,
            transform: None,
        };
        let mut columns: Vec<Column> = names.zip(raw).map(column).collect();
        if transforms.iter().all(|map| *map == Transform::None) {
            return Ok(Measured {
                columns,
                offset: 0.0,
            });
        }
        for (i, glance) in self.glances(transforms)?.into_iter().enumerate() {
            let map = self.map(i, transforms[i], glance)?;
            let raw = columns[i].raw();
            columns[i].transform = map.map(|map| ColumnTransform { map, raw });
        }
        self.mapped(columns)
    }

    /// Mean and deviation of the columns as they are in their noise.
    fn moments(&self) -> Result<Vec<MeanAndScale>, Error> {
        let width = self.table.width();
        let n = self.ends[1] as f64;
        let mut mean = vec![0.0; width];
        self.each_learned(|row| add(&mut mean, row.values))?;
        mean.iter_mut().for_each(|sum| *sum /= n);
        let mut products = vec![0.0; width * width];
        self.each_learned(|Seen { values: row, .. }| {
            for i in 0..width {
                let off = row[i] - mean[i];
                for j in 0..=i {
                    products[i * width + j] += off * (row[j] - mean[j]);
                }
            }
        })?;
        self.refuse(&mean, &products)?;
        let variance = |i: usize| products[i * width + i] / n + self.jitter[i].powi(2) / 12.0;
        let of = |i: usize| MeanAndScale {
            mean: mean[i],
            scale: variance(i).sqrt(),
        };
        Ok((0..width).map(of).collect())
    }

    /// Refuses what has no density: `products` has the sums of products of offs, width x width, below its diagonal.
    fn refuse(&self, mean: &[f64], products: &[f64]) -> Result<(), Error> {
        let (width, names) = (mean.len(), self.table.names());
        let n = self.ends[1] as f64;
        let spread = |i: usize| (products[i * width + i] / n).sqrt();
        for i in 0..width {
            if !spread(i).is_finite() {
                return Err(Error::Overflow {
                    column: names[i].clone(),
                });
            }
            if spread(i) <= CONSTANT * mean[i].abs() || spread(i) == 0.0 {
                return Err(Error::Constant {
                    column: names[i].clone(),
                    value: self.raw(&[0])?[i],
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
        Ok(())
    }

    /// What the maps of the columns need to know.
    fn glances(&self, transforms: &[Transform]) -> Result<Vec<Glance>, Error> {
        let n = self.ends[1];
        let size = n.min(SAMPLE);
        let mut glances: Vec<Glance> = transforms.iter().map(|_| Glance::default()).collect();
        self.each_row(|Seen { place, values }| {
            for ((glance, transform), value) in glances.iter_mut().zip(transforms).zip(values) {
                glance.all.add(*value);
                if place < n {
                    glance.learned.add(*value);
                }
                if *transform == Transform::Normal && sampled(place, size, n) {
                    glance.sample.push(*value);
                }
            }
        })?;
        Ok(glances)
    }

    /// The map of a column.
    fn map(
        &self,
        i: usize,
        transform: Transform,
        glance: Glance,
    ) -> Result<Option<ColumnMap>, Error> {
        if transform == Transform::None {
            return Ok(None);
        }
        let column = || self.table.names()[i].clone();
        let Glance {
            all,
            learned,
            mut sample,
        } = glance;
        let seen = |end: &f64| sample.contains(end);
        let unseen = [learned.least, learned.largest]
            .into_iter()
            .filter(|end| !seen(end));
        let unseen: Vec<f64> = unseen.collect();
        sample.extend(unseen);
        let map = ColumnMap::fit(transform, sample, self.jitter[i]);
        let map = map.ok_or_else(|| Error::Flat { column: column() })?;
        let bounds = map.bounds();
        let outside = [all.least, all.largest];
        let outside = outside
            .iter()
            .find(|end| !bounds.contain(**end, self.jitter[i]));
        match outside {
            None => Ok(Some(map)),
            Some(value) => Err(Error::Domain {
                column: column(),
                domain: bounds.to_string(),
                value: *value,
            }),
        }
    }

    /// Standardises what the maps make of the columns.
    fn mapped(&self, mut columns: Vec<Column>) -> Result<Measured, Error> {
        let mut running = vec![Running::default(); columns.len()];
        let (mut slopes, d) = (0.0, self.d);
        self.each_learned(|Seen { place, values }| {
            self.blur(&columns, values, &[place], 0);
            for (i, (value, column)) in values.iter().zip(&columns).enumerate() {
                let Some(transform) = &column.transform else {
                    continue;
                };
                let u = transform.map.value(*value);
                running[i].add(u);
                if i < d && place < self.ends[0] {
                    slopes += transform.map.log_slope(u);
                }
            }
        })?;
        let mut offset = slopes / self.ends[0] as f64;
        for (i, (column, running)) in columns.iter_mut().zip(&running).enumerate() {
            if column.transform.is_none() {
                continue;
            }
            column.mean = running.mean;
            column.scale = (running.squares / running.n).sqrt();
            if !column.is_sound() || column.scale <= CONSTANT * column.mean.abs() {
                return Err(Error::Flat {
                    column: column.name.clone(),
                });
            }
            if i < d {
                offset += column.log_scales();
            }
        }
        Ok(Measured { columns, offset })
    }

    /// What takes the correlations of the learned columns away, as they are standardised and in the noise of epoch 0.
    ///
    /// # Errors
    /// When a column is determined by those before it.
    pub(super) fn whitening(&self) -> Result<Whitening, Error> {
        let (d, n) = (self.d, self.ends[1] as f64);
        let (mut sums, mut products) = (vec![0.0; d], vec![0.0; d * d]);
        self.each_standardized(|_, values| {
            add(&mut sums, values);
            for i in 0..d {
                for j in 0..=i {
                    products[i * d + j] += values[i] * values[j];
                }
            }
        })?;
        for i in 0..d {
            for j in 0..=i {
                products[i * d + j] = products[i * d + j] / n - sums[i] / n * (sums[j] / n);
                products[j * d + i] = products[i * d + j];
            }
        }
        let columns = &self.scaling.columns;
        Whitening::of(&products, d).map_err(|i| Error::Dependent {
            column: columns[i].name.clone(),
            of: columns[..i]
                .iter()
                .map(|column| column.name.clone())
                .collect(),
        })
    }

    /// The same of the inner rows, in the order that suits the maps that make each column normal after it; rows far out may be all
    /// that keeps a column from being determined by others, and count then.
    ///
    /// # Errors
    /// When a column is determined by those before it.
    pub(super) fn normal_whitening(&self) -> Result<Whitening, Error> {
        let all = self.whitening()?;
        let (d, n) = (self.d, self.ends[1]);
        let size = n.min(SAMPLE).min((PRODUCTS / (d * d)).max(LEAST_ROWS * d));
        let mut rows = Vec::with_capacity(size * d);
        self.each_standardized(|place, values| {
            if sampled(place, size, n) {
                rows.extend_from_slice(&values[..d]);
            }
        })?;
        let inner = find_inner_rows(&rows, d).and_then(|InnerRows { covariance, .. }| {
            let order = order_columns(&rows, &covariance, d);
            Whitening::ordered(&covariance, &order).ok()
        });
        let whitening = inner.unwrap_or(all);
        rows.chunks_exact_mut(d)
            .for_each(|row| whitening.decorrelate(row));
        let map = |i: usize| {
            let sample = rows.iter().skip(i).step_by(d).copied().collect();
            fit_normal(sample, 0.0, ColumnKind::Whitened).ok_or_else(|| Error::Flat {
                column: self.scaling.columns[i].name.clone(),
            })
        };
        let maps: Result<_, _> = (0..d).map(map).collect();
        Ok(whitening.with_maps(maps?))
    }

    /// Mean of log |dw/dz| over the training rows, nats.
    pub(super) fn mean_log_slope(&self, whitening: &Whitening) -> Result<f64, Error> {
        let (mut sum, d, training) = (0.0, self.d, self.ends[0]);
        self.each_standardized(|place, values| {
            if place < training {
                let w = &mut values[..d];
                whitening.whiten(w);
                sum += whitening.log_slope(w);
            }
        })?;
        Ok(sum / training as f64)
    }

    /// Every row of the training and validation part with its place, standardised, in the noise of epoch 0.
    fn each_standardized(&self, mut see: impl FnMut(usize, &mut [f64])) -> Result<(), Error> {
        let columns = &self.scaling.columns;
        self.each_learned(|Seen { place, values }| {
            self.blur(columns, values, &[place], 0);
            for (value, column) in values.iter_mut().zip(columns) {
                *value = column.standardize(*value);
            }
            see(place, values);
        })
    }

    /// Every row of the training and validation part.
    fn each_learned(&self, mut see: impl FnMut(Seen)) -> Result<(), Error> {
        self.each_row(|row| {
            if row.place < self.ends[1] {
                see(row);
            }
        })
    }

    /// Every row, in the order of the file: one block after another is read.
    fn each_row(&self, mut see: impl FnMut(Seen)) -> Result<(), Error> {
        let (n, width) = (self.table.len(), self.table.width());
        let place = |row| self.order.as_ref().map_or(row, |order| order.place(row));
        let mut block = vec![0.0; BLOCK.min(n) * width];
        for first in (0..n).step_by(BLOCK) {
            let rows = &mut block[..BLOCK.min(n - first) * width];
            self.table.read(first, rows)?;
            for (row, values) in (first..).zip(rows.chunks_exact_mut(width)) {
                let place = place(row);
                see(Seen { place, values });
            }
        }
        Ok(())
    }
}

/// Whether a place of n is one of a sample of this size, whose row k is at k n / size.
fn sampled(place: usize, size: usize, n: usize) -> bool {
    place < n && (place * size).div_ceil(n) * n / size == place
}

fn add(sum: &mut [f64], row: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value;
    }
}
