//! Lines for a person on stdout and stderr. A stream that is gone (a closed terminal, a pipe whose reader has left) is no
//! reason to fail: the exit code still says how it went. A stdout that is full is one: what was asked for is not there.

use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;

use crate::file;

/// The first error of a full stdout.
static FULL: OnceLock<io::Error> = OnceLock::new();

/// Prints to stdout.
pub fn out(text: &str) {
    note(writeln!(io::stdout(), "{}", text.trim_end_matches('\n')));
}

/// Keeps the error of a write to stdout for [`full`].
pub fn note(written: io::Result<()>) {
    match written {
        Err(error) if file::is_full(&error) => drop(FULL.set(error)),
        // It is gone.
        _ => {}
    }
}

/// The error of a stdout that was full, if it was.
pub fn full() -> Option<&'static io::Error> {
    FULL.get()
}

/// Prints to stderr.
pub fn err(text: &str) {
    let _ = writeln!(io::stderr(), "{}", text.trim_end_matches('\n'));
}

/// Prints a warning to stderr.
pub fn warn(text: &str) {
    err(&format!("warning: {text}"));
}

/// Prints a sentence on an output that the user named: to stdout, or to stderr where the output itself goes to stdout.
pub fn of_output(output: &Path, text: &str) {
    match file::is_stdout(output) {
        true => err(text),
        false => out(text),
    }
}
