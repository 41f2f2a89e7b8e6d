//! rayon over tiles, with the same bits for any number of threads: the tiles are dealt to a fixed number of chunks that
//! depends on n only; a chunk adds its tiles in order, and the chunks are added in order.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::engine::{Direction, Engine, Samples};
use crate::lanes::{Lanes, Real, lanes};
use crate::network::Network;
use crate::objective::{Alpha, Costs, Scheme};
use crate::parameters::{Offsets, Shape};
use crate::trajectory::Worker;

/// Chunks of a batch: enough to keep a machine's cores busy, few enough to hold an f64 gradient each.
const CHUNKS: usize = 16;

/// What a chunk has summed up.
#[derive(Debug)]
struct Sums {
    costs: [f64; 3],
    gradient: Vec<f64>,
}

/// The samples of one tile.
#[derive(Debug, Clone, Copy)]
struct Tile {
    first: usize,
    count: usize,
}

/// What all threads read.
#[derive(Debug)]
struct Setup<T: Lanes> {
    net: Network<T>,
    offsets: Offsets,
}

/// The engine for one lane type.
#[derive(Debug)]
pub struct Batch<T: Lanes> {
    setup: Setup<T>,
    pool: ThreadPool,
    workers: Vec<Mutex<Worker<T>>>,
    chunks: Vec<Sums>,
}

impl<T: Lanes> Batch<T> {
    /// For a shape, on so many threads of its own.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn new(shape: Shape, threads: usize) -> Result<Self, ThreadPoolBuildError> {
        let net = Network::new(shape);
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|k| format!("kernel-{k}"))
            .build()?;
        let workers = (0..pool.current_num_threads())
            .map(|_| Mutex::new(Worker::new(&net)))
            .collect();
        let chunks = (0..CHUNKS)
            .map(|_| Sums {
                costs: [0.0; 3],
                gradient: vec![0.0; shape.parameters()],
            })
            .collect();
        Ok(Batch {
            setup: Setup {
                net,
                offsets: Offsets::new(&shape),
            },
            pool,
            workers,
            chunks,
        })
    }

    /// Runs `body` on every tile of every chunk, chunks in parallel.
    fn over_chunks(
        &mut self,
        n: usize,
        body: impl Fn(&Setup<T>, &mut Worker<T>, &mut Sums, Tile) + Sync,
    ) {
        let tiles = n.div_ceil(T::WIDTH);
        let Batch {
            setup,
            pool,
            workers,
            chunks,
        } = self;
        pool.install(|| {
            chunks
                .par_iter_mut()
                .enumerate()
                .with_max_len(1)
                .for_each(|(chunk, sums)| {
                    let mut worker = mine(workers);
                    sums.costs = [0.0; 3];
                    sums.gradient.fill(0.0);
                    for tile in chunk * tiles / CHUNKS..(chunk + 1) * tiles / CHUNKS {
                        let first = tile * T::WIDTH;
                        body(
                            setup,
                            &mut worker,
                            sums,
                            Tile {
                                first,
                                count: T::WIDTH.min(n - first),
                            },
                        );
                    }
                });
        });
    }

    fn costs_of(&self, n: usize, alpha: &Alpha) -> Costs {
        let mut total = [0.0; 3];
        for sums in &self.chunks {
            for (total, cost) in total.iter_mut().zip(sums.costs) {
                *total += cost;
            }
        }
        Costs::from_sums(total, n, alpha)
    }

    /// Runs `body` on every tile, its samples taken; it writes their rows of `width` values.
    fn over_rows(
        &self,
        samples: &Samples,
        (out, width): (&mut [f64], usize),
        body: impl Fn(&Network<T>, &mut Worker<T>, &mut [f64]) + Sync,
    ) {
        let n = samples.n;
        assert_eq!(out.len(), n * width, "output of {n} rows of {width}");
        let workers = &self.workers;
        self.pool.install(|| {
            out.par_chunks_mut(T::WIDTH * width)
                .enumerate()
                .for_each(|(tile, rows)| {
                    let mut worker = mine(workers);
                    worker.take(samples, tile * T::WIDTH, rows.len() / width);
                    body(&self.setup.net, &mut worker, rows);
                });
        });
    }
}

/// The worker of the thread this runs on; nobody else wants it, so the lock never waits.
fn mine<T>(workers: &[Mutex<Worker<T>>]) -> MutexGuard<'_, Worker<T>> {
    let thread = rayon::current_thread_index().unwrap_or(0);
    workers[thread]
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Writes row k of `columns` to place `at` of every sample's row of `width` values.
fn scatter<T: Lanes>(columns: &[T], at: usize, width: usize, rows: &mut [f64]) {
    for (k, column) in columns.iter().enumerate() {
        for (row, value) in rows.chunks_exact_mut(width).zip(lanes(column)) {
            row[at + k] = value.widen();
        }
    }
}

impl<T: Lanes> Engine for Batch<T> {
    fn shape(&self) -> Shape {
        self.setup.net.shape
    }

    fn load(&mut self, theta: &[f64]) {
        self.setup.net.load(theta);
    }

    fn potential(&mut self, samples: Samples, t: f64, out: &mut [f64]) {
        let width = self.setup.net.shape.inputs() + 2;
        self.over_rows(&samples, (out, width), |net, worker, rows| {
            let (phi, grad, trace) = worker.potential(net, t);
            scatter(&[phi], 0, width, rows);
            scatter(grad, 1, width, rows);
            scatter(&[trace], width - 1, width, rows);
        });
    }

    fn costs(&mut self, samples: Samples, scheme: &Scheme, alpha: &Alpha) -> Costs {
        self.over_chunks(samples.n, |setup, worker, sums, tile| {
            worker.take(&samples, tile.first, tile.count);
            worker.forward(&setup.net, scheme, alpha.a0);
            add(&mut sums.costs, worker.sums(tile.count));
        });
        self.costs_of(samples.n, alpha)
    }

    fn gradient(
        &mut self,
        samples: Samples,
        scheme: &Scheme,
        alpha: &Alpha,
        gradient: &mut [f64],
    ) -> Costs {
        self.over_chunks(samples.n, |Setup { net, offsets }, worker, sums, tile| {
            worker.take(&samples, tile.first, tile.count);
            worker.forward_taped(net, scheme, alpha.a0);
            add(&mut sums.costs, worker.sums(tile.count));
            worker.backward(net, scheme, alpha);
            worker.partial.flush(net, offsets, &mut sums.gradient);
        });
        gradient.fill(0.0);
        for sums in &self.chunks {
            for (total, part) in gradient.iter_mut().zip(&sums.gradient) {
                *total += part;
            }
        }
        let n = samples.n as f64;
        gradient.iter_mut().for_each(|value| *value /= n);
        self.costs_of(samples.n, alpha)
    }

    fn states(&mut self, samples: Samples, scheme: &Scheme, a0: f64, out: &mut [f64]) {
        let d = self.setup.net.shape.d;
        self.over_rows(&samples, (out, d + 3), |net, worker, rows| {
            worker.forward(net, scheme, a0);
            scatter(&worker.x, 0, d + 3, rows);
            scatter(&[worker.end.l, worker.end.v, worker.end.r], d, d + 3, rows);
        });
    }

    fn paths(
        &mut self,
        samples: Samples,
        (scheme, a0): (&Scheme, f64),
        direction: Direction,
        out: &mut [f64],
    ) {
        let (d, width) = (
            self.setup.net.shape.d,
            self.setup.net.shape.d * (scheme.steps + 1),
        );
        self.over_rows(&samples, (out, width), |net, worker, rows| {
            worker.path(net, (scheme, a0), direction, |k, x| {
                scatter(x, k * d, width, rows)
            });
        });
    }

    fn transport(
        &mut self,
        samples: Samples,
        (scheme, a0): (&Scheme, f64),
        direction: Direction,
        out: &mut [f64],
    ) {
        let d = self.setup.net.shape.d;
        self.over_rows(&samples, (out, d), |net, worker, rows| {
            worker.path(net, (scheme, a0), direction, |_, _| {});
            scatter(&worker.x, 0, d, rows);
        });
    }
}

fn add(total: &mut [f64; 3], part: [f64; 3]) {
    for (total, part) in total.iter_mut().zip(part) {
        *total += part;
    }
}
