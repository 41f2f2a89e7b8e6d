//! Points for the screen: samples of the data, where the flow takes them, and generated samples, from a snapshot of the
//! parameters. A thread of its own computes them, one picture at a time; the trainer hands a snapshot over and goes on.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};
use otflow_kernels::engine::{Direction, Engine, engine, with_rows};
use otflow_kernels::progress::Progress;
use rand_distr::{Distribution, StandardNormal};

use super::problem::{precision, scheme, shape};
use crate::data::Dataset;
use crate::data::random::{Stream, row_generator};
use crate::event::Picture;
use crate::feed::Publisher;
use crate::meter::Task;
use crate::session::{Flow, Session};

/// What a picture is made from.
struct Snapshot {
    iteration: u64,
    session: Arc<Session>,
    theta: Vec<f64>,
}

/// The thread that makes the pictures; ends when it is dropped.
pub struct Painter {
    orders: Option<Sender<Snapshot>>,
    thread: Option<JoinHandle<()>>,
    last: Option<Instant>,
    progress: Arc<Progress>,
}

impl Painter {
    /// Starts the thread; its engine has one worker.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(session: &Arc<Session>, publisher: Arc<Publisher>) -> Result<Self> {
        let data = Dataset::new(&session.data, session.model.seed);
        let engine = engine(shape(session, &data), precision(session), 1)
            .context("cannot start the picture thread")?;
        let progress = engine.progress();
        // Without a place to wait in: an order is taken by an idle painter or not at all.
        let (orders, snapshots) = bounded(0);
        let thread = std::thread::Builder::new()
            .name("pictures".into())
            .spawn(move || paint(&data, engine, &snapshots, &publisher))
            .context("cannot start the picture thread")?;
        Ok(Painter {
            orders: Some(orders),
            thread: Some(thread),
            last: None,
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
        let pause = Duration::from_secs_f64(session.pictures.every);
        if self.last.is_some_and(|last| last.elapsed() < pause) || !publisher.picture_wanted() {
            return false;
        }
        let snapshot = Snapshot {
            iteration,
            session: Arc::clone(session),
            theta: theta.to_vec(),
        };
        let orders = self.orders.as_ref();
        let taken = orders.is_some_and(|orders| orders.try_send(snapshot).is_ok());
        if taken {
            self.last = Some(Instant::now());
        }
        taken
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        self.orders = None;
        // A picture that nobody will see.
        self.progress.give_up();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the hook.
            let _ = thread.join();
        }
    }
}

fn paint(
    data: &Dataset,
    mut engine: Box<dyn Engine>,
    snapshots: &Receiver<Snapshot>,
    publisher: &Publisher,
) {
    for snapshot in snapshots {
        let start = Instant::now();
        let picture = picture(data, &mut *engine, &snapshot);
        if engine.progress().given_up() {
            return;
        }
        publisher.spend(Task::Pictures, start.elapsed());
        publisher.show(picture);
    }
}

fn picture(data: &Dataset, engine: &mut dyn Engine, snapshot: &Snapshot) -> Picture {
    let Session {
        flow,
        validation,
        weights,
        pictures,
        model,
        ..
    } = &*snapshot.session;
    let (d, n) = (data.dimension(), pictures.samples);
    let scheme = scheme(&Flow {
        steps: validation.steps,
        ..*flow
    });
    engine.load(&snapshot.theta);
    // The same draws in every picture: what moves on the screen is the flow.
    let rows = data.draw(Stream::Pictures, 0, n);
    let mut normal = vec![0.0; n * d];
    for (i, row) in normal.chunks_exact_mut(d).enumerate() {
        let mut rng = row_generator(model.seed, Stream::Pictures, 1, i as u64);
        row.fill_with(|| StandardNormal.sample(&mut rng));
    }
    let mut through = |rows: &[f64], direction| {
        let mut out = vec![0.0; n * d];
        with_rows(rows, d, |samples| {
            engine.transport(samples, (&scheme, weights.transport), direction, &mut out)
        });
        out
    };
    let mapped = through(&rows, Direction::Forward);
    let generated = through(&normal, Direction::Inverse);
    Picture {
        iteration: snapshot.iteration,
        dimension: d,
        data: rows,
        mapped,
        generated,
    }
}
