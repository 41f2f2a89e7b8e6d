//! Which rank is lost, by when it was last heard of and when it last moved.
//!
//! ```text
//! silent: nothing was heard of it for the time of patience                            killed, stopped, cut off
//! still:  it beats, but for the time of standstill it has begun no further step and   hung in a computation or a read
//!         has waited for nobody, while this rank waits for it in a common call
//! ```
//!
//! A step is a time step of a tile or a few rows read ([`Progress::step`]), so that an iteration may take as long as it
//! likes. Where all ranks stand still, as by a file system that is away, none waits and none is lost.
//!
//! [`Progress::step`]: otflow_kernels::progress::Progress::step

use std::ops::Range;
use std::time::{Duration, Instant};

use super::Limits;

/// Silence after which a rank is lost when the run is about to end: launchers that end it wait no longer.
const HASTE: Duration = Duration::from_millis(1500);

/// The news that a rank sends of itself twice a second.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// The rank has not begun a step since its last beat.
    Still,
    /// The rank has begun a step, or waits for others.
    Moves,
}

/// The fate of the current pass.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CurrentPass {
    /// The pass is to be finished.
    Wanted,
    /// The pass is given up, which any rank notices within a step.
    GivenUp,
}

/// A rank that is lost.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LostRank {
    pub(super) rank: usize,
    /// The reason, to stand in a sentence.
    pub(super) why: String,
}

/// The last news of each rank.
pub(super) struct Liveness {
    limits: Limits,
    heard: Vec<Instant>,
    /// The time when each last said that it moves.
    moved: Vec<Instant>,
}

impl Liveness {
    /// The state in which all ranks are well.
    pub(super) fn new(ranks: usize, limits: Limits, now: Instant) -> Self {
        Liveness {
            limits: Limits {
                patience: limits.patience.max(HASTE),
                standstill: limits.standstill.max(HASTE),
            },
            heard: vec![now; ranks],
            moved: vec![now; ranks],
        }
    }

    /// A rank has said whether it moves.
    pub(super) fn hear(&mut self, rank: usize, beat: Beat, now: Instant) {
        self.heard[rank] = now;
        if beat == Beat::Moves {
            self.moved[rank] = now;
        }
    }

    /// A rank that was stopped itself knows nothing of the others.
    pub(super) fn forget(&mut self, now: Instant) {
        self.heard.fill(now);
        self.moved.fill(now);
    }

    /// The first of these ranks that is lost. `since` is when this rank began to wait for the others, if it does.
    pub(super) fn lost(
        &self,
        ranks: Range<usize>,
        since: Option<Instant>,
        pass: CurrentPass,
        now: Instant,
    ) -> Option<LostRank> {
        let (patience, standstill) = match pass {
            CurrentPass::GivenUp => (HASTE, self.limits.standstill.min(self.limits.patience)),
            CurrentPass::Wanted => (self.limits.patience, self.limits.standstill),
        };
        ranks.into_iter().find_map(|rank| {
            if now - self.heard[rank] > patience {
                let seconds = patience.as_secs_f64();
                return Some(LostRank {
                    rank,
                    why: format!("nothing heard of it for {seconds:.1} s"),
                });
            }
            // Up to its last beat: silence says nothing of its work.
            let still = self.heard[rank].saturating_duration_since(self.moved[rank].max(since?));
            let seconds = standstill.as_secs_f64();
            let why = || format!("it has not moved for {seconds:.1} s, and others wait for it");
            (still > standstill).then(|| LostRank { rank, why: why() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: CurrentPass = CurrentPass::Wanted;
    const GIVEN_UP: CurrentPass = CurrentPass::GivenUp;
    const LIMITS: Limits = Limits {
        patience: Duration::from_secs(5),
        standstill: Duration::from_secs(60),
    };

    /// Rank 0 of three, after `seconds` in which rank 1 beats with steps up to `moves` seconds and rank 2 always, and
    /// rank 0 has waited from `waits` on.
    fn after(seconds: u64, moves: u64, waits: Option<u64>, pass: CurrentPass) -> Option<LostRank> {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut watch = Liveness::new(3, LIMITS, start);
        for second in 1..=seconds {
            let beat = match second <= moves {
                true => Beat::Moves,
                false => Beat::Still,
            };
            watch.hear(1, beat, at(second));
            watch.hear(2, Beat::Moves, at(second));
        }
        watch.lost(1..3, waits.map(at), pass, at(seconds))
    }

    #[test]
    fn a_rank_that_beats_but_stands_still_is_lost_to_those_who_wait_for_it() {
        let lost = |seconds: &str| {
            let why = format!("it has not moved for {seconds} s, and others wait for it");
            Some(LostRank { rank: 1, why })
        };
        assert_eq!(after(70, 10, Some(0), WANTED), None);
        assert_eq!(after(71, 10, Some(0), WANTED), lost("60.0"));
        // At the end of a run nobody waits as long.
        assert_eq!(after(15, 10, Some(0), GIVEN_UP), None);
        assert_eq!(after(16, 10, Some(0), GIVEN_UP), lost("5.0"));
    }

    #[test]
    fn a_rank_that_moves_or_that_nobody_waits_for_is_not() {
        assert_eq!(after(100_000, 100_000, Some(0), WANTED), None);
        assert_eq!(after(100_000, 10, None, WANTED), None);
        // This rank stood still as long, and has only just come to wait.
        assert_eq!(after(160, 10, Some(100), WANTED), None);
        assert!(after(161, 10, Some(100), WANTED).is_some());
    }

    #[test]
    fn a_late_beat_is_no_standstill() {
        let start = Instant::now();
        let limits = Limits {
            standstill: Duration::from_secs(1),
            ..LIMITS
        };
        let mut watch = Liveness::new(2, limits, start);
        let at = |second| start + Duration::from_secs(second);
        assert_eq!(watch.lost(1..2, Some(start), WANTED, at(4)), None);
        watch.hear(1, Beat::Moves, at(4));
        assert_eq!(watch.lost(1..2, Some(start), WANTED, at(8)), None);
        watch.hear(1, Beat::Still, at(8));
        assert!(watch.lost(1..2, Some(start), WANTED, at(8)).is_some());
    }

    #[test]
    fn a_silent_rank_is_lost_whether_waited_for_or_not() {
        let start = Instant::now();
        let mut watch = Liveness::new(3, LIMITS, start);
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        watch.hear(1, Beat::Still, at(10));
        let found = |watch: &Liveness, pass, tenths| {
            let lost = watch.lost(1..3, None, pass, at(tenths));
            lost.map(|LostRank { rank, why }| format!("{rank}: {why}"))
        };
        assert_eq!(found(&watch, WANTED, 50), None);
        assert_eq!(
            found(&watch, WANTED, 51).as_deref(),
            Some("2: nothing heard of it for 5.0 s")
        );
        assert_eq!(
            found(&watch, GIVEN_UP, 20).as_deref(),
            Some("2: nothing heard of it for 1.5 s")
        );
        watch.forget(at(60));
        assert_eq!(found(&watch, WANTED, 110), None);
        assert!(found(&watch, WANTED, 111).is_some());
    }
}
