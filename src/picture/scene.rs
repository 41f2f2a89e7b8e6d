//! The content of a picture: samples of the data and of the normal, where the flow takes them and along which paths, densities of the model
//! around the data, and how far generated samples are from the data in pairs of columns.
//!
//! Points on the side of the data, and all points of paths, are in standardised units of a table's own columns: where the flow has
//! others (maps, whitening), the inverse of these is applied. So the end of a path on the side of the normal is not where f(x) is shown,
//! but where the inverse maps take it. f(x) itself, the inverse error and the length of paths are in the flow's units.

use std::sync::Arc;

use otflow_kernels::engine::{Direction, Engine};

use super::measure::{CellGrid, inverse_error, straightness, usual_range, with_margin};
use super::misfit::{ComparedRows, pair_misfits};
use super::snapshot_flow::SnapshotFlow;
use super::units::ShownUnits;
use crate::data::random::{DrawKey, Stream, normal_rows};
use crate::data::{DataError, Dataset};
use crate::event::{Density, DensityCurve, LogDensitySamples, PairMisfits, Picture};
use crate::fitted::{FlowRows, join, split};
use crate::problem::scheme;
use crate::session::{FlowSettings, Session};

/// Places of a density for every sample.
const CELLS_PER_SAMPLE: usize = 4;
/// Largest number of cells of a density's grid.
const MOST_CELLS: usize = 2048;
/// Largest number of places on a density's curve.
const MOST_PLACES: usize = 512;
/// Largest number of samples of the data, and of generated ones, whose log densities are computed.
pub(super) const LOG_DENSITIES: usize = 256;

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

/// Computes a picture; its `seconds` are left at 0, and its `truth` at None.
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
    let (d, c) = (data.dimension(), data.context());
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
    let units = ShownUnits::of(data);
    let log_densities = LogDensitySamples {
        data: log_densities(&mut flow, &rows, &units),
        generated: log_densities(&mut flow, &backward.ends, &units),
    };
    let shape = flow.engine.shape();
    let given = units.show_given(flow.given.clone());
    let shown = units.show(rows.clone());
    let generated = units.show(backward.ends);
    let mut densities = ShownDensities {
        flow: &mut flow,
        units: &units,
        cells: rows.len() / d * CELLS_PER_SAMPLE,
    };
    let compared = ComparedRows {
        data: &join(&shown, &given, &shape),
        generated: &join(&generated, &given, &shape),
        columns: d + c,
        learned: d,
    };
    let misfits = (d + c > 2).then(|| pair_misfits(compared));
    Ok(Picture {
        iteration: snapshot.iteration,
        seconds: 0.0,
        dimension: d,
        inverse_error: inverse_error(&rows, &restored, d),
        times: (0..nodes).map(|k| k as f64 * scheme.dt()).collect(),
        straightness: straightness(&forward.paths, nodes, d),
        density: (d == 2 && c == 0).then(|| densities.plane(&shown)),
        context: c,
        units: units.columns(),
        truth: None,
        curve: (d == 1 && c == 0).then(|| densities.curve(&shown)),
        strip: (d == 1 && c > 0).then(|| densities.strip(&shown, &given, c)),
        log_densities,
        misfits: misfits.filter(|misfits: &PairMisfits| !misfits.pairs.is_empty()),
        given,
        data: shown,
        mapped: forward.ends,
        restored: units.show(restored),
        generated,
        forward: units.show(forward.paths),
        backward: units.show(backward.paths),
    })
}

/// Log densities of the first of these points x, n x d, in the flow's units; nats per unit of volume of the table.
fn log_densities(flow: &mut SnapshotFlow, x: &[f64], units: &ShownUnits) -> Vec<f64> {
    let shape = flow.engine.shape();
    let n = (x.len() / shape.d).min(LOG_DENSITIES);
    let rows = join(&x[..n * shape.d], &flow.given[..n * shape.context], &shape);
    let log = flow.log_densities(&rows);
    let log = units.show_log_densities(log, &rows);
    let determinant = units.log_determinant();
    log.into_iter().map(|log| log - determinant).collect()
}

/// Densities of a flow in the units that are shown.
struct ShownDensities<'a, 'b> {
    flow: &'a mut SnapshotFlow<'b>,
    units: &'a ShownUnits<'a>,
    /// Number of places at which a density is to be known.
    cells: usize,
}

impl ShownDensities<'_, '_> {
    /// Log densities of points x with given values y, both in the shown units.
    fn log_densities(&mut self, x: Vec<f64>, y: Vec<f64>) -> Vec<f64> {
        let shape = self.flow.engine.shape();
        let rows = join(&self.units.to_flow(x), &self.units.given_to_flow(y), &shape);
        let log = self.flow.log_densities(&rows);
        self.units.show_log_densities(log, &rows)
    }

    /// The density of two columns on a grid around points.
    fn plane(&mut self, points: &[f64]) -> Density {
        let [left, right] = range(points, 0, 2);
        let [low, high] = range(points, 1, 2);
        let grid = CellGrid::square([left, right, low, high], self.cells.min(MOST_CELLS));
        Density {
            bounds: grid.bounds,
            across: grid.across,
            values: self.log_densities(grid.centres(), Vec::new()),
        }
    }

    /// The density of one column around points.
    fn curve(&mut self, points: &[f64]) -> DensityCurve {
        let [low, high] = range(points, 0, 1);
        let count = self.cells.clamp(2, MOST_PLACES);
        let place = |k: usize| low + (high - low) * k as f64 / (count - 1) as f64;
        let places = (0..count).map(place).collect();
        DensityCurve {
            low,
            high,
            values: self.log_densities(places, Vec::new()),
        }
    }

    /// The density of one column over the first of c given ones, the others at their means; the grid has twice as many cells in the
    /// direction of the density as in the other.
    fn strip(&mut self, points: &[f64], given: &[f64], c: usize) -> Density {
        let [left, right] = usual_range(given.iter().step_by(c).copied()).unwrap_or([-0.5, 0.5]);
        let [low, high] = range(points, 0, 1);
        let across = ((self.cells.min(MOST_CELLS) / 2) as f64).sqrt().max(1.0) as usize;
        let grid = CellGrid {
            bounds: [left, right, low, high],
            across,
            up: 2 * across,
        };
        let mean = |k: usize| {
            let n = (given.len() / c).max(1) as f64;
            given.iter().skip(k).step_by(c).sum::<f64>() / n
        };
        let means: Vec<f64> = (1..c).map(mean).collect();
        let centres = grid.centres();
        let x = centres.iter().skip(1).step_by(2).copied();
        let y = centres.iter().step_by(2);
        let y = y.flat_map(|&first| std::iter::once(first).chain(means.iter().copied()));
        Density {
            bounds: grid.bounds,
            across,
            values: self.log_densities(x.collect(), y.collect()),
        }
    }
}

/// The usual range of column k of rows of `width` values, with a margin.
fn range(rows: &[f64], k: usize, width: usize) -> [f64; 2] {
    with_margin(usual_range(rows.iter().skip(k).step_by(width).copied()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use otflow_kernels::engine::engine;

    use super::super::snapshot_flow::PATHS;
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

    /// Of a table whose first column is `learned` and whose others are given, of u and v in (0, 1).
    fn of_columns(learned: impl Fn(f64, f64) -> f64, fields: &str) -> Picture {
        let folder = tempfile::tempdir().unwrap();
        let row = |k: u32| {
            let (u, v) = (
                f64::from(k * 7 % 501) / 501.0,
                f64::from(k * 11 % 701) / 701.0,
            );
            format!("{},{},{}\n", learned(u, v), 40.0 * u, 2.0 + v)
        };
        let rows: String = (0..2000).map(row).collect();
        std::fs::write(folder.path().join("t.csv"), format!("a,b,c\n{rows}")).unwrap();
        let text = format!(
            r#"(data: Table(path: "t.csv", batch: 200, {fields}), model: (width: 6, precision: F64),
                validation: (samples: 50, steps: 12), stop: (iterations: 10))"#
        );
        after_ten(session::parse(&text, &folder.path().join("s.ron")).unwrap())
    }

    #[test]
    fn one_column_has_a_curve_of_mass_one_and_log_densities_in_units_of_the_table() {
        let made = of_columns(
            |u, _| (3.0 * u).exp(),
            r#"columns: ["a"], transform: {"a": Log}"#,
        );
        let curve = made.curve.unwrap();
        let step = (curve.high - curve.low) / (curve.values.len() - 1) as f64;
        let mass: f64 = curve.values.iter().map(|log| log.exp() * step).sum();
        assert!((0.6..1.2).contains(&mass), "{mass}");
        assert_eq!((made.units.len(), made.context), (1, 0));
        assert_eq!((made.density, made.strip, made.misfits), (None, None, None));
        assert_eq!(
            made.log_densities.generated.len(),
            made.log_densities.data.len()
        );
        // The curve between its places, at the samples.
        let scale = made.units[0].scale;
        for (x, log) in made.data.iter().zip(&made.log_densities.data).take(20) {
            let at = (x - curve.low) / step;
            let (from, share) = (at as usize, at.fract());
            let mixed = curve.values[from] + share * (curve.values[from + 1] - curve.values[from]);
            assert!((mixed - scale.ln() - log).abs() < 0.1, "{x}: {mixed} {log}");
        }
    }

    #[test]
    fn a_given_column_has_a_strip_of_densities_and_pairs() {
        let fields = r#"columns: ["a"], given: ["b", "c"], transform: {"b": Logit(-1.0, 41.0)}"#;
        let made = of_columns(|u, v| 100.0 * (u * u + 0.1 * v), fields);
        let strip = made.strip.unwrap();
        let up = strip.values.len() / strip.across;
        assert_eq!(up, 2 * strip.across);
        let [left, right, low, high] = strip.bounds;
        // Uniform on (0, 40): 1.7 deviations on both sides.
        assert!(
            (left + 1.73).abs() < 0.1 && (right - 1.73).abs() < 0.1,
            "{left} {right}"
        );
        for column in 0..strip.across {
            let values = strip.values.iter().skip(column).step_by(strip.across);
            let mass: f64 = values.map(|log| log.exp() * (high - low) / up as f64).sum();
            assert!((0.3..1.1).contains(&mass), "{column}: {mass}");
        }
        assert_eq!((made.context, made.given.len()), (2, 2 * made.data.len()));
        let misfits = made.misfits.unwrap();
        let mut pairs: Vec<_> = misfits.pairs.iter().map(|pair| pair.columns).collect();
        pairs.sort_unstable();
        assert_eq!(pairs, [[1, 0], [2, 0]]);
    }
}
