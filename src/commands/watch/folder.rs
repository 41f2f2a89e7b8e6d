//! One thread that reads all runs of a folder for as long as somebody listens: their records a slice at a time in turns, so that each is
//! told of soon, then what is appended; and the runs that appear later.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::dashboard::runs::{News, RunNews};
use crate::run::read::{History, METRICS};

/// The time between two looks at records that did not grow.
const POLL: Duration = Duration::from_millis(250);
/// The time between two looks for new runs.
const LOOK: Duration = Duration::from_secs(1);
/// News that may wait: each has a slice of a record at most.
const WAITING: usize = 8;

/// The run directories in a folder, by name: its directories that have a record, whether or not it can be read.
///
/// # Errors
/// When the folder can't be read.
pub(super) fn runs_in(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut runs = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match fs::metadata(path.join(METRICS)) {
            Ok(_) => _ = runs.insert(path),
            Err(error) if is_no_run(error.kind()) => {}
            // One that this user may not look into, perhaps.
            Err(_) if path.is_dir() => _ = runs.insert(path),
            Err(_) => {}
        }
    }
    Ok(runs)
}

fn is_no_run(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Starts to read a folder; the thread ends when nobody listens any more.
///
/// # Errors
/// When the thread can't be started.
pub(super) fn follow(folder: PathBuf) -> io::Result<Receiver<RunNews>> {
    let (news, receiver) = bounded(WAITING);
    let mut reader = FolderReader {
        folder,
        runs: Vec::new(),
        news,
    };
    thread::Builder::new()
        .name("run directories".into())
        .spawn(move || {
            let mut looked = None;
            loop {
                let due = looked.is_none_or(|at: Instant| at.elapsed() >= LOOK);
                if due {
                    looked = Some(Instant::now());
                }
                match reader.turn(due) {
                    Some(true) => {}
                    Some(false) => thread::sleep(POLL),
                    None => return,
                }
            }
        })?;
    Ok(receiver)
}

struct FolderReader {
    folder: PathBuf,
    /// By their numbers.
    runs: Vec<FollowedRun>,
    news: Sender<RunNews>,
}

impl FolderReader {
    /// Takes up a slice of every record that has grown, and runs that are new if `look`: whether there may be more at once; None when
    /// nobody listens any more.
    fn turn(&mut self, look: bool) -> Option<bool> {
        if look {
            self.find()?;
        }
        let mut more = false;
        for (run, followed) in self.runs.iter_mut().enumerate() {
            let mut told = Vec::new();
            more |= followed.read(&mut told);
            for news in told {
                self.news.send(RunNews { run, news }).ok()?;
            }
        }
        Some(more)
    }

    /// Takes up the runs that are new. A folder that can't be read has none.
    fn find(&mut self) -> Option<()> {
        let mut found = runs_in(&self.folder).unwrap_or_default();
        for known in &self.runs {
            found.remove(&known.path);
        }
        for path in found {
            let news = News::Found { path: path.clone() };
            let run = self.runs.len();
            self.runs.push(FollowedRun::new(path));
            self.news.send(RunNews { run, news }).ok()?;
        }
        Some(())
    }
}

/// A record as it was looked at last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    written: SystemTime,
}

struct FollowedRun {
    path: PathBuf,
    history: History,
    /// The record as it was when all of it was read.
    read: Option<Stamp>,
    /// What was told last of a record that can't be read.
    failed: Option<String>,
    gone: bool,
}

impl FollowedRun {
    fn new(path: PathBuf) -> Self {
        FollowedRun {
            history: History::overview(&path),
            path,
            read: None,
            failed: None,
            gone: false,
        }
    }

    /// Tells what is new of a record that has grown; true if there may be more at once.
    fn read(&mut self, told: &mut Vec<News>) -> bool {
        let stamp = match self.stamp() {
            Ok(stamp) => stamp,
            Err(error) if is_no_run(error.kind()) => {
                if !self.gone {
                    (self.gone, self.read) = (true, None);
                    told.push(News::Gone);
                }
                return false;
            }
            Err(error) => {
                self.fail(format!("cannot be read: {error}"), told);
                return false;
            }
        };
        if std::mem::take(&mut self.gone) {
            self.begin_again(told);
        }
        if self.read == Some(stamp) {
            return false;
        }
        let mut events = Vec::new();
        let read = self.history.read(&mut events);
        if !events.is_empty() {
            told.push(News::Events(events));
        }
        match read {
            Ok(true) => true,
            Ok(false) => {
                (self.read, self.failed) = (Some(stamp), None);
                told.extend(self.history.complaint().map(News::Fault));
                let written = stamp.written;
                told.push(News::Read { written });
                false
            }
            // A run that goes on from a checkpoint.
            Err(_) if self.history.is_cut() => {
                self.begin_again(told);
                true
            }
            Err(error) => {
                self.fail(error.to_string(), told);
                false
            }
        }
    }

    fn stamp(&self) -> io::Result<Stamp> {
        let metadata = fs::metadata(self.history.path())?;
        Ok(Stamp {
            bytes: metadata.len(),
            written: metadata.modified()?,
        })
    }

    fn begin_again(&mut self, told: &mut Vec<News>) {
        (self.history, self.read) = (History::overview(&self.path), None);
        told.push(News::Again);
    }

    /// Tells of a fault, once.
    fn fail(&mut self, message: String, told: &mut Vec<News>) {
        if self.failed.as_ref() != Some(&message) {
            told.push(News::Fault(message.clone()));
            self.failed = Some(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;
    use crate::event::Event;
    use crate::run::{line, synthetic};

    struct Place {
        folder: tempfile::TempDir,
        reader: FolderReader,
        news: Receiver<RunNews>,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (sender, news) = crossbeam_channel::unbounded();
            let reader = FolderReader {
                folder: folder.path().to_owned(),
                runs: Vec::new(),
                news: sender,
            };
            Place {
                folder,
                reader,
                news,
            }
        }

        fn append(&self, run: &str, text: &str) {
            let run = self.folder.path().join(run);
            fs::create_dir_all(&run).unwrap();
            let path = run.join(METRICS);
            let file = OpenOptions::new().append(true).create(true).open(path);
            file.unwrap().write_all(text.as_bytes()).unwrap();
        }

        /// The news, each in a word with the number of its run.
        fn turn(&mut self) -> Vec<String> {
            while self.reader.turn(true).unwrap() {}
            let words = self.news.try_iter().map(|RunNews { run, news }| {
                let word = match news {
                    News::Found { path } => path.file_name().unwrap().to_string_lossy().into(),
                    News::Again => "again".to_owned(),
                    News::Events(events) => format!("{} events", events.len()),
                    News::Read { .. } => "read".into(),
                    News::Fault(fault) => fault,
                    News::Gone => "gone".into(),
                };
                format!("{run} {word}")
            });
            words.collect()
        }
    }

    fn row(iteration: u64) -> String {
        line::json(&synthetic::iteration(iteration, 1.0, 0.1, 0.5))
    }

    #[test]
    fn runs_are_found_in_order_followed_and_taken_up_when_they_appear() {
        let mut place = Place::new();
        fs::write(place.folder.path().join("notes.txt"), "").unwrap();
        fs::create_dir(place.folder.path().join("no run")).unwrap();
        let start = line::json(&Event::Start(synthetic::start()));
        place.append("b", &start);
        place.append("a", &(start.clone() + &row(1)));
        let first = ["0 a", "1 b", "0 2 events", "0 read", "1 1 events", "1 read"];
        assert_eq!(place.turn(), first);
        assert!(place.turn().is_empty());
        place.append("b", &row(1));
        place.append("0 later", &start);
        let second = ["2 0 later", "1 1 events", "1 read", "2 1 events", "2 read"];
        assert_eq!(place.turn(), second);
    }

    #[test]
    fn what_is_cut_gone_or_damaged_is_told() {
        let mut place = Place::new();
        let start = line::json(&Event::Start(synthetic::start()));
        place.append("a", &(start.clone() + &row(1) + &row(2)));
        place.turn();
        let metrics = place.folder.path().join("a").join(METRICS);
        fs::write(&metrics, &start).unwrap();
        assert_eq!(place.turn(), ["0 again", "0 1 events", "0 read"]);
        place.append("a", "no JSON\n");
        let told = place.turn();
        assert!(
            told[0].ends_with("1 line is no JSON and left out"),
            "{told:?}"
        );
        fs::remove_dir_all(place.folder.path().join("a")).unwrap();
        assert_eq!(place.turn(), ["0 gone"]);
        assert!(place.turn().is_empty());
        place.append("a", &start);
        assert_eq!(place.turn(), ["0 again", "0 1 events", "0 read"]);
        fs::remove_file(&metrics).unwrap();
        fs::create_dir(&metrics).unwrap();
        let told = place.turn();
        assert!(told.iter().any(|news| news.contains("read ")), "{told:?}");
        assert!(place.turn().is_empty(), "told once");
    }
}
