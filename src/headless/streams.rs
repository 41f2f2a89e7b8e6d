//! What stdout and stderr are, and what follows from it: how wide a line may be, and whether there is a progress bar.
//!
//! | stdout | stderr | rows on stdout | bar on stderr |
//! | --- | --- | --- | --- |
//! | terminal | terminal | as wide as the terminal | yes, taken away while rows are printed |
//! | file, `/dev/null` | terminal | 80 columns | yes |
//! | pipe, socket | terminal | 80 columns | no: what reads the pipe (`| tee`) may print rows on the same terminal |
//! | any | file, pipe | as above | no |

use std::fs::File;
use std::io::{self, IsTerminal};

use indicatif::ProgressDrawTarget;

use super::rows::Verbosity;
use crate::terminal_size::terminal_columns;

/// Columns of a line where stdout is no terminal.
const WIDTH: usize = 80;

/// What the rows are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Destination {
    Terminal,
    /// A file or a device: nothing of it comes to a terminal.
    File,
    /// Another process, which may print them anywhere.
    Process,
}

impl Destination {
    /// The destination of stdout.
    fn of_stdout() -> Self {
        if io::stdout().is_terminal() {
            return Destination::Terminal;
        }
        match stdout_file().and_then(|file| file.metadata()) {
            Ok(metadata) if leads_elsewhere(&metadata.file_type()) => Destination::Process,
            Ok(_) => Destination::File,
            Err(_) => Destination::Process,
        }
    }
}

/// Stdout as a file whose kind can be asked for.
#[cfg(unix)]
fn stdout_file() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Elsewhere it is taken for a pipe.
#[cfg(not(unix))]
fn stdout_file() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn leads_elsewhere(kind: &std::fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo() || kind.is_socket()
}

#[cfg(not(unix))]
fn leads_elsewhere(kind: &std::fs::FileType) -> bool {
    !kind.is_file()
}

/// Columns that a line may take: those asked for, else those of the terminal that stdout is, else 80.
pub fn line_width(asked: Option<u16>) -> usize {
    let terminal = || match terminal_columns() {
        Some(columns) if io::stdout().is_terminal() => usize::from(columns),
        _ => WIDTH,
    };
    asked.map_or_else(terminal, usize::from)
}

/// Where the progress bar is drawn: on stderr if that is a terminal and nothing of the rows can come between; else nowhere.
pub fn bar_target(verbosity: Verbosity) -> ProgressDrawTarget {
    match (verbosity, Destination::of_stdout()) {
        (Verbosity::Quiet, _) | (_, Destination::Process) => ProgressDrawTarget::hidden(),
        (_, Destination::Terminal | Destination::File) => ProgressDrawTarget::stderr(),
    }
}
