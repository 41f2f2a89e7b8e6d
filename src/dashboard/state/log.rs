//! The log: a line for each of the last few hundred edits, rejections, rate drops, best validations, rollbacks, warnings; and the
//! ticks on the charts, which are of the same kinds.

use std::collections::VecDeque;

use crate::dashboard::format::number;
use crate::event::Figures;
use crate::session::Rejection;

/// Lines kept.
const LINES: usize = 500;

/// The kind of a line in the log and of a tick on the charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// A note: something that is as it should be.
    Note,
    /// An accepted edit.
    Edit,
    /// A refused edit.
    Rejected,
    /// A learning rate lowered by the schedule.
    Rate,
    /// The best validation so far.
    Best,
    /// The end of a start by matching.
    Matched,
    /// A return to the last good parameters.
    Rollback,
    /// A checkpoint that was written.
    Checkpoint,
    /// A new batch; a tick only.
    Resample,
    /// A warning.
    Warning,
}

/// A tick on the charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartTick {
    /// The iteration.
    pub iteration: u64,
    /// The kind of event.
    pub kind: LogKind,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// The iteration.
    pub iteration: u64,
    /// The kind of event.
    pub kind: LogKind,
    /// The text, without a line break.
    pub text: String,
    /// The iteration of the edits whose effect the line tells, if it does.
    pub effect_of: Option<u64>,
}

/// The lines of the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventLog {
    lines: VecDeque<LogLine>,
}

impl EventLog {
    /// The lines, oldest first.
    pub fn lines(&self) -> &VecDeque<LogLine> {
        &self.lines
    }

    /// Adds a line. Best validations and checkpoints come in long rows of which only the last one matters: it replaces the one before.
    pub fn push(&mut self, iteration: u64, kind: LogKind, text: String) {
        if matches!(kind, LogKind::Best | LogKind::Checkpoint) {
            let recent = self.lines.len().saturating_sub(2);
            if let Some(old) = (recent..self.lines.len()).find(|&i| self.lines[i].kind == kind) {
                self.lines.remove(old);
            }
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        let text = text.replace(['\n', '\r', '\t'], " ");
        self.lines.push_back(LogLine {
            iteration,
            kind,
            text,
            effect_of: None,
        });
    }

    /// Adds the line below the edits of an iteration that tells their effect.
    pub fn add_effect(&mut self, iteration: u64, text: String) {
        self.lines.retain(|line| line.effect_of != Some(iteration));
        self.push(iteration, LogKind::Note, text);
        if let Some(line) = self.lines.back_mut() {
            line.effect_of = Some(iteration);
        }
    }

    /// Changes the line that tells the effect of the edits of an iteration.
    pub fn update_effect(&mut self, iteration: u64, text: String) {
        let mut lines = self.lines.iter_mut().rev();
        if let Some(line) = lines.find(|line| line.effect_of == Some(iteration)) {
            line.text = text;
        }
    }

    /// Adds the best validation so far.
    pub fn add_best(&mut self, iteration: u64, figures: &Figures) {
        let losses = figures.losses;
        let mut text = format!("best: loss {} C {}", number(losses.loss), number(losses.c));
        if let (Some(value), Some(error)) = (figures.divergence, figures.divergence_se) {
            text += &format!(" C-H {} ({})", number(value), number(error));
        }
        self.push(iteration, LogKind::Best, text);
    }

    /// Adds a refused session file.
    pub fn add_rejection(&mut self, iteration: u64, rejection: &Rejection) {
        let Rejection {
            file,
            line,
            column,
            message,
        } = rejection;
        let what = message.lines().next().unwrap_or_default();
        let text = format!("refused {}:{line}:{column}: {what}", file.display());
        self.push(iteration, LogKind::Rejected, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_best_validations_and_checkpoints_keep_only_the_last() {
        let mut log = EventLog::default();
        log.push(0, LogKind::Note, "start".into());
        for iteration in 1..=5 {
            log.push(iteration, LogKind::Best, "best".into());
            log.push(iteration, LogKind::Checkpoint, "wrote".into());
        }
        let rows: Vec<_> = log
            .lines()
            .iter()
            .map(|line| (line.iteration, line.kind))
            .collect();
        assert_eq!(
            rows,
            [
                (0, LogKind::Note),
                (5, LogKind::Best),
                (5, LogKind::Checkpoint)
            ]
        );
    }

    #[test]
    fn the_effect_stands_below_the_edits_of_its_iteration_and_changes_in_place() {
        let mut log = EventLog::default();
        log.push(7, LogKind::Edit, "a".into());
        log.add_effect(7, "not yet".into());
        log.push(7, LogKind::Edit, "b".into());
        log.add_effect(7, "not yet".into());
        log.push(8, LogKind::Note, "c".into());
        log.update_effect(7, "none".into());
        log.update_effect(9, "gone".into());
        let texts: Vec<&str> = log.lines().iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["a", "b", "none", "c"]);
    }

    #[test]
    fn lines_stay_bounded_and_single() {
        let mut log = EventLog::default();
        for iteration in 0..2 * LINES as u64 {
            log.push(iteration, LogKind::Warning, "a\nb".into());
        }
        assert_eq!(log.lines().len(), LINES);
        assert_eq!(log.lines()[0].text, "a b");
        assert_eq!(log.lines()[0].iteration, LINES as u64);
    }
}
