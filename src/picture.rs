//! Pictures of a flow for the screen, from a snapshot of the parameters. A thread computes them, one at a time, and waits fifty times
//! as long as the last picture took and as the next one is going to take: at most 2% of one core's time. Where that would make pictures
//! rare they get fewer points. The trainer hands a snapshot over and does not wait.
//!
//! | file | holds |
//! | --- | --- |
//! | `scene.rs` | the content of a picture: points, paths, densities |
//! | `snapshot_flow.rs`, `units.rs` | the flow that is pictured; the units in which points are shown |
//! | `measure.rs` | figures of points and paths; ranges of values, and the grid of a density |
//! | `misfit.rs` | the pairs of columns that fit worst |

mod measure;
mod misfit;
mod scene;
mod snapshot_flow;
mod units;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};
use otflow_kernels::engine::{Engine, engine};
use otflow_kernels::parameters::Shape;
use otflow_kernels::progress::Progress;

use crate::cost::{Computation, flops_per_sample};
use crate::data::Dataset;
use crate::event::{Density, Event, Picture};
use crate::feed::Publisher;
use crate::meter::TimedActivity;
use crate::problem::{precision, scheme, shape};
use crate::session::{PictureSettings, Session};
use measure::CellGrid;
pub(crate) use measure::{
    InverseErrorSum, bounds_around, inverse_error, straightness, usual_range,
};
pub use scene::{Snapshot, compute_picture};
use snapshot_flow::density_scheme;

/// Pause after a picture, in multiples of the time that it took.
const REST: f64 = 50.0;
/// Points of a picture where one with so many can be had every ten seconds.
const GOOD: usize = 256;
/// Smallest number of points of a picture, unless the session has fewer.
const LEAST: usize = 32;
/// Longest interval between pictures before their points are reduced, seconds.
const PATIENCE: f64 = 10.0;
/// Flops of the first picture, whose time is not known: some hundredths of a second.
const FIRST_FLOPS: f64 = 5e8;

/// The thread that computes the pictures; it ends when this is dropped.
pub struct PictureThread {
    orders: Option<Sender<Snapshot>>,
    /// Seconds of every finished picture.
    done: Receiver<f64>,
    thread: Option<JoinHandle<()>>,
    /// Whether a picture is being computed.
    busy: bool,
    /// Earliest time of the next picture.
    due: Instant,
    /// Points of the picture that was ordered last.
    ordered: usize,
    /// Points of the next picture.
    samples: usize,
    progress: Arc<Progress>,
}

impl PictureThread {
    /// Starts the thread, with an engine of one worker.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(
        session: &Arc<Session>,
        data: Arc<Dataset>,
        publisher: Arc<Publisher>,
    ) -> Result<Self> {
        let engine = engine(shape(session, &data), precision(session), 1)
            .context("cannot start the picture thread")?;
        let samples = first_points(session, &shape(session, &data));
        let progress = engine.progress();
        let (orders, snapshots) = bounded(1);
        let (tell, done) = bounded(1);
        let thread = std::thread::Builder::new()
            .name("pictures".into())
            .spawn(move || {
                let mut worker = PictureWorker {
                    data: &data,
                    engine,
                    publisher: &publisher,
                    truth: None,
                };
                worker.run(&snapshots, &tell);
            })
            .context("cannot start the picture thread")?;
        Ok(PictureThread {
            orders: Some(orders),
            done,
            thread: Some(thread),
            busy: false,
            due: Instant::now(),
            ordered: LEAST,
            samples,
            progress,
        })
    }

    /// Orders a picture of these parameters if one is due and the last one was shown. The value says whether it was ordered.
    pub fn order_if_due(
        &mut self,
        publisher: &Publisher,
        session: &Arc<Session>,
        parameters: ParametersAt,
    ) -> bool {
        let PictureSettings { every, samples } = session.pictures;
        if let Ok(seconds) = self.done.try_recv() {
            self.busy = false;
            self.samples = next_points(self.ordered, seconds, every).min(samples);
            let growth = self.samples as f64 / self.ordered as f64;
            self.due = Instant::now() + pause(every, seconds * growth.max(1.0));
        }
        if self.busy || Instant::now() < self.due || !publisher.picture_wanted() {
            return false;
        }
        self.ordered = self.samples.min(samples);
        let snapshot = Snapshot {
            samples: self.ordered,
            ..snapshot(session, parameters)
        };
        // A thread that panicked takes no orders; the hook has reported it.
        let orders = self.orders.as_ref();
        self.busy = orders.is_some_and(|orders| orders.try_send(snapshot).is_ok());
        self.busy
    }

    /// Computes and shows a last picture of these parameters, then ends the thread.
    pub fn show_last(mut self, session: &Arc<Session>, parameters: ParametersAt) {
        if let Some(orders) = self.orders.take() {
            // A thread that panicked takes no orders; the hook has reported it.
            let _ = orders.send(snapshot(session, parameters));
        }
        self.join();
    }

    fn join(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the hook.
            let _ = thread.join();
        }
    }
}

/// The parameters after an iteration.
#[derive(Clone, Copy)]
pub struct ParametersAt<'a> {
    /// Number of the iteration.
    pub iteration: u64,
    /// Parameters, in the order of the kernels' tensors.
    pub theta: &'a [f64],
}

/// A snapshot with the number of points that the session asks for.
fn snapshot(session: &Arc<Session>, ParametersAt { iteration, theta }: ParametersAt) -> Snapshot {
    Snapshot {
        iteration,
        session: Arc::clone(session),
        theta: theta.to_vec(),
        samples: session.pictures.samples,
    }
}

/// The pause between the end of a picture that took `seconds` and the next one.
fn pause(every: f64, seconds: f64) -> Duration {
    Duration::from_secs_f64(every.max(REST * seconds))
}

/// Points of the first picture, whose time is not known.
fn first_points(session: &Session, shape: &Shape) -> usize {
    let scheme = scheme(&session.flow);
    let of = |work, scheme: &_| flops_per_sample(work, shape, scheme);
    // Forward, inverse and the inverse of the forward ends; the log densities of data and generated samples; where there is a grid of a density it
    // takes about as much again.
    let point = 4.0 * of(Computation::Sample, &scheme)
        + 2.0 * of(Computation::Density, &density_scheme(&scheme));
    if point * GOOD as f64 <= FIRST_FLOPS {
        GOOD
    } else {
        LEAST
    }
}

/// Points of the next picture, after one of `points` points that took `seconds`. They change by factors of two: the points on the screen
/// should not come and go with every jitter of the clock.
fn next_points(points: usize, seconds: f64, every: f64) -> usize {
    let point = REST * seconds / points as f64;
    let room = |interval: f64| (interval / point) as usize;
    let asked = room(every);
    let room = if asked >= GOOD {
        asked
    } else {
        room(every.max(PATIENCE)).clamp(LEAST, GOOD)
    };
    if points <= room && room / 3 < points {
        points
    } else {
        1 << room.ilog2()
    }
}

impl Drop for PictureThread {
    fn drop(&mut self) {
        // A picture that nobody will see.
        self.progress.give_up();
        self.join();
    }
}

/// The part of a [`PictureThread`] that runs on the thread.
struct PictureWorker<'a> {
    data: &'a Dataset,
    engine: Box<dyn Engine>,
    publisher: &'a Publisher,
    /// The true density on the grid of the last picture, which is nearly always that of the next.
    truth: Option<Density>,
}

impl PictureWorker<'_> {
    /// The true log density in the cells of a density, where it is known.
    fn truth(&mut self, density: &Density) -> Option<Vec<f64>> {
        let same = |truth: &&Density| {
            let size = |density: &Density| (density.across, density.values.len());
            truth.bounds == density.bounds && size(truth) == size(density)
        };
        if self.truth.as_ref().filter(same).is_none() {
            let grid = CellGrid {
                bounds: density.bounds,
                across: density.across,
                up: density.values.len() / density.across.max(1),
            };
            self.truth = self
                .data
                .log_density(&grid.centres())
                .map(|values| Density {
                    values,
                    ..density.clone()
                });
        }
        self.truth.as_ref().map(|truth| truth.values.clone())
    }

    /// Computes a picture of every snapshot, shows it, and reports the seconds that it took.
    fn run(&mut self, snapshots: &Receiver<Snapshot>, done: &Sender<f64>) {
        for snapshot in snapshots {
            let start = Instant::now();
            let picture = compute_picture(self.data, &mut *self.engine, &snapshot);
            if self.engine.progress().given_up() {
                return;
            }
            let mut picture = match picture {
                Ok(picture) => picture,
                Err(error) => {
                    self.publisher.publish(Event::Warning {
                        message: format!("no picture: {error}"),
                    });
                    Picture::default()
                }
            };
            picture.truth = picture
                .density
                .as_ref()
                .and_then(|density| self.truth(density));
            let time = start.elapsed();
            picture.seconds = time.as_secs_f64();
            self.publisher.spend(TimedActivity::Pictures, time);
            // Nobody listens any more at the end of a run.
            let _ = done.try_send(picture.seconds);
            self.publisher.show(picture);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::feed::{Wires, connect};
    use crate::session;
    use crate::trainer::Trainer;

    #[test]
    fn a_picture_is_followed_by_a_rest_of_fifty_times_its_cost() {
        assert_eq!(pause(1.0, 0.01), Duration::from_secs(1));
        assert_eq!(pause(1.0, 0.25), Duration::from_millis(12_500));
    }

    #[test]
    fn a_second_order_waits_for_the_first_and_the_end_is_shown() {
        let text =
            r#"(data: Toy(name: "moons"), model: (width: 4), pictures: (every: 0.1, samples: 20))"#;
        let session = Arc::new(session::parse(text, Path::new("tiny.ron")).unwrap());
        let data = Arc::new(Dataset::open(&session.data, session.model.seed).unwrap());
        let trainer = Trainer::new(Arc::clone(&session), Arc::clone(&data), 1).unwrap();
        let theta = trainer.last_model().theta;
        let at = |iteration| ParametersAt {
            iteration,
            theta: &theta,
        };
        let Wires {
            publisher,
            feed,
            entries: _records,
        } = connect();
        let publisher = Arc::new(publisher);
        let mut painter = PictureThread::start(&session, data, Arc::clone(&publisher)).unwrap();
        painter.order_if_due(&publisher, &session, at(1));
        assert!(painter.busy);
        assert!(!painter.order_if_due(&publisher, &session, at(2)));
        painter.show_last(&session, at(3));
        let picture = feed.take_picture().unwrap();
        assert_eq!((picture.iteration, picture.data.len()), (3, 2 * 20));
        let (density, truth) = (picture.density.unwrap(), picture.truth.unwrap());
        assert_eq!(density.values.len(), truth.len());
        let [left, right, low, high] = density.bounds;
        let cell = (right - left) * (high - low) / truth.len() as f64;
        let mass: f64 = truth.iter().map(|log| log.exp() * cell).sum();
        assert!((0.8..1.2).contains(&mass), "{mass}");
        assert!(picture.seconds > 0.0);
    }

    #[test]
    fn costly_pictures_get_fewer_points_and_cheap_ones_more() {
        // A thousandth of a second a picture of 256 points leaves room for 20 times as many.
        assert_eq!(next_points(256, 0.001, 1.0), 4096);
        assert_eq!(next_points(256, 1e-30, 1.0), 1 << (usize::BITS - 1));
        // Room for 1.25 times as many, or 2.5 times: as many as before.
        assert_eq!(
            [0.016, 0.008].map(|took| next_points(256, took, 1.0)),
            [256; 2]
        );
        // 256 points would come every 2 s, 20 s, 2000 s.
        assert_eq!(
            [0.04, 0.4, 40.0].map(|took| next_points(256, took, 1.0)),
            [256, 128, LEAST]
        );
        assert_eq!(next_points(32, 0.01, 1.0), 256);
    }

    #[test]
    fn the_first_picture_of_a_wide_flow_has_few_points() {
        let first = |width| {
            let text = format!(r#"(data: Toy(name: "moons"), model: (width: {width}))"#);
            let session = session::parse(&text, Path::new("tiny.ron")).unwrap();
            let data = Dataset::open(&session.data, session.model.seed).unwrap();
            first_points(&session, &shape(&session, &data))
        };
        assert_eq!([32, 512].map(first), [GOOD, LEAST]);
    }
}
