//! The fold over the trainer's events. `now` is given, in seconds: there is no clock in here.

use super::super::edits::Edit;
use super::super::format::rate;
use super::super::journal::{Kind, Mark};
use super::super::phase;
use super::super::steer;
use super::super::update::Popup;
use super::{State, Step, Validated};
use crate::event::{Best, Event, Finished, Picture, Start};
use crate::session::{Applies, Rejection, fields, update_fields};

/// Ticks of one kind kept for the charts, so that the many new batches never push an edit out.
const MARKS: usize = 256;

impl State {
    /// Takes up one event.
    pub fn apply(&mut self, event: Event, now: f64) {
        self.now = now;
        self.scrolled(|state| state.take(event, now));
    }

    /// Adds a line of the dashboard's own to the log.
    pub fn tell(&mut self, kind: Kind, text: String) {
        self.scrolled(|state| state.journal.push(state.iteration, kind, text));
    }

    /// Lines that were scrolled to stay where they are.
    fn scrolled(&mut self, change: impl FnOnce(&mut Self)) {
        let lines = self.journal.lines().len();
        change(self);
        if self.view.log_scroll > 0 {
            self.view.log_scroll += self.journal.lines().len().saturating_sub(lines);
        }
    }

    fn take(&mut self, event: Event, now: f64) {
        match event {
            Event::Start(start) => self.begin(start),
            Event::Iteration {
                iteration,
                seconds,
                lr,
                gradient,
                update,
                losses,
            } => {
                self.turn_to_loss();
                self.iteration = iteration;
                // A run that had ended may go on.
                self.finished = None;
                self.losses = Some(losses);
                self.step = Some(Step {
                    lr,
                    gradient,
                    update,
                });
                self.training.push(iteration, &losses);
                self.pace.reach(iteration, seconds, now);
            }
            Event::Matching {
                iteration,
                seconds,
                lr,
                gradient,
                update,
                m,
            } => {
                self.matched(iteration, m);
                self.iteration = iteration;
                self.finished = None;
                self.step = Some(Step {
                    lr,
                    gradient,
                    update,
                });
                self.pace.reach(iteration, seconds, now);
            }
            Event::Validation { .. } => self.validate(&event, now),
            Event::Edit {
                iteration,
                field,
                old,
                new,
                applies,
            } => {
                self.edited(
                    Edit {
                        field,
                        old,
                        new,
                        iteration,
                    },
                    &applies,
                );
            }
            Event::Rejected {
                file,
                line,
                column,
                message,
            } => self.reject(Rejection {
                file,
                line,
                column,
                message,
            }),
            Event::Accepted { .. } => steer::unchanged(self),
            Event::Rate {
                iteration,
                old,
                new,
            } => {
                self.journal.push(
                    iteration,
                    Kind::Rate,
                    format!("learning rate {} -> {}", rate(old), rate(new)),
                );
                self.mark(iteration, Kind::Rate);
            }
            Event::Rollback {
                iteration,
                quantity,
                to,
                lr,
                left,
            } => {
                let text = format!(
                    "{quantity} not finite: back to {to}, lr {}, {left} rollbacks left",
                    rate(lr)
                );
                self.journal.push(iteration, Kind::Rollback, text);
                self.mark(iteration, Kind::Rollback);
            }
            Event::Checkpoint { iteration, path } => {
                self.mark(iteration, Kind::Checkpoint);
                self.journal.push(
                    iteration,
                    Kind::Checkpoint,
                    format!("wrote {}", path.display()),
                );
            }
            Event::Paused { iteration, paused } => {
                self.pace.hold(now, !self.paused);
                (self.paused, self.view.pause_wanted) = (paused, paused);
                let text = if paused { "paused" } else { "goes on" };
                self.journal.push(iteration, Kind::Note, text.into());
            }
            Event::Warning { message } => self.journal.push(self.iteration, Kind::Warning, message),
            Event::Finished(finished) => self.finish(finished),
            // Every few iterations: lines would bury the rest.
            Event::Resample { iteration } => self.mark(iteration, Kind::Resample),
        }
    }

    fn validate(&mut self, event: &Event, now: f64) {
        let &Event::Validation {
            iteration,
            seconds,
            losses,
            divergence,
            divergence_se,
            best,
        } = event
        else {
            return;
        };
        self.validation.push(iteration, &losses);
        self.pace.reach(iteration, seconds, now);
        let paired = divergence.zip(divergence_se);
        self.validated = Some(Validated {
            losses,
            divergence: paired,
        });
        if best {
            self.best = Some(Best {
                iteration,
                losses,
                divergence,
                divergence_se,
            });
            self.journal.best(iteration, &losses, paired);
        }
    }

    fn reject(&mut self, rejection: Rejection) {
        let place = (rejection.line, rejection.column);
        self.journal
            .rejected(self.iteration, &rejection.file, place, &rejection.message);
        self.edits.refuse(self.iteration, self.now, &rejection);
        self.rejection = Some(rejection);
    }

    /// Takes up a new picture.
    pub fn show(&mut self, picture: Picture) {
        let columns = picture.dimension.max(1);
        if self.bounds.len() < columns {
            self.bounds.resize(columns, None);
        }
        for point in picture.data.chunks_exact(columns) {
            for (bounds, &x) in self
                .bounds
                .iter_mut()
                .zip(point)
                .filter(|(_, x)| x.is_finite())
            {
                let [low, high] = bounds.unwrap_or([x, x]);
                *bounds = Some([low.min(x), high.max(x)]);
            }
        }
        self.picture = Some(picture);
    }

    fn begin(&mut self, start: Start) {
        self.fields = fields(&start.session);
        let text = format!(
            "{}: d {}, {} parameters",
            start.name, start.dimension, start.parameters
        );
        self.journal.push(0, Kind::Note, text);
        self.start = Some(start);
    }

    fn edited(&mut self, edit: Edit, applies: &str) {
        let (class, when) = match applies {
            "restart" => (Applies::Restart, " (needs a new run; old value kept)"),
            "resample" => (Applies::Resample, " (from the next batch)"),
            _ => (Applies::Live, ""),
        };
        if class != Applies::Restart {
            update_fields(&mut self.fields, &edit.field, &edit.new);
        }
        self.journal.push(
            edit.iteration,
            Kind::Edit,
            format!("{} {} -> {}{when}", edit.field, edit.old, edit.new),
        );
        self.mark(edit.iteration, Kind::Edit);
        self.edits.accept(&edit, class, self.now);
        steer::arrived(self);
        self.edit = Some(edit);
        self.rejection = None;
    }

    fn finish(&mut self, finished: Finished) {
        self.iteration = finished.iteration;
        self.pace
            .reach(finished.iteration, finished.seconds, self.now);
        self.best = finished.best.or(self.best);
        self.journal.push(
            finished.iteration,
            Kind::Note,
            format!("ended: {}", phase::reason(finished.reason)),
        );
        // The question before stopping is answered.
        self.view.popup = self.view.popup.filter(|&popup| popup == Popup::Help);
        self.finished = Some(finished);
    }

    pub(in super::super) fn mark(&mut self, iteration: u64, kind: Kind) {
        let same = |mark: &Mark| mark.kind == kind;
        if self.marks.iter().filter(|mark| same(mark)).count() == MARKS
            && let Some(oldest) = self.marks.iter().position(same)
        {
            self.marks.remove(oldest);
        }
        self.marks.push_back(Mark { iteration, kind });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    fn edit(field: &str, new: &str, applies: &str) -> Event {
        let (field, old, new, applies) = (field.into(), "1.0".into(), new.into(), applies.into());
        Event::Edit {
            iteration: 7,
            field,
            old,
            new,
            applies,
        }
    }

    fn rejected() -> Event {
        Event::Rejected {
            file: "a.ron".into(),
            line: 2,
            column: 3,
            message: "no".into(),
        }
    }

    #[test]
    fn an_edit_changes_the_setting_unless_it_needs_a_new_run() {
        let mut state = sample::started();
        state.apply(edit("weights.likelihood", "30.0", "live"), 1.0);
        assert_eq!(state.setting("weights.likelihood"), Some(30.0));
        state.apply(edit("model.width", "64", "restart"), 2.0);
        assert_eq!(state.setting("model.width"), Some(32.0));
        assert_eq!(
            state.edit.as_ref().map(|edit| edit.field.as_str()),
            Some("model.width")
        );
        assert_eq!(state.marks.len(), 2);
    }

    #[test]
    fn the_settings_of_another_optimiser_come_and_go_with_it() {
        let mut state = sample::started();
        let count = state.fields.len();
        state.apply(edit("optimizer.momentum", "0.95", "live"), 1.0);
        assert_eq!(state.setting("optimizer.momentum"), Some(0.95));
        let at = |name: &str| state.fields.iter().position(|f| f.name == name).unwrap();
        assert_eq!(at("optimizer.momentum"), at("optimizer.schedule") + 1);
        state.apply(edit("optimizer.momentum", "absent", "live"), 2.0);
        assert_eq!(state.fields.len(), count);
    }

    #[test]
    fn a_rejection_stays_until_the_next_accepted_edit() {
        let mut state = sample::started();
        state.apply(rejected(), 1.0);
        state.apply(sample::iteration(8, 1.0), 1.5);
        assert_eq!(
            state.rejection.as_ref().map(|r| (r.line, r.column)),
            Some((2, 3))
        );
        state.apply(edit("optimizer.lr", "0.01", "live"), 2.0);
        assert_eq!(state.rejection, None);
    }

    #[test]
    fn marks_stay_bounded_and_new_batches_push_no_edit_out() {
        let mut state = sample::started();
        state.apply(edit("optimizer.lr", "0.01", "live"), 1.0);
        for iteration in 0..3 * MARKS as u64 {
            state.apply(Event::Resample { iteration }, 1.0);
        }
        assert_eq!(state.marks.len(), MARKS + 1);
        assert_eq!(state.marks[0].kind, Kind::Edit);
        assert_eq!(state.marks[1].iteration, 2 * MARKS as u64);
        for iteration in 0..3 * MARKS as u64 {
            state.apply(
                Event::Rate {
                    iteration,
                    old: 1.0,
                    new: 0.5,
                },
                1.0,
            );
        }
        assert_eq!(state.marks.len(), 2 * MARKS + 1);
    }

    #[test]
    fn the_frame_of_the_flow_grows_with_the_data_and_ignores_what_is_not_finite() {
        let mut state = sample::started();
        state.show(Picture {
            dimension: 2,
            data: vec![0.0, 1.0, f64::NAN, 9.0],
            ..Picture::default()
        });
        state.show(Picture {
            dimension: 2,
            data: vec![-2.0, 0.5],
            ..Picture::default()
        });
        assert_eq!(state.bounds, [Some([-2.0, 0.0]), Some([0.5, 9.0])]);
    }
}
