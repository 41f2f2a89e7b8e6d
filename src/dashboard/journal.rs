//! What happened, one line each, the last few hundred: edits, rejections, rate drops, best validations, rollbacks, warnings.

use std::collections::VecDeque;
use std::path::Path;

use super::format::number;
use crate::event::Losses;

/// Lines kept.
const LINES: usize = 500;

/// What a line or a tick on the charts tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something that is as it should be.
    Note,
    /// An accepted edit.
    Edit,
    /// A refused edit.
    Rejected,
    /// The schedule lowered the learning rate.
    Rate,
    /// The best validation so far.
    Best,
    /// A start by matching is over.
    Matched,
    /// Back to the last good parameters.
    Rollback,
    /// Parameters were written.
    Checkpoint,
    /// The batch was drawn again; a tick only.
    Resample,
    /// Something to know.
    Warning,
}

/// A tick on the charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where.
    pub iteration: u64,
    /// Why.
    pub kind: Kind,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When.
    pub iteration: u64,
    /// What it tells.
    pub kind: Kind,
    /// Without a line break.
    pub text: String,
}

/// The lines, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    lines: VecDeque<Line>,
}

impl Journal {
    /// Oldest first.
    pub fn lines(&self) -> &VecDeque<Line> {
        &self.lines
    }

    /// Adds a line. Best validations and checkpoints come in long rows of which the last one tells all: it replaces the one before.
    pub fn push(&mut self, iteration: u64, kind: Kind, text: String) {
        if matches!(kind, Kind::Best | Kind::Checkpoint) {
            let recent = self.lines.len().saturating_sub(2);
            if let Some(old) = (recent..self.lines.len()).find(|&i| self.lines[i].kind == kind) {
                self.lines.remove(old);
            }
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        let text = text.replace(['\n', '\r', '\t'], " ");
        self.lines.push_back(Line {
            iteration,
            kind,
            text,
        });
    }

    /// The best validation so far; `divergence` is C - H with its standard error.
    pub fn best(&mut self, iteration: u64, losses: &Losses, divergence: Option<(f64, f64)>) {
        let mut text = format!("best: loss {} C {}", number(losses.loss), number(losses.c));
        if let Some((value, error)) = divergence {
            text += &format!(" C-H {} ({})", number(value), number(error));
        }
        self.push(iteration, Kind::Best, text);
    }

    /// A refused session file.
    pub fn rejected(
        &mut self,
        iteration: u64,
        file: &Path,
        (line, column): (usize, usize),
        message: &str,
    ) {
        let what = message.lines().next().unwrap_or_default();
        let text = format!("refused {}:{line}:{column}: {what}", file.display());
        self.push(iteration, Kind::Rejected, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_best_validations_and_checkpoints_keep_only_the_last() {
        let mut journal = Journal::default();
        journal.push(0, Kind::Note, "start".into());
        for iteration in 1..=5 {
            journal.push(iteration, Kind::Best, "best".into());
            journal.push(iteration, Kind::Checkpoint, "wrote".into());
        }
        let rows: Vec<_> = journal
            .lines()
            .iter()
            .map(|line| (line.iteration, line.kind))
            .collect();
        assert_eq!(
            rows,
            [(0, Kind::Note), (5, Kind::Best), (5, Kind::Checkpoint)]
        );
    }

    #[test]
    fn lines_stay_bounded_and_single() {
        let mut journal = Journal::default();
        for iteration in 0..2 * LINES as u64 {
            journal.push(iteration, Kind::Warning, "a\nb".into());
        }
        assert_eq!(journal.lines().len(), LINES);
        assert_eq!(journal.lines()[0].text, "a b");
        assert_eq!(journal.lines()[0].iteration, LINES as u64);
    }
}
