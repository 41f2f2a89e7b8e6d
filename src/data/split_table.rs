//! A table split into training, validation and test rows, standardised by the first two together, as published.
//!
//! ```text
//! rows shuffled, or as in the file:   training | validation | test
//! z = (g(x + jitter width (U - 1/2)) - mean) / scale     without a map g: scale^2 = variance + width^2 / 12
//! ```
//!
//! Noise that leaves the bounds of a map is folded back into them: a percentage that was rounded to 0 lay above 0.
//!
//! The noise of a row depends on (seed, epoch, row) alone; validation and test rows have the noise of epoch 0. No memory is used
//! per row: orders are computed (`permutation.rs`), and measurements read the rows in the order of the file.

mod by_column;
mod density;
mod faults;
mod measure;
mod names;
pub(super) mod sample;

use std::ops::Range;

use rand::RngExt;

use by_column::{numbers, transforms};
use measure::ColumnMeasures;
use names::TableNames;

use super::column_fault::ColumnFault;
use super::error::DataError;
use super::permutation::Permutation;
use super::random::{DrawKey, Stream, row_generator, spaced};
use crate::scaling::{Column, ColumnRange, Lattice, Scaling, Units};
use crate::session::{self, SplitRows, Whiten};
use crate::table::{IndexedTable, NameSource, Selection, refuse_pipe};

/// Random words of a uniform value.
const UNIFORM: u64 = 2;

/// A part of the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitPart {
    /// The rows for training.
    Training,
    /// The rows that pick the best parameters.
    Validation,
    /// The rows that decide nothing.
    Test,
}

/// A table with its split and its scaling.
pub struct SplitTable {
    table: IndexedTable,
    name_source: NameSource,
    /// Number of the learned columns; the others are given.
    d: usize,
    seed: u64,
    /// Rows of the table in the order of the split; None for the order of the file.
    order: Option<Permutation>,
    /// Number of the rows of the training part, the first ones in the order of the split.
    training_rows: usize,
    /// Number of the rows of training and validation part together, to which the scaling is fitted.
    fitted_rows: usize,
    scaling: Scaling,
    /// Mean over the training rows, with the noise of epoch 0, of [`Scaling::offsets`].
    offset: f64,
    /// Width of the noise of every column, in its own units.
    jitter: Vec<f64>,
    /// Whether `data.bounds` chose the map, of every column.
    bounded: Vec<bool>,
    /// Faults of the columns that the session does not treat.
    faults: Vec<ColumnFault>,
}

impl SplitTable {
    /// Opens a table and reads all of its rows to standardise it.
    ///
    /// # Errors
    /// The table can't be read or can't be learned.
    pub fn open(table: &session::TableSource, seed: u64) -> Result<Self, DataError> {
        refuse_pipe(table.path)?;
        let TableNames {
            columns,
            source: name_source,
        } = TableNames::read(table)?;
        let d = columns.len() - table.given.len();
        if d == 0 {
            return Err(DataError::NothingToLearn);
        }
        let file = IndexedTable::open(table.path, &selection(table, columns.clone()))?;
        let n = file.len();
        let SplitRows {
            training,
            validation,
            ..
        } = table.split.rows(n);
        if validation == 0 || training < 2 {
            return Err(DataError::TooFew { rows: n });
        }
        let transforms = transforms(table, &columns)?;
        let round = numbers("data.round", table.round, &columns)?;
        let mut split = SplitTable {
            jitter: numbers("data.jitter", table.jitter, &columns)?,
            bounded: columns
                .iter()
                .map(|name| table.bounds.contains_key(name))
                .collect(),
            faults: Vec::new(),
            order: table.split.shuffle.map(|seed| {
                let key = DrawKey {
                    seed,
                    stream: Stream::Split,
                    draw: 0,
                };
                order_columns(n, key)
            }),
            scaling: Scaling {
                columns: Vec::new(),
                whitening: None,
            },
            offset: 0.0,
            table: file,
            name_source,
            d,
            seed,
            training_rows: training,
            fitted_rows: training + validation,
        };
        let ColumnMeasures {
            mut columns,
            offset,
            samples,
            rounded_sums,
            near_sums,
        } = split.measure_columns(&transforms)?;
        for ((column, step), sample) in columns.iter_mut().zip(round).zip(&samples) {
            column.lattice = (step > 0.0).then(|| Lattice::through(&sample.values, step));
        }
        (split.scaling.columns, split.offset) = (columns, offset);
        split.faults = split.find_faults(samples, rounded_sums, near_sums);
        let whitening = match table.whiten {
            Whiten::No => None,
            Whiten::Yes => Some(split.measure_whitening()?),
            Whiten::Normal => Some(split.measure_normal_whitening()?),
        };
        if let Some(whitening) = whitening {
            split.offset += split.mean_log_slope(&whitening)?;
            split.scaling.whitening = Some(whitening);
        }
        Ok(split)
    }

    /// The number d of learned columns.
    pub fn dimension(&self) -> usize {
        self.d
    }

    /// The number c of given columns.
    pub fn context(&self) -> usize {
        self.table.width() - self.d
    }

    /// The source of the names of the columns.
    pub fn name_source(&self) -> NameSource {
        self.name_source
    }

    /// The scaling that standardises the columns.
    pub fn scaling(&self) -> &Scaling {
        &self.scaling
    }

    /// Mean of [`Scaling::offsets`] over the training rows, nats: the log density of a standardised row less the log density of the
    /// row in the units of the flow. 0 without maps.
    pub fn mean_offset(&self) -> f64 {
        self.offset
    }

    /// The faults of the columns that spoil their density and that the session does not treat.
    pub fn faults(&self) -> &[ColumnFault] {
        &self.faults
    }

    /// Number of the rows of the file that were left out for missing values.
    pub fn dropped(&self) -> u64 {
        self.table.dropped()
    }

    /// Number of the rows of a part.
    pub fn len(&self, part: SplitPart) -> usize {
        self.range(part).len()
    }

    /// Reads n rows evenly spaced over a part, or all if it has no more; standardised, row-major, d + c values each.
    ///
    /// # Errors
    /// The table can't be read.
    pub fn spaced_rows(&self, part: SplitPart, n: usize) -> Result<Vec<f64>, DataError> {
        let n = n.min(self.len(part));
        self.some_spaced_rows(part, n, 0..n)
    }

    /// Reads some of the rows of [`SplitTable::spaced_rows`], by their numbers from 0; n is at most the length of the part.
    ///
    /// # Errors
    /// The table can't be read.
    pub fn some_spaced_rows(
        &self,
        part: SplitPart,
        n: usize,
        numbers: impl Iterator<Item = usize>,
    ) -> Result<Vec<f64>, DataError> {
        let len = self.len(part);
        let places: Vec<usize> = numbers.map(|k| k * len / n).collect();
        self.rows(part, &places, 0)
    }

    /// Reads rows of a part by their places in it, with the noise of an epoch; standardised, row-major, d + c values each.
    ///
    /// # Errors
    /// The table can't be read.
    pub fn rows(
        &self,
        part: SplitPart,
        places: &[usize],
        epoch: u64,
    ) -> Result<Vec<f64>, DataError> {
        let first = self.range(part).start;
        let places: Vec<usize> = places.iter().map(|place| first + place).collect();
        let mut rows = self.file_rows(&places)?;
        self.add_jitter(&self.scaling.columns, &mut rows, &places, epoch);
        let all = ColumnRange {
            first: 0,
            width: self.table.width(),
        };
        self.scaling.standardize(&mut rows, all, Units::Data);
        Ok(rows)
    }

    /// The order of the training rows in an epoch, from 1: places in the training part.
    pub fn epoch(&self, epoch: u64) -> Permutation {
        let key = DrawKey {
            seed: self.seed,
            stream: Stream::Training,
            draw: epoch,
        };
        order_columns(self.training_rows, key)
    }

    /// The places of a part in the order of the split.
    fn range(&self, part: SplitPart) -> Range<usize> {
        match part {
            SplitPart::Training => 0..self.training_rows,
            SplitPart::Validation => self.training_rows..self.fitted_rows,
            SplitPart::Test => self.fitted_rows..self.table.len(),
        }
    }

    /// Reads rows as they are in the file, by their places in the split.
    fn file_rows(&self, places: &[usize]) -> Result<Vec<f64>, DataError> {
        let mut rows = vec![0.0; places.len() * self.table.width()];
        match &self.order {
            None => self.table.gather(places, &mut rows)?,
            Some(order) => {
                let places: Vec<usize> = places.iter().map(|&place| order.at(place)).collect();
                self.table.gather(&places, &mut rows)?;
            }
        }
        Ok(rows)
    }

    /// Adds the noise of an epoch to rows of these columns, by their places in the split.
    fn add_jitter(&self, columns: &[Column], rows: &mut [f64], places: &[usize], epoch: u64) {
        if self.jitter.iter().all(|&width| width == 0.0) {
            return;
        }
        let key = DrawKey {
            seed: self.seed,
            stream: Stream::Jitter,
            draw: epoch,
        };
        for (row, &place) in rows.chunks_exact_mut(self.table.width()).zip(places) {
            let row_at = spaced(place as u64, self.table.width(), UNIFORM);
            let mut rng = row_generator(key, row_at);
            for ((value, width), column) in row.iter_mut().zip(&self.jitter).zip(columns) {
                let u: f64 = rng.random();
                *value += width * (u - 0.5);
                if let (true, Some(transform)) = (*width > 0.0, &column.transform) {
                    *value = transform.map.bounds().fold(*value);
                }
            }
        }
    }
}

/// The selection of columns in the file of a table.
fn selection(table: &session::TableSource, columns: Vec<String>) -> Selection {
    Selection {
        columns,
        header: table.header,
        missing: table.missing.clone(),
        dialect: table.dialect,
    }
}

/// The numbers 0 to n - 1 in an order that depends on the arguments only.
fn order_columns(n: usize, key: DrawKey) -> Permutation {
    Permutation::new(n, &mut row_generator(key, 0))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::data::Dataset;
    use crate::session;

    /// A table of n rows: a counts them, b is its square, y is odd or even.
    fn counted(folder: &Path, n: usize) {
        let mut text = "a,b,y\n".to_owned();
        for i in 0..n {
            writeln!(text, "{i},{},{}", i * i, i % 2).unwrap();
        }
        fs::write(folder.join("t.csv"), text).unwrap();
    }

    fn open(folder: &Path, fields: &str) -> Result<Dataset, DataError> {
        let text = format!("(data: Table(path: \"t.csv\", {fields}))");
        let session = session::parse(&text, &folder.join("s.ron")).unwrap();
        Dataset::open(&session.data, 1)
    }

    /// Column `column` of the rows as they are in the file.
    fn raw(data: &Dataset, part: SplitPart, column: usize) -> Vec<f64> {
        let table = data.table().unwrap();
        let mut rows = table.spaced_rows(part, usize::MAX).unwrap();
        let width = data.dimension() + data.context();
        let all = ColumnRange { first: 0, width };
        table.scaling().restore(&mut rows, all, Units::Data);
        let column = rows.iter().skip(column).step_by(width);
        column.map(|value| value.round()).collect()
    }

    #[test]
    fn parts_are_cut_from_the_end_of_the_file_and_standardised_by_what_is_not_test() {
        let folder = tempfile::tempdir().unwrap();
        counted(folder.path(), 100);
        let data = open(folder.path(), "split: (shuffle: None)").unwrap();
        let table = data.table().unwrap();
        assert_eq!(
            [SplitPart::Training, SplitPart::Validation, SplitPart::Test]
                .map(|part| table.len(part)),
            [81, 9, 10]
        );
        let count = |range: Range<u32>| range.map(f64::from).collect::<Vec<_>>();
        assert_eq!(raw(&data, SplitPart::Training, 0), count(0..81));
        assert_eq!(raw(&data, SplitPart::Validation, 0), count(81..90));
        assert_eq!(raw(&data, SplitPart::Test, 0), count(90..100));
        // Mean and variance of 0 .. 89.
        let column = &table.scaling().columns[0];
        assert_eq!((column.mean, column.name.as_str()), (44.5, "a"));
        let variance: f64 = (90.0 * 90.0 - 1.0) / 12.0;
        assert!((column.scale - variance.sqrt()).abs() < 1e-13);
    }

    #[test]
    fn a_shuffled_split_has_every_row_once_and_depends_on_its_seed_alone() {
        let folder = tempfile::tempdir().unwrap();
        counted(folder.path(), 50);
        let rows = |fields| {
            let data = open(folder.path(), fields).unwrap();
            let parts = [SplitPart::Training, SplitPart::Validation, SplitPart::Test];
            parts.map(|part| raw(&data, part, 0)).concat()
        };
        let first = rows("split: (shuffle: Some(7))");
        assert_eq!(first, rows("split: (shuffle: Some(7))"));
        assert_ne!(first, rows("split: (shuffle: Some(8))"));
        let mut sorted = first.clone();
        sorted.sort_by(f64::total_cmp);
        assert_ne!(first, sorted);
        assert_eq!(sorted, (0..50).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn given_columns_come_last_and_the_others_are_learned() {
        let folder = tempfile::tempdir().unwrap();
        counted(folder.path(), 40);
        let data = open(folder.path(), "given: [\"a\"]").unwrap();
        assert_eq!((data.dimension(), data.context()), (2, 1));
        assert_eq!(data.names(), ["b", "y", "a"]);
        let (b, a) = (
            raw(&data, SplitPart::Test, 0),
            raw(&data, SplitPart::Test, 2),
        );
        assert!(b.iter().zip(&a).all(|(b, a)| *b == a * a));
    }

    #[test]
    fn jitter_widens_a_column_by_its_variance_and_is_new_in_every_epoch() {
        let folder = tempfile::tempdir().unwrap();
        counted(folder.path(), 2000);
        let data = open(
            folder.path(),
            "columns: [\"y\", \"a\"], jitter: {\"y\": 3.0}",
        )
        .unwrap();
        let table = data.table().unwrap();
        let y = &table.scaling().columns[0];
        assert!(
            (y.scale.powi(2) - (0.25 + 9.0 / 12.0)).abs() < 1e-3,
            "{y:?}"
        );
        let places: Vec<usize> = (0..table.len(SplitPart::Training)).collect();
        let epoch = |epoch| table.rows(SplitPart::Training, &places, epoch).unwrap();
        let (first, second) = (epoch(1), epoch(2));
        assert_eq!(first, epoch(1));
        assert!(
            first
                .chunks(2)
                .zip(second.chunks(2))
                .all(|(x, y)| x[0] != y[0])
        );
        assert!(
            first
                .chunks(2)
                .zip(second.chunks(2))
                .all(|(x, y)| x[1] == y[1])
        );
        // A mean of squares of 1620 values of unit variance and kurtosis below 2: within 5 deviations of 1.
        let variance = first.chunks(2).map(|row| row[0] * row[0]).sum::<f64>() / 1620.0;
        assert!(
            (variance - 1.0).abs() < 5.0 * (1.0_f64 / 1620.0).sqrt(),
            "{variance}"
        );
    }

    #[test]
    fn a_part_that_is_spread_thin_still_reaches_from_end_to_end() {
        let folder = tempfile::tempdir().unwrap();
        counted(folder.path(), 100);
        let data = open(
            folder.path(),
            "split: (validation: 0.9, test: 0.0, shuffle: None)",
        )
        .unwrap();
        let rows = data
            .table()
            .unwrap()
            .spaced_rows(SplitPart::Validation, 9)
            .unwrap();
        let a = data.table().unwrap().scaling().columns[0].clone();
        let seen: Vec<f64> = rows
            .chunks(3)
            .map(|row| (row[0] * a.scale + a.mean).round())
            .collect();
        assert_eq!(seen, [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]);
    }

    #[test]
    fn what_has_no_density_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |text: &str, fields: &str| {
            fs::write(folder.path().join("t.csv"), text).unwrap();
            open(folder.path(), fields).err().unwrap().to_string()
        };
        let rows = |row: fn(u32) -> String| (0..40).map(row).collect::<Vec<_>>().join("\n");
        let constant = format!("a,b\n{}", rows(|i| format!("{i},0.1")));
        assert!(refusal(&constant, "").contains("column `b` is 0.1 in every row"));
        let copied = format!(
            "a,b\n{}",
            rows(|i| format!("{},{}", i * i, 7 - 3 * (i * i) as i32))
        );
        assert!(refusal(&copied, "").contains("column `b` is a copy of `a`: 7 - 3 `a`"));
        let few = "a,b\n1,2\n3,5\n4,4";
        assert!(refusal(few, "").contains("3 rows are too few"));
        assert!(refusal(few, "given: [\"a\", \"b\"]").contains("no column is left"));
        assert!(refusal(&copied, "jitter: {\"c\": 1.0}").contains("names \"c\""));
    }
}
