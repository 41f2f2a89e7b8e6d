//! Session files.
//!
//! From the top of the repository, with nightly Rust and `cargo install cargo-fuzz`; new inputs go into the first directory:
//!
//! ```text
//! mkdir -p target/fuzz && cargo +nightly fuzz run --fuzz-dir tests/fuzz session target/fuzz tests/fuzz/corpus/session -- \
//!     -max_total_time=600 -max_len=3000 -timeout=10 -rss_limit_mb=1500 -malloc_limit_mb=256
//! ```
//!
//! The same for `model`, `metrics`, `screen`, `reference`, `csv`, `npy`, `npz`, `gzip` and `checkpoint`; the last five are the faster for a `TMPDIR` in memory. What it finds belongs into the tests of the reader.
//! `tests/hostile.rs` has the same checks on what the targets have kept and on mutated valid files.
#![no_main]

#[allow(dead_code, reason = "a target is one of them")]
mod check;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| check::session(text));
