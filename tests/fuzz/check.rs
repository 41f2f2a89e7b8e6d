//! What must hold of any input: each function panics where it does not.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use otflow::checkpoint::{Checkpoint, framed};
use otflow::commands::verify::verify_text;
use otflow::dashboard::layout;
use otflow::dashboard::state::State;
use otflow::dashboard::theme::{Depth, Markers, Theme};
use otflow::event::Event;
use otflow::model::TrainedModel;
use otflow::run::line;
use otflow::run::read;
use otflow::session::{
    Assignment, Change, NudgeDirection, changes, fields, nudge, parse, rewrite, to_ron,
};
use otflow::table::{
    Blocks, Dialect, Header, IndexedTable, Missing, Selection, Separator, ThousandsMark,
};
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
            0 => NudgeDirection::Up,
            _ => NudgeDirection::Down,
        };
        let Ok(value) = nudge(&session, field.name, way) else {
            continue;
        };
        if let Ok(new) = rewrite(text, &[Assignment::new(field.name, &value)]) {
            let changed = changes(&session, &read(&new).unwrap());
            // Another kind of a group has other fields, and other defaults.
            let group = format!("{}.", field.name);
            let other = |change: &Change| change.field.starts_with(&group);
            assert!(changed[1..].iter().all(other), "{changed:?}");
            assert_eq!(
                (changed[0].field, changed[0].new.as_str()),
                (field.name, value.as_str())
            );
        }
    }
}

/// Bytes are refused as a model, or have every parameter of it.
pub fn model(bytes: &[u8]) {
    if let Ok(model) = TrainedModel::from_bytes(bytes) {
        assert_eq!(model.theta.len(), model.shape.parameters());
        assert!(model.theta.len() * size_of::<f32>() <= bytes.len());
    }
}

/// Lines are events or not, and whatever they say, the state of the dashboard takes them up.
pub fn metrics(bytes: &[u8]) {
    let mut state = State::default();
    for event in events(bytes) {
        let again = line::json(&event);
        assert!(read::event(again.as_bytes()).unwrap().is_some(), "{again}");
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
    lines.filter_map(|line| read::event(line).ok().flatten())
}

/// A text is refused as a reference, or compared with the kernels.
pub fn reference(text: &str) {
    if let Ok(agreement) = verify_text(text, Path::new("r.json"), Precision::F64) {
        let told = agreement.to_string();
        assert_eq!(told.contains("DIFFERS"), !agreement.holds());
    }
}

/// A table with this ending is refused with its name, or has as many finite numbers as it says, however they are read.
pub fn table(bytes: &[u8], ending: &str) {
    // The first byte says how it is read.
    let (how, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let columns: &[&str] = [&[][..], &["1"], &["b", "a"], &["2", "1"]][usize::from(how >> 3 & 3)];
    let selection = Selection {
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        header: [Header::Auto, Header::Yes, Header::No][usize::from(how & 3) % 3],
        missing: match how >> 2 & 9 {
            0 => Missing::Refuse,
            1 => Missing::Drop,
            _ => Missing::words(vec!["-1".to_owned(), "a".to_owned()]),
        },
        dialect: match how >> 6 {
            0 => Dialect::default(),
            1 => dialect(Separator::Blanks, ThousandsMark::Auto),
            2 => dialect(Separator::Auto, ThousandsMark::Point),
            _ => dialect(Separator::Semicolon, ThousandsMark::Blank),
        },
    };
    let file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let table = match IndexedTable::open(file.path(), &selection) {
        Ok(table) => table,
        Err(error) => {
            let name = file.path().display().to_string();
            return assert!(error.to_string().contains(&name), "{error}");
        }
    };
    let size = table.len() * table.width();
    // A gzip or an archive may hold more.
    let packed = bytes.starts_with(b"\x1f\x8b") || bytes.starts_with(b"PK");
    assert!(size <= bytes.len() || packed);
    let mut values = vec![f64::NAN; size];
    table.read(0, &mut values).unwrap();
    assert!(values.iter().all(|value| value.is_finite()));
    let blocks = Blocks::open(file.path(), &selection, 3).unwrap();
    let passed: Vec<f64> = blocks.flat_map(Result::unwrap).collect();
    assert_eq!(passed, values);
}

fn dialect(separator: Separator, thousands: ThousandsMark) -> Dialect {
    Dialect {
        separator,
        thousands,
        ..Dialect::default()
    }
}

/// A table in a gzip, whatever it holds, is read or refused as one that is not packed; the first byte says how.
pub fn packed(bytes: &[u8], ending: &str) {
    let (how, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let mut encoder = GzEncoder::new(vec![*how], Compression::fast());
    encoder.write_all(bytes).unwrap();
    table(&encoder.finish().unwrap(), ending);
}

/// A checkpoint whose checksum is right is refused with its name, or its numbers are finite.
pub fn checkpoint(content: &[u8]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), framed(content)).unwrap();
    match Checkpoint::load(file.path()) {
        Ok(saved) => {
            let state = saved.checkpoint.state;
            assert!(state.is_sound(state.parameters()));
            assert!(state.parameters() * size_of::<f64>() <= content.len());
        }
        Err(error) => {
            let name = file.path().display().to_string();
            assert!(error.to_string().contains(&name), "{error}");
        }
    }
}
