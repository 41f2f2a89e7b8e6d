//! The owner of the terminal, dashboard or editor: a Ctrl-C reaches this program and the user's editor alike, and is meant for the
//! editor while it has the terminal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest time by which a Ctrl-C that ended the editor is heard of late. Nothing is lost by the wait: with the terminal back, a
/// Ctrl-C is a key and no signal.
const LATE: Duration = Duration::from_secs(2);

/// The owner of the terminal, shared by the dashboard and the thread that handles signals.
#[derive(Clone, Debug, Default)]
pub struct TerminalOwner(Arc<Mutex<Owner>>);

#[derive(Debug, Default)]
enum Owner {
    #[default]
    Dashboard,
    Editor,
    /// The dashboard again, since this time.
    DashboardAgain(Instant),
}

impl TerminalOwner {
    /// Whether an interrupt that is heard of now is meant for the editor; also if the editor has just ended by it.
    pub fn interrupts_editor(&self) -> bool {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Owner::Dashboard => false,
            Owner::Editor => true,
            Owner::DashboardAgain(since) => since.elapsed() < LATE,
        }
    }

    /// Makes the editor the owner while `body` runs.
    pub fn give_to_editor<R>(&self, body: impl FnOnce() -> R) -> R {
        let set = |owner| *self.0.lock().unwrap_or_else(PoisonError::into_inner) = owner;
        set(Owner::Editor);
        let done = body();
        set(Owner::DashboardAgain(Instant::now()));
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupt_heard_of_late_is_still_the_editors() {
        let owner = TerminalOwner::default();
        assert!(!owner.interrupts_editor());
        assert!(owner.give_to_editor(|| owner.interrupts_editor()));
        assert!(owner.interrupts_editor(), "just ended");
        let long_ago = Instant::now().checked_sub(LATE);
        *owner.0.lock().unwrap() = Owner::DashboardAgain(long_ago.unwrap());
        assert!(!owner.interrupts_editor());
    }
}
