//! Any lines as the metrics of a run: each an event or not, and whatever they say the dashboard's state takes them up.
//! How to run it: `session.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otflow::dashboard::state::State;
use otflow::follow::event;
use otflow::run::line;

fuzz_target!(|bytes: &[u8]| {
    let mut state = State::default();
    for text in bytes.split(|&byte| byte == b'\n') {
        let Ok(Some(event)) = event(text) else {
            continue;
        };
        let _ = (line::json(&event), line::words(&event));
        state.apply(event, 0.0);
    }
});
