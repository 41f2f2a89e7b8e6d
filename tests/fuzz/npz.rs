//! Tables as NPZ. How to run it: `session.rs`.
#![no_main]

#[allow(dead_code, reason = "a target is one of them")]
mod check;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| check::table(bytes, ".npz"));
