//! The real binary in a pseudo-terminal, for the tests that look at its screen.
// Not every test that shares this needs all of it.
#![allow(dead_code)]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// Far more than anything here takes: a test that hangs must end.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Between two looks at the screen.
const LOOK: Duration = Duration::from_millis(1);

/// A session of so many iterations of less than a millisecond.
pub fn small(iterations: u64) -> String {
    SMALL.replace("LIMIT", &iterations.to_string())
}

const SMALL: &str = r#"(
    data: Toy(name: "moons", batch: 100),
    model: (width: 6),
    flow: (steps: 3),
    // Slow enough that no number of iterations makes it diverge.
    optimizer: Adam(lr: 1e-4),
    validation: (every: 5, samples: 50, steps: 4),
    stop: (iterations: LIMIT),
)"#;

/// Pixels of a cell across and up.
const CELL: (u16, u16) = (10, 20);

/// Name of the session file.
const SESSION: &str = "small.ron";
/// Name of the run directory.
const RUN: &str = "run";

/// A terminal with a dashboard in it.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    written: Arc<Mutex<Vec<u8>>>,
    reading: Arc<AtomicBool>,
    reader: JoinHandle<()>,
    gone: Arc<AtomicBool>,
    folder: TempDir,
}

impl Pty {
    /// Trains a session in the dashboard, with further arguments.
    pub fn open(text: &str, args: &[&str]) -> Self {
        Self::open_in(text, args, &[])
    }

    /// The same with variables of the environment.
    pub fn open_in(text: &str, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(SESSION), text).unwrap();
        let train = ["train", "--tui", SESSION, "--out", RUN];
        Self::start_in(&[&train, args].concat(), folder, environment)
    }

    /// The program with these arguments, in this folder.
    pub fn start(args: &[&str], folder: TempDir) -> Self {
        Self::start_in(args, folder, &[])
    }

    fn start_in(args: &[&str], folder: TempDir, environment: &[(&str, &str)]) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_otflow"));
        Self::run_in(program, args, folder, environment)
    }

    /// Trains a session in a terminal that does not know its size, with further arguments and variables of the environment.
    pub fn open_unsized(text: &str, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(SESSION), text).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_otflow"));
        let args = [&["train", SESSION, "--out", RUN], args].concat();
        let environment = [&[("COLUMNS", ""), ("LINES", "")], environment].concat();
        Self::run_at(program, &args, folder, &environment, (0, 0))
    }

    /// Another program.
    pub fn run_in(
        program: &Path,
        args: &[&str],
        folder: TempDir,
        environment: &[(&str, &str)],
    ) -> Self {
        Self::run_at(program, args, folder, environment, (80, 24))
    }

    fn run_at(
        program: &Path,
        args: &[&str],
        folder: TempDir,
        environment: &[(&str, &str)],
        (cols, rows): (u16, u16),
    ) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: CELL.0 * cols,
            pixel_height: CELL.1 * rows,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(folder.path());
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::default()));
        let written = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&written);
        let reading = Arc::new(AtomicBool::new(true));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let gone = Arc::new(AtomicBool::new(false));
        let (shown, awake, enough) = (Arc::clone(&screen), Arc::clone(&reading), Arc::clone(&gone));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                shown.lock().unwrap().process(&bytes[..count]);
                kept.lock().unwrap().extend_from_slice(&bytes[..count]);
                while !awake.load(Ordering::Relaxed) {
                    sleep(Duration::from_millis(10));
                }
                if enough.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        Pty {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            screen,
            written,
            reading,
            reader,
            gone,
            folder,
        }
    }

    /// The session file.
    pub fn session(&self) -> PathBuf {
        self.folder.path().join(SESSION)
    }

    /// The run directory.
    pub fn run(&self) -> PathBuf {
        self.folder.path().join(RUN)
    }

    /// Number of the process.
    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Gives the terminal another size.
    pub fn resize(&self, (cols, rows): (u16, u16)) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: CELL.0 * cols,
            pixel_height: CELL.1 * rows,
        };
        // First: what is drawn for the new size must not meet the old one. A size of 0 is unknown, and changes no screen.
        if let (Ok(rows), Ok(cols)) = (rows.try_into(), cols.try_into()) {
            let mut screen = self.screen.lock().unwrap();
            screen.screen_mut().set_size(rows, cols);
        }
        self.master.resize(size).unwrap();
    }

    /// Whether what the program writes is read.
    pub fn read(&self, on: bool) {
        self.reading.store(on, Ordering::Relaxed);
    }

    /// All bytes that the program has written.
    pub fn written(&self) -> Vec<u8> {
        self.written.lock().unwrap().clone()
    }

    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Whether any cell has a colour that is not the terminal's own.
    pub fn coloured(&self) -> bool {
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        let (rows, columns): (u16, u16) = (screen.size().0.into(), screen.size().1.into());
        let plain =
            |cell: &vt100::Cell| [cell.fgcolor(), cell.bgcolor()] == [vt100::Color::Default; 2];
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let mut cells = places.filter_map(|(row, column)| screen.cell(row, column));
        cells.any(|cell| !plain(cell))
    }

    pub fn wait_for(&self, what: &str) {
        self.wait_until(what, |text| text.contains(what));
    }

    pub fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !holds(&self.text()) {
            let text = self.text();
            assert!(start.elapsed() < DEADLINE, "not {what:?}:\n{text}");
            sleep(LOOK);
        }
    }

    pub fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn kill(&self, signal: &str) {
        let id = self.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end; the exit code, once the terminal is seen to be as it was.
    pub fn leave(mut self) -> u32 {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < DEADLINE, "does not end:\n{}", self.text());
            sleep(Duration::from_millis(20));
        };
        // The last line may stand on the screen that is left, too.
        let left = || !self.screen.lock().unwrap().screen().alternate_screen();
        while !left() && start.elapsed() < DEADLINE {
            sleep(LOOK);
        }
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

    /// Waits until the shell has the terminal, or the dashboard.
    pub fn wait_shell(&self, shell: bool) {
        let start = Instant::now();
        while self.screen.lock().unwrap().screen().alternate_screen() == shell {
            assert!(start.elapsed() < DEADLINE, "{}", self.text());
            sleep(LOOK);
        }
    }

    /// Waits until the process stands still: a signal to go on before that would be lost.
    pub fn wait_stopped(&self) {
        let start = Instant::now();
        let id = self.id().to_string();
        let state = || {
            Command::new("ps")
                .args(["-o", "state=", "-p", &id])
                .output()
        };
        while !state().unwrap().stdout.starts_with(b"T") {
            assert!(start.elapsed() < DEADLINE, "does not stop");
            sleep(LOOK);
        }
    }

    /// Takes the terminal away; the exit code, and the folder.
    pub fn hang_up(mut self) -> (u32, TempDir) {
        self.gone.store(true, Ordering::Relaxed);
        // It holds the terminal open too, until the next frame; another size makes one.
        self.resize((79, 24));
        self.reader.join().unwrap();
        drop((self.keys, self.master));
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.exit_code(), self.folder);
            }
            assert!(start.elapsed() < DEADLINE, "does not end");
            sleep(LOOK);
        }
    }
}
