//! The progress of a pass over a batch, which another thread may read, and through which it may give the pass up.
//!
//! Workers look between two time steps, so that a pass ends early however long a tile takes. They count the steps, so that a pass
//! that takes long can be told from one that hangs. The results of a pass that was given up, and of every later one, are worthless.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A `Progress` counts the tiles done and the steps begun, and carries the wish to stop.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    tiles: AtomicUsize,
    /// The steps begun by others than the workers.
    steps: AtomicUsize,
    given_up: AtomicBool,
    workers: Mutex<Vec<Arc<Steps>>>,
}

/// `Steps` counts the steps that one worker began, on cache lines of its own: a time step of a toy takes some microseconds, and
/// a count that cores hand to each other would slow it down.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Steps(AtomicUsize);

/// A `Pace` is a worker's end of a [`Progress`].
#[derive(Debug)]
pub(crate) struct Pace {
    progress: Arc<Progress>,
    steps: Arc<Steps>,
}

impl Pace {
    /// Counts a step as [`Progress::step`] does. Nobody else writes this count, so that it needs no read-modify-write.
    pub(crate) fn step(&self) -> bool {
        let Steps(steps) = &*self.steps;
        steps.store(steps.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        !self.progress.given_up()
    }
}

/// How far a pass is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tiles {
    /// The number of tiles done.
    pub done: usize,
    /// The number of all its tiles.
    pub all: usize,
}

impl Progress {
    /// Gives up the current pass and every later one.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Returns whether the pass was given up, so that its results are worthless.
    pub fn given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Counts another step of the work, a time step of a tile or one of any other kind, and returns whether it is still wanted.
    pub fn step(&self) -> bool {
        self.steps.fetch_add(1, Ordering::Relaxed);
        !self.given_up()
    }

    /// Returns the number of steps begun in all passes and between them; it changes as long as work goes on.
    pub fn steps(&self) -> usize {
        let of_workers = self
            .workers()
            .iter()
            .map(|steps| steps.0.load(Ordering::Relaxed))
            .sum::<usize>();
        self.steps.load(Ordering::Relaxed) + of_workers
    }

    /// Returns the end for one more worker.
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

    /// Returns the tiles of this pass, or of the last.
    pub fn tiles(&self) -> Tiles {
        let all = self.tiles.load(Ordering::Relaxed);
        Tiles {
            done: self.done.load(Ordering::Relaxed).min(all),
            all,
        }
    }

    /// Starts a pass over `tiles` tiles.
    pub(crate) fn start(&self, tiles: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.tiles.store(tiles, Ordering::Relaxed);
    }

    pub(crate) fn tile_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}
