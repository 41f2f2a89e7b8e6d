//! Steering from the settings pane: its keys select a field, change it in the session file, take edits back, open the file.
//!
//! A key changes nothing but the file: what it asks for goes as a [`Request`] to the pen, and comes back through the watcher as an edit.

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crossterm::event::KeyCode;

use super::edits::Save;
use super::journal::Kind;
use super::keys::{Action, Binding, Key, row};
use super::pen::Written;
use super::state::State;
use super::update::Wish;
use crate::event::Event;
use crate::session::{self, Applies, FieldPart, NudgeDirection, SessionField};

/// What a key of the pane asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The next value of the selected field.
    Nudge(NudgeDirection),
    /// The next part of the selected field, in brackets, or the one before.
    Part(isize),
    /// Take the last edit back.
    Undo,
    /// Open the file in the user's editor.
    Editor,
    /// The list of edits, or the settings again.
    Edits,
}

/// Keys of the pane.
pub const KEYS: &[Binding] = &[
    row(
        &[Key::letter('+'), Key::letter('=')],
        Action::Steer(Act::Nudge(NudgeDirection::Up)),
        Some("more"),
        "selected setting one step up, in the file",
    ),
    row(
        &[Key::letter('-')],
        Action::Steer(Act::Nudge(NudgeDirection::Down)),
        Some("less"),
        "selected setting one step down, in the file",
    ),
    row(
        &[Key::plain(KeyCode::Right)],
        Action::Steer(Act::Part(1)),
        None,
        "part of a setting: every, patience, ...",
    ),
    row(
        &[Key::plain(KeyCode::Left)],
        Action::Steer(Act::Part(-1)),
        None,
        "part before, or the whole setting",
    ),
    row(
        &[Key::letter('u')],
        Action::Steer(Act::Undo),
        Some("undo"),
        "take the last edit back, in the file",
    ),
    row(
        &[Key::letter('e')],
        Action::Steer(Act::Editor),
        Some("edit"),
        "the session file in $VISUAL, $EDITOR or vi",
    ),
    row(
        &[Key::letter('i')],
        Action::Steer(Act::Edits),
        Some("edits"),
        "all edits so far, or the settings",
    ),
];

/// What is to be done to the session file.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// One step of one field.
    Nudge(PathBuf, &'static str, NudgeDirection),
    /// The old values of a save.
    Undo(PathBuf, Save),
}

/// What the user looks at in the pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steer {
    /// Row of the selected setting.
    pub selected: usize,
    /// Part of it that keys act on, from 1; 0 for the whole.
    part: usize,
    /// The edits are shown in place of the settings.
    pub edits: bool,
    /// Edits above the first one shown.
    pub above: usize,
    /// Whether changes of the session file reach the run.
    pub followed: bool,
    /// Answer to the last key, in one line.
    pub note: Option<String>,
    /// The field that the last step has changed in the file but not yet in the run.
    pub asked: Option<&'static str>,
    /// For the loop to take.
    pub request: Option<Request>,
}

/// Takes up a key of the pane.
pub fn act(state: &mut State, act: Act) {
    state.view.steer.note = None;
    let done = match act {
        Act::Nudge(way) => nudge(state, way),
        Act::Part(by) => {
            let count = state.selected().map_or(0, |field| parts(field).len());
            let steer = &mut state.view.steer;
            steer.part = steer.part.min(count).saturating_add_signed(by).min(count);
            Ok(())
        }
        Act::Undo => undo(state),
        Act::Editor => file(state).map(|_| state.view.wish = Some(Wish::Editor)),
        Act::Edits => {
            let steer = &mut state.view.steer;
            (steer.edits, steer.above) = (!steer.edits, 0);
            Ok(())
        }
    };
    if let Err(reason) = done {
        state.view.steer.note = Some(reason);
    }
}

impl State {
    /// The selected setting.
    fn selected(&self) -> Option<&SessionField> {
        self.fields.get(self.view.steer.selected)
    }

    /// The part of it that keys act on.
    pub fn selected_part(&self) -> Option<FieldPart> {
        let part = self.view.steer.part.checked_sub(1)?;
        parts(self.selected()?).into_iter().nth(part)
    }
}

fn parts(field: &SessionField) -> Vec<FieldPart> {
    session::parts(field.name, &field.value)
}

/// Selects the setting so many rows further down, or scrolls the edits.
pub fn select(state: &mut State, down: isize) {
    let steer = &mut state.view.steer;
    (steer.note, steer.part) = (None, 0);
    let (place, count) = if steer.edits {
        (&mut steer.above, state.edits.entries().len())
    } else {
        (&mut steer.selected, state.fields.len())
    };
    *place = place
        .saturating_add_signed(down)
        .min(count.saturating_sub(1));
}

/// Takes up what became of a request.
pub fn answer(state: &mut State, request: Request, result: Result<Vec<Written>, String>) {
    let note = match (request, result) {
        (Request::Nudge(_, field, _), Ok(written)) => {
            state.view.steer.asked = Some(field);
            format!("wrote {}", list(&written))
        }
        (Request::Undo(..), Ok(written)) => {
            let text = format!("undo: {}", list(&written));
            state
                .journal
                .push(state.iteration, Kind::Note, text.clone());
            text
        }
        (request, Err(message)) => {
            if let Request::Undo(_, save) = request {
                state.edits.keep(save);
            }
            return warn(state, message);
        }
    };
    state.view.steer.note = Some(note);
}

/// Says in the pane and in the log what has failed.
pub fn warn(state: &mut State, message: String) {
    state.view.steer.note = Some(message.clone());
    state.apply(Event::Warning { message }, state.now);
}

/// What was asked for is in force.
pub fn arrived(state: &mut State) {
    (state.view.steer.note, state.view.steer.asked) = (None, None);
}

/// The run has read the file, which is valid, and found nothing to change.
pub fn unchanged(state: &mut State) {
    state.rejection = None;
    state.edits.settle();
    // The same values again are a reason to look at what stands above the file.
    if let Some(field) = state.view.steer.asked.take() {
        let note = format!("{field}: the command line goes first");
        state.view.steer.note = Some(note);
    }
}

fn list(written: &[Written]) -> String {
    let one = |w: &Written| format!("{} {} -> {}", w.field, w.old, w.new);
    written.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The file through which the run can be steered; or why there is none.
fn file(state: &State) -> Result<PathBuf, String> {
    let start = state.start.as_ref().ok_or("the run has not begun")?;
    if state.finished.is_some() {
        return Err("the run has ended".into());
    }
    let file = start
        .file
        .clone()
        .ok_or("built-in session: no file to edit")?;
    if !state.view.steer.followed {
        return Err("the session file is not followed".into());
    }
    Ok(file)
}

/// The file, if it can be written to with understanding.
fn valid_file(state: &State) -> Result<PathBuf, String> {
    let file = file(state)?;
    match state.rejection {
        Some(_) => Err(super::pen::BROKEN.into()),
        None => Ok(file),
    }
}

fn nudge(state: &mut State, way: NudgeDirection) -> Result<(), String> {
    if state.view.steer.edits {
        // Not what can't be seen.
        state.view.steer.edits = false;
        return Ok(());
    }
    let Some(field) = state.selected() else {
        return Ok(());
    };
    if field.applies == Applies::Restart {
        return Err(format!("{} needs a new run", field.name));
    }
    let name = state.selected_part().map_or(field.name, |part| part.name);
    let file = valid_file(state)?;
    state.view.steer.request = Some(Request::Nudge(file, name, way));
    Ok(())
}

fn undo(state: &mut State) -> Result<(), String> {
    let file = valid_file(state)?;
    let save = state.edits.undo().ok_or("nothing to undo")?;
    state.view.steer.request = Some(Request::Undo(file, save));
    Ok(())
}
