//! Session files.
//!
//! From the top of the repository, with nightly Rust and `cargo install cargo-fuzz`:
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz session -- -max_total_time=600 -timeout=10 -rss_limit_mb=1024`.
//! The same for `model`, `metrics`, `screen` and `reference`. What it finds belongs into the tests of the reader. `tests/hostile.rs` has
//! the same checks on mutated valid files.
#![no_main]

#[allow(dead_code, reason = "a target is one of them")]
mod check;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| check::session(text));
