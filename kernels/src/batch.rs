//! rayon over tiles, with the same bits for any number of threads: tile k belongs to chunk k mod [`CHUNKS`], whoever computes
//! it; a chunk adds its tiles in order, and the chunks are added in order. So several processes may share the chunks of a batch.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::lanes::Lanes;
use crate::network::Network;
use crate::objective::Scheme;
use crate::parameters::Shape;
use crate::progress::Progress;
use crate::trajectory::{Samples, Worker};

/// Chunks of a batch: enough to keep a machine's cores busy, few enough to hold an f64 gradient each.
pub const CHUNKS: usize = 16;

/// Values that a chunk sums up besides the gradient: v(1), -log p and r(1).
pub const COSTS: usize = 3;

/// What a chunk has summed up.
#[derive(Debug)]
pub(crate) struct Sums {
    /// The tile whose turn it is.
    next: usize,
    /// The gradient, then the costs.
    pub(crate) values: Vec<f64>,
}

impl Sums {
    /// The gradient and the costs.
    pub(crate) fn parts(&mut self) -> (&mut [f64], &mut [f64]) {
        let parameters = self.values.len() - COSTS;
        self.values.split_at_mut(parameters)
    }
}

/// Every `step`-th chunk from `first` on: who share a batch so have tiles alike, as the first chunks may have one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks {
    /// Below `step`.
    pub first: usize,
    /// How many share the batch.
    pub step: usize,
}

impl Chunks {
    /// The whole batch.
    pub const ALL: Chunks = Chunks { first: 0, step: 1 };

    /// In order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = usize> + Clone {
        (self.first.min(CHUNKS)..CHUNKS).step_by(self.step)
    }

    /// Whether the sample is in one of them, where a tile has so many.
    pub fn has(self, sample: usize, lanes: usize) -> bool {
        sample / lanes % CHUNKS % self.step == self.first
    }
}

/// The samples of these chunks among n, tile by tile, where a tile has so many.
pub fn samples_of(chunks: Chunks, n: usize, lanes: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..n).step_by(lanes);
    starts
        .filter(move |&first| chunks.has(first, lanes))
        .map(move |first| first..n.min(first + lanes))
}

/// Adds the sums of a chunk to those of the chunks before it.
pub fn add(total: &mut [f64], part: &[f64]) {
    for (total, part) in total.iter_mut().zip(part) {
        *total += part;
    }
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
    chunks: Vec<Mutex<Sums>>,
    /// Chunks that nobody works on and that have tiles left, the longest waiting first.
    waiting: Mutex<VecDeque<usize>>,
    pub(crate) progress: Arc<Progress>,
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
        let progress = Arc::default();
        let workers = (0..pool.current_num_threads())
            .map(|_| Mutex::new(Worker::new(&net, Arc::clone(&progress))))
            .collect();
        let chunks = (0..CHUNKS)
            .map(|_| {
                Mutex::new(Sums {
                    next: 0,
                    values: vec![0.0; shape.parameters() + COSTS],
                })
            })
            .collect();
        Ok(Batch {
            net,
            pool,
            workers,
            chunks,
            waiting: Mutex::new(VecDeque::with_capacity(CHUNKS)),
            progress,
        })
    }

    /// Runs `body` on every tile of these chunks. A thread does the next tile of the chunk that has waited longest and hands the
    /// chunk back, so that none is idle for longer than a tile takes.
    pub(crate) fn over_chunks(
        &mut self,
        n: usize,
        chunks_here: Chunks,
        body: impl Fn(&Network<T>, &mut Worker<T>, &mut Sums, Tile) + Sync,
    ) {
        let tiles = n.div_ceil(T::WIDTH);
        for chunk in chunks_here.iter() {
            let sums = self.chunk(chunk);
            sums.next = chunk;
            sums.values.fill(0.0);
        }
        let Batch {
            net,
            pool,
            workers,
            chunks,
            waiting,
            progress,
        } = &*self;
        let with_tiles = chunks_here.iter().filter(|&chunk| chunk < tiles);
        let tiles_of = |chunk: usize| (tiles - chunk).div_ceil(CHUNKS);
        progress.start(with_tiles.clone().map(tiles_of).sum());
        lock(waiting).clear();
        lock(waiting).extend(with_tiles);
        let work = |_| {
            let mut worker = mine(workers);
            let next = || lock(waiting).pop_front().filter(|_| !progress.given_up());
            while let Some(chunk) = next() {
                let mut sums = lock(&chunks[chunk]);
                let first = sums.next * T::WIDTH;
                let count = T::WIDTH.min(n - first);
                body(net, &mut worker, &mut sums, Tile { first, count });
                progress.tile_done();
                sums.next += CHUNKS;
                if sums.next < tiles {
                    lock(waiting).push_back(chunk);
                }
            }
        };
        pool.install(|| {
            (0..workers.len())
                .into_par_iter()
                .with_max_len(1)
                .for_each(work);
        });
    }

    /// A chunk.
    pub(crate) fn chunk(&mut self, chunk: usize) -> &mut Sums {
        let sums = self.chunks[chunk].get_mut();
        sums.unwrap_or_else(PoisonError::into_inner)
    }

    /// Readies every worker for the tape of a scheme: whichever comes first to a tile, none allocates then.
    pub(crate) fn make_tapes(&mut self, scheme: &Scheme) {
        for worker in &mut self.workers {
            let worker = worker.get_mut().unwrap_or_else(PoisonError::into_inner);
            worker.make_tape(&self.net, scheme);
        }
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
        let (workers, progress) = (&self.workers, &self.progress);
        progress.start(n.div_ceil(T::WIDTH));
        self.pool.install(|| {
            out.par_chunks_mut(T::WIDTH * width)
                .enumerate()
                .with_max_len(1)
                .for_each(|(tile, rows)| {
                    if progress.given_up() {
                        return;
                    }
                    let mut worker = mine(workers);
                    worker.take(samples, tile * T::WIDTH, rows.len() / width);
                    body(&self.net, &mut worker, rows);
                    progress.tile_done();
                });
        });
    }
}

/// The worker of the thread this runs on; nobody else wants it, so the lock never waits.
fn mine<T>(workers: &[Mutex<Worker<T>>]) -> MutexGuard<'_, Worker<T>> {
    lock(&workers[rayon::current_thread_index().unwrap_or(0)])
}

/// A panic elsewhere ends the whole batch, so what it left half done is never read.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
