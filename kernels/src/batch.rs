//! The tiles of a batch on many threads, with the same bits for any number of them.
//!
//! ```text
//! batch of n samples = chunks of tiles      sum of a chunk: tile after tile, by one thread      sum of chunks: a binary tree
//! ```
//!
//! The tree is [`crate::tree_sum`]. It depends on n alone, so that several processes may share the chunks of a batch.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::lanes::Lanes;
use crate::network::Network;
use crate::objective::Scheme;
use crate::parameters::Shape;
use crate::progress::Progress;
use crate::samples::Samples;
use crate::tile::Tile;
use crate::trajectory::Worker;
use crate::tree_sum::TreeSum;

/// The largest number of chunks of a batch: enough for the cores of many machines, few enough that the work once a chunk costs
/// nothing.
const CHUNKS: usize = 1024;

/// The number of values that a chunk sums up besides the gradient: v(1), -log p and r(1).
pub const COSTS: usize = 3;

/// `Chunks` is the division of a batch of n samples into chunks, at most 1024, each of as few tiles as that allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks {
    n: usize,
    /// The number of samples of every chunk but the last.
    size: usize,
}

impl Chunks {
    /// Divides n samples; `grain` of them, one tile or several, always stay together.
    pub fn of(n: usize, grain: usize) -> Self {
        let grains = n.div_ceil(grain).max(1);
        Chunks {
            n,
            size: grains.div_ceil(CHUNKS) * grain,
        }
    }

    /// Returns the number of chunks, at least one.
    pub fn count(self) -> usize {
        self.n.div_ceil(self.size).max(1)
    }

    /// Returns whether a chunk ends after the first `samples` samples.
    pub fn ends_at(self, samples: usize) -> bool {
        samples == self.n || samples.is_multiple_of(self.size)
    }

    /// Returns the samples of consecutive chunks.
    pub fn samples(self, chunks: Range<usize>) -> Range<usize> {
        (chunks.start * self.size).min(self.n)..(chunks.end * self.size).min(self.n)
    }
}

/// A `Share` is the part `index` of a batch that `of` engines compute together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The index of the part, below `of`.
    pub index: usize,
    /// The number of parts of the batch.
    pub of: usize,
}

impl Share {
    /// The whole batch as one share.
    pub const ALL: Share = Share { index: 0, of: 1 };

    /// Returns the chunks of the share among `count` chunks.
    pub fn chunks(self, count: usize) -> Range<usize> {
        self.index * count / self.of..(self.index + 1) * count / self.of
    }

    /// Returns the samples of the share among n samples, where `grain` samples always stay together.
    pub fn samples(self, n: usize, grain: usize) -> Range<usize> {
        let chunks = Chunks::of(n, grain);
        chunks.samples(self.chunks(chunks.count()))
    }
}

/// Splits the sums of a chunk into the gradient and the costs.
pub(crate) fn parts(sums: &mut [f64]) -> (&mut [f64], &mut [f64]) {
    let parameters = sums.len() - COSTS;
    sums.split_at_mut(parameters)
}

/// A `Cut` says which part of a batch is computed, and how the batch is divided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    /// The number of samples of the whole batch.
    pub(crate) n: usize,
    /// The part that is computed.
    pub(crate) share: Share,
    /// The number of tiles that always stay together.
    pub(crate) tiles: usize,
}

/// `Rows` is the output of a pass, one row for each sample.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    /// The rows, one after another.
    pub(crate) out: &'a mut [f64],
    /// The number of values in a row.
    pub(crate) width: usize,
}

/// A `Batch` holds the threads, workers and sums for one lane type; [`crate::engine`] says what they compute.
#[derive(Debug)]
pub struct Batch<T: Lanes> {
    pub(crate) net: Network<T>,
    pool: ThreadPool,
    workers: Vec<Mutex<Worker<T>>>,
    /// The sums of the last share.
    pub(crate) sums: TreeSum,
    pub(crate) progress: Arc<Progress>,
}

impl<T: Lanes> Batch<T> {
    /// Returns a batch for a shape, with `threads` threads of its own.
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
            .map(|_| Mutex::new(Worker::new(&net, &progress)))
            .collect();
        Ok(Batch {
            net,
            pool,
            workers,
            sums: TreeSum::default(),
            progress,
        })
    }

    /// Runs `body` on every tile of a share; it adds to `width` sums of the tile's chunk, the costs among them.
    pub(crate) fn over_chunks(
        &mut self,
        Cut { n, share, tiles }: Cut,
        width: usize,
        body: impl Fn(&Network<T>, &mut Worker<T>, &mut [f64], Tile) + Sync,
    ) {
        let chunks = Chunks::of(n, tiles * T::WIDTH);
        let own = share.chunks(chunks.count());
        self.sums
            .start(own.clone(), chunks.count(), width, self.workers.len());
        let Batch {
            net,
            pool,
            workers,
            sums,
            progress,
        } = &*self;
        progress.start(chunks.samples(own.clone()).len().div_ceil(T::WIDTH));
        let next = AtomicUsize::new(own.start);
        // More tasks than chunks would wake threads for nothing. Tasks of all threads keep to the worker of theirs, whose memory is in
        // their cache; fewer take the first workers, since the others have no tape.
        let tasks = workers.len().min(own.len());
        let work = |task: usize| {
            let mut worker = if tasks < workers.len() {
                lock(&workers[task])
            } else {
                mine(workers)
            };
            loop {
                let chunk = next.fetch_add(1, Ordering::Relaxed);
                if chunk >= own.end {
                    return;
                }
                let samples = chunks.samples(chunk..chunk + 1);
                let mut values = sums.take();
                for first in samples.clone().step_by(T::WIDTH) {
                    if progress.given_up() {
                        return;
                    }
                    let count = T::WIDTH.min(samples.end - first);
                    body(net, &mut worker, &mut values, Tile { first, count });
                    progress.tile_done();
                }
                sums.give(chunk, values);
            }
        };
        pool.install(|| {
            (0..tasks).into_par_iter().with_max_len(1).for_each(work);
        });
        self.sums.end();
    }

    /// Runs `work` on the threads of the batch.
    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }

    /// Allocates the tape of every worker that a share gives work to, since none may allocate inside an iteration.
    pub(crate) fn make_tapes(&mut self, scheme: &Scheme, Cut { n, share, tiles }: Cut) {
        let chunks = share.chunks(Chunks::of(n, tiles * T::WIDTH).count());
        for worker in self.workers.iter_mut().take(chunks.len()) {
            let worker = worker.get_mut().unwrap_or_else(PoisonError::into_inner);
            worker.make_tape(&self.net, scheme);
        }
    }

    /// Runs `body` on every tile after its samples are taken; it writes their rows of `width` values.
    pub(crate) fn over_rows(
        &self,
        samples: &Samples,
        Rows { out, width }: Rows,
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
                    let tile = Tile {
                        first: tile * T::WIDTH,
                        count: rows.len() / width,
                    };
                    worker.take(samples, tile);
                    body(&self.net, &mut worker, rows);
                    progress.tile_done();
                });
        });
    }
}

/// Locks the worker of the calling thread. No other thread uses it, so the lock never waits.
fn mine<T>(workers: &[Mutex<Worker<T>>]) -> MutexGuard<'_, Worker<T>> {
    lock(&workers[rayon::current_thread_index().unwrap_or(0)])
}

/// Locks a mutex, also after a panic: that ends the whole batch, so that nothing half done is read.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
