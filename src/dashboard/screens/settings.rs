//! The settings pane: what is not in force, what explains a setting, a value that is typed, what edits did.

use super::*;
use crate::dashboard::keys::Key;
use crate::dashboard::state::differences::{FileNews, FileReading};
use crate::dashboard::update::update;
use crate::session::WrittenText;
use crossterm::event::KeyCode;

/// Snapshots in the four colour modes, each at the four sizes.
fn assert_screens(name: &str, state: &State) {
    let mode = |markers, colour| Theme { markers, colour };
    let modes = [
        ("truecolor", mode(Markers::Braille, Depth::True)),
        ("16_colours", COLOUR),
        ("no_colour", PLAIN),
        ("ascii", ASCII),
    ];
    for (mode, theme) in modes {
        let sizes = [(80, 24), (80, 23), (120, 40), (200, 60)];
        let shown = sizes.map(|size| {
            let screen = drawn(state, &theme, size);
            format!("{}\n\n{}", text(&screen), styles(&screen))
        });
        insta::assert_snapshot!(format!("{name}_{mode}"), shown.join("\n\n"));
    }
}

fn edit(field: &str, (old, new): (&str, &str), applies: Applies) -> Event {
    Event::Edit {
        iteration: 400,
        field: field.into(),
        old: old.into(),
        new: new.into(),
        applies,
    }
}

/// A run whose file differs from what is in force in every way: refused, in need of a new run or a draw, held back by the command line.
fn held_back() -> State {
    let mut state = fixtures::run();
    let reading = |hjb: &str, valid: bool| {
        let text = WrittenText {
            field: "weights.hjb",
            text: hjb.into(),
        };
        let mut fields = fixtures::run().fields;
        for field in &mut fields {
            if field.name == "stop.iterations" {
                field.value = "9000".into();
            }
        }
        FileReading {
            texts: vec![text],
            fields: valid.then_some(fields),
        }
    };
    state.set_file(reading("5.0", true), FileNews::Taken);
    state.apply(edit("model.width", ("32", "64"), Applies::Restart), 20.0);
    state.apply(edit("flow.steps", ("8", "20"), Applies::Resample), 20.1);
    state.set_file(reading("-3", false), FileNews::Changed);
    state.view.focus = Pane::Settings;
    state.view.settings.selected = 3;
    state.now = 30.0;
    state
}

/// The same with a value typed at the selected setting, which was refused.
fn typing() -> State {
    let mut state = held_back();
    state.view.settings.followed = true;
    if let Some(start) = &mut state.start {
        start.file = Some("8gaussians.ron".into());
    }
    update(&mut state, Key::plain(KeyCode::Enter));
    for letter in "50".chars() {
        update(&mut state, Key::letter(letter));
    }
    if let Some(input) = &mut state.view.settings.input {
        let range = "a number above 0 and up to 10";
        input.refused = Some(format!("`optimizer.lr` must be {range}, found 0.0550"));
    }
    state
}

/// A run with edits that were judged, that are not yet, and that can't be; the list of them in focus.
fn judged() -> State {
    let mut state = fixtures::run();
    let edit = |iteration, field: &str, old: &str, new: &str, applies| Event::Edit {
        iteration,
        field: field.into(),
        old: old.into(),
        new: new.into(),
        applies,
    };
    let validate = |state: &mut State, k: u64, c: f64| {
        // No line takes it away, and eight add up to nothing.
        let signs = [1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0];
        let noise = 0.001 * signs[(k - 1) as usize % 8];
        let mut event = fixtures::validation(k, c + noise);
        if let Event::Validation { seconds, .. } = &mut event {
            *seconds = k as f64 * 0.05;
        }
        state.apply(event, k as f64 * 0.05);
    };
    (401..=408).for_each(|k| validate(&mut state, k, 2.95));
    let lr = edit(408, "optimizer.lr", "0.05", "0.1", Applies::Live);
    state.apply(lr, 20.4);
    (409..=418).for_each(|k| validate(&mut state, k, 2.9));
    let hjb = edit(418, "weights.hjb", "5.0", "2.0", Applies::Live);
    state.apply(hjb, 20.9);
    (419..=420).for_each(|k| validate(&mut state, k, 2.91));
    let width = edit(420, "model.width", "32", "64", Applies::Restart);
    state.apply(width, 21.0);
    state.view.focus = Pane::Settings;
    state.view.settings.edits = true;
    state.now = 30.0;
    state
}

#[test]
fn settings_that_explain_themselves_and_what_is_not_in_force() {
    let state = held_back();
    assert_screens("settings_held_back", &state);
    let screen = text(&drawn(&state, &ASCII, (200, 60)));
    for row in [
        "! weights.hjb        5.0  file: -3",
        "c stop.iterations    5000  file: 9000",
        "d flow.steps         8  file: 20",
        "n model.width        32  file: 64",
    ] {
        assert!(screen.contains(row), "{row}:\n{screen}");
    }
}

#[test]
fn a_value_that_is_typed() {
    let state = typing();
    assert_screens("settings_typing", &state);
    let screen = text(&drawn(&state, &ASCII, (80, 24)));
    assert!(screen.contains(">  optimizer.lr = 0.0550"), "{screen}");
    assert!(screen.contains("up to 10"), "{screen}");
}

#[test]
fn a_long_value_is_shown_around_the_cursor() {
    let mut state = typing();
    for letter in "abcdefghijklmnopqrstuvwxyz".chars() {
        update(&mut state, Key::letter(letter));
    }
    let shown = |state: &State| text(&drawn(state, &ASCII, (80, 24)));
    assert!(shown(&state).contains("uvwxyz"));
    update(&mut state, Key::plain(KeyCode::Home));
    assert!(shown(&state).contains("= 0.0550abc"));
}

#[test]
fn what_edits_did() {
    let state = judged();
    assert_screens("settings_effects", &state);
    let screen = text(&drawn(&state, &ASCII, (200, 60)));
    for words in [
        "C 2.95000 -> 2.90000, -0.05000 (0.00058): beyond noise",
        "effect on C: not yet, 2 of 4 validations",
        "effect on C: unknown, 2 of 4 validations before it",
    ] {
        assert!(screen.contains(words), "{words}:\n{screen}");
    }
}
