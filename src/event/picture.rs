//! A picture of the flow, as plain data.

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
    /// The model's density, for d = 2.
    pub density: Option<Density>,
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
