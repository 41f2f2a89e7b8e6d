//! Keys of the settings pane, pressed on a run made of events.

use crossterm::event::KeyCode;

use super::*;
use crate::dashboard::fixtures;
use crate::dashboard::keys::Key;
use crate::dashboard::pane::Pane;
use crate::dashboard::update::update;
use crate::event::Event;
use crate::session::Applies;
use crate::session::FieldPart;
use crate::session::Rejection;

/// A run that can be steered, with the settings in focus.
fn followed() -> State {
    let mut state = fixtures::started();
    if let Some(start) = &mut state.start {
        start.file = Some("s.ron".into());
    }
    state.view.focus = Pane::Settings;
    state.view.settings.followed = true;
    state
}

fn select_field(state: &mut State, name: &str) {
    let row = state.fields.iter().position(|field| field.name == name);
    state.view.settings.selected = row.unwrap();
}

/// The note after a key.
fn press(state: &mut State, letter: char) -> Option<&str> {
    update(state, Key::letter(letter));
    state.view.settings.note.as_deref()
}

fn edited(state: &mut State, (old, new): (&str, &str), now: f64) {
    let event = Event::Edit {
        iteration: 7,
        field: "optimizer.lr".into(),
        old: old.into(),
        new: new.into(),
        applies: Applies::Live,
    };
    state.apply(event, now);
}

fn rejected() -> Event {
    Event::Rejected(Rejection {
        file: "s.ron".into(),
        line: 2,
        column: 3,
        message: "no".into(),
    })
}

/// A step up of a field.
fn nudged(field: &'static str) -> FileRequest {
    let way = NudgeDirection::Up;
    FileRequest {
        file: "s.ron".into(),
        change: FileChange::Nudge { field, way },
    }
}

fn written() -> Vec<WrittenField> {
    vec![WrittenField {
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
    let request = state.view.settings.request.take().unwrap();
    assert_eq!(request, nudged("optimizer.lr"));
    assert_eq!(state.setting("optimizer.lr"), Some(0.1));
    answer(&mut state, request, Ok(written()));
    let note = state.view.settings.note.clone();
    assert_eq!(note.as_deref(), Some("wrote optimizer.lr 0.1 -> 0.2"));
    edited(&mut state, ("0.1", "0.2"), 1.0);
    assert_eq!(state.view.settings.note, None);
    assert_eq!(state.setting("optimizer.lr"), Some(0.2));
}

#[test]
fn why_nothing_can_be_written_is_said() {
    let mut state = followed();
    select_field(&mut state, "model.width");
    assert_eq!(press(&mut state, '+'), Some("model.width needs a new run"));
    select_field(&mut state, "optimizer.lr");
    state.view.settings.followed = false;
    for key in ['+', '-', 'u', 'e'] {
        assert!(press(&mut state, key).unwrap().contains("not followed"));
    }
    if let Some(start) = &mut state.start {
        start.file = None;
    }
    assert!(press(&mut state, '-').unwrap().contains("no file"));
    assert_eq!(
        (&state.view.settings.request, state.view.request),
        (&None, None)
    );
    let mut ended = followed();
    ended.apply(fixtures::finished(7, crate::event::Reason::Iterations), 1.0);
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
        assert!(state.rejection.is_some() && state.view.settings.request.is_none());
    }
    assert_eq!(press(&mut state, 'e'), None);
    assert_eq!(state.view.request, Some(LoopRequest::OpenEditor));
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
        let request = state.view.settings.request.take().unwrap();
        assert!(matches!(&request.change, FileChange::Undo(save) if save.edits[0].old == new));
        answer(&mut state, request, Ok(written()));
        let line = state.log.lines().back().unwrap();
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
    let request = state.view.settings.request.take().unwrap();
    answer(&mut state, request, Err("cannot write".into()));
    let line = state.log.lines().back().unwrap();
    assert_eq!(
        (line.kind, line.text.as_str()),
        (LogKind::Warning, "cannot write")
    );
    press(&mut state, 'u');
    assert!(state.view.settings.request.is_some());
}

#[test]
fn a_step_that_the_command_line_overrules_is_told() {
    let mut state = followed();
    state.apply(Event::Accepted { iteration: 7 }, 1.0);
    assert_eq!(state.view.settings.note, None);
    let request = nudged("stop.iterations");
    answer(&mut state, request, Ok(written()));
    state.apply(Event::Accepted { iteration: 7 }, 2.0);
    let note = state.view.settings.note.unwrap();
    assert!(note.starts_with("stop.iterations: the command line"));
}

#[test]
fn arrows_lead_through_the_parts_of_a_setting_and_steps_ask_for_the_part() {
    let mut state = followed();
    select_field(&mut state, "optimizer.schedule");
    let arrow = |state: &mut State, code| {
        update(state, Key::plain(code));
        state.selected_part()
    };
    let every = Some(FieldPart {
        name: "optimizer.schedule.every",
        value: "500".to_owned(),
    });
    for _ in 0..3 {
        assert_eq!(arrow(&mut state, KeyCode::Right), every);
    }
    press(&mut state, '+');
    let asked = |state: &mut State| match state.view.settings.request.take().map(|r| r.change) {
        Some(FileChange::Nudge { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(&mut state), "optimizer.schedule.every");
    assert_eq!(arrow(&mut state, KeyCode::Left), None);
    press(&mut state, '-');
    assert_eq!(asked(&mut state), "optimizer.schedule");
    arrow(&mut state, KeyCode::Right);
    press(&mut state, 'j');
    press(&mut state, 'k');
    assert_eq!(state.selected_part(), None, "another row is a new start");
    select_field(&mut state, "optimizer.lr");
    assert_eq!(arrow(&mut state, KeyCode::Right), None);
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
    let view = &state.view.settings;
    assert_eq!((view.above, view.selected), (2, 0));
    press(&mut state, '+');
    let view = &state.view.settings;
    assert_eq!((view.edits, &view.request), (false, &None));
}
