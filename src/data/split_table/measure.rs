//! The measurements by which a table is standardised. They read all rows, block after block in the order of the file.
//!
//! ```text
//! mean, variance and correlations of the columns as they are          columns without a density are refused by them (density.rs)
//! a map g for a column where one is asked for, then mean and variance of g(x), x with the noise of epoch 0
//! ```
//!
//! Maps are fitted to rows spread evenly over the split, so that memory does not grow with the table.

use super::sample::{ColumnSample, Extreme};
use super::{DataError, SplitTable};
use crate::data::unlearnable::Unlearnable;
use crate::scaling::covariance::{InnerRows, add_products, find_inner_rows};
use crate::scaling::order::order_columns;
use crate::scaling::{Column, ColumnMap, ColumnTransform, MeanAndScale, Whitening, fit};
use crate::session::Transform;

/// Rows read at a time.
const BLOCK_ROWS: usize = 4096;
/// Standard deviations below this share of the mean are rounding.
pub(super) const ROUNDING: f64 = 1e-13;
/// Rows that the columns are judged by, at most.
const JUDGED_ROWS: usize = 1 << 14;
/// Values that the columns are judged by, at most, all columns together.
const JUDGED_VALUES: usize = 1 << 20;
/// Rows that a map is fitted to, at most.
const SAMPLE_ROWS: usize = 65_536;
/// Products that a covariance of the inner rows is formed of, at most.
const PRODUCTS: usize = 1 << 26;
/// Rows for each column that a covariance of the inner rows is formed of, at least.
const LEAST_ROWS: usize = 20;

/// The measurements of the columns.
pub(super) struct ColumnMeasures {
    /// The columns with what standardises them.
    pub columns: Vec<Column>,
    /// Mean over the training rows of `Scaling::offsets`.
    pub offset: f64,
    /// What the columns are judged by.
    pub samples: Vec<ColumnSample>,
    /// Columns that are sums of others but for their rounding.
    pub rounded_sums: Vec<Unlearnable>,
    /// Columns that are sums of others but for a small part.
    pub near_sums: Vec<Unlearnable>,
}

/// The moments of all columns as they are, without noise.
pub(super) struct RawMoments {
    /// Means.
    pub mean: Vec<f64>,
    /// Sums of products of deviations, width x width, of which the lower triangle is filled.
    pub products: Vec<f64>,
    /// Sums of the deviations: what the rounding of the means leaves of 0.
    pub deviations: Vec<f64>,
    /// Values of every column.
    pub samples: Vec<ColumnSample>,
}

/// A row with its place.
struct PlacedRow<'a> {
    /// Place of the row in the split.
    place: usize,
    /// Number of the row in the table, from 0.
    row: usize,
    values: &'a mut [f64],
}

/// The moments of the values so far: the mean, and the sum of the squares about it (Welford 1962).
#[derive(Clone, Copy, Default)]
struct RunningMoments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl RunningMoments {
    fn add(&mut self, value: f64) {
        self.n += 1.0;
        let deviation = value - self.mean;
        self.mean += deviation / self.n;
        self.squares += deviation * (value - self.mean);
    }
}

impl SplitTable {
    /// Measures the columns.
    ///
    /// # Errors
    /// A column is constant, a copy of another one, or outside of what its map is defined for, or the table can't be read.
    pub(super) fn measure_columns(
        &self,
        transforms: &[Transform],
    ) -> Result<ColumnMeasures, DataError> {
        let raw = self.measure_moments()?;
        self.check_columns(&raw)?;
        let rounded_sums = self.find_rounded_sums(&raw);
        let near_sums = self.find_near_sums(&raw);
        let RawMoments {
            mean,
            products,
            samples,
            ..
        } = raw;
        let (width, n) = (mean.len(), self.fitted_rows as f64);
        let variance = |i: usize| products[i * width + i] / n + self.jitter[i].powi(2) / 12.0;
        let moments = |i: usize| MeanAndScale {
            mean: mean[i],
            scale: variance(i).sqrt(),
        };
        let raw = (0..width).map(moments);
        let names = self.table.names().iter();
        let column = |(name, raw): (&String, MeanAndScale)| Column {
            name: name.clone(),
            mean: raw.mean,
            scale: raw.scale,
            transform: None,
            lattice: None,
        };
        let mut columns: Vec<Column> = names.zip(raw).map(column).collect();
        if transforms.iter().all(|map| *map == Transform::None) {
            return Ok(ColumnMeasures {
                columns,
                offset: 0.0,
                samples,
                rounded_sums,
                near_sums,
            });
        }
        for (i, values) in self.map_samples(transforms)?.into_iter().enumerate() {
            let map = self.fit_map(i, transforms[i], values, &samples[i])?;
            let raw = columns[i].raw();
            columns[i].transform = map.map(|map| ColumnTransform { map, raw });
        }
        let offset = self.standardize_mapped(&mut columns)?;
        Ok(ColumnMeasures {
            columns,
            offset,
            samples,
            rounded_sums,
            near_sums,
        })
    }

    /// Moments and samples of the columns as they are, without their noise.
    fn measure_moments(&self) -> Result<RawMoments, DataError> {
        let width = self.table.width();
        let n = self.fitted_rows as f64;
        let mut mean = vec![0.0; width];
        let size = JUDGED_ROWS.min((JUDGED_VALUES / width).max(1));
        let size = size.min(self.fitted_rows);
        let mut samples = vec![ColumnSample::default(); width];
        self.for_each_row(|PlacedRow { place, row, values }| {
            let fitted = place < self.fitted_rows;
            if fitted {
                add(&mut mean, values);
            }
            let sampled = is_sampled(place, size, self.fitted_rows);
            for (sample, value) in samples.iter_mut().zip(values) {
                // All rows are these and those of the test part.
                if fitted {
                    sample.extremes.add(*value, row);
                } else {
                    sample.all.add(*value, row);
                }
                if sampled {
                    sample.values.push(*value);
                }
            }
        })?;
        mean.iter_mut().for_each(|sum| *sum /= n);
        for ColumnSample { extremes, all, .. } in &mut samples {
            all.join(extremes);
        }
        let (mut products, mut deviations) = (vec![0.0; width * width], vec![0.0; width]);
        self.for_each_fitted(|PlacedRow { values: row, .. }| {
            for (value, mean) in row.iter_mut().zip(&mean) {
                *value -= mean;
            }
            add(&mut deviations, row);
            add_products(&mut products, row);
        })?;
        Ok(RawMoments {
            mean,
            products,
            deviations,
            samples,
        })
    }

    /// Reads the values that the maps of the columns are fitted to.
    fn map_samples(&self, transforms: &[Transform]) -> Result<Vec<Vec<f64>>, DataError> {
        let n = self.fitted_rows;
        let size = n.min(SAMPLE_ROWS);
        let mut samples = vec![Vec::new(); transforms.len()];
        if !transforms.contains(&Transform::Normal) {
            return Ok(samples);
        }
        self.for_each_fitted(|PlacedRow { place, values, .. }| {
            if is_sampled(place, size, n) {
                let columns = samples.iter_mut().zip(transforms).zip(values);
                let wanted = columns.filter(|((_, map), _)| **map == Transform::Normal);
                wanted.for_each(|((sample, _), value)| sample.push(*value));
            }
        })?;
        Ok(samples)
    }

    /// Fits the map of a column.
    fn fit_map(
        &self,
        i: usize,
        transform: Transform,
        mut values: Vec<f64>,
        sample: &ColumnSample,
    ) -> Result<Option<ColumnMap>, DataError> {
        if transform == Transform::None {
            return Ok(None);
        }
        let column = || self.table.names()[i].clone();
        let ColumnSample { extremes, all, .. } = sample;
        let unseen = [extremes.least.value, extremes.largest.value]
            .into_iter()
            .filter(|extreme| !values.contains(extreme));
        let unseen: Vec<f64> = unseen.collect();
        values.extend(unseen);
        let map = ColumnMap::fit(transform, values, self.jitter[i]);
        let map = map.ok_or_else(|| DataError::Flat { column: column() })?;
        let bounds = map.bounds();
        let outside = [all.least, all.largest];
        let outside = outside
            .iter()
            .find(|extreme| !bounds.contain(extreme.value, self.jitter[i]));
        let Some(Extreme { value, row }) = outside else {
            return Ok(Some(map));
        };
        let (field, advice) = if self.bounded[i] {
            let advice = "move the bound, or leave the column out of `data.bounds`";
            ("data.bounds", advice)
        } else {
            ("data.transform", "take another map, such as Normal")
        };
        Err(DataError::Domain {
            field,
            column: column(),
            domain: bounds.to_string(),
            value: *value,
            row: row + 1,
            dropped: self.dropped() > 0,
            advice,
        })
    }

    /// Measures the columns after their maps; the value is the mean over the training rows of `Scaling::offsets`.
    fn standardize_mapped(&self, columns: &mut [Column]) -> Result<f64, DataError> {
        let mut running = vec![RunningMoments::default(); columns.len()];
        let (mut slopes, d) = (0.0, self.d);
        self.for_each_fitted(|PlacedRow { place, values, .. }| {
            self.add_jitter(columns, values, &[place], 0);
            for (i, (value, column)) in values.iter().zip(&*columns).enumerate() {
                let Some(transform) = &column.transform else {
                    continue;
                };
                let u = transform.map.value(*value);
                running[i].add(u);
                if i < d && place < self.training_rows {
                    slopes += transform.map.log_slope(u);
                }
            }
        })?;
        let mut offset = slopes / self.training_rows as f64;
        for (i, (column, running)) in columns.iter_mut().zip(&running).enumerate() {
            if column.transform.is_none() {
                continue;
            }
            column.mean = running.mean;
            column.scale = (running.squares / running.n).sqrt();
            if !column.is_sound() || column.scale <= ROUNDING * column.mean.abs() {
                return Err(DataError::Flat {
                    column: column.name.clone(),
                });
            }
            if i < d {
                offset += column.log_scales();
            }
        }
        Ok(offset)
    }

    /// Measures the linear map that removes the correlations of the learned columns, standardised and with the noise of epoch 0.
    ///
    /// # Errors
    /// A column is determined by the ones before it, or the table can't be read.
    pub(super) fn measure_whitening(&self) -> Result<Whitening, DataError> {
        let (d, n) = (self.d, self.fitted_rows as f64);
        let (mut sums, mut products) = (vec![0.0; d], vec![0.0; d * d]);
        self.for_each_standardized(|_, values| {
            add(&mut sums, values);
            add_products(&mut products, &values[..d]);
        })?;
        for i in 0..d {
            for j in 0..=i {
                products[i * d + j] = products[i * d + j] / n - sums[i] / n * (sums[j] / n);
                products[j * d + i] = products[i * d + j];
            }
        }
        Whitening::of(&products, d).map_err(|i| self.dependent_once_mapped(&products, i))
    }

    /// Measures the linear map that removes the correlations of the inner rows, in the order that suits the maps that make each
    /// column normal after it. Outlying rows may be all that keeps a column from being determined by others; then they count too.
    ///
    /// # Errors
    /// A column is determined by the ones before it, or the table can't be read.
    pub(super) fn measure_normal_whitening(&self) -> Result<Whitening, DataError> {
        let all = self.measure_whitening()?;
        let (d, n) = (self.d, self.fitted_rows);
        let size = n
            .min(SAMPLE_ROWS)
            .min((PRODUCTS / (d * d)).max(LEAST_ROWS * d));
        let mut rows = Vec::with_capacity(size * d);
        self.for_each_standardized(|place, values| {
            if is_sampled(place, size, n) {
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
            fit::fit_normal(sample, 0.0, fit::ColumnKind::Whitened).ok_or_else(|| DataError::Flat {
                column: self.scaling.columns[i].name.clone(),
            })
        };
        let maps: Result<_, _> = (0..d).map(map).collect();
        Ok(whitening.with_maps(maps?))
    }

    /// Measures the mean of log |dw/dz| over the training rows, nats.
    ///
    /// # Errors
    /// The table can't be read.
    pub(super) fn mean_log_slope(&self, whitening: &Whitening) -> Result<f64, DataError> {
        let (mut sum, d, training) = (0.0, self.d, self.training_rows);
        self.for_each_standardized(|place, values| {
            if place < training {
                let w = &mut values[..d];
                whitening.whiten(w);
                sum += whitening.log_slope(w);
            }
        })?;
        Ok(sum / training as f64)
    }

    /// Calls `see` with the place and the values of every row of the training and validation part, standardised, with the noise of
    /// epoch 0.
    fn for_each_standardized(
        &self,
        mut see: impl FnMut(usize, &mut [f64]),
    ) -> Result<(), DataError> {
        let columns = &self.scaling.columns;
        self.for_each_fitted(|PlacedRow { place, values, .. }| {
            self.add_jitter(columns, values, &[place], 0);
            for (value, column) in values.iter_mut().zip(columns) {
                *value = column.standardize(*value);
            }
            see(place, values);
        })
    }

    /// Calls `see` with every row of the training and validation part.
    fn for_each_fitted(&self, mut see: impl FnMut(PlacedRow)) -> Result<(), DataError> {
        self.for_each_row(|row| {
            if row.place < self.fitted_rows {
                see(row);
            }
        })
    }

    /// Calls `see` with every row, in the order of the file.
    fn for_each_row(&self, mut see: impl FnMut(PlacedRow)) -> Result<(), DataError> {
        let (n, width) = (self.table.len(), self.table.width());
        let place = |row| self.order.as_ref().map_or(row, |order| order.place(row));
        let mut block = vec![0.0; BLOCK_ROWS.min(n) * width];
        for first in (0..n).step_by(BLOCK_ROWS) {
            let rows = &mut block[..BLOCK_ROWS.min(n - first) * width];
            self.table.read(first, rows)?;
            for (row, values) in (first..).zip(rows.chunks_exact_mut(width)) {
                let place = place(row);
                see(PlacedRow { place, row, values });
            }
        }
        Ok(())
    }
}

/// Whether a place of n belongs to a sample of this size, whose row k is at k n / size.
fn is_sampled(place: usize, size: usize, n: usize) -> bool {
    // The least k n that is place * size or more has to be below (place + 1) * size. One division: this is asked of every row.
    let over = place * size % n;
    place < n && (over == 0 || n - over < size)
}

/// Adds a row to a sum.
fn add(sum: &mut [f64], row: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value;
    }
}
