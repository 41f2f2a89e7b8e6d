//! The processes that train one run together: each holds all parameters and computes some chunks of a batch and some rows of a
//! validation. What the chunks and rows are, and in what order they are added, depends on the number of samples alone, so that any
//! number of ranks and threads gives the same bits.
//!
//! ```text
//! rank 0: commands -> message -> [edit, iterate, end] on every rank
//! gradient: sums of my chunks -> exchange -> those of all for my parameters, added in order -> gather -> all parameters
//! ```
//!
//! Rank 0 alone has a run directory, a front end and a session file that is followed. A single process is rank 0 of 1, and
//! nothing is exchanged.
//!
//! | file | holds |
//! | --- | --- |
//! | `sum.rs` | gradient and rows over all ranks |
//! | `start.rs` | what is compared before a run starts |
//! | `world.rs` | whether this process is one of several, and how it leaves them |
//! | `mpi.rs` | the wire between processes, with the feature `mpi` |
//! | `liveness.rs` | which rank is lost |
//! | `local.rs` | a wire between threads, for tests |

#[cfg(any(test, feature = "mpi"))]
mod liveness;
#[cfg(test)]
pub(crate) mod local;
#[cfg(feature = "mpi")]
mod mpi;
mod start;
mod sum;
mod world;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use otflow_kernels::batch::Share;
use otflow_kernels::progress::Progress;
use serde::{Deserialize, Serialize};

use crate::event::{BestBy, Reason, Shared};
use crate::session::{self, Session, to_ron};
pub(crate) use start::{Identity, Worst};
pub use world::{Entered, Limits, enter};

/// Rows of a validation that a rank takes at a time: whole tiles of either precision.
const TILE: usize = 16;

/// The reason why the other ranks can't be reached any more, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost(pub String);

/// The connection of the ranks. Every call is made by all of them, in the same order.
pub(crate) trait Wire: Send {
    /// Attaches the progress of this rank's passes, which are given up when those of rank 0 are, or when a rank is lost.
    fn attach(&mut self, progress: Arc<Progress>);

    /// Block k of `out` goes to rank k; block k of `into` comes from it. As many equal blocks as ranks in both.
    fn exchange(&mut self, out: &mut Vec<f64>, into: &mut Vec<f64>) -> Result<(), Lost>;

    /// Block k of `into` is the `out` of rank k.
    fn gather(&mut self, out: &mut Vec<f64>, into: &mut Vec<f64>) -> Result<(), Lost>;

    /// The bytes of rank 0.
    fn broadcast(&mut self, bytes: &mut Vec<u8>) -> Result<(), Lost>;

    /// An error if a rank was lost meanwhile; returns at once, and is no call of all.
    fn look(&mut self) -> Result<(), Lost>;

    /// The common work is done: from now on a rank may leave.
    fn rest(&mut self);
}

/// The next thing that all ranks do, as rank 0 says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// One iteration.
    Iterate,
    /// Take up an edited session.
    Edit(Arc<Session>),
    /// Go on from the best parameters by this measure.
    Restore(BestBy),
    /// The run is over.
    End(Reason),
}

/// [`Message`]; a session as the text that its file would have, as in a checkpoint.
#[derive(Serialize, Deserialize)]
enum Sent {
    Iterate,
    Edit(String),
    Restore(BestBy),
    End(Reason),
}

/// The place of this process among those that train the run.
pub struct Ranks {
    rank: usize,
    /// The host of each rank.
    hosts: Vec<String>,
    wire: Option<Box<dyn Wire>>,
    lost: Option<Lost>,
    progress: Arc<Progress>,
    out: Vec<f64>,
    into: Vec<f64>,
}

impl Ranks {
    /// A process on its own.
    pub fn alone() -> Self {
        Ranks {
            rank: 0,
            hosts: vec![String::new()],
            wire: None,
            lost: None,
            progress: Arc::default(),
            out: Vec::new(),
            into: Vec::new(),
        }
    }

    /// A process on its own that goes by the passes of this engine.
    pub(crate) fn alone_with(progress: Arc<Progress>) -> Self {
        Ranks {
            progress,
            ..Ranks::alone()
        }
    }

    /// One of several.
    #[cfg(any(test, feature = "mpi"))]
    pub(crate) fn new(rank: usize, hosts: Vec<String>, wire: Box<dyn Wire>) -> Self {
        Ranks {
            rank,
            hosts,
            wire: Some(wire),
            ..Ranks::alone()
        }
    }

    /// The number of this rank, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.hosts.len()
    }

    /// All of them as a run tells of them; None for a process on its own.
    pub fn shared(&self) -> Option<Box<Shared>> {
        let (ranks, mut hosts, mut seen) = (self.size(), self.hosts.clone(), HashSet::new());
        hosts.retain(|host| seen.insert(host.clone()));
        (ranks > 1).then(|| Box::new(Shared { ranks, hosts }))
    }

    /// True for the rank that has the run directory and the front end.
    pub fn leads(&self) -> bool {
        self.rank == 0
    }

    /// The share of a batch that this rank computes.
    pub fn share(&self) -> Share {
        share(self.rank, self.size())
    }

    /// The rows that this rank computes, of n validation rows.
    pub fn rows(&self, n: usize) -> impl Iterator<Item = usize> + use<> {
        rows(self.rank, self.size(), n)
    }

    /// Attaches the progress of the engine whose passes this rank goes by from now on.
    pub(crate) fn attach(&mut self, progress: Arc<Progress>) {
        self.progress = Arc::clone(&progress);
        if let Some(wire) = &mut self.wire {
            wire.attach(progress);
        }
    }

    /// The reason why the others can't be reached any more, if that is so.
    pub fn lost(&self) -> Option<&Lost> {
        self.lost.as_ref()
    }

    /// Looks after the others while this rank has nothing to do, and lets them know that it does not hang; to be called more
    /// often than once a second.
    pub(crate) fn idle(&mut self) {
        self.progress.step();
        self.on_wire(|wire, _, _| wire.look());
    }

    /// Marks this rank as one that can't do its share.
    pub(crate) fn fail(&mut self, why: String) {
        self.progress.give_up();
        self.lost = Some(Lost(why));
    }

    /// The common work is done: from now on a rank may leave.
    pub(crate) fn rest(&mut self) {
        // One that is lost has nothing to wait for: its end is to be noticed by the others.
        if let (None, Some(wire)) = (&self.lost, &mut self.wire) {
            wire.rest();
        }
    }

    /// Tells the others to do what this rank is about to do.
    pub(crate) fn tell(&mut self, message: &Message) {
        if self.size() == 1 {
            return;
        }
        let sent = match message {
            Message::Iterate => Sent::Iterate,
            Message::Edit(session) => Sent::Edit(to_ron(session)),
            Message::Restore(by) => Sent::Restore(*by),
            Message::End(reason) => Sent::End(*reason),
        };
        let bytes = postcard::to_allocvec(&sent).map_err(|error| Lost(error.to_string()));
        match bytes {
            Ok(mut bytes) => _ = self.on_wire(|wire, _, _| wire.broadcast(&mut bytes)),
            Err(Lost(why)) => self.fail(why),
        }
    }

    /// The next message of rank 0; None when it is lost.
    pub(crate) fn hear(&mut self) -> Option<Message> {
        let mut bytes = Vec::new();
        self.on_wire(|wire, _, _| wire.broadcast(&mut bytes))?;
        match read(&bytes) {
            Ok(message) => Some(message),
            Err(error) => {
                self.fail(format!("rank 0 says what can't be understood: {error}"));
                None
            }
        }
    }

    /// A call of the wire with both buffers; None when a rank is lost, or was. For several ranks only.
    fn on_wire(
        &mut self,
        call: impl FnOnce(&mut dyn Wire, &mut Vec<f64>, &mut Vec<f64>) -> Result<(), Lost>,
    ) -> Option<()> {
        let (None, Some(wire)) = (&self.lost, &mut self.wire) else {
            return None;
        };
        let done = call(&mut **wire, &mut self.out, &mut self.into);
        if let Err(Lost(why)) = done {
            self.fail(why);
            return None;
        }
        Some(())
    }
}

/// The share of a rank.
fn share(index: usize, of: usize) -> Share {
    Share { index, of }
}

/// The validation rows of a rank, among n.
fn rows(rank: usize, size: usize, n: usize) -> impl Iterator<Item = usize> {
    (0..n).filter(move |row| row / TILE % size == rank)
}

fn read(bytes: &[u8]) -> Result<Message, String> {
    let sent = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    Ok(match sent {
        Sent::Iterate => Message::Iterate,
        Sent::Restore(by) => Message::Restore(by),
        Sent::End(reason) => Message::End(reason),
        Sent::Edit(text) => {
            let session = session::parse(&text, Path::new("session"));
            Message::Edit(Arc::new(session.map_err(|rejection| rejection.message)?))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_and_every_row_has_one_rank() {
        for size in [1, 2, 3, 4, 7, 16, 20] {
            for n in [0, 1, TILE, 100, 1000] {
                let all = (0..size).flat_map(|rank| share(rank, size).samples(n, TILE));
                assert!(all.eq(0..n), "{n} of {size}");
                let mut all: Vec<usize> = (0..size).flat_map(|rank| rows(rank, size, n)).collect();
                all.sort_unstable();
                assert!(all.into_iter().eq(0..n), "{n} of {size}");
            }
        }
    }

    #[test]
    fn messages_come_as_they_were_sent() {
        let session = session::parse("(data: Toy(name: \"moons\"))", Path::new("s.ron"));
        let messages = [
            Message::Iterate,
            Message::Edit(Arc::new(session.unwrap())),
            Message::Restore(BestBy::C),
            Message::End(Reason::Signal(15)),
        ];
        for messages in [&messages[..1], &messages] {
            let heard = local::run(3, |mut ranks| match ranks.leads() {
                true => {
                    messages.iter().for_each(|message| ranks.tell(message));
                    messages.to_vec()
                }
                false => messages.iter().filter_map(|_| ranks.hear()).collect(),
            });
            assert_eq!(heard, vec![messages.to_vec(); 3]);
        }
    }
}
