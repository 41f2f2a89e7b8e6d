//! What the system says of a file without reading it. The system reports no event of a write through another name of the file (a hard
//! link), from outside of a container into which the file alone is mounted, or on another machine; but it shows here.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The coarsest times of common file systems (FAT): a second write within it may leave a file of the same time and size.
const COARSEST: Duration = Duration::from_secs(2);

/// The identity of a file, its size, and the times of its last write and change. A program may set the former back, as `cp -p` does, but not the
/// latter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileState {
    device: u64,
    inode: u64,
    bytes: u64,
    written: SystemTime,
    changed: SystemTime,
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
            changed: time(metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Whether another write could leave the same state: it was changed a moment ago, or in the future of a clock that is ahead.
    pub fn is_young(&self, now: SystemTime) -> bool {
        let latest = self.written.max(self.changed);
        now.duration_since(latest)
            .map_or(true, |age| age <= COARSEST)
    }
}

/// A time of the file system; one before 1970 is taken for 1970.
fn time(seconds: i64, nanoseconds: i64) -> SystemTime {
    let since = Duration::new(
        u64::try_from(seconds).unwrap_or(0),
        u32::try_from(nanoseconds).unwrap_or(0),
    );
    SystemTime::UNIX_EPOCH + since
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
    fn a_write_of_as_many_bytes_whose_time_is_set_back_shows() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.ron");
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let write = |text: &str| {
            fs::write(&path, text).unwrap();
            let file = fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(old).unwrap();
            FileState::of(&path).unwrap()
        };
        let first = write("one");
        assert!(first.is_young(SystemTime::now()));
        // Times of changes are as coarse as the clock of the kernel, 10 ms at most.
        std::thread::sleep(Duration::from_millis(20));
        assert_ne!(write("two"), first);
    }

    #[test]
    fn a_file_is_young_for_two_seconds_and_before_its_time() {
        for (written, changed) in [(100, 100), (100, 7), (7, 100)] {
            let file = FileState {
                device: 1,
                inode: 1,
                bytes: 1,
                written: time(written, 0),
                changed: time(changed, 0),
            };
            for (seconds, young) in [(99, true), (100, true), (102, true), (103, false)] {
                assert_eq!(file.is_young(time(seconds, 0)), young, "{seconds}");
            }
        }
    }
}
