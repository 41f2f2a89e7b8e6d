//! The wires between the trainer and those who listen. For the front end the trainer never waits:
//! events go into a bounded ring by try-push (what does not fit is counted, but for the end of the run, which is kept), pictures into a slot that keeps the latest.
//! The run directory has a wire of its own that loses nothing, whose rows are thinned and whose length is bounded: where the disk is
//! slower than training, training waits for it.
//!
//! | file | holds |
//! | --- | --- |
//! | `record_wire.rs` | the wire to the run directory |
//! | `thinner.rs` | which events go over it |
//! | `model_slot.rs` | parameters that wait for the run directory |

mod model_slot;
mod record_wire;
mod thinner;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, SendError, Sender, bounded, unbounded};

use crate::checkpoint::Checkpoint;
use crate::event::{Command, Event, Finished, Picture, Thinning};
use crate::meter::{Instruments, TimedActivity};
use crate::model::TrainedModel;
use crate::session::Session;
pub use model_slot::ModelSlot;
use record_wire::RecordWire;

/// Events the ring holds: minutes of iterations for a screen that has stalled.
const RING: usize = 16_384;

/// An entry for the run directory; none is lost.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are events, and a bounded number waits"
)]
pub enum RunEntry {
    /// An event.
    Event(Event),
    /// Parameters to write under this name (`best`, `best-C` or `last`).
    Model(&'static str, ModelSlot),
    /// A whole session that an edit has brought, and the last iteration done before it.
    Edited(u64, Arc<Session>),
    /// All that the run can be taken up from.
    Checkpoint(Arc<Checkpoint>),
    /// The same at a command, whose end is told.
    AskedCheckpoint(Arc<Checkpoint>),
}

/// The trainer's end.
#[derive(Debug)]
pub struct Publisher {
    ring: Sender<Event>,
    record: Mutex<RecordWire>,
    best: ModelSlot,
    best_c: ModelSlot,
    last: ModelSlot,
    dropped: Arc<AtomicU64>,
    afresh: Arc<Mutex<Afresh>>,
    finished: Arc<Mutex<Option<Finished>>>,
    picture: Arc<Mutex<Option<Picture>>>,
    heard: Arc<Mutex<Option<SystemTime>>>,
    instruments: Arc<OnceLock<Instruments>>,
    /// The commands from keys, the watcher and signals.
    pub commands: Receiver<Command>,
}

/// The end of the dashboard or of the headless rows.
#[derive(Debug)]
pub struct Feed {
    /// The events in order; they end when the trainer is gone.
    pub events: Receiver<Event>,
    dropped: Arc<AtomicU64>,
    afresh: Arc<Mutex<Afresh>>,
    finished: Arc<Mutex<Option<Finished>>>,
    picture: Arc<Mutex<Option<Picture>>>,
    heard: Arc<Mutex<Option<SystemTime>>>,
    /// The commands to the trainer.
    pub commands: Commands,
    /// Runs to be compared with this one.
    pub others: Vec<ComparedFeed>,
}

/// Whether the front end is to forget the events that it had.
#[derive(Debug, PartialEq)]
enum Afresh {
    No,
    Asked,
    Done,
}

/// A run that is shown beside another.
#[derive(Debug)]
pub struct ComparedFeed {
    /// The name of the run.
    pub name: String,
    /// The events of the run.
    pub feed: Feed,
}

/// The wire to the trainer.
#[derive(Clone, Debug)]
pub struct Commands {
    sender: Sender<Command>,
    instruments: Arc<OnceLock<Instruments>>,
}

/// The ends of new wires between a trainer and those who listen.
#[derive(Debug)]
pub struct Wires {
    /// The trainer's end.
    pub publisher: Publisher,
    /// The end of a front end.
    pub feed: Feed,
    /// The end of the run directory.
    pub entries: Receiver<RunEntry>,
}

/// Connects a trainer with those who listen.
pub fn connect() -> Wires {
    let (ring, events) = bounded(RING);
    let (record, entries) = bounded(record_wire::CAPACITY);
    let (ask, commands) = unbounded();
    let dropped = Arc::new(AtomicU64::new(0));
    let afresh = Arc::new(Mutex::new(Afresh::No));
    let finished = Arc::new(Mutex::new(None));
    let picture = Arc::new(Mutex::new(None));
    let heard = Arc::new(Mutex::new(None));
    let instruments = Arc::new(OnceLock::new());
    let publisher = Publisher {
        ring,
        record: Mutex::new(RecordWire::new(record)),
        best: ModelSlot::default(),
        best_c: ModelSlot::default(),
        last: ModelSlot::default(),
        dropped: Arc::clone(&dropped),
        afresh: Arc::clone(&afresh),
        finished: Arc::clone(&finished),
        picture: Arc::clone(&picture),
        heard: Arc::clone(&heard),
        instruments: Arc::clone(&instruments),
        commands,
    };
    let feed = Feed {
        events,
        dropped,
        afresh,
        finished,
        picture,
        heard,
        commands: Commands {
            sender: ask,
            instruments,
        },
        others: Vec::new(),
    };
    Wires {
        publisher,
        feed,
        entries,
    }
}

impl Publisher {
    /// Lets the world see the trainer at work. The first ones count.
    pub fn attach(&self, instruments: Instruments) {
        let _ = self.instruments.set(instruments);
    }

    /// Counts time in the meter of the trainer.
    pub fn spend(&self, task: TimedActivity, time: Duration) {
        if let Some(instruments) = self.instruments.get() {
            instruments.meter.spend(task, time);
        }
    }

    /// Leaves rows out of the record from now on.
    pub fn thin(&self, rule: Thinning) {
        lock(&self.record).thin(rule);
    }

    /// Sends an event to both listeners, to the run directory if it is none of the rows that are left out; waits while the wire to it is
    /// full.
    pub fn publish(&self, event: Event) {
        lock(&self.record).publish(&event, &|warning| self.tell(warning));
        if let Err(refused) = self.ring.try_send(event) {
            match refused.into_inner() {
                Event::Finished(end) => *lock(&self.finished) = Some(end),
                _ => _ = self.dropped.fetch_add(1, Ordering::Relaxed),
            }
        }
    }

    /// Sends an event to the front end and waits while the ring is full, as no trainer may; false when nobody listens any more.
    pub fn deliver(&self, event: Event) -> bool {
        self.ring.send(event).is_ok()
    }

    /// Tells when the process that trains this run, which is another one, was last heard of.
    pub fn hear(&self, time: SystemTime) {
        *lock(&self.heard) = Some(time);
    }

    /// Sends parameters to the run directory, in place of those under this name (`best`, `best-C` or `last`) that it has not taken yet.
    pub fn keep(&self, name: &'static str, model: TrainedModel) {
        let slot = match name {
            "best" => &self.best,
            "best-C" => &self.best_c,
            _ => &self.last,
        };
        if slot.put(model) {
            let entry = RunEntry::Model(name, slot.clone());
            lock(&self.record).send(entry, &|warning| self.tell(warning));
        }
    }

    /// Sends another entry to the run directory.
    pub fn record(&self, entry: RunEntry) {
        lock(&self.record).record(entry, &|warning| self.tell(warning));
    }

    /// Has the front end forget the run, of which all events are to come once more: true when it has, false while it has not taken all
    /// that was delivered before. To be asked again until it is true, with nothing delivered meanwhile.
    pub fn begin_afresh(&self) -> bool {
        let mut afresh = lock(&self.afresh);
        match *afresh {
            Afresh::No if self.ring.is_empty() => *afresh = Afresh::Asked,
            Afresh::No | Afresh::Asked => {}
            Afresh::Done => {
                *afresh = Afresh::No;
                return true;
            }
        }
        false
    }

    /// Sends an event to the front end alone, if there is room.
    pub fn tell(&self, event: Event) {
        let _ = self.ring.try_send(event);
    }

    /// Replaces the picture that waits to be shown.
    pub fn show(&self, picture: Picture) {
        *lock(&self.picture) = Some(picture);
    }

    /// True if the last picture was taken; a new one would go unseen otherwise.
    pub fn picture_wanted(&self) -> bool {
        lock(&self.picture).is_none()
    }
}

impl Commands {
    /// Asks for something. A stop also ends the current iteration, whose work is lost.
    ///
    /// # Errors
    /// When the trainer has ended; the command comes back.
    pub fn send(&self, command: Command) -> Result<(), SendError<Command>> {
        let stop = matches!(command, Command::Stop(_));
        self.sender.send(command)?;
        // Told before: a trainer whose iteration was given up finds out why.
        if let (true, Some(instruments)) = (stop, self.instruments.get()) {
            instruments.progress.give_up();
        }
        Ok(())
    }
}

impl Feed {
    /// The trainer at work, once it has begun.
    pub fn instruments(&self) -> Option<&Instruments> {
        self.commands.instruments.get()
    }

    /// True if the run is to be forgotten: all of its events come once more.
    pub fn begins_afresh(&self) -> bool {
        let mut afresh = lock(&self.afresh);
        let asked = *afresh == Afresh::Asked;
        if asked {
            *afresh = Afresh::Done;
        }
        asked
    }

    /// Events that did not fit into the ring.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The end of the run, where that event found the ring full; to be asked for when [`Feed::events`] has ended.
    pub fn finished(&self) -> Option<Finished> {
        lock(&self.finished).take()
    }

    /// The time when the process that trains this run was last heard of; None if it is this one.
    pub fn heard(&self) -> Option<SystemTime> {
        *lock(&self.heard)
    }

    /// Takes the latest picture, if there is a new one.
    pub fn take_picture(&self) -> Option<Picture> {
        lock(&self.picture).take()
    }
}

/// Plain data stays usable after a panic elsewhere.
fn lock<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use otflow_kernels::parameters::Shape;

    use super::*;
    use crate::event::Reason;
    use crate::session::Precision;

    #[test]
    fn a_listener_that_sleeps_never_blocks_the_trainer() {
        let Wires {
            publisher,
            feed,
            entries: records,
        } = connect();
        // Nobody writes a run directory.
        drop(records);
        for i in 0..RING as u64 + 10 {
            publisher.publish(Event::Resample { iteration: i });
        }
        assert_eq!(feed.dropped(), 10);
        assert_eq!(feed.events.len(), RING);
    }

    #[test]
    fn a_full_wire_to_the_run_directory_holds_training_and_loses_nothing() {
        let Wires {
            publisher,
            feed: _feed,
            entries: records,
        } = connect();
        let (capacity, count) = (record_wire::CAPACITY, 3 * record_wire::CAPACITY as u64);
        let taken: Vec<u64> = thread::scope(|scope| {
            scope.spawn(move || {
                for iteration in 0..count {
                    publisher.publish(Event::Resample { iteration });
                }
            });
            while !records.is_full() {
                thread::yield_now();
            }
            assert_eq!(records.len(), capacity);
            let iteration = |entry| match entry {
                RunEntry::Event(event) => event.routine(),
                _ => None,
            };
            records.iter().filter_map(iteration).collect()
        });
        assert_eq!(taken, (0..count).collect::<Vec<_>>());
    }

    #[test]
    fn of_parameters_that_nobody_takes_the_latest_waits() {
        let Wires {
            publisher,
            feed: _feed,
            entries: records,
        } = connect();
        let shape = Shape {
            d: 1,
            context: 0,
            m: 2,
            layers: 2,
            rank: 2,
        };
        let model = |value| TrainedModel {
            shape,
            precision: Precision::F64,
            theta: vec![value; shape.parameters()],
            scaling: None,
            name_source: None,
            origin: None,
        };
        for value in 0..2 * record_wire::CAPACITY {
            publisher.keep("last", model(value as f64));
            publisher.keep("best", model(0.5));
        }
        let waiting: Vec<RunEntry> = records.try_iter().collect();
        let [RunEntry::Model("last", last), RunEntry::Model("best", best)] = &waiting[..] else {
            panic!("{} entries", waiting.len());
        };
        let first = |slot: &ModelSlot| slot.take().unwrap().theta[0];
        assert_eq!(first(last), (2 * record_wire::CAPACITY - 1) as f64);
        assert_eq!((first(best), best.take()), (0.5, None));
        publisher.keep("best", model(2.0));
        assert_eq!(records.len(), 1);
    }

    #[test]
    fn a_run_begins_afresh_when_all_that_came_before_was_taken() {
        let Wires {
            publisher,
            feed,
            entries: _,
        } = connect();
        publisher.publish(Event::Resample { iteration: 1 });
        assert!(!publisher.begin_afresh() && !feed.begins_afresh());
        feed.events.recv().unwrap();
        assert!(!publisher.begin_afresh() && !publisher.begin_afresh());
        assert!(feed.begins_afresh() && !feed.begins_afresh());
        assert!(publisher.begin_afresh());
        assert!(!publisher.begin_afresh(), "another time");
    }

    #[test]
    fn the_end_of_a_run_is_told_even_when_the_ring_is_full() {
        let Wires {
            publisher,
            feed,
            entries: records,
        } = connect();
        drop(records);
        for i in 0..RING as u64 {
            publisher.publish(Event::Resample { iteration: i });
        }
        let end = Finished {
            iteration: 7,
            seconds: 1.0,
            reason: Reason::Quit,
            best: None,
            best_c: None,
            gates: Vec::new(),
        };
        publisher.publish(Event::Finished(end.clone()));
        assert_eq!(feed.dropped(), 0);
        assert_eq!(feed.finished(), Some(end));
    }

    #[test]
    fn the_slot_keeps_the_latest_picture() {
        let Wires {
            publisher,
            feed,
            entries: _records,
        } = connect();
        for iteration in 1..=3 {
            publisher.show(Picture {
                iteration,
                ..Picture::default()
            });
        }
        assert_eq!(feed.take_picture().map(|p| p.iteration), Some(3));
        assert!(publisher.picture_wanted());
    }
}
