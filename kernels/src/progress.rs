//! How far a pass over a batch is, for whoever watches from another thread, who may also have it given up.
//!
//! Workers look between two time steps, so that a pass ends early however long a tile takes. What a pass that was given up
//! returns is worthless, and so is every later one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Tiles done of all, and the wish to stop.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    tiles: AtomicUsize,
    given_up: AtomicBool,
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
