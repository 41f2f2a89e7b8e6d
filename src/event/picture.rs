//! A picture of the flow, as plain data.

use crate::misfit::Misfit;
use crate::scaling::MeanAndScale;

/// A picture of a trainer's flow: points in data units, row-major; the latest picture is all that is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The last iteration done before.
    pub iteration: u64,
    /// Time it took to compute, seconds.
    pub seconds: f64,
    /// d, the columns of the points.
    pub dimension: usize,
    /// Samples of the data, n x d; of a table in standardised units of its columns, like all points but `mapped`.
    pub data: Vec<f64>,
    /// f of those samples, in the flow's units: the normal, if the flow is good, n x d.
    pub mapped: Vec<f64>,
    /// f^-1 of those: the samples again, but for the error of the integration, n x d.
    pub restored: Vec<f64>,
    /// The distance of the restored samples from the samples.
    pub inverse_error: Option<InverseError>,
    /// Generated samples: f^-1 of normal draws, n x d.
    pub generated: Vec<f64>,
    /// Shares of the way, 0 to 1, at which the paths are given; nt + 1.
    pub times: Vec<f64>,
    /// Paths of the first k samples from the data to the normal, k x (nt + 1) x d; what the flow has of a column with a map, or of
    /// whitened ones, is led back at every point of them.
    pub forward: Vec<f64>,
    /// Paths of normal draws to generated samples, k x (nt + 1) x d.
    pub backward: Vec<f64>,
    /// Mean of length over distance of the forward paths: 1 when all are straight; None when none goes anywhere.
    pub straightness: Option<f64>,
    /// The model's density, for d = 2 without given columns; in the units of `data`, like `truth`, `curve` and `strip`.
    pub density: Option<Density>,
    /// c, the given columns of the samples.
    pub context: usize,
    /// Given columns of the samples, which the generated ones share, n x c; in standardised units.
    pub given: Vec<f64>,
    /// Mean and deviation of the d + c columns in units of the table, by which standardised values become those of the table; empty
    /// for a toy set, whose points are in its own units.
    pub units: Vec<MeanAndScale>,
    /// The true log density in the cells of `density`, where it is known.
    pub truth: Option<Vec<f64>>,
    /// The model's density, for d = 1 without given columns.
    pub curve: Option<DensityCurve>,
    /// The model's density over the first given column, for d = 1, with the other given columns at their means: the given column across, the
    /// learned one upwards.
    pub strip: Option<Density>,
    /// Log densities of some of the samples under the model.
    pub log_densities: LogDensitySamples,
    /// How far the generated samples are from the data in every pair of columns; None for less than three columns.
    pub misfits: Option<PairMisfits>,
}

/// |x - f^-1(f(x))| over the samples of a picture, in the flow's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InverseError {
    /// Mean.
    pub mean: f64,
    /// Largest; NaN if any is.
    pub max: f64,
}

/// Log density of a model at the centres of a grid of equal cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    /// x low, x high, y low, y high of the grid, edge to edge.
    pub bounds: [f64; 4],
    /// Cells in a row.
    pub across: usize,
    /// log p in nats, row by row from the lowest y, each from the lowest x.
    pub values: Vec<f64>,
}

/// Log density of a model of one column, at places of equal distance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DensityCurve {
    /// First place.
    pub low: f64,
    /// Last place.
    pub high: f64,
    /// log p in nats from the first place to the last.
    pub values: Vec<f64>,
}

/// Log densities under a model, nats per unit of volume of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogDensitySamples {
    /// Those of samples of the data.
    pub data: Vec<f64>,
    /// Those of generated samples.
    pub generated: Vec<f64>,
}

/// How far data and generated samples are apart in pairs of columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairMisfits {
    /// The pairs, the one that is most noise levels apart first.
    pub pairs: Vec<PairMisfit>,
    /// Number of pairs of columns that there are; only those that seemed the worst on other samples are in `pairs` where there are many.
    pub all: usize,
}

/// The misfit of a pair of columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairMisfit {
    /// The columns, from 0, the given ones after the learned: first the one across.
    pub columns: [usize; 2],
    /// Distance of data and generated samples, and the noise level of the worst of all pairs that are judged.
    pub misfit: Misfit,
}
