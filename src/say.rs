//! Lines for a person on stdout and stderr. A stream that is gone (a closed terminal, a pipe whose reader has left) is no
//! reason to fail: the exit code still says how it went.

use std::io::Write;
use std::path::Path;

use crate::file;

/// Prints to stdout.
pub fn out(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n'));
}

/// Prints to stderr.
pub fn err(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end_matches('\n'));
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
