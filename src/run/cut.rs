//! A growing file back to the length it had at a checkpoint: torn and later lines go, whole ones before it stay.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes looked at in one go for the end of a line.
const WINDOW: u64 = 1 << 16;

/// Cuts a file of lines to `length` bytes, or to its last whole line before that; makes an empty one where there is none.
/// Bytes left.
pub(super) fn lines(path: &Path, length: u64) -> io::Result<u64> {
    let mut options = File::options();
    let options = options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(path)?;
    let end = whole(&mut file, length)?;
    file.set_len(end)?;
    file.sync_all()?;
    Ok(end)
}

/// Cuts a file of records to `length` bytes. False if it is not there or shorter, and so can't be gone on with.
pub(super) fn records(path: &Path, length: u64) -> io::Result<bool> {
    let file = match File::options().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let enough = file.metadata()?.len() >= length;
    file.set_len(if enough { length } else { 0 })?;
    Ok(enough)
}

/// The end of the last whole line in the first `length` bytes.
fn whole(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length.min(file.metadata()?.len());
    while end > 0 {
        let start = end.saturating_sub(WINDOW);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.by_ref().take(end - start).read_to_end(&mut bytes)?;
        if let Some(at) = bytes.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn whole_lines_before_the_checkpoint_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let long = "x".repeat(3 * WINDOW as usize);
        let first = format!("{long}\n");
        let n = first.len() as u64;
        for (text, length, left) in [
            (format!("{first}b\nc\ntor"), n + 4, n + 4),
            (format!("{first}b\nc\n"), n + 4, n + 4),
            // Shorter than at the checkpoint, as after a power cut.
            (format!("{first}b\nto"), n + 6, n + 2),
            // Changed by somebody else: no torn line is left.
            (format!("{first}bbbbb\n"), n + 4, n),
            (long, n + 4, 0),
            (String::new(), 9, 0),
        ] {
            fs::write(&path, &text).unwrap();
            assert_eq!(lines(&path, length).unwrap(), left);
            assert_eq!(fs::read(&path).unwrap(), &text.as_bytes()[..left as usize]);
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(lines(&path, 9).unwrap(), 0);
        assert!(path.is_file());
    }

    #[test]
    fn records_that_are_missing_can_not_be_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        assert!(!records(&path, 3).unwrap());
        fs::write(&path, b"12345").unwrap();
        assert!(records(&path, 3).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"123");
        assert!(!records(&path, 4).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
