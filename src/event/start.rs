//! The start of a run: what it began with, by which build, on which processes.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use otflow_kernels::engine::compiled;
use serde::{Deserialize, Serialize};

use super::Thinning;
use crate::session::{Initial, Session};

/// The start of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The version of the machine-readable output, [`super::SCHEMA`].
    pub schema: u32,
    /// Program version.
    pub version: String,
    /// Name of the run: the session's file stem.
    pub name: String,
    /// Session file, if there is one.
    pub file: Option<PathBuf>,
    /// Run directory.
    pub run: Option<PathBuf>,
    /// The session in force.
    pub session: Arc<Session>,
    /// Space dimension.
    pub dimension: usize,
    /// Names of the d learned columns, then of the given ones.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Number of parameters of the potential.
    pub parameters: usize,
    /// The processes that share the run; None for one on its own.
    #[serde(flatten)]
    pub shared: Option<Box<Shared>>,
    /// Worker threads of each.
    pub threads: usize,
    /// Vector instructions compiled in, as `AVX2+FMA`.
    pub compiled: String,
    /// Entropy H of the data, nats, where it is known: the floor of C.
    pub entropy: Option<f64>,
    /// The state of another run that this one began with, if it was forked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<Box<Fork>>,
    /// The number of iterations, from the first of this record on, of which it has every row; of later ones it has those that
    /// [`Thinning`] keeps. None for a record that has all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinned_after: Option<u64>,
}

/// The build of a program, on which the last digits of a run depend besides its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build<'a> {
    /// The version of the program.
    version: &'a str,
    /// The vector instructions compiled in.
    compiled: &'a str,
}

impl Build<'static> {
    /// The build of this program.
    pub fn current() -> Self {
        Build {
            version: env!("CARGO_PKG_VERSION"),
            compiled: compiled(),
        }
    }
}

impl fmt::Display for Build<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "otflow {} ({})", self.version, self.compiled)
    }
}

/// Several processes that train one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// The number of processes.
    pub ranks: usize,
    /// The hosts that they run on, each once.
    pub hosts: Vec<String>,
}

impl Start {
    /// The build of the program that began the run.
    pub fn build(&self) -> Build<'_> {
        Build {
            version: &self.version,
            compiled: &self.compiled,
        }
    }

    /// The rule by which the record of the run has its rows.
    pub fn thinning(&self) -> Thinning {
        let begun = self.fork.as_ref().map_or(0, |fork| fork.iteration);
        match self.thinned_after {
            Some(all) => Thinning::new(all, begun),
            None => Thinning::none(),
        }
    }

    /// `2 threads`, or `3 ranks x 2 threads`.
    pub fn workers(&self) -> String {
        let plural = if self.threads == 1 { "" } else { "s" };
        format!("{}{} thread{plural}", self.times(), self.threads)
    }

    /// True if the run began with parameters that its session alone does not tell: a state of another run, or a model. They are kept
    /// in its directory.
    pub fn with_state(&self) -> bool {
        self.fork.is_some() || matches!(self.session.start, Initial::Model(_))
    }

    /// The text before the threads of each rank: `3 ranks x `, or nothing.
    pub fn times(&self) -> String {
        let shared = self.shared.as_ref();
        shared.map_or(String::new(), |shared| format!("{} ranks x ", shared.ranks))
    }
}

/// The state that a run began with, where that was another run's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fork {
    /// The directory of the other run.
    pub run: PathBuf,
    /// Iterations done in it; the new run counts on from there.
    pub iteration: u64,
    /// CRC-64 of the state, in hexadecimal digits.
    pub state: String,
}
