//! `summary.json`: the run in one object, a fold over its events.

use serde::{Serialize, Serializer};

use super::matched::Matched;
use crate::event::{Best, Event, Reason, SCHEMA, Shared};
use crate::session::{Applies, GateResult};
use crate::verdict::Evidence;

/// The content of `summary.json`. Numbers that are not finite are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Program version.
    pub version: String,
    /// Vector instructions compiled in.
    pub compiled: String,
    /// The processes that share the run, if there are several.
    #[serde(flatten)]
    pub shared: Option<Box<Shared>>,
    /// Worker threads of each.
    pub threads: usize,
    /// Name of the run.
    pub name: String,
    /// Space dimension.
    pub dimension: usize,
    /// Number of parameters of the potential.
    pub parameters: usize,
    /// Entropy H of the data, nats.
    pub entropy: Option<f64>,
    /// Iterations done.
    pub iterations: u64,
    /// Training time, seconds.
    pub seconds: f64,
    /// The reason why the run ended; null while it has not.
    pub reason: Option<Reason>,
    /// The best validation: iteration, loss, L, C, R, C_se, divergence, divergence_se.
    pub best: Option<Best>,
    /// The outcome of a start by matching, if the run had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matched>,
    /// Accepted edits.
    pub edits: u64,
    /// Session files refused while training.
    pub rejected: u64,
    /// Returns to the last good parameters.
    pub rollbacks: u64,
    /// How training went: the last verdict, with its figure and what to do next.
    #[serde(rename = "verdict", serialize_with = "assessment")]
    pub evidence: Evidence,
    /// Every gate, judged by the best validation.
    pub gates: Vec<GateResult>,
}

fn assessment<S: Serializer>(evidence: &Evidence, to: S) -> Result<S::Ok, S::Error> {
    evidence.assessment().serialize(to)
}

impl Summary {
    /// Takes one event into account.
    pub fn apply(&mut self, event: &Event) {
        Matched::take(&mut self.matching, event);
        self.evidence.apply(event);
        match event {
            Event::Start(start) => {
                self.schema = SCHEMA;
                self.version.clone_from(&start.version);
                self.compiled.clone_from(&start.compiled);
                self.name.clone_from(&start.name);
                self.shared.clone_from(&start.shared);
                self.threads = start.threads;
                self.dimension = start.dimension;
                self.parameters = start.parameters;
                self.entropy = start.entropy;
            }
            Event::Edit { applies, .. } => self.edits += u64::from(*applies != Applies::Restart),
            Event::Rejected(_) => self.rejected += 1,
            Event::Rollback { .. } => self.rollbacks += 1,
            Event::Finished(finished) => {
                self.iterations = finished.iteration;
                self.seconds = finished.seconds;
                self.reason = Some(finished.reason);
                self.best = finished.best;
                self.gates.clone_from(&finished.gates);
            }
            _ => {}
        }
    }
}
