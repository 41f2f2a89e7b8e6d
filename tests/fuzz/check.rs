//! What must hold of any input: each function panics where it does not.

use std::path::Path;

use otflow::dashboard::layout;
use otflow::dashboard::state::State;
use otflow::dashboard::theme::{Depth, Markers, Theme};
use otflow::event::Event;
use otflow::follow;
use otflow::model::Model;
use otflow::run::line;
use otflow::session::{Way, changes, fields, nudge, parse, rewrite, to_ron};
use otflow::verify::verify_text;
use otflow_kernels::engine::Precision;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A text is refused with a place in it, or read, and then every step of a field can be written into it or is refused.
pub fn session(text: &str) {
    let read = |text: &str| parse(text, Path::new("s.ron"));
    let session = match read(text) {
        Ok(session) => session,
        Err(rejection) => {
            assert!(rejection.line >= 1 && rejection.column >= 1);
            assert!(rejection.line <= 1 + text.matches('\n').count());
            return;
        }
    };
    assert_eq!(read(&to_ron(&session)).as_ref(), Ok(&session));
    for (place, field) in fields(&session).into_iter().enumerate() {
        let way = match (place + text.len()) % 2 {
            0 => Way::Up,
            _ => Way::Down,
        };
        let Ok(value) = nudge(&session, field.name, way) else {
            continue;
        };
        if let Ok(new) = rewrite(text, &[(field.name, &value)]) {
            let changed = changes(&session, &read(&new).unwrap());
            assert_eq!(changed.len(), 1, "{changed:?}");
            assert_eq!(changed[0].new, value);
        }
    }
}

/// Bytes are refused as a model, or have every parameter of it.
pub fn model(bytes: &[u8]) {
    if let Ok(model) = Model::from_bytes(bytes) {
        assert_eq!(model.theta.len(), model.shape.parameters());
        assert!(model.theta.len() * size_of::<f32>() <= bytes.len());
    }
}

/// Lines are events or not, and whatever they say, the state of the dashboard takes them up.
pub fn metrics(bytes: &[u8]) {
    let mut state = State::default();
    for event in events(bytes) {
        let again = line::json(&event);
        assert!(
            follow::event(again.as_bytes()).unwrap().is_some(),
            "{again}"
        );
        line::words(&event);
        state.apply(event, 0.0);
    }
}

/// And the screen shows it.
pub fn screen(bytes: &[u8]) {
    let mut state = State::default();
    events(bytes).for_each(|event| state.apply(event, 0.0));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    let theme = Theme {
        markers: Markers::default(),
        colour: Depth::default(),
    };
    layout::screen(&state, &theme, &mut buffer);
}

fn events(bytes: &[u8]) -> impl Iterator<Item = Event> {
    let lines = bytes.split(|&byte| byte == b'\n');
    lines.filter_map(|line| follow::event(line).ok().flatten())
}

/// A text is refused as a reference, or compared with the kernels.
pub fn reference(text: &str) {
    if let Ok(agreement) = verify_text(text, Path::new("r.json"), Precision::F64) {
        let told = agreement.to_string();
        assert_eq!(told.contains("DIFFERS"), !agreement.holds());
    }
}
