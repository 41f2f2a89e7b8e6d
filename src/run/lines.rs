//! A file that grows by whole lines. What can't be written now waits and is tried again, from the very byte where the last
//! write ended, so that a disk that was full for a while leaves no torn or doubled line.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::file::naming;

/// Bytes that wait for the disk; hours of metrics. Lines past it are lost and counted.
const WAITING: usize = 64 << 20;

#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    waiting: Vec<u8>,
    /// Bytes of the file when all that waits is written.
    length: u64,
    /// Something was taken since the last [`Lines::sync`].
    unsynced: bool,
    lost: u64,
    told: bool,
}

impl Lines {
    /// Appends to a file that has `length` bytes; 0 for one that is to be made.
    pub(super) fn new(path: PathBuf, length: u64) -> Self {
        Lines {
            path,
            waiting: Vec::new(),
            length,
            unsynced: false,
            lost: 0,
            told: false,
        }
    }

    /// Takes a line with its end, or a record; it waits for [`Lines::flush`].
    pub(super) fn push(&mut self, line: &[u8]) {
        if self.waiting.len() + line.len() > WAITING {
            self.lost += 1;
        } else {
            self.waiting.extend_from_slice(line);
            self.length += line.len() as u64;
            self.unsynced = true;
        }
    }

    /// Writes what waits, in one call if the system takes it whole. The first failure is handed to `warn`, later ones are not.
    pub(super) fn flush(&mut self, warn: &mut dyn FnMut(String)) {
        if let Err(error) = self.write()
            && !std::mem::replace(&mut self.told, true)
        {
            warn(format!(
                "{error}; training goes on and the lines are kept to be written later: make room, or the directory writable"
            ));
        }
    }

    /// Bytes of the file when all that waits is written.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what waits, and makes it last if that succeeds.
    pub(super) fn sync(&mut self, warn: &mut dyn FnMut(String)) {
        if !std::mem::take(&mut self.unsynced) {
            return;
        }
        self.flush(warn);
        // A file that can't be synced was told of when it could not be written, or is told of at the end.
        let file = File::open(&self.path);
        self.unsynced = file.and_then(|file| file.sync_data()).is_err();
    }

    /// A last attempt, made to last.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.write()?
            .sync_all()
            .map_err(naming("sync", &self.path))?;
        match self.lost {
            0 => Ok(()),
            lost => Err(io::Error::other(format!(
                "{lost} lines are missing in {}",
                self.path.display()
            ))),
        }
    }

    /// The file is opened each time: whatever was wrong with it may be right by now.
    fn write(&mut self) -> io::Result<File> {
        let append = naming("append to", &self.path);
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(&append)?;
        while !self.waiting.is_empty() {
            match file.write(&self.waiting) {
                Ok(0) => return Err(append(ErrorKind::WriteZero.into())),
                Ok(written) => _ = self.waiting.drain(..written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(append(error)),
            }
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_failure_is_told_once_and_its_lines_are_written_later() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.jsonl");
        fs::create_dir(&path).unwrap();
        let mut lines = Lines::new(path.clone(), 0);
        let mut warnings = Vec::new();
        for line in [b"a\n", b"b\n", b"c\n"] {
            lines.push(line);
            lines.flush(&mut |warning| warnings.push(warning));
        }
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with(&format!("cannot append to {}: ", path.display())));
        assert!(lines.close().is_err());
        fs::remove_dir(&path).unwrap();
        lines.push(b"d\n");
        lines.close().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\nc\nd\n");
    }

    #[test]
    fn lines_past_the_limit_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        let mut lines = Lines::new(directory.path().join("log.txt"), 0);
        let long = "x".repeat(WAITING - 1) + "\n";
        lines.push(long.as_bytes());
        lines.push(b"y\n");
        let message = lines.close().unwrap_err().to_string();
        assert!(message.starts_with("1 lines are missing in "), "{message}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named() {
        let mut lines = Lines::new("/dev/full".into(), 0);
        lines.push(b"a\n");
        assert_eq!(lines.write().unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(lines.waiting, b"a\n");
    }
}
