//! The user's own editor ($VISUAL, $EDITOR or vi), opened on the session file as a program that has the terminal to itself. What the
//! dashboard itself writes into that file is in `session_file`.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

/// Time between two looks at whether the editor has ended.
const PERIOD: Duration = Duration::from_millis(20);

/// The command line of the editor, from the environment; `variable` reads one.
pub fn choose(variable: impl Fn(&str) -> Option<String>) -> String {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    set("VISUAL")
        .or_else(|| set("EDITOR"))
        .unwrap_or_else(|| "vi".into())
}

/// Runs the editor until it ends, and `meanwhile` again and again; the error is a line for the user.
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
                sleep(PERIOD);
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
