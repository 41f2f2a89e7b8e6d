//! The edits of the session file that the run has seen: all of them for the list, the fresh ones for their rows, and what
//! undoing takes back.

use std::collections::VecDeque;

use crate::session::Applies;
use crate::session::Rejection;

/// Edits kept.
const EDITS: usize = 500;
/// Seconds for which a row shows its edit.
const FRESH: f64 = 5.0;
/// Edits of one iteration within so many seconds are of one save: a watcher waits longer between two.
const TOGETHER: f64 = 0.1;

/// An accepted edit of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Dotted name.
    pub field: String,
    /// Old value.
    pub old: String,
    /// New value.
    pub new: String,
    /// Last iteration done under the old value.
    pub iteration: u64,
}

/// What an edit came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Accepted.
    Accepted(Edit, Applies),
    /// Refused: line and column, from 1, and why.
    Refused((usize, usize), String),
}

/// One edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Last iteration done before it.
    pub iteration: u64,
    /// Seconds since the dashboard was opened.
    pub when: f64,
    /// What it came to.
    pub fate: Fate,
}

/// Accepted edits of one save; undone together.
#[derive(Clone, Debug, PartialEq)]
pub struct Save {
    when: f64,
    /// One a field.
    pub edits: Vec<Edit>,
}

/// All edits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edits {
    entries: VecDeque<Entry>,
    saves: VecDeque<Save>,
    /// Fields on their way back, with the values they go back to.
    returning: Vec<(String, String)>,
}

impl Edits {
    /// Oldest first.
    pub fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// Takes up an accepted edit.
    pub fn accept(&mut self, edit: &Edit, applies: Applies, now: f64) {
        self.push(edit.iteration, now, Fate::Accepted(edit.clone(), applies));
        let back = (edit.field.clone(), edit.new.clone());
        let undone = self.returning.contains(&back);
        self.returning.retain(|(field, _)| *field != edit.field);
        if undone {
            return;
        }
        let same_save = |save: &&mut Save| {
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
        self.saves.push_back(Save { when: now, edits });
    }

    /// Takes up a refused edit.
    pub fn refuse(&mut self, iteration: u64, now: f64, rejection: &Rejection) {
        let place = (rejection.line, rejection.column);
        let what = rejection.message.lines().next().unwrap_or_default();
        self.push(iteration, now, Fate::Refused(place, what.to_owned()));
    }

    /// The file asks for what is in force: nothing is on its way.
    pub fn settle(&mut self) {
        self.returning.clear();
    }

    /// The last save that was not undone, to be undone now.
    pub fn undo(&mut self) -> Option<Save> {
        let save = self.saves.pop_back()?;
        let back = |edit: &Edit| (edit.field.clone(), edit.old.clone());
        self.returning.extend(save.edits.iter().map(back));
        Some(save)
    }

    /// It could not be undone.
    pub fn keep(&mut self, save: Save) {
        let of_save = |field: &String| save.edits.iter().any(|edit| edit.field == *field);
        self.returning.retain(|(field, _)| !of_save(field));
        self.saves.push_back(save);
    }

    /// The edit that the row of a field still shows.
    pub fn fresh(&self, field: &str, now: f64) -> Option<&Edit> {
        self.recent(now).find_map(|entry| match &entry.fate {
            Fate::Accepted(edit, _) if edit.field == field => Some(edit),
            _ => None,
        })
    }

    /// How many edits rows still show.
    pub fn fresh_ones(&self, now: f64) -> usize {
        self.recent(now).count()
    }

    fn recent(&self, now: f64) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter().rev();
        entries.take_while(move |entry| now - entry.when < FRESH)
    }

    fn push(&mut self, iteration: u64, when: f64, fate: Fate) {
        if self.entries.len() == EDITS {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            iteration,
            when,
            fate,
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
    fn undone(edits: &mut Edits) -> Vec<String> {
        let save = edits.undo().map(|save| save.edits).unwrap_or_default();
        save.into_iter().map(|edit| edit.field).collect()
    }

    #[test]
    fn edits_of_one_save_are_undone_together_and_the_one_before_it_next() {
        let mut edits = Edits::default();
        edits.accept(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        edits.accept(&edit("b", "1", "2", 7), Applies::Live, 2.0);
        edits.accept(&edit("c", "1", "2", 7), Applies::Live, 2.0);
        assert_eq!(undone(&mut edits), ["b", "c"]);
        for field in ["b", "c"] {
            edits.accept(&edit(field, "2", "1", 8), Applies::Live, 3.0);
        }
        assert_eq!(undone(&mut edits), ["a"]);
        assert_eq!(undone(&mut edits), [""; 0]);
        assert_eq!(edits.entries().len(), 5);
    }

    #[test]
    fn a_field_edited_twice_in_one_iteration_was_saved_twice() {
        let mut edits = Edits::default();
        edits.accept(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        edits.accept(&edit("a", "2", "5", 7), Applies::Live, 1.0);
        assert_eq!(edits.undo().unwrap().edits[0].old, "2");
        assert_eq!(edits.undo().unwrap().edits[0].old, "1");
    }

    #[test]
    fn another_edit_than_the_one_awaited_can_be_undone() {
        let mut edits = Edits::default();
        edits.accept(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        edits.undo();
        edits.accept(&edit("a", "2", "5", 8), Applies::Live, 2.0);
        assert_eq!(undone(&mut edits), ["a"]);
        edits.settle();
        edits.accept(&edit("a", "5", "2", 9), Applies::Live, 3.0);
        assert_eq!(undone(&mut edits), ["a"]);
    }

    #[test]
    fn what_could_not_be_undone_stays_to_be_undone() {
        let mut edits = Edits::default();
        edits.accept(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        let before = edits.clone();
        let save = edits.undo().unwrap();
        edits.keep(save);
        assert_eq!(edits, before);
    }

    #[test]
    fn rows_show_their_edit_for_five_seconds() {
        let mut edits = Edits::default();
        edits.accept(&edit("a", "1", "2", 7), Applies::Live, 1.0);
        edits.accept(&edit("a", "2", "5", 8), Applies::Live, 3.0);
        let rejection = Rejection {
            file: "s.ron".into(),
            line: 2,
            column: 3,
            message: "no\nline\n^".into(),
        };
        edits.refuse(8, 3.5, &rejection);
        assert_eq!(edits.fresh("a", 5.9).unwrap().new, "5");
        assert_eq!(edits.fresh("a", 8.1), None);
        assert_eq!(edits.fresh("b", 3.0), None);
        assert_eq!(
            [3.5, 6.5, 8.4, 8.6].map(|now| edits.fresh_ones(now)),
            [3, 2, 1, 0]
        );
    }

    #[test]
    fn edits_stay_bounded() {
        let mut edits = Edits::default();
        for iteration in 0..3 * EDITS as u64 {
            edits.accept(&edit("a", "1", "2", iteration), Applies::Live, 0.0);
        }
        assert_eq!((edits.entries.len(), edits.saves.len()), (EDITS, EDITS));
    }
}
