//! A first look at a record that takes longer to go through than a person waits: its beginning, its end, and short pieces at equal
//! distances between them. What happened between the pieces is missing but for the edits.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::METRICS;
use super::history::{History, is_longer};
use crate::event::Event;
use crate::file::{self, naming};

/// Bytes of a record that is skimmed; a shorter one is gone through at once.
const HUGE: u64 = 1 << 26;
/// Pieces between the beginning and the end.
const PIECES: u64 = 512;
/// Bytes of each; some ten lines.
const PIECE: u64 = 1 << 12;
/// Bytes of the beginning and of the end.
const EDGE: u64 = 1 << 17;

/// The events at some places of a huge record, in order; None if there is no need to skim it.
///
/// # Errors
/// When the file can't be read.
pub fn skim(run: &Path) -> io::Result<Option<Vec<Event>>> {
    if !is_longer(run, HUGE) {
        return Ok(None);
    }
    let path = run.join(METRICS);
    pieces(run, &path).map(Some).map_err(naming("read", &path))
}

fn pieces(run: &Path, path: &Path) -> io::Result<Vec<Event>> {
    let mut file = file::open(path)?;
    let length = file.metadata()?.len();
    let (mut history, mut events) = (History::new(run), Vec::new());
    let between = length.saturating_sub(2 * EDGE);
    let starts = (0..PIECES).map(|k| EDGE + k * between / PIECES);
    let inner = starts.map(|start| (start, PIECE.min(between / PIECES)));
    let all = [(0, EDGE)].into_iter().chain(inner);
    for (start, size) in all.chain([(length.saturating_sub(EDGE), EDGE)]) {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.by_ref().take(size).read_to_end(&mut bytes)?;
        history.read_lines(whole(&bytes, start), &mut events);
    }
    Ok(events)
}

/// The whole lines among the bytes that begin at a place of the file.
fn whole(bytes: &[u8], start: u64) -> &[u8] {
    let first = match start {
        0 => Some(0),
        _ => memchr::memchr(b'\n', bytes).map(|end| end + 1),
    };
    let last = memchr::memrchr(b'\n', bytes);
    first
        .zip(last)
        .and_then(|(first, last)| bytes.get(first..last))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::run::{line, synthetic};
    use crate::session::Applies;

    #[test]
    fn the_beginning_the_end_and_pieces_between_are_read_with_all_edits() {
        let folder = tempfile::tempdir().unwrap();
        let edit = |iteration| {
            let [field, old, new] = ["optimizer.lr", "0.1", "0.05"].map(String::from);
            Event::Edit {
                iteration,
                field,
                old,
                new,
                applies: Applies::Live,
            }
        };
        let count = 40_000;
        let mut text = line::json(&Event::Start(synthetic::start()));
        for i in 1..=count {
            text += &line::json(&synthetic::iteration(i, 1.0, 0.1, 0.5));
            if i % 7777 == 0 {
                text += &line::json(&edit(i));
            }
        }
        fs::write(folder.path().join(METRICS), text + "{\"event\":\"torn").unwrap();
        let edits: Vec<Event> = (1..=5).map(|k| edit(7777 * k)).collect();
        let lines: String = edits.iter().map(line::json).collect();
        fs::write(folder.path().join("edits.jsonl"), lines).unwrap();
        assert_eq!(skim(folder.path()).unwrap(), None, "short enough");
        let events = pieces(folder.path(), &folder.path().join(METRICS)).unwrap();
        assert!(matches!(events[0], Event::Start(_)));
        let is_edit = |event: &&Event| matches!(event, Event::Edit { .. });
        assert!(events.iter().filter(is_edit).eq(&edits));
        let rows: Vec<u64> = events.iter().filter_map(Event::routine).collect();
        assert!(rows.is_sorted() && rows.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((rows[0], rows[99], rows.last()), (1, 100, Some(&count)));
        let gap = rows.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(gap < Some(count / 400), "{gap:?}");
    }

    #[test]
    fn bytes_without_a_whole_line_have_none() {
        for (bytes, start, expected) in [
            ("a\nb\nc", 0, "a\nb"),
            ("a\nb\nc", 9, "b"),
            ("a\nb", 9, ""),
            ("ab", 0, ""),
            ("\n", 9, ""),
            ("", 0, ""),
        ] {
            assert_eq!(whole(bytes.as_bytes(), start), expected.as_bytes());
        }
    }
}
