//! The flow of a snapshot: end points, paths and log densities. Rows are in the flow's units, row-major.

use std::ops::Range;

use otflow_kernels::engine::{Direction, Engine, Transport, with_pairs, with_rows};
use otflow_kernels::objective::{Scheme, TraceAt, log_density};

/// Largest number of paths in each direction.
pub const PATHS: usize = 200;

/// The flow of a snapshot; rows have d values.
pub struct SnapshotFlow<'a> {
    /// Engine with the parameters.
    pub engine: &'a mut dyn Engine,
    /// Scheme of the integration.
    pub scheme: Scheme,
    /// Weight of the transport cost, which scales the dynamics.
    pub a0: f64,
    /// Number of learned columns.
    pub d: usize,
    /// Given columns of the data, c values a row; empty without context.
    pub given: Vec<f64>,
}

/// Points that a flow was followed from.
pub struct FollowedPoints {
    /// Paths of the first points, k x (nt + 1) x d.
    pub paths: Vec<f64>,
    /// End points of all points, n x d.
    pub ends: Vec<f64>,
}

/// The scheme of densities: half the steps and the rule with the fewest traces, half the cost, for errors far below what is seen.
pub fn density_scheme(scheme: &Scheme) -> Scheme {
    Scheme {
        steps: scheme.steps.div_ceil(2),
        trace: TraceAt::GaussPoints,
        ..*scheme
    }
}

impl SnapshotFlow<'_> {
    /// End points, n x d, of the paths of points x, n x d, each with its given values.
    pub fn ends(&mut self, x: &[f64], given: Range<usize>, direction: Direction) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        let transport = Transport {
            scheme: &self.scheme,
            a0: self.a0,
            direction,
        };
        with_pairs(x, self.d, &self.given[given], |samples| {
            self.engine.transport(samples, transport, &mut out)
        });
        out
    }

    /// Follows points x, n x d, through the flow: the first with their paths, all to their end points.
    pub fn follow(&mut self, x: &[f64], direction: Direction) -> FollowedPoints {
        let (d, width) = (self.d, self.d * (self.scheme.steps + 1));
        let (first, others) = x.split_at(x.len().min(PATHS * d));
        let cut = self.given.len() / (x.len() / d).max(1) * (first.len() / d);
        let mut paths = vec![0.0; first.len() / d * width];
        let transport = Transport {
            scheme: &self.scheme,
            a0: self.a0,
            direction,
        };
        with_pairs(first, d, &self.given[..cut], |samples| {
            self.engine.paths(samples, transport, &mut paths)
        });
        let ends = paths
            .chunks_exact(width)
            .flat_map(|path| &path[width - d..]);
        let mut ends: Vec<f64> = ends.copied().collect();
        ends.extend(self.ends(others, cut..self.given.len(), direction));
        FollowedPoints { paths, ends }
    }

    /// Log densities of rows (x, y) of d + c values, nats.
    pub fn log_densities(&mut self, rows: &[f64]) -> Vec<f64> {
        let scheme = density_scheme(&self.scheme);
        let columns = self.engine.shape().columns();
        let width = self.d + 3;
        let mut states = vec![0.0; rows.len() / columns * width];
        with_rows(rows, columns, |samples| {
            self.engine.states(samples, &scheme, self.a0, &mut states);
        });
        states.chunks_exact(width).map(log_density).collect()
    }
}
