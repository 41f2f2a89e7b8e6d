//! The times of frames: soon after a key, seldom otherwise, and never so often that drawing takes more than 2% of a core.
//! Time in which a frame waits for a slow terminal or for a busy core is no cost: only the next frame comes later for it.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Longest sleep between two looks at what has come: how late events may be fetched.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_millis(100);
/// Least time between two frames.
const FRAME_INTERVAL: Duration = Duration::from_millis(100);
/// Least time between two frames soon after a key.
const FRAME_INTERVAL_AFTER_KEY: Duration = Duration::from_millis(33);
/// Time after a key in which frames come faster.
const AFTER_KEY: Duration = Duration::from_secs(1);
/// Least time between two frames, in CPU times of one: at most 2% of a core.
const COST_INTERVAL: u32 = 50;
/// Least time between two frames, in times that the last one took to reach the terminal: half of the time is left for keys.
const WRITE_INTERVAL: u32 = 2;

/// Whether a frame is due.
pub(super) struct FramePacer {
    /// Whether the screen is older than the state.
    pub(super) dirty: bool,
    /// The time of the last frame.
    drawn: Option<Instant>,
    /// The time of the last key.
    key: Option<Instant>,
    /// The CPU time of this thread when the last frame began.
    spent: Duration,
    /// The CPU time of a frame, smoothed.
    cost: Duration,
    /// The time that the last frame took to reach the terminal.
    took: Duration,
    /// The time between two frames, smoothed.
    interval: Duration,
}

impl FramePacer {
    /// Nothing is drawn so far.
    pub(super) fn new() -> Self {
        Self {
            dirty: true,
            drawn: None,
            key: None,
            spent: Duration::ZERO,
            cost: Duration::ZERO,
            took: Duration::ZERO,
            interval: LONGEST_SLEEP,
        }
    }

    /// Takes note of a key.
    pub(super) fn hear_key(&mut self) {
        self.key = Some(Instant::now());
    }

    /// Makes a frame due at once.
    pub(super) fn repaint(&mut self) {
        (self.dirty, self.drawn) = (true, None);
    }

    /// Whether a frame is to be drawn now.
    pub(super) fn is_due(&self) -> bool {
        self.dirty && self.until_next_frame().is_zero()
    }

    /// The time to sleep until something is to be done.
    pub(super) fn sleep(&self) -> Duration {
        match self.dirty {
            true => self.until_next_frame().min(LONGEST_SLEEP),
            false => LONGEST_SLEEP,
        }
    }

    /// Takes note of a frame that begins; the share of a core that frames take.
    pub(super) fn begin(&mut self) -> f64 {
        let start = Instant::now();
        self.spent = cpu_time();
        if let Some(before) = self.drawn.replace(start) {
            self.interval = (3 * self.interval + (start - before)) / 4;
        }
        self.cost.as_secs_f64() / self.interval.as_secs_f64()
    }

    /// Takes note that the frame is on the screen.
    pub(super) fn end(&mut self) {
        self.took = self.drawn.map_or(Duration::ZERO, |start| start.elapsed());
        self.cost = (3 * self.cost + cpu_time().saturating_sub(self.spent)) / 4;
        self.dirty = false;
    }

    /// Whether a key has come a moment ago.
    pub(super) fn follows_key(&self) -> bool {
        self.key.is_some_and(|key| key.elapsed() < AFTER_KEY)
    }

    /// The time until the next frame may be drawn.
    fn until_next_frame(&self) -> Duration {
        let interval = if self.follows_key() {
            FRAME_INTERVAL_AFTER_KEY
        } else {
            let cost = COST_INTERVAL * self.cost;
            FRAME_INTERVAL.max(cost).max(WRITE_INTERVAL * self.took)
        };
        self.drawn.map_or(Duration::ZERO, |drawn| {
            interval.saturating_sub(drawn.elapsed())
        })
    }
}

/// The CPU time of this thread so far.
fn cpu_time() -> Duration {
    // A clock that counts up from 0.
    clock_gettime(ClockId::ThreadCPUTime)
        .try_into()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread::sleep;

    use super::*;

    /// A frame in which `draw` is done.
    fn frame(pacer: &mut FramePacer, draw: impl FnOnce()) {
        pacer.begin();
        draw();
        pacer.end();
    }

    #[test]
    fn a_wait_for_the_terminal_is_no_cost() {
        let mut pacer = FramePacer::new();
        frame(&mut pacer, || sleep(Duration::from_millis(400)));
        assert!(pacer.until_next_frame() <= WRITE_INTERVAL * pacer.took);
    }

    #[test]
    fn work_is_paid_for_in_time_without_frames() {
        let mut pacer = FramePacer::new();
        let spend = || {
            let until = cpu_time() + Duration::from_millis(40);
            while cpu_time() < until {
                black_box(());
            }
        };
        frame(&mut pacer, spend);
        assert!(pacer.cost >= Duration::from_millis(10));
        assert!(pacer.until_next_frame() > FRAME_INTERVAL);
    }
}
