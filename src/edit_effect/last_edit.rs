//! The last edit that can have an effect on C, with the validations around it, and when its effect is known: after the last validation
//! that counts for it, or before the next edit or at the end of the run if there are enough by then.

use std::collections::VecDeque;

use super::words::effect_in_words;
use super::{EditSurroundings, Judgement, ValidationPoint, WINDOW, can_have_effect};
use crate::event::Event;
use crate::session::Applies;

/// The last edit that can have an effect on C. Edits of one iteration are one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastEdit {
    around: Option<EditSurroundings>,
    /// The last validations since the last edit.
    recent: VecDeque<ValidationPoint>,
}

impl LastEdit {
    /// The validations around it; None before the first edit.
    pub fn around(&self) -> Option<&EditSurroundings> {
        self.around.as_ref()
    }

    /// Adds a validation.
    pub fn add_validation(&mut self, point: ValidationPoint) {
        if let Some(around) = &mut self.around {
            around.add(point);
        }
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        if point.c.is_finite() {
            self.recent.push_back(point);
        }
    }

    /// Adds an edit after this iteration, at this training time in seconds; the validations around it.
    pub fn add_edit(&mut self, iteration: u64, seconds: f64) -> &EditSurroundings {
        let same = |around: &EditSurroundings| around.iteration == iteration;
        let shared = self.around.take().filter(same);
        let recent = &mut self.recent;
        self.around
            .insert(shared.unwrap_or_else(|| EditSurroundings {
                iteration,
                seconds,
                before: recent.drain(..).collect(),
                after: Vec::new(),
            }))
    }
}

/// The effects of edits as they become known: a fold over the events of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownEffects {
    last: LastEdit,
    /// Training time, seconds.
    seconds: f64,
    /// Whether the effect of the last edit was told.
    told: bool,
}

impl KnownEffects {
    /// Takes up an event; the words on an effect that is known with it.
    pub fn apply(&mut self, event: &Event) -> Option<String> {
        match *event {
            Event::Start(_) => *self = Self::default(),
            Event::Iteration { seconds, .. } | Event::Matching { seconds, .. } => {
                self.seconds = seconds;
            }
            Event::Validation {
                iteration,
                seconds,
                figures,
                ..
            } => {
                self.seconds = seconds;
                let c = figures.losses.c;
                self.last.add_validation(ValidationPoint {
                    iteration,
                    seconds,
                    c,
                });
                let full = |around: &EditSurroundings| around.after.len() == WINDOW;
                if self.last.around().is_some_and(full) {
                    return self.tell();
                }
            }
            Event::Edit {
                iteration,
                ref field,
                applies,
                ..
            } if applies != Applies::Restart && can_have_effect(field) => {
                let another = |around: &EditSurroundings| around.iteration != iteration;
                if self.last.around().is_none_or(another) {
                    let words = self.tell();
                    self.last.add_edit(iteration, self.seconds);
                    self.told = false;
                    return words;
                }
            }
            Event::Finished(_) => return self.tell(),
            _ => {}
        }
        None
    }

    /// The words on the last edit, once; None while there are too few validations.
    fn tell(&mut self) -> Option<String> {
        let around = self.last.around().filter(|_| !self.told)?;
        let judgement = around.judge();
        let judged = matches!(judgement, Judgement::Judged(_));
        let words = effect_in_words(&judgement).join("; ");
        let words = format!("of the edit at {}: {words}", around.iteration);
        self.told = judged;
        judged.then_some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Figures, Losses};
    use crate::run::synthetic;

    /// The words that validations with these C, 100 iterations and 10 s apart, and edits of a field after some of them add, by the number
    /// of the validation that they come with or after.
    fn told(c: &[f64], edits: &[(usize, &str)]) -> Vec<(usize, String)> {
        let mut effects = KnownEffects::default();
        let mut told = Vec::new();
        for (k, c) in (1..).zip(c) {
            let validation = Event::Validation {
                iteration: 100 * k as u64,
                seconds: 10.0 * k as f64,
                figures: Figures {
                    losses: Losses {
                        c: *c,
                        ..Losses::default()
                    },
                    ..Figures::default()
                },
                best: false,
                best_c: false,
                doubt: None,
            };
            told.extend(effects.apply(&validation).map(|words| (k, words)));
            for (_, field) in edits.iter().filter(|edit| edit.0 == k) {
                let edit = Event::Edit {
                    iteration: 100 * k as u64,
                    field: (*field).into(),
                    old: "1".into(),
                    new: "2".into(),
                    applies: Applies::Live,
                };
                told.extend(effects.apply(&edit).map(|words| (k, words)));
            }
        }
        let end = synthetic::events().pop().unwrap();
        told.extend(effects.apply(&end).map(|words| (c.len() + 1, words)));
        told
    }

    #[test]
    fn the_effect_is_told_once_with_the_last_validation_that_counts() {
        let c: Vec<f64> = (1..=20).map(|k| if k <= 8 { 3.0 } else { 2.5 }).collect();
        let told = told(&c, &[(8, "optimizer.lr"), (8, "weights.transport")]);
        let words = "of the edit at 800: C 3.000 -> 2.500, -0.500 (0.000): beyond noise; \
            off the trend -0.500 (0.000): beyond noise; C per 1000 it 0.000 -> 0.000; judged after 400 it, 40.0 s";
        assert_eq!(told, [(16, words.into())]);
    }

    #[test]
    fn the_next_edit_and_the_end_close_it_if_there_are_enough() {
        let c = vec![3.0; 20];
        let of = |edits: &[(usize, &str)]| -> Vec<usize> {
            told(&c, edits).iter().map(|(k, _)| *k).collect()
        };
        assert_eq!(of(&[(5, "optimizer.lr"), (9, "optimizer.lr")]), [9, 17]);
        assert_eq!(of(&[(5, "optimizer.lr"), (8, "optimizer.lr")]), [0; 0]);
        assert_eq!(of(&[(16, "optimizer.lr")]), [21]);
        assert_eq!(of(&[(3, "optimizer.lr")]), [0; 0], "three before it");
        assert_eq!(of(&[(5, "gates"), (6, "pictures.every")]), [0; 0]);
    }
}
