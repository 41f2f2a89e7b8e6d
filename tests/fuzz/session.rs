//! Any text as a session file: refused with a place in it, or read, stepped and rewritten.
//!
//! From the top of the repository, with nightly Rust and `cargo install cargo-fuzz`:
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz session -- -max_total_time=600 -timeout=10`.
//! The same for `model`, `metrics` and `reference`. What it finds belongs into the tests of the reader.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use otflow::session::{Way, changes, fields, nudge, parse, rewrite, to_ron};

fuzz_target!(|text: &str| {
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
        let way = if (place + text.len()) % 2 == 0 { Way::Up } else { Way::Down };
        let Ok(value) = nudge(&session, field.name, way) else {
            continue;
        };
        // A layout that is not understood is refused; what is written is read, and differs in that field alone.
        if let Ok(new) = rewrite(text, &[(field.name, &value)]) {
            let changed = changes(&session, &read(&new).expect("a session"));
            assert_eq!(changed.len(), 1, "{changed:?}");
            assert_eq!(changed[0].new, value);
        }
    }
});
