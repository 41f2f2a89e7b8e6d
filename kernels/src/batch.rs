//! rayon over tiles, with the same bits for any number of threads: the tiles are dealt to a fixed number of chunks that
//! depends on n only; a chunk adds its tiles in order, and the chunks are added in order.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::lanes::Lanes;
use crate::network::Network;
use crate::objective::{Alpha, Costs, Scheme};
use crate::parameters::Shape;
use crate::trajectory::{Samples, Worker};

/// Chunks of a batch: enough to keep a machine's cores busy, few enough to hold an f64 gradient each.
pub const CHUNKS: usize = 16;

/// What a chunk has summed up.
#[derive(Debug)]
pub(crate) struct Sums {
    pub(crate) costs: [f64; 3],
    pub(crate) gradient: Vec<f64>,
}

/// The samples of one tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tile {
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// Threads, workers and sums for one lane type; [`crate::engine`] says what they do.
#[derive(Debug)]
pub struct Batch<T: Lanes> {
    pub(crate) net: Network<T>,
    pool: ThreadPool,
    workers: Vec<Mutex<Worker<T>>>,
    pub(crate) chunks: Vec<Sums>,
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
            net,
            pool,
            workers,
            chunks,
        })
    }

    /// Runs `body` on every tile of every chunk, chunks in parallel.
    pub(crate) fn over_chunks(
        &mut self,
        n: usize,
        body: impl Fn(&Network<T>, &mut Worker<T>, &mut Sums, Tile) + Sync,
    ) {
        let tiles = n.div_ceil(T::WIDTH);
        let Batch {
            net,
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
                            net,
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

    /// Readies every worker for the tape of a scheme: whichever comes first to a tile, none allocates then.
    pub(crate) fn make_tapes(&mut self, scheme: &Scheme) {
        for worker in &mut self.workers {
            let worker = worker.get_mut().unwrap_or_else(PoisonError::into_inner);
            worker.make_tape(&self.net, scheme);
        }
    }

    pub(crate) fn costs_of(&self, n: usize, alpha: &Alpha) -> Costs {
        let mut total = [0.0; 3];
        for sums in &self.chunks {
            for (total, cost) in total.iter_mut().zip(sums.costs) {
                *total += cost;
            }
        }
        Costs::from_sums(total, n, alpha)
    }

    /// Runs `body` on every tile, its samples taken; it writes their rows of `width` values.
    pub(crate) fn over_rows(
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
                    body(&self.net, &mut worker, rows);
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
