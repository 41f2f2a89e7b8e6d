//! The bytes of an array in a file, read by position.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// The bytes of an array: a file, or a part of one.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub file: Arc<File>,
    /// Bytes of the file before it.
    pub start: u64,
    /// Bytes of the array with its header.
    pub bytes: u64,
}

impl Source {
    /// Fills `buffer` with bytes from position `offset` on.
    ///
    /// # Errors
    /// The file cannot be read, or there are not as many bytes.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.bytes) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.file.read_exact_at(buffer, self.start + offset)
    }
}
