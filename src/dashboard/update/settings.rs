//! The keys of the settings pane: they select a field, change it in the session file, take edits back, open the file.
//!
//! A key changes nothing but the file: what it asks for goes to the event loop as a [`FileRequest`], and comes back through the watcher
//! as an edit.

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::dashboard::action::{InputAction, SettingsAction};
use crate::dashboard::format::rate;
use crate::dashboard::state::differences::{HeldBack, HeldValue};
use crate::dashboard::state::log::LogKind;
use crate::dashboard::state::rate::wanted_now;
use crate::dashboard::state::settings::{
    BROKEN, FileChange, FileRequest, TypedValue, WrittenField,
};
use crate::dashboard::state::value_input::ValueInput;
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
        SettingsAction::Type => open_input(state),
    };
    if let Err(reason) = done {
        state.view.settings.note = Some(reason);
    }
}

/// Changes the value that is being typed, has it written, or gives it up.
pub fn input(state: &mut State, action: InputAction) {
    let view = &mut state.view.settings;
    let Some(input) = &mut view.input else {
        return;
    };
    match action {
        InputAction::Edit(edit) => input.edit(edit),
        InputAction::GiveUp => view.input = None,
        InputAction::Write => {
            if let Err(reason) = write_input(state) {
                refuse_input(state, reason);
            }
        }
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
    let iteration = state.iteration;
    let note = match (request.change, result) {
        (FileChange::Nudge { field, .. }, Ok(written)) => {
            state.view.settings.asked = Some(field);
            format!("wrote {}", list(&written))
        }
        (FileChange::Value(typed), Ok(written)) => {
            state.view.settings.input = None;
            typed_note(state, &typed, &written)
        }
        (FileChange::Undo(_), Ok(written)) => {
            let text = format!("undo: {}", list(&written));
            state.log.push(iteration, LogKind::Note, text.clone());
            text
        }
        (FileChange::Value(typed), Err(message)) => {
            let of = |rate_now| format!("rate now {}: {message}", rate(rate_now));
            let message = typed.rate_now.map_or(message.clone(), of);
            return refuse_input(state, message);
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

/// The note on a typed value; a rate that was wanted now is logged too.
fn typed_note(state: &mut State, typed: &TypedValue, written: &[WrittenField]) -> String {
    let TypedValue {
        field,
        text,
        rate_now,
    } = typed;
    if written.is_empty() {
        return format!("{field}: the file has {text} already");
    }
    state.view.settings.asked = Some(field);
    let Some(now) = rate_now else {
        return format!("wrote {}", list(written));
    };
    let text = format!("rate now {} (base {text})", rate(*now));
    let iteration = state.iteration;
    state.log.push(iteration, LogKind::Note, text.clone());
    text
}

/// Says at the line why its value was not written.
fn refuse_input(state: &mut State, reason: String) {
    match &mut state.view.settings.input {
        Some(input) => input.refused = Some(reason),
        None => state.view.settings.note = Some(reason),
    }
}

fn list(written: &[WrittenField]) -> String {
    let one = |w: &WrittenField| format!("{} {} -> {}", w.field, w.old, w.new);
    written.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The file whose changes reach the run, None for one that is written first; or why there is none.
fn file(state: &State) -> Result<Option<PathBuf>, String> {
    let start = state.start.as_ref().ok_or("the run has not begun")?;
    if state.finished.is_some() {
        return Err("the run has ended".into());
    }
    let view = &state.view.settings;
    match &start.file {
        Some(file) if view.followed => Ok(Some(file.clone())),
        None if view.unwritten => Ok(None),
        None => Err("this session has no file to edit".into()),
        Some(_) => Err("the session file is not followed".into()),
    }
}

/// The file, if it is a valid session.
fn valid_file(state: &State) -> Result<Option<PathBuf>, String> {
    let file = file(state)?;
    match state.rejection {
        Some(_) => Err(BROKEN.into()),
        None => Ok(file),
    }
}

/// Leads from the list of edits back to the settings, whose selection can't be seen there; true if it was shown.
fn leave_edits(state: &mut State) -> bool {
    std::mem::take(&mut state.view.settings.edits)
}

fn nudge(state: &mut State, way: NudgeDirection) -> Result<(), String> {
    if leave_edits(state) {
        return Ok(());
    }
    let Some(selected) = state.selected() else {
        return Ok(());
    };
    if selected.applies == Applies::Restart {
        let name = selected.name;
        return Err(format!(
            "{name} needs a new run; Enter types a value for it"
        ));
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

/// Opens the line for the selected setting or part, with the value that waits in the file, or else the one in force.
fn open_input(state: &mut State) -> Result<(), String> {
    if leave_edits(state) {
        return Ok(());
    }
    let Some(selected) = state.selected() else {
        return Ok(());
    };
    let waits = |held: &HeldValue| matches!(held.reason, HeldBack::NewRun | HeldBack::NextDraw);
    let held = state.differences.of(selected).filter(waits);
    let whole = || {
        let value = held.map_or(selected.value.clone(), |held| held.value);
        ValueInput::new(selected.name, &value)
    };
    let part = state.selected_part();
    let input = part.map_or_else(whole, |part| ValueInput::new(part.name, &part.value));
    valid_file(state)?;
    state.view.settings.input = Some(input);
    Ok(())
}

/// Asks for the typed value to be written.
fn write_input(state: &mut State) -> Result<(), String> {
    let Some(input) = &state.view.settings.input else {
        return Ok(());
    };
    let (field, text) = (input.field, input.text().trim().to_owned());
    let is_base = matches!(field, "optimizer.lr" | "start.lr");
    let typed = match wanted_now(&text).filter(|_| is_base) {
        None => TypedValue {
            field,
            text,
            rate_now: None,
        },
        Some(wanted) => base_for(state, field, wanted?)?,
    };
    let file = valid_file(state)?;
    let change = FileChange::Value(typed);
    state.view.settings.request = Some(FileRequest { file, change });
    Ok(())
}

/// The base that makes a rate the one in force.
fn base_for(state: &State, field: &'static str, wanted: f64) -> Result<TypedValue, String> {
    let rate = state
        .rate
        .ok_or("the rate in force is known after the next iteration")?;
    if rate.field != field {
        return Err(format!("the rate in force is one of {}", rate.field));
    }
    let base = rate.base_for(wanted)?;
    Ok(TypedValue {
        field,
        text: format!("{base:?}"),
        rate_now: Some(wanted),
    })
}
