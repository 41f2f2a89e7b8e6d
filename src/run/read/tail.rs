//! A file to which another process appends lines: each call reads what is new, a slice at a time, and leaves a last line
//! without its end for later.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::file::{self, naming};

/// Bytes read by one call.
const SLICE: u64 = 1 << 18;
/// Bytes of the longest line; what is longer is cut in two, neither of which is JSON.
const LONGEST: usize = 1 << 22;

/// The reader of a growing file.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    at: u64,
    /// The lines that were handed out last, then the beginning of a line whose end is not there yet.
    rest: Vec<u8>,
    /// Bytes of the lines that were handed out last.
    handed: usize,
}

/// What is new in a file.
pub(super) struct NewLines<'a> {
    /// Whole lines.
    pub(super) lines: &'a [u8],
    /// Whether there may be more at once.
    pub(super) more: bool,
}

/// The lines in some bytes, without their ends.
pub(super) fn lines(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let end = match memchr::memchr(b'\n', bytes) {
            None if bytes.is_empty() => return None,
            None => bytes.len(),
            Some(end) => end,
        };
        let line = &bytes[..end];
        bytes = bytes.get(end + 1..).unwrap_or_default();
        Some(line)
    })
}

impl Tail {
    /// Reads from the beginning.
    pub(super) fn new(path: PathBuf) -> Self {
        Tail {
            path,
            at: 0,
            rest: Vec::new(),
            handed: 0,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The next whole lines.
    ///
    /// # Errors
    /// When the file can't be read, or has become shorter than what was read of it.
    pub(super) fn read(&mut self) -> io::Result<NewLines<'_>> {
        self.rest.drain(..std::mem::take(&mut self.handed));
        let fresh = self.slice().map_err(naming("read", &self.path))?;
        if fresh == 0 {
            // A record that rests takes no memory: there may be many.
            self.rest.shrink_to_fit();
        }
        let before = self.rest.len() - fresh;
        self.handed = match memchr::memrchr(b'\n', &self.rest[before..]) {
            Some(last) => before + last + 1,
            None if self.rest.len() > LONGEST => self.rest.len(),
            None => 0,
        };
        Ok(NewLines {
            lines: &self.rest[..self.handed],
            more: fresh as u64 == SLICE,
        })
    }

    /// True if the file has become shorter than what was read of it.
    pub(super) fn is_cut(&self) -> bool {
        let there = file::open(&self.path).and_then(|file| file.metadata());
        there.is_ok_and(|metadata| metadata.len() < self.at)
    }

    /// Appends at most a slice to `rest`; how many bytes.
    fn slice(&mut self) -> io::Result<usize> {
        let mut file = file::open(&self.path)?;
        if file.metadata()?.len() < self.at {
            let message = "it has become shorter: is it another run's by now?";
            return Err(io::Error::other(message));
        }
        file.seek(SeekFrom::Start(self.at))?;
        let before = self.rest.len();
        let read = file.take(SLICE).read_to_end(&mut self.rest);
        // What came before a failure is read again.
        let fresh = read.inspect_err(|_| self.rest.truncate(before))?;
        self.at += fresh as u64;
        Ok(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write;

    struct Place {
        _folder: tempfile::TempDir,
        tail: Tail,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let tail = Tail::new(folder.path().join("metrics.jsonl"));
            let place = Place {
                _folder: folder,
                tail,
            };
            place.append("");
            place
        }

        fn append(&self, text: &str) {
            let mut options = OpenOptions::new();
            let mut file = options.append(true).create(true).open(self.tail.path());
            file.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
        }

        fn lines(&mut self) -> (Vec<String>, bool) {
            let new = self.tail.read().unwrap();
            let text = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
            (lines(new.lines).map(text).collect(), new.more)
        }
    }

    #[test]
    fn a_torn_line_is_waited_for() {
        let mut place = Place::new();
        assert_eq!(place.lines(), (vec![], false));
        place.append("one\ntw");
        assert_eq!(place.lines().0, ["one"]);
        assert!(place.lines().0.is_empty());
        place.append("o\n\nthree\nfo");
        assert_eq!(place.lines().0, ["two", "", "three"]);
    }

    #[test]
    fn a_long_file_is_read_in_slices_without_loss() {
        let mut place = Place::new();
        let text: String = (0..100_000).map(|i| format!("line {i}\n")).collect();
        place.append(&text);
        let (mut all, mut reads) = (Vec::new(), 0);
        loop {
            let (lines, more) = place.lines();
            (all, reads) = ([all, lines].concat(), reads + 1);
            if !more {
                break;
            }
        }
        assert_eq!(reads, text.len() / SLICE as usize + 1);
        assert!(all.join("\n") + "\n" == text);
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let mut place = Place::new();
        place.append(&"x".repeat(2 * LONGEST));
        while place.lines().1 {
            assert!(place.tail.rest.len() <= LONGEST + SLICE as usize);
        }
    }

    #[test]
    fn a_file_that_shrinks_or_goes_is_an_error_that_names_it() {
        let mut place = Place::new();
        place.append("one\n");
        place.lines();
        std::fs::write(place.tail.path(), "").unwrap();
        let error = place.tail.read().err().unwrap().to_string();
        assert!(error.contains("metrics.jsonl: it has become shorter"));
        std::fs::remove_file(place.tail.path()).unwrap();
        assert!(place.tail.read().is_err());
    }
}
