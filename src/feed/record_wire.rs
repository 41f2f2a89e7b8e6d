//! The wire to the run directory: rows are thinned before they are sent, and a full wire holds the sender, so that memory is bounded
//! whatever the disk does.

use std::time::{Duration, Instant};

use crossbeam_channel::{SendTimeoutError, Sender, TrySendError};

use super::RunEntry;
use super::thinner::Thinner;
use crate::event::{Event, Thinning};

/// Entries that the wire holds.
pub(super) const CAPACITY: usize = 4096;
/// The longest wait without a look at the time.
const MOMENT: Duration = Duration::from_millis(100);
/// The waiting, in all, after which it is told.
const PATIENCE: Duration = Duration::from_secs(1);

/// The sender's end of the wire.
#[derive(Debug)]
pub(super) struct RecordWire {
    sender: Sender<RunEntry>,
    thinner: Thinner,
    waited: Duration,
}

impl RecordWire {
    /// A wire that leaves out no row.
    pub(super) fn new(sender: Sender<RunEntry>) -> Self {
        RecordWire {
            sender,
            thinner: Thinner::new(Thinning::none()),
            waited: Duration::ZERO,
        }
    }

    /// Leaves rows out from now on.
    pub(super) fn thin(&mut self, rule: Thinning) {
        self.thinner = Thinner::new(rule);
    }

    /// Sends an event, unless it is a row that is left out. That the wait has become long is told to `tell` too.
    pub(super) fn publish(&mut self, event: &Event, tell: &dyn Fn(Event)) {
        for event in self.thinner.take(event) {
            self.send(RunEntry::Event(event), tell);
        }
    }

    /// Sends what is no event, after the row that belongs to it.
    pub(super) fn record(&mut self, entry: RunEntry, tell: &dyn Fn(Event)) {
        if let Some(row) = self.thinner.interrupt() {
            self.send(RunEntry::Event(row), tell);
        }
        self.send(entry, tell);
    }

    /// Sends an entry, and waits while the wire is full. A closed one means that nobody writes a run directory.
    pub(super) fn send(&mut self, mut entry: RunEntry, tell: &dyn Fn(Event)) {
        let mut told = false;
        while let Err(TrySendError::Full(back)) = self.sender.try_send(entry) {
            let (start, before) = (Instant::now(), self.waited);
            let sent = self.sender.send_timeout(back, MOMENT);
            self.waited += start.elapsed();
            if before < PATIENCE && self.waited >= PATIENCE {
                // While it goes on, so that the screen says why nothing moves.
                tell(slow());
                told = true;
            }
            match sent {
                Err(SendTimeoutError::Timeout(back)) => entry = back,
                _ => break,
            }
        }
        if told {
            self.send(RunEntry::Event(slow()), tell);
        }
    }
}

/// The warning of a long wait.
fn slow() -> Event {
    let message =
        "the run directory takes rows more slowly than training makes them: training waits for it";
    Event::Warning {
        message: message.into(),
    }
}
