//! The data of a session: a toy set, or a table with its columns, maps and split.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Dialect, Header, Missing, Toy};

/// The data that are learned. Restart-only but for the batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::large_enum_variant,
    reason = "a session has one, and few sessions are held"
)]
pub enum Data {
    /// One of the eight 2-D sets.
    Toy {
        /// Name of the set.
        name: Toy,
        /// Samples in a batch; the batch is the whole training set until it is drawn again. 1 to 10 million;
        /// default 5000. At the next resample.
        #[serde(default = "super::defaults::batch")]
        batch: usize,
        /// Iterations between two draws of the batch, at least 1; default 25. Live.
        #[serde(default = "super::defaults::resample_every")]
        resample_every: u64,
    },
    /// Rows of a file; the training part is learned in shuffled batches, epoch after epoch. Restart-only but for the batch.
    Table {
        /// A CSV, NPY, NPZ (`FILE.npz#NAME` of one array), Parquet or Arrow file, relative to the session file.
        path: PathBuf,
        /// Columns whose density is learned, by name or by number from 1; default []: all that are not given.
        #[serde(default)]
        columns: Vec<String>,
        /// Columns y of a conditional density p(x | y); default []: none.
        #[serde(default)]
        given: Vec<String>,
        /// Whether the first line has the names; default Auto: by comparison with the rows. Without meaning for others than CSV.
        #[serde(default)]
        header: Header,
        /// Separator, marks and encoding of a text table; default (): all are judged.
        #[serde(default)]
        dialect: Dialect,
        /// Rows with missing values, or words for them beside the known ones; default Refuse.
        #[serde(default)]
        missing: Missing,
        /// Width of the uniform noise around the values of a column, in its own units, drawn anew in every epoch: it stands for the
        /// digits that rounding has removed. Default {}: none.
        #[serde(default)]
        jitter: BTreeMap<String, f64>,
        /// Maps that make columns normal before they are standardised, by column. Default {}: none.
        #[serde(default)]
        transform: BTreeMap<String, Transform>,
        /// Bounds of columns, by column: no sample lies on them or beyond. Bounds choose the map of the column. Default {}: none.
        #[serde(default)]
        bounds: BTreeMap<String, ColumnBounds>,
        /// Steps that samples are rounded to, by column, in the column's units. Densities are of the values with their noise.
        /// Default {}: none.
        #[serde(default)]
        round: BTreeMap<String, f64>,
        /// Whether the correlations of the learned columns are removed after that, by a linear map. Default No.
        #[serde(default)]
        whiten: Whiten,
        /// Shares of the rows for training, validation and test.
        #[serde(default)]
        split: Split,
        /// Rows in a batch, the last of an epoch may have fewer. 1 to 10 million; default 2000. At the next epoch.
        #[serde(default = "super::defaults::rows")]
        batch: usize,
    },
}

/// The fields of [`Data::Table`] but for the batch: the file of a table and how it is read.
#[derive(Clone, Copy, Debug)]
pub struct TableSource<'a> {
    /// Path of the file.
    pub path: &'a Path,
    /// Columns whose density is learned; all that are not given, if empty.
    pub columns: &'a [String],
    /// Columns y of a conditional density p(x | y).
    pub given: &'a [String],
    /// Whether the first line has the names.
    pub header: Header,
    /// Separator, marks and encoding of a text table.
    pub dialect: Dialect,
    /// Treatment of rows with missing values.
    pub missing: &'a Missing,
    /// Widths of the uniform noise, by column.
    pub jitter: &'a BTreeMap<String, f64>,
    /// Maps that make columns normal, by column.
    pub transform: &'a BTreeMap<String, Transform>,
    /// Bounds, by column.
    pub bounds: &'a BTreeMap<String, ColumnBounds>,
    /// Steps that samples are rounded to, by column.
    pub round: &'a BTreeMap<String, f64>,
    /// Whether the correlations of the learned columns are removed.
    pub whiten: Whiten,
    /// Shares of the rows for training, validation and test.
    pub split: Split,
}

impl Data {
    /// Samples in a batch.
    pub fn batch(&self) -> usize {
        match self {
            Data::Toy { batch, .. } | Data::Table { batch, .. } => *batch,
        }
    }

    /// The source of a table; None for a toy set.
    pub fn table(&self) -> Option<TableSource<'_>> {
        match self {
            Data::Toy { .. } => None,
            Data::Table {
                path,
                columns,
                given,
                header,
                dialect,
                missing,
                jitter,
                transform,
                bounds,
                round,
                whiten,
                split,
                batch: _,
            } => Some(TableSource {
                path,
                columns,
                given,
                header: *header,
                dialect: *dialect,
                missing,
                jitter,
                transform,
                bounds,
                round,
                whiten: *whiten,
                split: *split,
            }),
        }
    }

    /// These data with the batch of other ones and, for a toy set, their iterations between draws: all that an edit of a run can
    /// change.
    pub(crate) fn with_batch_of(&self, other: &Data) -> Data {
        let mut data = self.clone();
        match (&mut data, other) {
            (
                Data::Toy {
                    batch,
                    resample_every,
                    ..
                },
                Data::Toy {
                    batch: new,
                    resample_every: every,
                    ..
                },
            ) => (*batch, *resample_every) = (*new, *every),
            (Data::Table { batch, .. }, Data::Table { batch: new, .. }) => *batch = *new,
            _ => {}
        }
        data
    }

    /// These data with the file of other ones, if both are tables.
    pub(crate) fn at_path_of(&self, other: &Data) -> Data {
        let mut data = self.clone();
        if let (Data::Table { path, .. }, Data::Table { path: new, .. }) = (&mut data, other) {
            path.clone_from(new);
        }
        data
    }
}

/// Whether the correlations of columns are removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whiten {
    /// No: the flow learns standardised columns.
    #[default]
    No,
    /// Yes: the flow learns uncorrelated columns, each of standard deviation 1.
    Yes,
    /// Yes, by the covariance of the inner rows, so that a few outlying ones don't set the scale; then each column is made normal
    /// by a map fitted to it.
    Normal,
}

/// A monotone map of a column onto one that is closer to normal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Transform {
    /// The identity.
    #[default]
    None,
    /// A map fitted to the column: its quantiles become those of the normal distribution.
    Normal,
    /// The logarithm, of a column of values above 0.
    Log,
    /// The inverse hyperbolic sine of the distance from a center (the first number, in the column's units) in units of a scale (the
    /// second, above 0): a logarithm far from the center, on both sides, and straight near it.
    Asinh(f64, f64),
    /// The log odds of the position between the two bounds, of a column of values between them.
    Logit(f64, f64),
    /// The logarithm of the distance from a lower bound: `data.bounds` choose it.
    #[serde(skip)]
    Above(f64),
    /// Minus the logarithm of the distance from an upper bound: `data.bounds` choose it.
    #[serde(skip)]
    Below(f64),
}

/// The bounds of a column, in its own units. Without noise no value may lie on a bound; with it values may, as the noise is folded
/// back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ColumnBounds {
    /// All values lie above the number.
    Above(f64),
    /// All values lie below the number.
    Below(f64),
    /// All values lie between the two numbers, the lower one first.
    Between(f64, f64),
}

impl fmt::Display for ColumnBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnBounds::Above(low) => write!(f, "above {low:?}"),
            ColumnBounds::Below(high) => write!(f, "below {high:?}"),
            ColumnBounds::Between(low, high) => write!(f, "between {low:?} and {high:?}"),
        }
    }
}

impl ColumnBounds {
    /// The map of a column that has these bounds.
    pub fn map(&self) -> Transform {
        match *self {
            ColumnBounds::Above(low) => Transform::Above(low),
            ColumnBounds::Below(high) => Transform::Below(high),
            ColumnBounds::Between(low, high) => Transform::Logit(low, high),
        }
    }

    /// Whether the bounds are finite and in order.
    pub fn is_sound(&self) -> bool {
        match *self {
            ColumnBounds::Above(bound) | ColumnBounds::Below(bound) => bound.is_finite(),
            ColumnBounds::Between(low, high) => {
                low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()
            }
        }
    }
}

/// The split of the rows of a table: of the shuffled rows, the last ones are the test part, the ones before them the validation
/// part, the others the training part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Split {
    /// Test part, as a share of all rows, 0 to 0.9; default 0.1.
    pub test: f64,
    /// Validation part, as a share of the other rows, above 0 to 0.9; default 0.1.
    pub validation: f64,
    /// Seed of the shuffling before the split; None takes the rows as they stand in the file. Default Some(1).
    pub shuffle: Option<u64>,
}

/// Numbers of rows in the parts of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitRows {
    /// Rows of the training part.
    pub training: usize,
    /// Rows of the validation part.
    pub validation: usize,
    /// Rows of the test part.
    pub test: usize,
}

impl Split {
    /// The numbers of rows in the parts of a table of n rows.
    pub fn rows(&self, n: usize) -> SplitRows {
        // Rounded down as published; a share that was written for a whole number must not miss it by rounding.
        let share = |share: f64, n: usize| (share * n as f64 + 1e-6) as usize;
        let test = share(self.test, n);
        let validation = share(self.validation, n - test);
        SplitRows {
            training: n - test - validation,
            validation,
            test,
        }
    }
}
