//! What is on a picture: samples of the data and of the normal, where the flow takes them and along which paths, and the model's
//! density around the data.

use std::ops::Range;
use std::sync::Arc;

use otflow_kernels::engine::{Direction, Engine, with_pairs, with_rows};
use otflow_kernels::objective::{Scheme, TraceAt, log_density};

use super::measure::{frame, grid, inverse_error, straightness};
use crate::data::random::{Stream, normal_rows};
use crate::data::{self, Dataset};
use crate::event::{Density, Picture};
use crate::fitted::split;
use crate::session::{Flow, Session};
use crate::trainer::problem::scheme;

/// Paths each way, at most.
const PATHS: usize = 200;
/// Cells of the grid of the density: so many a sample, and at most.
const CELLS: (usize, usize) = (4, 2048);

/// What a picture is made from.
pub struct Snapshot {
    /// After this iteration.
    pub iteration: u64,
    /// In force then.
    pub session: Arc<Session>,
    /// The parameters.
    pub theta: Vec<f64>,
    /// Points to show.
    pub samples: usize,
}

/// Computes a picture, all but its seconds.
///
/// # Errors
/// When the rows of a table cannot be read.
pub fn picture(
    data: &Dataset,
    engine: &mut dyn Engine,
    snapshot: &Snapshot,
) -> Result<Picture, data::Error> {
    let Session {
        flow,
        validation,
        weights,
        model,
        ..
    } = &*snapshot.session;
    let d = data.dimension();
    engine.load(&snapshot.theta);
    let scheme = scheme(&Flow {
        steps: validation.steps,
        ..*flow
    });
    let mut guide = Guide {
        engine,
        scheme,
        a0: weights.transport,
        d,
        given: Vec::new(),
    };
    // The same draws in every picture: what moves on the screen is the flow.
    let rows = data.shown(snapshot.samples)?;
    let (rows, given) = split(&rows, &guide.engine.shape());
    guide.given = given;
    let draws = (model.seed, Stream::Pictures, 1);
    let normal = normal_rows(draws, 0, (rows.len() / d, d));
    let (forward, mapped) = guide.follow(&rows, Direction::Forward);
    let (backward, generated) = guide.follow(&normal, Direction::Inverse);
    let restored = guide.all_ends(&mapped, Direction::Inverse);
    let nodes = scheme.steps + 1;
    Ok(Picture {
        iteration: snapshot.iteration,
        seconds: 0.0,
        dimension: d,
        inverse_error: inverse_error(&rows, &restored, d),
        times: (0..nodes).map(|k| k as f64 * scheme.dt()).collect(),
        straightness: straightness(&forward, nodes, d),
        density: (d == 2 && data.context() == 0).then(|| guide.density(&rows)),
        data: rows,
        mapped,
        restored,
        generated,
        forward,
        backward,
    })
}

/// Leads rows of d values through the flow of a snapshot.
struct Guide<'a> {
    engine: &'a mut dyn Engine,
    scheme: Scheme,
    a0: f64,
    d: usize,
    /// What every row is conditioned on, c values a row; none without context.
    given: Vec<f64>,
}

impl Guide<'_> {
    /// Where points that are conditioned on so many given values end up, n x d.
    fn ends(&mut self, (x, y): (&[f64], Range<usize>), direction: Direction) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        with_pairs((x, self.d), &self.given[y], |samples| {
            self.engine
                .transport(samples, (&self.scheme, self.a0), direction, &mut out)
        });
        out
    }

    /// Where all points end up, n x d.
    fn all_ends(&mut self, x: &[f64], direction: Direction) -> Vec<f64> {
        self.ends((x, 0..self.given.len()), direction)
    }

    /// The paths of the first points, k x (nt + 1) x d, and the ends of all, n x d.
    fn follow(&mut self, x: &[f64], direction: Direction) -> (Vec<f64>, Vec<f64>) {
        let (d, width) = (self.d, self.d * (self.scheme.steps + 1));
        let (first, others) = x.split_at(x.len().min(PATHS * d));
        let cut = self.given.len() / (x.len() / d).max(1) * (first.len() / d);
        let mut paths = vec![0.0; first.len() / d * width];
        with_pairs((first, d), &self.given[..cut], |samples| {
            self.engine
                .paths(samples, (&self.scheme, self.a0), direction, &mut paths)
        });
        let ends = paths
            .chunks_exact(width)
            .flat_map(|path| &path[width - d..]);
        let mut ends: Vec<f64> = ends.copied().collect();
        ends.extend(self.ends((others, cut..self.given.len()), direction));
        (paths, ends)
    }

    /// Log density on a grid around the rows.
    fn density(&mut self, rows: &[f64]) -> Density {
        let bounds = frame(rows);
        let (across, centres) = grid(bounds, CELLS.1.min(rows.len() / self.d * CELLS.0));
        // Half the steps and the rule with the fewest traces: half the cost, for errors far below a shade of the map.
        let scheme = Scheme {
            steps: self.scheme.steps.div_ceil(2),
            trace: TraceAt::GaussPoints,
            ..self.scheme
        };
        let width = self.d + 3;
        let mut states = vec![0.0; centres.len() / self.d * width];
        with_rows(&centres, self.d, |samples| {
            self.engine.states(samples, &scheme, self.a0, &mut states);
        });
        Density {
            bounds,
            across,
            values: states.chunks_exact(width).map(log_density).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use otflow_kernels::engine::engine;

    use super::*;
    use crate::session;
    use crate::trainer::Trainer;
    use crate::trainer::problem::{precision, shape};

    const TINY: &str = r#"(
        data: Toy(name: "moons", batch: 100),
        model: (width: 6),
        validation: (samples: 50, steps: 12),
        stop: (iterations: 10),
    )"#;

    /// The picture of a small flow after ten iterations.
    fn tiny() -> Picture {
        let session = Arc::new(session::parse(TINY, Path::new("tiny.ron")).unwrap());
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
        picture(&data, &mut *engine, &snapshot).unwrap()
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
}
