//! Tables from pipes: `-` is the standard input. What comes is copied to an unnamed temporary file, which is then read as any file, more
//! than once if need be.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The copies by path: a pipe gives its bytes once.
static COPIES: Mutex<Option<HashMap<PathBuf, File>>> = Mutex::new(None);

/// Whether a path is one of a pipe or the standard input.
pub fn is_pipe(path: &Path) -> bool {
    let is_fifo = |kind: fs::FileType| kind.is_fifo() || kind.is_socket();
    path == Path::new("-") || fs::metadata(path).is_ok_and(|metadata| is_fifo(metadata.file_type()))
}

/// The copy of what came by a pipe, until it ended.
///
/// # Errors
/// The pipe cannot be read, or there is no room for its copy.
pub(super) fn copied(path: &Path) -> io::Result<File> {
    let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
    let copies = copies.get_or_insert_default();
    if let Some(copy) = copies.get(path) {
        return copy.try_clone();
    }
    let mut copy = tempfile::tempfile()?;
    if path == Path::new("-") {
        io::copy(&mut io::stdin().lock(), &mut copy)?;
    } else {
        io::copy(&mut File::open(path)?, &mut copy)?;
    }
    let file = copy.try_clone()?;
    copies.insert(path.to_owned(), copy);
    Ok(file)
}
