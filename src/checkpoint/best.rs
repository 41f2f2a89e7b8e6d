//! The parameters that are kept for their validation: the best by the loss in force, the best by C, and the best of objectives
//! that were in force before, so that an edit loses none.

use serde::{Deserialize, Serialize};

use crate::event::{Best, BestBy};
use crate::session::{FlowSettings, Session, Weights};

/// Objectives whose best are remembered.
const REMEMBERED: usize = 4;

/// What the loss of a validation is of: two validations can be compared where it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Objective {
    weights: Weights,
    flow: FlowSettings,
    /// Time steps of a validation.
    steps: usize,
}

/// The best parameters of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bests {
    /// The best by the loss in force.
    pub(crate) in_force: Option<BestParameters>,
    /// The best by C; its figures are those under the session in force.
    pub(crate) by_c: Option<BestParameters>,
    /// The best of earlier objectives, that of the last one last.
    earlier: Vec<EarlierBest>,
}

/// The best parameters of an objective that was in force before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EarlierBest {
    objective: Objective,
    best: BestParameters,
}

/// Parameters that are kept for their validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BestParameters {
    #[serde(with = "flat")]
    pub(crate) figures: Best,
    pub(crate) theta: Vec<f64>,
}

impl Objective {
    /// The objective of a session.
    pub(crate) fn of(session: &Session) -> Self {
        Objective {
            weights: session.weights,
            flow: session.flow,
            steps: session.validation.steps,
        }
    }
}

impl BestParameters {
    /// The least loss of the two, the first where they are equal.
    pub(crate) fn less(self, other: Self) -> Self {
        let loss = |best: &Self| best.figures.figures.losses.loss;
        if loss(&other) < loss(&self) {
            other
        } else {
            self
        }
    }
}

impl Bests {
    /// Puts away the best of an objective that is no longer in force, and takes back that of the new one, if it was in force
    /// before.
    pub(crate) fn change(&mut self, old: Objective, new: &Objective) {
        if let Some(best) = self.in_force.take() {
            self.earlier.retain(|earlier| earlier.objective != old);
            self.earlier.push(EarlierBest {
                objective: old,
                best,
            });
        }
        let known = self
            .earlier
            .iter()
            .position(|earlier| earlier.objective == *new);
        // A copy stays: it is the candidate for what comes next, also where the judgement of it is given up.
        self.in_force = known.map(|known| self.earlier[known].best.clone());
        let surplus = self.earlier.len().saturating_sub(REMEMBERED);
        self.earlier.drain(..surplus);
    }

    /// The parameters that may be the best under an objective that has just come into force: the best by C, and by the objective
    /// before.
    pub(crate) fn candidates(&self) -> Vec<BestParameters> {
        let last = self.earlier.last().map(|earlier| &earlier.best);
        let mut candidates: Vec<BestParameters> = self.by_c.iter().cloned().collect();
        let known = |best: &&BestParameters| {
            let mut all = candidates.iter().chain(&self.in_force);
            !all.any(|known| known.figures.iteration == best.figures.iteration)
        };
        let last = last.filter(known).cloned();
        candidates.extend(last);
        candidates
    }

    /// The best parameters by this measure.
    pub(crate) fn by(&self, by: BestBy) -> Option<&BestParameters> {
        match by {
            BestBy::Loss => self.in_force.as_ref(),
            BestBy::C => self.by_c.as_ref(),
        }
    }

    /// All that are kept.
    pub(crate) fn all(&self) -> impl Iterator<Item = &BestParameters> {
        let earlier = self.earlier.iter().map(|earlier| &earlier.best);
        self.in_force.iter().chain(&self.by_c).chain(earlier)
    }
}

/// [`Best`] in checkpoints, whose format has no flattened fields.
mod flat {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::event::{Best, Figures, Losses};

    #[derive(Serialize, Deserialize)]
    struct Flat {
        iteration: u64,
        loss: f64,
        l: f64,
        c: f64,
        r: f64,
        c_se: Option<f64>,
        divergence: Option<f64>,
        divergence_se: Option<f64>,
    }

    pub(super) fn serialize<S: Serializer>(best: &Best, serializer: S) -> Result<S::Ok, S::Error> {
        let Losses { loss, l, c, r } = best.figures.losses;
        let flat = Flat {
            iteration: best.iteration,
            loss,
            l,
            c,
            r,
            c_se: best.figures.c_se,
            divergence: best.figures.divergence,
            divergence_se: best.figures.divergence_se,
        };
        flat.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Best, D::Error> {
        let flat = Flat::deserialize(from)?;
        Ok(Best {
            iteration: flat.iteration,
            figures: Figures {
                losses: Losses {
                    loss: flat.loss,
                    l: flat.l,
                    c: flat.c,
                    r: flat.r,
                },
                c_se: flat.c_se,
                divergence: flat.divergence,
                divergence_se: flat.divergence_se,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Figures, Losses};
    use crate::session;

    fn best(iteration: u64, loss: f64) -> BestParameters {
        let losses = Losses {
            loss,
            ..Losses::default()
        };
        BestParameters {
            figures: Best {
                iteration,
                figures: Figures {
                    losses,
                    ..Figures::default()
                },
            },
            theta: vec![loss],
        }
    }

    fn objective(likelihood: f64) -> Objective {
        let mut session = session::parse(session::EMBEDDED, "e.ron".as_ref()).unwrap();
        session.weights.likelihood = likelihood;
        Objective::of(&session)
    }

    #[test]
    fn the_best_of_an_objective_comes_back_with_it() {
        let mut bests = Bests {
            in_force: Some(best(10, 3.0)),
            ..Bests::default()
        };
        bests.change(objective(30.0), &objective(5.0));
        assert_eq!(bests.in_force, None);
        assert_eq!(bests.candidates(), [best(10, 3.0)]);
        bests.in_force = Some(best(20, 1.0));
        bests.change(objective(5.0), &objective(30.0));
        assert_eq!(bests.in_force, Some(best(10, 3.0)));
        assert_eq!(bests.candidates(), [best(20, 1.0)]);
    }

    #[test]
    fn only_the_last_objectives_are_remembered() {
        let mut bests = Bests::default();
        for k in 0..9 {
            bests.in_force = Some(best(k, 1.0));
            bests.change(objective(k as f64), &objective(k as f64 + 1.0));
        }
        assert_eq!(bests.all().count(), REMEMBERED);
        bests.change(objective(9.0), &objective(8.0));
        assert_eq!(bests.in_force, Some(best(8, 1.0)));
        bests.change(objective(8.0), &objective(0.0));
        assert_eq!(bests.in_force, None);
    }
}
