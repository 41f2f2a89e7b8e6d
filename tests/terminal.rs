//! The real binary in a pseudo-terminal: what a person sees first, and that every way out leaves the terminal as it was.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::io::{Read, Write};
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
    _folder: TempDir,
}

impl Desk {
    fn open(iterations: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = folder.path().join("small.ron");
        fs::write(&session, SMALL.replace("LIMIT", &iterations.to_string())).unwrap();
        let (rows, cols) = (24, 80);
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_otflow"));
        command.args(["train", "--tui"]);
        command.arg(session);
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
            _folder: folder,
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
    desk.wait_for("this help");
    desk.press(b"\x1b");
    // A key right behind an escape would be one key with Alt.
    desk.wait_until("without help", |text| !text.contains("this help"));
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
