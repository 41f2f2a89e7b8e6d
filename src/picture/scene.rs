//! The content of a picture: samples of the data and of the normal, where the flow takes them and along which paths, and the model's
//! density around the data.
//!
//! Points on the side of the data, and all points of paths, are in standardised units of a table's own columns: where the flow has
//! others (maps, whitening), the inverse of these is applied. So the end of a path on the side of the normal is not where f(x) is shown,
//! but where the inverse maps take it. f(x) itself, the inverse error and the length of paths are in the flow's units.

use std::ops::Range;
use std::sync::Arc;

use otflow_kernels::engine::{Direction, Engine, Transport, with_pairs, with_rows};
use otflow_kernels::objective::{Scheme, TraceAt, log_density};

use super::measure::{CellGrid, bounds_around, cell_grid, inverse_error, straightness};
use crate::data::random::{DrawKey, Stream, normal_rows};
use crate::data::{DataError, Dataset};
use crate::event::{Density, Picture};
use crate::fitted::{FlowRows, split};
use crate::problem::scheme;
use crate::scaling::{ColumnRange, Scaling, Units};
use crate::session::{FlowSettings, Session};

/// Largest number of paths in each direction.
const PATHS: usize = 200;
/// Cells of the density's grid for every sample.
const CELLS_PER_SAMPLE: usize = 4;
/// Largest number of cells of the density's grid.
const MOST_CELLS: usize = 2048;

/// The parameters and the session that a picture is computed from.
pub struct Snapshot {
    /// Iteration after which the parameters were taken.
    pub iteration: u64,
    /// Session that was in force then.
    pub session: Arc<Session>,
    /// Parameters.
    pub theta: Vec<f64>,
    /// Number of points to show.
    pub samples: usize,
}

/// Computes a picture; its `seconds` are left at 0.
///
/// # Errors
/// When the rows of a table cannot be read.
pub fn compute_picture(
    data: &Dataset,
    engine: &mut dyn Engine,
    snapshot: &Snapshot,
) -> Result<Picture, DataError> {
    let Session {
        flow: integration,
        validation,
        weights,
        model,
        ..
    } = &*snapshot.session;
    let d = data.dimension();
    engine.load(&snapshot.theta);
    let scheme = scheme(&FlowSettings {
        steps: validation.steps,
        ..*integration
    });
    let mut flow = SnapshotFlow {
        engine,
        scheme,
        a0: weights.transport,
        d,
        given: Vec::new(),
    };
    // The same draws in every picture: what moves on the screen is the flow.
    let rows = data.picture_rows(snapshot.samples)?;
    let FlowRows { x: rows, y } = split(&rows, &flow.engine.shape());
    flow.given = y;
    let draws = DrawKey {
        seed: model.seed,
        stream: Stream::Pictures,
        draw: 1,
    };
    let normal = normal_rows(draws, 0..(rows.len() / d) as u64, d);
    let forward = flow.follow(&rows, Direction::Forward);
    let backward = flow.follow(&normal, Direction::Inverse);
    let restored = flow.ends(&forward.ends, 0..flow.given.len(), Direction::Inverse);
    let nodes = scheme.steps + 1;
    let units = ShownUnits {
        scaling: data.scaling().filter(|scaling| scaling.transforms()),
        d,
    };
    let shown = units.show(rows.clone());
    Ok(Picture {
        iteration: snapshot.iteration,
        seconds: 0.0,
        dimension: d,
        inverse_error: inverse_error(&rows, &restored, d),
        times: (0..nodes).map(|k| k as f64 * scheme.dt()).collect(),
        straightness: straightness(&forward.paths, nodes, d),
        density: (d == 2 && data.context() == 0).then(|| flow.density(&shown, &units)),
        data: shown,
        mapped: forward.ends,
        restored: units.show(restored),
        generated: units.show(backward.ends),
        forward: units.show(forward.paths),
        backward: units.show(backward.paths),
    })
}

/// The units in which points are shown: standardised units of the columns.
struct ShownUnits<'a> {
    /// Scaling of the columns; None where the shown units are the flow's.
    scaling: Option<&'a Scaling>,
    d: usize,
}

impl ShownUnits<'_> {
    /// Converts points, n x d, from the flow's units to the shown ones.
    fn show(&self, mut rows: Vec<f64>) -> Vec<f64> {
        if let Some(scaling) = self.scaling {
            scaling.restore(&mut rows, self.learned(), Units::Standardized);
        }
        rows
    }

    /// Converts points, n x d, from the shown units to the flow's.
    fn to_flow(&self, mut rows: Vec<f64>) -> Vec<f64> {
        if let Some(scaling) = self.scaling {
            scaling.standardize(&mut rows, self.learned(), Units::Standardized);
        }
        rows
    }

    /// Converts log densities of rows from the flow's units to the shown ones; rows are in the flow's units and have no context.
    fn show_log_densities(&self, log: Vec<f64>, rows: &[f64]) -> Vec<f64> {
        let Some(scaling) = self.scaling else {
            return log;
        };
        let offsets = scaling.offsets(rows, self.d);
        let points = rows.chunks_exact(self.d).zip(log).zip(offsets);
        let log = points.map(|((row, log), offset)| {
            // At the bounds of a map and beyond them.
            if row.iter().any(|value| value.is_infinite()) {
                f64::NEG_INFINITY
            } else {
                log + offset
            }
        });
        log.collect()
    }

    fn learned(&self) -> ColumnRange {
        ColumnRange {
            first: 0,
            width: self.d,
        }
    }
}

/// The flow of a snapshot; rows have d values.
struct SnapshotFlow<'a> {
    engine: &'a mut dyn Engine,
    scheme: Scheme,
    a0: f64,
    d: usize,
    /// Given columns of the data, c values a row; empty without context.
    given: Vec<f64>,
}

/// Points that a flow was followed from.
struct FollowedPoints {
    /// Paths of the first points, k x (nt + 1) x d.
    paths: Vec<f64>,
    /// End points of all points, n x d.
    ends: Vec<f64>,
}

impl SnapshotFlow<'_> {
    /// End points, n x d, of the paths of points x, n x d, each with its given values.
    fn ends(&mut self, x: &[f64], given: Range<usize>, direction: Direction) -> Vec<f64> {
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
    fn follow(&mut self, x: &[f64], direction: Direction) -> FollowedPoints {
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

    /// The log density on a grid around rows in the shown units.
    fn density(&mut self, rows: &[f64], units: &ShownUnits) -> Density {
        let bounds = bounds_around(rows);
        let cells = MOST_CELLS.min(rows.len() / self.d * CELLS_PER_SAMPLE);
        let CellGrid { across, centres } = cell_grid(bounds, cells);
        // Half the steps and the rule with the fewest traces: half the cost, for errors far below a shade of the map.
        let scheme = Scheme {
            steps: self.scheme.steps.div_ceil(2),
            trace: TraceAt::GaussPoints,
            ..self.scheme
        };
        let centres = units.to_flow(centres);
        let width = self.d + 3;
        let mut states = vec![0.0; centres.len() / self.d * width];
        with_rows(&centres, self.d, |samples| {
            self.engine.states(samples, &scheme, self.a0, &mut states);
        });
        let log = states.chunks_exact(width).map(log_density);
        Density {
            bounds,
            across,
            values: units.show_log_densities(log.collect(), &centres),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use otflow_kernels::engine::engine;

    use super::*;
    use crate::problem::{precision, shape};
    use crate::session;
    use crate::trainer::Trainer;

    const TINY: &str = r#"(
        data: Toy(name: "moons", batch: 100),
        model: (width: 6),
        validation: (samples: 50, steps: 12),
        stop: (iterations: 10),
    )"#;

    /// The picture of a small flow after ten iterations.
    fn tiny() -> Picture {
        after_ten(session::parse(TINY, Path::new("tiny.ron")).unwrap())
    }

    /// Of a table of a logarithm of a uniform value and of its double in some noise, with these settings.
    fn of_table(fields: &str) -> Picture {
        let folder = tempfile::tempdir().unwrap();
        let row = |k: u32| {
            let (u, v) = (f64::from(k * 7 % 501) / 501.0, f64::from(k * 3 % 17));
            format!("{},{}\n", (3.0 * u).exp(), 6.0 * u + 0.05 * v)
        };
        let rows: String = (0..2000).map(row).collect();
        std::fs::write(folder.path().join("t.csv"), format!("a,b\n{rows}")).unwrap();
        let text = format!(
            r#"(data: Table(path: "t.csv", batch: 200, {fields}), model: (width: 6, precision: F64),
                validation: (samples: 50, steps: 12), stop: (iterations: 10))"#
        );
        after_ten(session::parse(&text, &folder.path().join("s.ron")).unwrap())
    }

    fn after_ten(session: Session) -> Picture {
        let session = Arc::new(session);
        let data = Arc::new(Dataset::open(&session.data, session.model.seed).unwrap());
        let mut trainer = Trainer::new(Arc::clone(&session), Arc::clone(&data), 1).unwrap();
        for _ in 0..10 {
            trainer.iterate(&mut |_| ());
        }
        let theta = trainer.last_model().theta;
        let mut engine = engine(shape(&session, &data), precision(&session), 1).unwrap();
        let snapshot = Snapshot {
            iteration: 10,
            session,
            theta,
            samples: 300,
        };
        compute_picture(&data, &mut *engine, &snapshot).unwrap()
    }

    #[test]
    fn every_part_of_a_picture_has_its_size() {
        let picture = tiny();
        assert_eq!((picture.dimension, picture.iteration), (2, 10));
        for points in [
            &picture.data,
            &picture.mapped,
            &picture.restored,
            &picture.generated,
        ] {
            assert_eq!(points.len(), 300 * 2);
        }
        assert_eq!(picture.times.len(), 13);
        assert_eq!((picture.times[0], picture.times[12]), (0.0, 1.0));
        assert_eq!(picture.forward.len(), PATHS * 13 * 2);
        assert_eq!(picture.backward.len(), PATHS * 13 * 2);
        let density = picture.density.unwrap();
        assert_eq!(density.values.len() % density.across, 0);
        assert!((1000..=1200).contains(&density.values.len()));
    }

    #[test]
    fn the_way_back_leads_to_the_samples() {
        let picture = tiny();
        let error = picture.inverse_error.unwrap();
        // RK4 with 12 steps on a flow of size one: errors of the order of 12^-4.
        assert!(error.max < 1e-3 && error.mean <= error.max, "{error:?}");
        assert!(error.mean > 0.0);
    }

    #[test]
    fn paths_lead_from_the_samples_to_their_ends() {
        let picture = tiny();
        let ends = |paths: &[f64], at: usize| -> Vec<f64> {
            let rows = paths.chunks_exact(13 * 2);
            rows.flat_map(|path| &path[at..at + 2]).copied().collect()
        };
        let shown = 2 * PATHS;
        assert_eq!(ends(&picture.forward, 0), picture.data[..shown]);
        assert_eq!(ends(&picture.forward, 24), picture.mapped[..shown]);
        assert_eq!(ends(&picture.backward, 24), picture.generated[..shown]);
        assert!(picture.straightness.unwrap() >= 1.0);
    }

    #[test]
    fn the_density_sums_to_about_one_over_a_frame_that_holds_nearly_all_of_it() {
        let density = tiny().density.unwrap();
        let [left, right, low, high] = density.bounds;
        let cell = (right - left) * (high - low) / density.values.len() as f64;
        let mass: f64 = density.values.iter().map(|log| log.exp() * cell).sum();
        // After ten iterations some of the mass is still outside.
        assert!((0.5..1.05).contains(&mass), "{mass}");
    }

    /// Maps and whitening change what the flow gets, and not what is shown of the data.
    #[test]
    fn points_are_in_standardised_units_of_the_raw_columns_whatever_the_flow_gets() {
        let plain = of_table("");
        let made = of_table(r#"transform: {"a": Log, "b": Normal}, whiten: Yes"#);
        let apart = |x: &[f64], y: &[f64]| {
            assert_eq!(x.len(), y.len());
            let pairs = x.iter().zip(y);
            pairs.fold(0.0_f64, |apart, (x, y)| apart.max((x - y).abs()))
        };
        let far = apart(&made.data, &plain.data);
        assert!(far < 1e-9, "{far:e}");
        let error = apart(&made.restored, &made.data);
        assert!(error < 1e-2, "{error:e}");
        let shown = made.data.len().min(2 * PATHS);
        let ends = |at: usize| -> Vec<f64> {
            let rows = made.forward.chunks_exact(13 * 2);
            rows.flat_map(|path| &path[at..at + 2]).copied().collect()
        };
        assert_eq!(ends(0), made.data[..shown]);
        // f(x) is as the flow has it; the end of its path is led back.
        assert!(apart(&ends(24), &made.mapped[..shown]) > 0.1);
        let last: Vec<f64> = {
            let rows = made.backward.chunks_exact(13 * 2);
            rows.flat_map(|path| &path[24..]).copied().collect()
        };
        assert_eq!(last, made.generated[..shown]);
        // No amount of a logarithm is below 0.
        let lowest = plain
            .data
            .iter()
            .step_by(2)
            .copied()
            .fold(f64::MAX, f64::min);
        let made_lowest = made.generated.iter().step_by(2).copied();
        assert!(made_lowest.fold(f64::MAX, f64::min) > lowest - 0.2);
    }

    #[test]
    fn the_density_of_columns_with_maps_has_mass_one_in_the_units_that_are_shown() {
        let made = of_table(r#"transform: {"a": Log, "b": Normal}, whiten: Yes"#);
        let density = made.density.unwrap();
        let [left, right, low, high] = density.bounds;
        let cell = (right - left) * (high - low) / density.values.len() as f64;
        assert!(density.values.iter().all(|log| !log.is_nan()));
        let mass: f64 = density.values.iter().map(|log| log.exp() * cell).sum();
        assert!((0.5..1.3).contains(&mass), "{mass}");
    }
}
