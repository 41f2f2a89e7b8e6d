//! Steering from the settings pane: its keys select a field, change it in the session file, take edits back, open the file.
//!
//! A key changes nothing but the file: what it asks for goes as a [`Request`] to the pen, and comes back through the watcher as an edit.

use std::path::PathBuf;

use super::edits::Save;
use super::journal::Kind;
use super::keys::{Action, Binding, Key, row};
use super::pen::Written;
use super::state::State;
use super::update::Wish;
use crate::event::Event;
use crate::session::{Applies, Way};

/// What a key of the pane asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The next value of the selected field.
    Nudge(Way),
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
        Action::Steer(Act::Nudge(Way::Up)),
        Some("more"),
        "selected setting one step up, in the file",
    ),
    row(
        &[Key::letter('-')],
        Action::Steer(Act::Nudge(Way::Down)),
        Some("less"),
        "selected setting one step down, in the file",
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
    Nudge(PathBuf, &'static str, Way),
    /// The old values of a save.
    Undo(PathBuf, Save),
}

/// What the user looks at in the pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steer {
    /// Row of the selected setting.
    pub selected: usize,
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

/// Selects the setting so many rows further down, or scrolls the edits.
pub fn select(state: &mut State, down: isize) {
    let steer = &mut state.view.steer;
    steer.note = None;
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

fn nudge(state: &mut State, way: Way) -> Result<(), String> {
    if state.view.steer.edits {
        // Not what can't be seen.
        state.view.steer.edits = false;
        return Ok(());
    }
    let Some(field) = state.fields.get(state.view.steer.selected) else {
        return Ok(());
    };
    if field.applies == Applies::Restart {
        return Err(format!("{} needs a new run", field.name));
    }
    let file = valid_file(state)?;
    state.view.steer.request = Some(Request::Nudge(file, field.name, way));
    Ok(())
}

fn undo(state: &mut State) -> Result<(), String> {
    let file = valid_file(state)?;
    let save = state.edits.undo().ok_or("nothing to undo")?;
    state.view.steer.request = Some(Request::Undo(file, save));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::pane::Pane;
    use super::super::sample;
    use super::super::update::update;
    use super::*;

    /// A run that can be steered, with the settings in focus.
    fn followed() -> State {
        let mut state = sample::started();
        if let Some(start) = &mut state.start {
            start.file = Some("s.ron".into());
        }
        state.view.focus = Pane::Settings;
        state.view.steer.followed = true;
        state
    }

    fn select_field(state: &mut State, name: &str) {
        let row = state.fields.iter().position(|field| field.name == name);
        state.view.steer.selected = row.unwrap();
    }

    /// The note after a key.
    fn press(state: &mut State, letter: char) -> Option<&str> {
        update(state, Key::letter(letter));
        state.view.steer.note.as_deref()
    }

    fn edited(state: &mut State, (old, new): (&str, &str), now: f64) {
        let event = Event::Edit {
            iteration: 7,
            field: "optimizer.lr".into(),
            old: old.into(),
            new: new.into(),
            applies: "live".into(),
        };
        state.apply(event, now);
    }

    fn rejected() -> Event {
        Event::Rejected {
            file: "s.ron".into(),
            line: 2,
            column: 3,
            message: "no".into(),
        }
    }

    fn written() -> Vec<Written> {
        vec![Written {
            field: "optimizer.lr".into(),
            old: "0.1".into(),
            new: "0.2".into(),
        }]
    }

    #[test]
    fn a_step_asks_for_the_file_alone_and_its_note_goes_when_it_is_in_force() {
        let mut state = followed();
        select_field(&mut state, "optimizer.lr");
        assert_eq!(press(&mut state, '+'), None);
        let request = state.view.steer.request.take().unwrap();
        assert_eq!(
            request,
            Request::Nudge("s.ron".into(), "optimizer.lr", Way::Up)
        );
        assert_eq!(state.setting("optimizer.lr"), Some(0.1));
        answer(&mut state, request, Ok(written()));
        let note = state.view.steer.note.clone();
        assert_eq!(note.as_deref(), Some("wrote optimizer.lr 0.1 -> 0.2"));
        edited(&mut state, ("0.1", "0.2"), 1.0);
        assert_eq!(state.view.steer.note, None);
        assert_eq!(state.setting("optimizer.lr"), Some(0.2));
    }

    #[test]
    fn why_nothing_can_be_written_is_said() {
        let mut state = followed();
        select_field(&mut state, "model.width");
        assert_eq!(press(&mut state, '+'), Some("model.width needs a new run"));
        select_field(&mut state, "optimizer.lr");
        state.view.steer.followed = false;
        for key in ['+', '-', 'u', 'e'] {
            assert!(press(&mut state, key).unwrap().contains("not followed"));
        }
        if let Some(start) = &mut state.start {
            start.file = None;
        }
        assert!(press(&mut state, '-').unwrap().contains("no file"));
        assert_eq!((&state.view.steer.request, state.view.wish), (&None, None));
        let mut ended = followed();
        ended.apply(sample::finished(7, crate::event::Reason::Iterations), 1.0);
        assert!(press(&mut ended, 'u').unwrap().contains("ended"));
    }

    #[test]
    fn a_refused_file_is_to_be_mended_before_any_step_and_stays_on_the_screen() {
        let mut state = followed();
        select_field(&mut state, "optimizer.lr");
        edited(&mut state, ("0.1", "0.2"), 1.0);
        state.apply(rejected(), 2.0);
        for key in ['+', '-', 'u'] {
            assert!(
                press(&mut state, key)
                    .unwrap()
                    .contains("mend the file first")
            );
            assert!(state.rejection.is_some() && state.view.steer.request.is_none());
        }
        assert_eq!(press(&mut state, 'e'), None);
        assert_eq!(state.view.wish, Some(Wish::Editor));
        state.apply(Event::Accepted { iteration: 8 }, 3.0);
        assert_eq!(state.rejection, None);
    }

    #[test]
    fn undoing_goes_further_back_each_time_and_says_so() {
        let mut state = followed();
        edited(&mut state, ("0.1", "0.2"), 1.0);
        edited(&mut state, ("0.2", "0.5"), 2.0);
        for (now, (old, new)) in [(3.0, ("0.5", "0.2")), (4.0, ("0.2", "0.1"))] {
            press(&mut state, 'u');
            let request = state.view.steer.request.take().unwrap();
            assert!(matches!(&request, Request::Undo(_, save) if save.edits[0].old == new));
            answer(&mut state, request, Ok(written()));
            let line = state.journal.lines().back().unwrap();
            assert!(line.text.starts_with("undo: optimizer.lr"));
            edited(&mut state, (old, new), now);
        }
        assert_eq!(press(&mut state, 'u'), Some("nothing to undo"));
    }

    #[test]
    fn a_failure_is_logged_and_the_edit_can_be_undone_later() {
        let mut state = followed();
        edited(&mut state, ("0.1", "0.2"), 1.0);
        press(&mut state, 'u');
        let request = state.view.steer.request.take().unwrap();
        answer(&mut state, request, Err("cannot write".into()));
        let line = state.journal.lines().back().unwrap();
        assert_eq!(
            (line.kind, line.text.as_str()),
            (Kind::Warning, "cannot write")
        );
        press(&mut state, 'u');
        assert!(state.view.steer.request.is_some());
    }

    #[test]
    fn a_step_that_the_command_line_overrules_is_told() {
        let mut state = followed();
        state.apply(Event::Accepted { iteration: 7 }, 1.0);
        assert_eq!(state.view.steer.note, None);
        let request = Request::Nudge("s.ron".into(), "stop.iterations", Way::Up);
        answer(&mut state, request, Ok(written()));
        state.apply(Event::Accepted { iteration: 7 }, 2.0);
        let note = state.view.steer.note.unwrap();
        assert!(note.starts_with("stop.iterations: the command line"));
    }

    #[test]
    fn the_edits_scroll_and_a_step_leads_back_to_the_settings() {
        let mut state = followed();
        for now in [1.0, 2.0, 3.0] {
            edited(&mut state, ("0.1", "0.2"), now);
        }
        press(&mut state, 'i');
        for _ in 0..9 {
            press(&mut state, 'j');
        }
        let steer = &state.view.steer;
        assert_eq!((steer.above, steer.selected), (2, 0));
        press(&mut state, '+');
        let steer = &state.view.steer;
        assert_eq!((steer.edits, &steer.request), (false, &None));
    }
}
