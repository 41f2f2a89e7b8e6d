//! The edits of the session file that the run has seen: all of them for the list, the fresh ones for their rows, and those that
//! undoing takes back.

use std::collections::VecDeque;

use crate::edit_effect::{EditSurroundings, LastEdit, ValidationPoint, can_have_effect};
use crate::session::Applies;
use crate::session::Rejection;

/// Most edits that are kept.
const EDITS: usize = 500;
/// Seconds for which a row shows its edit.
const FRESH: f64 = 5.0;
/// Seconds within which edits of one iteration are of one save: a watcher waits longer between two.
const TOGETHER: f64 = 0.1;

/// An accepted edit of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The dotted name of the field.
    pub field: String,
    /// The old value.
    pub old: String,
    /// The new value.
    pub new: String,
    /// The last iteration under the old value.
    pub iteration: u64,
}

/// The result of an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum EditResult {
    /// The edit was accepted.
    Accepted {
        /// The edit.
        edit: Edit,
        /// The time from which it applies.
        applies: Applies,
    },
    /// The file was refused.
    Refused {
        /// The line of the error, from 1.
        line: usize,
        /// The column of the error, from 1.
        column: usize,
        /// The first line of the message.
        reason: String,
    },
}

/// An edit in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct EditEntry {
    /// The last iteration before it.
    pub iteration: u64,
    /// The time, in seconds since the dashboard was opened.
    pub when: f64,
    /// The result.
    pub result: EditResult,
    /// The validations around an edit that is in force and can have an effect on them.
    pub surroundings: Option<EditSurroundings>,
}

/// The accepted edits of one save of the file, which are undone together.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedEdits {
    when: f64,
    /// The edits, one for each field.
    pub edits: Vec<Edit>,
}

/// A value that a field returns to.
#[derive(Clone, Debug, PartialEq)]
struct ReturningValue {
    field: String,
    value: String,
}

/// The edits of the session file that the run has seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EditHistory {
    entries: VecDeque<EditEntry>,
    saves: VecDeque<SavedEdits>,
    /// The values that undoing has written and that are not yet in force.
    returning: Vec<ReturningValue>,
    /// The last edit that can have an effect on validations.
    last: LastEdit,
    /// The training time, seconds.
    trained: f64,
}

impl EditHistory {
    /// The edits, oldest first.
    pub fn entries(&self) -> &VecDeque<EditEntry> {
        &self.entries
    }

    /// Sets the training time at which the next edits come.
    pub fn set_trained(&mut self, seconds: f64) {
        self.trained = seconds;
    }

    /// Adds a validation; whether the last edits are judged by it.
    pub fn add_validation(&mut self, point: ValidationPoint) -> bool {
        self.last.add_validation(point);
        let Some(last) = self.last.around() else {
            return false;
        };
        for entry in self.entries.iter_mut().rev() {
            match &mut entry.surroundings {
                Some(around) if around.iteration == last.iteration => around.clone_from(last),
                Some(_) => break,
                None => {}
            }
        }
        true
    }

    /// The validations around the last edit that can have an effect on them.
    pub fn last_surroundings(&self) -> Option<&EditSurroundings> {
        self.last.around()
    }

    /// Adds an accepted edit.
    pub fn add_accepted(&mut self, edit: &Edit, applies: Applies, now: f64) {
        let result = EditResult::Accepted {
            edit: edit.clone(),
            applies,
        };
        let effective = applies != Applies::Restart && can_have_effect(&edit.field);
        let trained = self.trained;
        let around = effective.then(|| self.last.add_edit(edit.iteration, trained).clone());
        self.push(edit.iteration, now, result, around);
        let returned = |back: &ReturningValue| back.field == edit.field && back.value == edit.new;
        let undone = self.returning.iter().any(returned);
        self.returning.retain(|back| back.field != edit.field);
        if undone {
            return;
        }
        let same_save = |save: &&mut SavedEdits| {
            let other =
                |known: &Edit| known.iteration == edit.iteration && known.field != edit.field;
            now - save.when < TOGETHER && save.edits.iter().all(other)
        };
        if let Some(save) = self.saves.back_mut().filter(same_save) {
            save.edits.push(edit.clone());
            return;
        }
        if self.saves.len() == EDITS {
            self.saves.pop_front();
        }
        let edits = vec![edit.clone()];
        self.saves.push_back(SavedEdits { when: now, edits });
    }

    /// Adds a refused edit.
    pub fn add_refused(&mut self, iteration: u64, now: f64, rejection: &Rejection) {
        let reason = rejection.message.lines().next().unwrap_or_default();
        let result = EditResult::Refused {
            line: rejection.line,
            column: rejection.column,
            reason: reason.to_owned(),
        };
        self.push(iteration, now, result, None);
    }

    /// Forgets the values that are still to return: the file asks for what is in force.
    pub fn forget_returning(&mut self) {
        self.returning.clear();
    }

    /// Takes the last save that was not undone, to be undone now.
    pub fn take_last_save(&mut self) -> Option<SavedEdits> {
        let save = self.saves.pop_back()?;
        let back = |edit: &Edit| ReturningValue {
            field: edit.field.clone(),
            value: edit.old.clone(),
        };
        self.returning.extend(save.edits.iter().map(back));
        Some(save)
    }

    /// Puts a save back that could not be undone.
    pub fn put_back(&mut self, save: SavedEdits) {
        let of_save = |field: &String| save.edits.iter().any(|edit| edit.field == *field);
        self.returning.retain(|back| !of_save(&back.field));
        self.saves.push_back(save);
    }

    /// The edit in force that the row of a field still shows.
    pub fn fresh_edit(&self, field: &str, now: f64) -> Option<&Edit> {
        self.recent(now).find_map(|entry| match &entry.result {
            EditResult::Accepted { edit, applies }
                if edit.field == field && *applies != Applies::Restart =>
            {
                Some(edit)
            }
            _ => None,
        })
    }

    /// The number of edits that rows still show.
    pub fn count_fresh(&self, now: f64) -> usize {
        self.recent(now).count()
    }

    fn recent(&self, now: f64) -> impl Iterator<Item = &EditEntry> {
        let entries = self.entries.iter().rev();
        entries.take_while(move |entry| now - entry.when < FRESH)
    }

    fn push(
        &mut self,
        iteration: u64,
        when: f64,
        result: EditResult,
        surroundings: Option<EditSurroundings>,
    ) {
        if self.entries.len() == EDITS {
            self.entries.pop_front();
        }
        self.entries.push_back(EditEntry {
            iteration,
            when,
            result,
            surroundings,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(field: &str, old: &str, new: &str, iteration: u64) -> Edit {
        Edit {
            field: field.into(),
            old: old.into(),
            new: new.into(),
            iteration,
        }
    }

    /// Fields of the save that would be undone.
    fn undone(edits: &mut EditHistory) -> Vec<String> {
        let save = edits
            .take_last_save()
            .map(|save| save.edits)
            .unwrap_or_default();
        save.into_iter().map(|edit| edit.field).collect()
    }

    #[test]
    fn edits_of_one_save_are_undone_together_and_the_one_before_it_next() {
        let mut edits = EditHistory::default();
        edits.add_accepted(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        edits.add_accepted(&edit("b", "1", "2", 7), Applies::Live, 2.0);
        edits.add_accepted(&edit("c", "1", "2", 7), Applies::Live, 2.0);
        assert_eq!(undone(&mut edits), ["b", "c"]);
        for field in ["b", "c"] {
            edits.add_accepted(&edit(field, "2", "1", 8), Applies::Live, 3.0);
        }
        assert_eq!(undone(&mut edits), ["a"]);
        assert_eq!(undone(&mut edits), [""; 0]);
        assert_eq!(edits.entries().len(), 5);
    }

    #[test]
    fn a_field_edited_twice_in_one_iteration_was_saved_twice() {
        let mut edits = EditHistory::default();
        edits.add_accepted(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        edits.add_accepted(&edit("a", "2", "5", 7), Applies::Live, 1.0);
        assert_eq!(edits.take_last_save().unwrap().edits[0].old, "2");
        assert_eq!(edits.take_last_save().unwrap().edits[0].old, "1");
    }

    #[test]
    fn another_edit_than_the_one_awaited_can_be_undone() {
        let mut edits = EditHistory::default();
        edits.add_accepted(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        edits.take_last_save();
        edits.add_accepted(&edit("a", "2", "5", 8), Applies::Live, 2.0);
        assert_eq!(undone(&mut edits), ["a"]);
        edits.forget_returning();
        edits.add_accepted(&edit("a", "5", "2", 9), Applies::Live, 3.0);
        assert_eq!(undone(&mut edits), ["a"]);
    }

    #[test]
    fn what_could_not_be_undone_stays_to_be_undone() {
        let mut edits = EditHistory::default();
        edits.add_accepted(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        let before = edits.clone();
        let save = edits.take_last_save().unwrap();
        edits.put_back(save);
        assert_eq!(edits, before);
    }

    #[test]
    fn rows_show_their_edit_for_five_seconds() {
        let mut edits = EditHistory::default();
        edits.add_accepted(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        edits.add_accepted(&edit("a", "2", "5", 8), Applies::Live, 3.0);
        let rejection = Rejection {
            file: "s.ron".into(),
            line: 2,
            column: 3,
            message: "no\nline\n^".into(),
        };
        edits.add_refused(8, 3.5, &rejection);
        assert_eq!(edits.fresh_edit("a", 5.9).unwrap().new, "5");
        assert_eq!(edits.fresh_edit("a", 8.1), None);
        assert_eq!(edits.fresh_edit("b", 3.0), None);
        assert_eq!(
            [3.5, 6.5, 8.4, 8.6].map(|now| edits.count_fresh(now)),
            [3, 2, 1, 0]
        );
    }

    #[test]
    fn validations_count_for_the_edits_between_which_they_come() {
        let mut edits = EditHistory::default();
        let validate = |edits: &mut EditHistory, iterations: std::ops::RangeInclusive<u64>| {
            for iteration in iterations {
                edits.add_validation(ValidationPoint {
                    iteration,
                    seconds: 0.0,
                    c: 3.0,
                });
            }
        };
        validate(&mut edits, 1..=20);
        edits.add_accepted(&edit("a", "1", "2", 20), Applies::Live, 1.0);
        edits.add_accepted(&edit("b", "1", "2", 20), Applies::Live, 1.0);
        edits.add_accepted(&edit("c", "1", "2", 20), Applies::Restart, 1.0);
        edits.add_accepted(&edit("gates", "1", "2", 22), Applies::Live, 1.0);
        validate(&mut edits, 21..=25);
        edits.add_accepted(&edit("a", "2", "3", 25), Applies::Live, 2.0);
        validate(&mut edits, 26..=28);
        let around = edits.entries.iter().map(|entry| {
            let around = entry.surroundings.as_ref()?;
            let numbers = |points: &[ValidationPoint]| {
                let numbers = points.iter().map(|point| point.iteration);
                numbers.collect::<Vec<u64>>()
            };
            Some((numbers(&around.before), numbers(&around.after)))
        });
        let first = Some(((13..=20).collect(), (21..=25).collect()));
        let last = Some(((21..=25).collect(), (26..=28).collect()));
        let expected = [first.clone(), first, None, None, last];
        assert_eq!(around.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_row_shows_no_edit_that_waits_for_a_new_run() {
        let mut edits = EditHistory::default();
        edits.add_accepted(&edit("a", "1", "2", 7), Applies::Restart, 1.0);
        assert_eq!(edits.fresh_edit("a", 1.0), None);
    }

    #[test]
    fn edits_stay_bounded() {
        let mut edits = EditHistory::default();
        for iteration in 0..3 * EDITS as u64 {
            edits.add_accepted(&edit("a", "1", "2", iteration), Applies::Live, 0.0);
        }
        assert_eq!((edits.entries.len(), edits.saves.len()), (EDITS, EDITS));
    }
}
