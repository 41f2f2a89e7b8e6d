//! The user's editor on the session file, as a program of its own that has the terminal to itself.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// What a Ctrl-C that ended the editor takes at most to be heard of here. Nothing is lost by the wait: with the terminal back, a
/// Ctrl-C is a key and no signal.
const LATE: Duration = Duration::from_secs(2);

/// Who has the terminal: its Ctrl-C reaches the editor and this program, and is for the editor, also where it is heard of here only
/// when that has ended by it.
#[derive(Clone, Debug, Default)]
pub struct Loan(Arc<Mutex<Holder>>);

#[derive(Debug, Default)]
enum Holder {
    #[default]
    Dashboard,
    Editor,
    /// The dashboard again, since then.
    Back(Instant),
}

impl Loan {
    /// Whether an interrupt that is heard of now is the editor's.
    pub fn lent(&self) -> bool {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Holder::Dashboard => false,
            Holder::Editor => true,
            Holder::Back(since) => since.elapsed() < LATE,
        }
    }

    /// The editor has the terminal while `body` runs.
    pub(super) fn during<R>(&self, body: impl FnOnce() -> R) -> R {
        let set = |holder| *self.0.lock().unwrap_or_else(PoisonError::into_inner) = holder;
        set(Holder::Editor);
        let done = body();
        set(Holder::Back(Instant::now()));
        done
    }
}

/// The editor's command line, from the environment; `variable` reads one.
pub fn choose(variable: impl Fn(&str) -> Option<String>) -> String {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    set("VISUAL")
        .or_else(|| set("EDITOR"))
        .unwrap_or_else(|| "vi".into())
}

/// Runs it until it ends, and `meanwhile` all the time; the error is a line for the user.
pub fn run(editor: &str, file: &Path, mut meanwhile: impl FnMut()) -> Result<(), String> {
    let words =
        shell_words::split(editor).map_err(|error| format!("editor `{editor}`: {error}"))?;
    let (program, arguments) = words
        .split_first()
        .ok_or("VISUAL and EDITOR name no editor")?;
    let failed = |error| format!("no editor `{program}`: {error}; set VISUAL or EDITOR");
    let mut child = Command::new(program)
        .args(arguments)
        .arg(file)
        .spawn()
        .map_err(failed)?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("editor `{program}`: {status}")),
            Ok(None) => {
                meanwhile();
                sleep(LOOK);
            }
            Err(error) => return Err(format!("editor `{program}`: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visual_goes_before_editor_and_vi_is_always_there() {
        let both = |name: &str| Some(name.to_lowercase());
        assert_eq!(choose(both), "visual");
        let editor = |name: &str| (name == "EDITOR").then(|| "nano".to_owned());
        assert_eq!(choose(editor), "nano");
        assert_eq!(choose(|_| Some(" ".into())), "vi");
    }

    #[test]
    fn an_interrupt_heard_of_late_is_still_the_editors() {
        let loan = Loan::default();
        assert!(!loan.lent());
        assert!(loan.during(|| loan.lent()));
        assert!(loan.lent(), "just ended");
        let long_ago = Instant::now().checked_sub(LATE);
        *loan.0.lock().unwrap() = Holder::Back(long_ago.unwrap());
        assert!(!loan.lent());
    }

    #[cfg(unix)]
    #[test]
    fn an_editor_may_have_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.ron");
        std::fs::write(&path, "lr: 1").unwrap();
        let mut looks = 0;
        let editor = "sh -c 'sleep 0.1; echo lr: 2 > \"$1\"' editor";
        run(editor, &path, || looks += 1).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "lr: 2\n");
        assert!(looks > 0);
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        let message = |editor| run(editor, Path::new("s.ron"), || ()).unwrap_err();
        let missing = message("no-such-editor -w");
        assert!(
            missing.starts_with("no editor `no-such-editor`: "),
            "{missing}"
        );
        assert!(!missing.contains('\n'));
        assert!(message("vi 'open").contains("vi 'open"));
        assert!(message("''").starts_with("no editor ``"));
    }

    #[cfg(unix)]
    #[test]
    fn an_editor_that_fails_is_told() {
        let message = run("false", Path::new("s.ron"), || ()).unwrap_err();
        assert_eq!(message, "editor `false`: exit status: 1");
    }
}
