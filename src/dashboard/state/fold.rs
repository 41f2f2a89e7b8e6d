//! The fold over the trainer's events: each changes the state. `now` is given, in seconds: there is no clock in here. What the event
//! loop reads besides events is in `readings`.

mod readings;

use super::comparison::ComparedCurves;
use super::differences::FileNews;
use super::edits::Edit;
use super::log::{ChartTick, LogKind};
use super::rate::{self, RateInForce, RatePhase};
use super::{OptimizerStep, Popup, State};
use crate::dashboard::component::Component;
use crate::dashboard::format::{duration, number, rate as rate_text};
use crate::edit_effect::{ValidationPoint, can_have_effect, effect_in_words};
use crate::event::{Best, Event, Finished, Start};
use crate::run::line;
use crate::session::{Applies, Rejection, fields, update_fields};

/// Ticks of one kind kept for the charts, so that the many new batches never push an edit out.
const TICKS: usize = 256;

impl State {
    /// Changes the state by an event that came at `now`.
    pub fn apply(&mut self, event: Event, now: f64) {
        self.now = now;
        self.keep_scroll(|state| state.fold(event, now));
    }

    /// Adds a line of the dashboard's own to the log.
    pub fn log_line(&mut self, kind: LogKind, text: String) {
        self.keep_scroll(|state| state.log.push(state.iteration, kind, text));
    }

    /// Tells in the settings pane and in the log what has failed.
    pub fn warn(&mut self, message: String) {
        self.view.settings.note = Some(message.clone());
        self.log_line(LogKind::Warning, message);
    }

    /// Makes a change that may add log lines, and keeps the lines that were scrolled to where they are.
    fn keep_scroll(&mut self, change: impl FnOnce(&mut Self)) {
        let lines = self.log.lines().len();
        change(self);
        if self.view.log_scroll > 0 {
            self.view.log_scroll += self.log.lines().len().saturating_sub(lines);
        }
    }

    fn fold(&mut self, event: Event, now: f64) {
        self.evidence.apply(&event);
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
                self.end_matching();
                self.iteration = iteration;
                // A run that had ended may go on.
                self.finished = None;
                self.losses = Some(losses);
                self.take_rate(RatePhase::Loss, lr);
                self.step(
                    iteration,
                    OptimizerStep {
                        lr,
                        gradient,
                        update,
                    },
                );
                self.training.push(iteration, &losses);
                self.clock.record(iteration, seconds, now);
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
                self.take_rate(RatePhase::Matching, lr);
                self.step(
                    iteration,
                    OptimizerStep {
                        lr,
                        gradient,
                        update,
                    },
                );
                self.clock.record(iteration, seconds, now);
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
                    applies,
                );
            }
            Event::Rejected(rejection) => self.reject(rejection),
            Event::Accepted { .. } => self.accept(),
            Event::Rate {
                iteration,
                old,
                new,
            } => {
                self.log.push(
                    iteration,
                    LogKind::Rate,
                    format!("learning rate {} -> {}", rate_text(old), rate_text(new)),
                );
                self.set_rate(new);
                self.add_tick(iteration, LogKind::Rate);
            }
            Event::Rollback {
                iteration,
                quantity,
                finding,
                to,
                lr,
                left,
            } => {
                let text = format!(
                    "{quantity} {finding}: back to {to}, lr {}, {left} rollbacks left",
                    rate_text(lr)
                );
                self.set_rate(lr);
                self.log.push(iteration, LogKind::Rollback, text);
                self.add_tick(iteration, LogKind::Rollback);
            }
            Event::Restored { iteration, to, by } => {
                let text = format!("the best by {by} is back: iteration {to}");
                self.log.push(iteration, LogKind::Note, text);
            }
            Event::Judged { iteration, best } => {
                let text = line::judged(best.as_ref());
                self.log.push(iteration, LogKind::Note, text);
                self.best = best;
            }
            Event::Checkpoint { iteration, path } | Event::Saved { iteration, path } => {
                self.add_tick(iteration, LogKind::Checkpoint);
                self.log.push(
                    iteration,
                    LogKind::Checkpoint,
                    format!("wrote {}", path.display()),
                );
            }
            Event::Paused { iteration, paused } => {
                match self.paused {
                    true => self.clock.resume(now),
                    false => self.clock.stop(now),
                }
                (self.paused, self.view.pause_wanted) = (paused, paused);
                let text = if paused { "paused" } else { "goes on" };
                self.log.push(iteration, LogKind::Note, text.into());
            }
            Event::Warning { message } => self.log.push(self.iteration, LogKind::Warning, message),
            Event::Finished(finished) => self.finish(finished),
            // Every few iterations: lines would bury the rest.
            Event::Resample { iteration } => {
                self.take_drawn();
                self.add_tick(iteration, LogKind::Resample);
            }
        }
    }

    /// Keeps the step of an iteration.
    fn step(&mut self, iteration: u64, step: OptimizerStep) {
        self.measures.push_step(iteration, &step);
        self.step = Some(step);
    }

    fn validate(&mut self, event: &Event, now: f64) {
        let &Event::Validation {
            iteration,
            seconds,
            figures,
            best,
            best_c,
            ..
        } = event
        else {
            return;
        };
        self.validation.push(iteration, &figures.losses);
        let training = self.training.series(Component::C);
        self.measures.push_validation(iteration, &figures, training);
        self.clock.record(iteration, seconds, now);
        self.validated = Some(figures);
        self.judge_edits(ValidationPoint {
            iteration,
            seconds,
            c: figures.losses.c,
        });
        if best_c {
            self.best_c = Some(Best { iteration, figures });
        }
        if best {
            self.best = Some(Best { iteration, figures });
            self.log.add_best(iteration, &figures);
        }
    }

    /// Takes news of the session file, which is to be read then.
    fn hear_of_file(&mut self, news: FileNews) {
        let known = &mut self.view.settings.news;
        *known = news.max(*known);
    }

    /// Judges the last edits by one more validation.
    fn judge_edits(&mut self, point: ValidationPoint) {
        if !self.edits.add_validation(point) {
            return;
        }
        if let Some(around) = self.edits.last_surroundings() {
            let words = effect_in_words(&around.judge()).join("; ");
            self.log.update_effect(around.iteration, words);
        }
    }

    /// Takes the rate that an iteration had; its base is in force since before it.
    fn take_rate(&mut self, phase: RatePhase, rate: f64) {
        let field = phase.field();
        let base = self.setting(field);
        self.rate = base.map(|base| RateInForce { field, base, rate });
    }

    /// Takes the rate of the next iteration.
    fn set_rate(&mut self, rate: f64) {
        self.rate = self.rate.map(|before| RateInForce { rate, ..before });
    }

    /// Puts edits into force that have waited for a draw: of pairs in a start by matching, of the batch after it.
    fn take_drawn(&mut self) {
        let matches = self.matches();
        let drawn = |field: &str| field.starts_with("start.") == matches;
        for held in self.differences.take_drawn(drawn) {
            update_fields(&mut self.fields, &held.field, &held.value);
        }
    }

    fn reject(&mut self, rejection: Rejection) {
        self.hear_of_file(FileNews::Changed);
        self.log.add_rejection(self.iteration, &rejection);
        self.edits.add_refused(self.iteration, self.now, &rejection);
        self.rejection = Some(rejection);
    }

    /// Clears a rejection: the run has read the file, which is valid, and found nothing to change.
    fn accept(&mut self) {
        self.rejection = None;
        self.hear_of_file(FileNews::Taken);
        self.edits.forget_returning();
        // The same values again are a reason to look at what stands above the file.
        if let Some(field) = self.view.settings.asked.take() {
            let note = format!("{field}: the command line goes first");
            self.view.settings.note = Some(note);
        }
    }

    /// Adds M of an iteration of matching.
    fn matched(&mut self, iteration: u64, m: f64) {
        if !self.matches() {
            self.clock.forget_speed();
        }
        let matching = self.matching.get_or_insert_default();
        matching.curve.push(iteration, m);
        (matching.m, matching.iteration, matching.over) = (m, iteration, false);
    }

    /// Ends a start by matching: the loss is minimised from here on, and iterations have another speed.
    fn end_matching(&mut self) {
        let Some(matching) = self.matching.as_mut().filter(|matching| !matching.over) else {
            return;
        };
        matching.over = true;
        let (iteration, m) = (matching.iteration, number(matching.m));
        let time = duration(self.clock.elapsed(None));
        self.view.losses.matching_end = iteration;
        self.clock.forget_speed();
        let text = format!("matching over: M {m} after {time}; the loss from here on");
        self.log.push(iteration, LogKind::Matched, text);
        self.add_tick(iteration, LogKind::Matched);
    }

    fn begin(&mut self, start: Start) {
        self.fields = fields(&start.session);
        let text = format!(
            "{}: d {}, {} parameters",
            start.name, start.dimension, start.parameters
        );
        self.log.push(0, LogKind::Note, text);
        self.start = Some(start);
        self.hear_of_file(FileNews::Taken);
    }

    fn edited(&mut self, edit: Edit, applies: Applies) {
        let when = match applies {
            Applies::Restart => " (needs a new run; old value kept)",
            Applies::Resample => " (from the next batch)",
            Applies::Live => "",
        };
        self.differences.add_edit(&edit.field, &edit.new, applies);
        if applies == Applies::Live {
            update_fields(&mut self.fields, &edit.field, &edit.new);
            self.follow_edit(&edit.field);
        }
        self.log.push(
            edit.iteration,
            LogKind::Edit,
            format!("{} {} -> {}{when}", edit.field, edit.old, edit.new),
        );
        self.add_tick(edit.iteration, LogKind::Edit);
        self.edits.set_trained(self.clock.elapsed(None));
        self.edits.add_accepted(&edit, applies, self.now);
        if applies != Applies::Restart && can_have_effect(&edit.field) {
            let around = self.edits.last_surroundings();
            let words = around.map(|around| effect_in_words(&around.judge()).join("; "));
            self.log
                .add_effect(edit.iteration, words.unwrap_or_default());
        }
        self.hear_of_file(FileNews::Changed);
        // What the last key asked for is in force.
        (self.view.settings.note, self.view.settings.asked) = (None, None);
        self.edit = Some(edit);
        self.rejection = None;
    }

    /// Follows an edit of the base of the rate, or of what makes its factor.
    fn follow_edit(&mut self, field: &str) {
        if rate::changes_factor(field) {
            self.rate = None;
        }
        let base = self.setting(field);
        let of_base = self.rate.filter(|rate| rate.field == field).zip(base);
        if let Some((rate, base)) = of_base {
            self.rate = Some(rate.with_base(base));
        }
    }

    fn finish(&mut self, finished: Finished) {
        self.iteration = finished.iteration;
        self.clock
            .record(finished.iteration, finished.seconds, self.now);
        self.best = finished.best.or(self.best);
        self.log.push(
            finished.iteration,
            LogKind::Note,
            format!("ended: {}", finished.reason),
        );
        // The question before stopping is answered.
        self.view.popup = self
            .view
            .popup
            .filter(|popup| matches!(popup, Popup::Help | Popup::Terms));
        self.finished = Some(finished);
    }

    fn add_tick(&mut self, iteration: u64, kind: LogKind) {
        let same = |tick: &ChartTick| tick.kind == kind;
        if self.ticks.iter().filter(|tick| same(tick)).count() == TICKS
            && let Some(oldest) = self.ticks.iter().position(same)
        {
            self.ticks.remove(oldest);
        }
        self.ticks.push_back(ChartTick { iteration, kind });
    }
}

impl ComparedCurves {
    /// Changes the curves by an event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Iteration {
                iteration, losses, ..
            } => self.training.push(*iteration, losses),
            Event::Validation {
                iteration, figures, ..
            } => self.validation.push(*iteration, &figures.losses),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;

    fn edit(field: &str, new: &str, applies: Applies) -> Event {
        let (field, old, new) = (field.into(), "1.0".into(), new.into());
        Event::Edit {
            iteration: 7,
            field,
            old,
            new,
            applies,
        }
    }

    fn rejected() -> Event {
        Event::Rejected(Rejection {
            file: "a.ron".into(),
            line: 2,
            column: 3,
            message: "no".into(),
        })
    }

    #[test]
    fn an_edit_changes_the_setting_unless_it_needs_a_new_run() {
        let mut state = fixtures::started();
        state.apply(edit("weights.likelihood", "30.0", Applies::Live), 1.0);
        assert_eq!(state.setting("weights.likelihood"), Some(30.0));
        state.apply(edit("model.width", "64", Applies::Restart), 2.0);
        assert_eq!(state.setting("model.width"), Some(32.0));
        assert_eq!(
            state.edit.as_ref().map(|edit| edit.field.as_str()),
            Some("model.width")
        );
        assert_eq!(state.ticks.len(), 2);
    }

    #[test]
    fn the_settings_of_another_optimiser_come_and_go_with_it() {
        let mut state = fixtures::started();
        let count = state.fields.len();
        state.apply(edit("optimizer.momentum", "0.95", Applies::Live), 1.0);
        assert_eq!(state.setting("optimizer.momentum"), Some(0.95));
        let at = |name: &str| state.fields.iter().position(|f| f.name == name).unwrap();
        assert_eq!(at("optimizer.momentum"), at("optimizer.schedule") + 1);
        state.apply(edit("optimizer.momentum", "absent", Applies::Live), 2.0);
        assert_eq!(state.fields.len(), count);
    }

    #[test]
    fn a_rejection_stays_until_the_next_accepted_edit() {
        let mut state = fixtures::started();
        state.apply(rejected(), 1.0);
        state.apply(fixtures::iteration(8, 1.0), 1.5);
        assert_eq!(
            state.rejection.as_ref().map(|r| (r.line, r.column)),
            Some((2, 3))
        );
        state.apply(edit("optimizer.lr", "0.01", Applies::Live), 2.0);
        assert_eq!(state.rejection, None);
    }

    #[test]
    fn marks_stay_bounded_and_new_batches_push_no_edit_out() {
        let mut state = fixtures::started();
        state.apply(edit("optimizer.lr", "0.01", Applies::Live), 1.0);
        for iteration in 0..3 * TICKS as u64 {
            state.apply(Event::Resample { iteration }, 1.0);
        }
        assert_eq!(state.ticks.len(), TICKS + 1);
        assert_eq!(state.ticks[0].kind, LogKind::Edit);
        assert_eq!(state.ticks[1].iteration, 2 * TICKS as u64);
        for iteration in 0..3 * TICKS as u64 {
            state.apply(
                Event::Rate {
                    iteration,
                    old: 1.0,
                    new: 0.5,
                },
                1.0,
            );
        }
        assert_eq!(state.ticks.len(), 2 * TICKS + 1);
    }
}
