//! The keys of the settings pane: they select a field, change it in the session file, take edits back, open the file.
//!
//! A key changes nothing but the file: what it asks for goes to the event loop as a [`FileRequest`], and comes back through the watcher
//! as an edit.

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::dashboard::action::SettingsAction;
use crate::dashboard::state::log::LogKind;
use crate::dashboard::state::settings::{BROKEN, FileChange, FileRequest, WrittenField};
use crate::dashboard::state::{LoopRequest, State};
use crate::session::{Applies, NudgeDirection};

/// Changes the state of the pane as a key asks; the note says why nothing can be done.
pub fn update(state: &mut State, action: SettingsAction) {
    state.view.settings.note = None;
    let done = match action {
        SettingsAction::Nudge(way) => nudge(state, way),
        SettingsAction::Part(by) => {
            let count = state.selected_parts().len();
            let view = &mut state.view.settings;
            view.part = view.part.min(count).saturating_add_signed(by).min(count);
            Ok(())
        }
        SettingsAction::Undo => undo(state),
        SettingsAction::OpenEditor => {
            file(state).map(|_| state.view.request = Some(LoopRequest::OpenEditor))
        }
        SettingsAction::Edits => {
            let view = &mut state.view.settings;
            (view.edits, view.above) = (!view.edits, 0);
            Ok(())
        }
    };
    if let Err(reason) = done {
        state.view.settings.note = Some(reason);
    }
}

/// Selects the setting `down` rows further down, or scrolls the edits.
pub fn select(state: &mut State, down: isize) {
    let view = &mut state.view.settings;
    (view.note, view.part) = (None, 0);
    let (place, count) = if view.edits {
        (&mut view.above, state.edits.entries().len())
    } else {
        (&mut view.selected, state.fields.len())
    };
    *place = place
        .saturating_add_signed(down)
        .min(count.saturating_sub(1));
}

/// Notes the result of a request: the fields that were written, or why none were.
pub fn answer(state: &mut State, request: FileRequest, result: Result<Vec<WrittenField>, String>) {
    let note = match (request.change, result) {
        (FileChange::Nudge { field, .. }, Ok(written)) => {
            state.view.settings.asked = Some(field);
            format!("wrote {}", list(&written))
        }
        (FileChange::Undo(_), Ok(written)) => {
            let text = format!("undo: {}", list(&written));
            state.log.push(state.iteration, LogKind::Note, text.clone());
            text
        }
        (change, Err(message)) => {
            if let FileChange::Undo(saved) = change {
                state.edits.put_back(saved);
            }
            return state.warn(message);
        }
    };
    state.view.settings.note = Some(note);
}

fn list(written: &[WrittenField]) -> String {
    let one = |w: &WrittenField| format!("{} {} -> {}", w.field, w.old, w.new);
    written.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The file whose changes reach the run; or why there is none.
fn file(state: &State) -> Result<PathBuf, String> {
    let start = state.start.as_ref().ok_or("the run has not begun")?;
    if state.finished.is_some() {
        return Err("the run has ended".into());
    }
    let file = start
        .file
        .clone()
        .ok_or("built-in session: no file to edit")?;
    if !state.view.settings.followed {
        return Err("the session file is not followed".into());
    }
    Ok(file)
}

/// The file, if it is a valid session.
fn valid_file(state: &State) -> Result<PathBuf, String> {
    let file = file(state)?;
    match state.rejection {
        Some(_) => Err(BROKEN.into()),
        None => Ok(file),
    }
}

fn nudge(state: &mut State, way: NudgeDirection) -> Result<(), String> {
    if state.view.settings.edits {
        // Not what can't be seen.
        state.view.settings.edits = false;
        return Ok(());
    }
    let Some(selected) = state.selected() else {
        return Ok(());
    };
    if selected.applies == Applies::Restart {
        return Err(format!("{} needs a new run", selected.name));
    }
    let field = state
        .selected_part()
        .map_or(selected.name, |part| part.name);
    let file = valid_file(state)?;
    let change = FileChange::Nudge { field, way };
    state.view.settings.request = Some(FileRequest { file, change });
    Ok(())
}

fn undo(state: &mut State) -> Result<(), String> {
    let file = valid_file(state)?;
    let saved = state.edits.take_last_save().ok_or("nothing to undo")?;
    let change = FileChange::Undo(saved);
    state.view.settings.request = Some(FileRequest { file, change });
    Ok(())
}
