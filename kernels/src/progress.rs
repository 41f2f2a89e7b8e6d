//! How far a pass over a batch is, for whoever watches from another thread, who may also have it given up.
//!
//! Workers look between two time steps, so that a pass ends early however long a tile takes, and count them, so that a pass that
//! takes long can be told from one that hangs. What a pass that was given up returns is worthless, and so is every later one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tiles done of all, steps begun, and the wish to stop.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    tiles: AtomicUsize,
    /// Begun by others than the workers.
    steps: AtomicUsize,
    given_up: AtomicBool,
    workers: Mutex<Vec<Arc<Steps>>>,
}

/// Steps that one worker began, on cache lines of their own: a time step of a toy takes some microseconds, and a count that cores
/// hand to each other would slow it down.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Steps(AtomicUsize);

/// A worker's end of [`Progress`].
#[derive(Debug)]
pub(crate) struct Pace {
    progress: Arc<Progress>,
    steps: Arc<Steps>,
}

impl Pace {
    /// As [`Progress::step`]. Nobody else writes this count, so that it needs no read-modify-write.
    pub(crate) fn step(&self) -> bool {
        let Steps(steps) = &*self.steps;
        steps.store(steps.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        !self.progress.given_up()
    }
}

impl Progress {
    /// Has the pass in hand, and every later one, given up.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Whether results are worthless.
    pub fn given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Another step of the work begins, a time step of a tile or one of any other kind; whether it is still wanted.
    pub fn step(&self) -> bool {
        self.steps.fetch_add(1, Ordering::Relaxed);
        !self.given_up()
    }

    /// Steps begun in all passes and between them: a number that changes as long as work goes on.
    pub fn steps(&self) -> usize {
        let of_workers = self
            .workers()
            .iter()
            .map(|steps| steps.0.load(Ordering::Relaxed))
            .sum::<usize>();
        self.steps.load(Ordering::Relaxed) + of_workers
    }

    /// For one more worker.
    pub(crate) fn pace(self: &Arc<Self>) -> Pace {
        let steps = Arc::<Steps>::default();
        self.workers().push(Arc::clone(&steps));
        Pace {
            progress: Arc::clone(self),
            steps,
        }
    }

    fn workers(&self) -> MutexGuard<'_, Vec<Arc<Steps>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tiles done in this pass or the last, of how many.
    pub fn tiles(&self) -> (usize, usize) {
        let tiles = self.tiles.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(tiles), tiles)
    }

    /// A pass over so many tiles starts.
    pub(crate) fn start(&self, tiles: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.tiles.store(tiles, Ordering::Relaxed);
    }

    pub(crate) fn tile_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}
