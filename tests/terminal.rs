//! The real binary in a pseudo-terminal: what a person sees first, and that every way out leaves the terminal as it was.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// Far more than anything here takes: a test that hangs must end.
const DEADLINE: Duration = Duration::from_secs(60);

const SMALL: &str = r#"(
    data: Toy(name: "moons", batch: 100),
    model: (width: 6),
    flow: (steps: 3),
    validation: (every: 5, samples: 50, steps: 4),
    stop: (iterations: LIMIT),
)"#;

/// A terminal with a dashboard in it.
struct Desk {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    folder: TempDir,
}

/// A folder with a small session and the path of that.
fn small(iterations: u64) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("small.ron");
    fs::write(&session, SMALL.replace("LIMIT", &iterations.to_string())).unwrap();
    (folder, session)
}

impl Desk {
    fn open(iterations: u64) -> Self {
        let (folder, session) = small(iterations);
        let session = session.to_str().unwrap();
        Desk::run(&["train", "--tui", session], folder)
    }

    /// The program with these arguments, in this folder.
    fn run(arguments: &[&str], folder: TempDir) -> Self {
        let (rows, cols) = (24, 80);
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_otflow"));
        command.args(arguments);
        command.cwd(folder.path());
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::default()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                shown.lock().unwrap().process(&bytes[..count]);
            }
        });
        Desk {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            screen,
            folder,
        }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn wait_for(&self, what: &str) {
        self.wait_until(what, |text| text.contains(what));
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !holds(&self.text()) {
            let text = self.text();
            assert!(start.elapsed() < DEADLINE, "not {what:?}:\n{text}");
            sleep(Duration::from_millis(20));
        }
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
    }

    fn kill(&self, signal: &str) {
        let id = self.child.process_id().unwrap().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end; the exit code, once the terminal is seen to be as it was.
    fn leave(mut self) -> u32 {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < DEADLINE, "does not end:\n{}", self.text());
            sleep(Duration::from_millis(20));
        };
        self.wait_for("run ");
        let raw = self.master.get_termios().unwrap();
        let fresh = native_pty_system().openpty(PtySize::default()).unwrap();
        assert_eq!(raw, fresh.master.get_termios().unwrap(), "line discipline");
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor());
        assert!(!screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        status.exit_code()
    }
}

/// More iterations than a test can wait for.
const ENDLESS: u64 = 1_000_000_000;

#[test]
fn the_first_screen_has_every_pane_at_80_by_24() {
    let mut desk = Desk::open(ENDLESS);
    for pane in ["RUN", "1 losses", "2 flow", "3 settings", "4 log", "q quit"] {
        desk.wait_for(pane);
    }
    desk.press(b"?");
    desk.wait_for("Ctrl-L");
    desk.press(b"\x1b");
    // A key right behind an escape would be one key with Alt.
    desk.wait_until("without help", |text| !text.contains("Ctrl-L"));
    desk.press(b"p");
    desk.wait_for("PAUSED");
    desk.press(b"qq");
    assert_eq!(desk.leave(), 0);
}

#[test]
fn control_c_stops_saves_and_gives_the_terminal_back() {
    let mut desk = Desk::open(ENDLESS);
    desk.wait_for("RUN");
    desk.press(b"\x03");
    assert_eq!(desk.leave(), 130);
}

#[test]
fn a_signal_stops_saves_and_gives_the_terminal_back() {
    for (signal, code) in [("-TERM", 143), ("-HUP", 129), ("-INT", 130)] {
        let desk = Desk::open(ENDLESS);
        desk.wait_for("RUN");
        desk.kill(signal);
        assert_eq!(desk.leave(), code, "{signal}");
    }
}

#[test]
fn the_result_stays_until_a_key_or_a_signal() {
    let mut desk = Desk::open(3);
    desk.wait_for("DONE");
    desk.press(b"q");
    assert_eq!(desk.leave(), 0);
    let desk = Desk::open(3);
    desk.wait_for("DONE");
    desk.kill("-TERM");
    assert_eq!(desk.leave(), 0);
}

/// A folder with a run of ten iterations in `run`.
fn trained() -> TempDir {
    let (folder, session) = small(10);
    let mut command = Command::new(env!("CARGO_BIN_EXE_otflow"));
    command.current_dir(folder.path());
    command.args(["train", "--headless", "--out", "run"]);
    let output = command.arg(session).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    folder
}

#[test]
fn a_finished_run_is_watched_and_left_by_a_key() {
    let folder = trained();
    let metrics = fs::read_to_string(folder.path().join("run/metrics.jsonl")).unwrap();
    let mut lines = metrics.lines().rev();
    let last = lines.find(|line| line.contains("\"event\":\"iteration\""));
    let last: serde_json::Value = serde_json::from_str(last.unwrap()).unwrap();
    let loss = last["loss"].as_f64().unwrap();
    let mut desk = Desk::run(&["watch", "run"], folder);
    for what in ["DONE", "10/10", "small", "ended: all iterations done"] {
        desk.wait_for(what);
    }
    // The screen has four significant digits.
    let digits = 3 - loss.abs().log10().floor() as usize;
    desk.wait_for(&format!("loss {loss:.digits$}"));
    desk.wait_for("2 flow at iteration 10");
    desk.press(b"p");
    desk.wait_for("another process");
    desk.press(b"s");
    desk.wait_for("saved screen-10.svg");
    let written = fs::read_to_string(desk.folder.path().join("run/screen-10.txt"));
    assert!(written.unwrap().contains("DONE"));
    desk.press(b"q");
    assert_eq!(desk.leave(), 0);
}

#[test]
fn a_growing_run_is_followed_line_by_line() {
    let folder = trained();
    let metrics = folder.path().join("run/metrics.jsonl");
    let all = fs::read_to_string(&metrics).unwrap();
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    fs::write(&metrics, lines[0]).unwrap();
    let append = |text: &str| {
        let mut file = OpenOptions::new().append(true).open(&metrics).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let mut desk = Desk::run(&["watch", "run"], folder);
    desk.wait_for("WATCH  0/10");
    append(lines[1]);
    desk.wait_for("WATCH  1/10");
    let (torn, rest) = lines[2].split_at(lines[2].len() / 2);
    append(torn);
    desk.press(b"w");
    desk.wait_for("losses, weighted");
    assert!(desk.text().contains("WATCH  1/10"));
    append(rest);
    desk.wait_for("WATCH  2/10");
    append(&lines[3..].concat());
    desk.wait_for("DONE  10/10");
    desk.press(b"\x03");
    assert_eq!(desk.leave(), 0);
}

#[test]
fn a_watched_run_is_left_by_a_signal() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let folder = trained();
        let metrics = folder.path().join("run/metrics.jsonl");
        let all = fs::read_to_string(&metrics).unwrap();
        let (start, _) = all.split_once('\n').unwrap();
        fs::write(&metrics, start.to_owned() + "\n").unwrap();
        let desk = Desk::run(&["watch", "run"], folder);
        desk.wait_for("WATCH");
        desk.kill(signal);
        assert_eq!(desk.leave(), code, "{signal}");
    }
}
