//! Ranks as threads of one process.

use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;

use otflow_kernels::progress::Progress;

use super::{Lost, Ranks, Wire};

/// The values that a rank has put up for the others.
#[derive(Default)]
struct Slot {
    values: Vec<f64>,
    bytes: Vec<u8>,
}

struct Local {
    rank: usize,
    slots: Arc<Vec<Mutex<Slot>>>,
    barrier: Arc<Barrier>,
}

impl Local {
    /// Puts something up, waits for the others, and looks at what they have.
    fn meet(&self, put: impl FnOnce(&mut Slot), mut take: impl FnMut(usize, &Slot)) {
        let slot = |k: usize| self.slots[k].lock().unwrap_or_else(PoisonError::into_inner);
        put(&mut slot(self.rank));
        self.barrier.wait();
        (0..self.slots.len()).for_each(|k| take(k, &slot(k)));
        self.barrier.wait();
    }
}

impl Wire for Local {
    fn attach(&mut self, _: Arc<Progress>) {}

    fn exchange(&mut self, out: &mut Vec<f64>, into: &mut Vec<f64>) -> Result<(), Lost> {
        let block = out.len() / self.slots.len();
        let mine = self.rank * block..(self.rank + 1) * block;
        self.meet(
            |slot| slot.values.clone_from(out),
            |k, slot| into[k * block..][..block].copy_from_slice(&slot.values[mine.clone()]),
        );
        Ok(())
    }

    fn gather(&mut self, out: &mut Vec<f64>, into: &mut Vec<f64>) -> Result<(), Lost> {
        let block = out.len();
        self.meet(
            |slot| slot.values.clone_from(out),
            |k, slot| into[k * block..][..block].copy_from_slice(&slot.values),
        );
        Ok(())
    }

    fn broadcast(&mut self, bytes: &mut Vec<u8>) -> Result<(), Lost> {
        let mut first = Vec::new();
        self.meet(
            |slot| slot.bytes.clone_from(bytes),
            |k, slot| {
                if k == 0 {
                    first.clone_from(&slot.bytes);
                }
            },
        );
        *bytes = first;
        Ok(())
    }

    fn look(&mut self) -> Result<(), Lost> {
        Ok(())
    }

    fn rest(&mut self) {}
}

/// Runs `body` as each of `size` ranks, and collects what they give.
pub(crate) fn run<R: Send>(size: usize, body: impl Fn(Ranks) -> R + Sync) -> Vec<R> {
    let slots: Arc<Vec<Mutex<Slot>>> = Arc::new((0..size).map(|_| Mutex::default()).collect());
    let barrier = Arc::new(Barrier::new(size));
    thread::scope(|scope| {
        let ranks: Vec<_> = (0..size)
            .map(|rank| {
                let (slots, barrier) = (Arc::clone(&slots), Arc::clone(&barrier));
                let wire = Box::new(Local {
                    rank,
                    slots,
                    barrier,
                });
                let body = &body;
                scope.spawn(move || body(Ranks::new(rank, vec!["here".into(); size], wire)))
            })
            .collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}
