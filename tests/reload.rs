//! The ways in which editors, scripts and containers save a session file, and what must come of each.
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use otflow::session::reload::{FileWatcher, WatchMode, watch};
use otflow::session::{Rejection, Session};
use tempfile::TempDir;

/// Far beyond any expected delay, also on a machine with every core busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for what should not come to have come: debounce, poll and retries.
const SILENCE: Duration = Duration::from_millis(1800);

/// A file in a directory of its own, and what comes of following it.
struct Pty {
    directory: TempDir,
    path: PathBuf,
    watcher: FileWatcher,
    sent: Receiver<Result<Arc<Session>, Rejection>>,
}

fn text(lr: f64) -> String {
    format!("(data: Toy(name: \"moons\"), optimizer: Adam(lr: {lr:?}))\n")
}

fn lr(session: &Session) -> f64 {
    session.optimizer.stepping().lr
}

impl Pty {
    /// Follows `name` in a directory that `prepare` fills so that the file has rate 1.
    fn prepared(mode: WatchMode, name: &str, prepare: impl Fn(&Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        prepare(directory.path());
        let path = directory.path().join(name);
        let (send, sent) = unbounded();
        let watcher = watch(&path, mode, &text(1.0), move |command| {
            let _ = send.send(command);
        });
        let watcher = watcher.unwrap();
        assert_eq!(watcher.mode(), mode);
        Self {
            directory,
            path,
            watcher,
            sent,
        }
    }

    fn new(mode: WatchMode) -> Self {
        Self::prepared(mode, "s.ron", |directory| {
            fs::write(directory.join("s.ron"), text(1.0)).unwrap()
        })
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Waits for an edit that `wanted` takes; earlier ones, of states on the way, are passed over.
    fn wait<T>(&self, wanted: impl Fn(Result<f64, Rejection>) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let edit = self.sent.recv_deadline(deadline).unwrap();
            if let Some(found) = wanted(edit.map(|session| lr(&session))) {
                return found;
            }
        }
    }

    fn expect(&self, lr: f64) {
        self.wait(|result| (result == Ok(lr)).then_some(()));
    }

    fn expect_refusal(&self, part: &str) {
        self.wait(|result| {
            result
                .err()
                .filter(|rejection| rejection.message.contains(part))
        });
    }

    fn expect_silence(&self) {
        let more = self.sent.recv_timeout(SILENCE);
        assert!(matches!(more, Err(RecvTimeoutError::Timeout)), "{more:?}");
    }
}

/// Both ways to follow a file must end with the same.
fn in_both_modes(test: impl Fn(Pty)) {
    for mode in [WatchMode::Native, WatchMode::Poll] {
        test(Pty::new(mode));
    }
}

#[test]
fn a_file_written_in_place_is_taken_up() {
    in_both_modes(|pty| {
        fs::write(&pty.path, text(2.0)).unwrap();
        pty.expect(2.0);
        fs::write(&pty.path, text(3.0)).unwrap();
        pty.expect(3.0);
    });
}

#[test]
fn a_file_truncated_first_and_written_a_little_later_is_taken_up() {
    in_both_modes(|pty| {
        fs::write(&pty.path, "").unwrap();
        sleep(Duration::from_millis(120));
        fs::write(&pty.path, text(2.0)).unwrap();
        pty.expect(2.0);
    });
}

#[test]
fn a_file_that_is_renamed_into_place_is_taken_up_again_and_again() {
    in_both_modes(|pty| {
        for lr in [2.0, 3.0, 4.0] {
            fs::write(pty.beside("s.ron.tmp"), text(lr)).unwrap();
            fs::rename(pty.beside("s.ron.tmp"), &pty.path).unwrap();
            pty.expect(lr);
        }
    });
}

#[test]
fn a_file_that_is_moved_away_created_anew_and_its_backup_deleted_is_taken_up() {
    in_both_modes(|pty| {
        for lr in [2.0, 3.0] {
            fs::rename(&pty.path, pty.beside("s.ron.bck")).unwrap();
            fs::write(&pty.path, text(lr)).unwrap();
            fs::remove_file(pty.beside("s.ron.bck")).unwrap();
            pty.expect(lr);
        }
    });
}

#[test]
fn a_deleted_file_is_reported_and_taken_up_when_it_is_back() {
    in_both_modes(|pty| {
        fs::remove_file(&pty.path).unwrap();
        pty.expect_refusal("cannot be read");
        fs::write(&pty.path, text(1.0)).unwrap();
        pty.expect(1.0);
    });
}

#[test]
fn an_empty_file_is_reported_if_it_stays_empty() {
    in_both_modes(|pty| {
        fs::write(&pty.path, "").unwrap();
        pty.expect_refusal("empty");
    });
}

#[test]
fn an_invalid_file_is_reported_with_its_place_until_it_is_mended() {
    in_both_modes(|pty| {
        fs::write(&pty.path, text(2.0).replace("lr", "rl")).unwrap();
        pty.wait(|result| {
            let rejection = result.unwrap_err();
            assert_eq!((&rejection.file, rejection.line), (&pty.path, 1));
            rejection
                .message
                .contains("unknown field of `optimizer` `rl`")
                .then_some(())
        });
        pty.expect_silence();
        fs::write(&pty.path, text(1.0)).unwrap();
        pty.expect(1.0);
    });
}

#[test]
fn what_does_not_change_the_text_is_silent() {
    in_both_modes(|pty| {
        // Renamed into place, because a write could be caught half done.
        fs::write(pty.beside("same"), text(1.0)).unwrap();
        fs::rename(pty.beside("same"), &pty.path).unwrap();
        fs::write(pty.beside("other.ron"), text(2.0)).unwrap();
        assert!(fs::read_to_string(&pty.path).is_ok());
        pty.expect_silence();
    });
}

#[test]
fn fifty_saves_in_a_second_end_with_the_last() {
    in_both_modes(|pty| {
        for save in 1..=50 {
            fs::write(&pty.path, text(f64::from(save) / 50.0 + 1.0)).unwrap();
            sleep(Duration::from_millis(20));
        }
        pty.expect(2.0);
        pty.expect_silence();
    });
}

#[test]
fn an_edit_before_the_watch_began_is_not_lost() {
    for mode in [WatchMode::Native, WatchMode::Poll] {
        let edited = |directory: &Path| fs::write(directory.join("s.ron"), text(2.0)).unwrap();
        Pty::prepared(mode, "s.ron", edited).expect(2.0);
    }
}

#[test]
fn a_directory_that_is_replaced_is_followed_again() {
    for mode in [WatchMode::Native, WatchMode::Poll] {
        let pty = Pty::prepared(mode, "d/s.ron", |directory| {
            fs::create_dir(directory.join("d")).unwrap();
            fs::write(directory.join("d/s.ron"), text(1.0)).unwrap();
        });
        fs::remove_dir_all(pty.beside("d")).unwrap();
        pty.expect_refusal("cannot be read");
        fs::create_dir(pty.beside("d")).unwrap();
        for lr in [2.0, 3.0] {
            fs::write(&pty.path, text(lr)).unwrap();
            pty.expect(lr);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_on_both_of_its_sides() {
    use std::os::unix::fs::symlink;
    for mode in [WatchMode::Native, WatchMode::Poll] {
        let pty = Pty::prepared(mode, "s.ron", |directory| {
            fs::create_dir(directory.join("v1")).unwrap();
            fs::write(directory.join("v1/s.ron"), text(1.0)).unwrap();
            symlink("v1", directory.join("..data")).unwrap();
            symlink("..data/s.ron", directory.join("s.ron")).unwrap();
        });
        fs::write(pty.beside("v1/s.ron"), text(2.0)).unwrap();
        pty.expect(2.0);
        for lr in [3.0, 4.0] {
            // As a container's volume is updated: a new directory, and the link to it renamed into place.
            let version = format!("v{lr}");
            fs::create_dir(pty.beside(&version)).unwrap();
            fs::write(pty.beside(&version).join("s.ron"), text(lr)).unwrap();
            symlink(&version, pty.beside("..data_tmp")).unwrap();
            fs::rename(pty.beside("..data_tmp"), pty.beside("..data")).unwrap();
            pty.expect(lr);
        }
        fs::write(pty.beside("v4/s.ron"), text(5.0)).unwrap();
        pty.expect(5.0);
    }
}

#[test]
fn a_forced_reading_answers_even_when_nothing_has_changed() {
    in_both_modes(|pty| {
        pty.watcher.reread();
        pty.expect(1.0);
        pty.expect_silence();
    });
}

#[test]
fn the_thread_ends_with_the_watcher() {
    in_both_modes(|pty| {
        let Pty {
            watcher,
            sent,
            directory: _directory,
            ..
        } = pty;
        drop(watcher);
        // The thread owned the sender.
        assert_eq!(
            sent.recv_timeout(PATIENCE).unwrap_err(),
            RecvTimeoutError::Disconnected
        );
    });
}

#[test]
fn an_edit_through_another_name_of_the_file_is_taken_up() {
    for mode in [WatchMode::Native, WatchMode::Poll] {
        let pty = Pty::prepared(mode, "s.ron", |directory| {
            fs::create_dir(directory.join("elsewhere")).unwrap();
            fs::write(directory.join("elsewhere/s.ron"), text(1.0)).unwrap();
            fs::hard_link(directory.join("elsewhere/s.ron"), directory.join("s.ron")).unwrap();
        });
        // Of the same size, and some within the same second.
        for lr in [2.0, 3.0, 4.0] {
            fs::write(pty.beside("elsewhere/s.ron"), text(lr)).unwrap();
            pty.expect(lr);
        }
        // Once the first second is over.
        sleep(Duration::from_millis(2500));
        fs::write(pty.beside("elsewhere/s.ron"), text(5.0)).unwrap();
        pty.expect(5.0);
        pty.expect_silence();
    }
}
