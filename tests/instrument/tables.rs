//! The rows of a data set as CSV files that the peers read: training, validation and test rows in this order.
//!
//! Noise around rounded values is new in every epoch of this program: the peers get several draws of it. Validation and test rows are
//! those that this program sees. Where its columns are made normal or whitened, there are files of the columns that it learns, too.

use std::path::{Path, PathBuf};

use otflow::data::random::Stream;
use otflow::data::{Dataset, SplitPart, SplitTable};
use otflow::scaling::{ColumnRange, Scaling, Units};
use otflow::session::Split;
use otflow::table::TableWriter;

use super::subject::{Subject, Truth, dataset};

/// Draws of the noise around the training rows.
const DRAWS: u64 = 8;
/// Rows of a toy set.
const ROWS: usize = 50_000;

pub struct Tables {
    /// In units of the table, a file for every draw of the noise.
    pub raw: Vec<PathBuf>,
    /// What this program learns of the same rows; None if that is the table itself, standardised.
    pub mapped: Option<Mapped>,
    /// Test rows alone, in units of the table.
    pub test: PathBuf,
    pub split: Split,
    /// C in units of the table, less C in those of the columns' deviations; 0 of a toy set, whose own units are used.
    pub log_determinant: f64,
    pub entropy: Option<Entropy>,
    /// Whether a conditional density is learned, for which there are no peers.
    pub conditional: bool,
}

/// The columns that a flow has, for peers too.
pub struct Mapped {
    /// A file for every draw of the noise.
    pub files: Vec<PathBuf>,
    /// Mean over the validation rows of log |dw/dx|, of the flow's columns w by the table's x, nats.
    pub validation_slope: f64,
    /// Over the test rows.
    pub test_slope: f64,
}

/// Mean of -log p, nats, in units of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entropy {
    /// H, over all rows where it is not known better.
    pub all: f64,
    /// Over the validation rows.
    pub validation: f64,
    /// Over the test rows.
    pub test: f64,
}

impl Tables {
    /// C of the validation in units of the table in those of the curves: of the columns' deviations. Where the truth is known, what
    /// the true density has on these very rows is replaced by H, which leaves out most of the chance in their choice.
    pub fn of_curves(&self, c: f64) -> f64 {
        let chance = self.entropy.map_or(0.0, |h| h.validation - h.all);
        c - chance - self.log_determinant
    }
}

/// Rows of the parts, row-major.
struct Cut {
    training: Vec<f64>,
    validation: Vec<f64>,
    test: Vec<f64>,
}

impl Tables {
    pub fn write(subject: &Subject, folder: &Path) -> Self {
        let data = dataset(&subject.new.data, subject.new.model.seed);
        let table = subject.new.data.table();
        let split = table.map_or_else(Split::default, |table| table.split);
        let jitters = table.is_some_and(|table| !table.jitter.is_empty());
        let draws = if jitters { DRAWS } else { 1 };
        let names = data.names();
        let file = |name: &str| folder.join(format!("{name}.csv"));
        let first = cut(&data, split, 1);
        let raw = (1..=draws).map(|draw| {
            let cut = cut(&data, split, draw);
            save(file(&format!("rows{draw}")), &names, &cut)
        });
        let d = data.dimension();
        let log_determinant = data.scaling().map_or(0.0, |of| of.log_determinant(d));
        let mapped = |parts: &SplitTable| {
            let learned = of_parts(parts, 1);
            let slope = |rows: &[f64]| mean(&data.offsets(rows)) - log_determinant;
            let files = (1..=draws).map(|draw| {
                let rows = of_parts(parts, draw);
                save(file(&format!("mapped{draw}")), &names, &rows)
            });
            Mapped {
                files: files.collect(),
                validation_slope: slope(&learned.validation),
                test_slope: slope(&learned.test),
            }
        };
        let maps = data.scaling().is_some_and(Scaling::transforms);
        Tables {
            raw: raw.collect(),
            mapped: data.table().filter(|_| maps).map(mapped),
            test: write(file("test"), &names, &[&first.test]),
            split,
            log_determinant,
            entropy: entropy(&subject.truth, &data, &first),
            conditional: data.context() > 0,
        }
    }
}

/// In units of the table.
fn cut(data: &Dataset, split: Split, draw: u64) -> Cut {
    let Some(parts) = data.table() else {
        let mut training = data.draw(Stream::Samples, 1, ROWS);
        let rows = split.rows(ROWS);
        let width = data.dimension();
        let mut validation = training.split_off(rows.training * width);
        let test = validation.split_off(rows.validation * width);
        return Cut {
            training,
            validation,
            test,
        };
    };
    let all = ColumnRange {
        first: 0,
        width: data.dimension() + data.context(),
    };
    let mut cut = of_parts(parts, draw);
    for rows in [&mut cut.training, &mut cut.validation, &mut cut.test] {
        parts.scaling().restore(rows, all, Units::Data);
    }
    cut
}

/// As they are learned.
fn of_parts(parts: &SplitTable, draw: u64) -> Cut {
    let rows = |part: SplitPart, epoch: u64| {
        let places: Vec<usize> = (0..parts.len(part)).collect();
        parts.rows(part, &places, epoch).unwrap()
    };
    Cut {
        training: rows(SplitPart::Training, draw),
        validation: rows(SplitPart::Validation, 0),
        test: rows(SplitPart::Test, 0),
    }
}

fn save(path: PathBuf, names: &[String], cut: &Cut) -> PathBuf {
    write(path, names, &[&cut.training, &cut.validation, &cut.test])
}

fn write(path: PathBuf, names: &[String], parts: &[&Vec<f64>]) -> PathBuf {
    let mut writer = TableWriter::create(&path, names).unwrap();
    parts.iter().for_each(|rows| writer.write(rows).unwrap());
    writer.finish().unwrap();
    path
}

fn entropy(truth: &Truth, data: &Dataset, cut: &Cut) -> Option<Entropy> {
    let surprise = |rows: &[f64]| {
        let densities = truth.log_densities(rows, data.dimension())?;
        Some(-mean(&densities))
    };
    let all = [&cut.training[..], &cut.validation, &cut.test].concat();
    Some(Entropy {
        all: data.entropy().or_else(|| surprise(&all))?,
        validation: surprise(&cut.validation)?,
        test: surprise(&cut.test)?,
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
