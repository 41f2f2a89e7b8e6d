//! The losses of a run from its events.

use std::path::Path;

use super::losses::{Curve, Happening, Losses, Mark};
use crate::event::{self, Event};
use crate::run::read::History;

impl Losses {
    /// Those of a run directory so far; lines that are no events are left out, which the second value says.
    ///
    /// # Errors
    /// When the metrics can't be read.
    pub fn of(run: &Path) -> Result<(Self, Option<String>), String> {
        let (mut losses, mut history) = (Losses::default(), History::new(run));
        let mut events = Vec::new();
        let mut more = true;
        while more {
            let read = history.read(&mut events);
            more = read.map_err(|error| error.to_string())?;
            events.drain(..).for_each(|event| losses.take(&event));
        }
        Ok((losses, history.complaint()))
    }

    /// Takes up what an event tells.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Start(start) => self.floor = start.entropy,
            Event::Iteration {
                iteration, losses, ..
            } => {
                if let (Some(last), true) = (self.m.last(), self.loss.training.is_empty()) {
                    self.marks.push(Mark {
                        iteration: last[0] as u64,
                        happening: Happening::Flow,
                        words: "matching over".into(),
                    });
                }
                self.append(*iteration, losses, |curve| &mut curve.training);
            }
            Event::Matching { iteration, m, .. } => self.m.push([*iteration as f64, *m]),
            Event::Validation {
                iteration,
                losses,
                divergence,
                divergence_se,
                ..
            } => {
                self.append(*iteration, losses, |curve| &mut curve.validation);
                let row = |value| [*iteration as f64, value, divergence_se.unwrap_or(f64::NAN)];
                self.divergence.extend(divergence.map(row));
            }
            other => self.marks.extend(mark(other)),
        }
    }

    fn append(
        &mut self,
        iteration: u64,
        losses: &event::Losses,
        rows: impl Fn(&mut Curve) -> &mut Vec<[f64; 2]>,
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

/// To three digits.
fn rate(lr: f64) -> f64 {
    format!("{lr:.2e}").parse().unwrap_or(lr)
}

/// What happened, if it is shown.
fn mark(event: &Event) -> Option<Mark> {
    let (iteration, happening, words) = match event {
        Event::Edit {
            iteration,
            field,
            old,
            new,
            applies,
        } if applies != "restart" => {
            let words = format!("{field} {old} \u{2192} {new}");
            (*iteration, Happening::Edit, words)
        }
        Event::Rate {
            iteration,
            old,
            new,
        } => (
            *iteration,
            Happening::Rate,
            format!("lr {} \u{2192} {}", rate(*old), rate(*new)),
        ),
        Event::Rollback {
            iteration, to, lr, ..
        } => (
            *iteration,
            Happening::Rollback,
            format!("back to {to}, lr {}", rate(*lr)),
        ),
        _ => return None,
    };
    Some(Mark {
        iteration,
        happening,
        words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic;

    #[test]
    fn every_event_of_a_run_finds_its_place() {
        let events = synthetic::events();
        let mut losses = Losses::default();
        events.iter().for_each(|event| losses.take(event));
        let count = |wanted: fn(&Event) -> bool| events.iter().filter(|e| wanted(e)).count();
        let iterations = count(|event| matches!(event, Event::Iteration { .. }));
        let validations = count(|event| matches!(event, Event::Validation { .. }));
        assert_eq!(losses.floor, Some(2.75));
        for curve in [&losses.loss, &losses.l, &losses.c, &losses.r] {
            assert_eq!(curve.training.len(), iterations);
            assert_eq!(curve.validation.len(), validations);
        }
        assert_eq!(losses.l.training[0], [1.0, 123456.789]);
        assert_eq!(losses.m, [[0.0; 2]; 0]);
        for happening in [Happening::Edit, Happening::Rate, Happening::Rollback] {
            assert!(losses.marks.iter().any(|mark| mark.happening == happening));
        }
    }

    #[test]
    fn a_start_by_matching_is_a_curve_of_its_own_up_to_a_mark() {
        let mut losses = Losses::default();
        let events = synthetic::with_start();
        events.iter().for_each(|event| losses.take(event));
        assert_eq!(losses.m, [[1.0, 12.5], [2.0, 1.25]]);
        assert_eq!(losses.loss.training.len(), 1);
        assert_eq!(losses.loss.validation.len(), 2);
        let marks = losses.marks.iter();
        let marks: Vec<_> = marks.map(|mark| (mark.iteration, mark.happening)).collect();
        assert_eq!(marks, [(2, Happening::Flow)]);
    }
}
