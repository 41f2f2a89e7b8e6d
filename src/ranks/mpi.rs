//! The wire between processes: MPI, on a thread of its own, so that the ranks hear of each other also while they compute.
//!
//! Every half second rank 0 sends a beat to all others, and they to it, with whether its work has moved since the last one. Who
//! is lost by that, `liveness.rs` says: rank 0 then ends the run as a signal would, with the parameters written, and aborts the
//! others; where rank 0 is lost, the others end by themselves. Collective calls are nonblocking and polled, so that no rank waits
//! for a lost one.

use std::ops::Range;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use mpi::Threading;
use mpi::environment::{Universe, processor_name};
use mpi::request::{Request, Scope, scope};
use mpi::topology::{Process, SimpleCommunicator};
use mpi::traits::*;
use otflow_kernels::progress::Progress;

use super::liveness::{Beat, CurrentPass, Liveness, LostRank};
use super::{Limits, Lost, Ranks, Wire};

/// The time between two beats.
const BEAT: Duration = Duration::from_millis(500);
/// The time between two looks at what the others say, while this rank computes.
const LOOK: Duration = Duration::from_millis(20);
/// The time for which a collective call is polled without pause.
const SPIN: Duration = Duration::from_millis(5);
/// The time between two polls after that.
const PAUSE: Duration = Duration::from_micros(100);

/// Tag of beats; the byte says whether the rank moves.
const ALIVE: i32 = 1;
/// The tag of the message of rank 0 that the current pass is given up.
const GIVEN_UP: i32 = 2;

/// Bytes of a host's name.
const NAME: usize = 64;

/// A request of the trainer to the thread.
enum MpiCall {
    Attach(Arc<Progress>),
    Exchange(Vec<f64>, Vec<f64>),
    Gather(Vec<f64>, Vec<f64>),
    Broadcast(Vec<u8>),
    Rest,
    Leave,
}

/// The answer of the thread: the buffers again.
enum MpiAnswer {
    Values(Vec<f64>, Vec<f64>),
    Bytes(Vec<u8>),
}

/// The trainer's end.
struct MpiWire {
    calls: Sender<MpiCall>,
    answers: Receiver<Result<MpiAnswer, Lost>>,
}

impl MpiWire {
    fn ask(&self, call: MpiCall) -> Result<MpiAnswer, Lost> {
        let gone = || Lost("the thread of MPI has ended: a bug".into());
        self.calls.send(call).map_err(|_| gone())?;
        self.answers.recv().map_err(|_| gone())?
    }

    fn values(
        &self,
        call: fn(Vec<f64>, Vec<f64>) -> MpiCall,
        out: &mut Vec<f64>,
        into: &mut Vec<f64>,
    ) -> Result<(), Lost> {
        let call = call(std::mem::take(out), std::mem::take(into));
        if let MpiAnswer::Values(a, b) = self.ask(call)? {
            (*out, *into) = (a, b);
        }
        Ok(())
    }
}

impl Wire for MpiWire {
    fn attach(&mut self, progress: Arc<Progress>) {
        // A thread that has ended is told of by the next call.
        let _ = self.calls.send(MpiCall::Attach(progress));
    }

    fn exchange(&mut self, out: &mut Vec<f64>, into: &mut Vec<f64>) -> Result<(), Lost> {
        self.values(MpiCall::Exchange, out, into)
    }

    fn gather(&mut self, out: &mut Vec<f64>, into: &mut Vec<f64>) -> Result<(), Lost> {
        self.values(MpiCall::Gather, out, into)
    }

    fn broadcast(&mut self, bytes: &mut Vec<u8>) -> Result<(), Lost> {
        if let MpiAnswer::Bytes(told) = self.ask(MpiCall::Broadcast(std::mem::take(bytes)))? {
            *bytes = told;
        }
        Ok(())
    }

    fn look(&mut self) -> Result<(), Lost> {
        match self.answers.try_recv() {
            Ok(Err(lost)) => Err(lost),
            _ => Ok(()),
        }
    }

    fn rest(&mut self) {
        let _ = self.calls.send(MpiCall::Rest);
    }
}

/// The thread, for whoever ends the program.
pub(super) struct MpiThread {
    calls: Sender<MpiCall>,
    thread: JoinHandle<()>,
}

impl MpiThread {
    /// Leaves MPI; does not return when ranks were lost or the common work is not done.
    pub(super) fn leave(self) {
        let _ = self.calls.send(MpiCall::Leave);
        let _ = self.thread.join();
    }
}

/// A process that has joined the others.
pub(super) struct Joined {
    pub(super) ranks: Ranks,
    pub(super) thread: MpiThread,
}

/// Starts MPI.
///
/// # Errors
/// In a sentence.
pub(super) fn enter(limits: Limits) -> Result<Joined, String> {
    let (calls, asked) = unbounded();
    let (give, answers) = unbounded();
    let (ready, started) = bounded(1);
    let body = move || {
        let Some((universe, _)) = mpi::initialize_with_threading(Threading::Funneled) else {
            return;
        };
        let world = universe.world();
        let hosts = hosts(&world);
        let rank = usize::try_from(world.rank()).unwrap_or(0);
        let _ = ready.send((rank, hosts.clone()));
        let peers = Peers {
            liveness: Liveness::new(hosts.len(), limits, Instant::now()),
            beat: Instant::now(),
            looked: Instant::now(),
            progress: None,
            steps: 0,
            told: false,
            resting: hosts.len() == 1,
            world,
            rank,
            hosts,
        };
        Service { asked, give, peers }.serve(universe);
    };
    let thread = thread::Builder::new().name("mpi".into()).spawn(body);
    let thread = thread.map_err(|error| error.to_string())?;
    let (rank, hosts) = started
        .recv()
        .map_err(|_| "MPI can't be started here".to_owned())?;
    let line = MpiWire {
        calls: calls.clone(),
        answers,
    };
    let ranks = Ranks::new(rank, hosts, Box::new(line));
    Ok(Joined {
        ranks,
        thread: MpiThread { calls, thread },
    })
}

/// The host of every rank.
fn hosts(world: &SimpleCommunicator) -> Vec<String> {
    let name = processor_name().unwrap_or_default();
    let mut own = [0; NAME];
    let length = name.len().min(NAME);
    own[..length].copy_from_slice(&name.as_bytes()[..length]);
    let mut all = vec![0; NAME * usize::try_from(world.size()).unwrap_or(1)];
    world.all_gather_into(&own, &mut all);
    let text = |name: &[u8]| {
        let text = String::from_utf8_lossy(name);
        text.trim_end_matches('\0').to_owned()
    };
    all.chunks_exact(NAME).map(text).collect()
}

/// The thread's end.
struct Service {
    asked: Receiver<MpiCall>,
    give: Sender<Result<MpiAnswer, Lost>>,
    peers: Peers,
}

impl Service {
    /// Does what is asked until the program leaves.
    fn serve(mut self, universe: Universe) {
        loop {
            let call = match self.asked.recv_timeout(LOOK) {
                Ok(call) => call,
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(lost) = self.peers.tend(None) {
                        self.give_up(lost);
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => MpiCall::Leave,
            };
            let answer = match call {
                MpiCall::Attach(progress) => {
                    self.peers.progress = Some(progress);
                    continue;
                }
                MpiCall::Rest => {
                    self.peers.resting = true;
                    continue;
                }
                MpiCall::Leave if self.peers.resting => break,
                MpiCall::Leave => self.peers.world.abort(1),
                MpiCall::Exchange(out, mut into) => {
                    scope(|scope| {
                        let world = SimpleCommunicator::world();
                        self.wait(world.immediate_all_to_all_into(scope, &out[..], &mut into[..]));
                    });
                    MpiAnswer::Values(out, into)
                }
                MpiCall::Gather(out, mut into) => {
                    scope(|scope| {
                        let world = SimpleCommunicator::world();
                        self.wait(world.immediate_all_gather_into(scope, &out[..], &mut into[..]));
                    });
                    MpiAnswer::Values(out, into)
                }
                MpiCall::Broadcast(bytes) => self.broadcast(bytes),
            };
            // A trainer that has panicked takes no answer.
            let _ = self.give.send(Ok(answer));
        }
        drop(universe);
    }

    /// The length first: most messages are short, and no rank but the first knows it.
    fn broadcast(&mut self, mut bytes: Vec<u8>) -> MpiAnswer {
        let world = SimpleCommunicator::world();
        let first = world.process_at_rank(0);
        let mut length = [bytes.len() as u64];
        scope(|scope| self.wait(first.immediate_broadcast_into(scope, &mut length[..])));
        bytes.resize(usize::try_from(length[0]).unwrap_or(0), 0);
        scope(|scope| self.wait(first.immediate_broadcast_into(scope, &mut bytes[..])));
        MpiAnswer::Bytes(bytes)
    }

    /// Waits for the end of a call; does not return when a rank is lost, as MPI keeps the buffers.
    fn wait<'a, D: ?Sized, S: Scope<'a>>(&mut self, mut request: Request<'a, D, S>) {
        let start = Instant::now();
        let mut looked = start;
        loop {
            request = match request.test() {
                Ok(_) => return,
                Err(request) => request,
            };
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                if let Err(lost) = self.peers.tend(Some(start)) {
                    self.give_up(lost);
                }
            }
            if start.elapsed() < SPIN {
                thread::yield_now();
            } else {
                thread::sleep(PAUSE);
            }
        }
    }

    /// Tells the trainer, whatever it does, and refuses whatever it asks, until the program leaves.
    fn give_up(&self, lost: Lost) -> ! {
        let _ = self.give.send(Err(lost.clone()));
        if let Some(progress) = &self.peers.progress {
            progress.give_up();
        }
        loop {
            match self.asked.recv() {
                Ok(MpiCall::Leave) | Err(_) => self.peers.world.abort(1),
                Ok(MpiCall::Attach(_) | MpiCall::Rest) => {}
                Ok(_) => _ = self.give.send(Err(lost.clone())),
            }
        }
    }
}

/// The knowledge of the others.
struct Peers {
    world: SimpleCommunicator,
    rank: usize,
    hosts: Vec<String>,
    liveness: Liveness,
    /// The times when this rank last sent a beat, and when it last looked.
    beat: Instant,
    looked: Instant,
    progress: Option<Arc<Progress>>,
    /// The number of steps that this rank had begun at its last beat.
    steps: usize,
    /// True when the others know that the current pass is given up.
    told: bool,
    /// The common work is done; nobody is missed.
    resting: bool,
}

impl Peers {
    /// The ranks whose silence counts, and who get the beats of this rank.
    fn watched(&self) -> Range<usize> {
        match self.rank {
            0 => 1..self.hosts.len(),
            _ => 0..1,
        }
    }

    fn process(&self, rank: usize) -> Process<'_> {
        // Ranks come from MPI, as i32.
        self.world.process_at_rank(rank as i32)
    }

    /// Hears the others, tells them what they must know, and finds out who is lost. `since` is when this rank began to wait for
    /// them in a collective call, if it does.
    fn tend(&mut self, since: Option<Instant>) -> Result<(), Lost> {
        let now = Instant::now();
        if now - self.looked > BEAT {
            self.liveness.forget(now);
        }
        self.looked = now;
        self.hear(now);
        let pass = match &self.progress {
            Some(progress) if progress.given_up() => CurrentPass::GivenUp,
            _ => CurrentPass::Wanted,
        };
        if now - self.beat >= BEAT {
            self.beat = now;
            let beat = match self.moves() || since.is_some() {
                true => Beat::Moves,
                false => Beat::Still,
            };
            self.send(ALIVE, beat as u8);
        }
        if pass == CurrentPass::GivenUp && self.rank == 0 && !self.told {
            self.told = true;
            self.send(GIVEN_UP, 1);
        }
        if self.resting {
            return Ok(());
        }
        match self.liveness.lost(self.watched(), since, pass, now) {
            None => Ok(()),
            Some(LostRank { rank, why }) => Err(Lost(format!(
                "rank {rank} ({}) is lost: {why}",
                self.hosts[rank]
            ))),
        }
    }

    /// True if this rank has begun another step since the last beat; before it trains, as it opens its table, nobody asks.
    fn moves(&mut self) -> bool {
        let Some(progress) = &self.progress else {
            return true;
        };
        let before = std::mem::replace(&mut self.steps, progress.steps());
        before != self.steps
    }

    fn hear(&mut self, now: Instant) {
        while let Some(status) = self.world.any_process().immediate_probe_with_tag(ALIVE) {
            let from = self.world.process_at_rank(status.source_rank());
            let (byte, _) = from.receive_with_tag::<u8>(ALIVE);
            let beat = match byte {
                0 => Beat::Still,
                _ => Beat::Moves,
            };
            if let Ok(rank) = usize::try_from(status.source_rank()) {
                self.liveness.hear(rank, beat, now);
            }
        }
        let first = self.process(0);
        if self.rank != 0 && first.immediate_probe_with_tag(GIVEN_UP).is_some() {
            let _: (u8, _) = first.receive_with_tag(GIVEN_UP);
            self.progress.iter().for_each(|progress| progress.give_up());
        }
    }

    /// A byte, which leaves at once however the others are.
    fn send(&self, tag: i32, byte: u8) {
        let to = self.watched();
        to.for_each(|rank| self.process(rank).send_with_tag(&byte, tag));
    }
}
