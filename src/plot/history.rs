//! Reading the losses of a run from its events.

use std::path::Path;

use super::losses::{DivergencePoint, EventMark, LossCurve, LossCurves, MarkKind};
use crate::event::{self, Event, Figures};
use crate::run::read::History;
use crate::session::Applies;

/// The losses of a run as read from its directory.
pub struct ReadLosses {
    /// Curves of the losses.
    pub losses: LossCurves,
    /// Sentence on lines that are no events and were left out; None where there are none.
    pub complaint: Option<String>,
}

impl LossCurves {
    /// Reads the losses of a run directory so far. Lines that are no events are left out; so are rows, where there are very many.
    ///
    /// # Errors
    /// When the metrics can't be read.
    pub fn read(run: &Path) -> Result<ReadLosses, String> {
        let (mut losses, mut history) = (LossCurves::default(), History::overview(run));
        let mut events = Vec::new();
        let mut more = true;
        while more {
            let read = history.read(&mut events);
            more = read.map_err(|error| error.to_string())?;
            events.drain(..).for_each(|event| losses.add(&event));
        }
        Ok(ReadLosses {
            losses,
            complaint: history.complaint(),
        })
    }

    /// Adds an event.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::Start(start) => self.entropy = start.entropy,
            Event::Iteration {
                iteration, losses, ..
            } => {
                if let (Some(last), true) = (self.m.last(), self.loss.training.is_empty()) {
                    self.marks.push(EventMark {
                        iteration: last[0] as u64,
                        kind: MarkKind::Flow,
                        label: "matching over".into(),
                    });
                }
                self.append(*iteration, losses, |curve| &mut curve.training);
            }
            Event::Matching { iteration, m, .. } => self.m.push([*iteration as f64, *m]),
            Event::Validation {
                iteration,
                figures:
                    Figures {
                        losses,
                        divergence,
                        divergence_se,
                        ..
                    },
                ..
            } => {
                self.append(*iteration, losses, |curve| &mut curve.validation);
                let point = |value| DivergencePoint {
                    iteration: *iteration as f64,
                    value,
                    error: divergence_se.unwrap_or(f64::NAN),
                };
                self.divergence.extend(divergence.map(point));
            }
            other => self.marks.extend(mark(other)),
        }
    }

    /// Adds the losses of an iteration to one of the lists of every curve.
    fn append(
        &mut self,
        iteration: u64,
        losses: &event::Losses,
        rows: impl Fn(&mut LossCurve) -> &mut Vec<[f64; 2]>,
    ) {
        let event::Losses { loss, l, c, r } = *losses;
        let curves = [
            (&mut self.loss, loss),
            (&mut self.l, l),
            (&mut self.c, c),
            (&mut self.r, r),
        ];
        for (curve, value) in curves {
            rows(curve).push([iteration as f64, value]);
        }
    }
}

/// Rounds a learning rate to three digits.
fn rounded_rate(lr: f64) -> f64 {
    format!("{lr:.2e}").parse().unwrap_or(lr)
}

/// The mark of an event; None for events that are not marked.
fn mark(event: &Event) -> Option<EventMark> {
    let (iteration, kind, label) = match event {
        Event::Edit {
            iteration,
            field,
            old,
            new,
            applies,
        } if *applies != Applies::Restart => {
            let words = format!("{field} {old} \u{2192} {new}");
            (*iteration, MarkKind::Edit, words)
        }
        Event::Rate {
            iteration,
            old,
            new,
        } => (
            *iteration,
            MarkKind::Rate,
            format!("lr {} \u{2192} {}", rounded_rate(*old), rounded_rate(*new)),
        ),
        Event::Rollback {
            iteration, to, lr, ..
        } => (
            *iteration,
            MarkKind::Rollback,
            format!("back to {to}, lr {}", rounded_rate(*lr)),
        ),
        Event::Restored { iteration, to, .. } => {
            (*iteration, MarkKind::Rollback, format!("back to {to}"))
        }
        _ => return None,
    };
    Some(EventMark {
        iteration,
        kind,
        label,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic;

    #[test]
    fn every_event_of_a_run_finds_its_place() {
        let events = synthetic::events();
        let mut losses = LossCurves::default();
        events.iter().for_each(|event| losses.add(event));
        let count = |wanted: fn(&Event) -> bool| events.iter().filter(|e| wanted(e)).count();
        let iterations = count(|event| matches!(event, Event::Iteration { .. }));
        let validations = count(|event| matches!(event, Event::Validation { .. }));
        assert_eq!(losses.entropy, Some(2.75));
        for curve in [&losses.loss, &losses.l, &losses.c, &losses.r] {
            assert_eq!(curve.training.len(), iterations);
            assert_eq!(curve.validation.len(), validations);
        }
        assert_eq!(losses.l.training[0], [1.0, 123456.789]);
        assert_eq!(losses.m, [[0.0; 2]; 0]);
        for kind in [MarkKind::Edit, MarkKind::Rate, MarkKind::Rollback] {
            assert!(losses.marks.iter().any(|mark| mark.kind == kind));
        }
    }

    #[test]
    fn a_start_by_matching_is_a_curve_of_its_own_up_to_a_mark() {
        let mut losses = LossCurves::default();
        let events = synthetic::with_start();
        events.iter().for_each(|event| losses.add(event));
        assert_eq!(losses.m, [[1.0, 12.5], [2.0, 1.25]]);
        assert_eq!(losses.loss.training.len(), 1);
        assert_eq!(losses.loss.validation.len(), 2);
        let marks = losses.marks.iter();
        let marks: Vec<_> = marks.map(|mark| (mark.iteration, mark.kind)).collect();
        assert_eq!(marks, [(2, MarkKind::Flow)]);
    }
}
