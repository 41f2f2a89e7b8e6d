//! What the command line lays over a session, also over every edited version of it.

use serde::{Deserialize, Serialize};

use crate::cli::{self, Follow};
use crate::session::{Gate, Session};

/// The arguments of `otflow train` that outrank the session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overlay {
    /// Iterations.
    pub iterations: Option<u64>,
    /// Training time, seconds.
    pub seconds: Option<f64>,
    /// Gates besides the session's.
    pub require: Vec<Gate>,
    /// How the session file is followed.
    pub watch: Option<Follow>,
}

impl Overlay {
    /// That of a command line.
    pub fn new(args: &cli::Train) -> Self {
        Overlay {
            iterations: args.iterations,
            seconds: args.seconds,
            require: args.require.clone(),
            watch: args.watch,
        }
    }

    /// What is said now, else what was said before; gates add up.
    pub fn or(mut self, before: &Self) -> Self {
        let known = before.require.iter();
        let other = known.filter(|gate| !self.require.contains(gate));
        let other: Vec<Gate> = other.cloned().collect();
        self.require.splice(0..0, other);
        Overlay {
            iterations: self.iterations.or(before.iterations),
            seconds: self.seconds.or(before.seconds),
            watch: self.watch.or(before.watch),
            require: self.require,
        }
    }

    /// Lays it over a session.
    pub fn over(&self, mut session: Session) -> Session {
        session.stop.iterations = self.iterations.unwrap_or(session.stop.iterations);
        session.stop.seconds = self.seconds.or(session.stop.seconds);
        let new = self.require.iter();
        let new = new.filter(|gate| !session.gates.contains(gate));
        let new: Vec<Gate> = new.cloned().collect();
        session.gates.extend(new);
        session
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::session;

    fn gate(text: &str) -> Gate {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_said_now_outranks_what_was_said_before_and_gates_add_up() {
        let before = Overlay {
            iterations: Some(9),
            seconds: Some(1.5),
            require: vec![gate("validation_C<=3"), gate("divergence<=1")],
            watch: Some(Follow::Poll),
        };
        assert_eq!(Overlay::default().or(&before), before);
        let now = Overlay {
            iterations: Some(20),
            require: vec![gate("divergence<=1"), gate("validation_L<=2")],
            ..Overlay::default()
        };
        let both = now.or(&before);
        assert_eq!((both.iterations, both.seconds), (Some(20), Some(1.5)));
        let gates = ["validation_C<=3", "divergence<=1", "validation_L<=2"];
        assert_eq!(both.require, gates.map(gate));
        let text = "(data: Toy(name: \"moons\"), gates: [\"divergence<=1\"])";
        let session = session::parse(text, Path::new("s.ron")).unwrap();
        let once = both.over(session.clone());
        assert_eq!((once.stop.iterations, once.gates.len()), (20, 3));
        assert_eq!(both.over(once.clone()), once);
    }
}
