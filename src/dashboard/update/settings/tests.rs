//! Keys of the settings pane, pressed on a run made of events.

use crossterm::event::KeyCode;

use super::*;
use crate::dashboard::fixtures;
use crate::dashboard::keys::Key;
use crate::dashboard::pane::Pane;
use crate::dashboard::state::Popup;
use crate::dashboard::state::rate::RateInForce;
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
    let rows = state.setting_rows();
    let row = rows.iter().position(|field| field.name == name);
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
        file: Some("s.ron".into()),
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
    assert_eq!(
        press(&mut state, '+'),
        Some("model.width needs a new run; Enter types a value for it")
    );
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

/// Opens the line at a field and types a text in the place of its value.
fn typed(state: &mut State, field: &str, text: &str) {
    select_field(state, field);
    update(state, Key::plain(KeyCode::Enter));
    update(state, Key::control('u'));
    for letter in text.chars() {
        update(state, Key::letter(letter));
    }
}

fn input(state: &State) -> &ValueInput {
    state.view.settings.input.as_ref().unwrap()
}

#[test]
fn a_value_is_typed_over_the_present_one_and_enter_asks_for_the_file() {
    let mut state = followed();
    select_field(&mut state, "optimizer.lr");
    update(&mut state, Key::plain(KeyCode::Enter));
    assert_eq!(
        (input(&state).text().as_str(), state.view.zoom),
        ("0.1", false)
    );
    // Letters that are keys of the pane go into the value, and so does what is a key everywhere.
    for letter in ['q', '+', '2'] {
        update(&mut state, Key::letter(letter));
    }
    assert_eq!(input(&state).text(), "0.1q+2");
    assert_eq!(state.view.popup, None);
    for code in [KeyCode::Home, KeyCode::Delete, KeyCode::Tab, KeyCode::Up] {
        update(&mut state, Key::plain(code));
    }
    assert_eq!(
        (input(&state).text(), state.view.focus),
        (".1q+2".into(), Pane::Settings)
    );
    typed(&mut state, "optimizer.lr", "");
    update(&mut state, Key::plain(KeyCode::End));
    update(&mut state, Key::control('u'));
    for letter in "0.2".chars() {
        update(&mut state, Key::letter(letter));
    }
    update(&mut state, Key::plain(KeyCode::Enter));
    let request = state.view.settings.request.take().unwrap();
    let change = FileChange::Value(TypedValue {
        field: "optimizer.lr",
        text: "0.2".into(),
        rate_now: None,
    });
    assert_eq!(
        (&request.change, &request.file),
        (&change, &Some("s.ron".into()))
    );
    answer(&mut state, request, Ok(written()));
    assert_eq!(state.view.settings.input, None);
    assert_eq!(
        state.view.settings.note.as_deref(),
        Some("wrote optimizer.lr 0.1 -> 0.2")
    );
}

#[test]
fn a_refused_value_stays_in_the_line_with_its_reason_until_escape() {
    let mut state = followed();
    typed(&mut state, "optimizer.lr", "50");
    update(&mut state, Key::plain(KeyCode::Enter));
    let request = state.view.settings.request.take().unwrap();
    answer(&mut state, request, Err("must be smaller".into()));
    let line = input(&state);
    assert_eq!(
        (line.text().as_str(), line.refused.as_deref()),
        ("50", Some("must be smaller"))
    );
    update(&mut state, Key::plain(KeyCode::Backspace));
    assert_eq!(input(&state).refused, None);
    // The file breaks meanwhile.
    state.apply(rejected(), 2.0);
    update(&mut state, Key::plain(KeyCode::Enter));
    assert!(
        input(&state)
            .refused
            .as_ref()
            .unwrap()
            .contains("mend the file first")
    );
    update(&mut state, Key::plain(KeyCode::Esc));
    let view = &state.view.settings;
    assert_eq!((&view.input, &view.request), (&None, &None));
    assert!(state.rejection.is_some(), "the banner stays");
}

#[test]
fn a_rate_wanted_now_becomes_the_base_under_the_present_factor_and_is_logged() {
    let mut state = followed();
    let with = |lr| match fixtures::iteration(8, 1.0) {
        Event::Iteration {
            iteration,
            seconds,
            gradient,
            update,
            losses,
            ..
        } => Event::Iteration {
            iteration,
            seconds,
            lr,
            gradient,
            update,
            losses,
        },
        other => other,
    };
    typed(&mut state, "optimizer.lr", "now 1e-3");
    update(&mut state, Key::plain(KeyCode::Enter));
    assert!(
        input(&state)
            .refused
            .as_ref()
            .unwrap()
            .contains("next iteration")
    );
    state.apply(with(0.025), 1.0);
    for text in ["now 1e-3", "=0.001"] {
        typed(&mut state, "optimizer.lr", "");
        update(&mut state, Key::plain(KeyCode::End));
        typed(&mut state, "optimizer.lr", text);
        update(&mut state, Key::plain(KeyCode::Enter));
        let request = state.view.settings.request.take().unwrap();
        let FileChange::Value(value) = &request.change else {
            panic!("{request:?}");
        };
        assert_eq!(
            (value.text.as_str(), value.rate_now),
            ("0.004", Some(0.001))
        );
        answer(&mut state, request, Ok(written()));
        let line = state.log.lines().back().unwrap();
        assert_eq!(line.text, "rate now 0.001 (base 0.004)");
    }
    edited(&mut state, ("0.1", "0.004"), 2.0);
    let told = RateInForce {
        field: "optimizer.lr",
        base: 0.004,
        rate: 0.001,
    };
    assert_eq!(state.rate, Some(told));
    let schedule = Event::Edit {
        iteration: 9,
        field: "optimizer.schedule".into(),
        old: "Halve(every: 500)".into(),
        new: "Constant".into(),
        applies: Applies::Live,
    };
    state.apply(schedule, 3.0);
    assert_eq!(state.rate, None, "its factor is not known");
}

#[test]
fn a_session_without_a_file_is_asked_to_get_one() {
    let mut state = followed();
    if let Some(start) = &mut state.start {
        start.file = None;
    }
    (state.view.settings.followed, state.view.settings.unwritten) = (false, true);
    select_field(&mut state, "optimizer.lr");
    press(&mut state, '+');
    let request = state.view.settings.request.take().unwrap();
    assert_eq!(request.file, None);
    state.adopt_file("moons.ron".into());
    let line = state.log.lines().back().unwrap();
    assert!(line.text.contains("moons.ron"), "{}", line.text);
    press(&mut state, '+');
    let request = state.view.settings.request.take().unwrap();
    assert_eq!(request.file, Some("moons.ron".into()));
}

#[test]
fn what_needs_a_new_run_or_a_draw_is_not_shown_as_in_force() {
    let mut state = followed();
    let edit = |field: &str, old: &str, new: &str, applies| Event::Edit {
        iteration: 7,
        field: field.into(),
        old: old.into(),
        new: new.into(),
        applies,
    };
    state.apply(edit("model.width", "32", "64", Applies::Restart), 1.0);
    state.apply(edit("flow.steps", "8", "20", Applies::Resample), 1.0);
    assert_eq!(state.setting("model.width"), Some(32.0));
    assert_eq!(state.setting("flow.steps"), Some(8.0));
    select_field(&mut state, "model.width");
    update(&mut state, Key::plain(KeyCode::Enter));
    assert_eq!(input(&state).text(), "64", "what waits is edited on");
    state.apply(Event::Resample { iteration: 8 }, 2.0);
    assert_eq!(state.setting("flow.steps"), Some(20.0));
    assert_eq!(state.setting("model.width"), Some(32.0));
}

#[test]
fn enter_answers_a_question_before_it_opens_the_line() {
    let mut state = followed();
    state.view.popup = Some(Popup::Quit);
    let command = update(&mut state, Key::plain(KeyCode::Enter));
    assert!(command.is_some());
    assert_eq!(state.view.settings.input, None);
}

#[test]
fn every_key_of_the_line_does_something() {
    for binding in crate::dashboard::keys::input_rows() {
        for &key in binding.keys {
            let acts = [KeyCode::Home, KeyCode::Right, KeyCode::End]
                .into_iter()
                .any(|at| {
                    let mut before = followed();
                    typed(&mut before, "optimizer.lr", "0.2");
                    update(&mut before, Key::plain(KeyCode::Left));
                    update(&mut before, Key::plain(at));
                    let mut after = before.clone();
                    update(&mut after, key);
                    after != before
                });
            assert!(acts, "{}", key.label());
        }
    }
    let mut state = followed();
    typed(&mut state, "optimizer.lr", "0.2");
    assert!(
        update(&mut state, Key::control('c')).is_some(),
        "stops as anywhere"
    );
}
