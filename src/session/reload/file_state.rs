//! What the system says of a file without reading it. The system reports no event of a write through another name of the file (a hard
//! link), from outside of a container into which the file alone is mounted, or on another machine; but it shows here.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The coarsest times of common file systems (FAT): a second write within it may leave a file of the same time and size.
const COARSEST: Duration = Duration::from_secs(2);

/// The identity of a file, its size and the time of its last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileState {
    device: u64,
    inode: u64,
    bytes: u64,
    written: SystemTime,
}

impl FileState {
    /// The state of the file at a path, through all links; None where there is none.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(FileState {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            written: metadata.modified().ok()?,
        })
    }

    /// Whether another write could leave the same state: it was written a moment ago, or in the future of a clock that is ahead.
    pub fn is_young(&self, now: SystemTime) -> bool {
        now.duration_since(self.written)
            .map_or(true, |age| age <= COARSEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_through_another_name_shows_and_reading_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| directory.path().join(name));
        assert_eq!(FileState::of(&a), None);
        fs::write(&a, "first").unwrap();
        fs::hard_link(&a, &b).unwrap();
        let first = FileState::of(&a).unwrap();
        fs::read(&a).unwrap();
        assert_eq!(FileState::of(&a), Some(first));
        fs::write(&b, "longer than the first").unwrap();
        assert_ne!(FileState::of(&a), Some(first));
    }

    #[test]
    fn a_file_is_young_for_two_seconds_and_before_its_time() {
        let file = FileState {
            device: 1,
            inode: 1,
            bytes: 1,
            written: SystemTime::UNIX_EPOCH + Duration::from_secs(100),
        };
        for (seconds, young) in [(99, true), (100, true), (102, true), (103, false)] {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(file.is_young(now), young, "{seconds}");
        }
    }
}
