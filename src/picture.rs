//! Pictures for the screen, from a snapshot of the parameters. A thread of its own computes them, one at a time, and rests
//! fifty times as long as it worked and as the next one is going to take: at most 2% of one core's time. Where that would make
//! pictures rare they get fewer points. The trainer hands a snapshot over and goes on.
//!
//! | file | holds |
//! | --- | --- |
//! | `scene.rs` | what is on a picture |
//! | `measure.rs` | figures and grids of points |

mod measure;
mod scene;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};
use otflow_kernels::engine::{Engine, engine};
use otflow_kernels::parameters::Shape;
use otflow_kernels::progress::Progress;

use crate::cost::{Work, flops_per_sample};
use crate::data::Dataset;
use crate::event::{Event, Picture};
use crate::feed::Publisher;
use crate::meter::Task;
use crate::problem::{precision, scheme, shape};
use crate::session::{PictureSettings, Session};
pub(crate) use measure::{frame, inverse_error, straightness};
pub use scene::{Snapshot, picture};

/// Rest after a picture, in times of what it took.
const REST: f64 = 50.0;
/// Points that a picture has if one can be had every ten seconds.
const GOOD: usize = 256;
/// Points that a picture has at least, unless fewer are asked for.
const LEAST: usize = 32;
/// Rather fewer points than a longer rest, seconds.
const PATIENCE: f64 = 10.0;
/// What the first picture may take, before a second is known: some hundredths of a second.
const FIRST_FLOPS: f64 = 5e8;

/// The thread that makes the pictures; ends when it is dropped.
pub struct Painter {
    orders: Option<Sender<Snapshot>>,
    /// Seconds that each picture took.
    done: Receiver<f64>,
    thread: Option<JoinHandle<()>>,
    busy: bool,
    /// No other picture before.
    due: Instant,
    /// Points of the picture that was ordered last, and of the next one.
    ordered: usize,
    samples: usize,
    progress: Arc<Progress>,
}

impl Painter {
    /// Starts the thread; its engine has one worker.
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
        let samples = first(session, &shape(session, &data));
        let progress = engine.progress();
        let (orders, snapshots) = bounded(1);
        let (tell, done) = bounded(1);
        let thread = std::thread::Builder::new()
            .name("pictures".into())
            .spawn(move || paint((&data, engine), &snapshots, &publisher, &tell))
            .context("cannot start the picture thread")?;
        Ok(Painter {
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

    /// Orders a picture if one is due and the last one was seen; whether it did.
    pub fn offer(
        &mut self,
        publisher: &Publisher,
        session: &Arc<Session>,
        (iteration, theta): (u64, &[f64]),
    ) -> bool {
        let PictureSettings { every, samples } = session.pictures;
        if let Ok(seconds) = self.done.try_recv() {
            self.busy = false;
            self.samples = size(self.ordered, seconds, every).min(samples);
            let growth = self.samples as f64 / self.ordered as f64;
            self.due = Instant::now() + rest(every, seconds * growth.max(1.0));
        }
        if self.busy || Instant::now() < self.due || !publisher.picture_wanted() {
            return false;
        }
        self.ordered = self.samples.min(samples);
        let snapshot = Snapshot {
            samples: self.ordered,
            ..snapshot(session, (iteration, theta))
        };
        // A thread that panicked takes no orders; the hook has reported it.
        let orders = self.orders.as_ref();
        self.busy = orders.is_some_and(|orders| orders.try_send(snapshot).is_ok());
        self.busy
    }

    /// Shows the end of a run, and goes.
    pub fn finish(mut self, session: &Arc<Session>, (iteration, theta): (u64, &[f64])) {
        if let Some(orders) = self.orders.take() {
            // A thread that panicked takes no orders; the hook has reported it.
            let _ = orders.send(snapshot(session, (iteration, theta)));
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

/// With all points that are asked for.
fn snapshot(session: &Arc<Session>, (iteration, theta): (u64, &[f64])) -> Snapshot {
    Snapshot {
        iteration,
        session: Arc::clone(session),
        theta: theta.to_vec(),
        samples: session.pictures.samples,
    }
}

/// From the end of a picture that took so many seconds to the next order.
fn rest(every: f64, seconds: f64) -> Duration {
    Duration::from_secs_f64(every.max(REST * seconds))
}

/// Points of the first picture, when nothing is known of the speed.
fn first(session: &Session, shape: &Shape) -> usize {
    // There, back, and back from there; the density's grid takes about as much again.
    let passes = 6.0;
    let scheme = scheme(&session.flow);
    let point = passes * flops_per_sample(Work::Sample, shape, &scheme);
    if point * GOOD as f64 <= FIRST_FLOPS {
        GOOD
    } else {
        LEAST
    }
}

/// Points of the next picture, after one of so many points and seconds. By factors of two: the points on the screen should not
/// come and go with every jitter of the clock.
fn size(points: usize, seconds: f64, every: f64) -> usize {
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

impl Drop for Painter {
    fn drop(&mut self) {
        // A picture that nobody will see.
        self.progress.give_up();
        self.join();
    }
}

fn paint(
    (data, mut engine): (&Dataset, Box<dyn Engine>),
    snapshots: &Receiver<Snapshot>,
    publisher: &Publisher,
    done: &Sender<f64>,
) {
    for snapshot in snapshots {
        let start = Instant::now();
        let picture = picture(data, &mut *engine, &snapshot);
        if engine.progress().given_up() {
            return;
        }
        let mut picture = match picture {
            Ok(picture) => picture,
            Err(error) => {
                publisher.publish(Event::Warning {
                    message: format!("no picture: {error}"),
                });
                Picture::default()
            }
        };
        let time = start.elapsed();
        picture.seconds = time.as_secs_f64();
        publisher.spend(Task::Pictures, time);
        // Nobody listens any more at the end of a run.
        let _ = done.try_send(picture.seconds);
        publisher.show(picture);
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
        assert_eq!(rest(1.0, 0.01), Duration::from_secs(1));
        assert_eq!(rest(1.0, 0.25), Duration::from_millis(12_500));
    }

    #[test]
    fn a_second_order_waits_for_the_first_and_the_end_is_shown() {
        let text =
            r#"(data: Toy(name: "moons"), model: (width: 4), pictures: (every: 0.1, samples: 20))"#;
        let session = Arc::new(session::parse(text, Path::new("tiny.ron")).unwrap());
        let data = Arc::new(Dataset::open(&session.data, session.model.seed).unwrap());
        let trainer = Trainer::new(Arc::clone(&session), Arc::clone(&data), 1).unwrap();
        let theta = trainer.last_model().theta;
        let Wires {
            publisher,
            feed,
            entries: _records,
        } = connect();
        let publisher = Arc::new(publisher);
        let mut painter = Painter::start(&session, data, Arc::clone(&publisher)).unwrap();
        painter.offer(&publisher, &session, (1, &theta));
        assert!(painter.busy);
        assert!(!painter.offer(&publisher, &session, (2, &theta)));
        painter.finish(&session, (3, &theta));
        let picture = feed.take_picture().unwrap();
        assert_eq!((picture.iteration, picture.data.len()), (3, 2 * 20));
        assert!(picture.seconds > 0.0);
    }

    #[test]
    fn costly_pictures_get_fewer_points_and_cheap_ones_more() {
        // A thousandth of a second a picture of 256 points leaves room for 20 times as many.
        assert_eq!(size(256, 0.001, 1.0), 4096);
        assert_eq!(size(256, 1e-30, 1.0), 1 << (usize::BITS - 1));
        // Room for 1.25 times as many, or 2.5 times: as many as before.
        assert_eq!([0.016, 0.008].map(|took| size(256, took, 1.0)), [256; 2]);
        // 256 points would come every 2 s, 20 s, 2000 s.
        assert_eq!(
            [0.04, 0.4, 40.0].map(|took| size(256, took, 1.0)),
            [256, 128, LEAST]
        );
        assert_eq!(size(32, 0.01, 1.0), 256);
    }

    #[test]
    fn the_first_picture_of_a_wide_flow_has_few_points() {
        let first = |width| {
            let text = format!(r#"(data: Toy(name: "moons"), model: (width: {width}))"#);
            let session = session::parse(&text, Path::new("tiny.ron")).unwrap();
            let data = Dataset::open(&session.data, session.model.seed).unwrap();
            first(&session, &shape(&session, &data))
        };
        assert_eq!([32, 512].map(first), [GOOD, LEAST]);
    }
}
