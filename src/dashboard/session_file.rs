//! The writer of the session file: it does what the settings pane asks for. The text is read anew each time: the file is the truth,
//! and several quick steps add up. A run on a built-in session gets its file here.

use std::path::{Path, PathBuf};

use super::state::differences::FileReading;
use super::state::settings::{BROKEN, FileChange, WrittenField};
use crate::file;
use crate::session::{
    Assignment, fields, nudge, parse, read, rewrite, typed, value, written_texts,
};

/// Most names that are tried for a new file.
const NAMES: u32 = 1000;

/// A text of a session with new values, and which they are.
pub struct ChangedText {
    /// The text.
    pub text: String,
    /// The fields that have another value in it.
    pub written: Vec<WrittenField>,
}

/// Makes a change in a file; the error is a line for the user.
pub fn write(path: &Path, change: &FileChange) -> Result<Vec<WrittenField>, String> {
    let text = read(path).map_err(|rejection| rejection.to_string())?;
    let ChangedText { text: new, written } = changed(&text, path, change)?;
    if new != text {
        file::overwrite(path, new.as_bytes()).map_err(|error| error.to_string())?;
    }
    Ok(written)
}

/// Makes a change in the text of a session; the error is a line for the user.
pub fn changed(text: &str, path: &Path, change: &FileChange) -> Result<ChangedText, String> {
    let session = parse(text, path).map_err(|_| BROKEN)?;
    let values: Vec<Assignment> = match change {
        FileChange::Nudge { field, way } => {
            vec![Assignment::new(field, &nudge(&session, field, *way)?)]
        }
        FileChange::Value(value) => typed(&session, value.field, &value.text)?,
        FileChange::Undo(saved) => saved
            .edits
            .iter()
            .map(|edit| Assignment::new(&edit.field, &edit.old))
            .collect(),
    };
    let new = rewrite(text, &values).map_err(|error| error.to_string())?;
    let written = |Assignment { field, value: new }| WrittenField {
        old: value(&session, &field).unwrap_or_default(),
        field,
        new,
    };
    Ok(ChangedText {
        text: new,
        written: values.into_iter().map(written).collect(),
    })
}

/// Writes a session that has no file into a new one of the working directory, under the next name that is free; the error is a line for
/// the user.
pub fn create(name: &str, text: &str) -> Result<PathBuf, String> {
    let numbered = |number| match number {
        1 => format!("{name}.ron"),
        number => format!("{name}-{number}.ron"),
    };
    for path in (1..=NAMES).map(|number| PathBuf::from(numbered(number))) {
        match file::create(&path, text.as_bytes()) {
            Ok(true) => return Ok(path),
            Ok(false) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(format!("{name}.ron and {NAMES} more names are taken"))
}

/// Reads the values of a file, valid or not; None for a file that can't be read.
pub fn look(path: &Path) -> Option<FileReading> {
    let text = read(path).ok()?;
    let session = parse(&text, path).ok();
    Some(FileReading {
        texts: written_texts(&text),
        fields: session.map(|session| fields(&session)),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dashboard::state::edits::{Edit, EditHistory};
    use crate::dashboard::state::settings::TypedValue;
    use crate::session::{Applies, NudgeDirection};

    const TEXT: &str =
        "(\n  data: Toy(name: \"moons\"),\n  flow: (steps: 1, trace: GaussPoints), // few\n)\n";

    fn nudged(field: &'static str, way: NudgeDirection) -> FileChange {
        FileChange::Nudge { field, way }
    }

    fn undone(edits: &mut EditHistory) -> FileChange {
        FileChange::Undo(edits.take_last_save().unwrap())
    }

    fn typed(field: &'static str, text: &str) -> FileChange {
        FileChange::Value(TypedValue {
            field,
            text: text.into(),
            rate_now: None,
        })
    }

    #[test]
    fn quick_steps_add_up_and_comments_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        fs::write(&path, TEXT).unwrap();
        let request = nudged("flow.steps", NudgeDirection::Up);
        write(&path, &request).unwrap();
        let written = write(&path, &request).unwrap();
        assert_eq!(
            (written[0].old.as_str(), written[0].new.as_str()),
            ("2", "5")
        );
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            TEXT.replace("steps: 1", "steps: 5")
        );
    }

    #[test]
    fn a_save_that_is_valid_only_as_a_whole_is_undone_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        fs::write(&path, TEXT).unwrap();
        let mut edits = EditHistory::default();
        for (field, old) in [("flow.trace", "StepNodes"), ("flow.steps", "7")] {
            let (field, old, new) = (field.into(), old.into(), "x".into());
            let edit = Edit {
                field,
                old,
                new,
                iteration: 3,
            };
            edits.add_accepted(&edit, Applies::Resample, 1.0);
        }
        write(&path, &undone(&mut edits)).unwrap();
        let back = TEXT.replace("steps: 1, trace: GaussPoints", "steps: 7, trace: StepNodes");
        assert_eq!(fs::read_to_string(&path).unwrap(), back);
    }

    #[test]
    fn a_step_to_the_other_optimiser_keeps_its_numbers_and_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        let muon = TEXT.replace(
            "\n)",
            "\n  optimizer: Muon(lr: 0.02, momentum: 0.9, clip: 3), // mine\n)",
        );
        fs::write(&path, &muon).unwrap();
        write(&path, &nudged("optimizer", NudgeDirection::Up)).unwrap();
        let adam = muon.replace("Muon(lr: 0.02, momentum: 0.9,", "Adam(lr: 0.02,");
        assert_eq!(fs::read_to_string(&path).unwrap(), adam);
        let mut edits = EditHistory::default();
        let old = [("optimizer", "Muon()"), ("optimizer.momentum", "0.9")];
        for (field, old) in old {
            let (field, old, new) = (field.into(), old.into(), "absent".into());
            let iteration = 3;
            let edit = Edit {
                field,
                old,
                new,
                iteration,
            };
            edits.add_accepted(&edit, Applies::Live, 1.0);
        }
        write(&path, &undone(&mut edits)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), muon);
    }

    #[test]
    fn the_new_settings_have_steps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        let text = TEXT.replace(
            "\n)",
            "\n  start: Matching(),\n  optimizer: Muon(schedule: Cosine()),\n)",
        );
        for (field, up) in [
            ("start.iterations", "5000"),
            ("start.batch", "2000"),
            ("start.group", "200"),
            ("start.reuse", "10"),
            ("start.lr", "0.05"),
            ("start.every", "1000"),
            ("optimizer.momentum", "0.98"),
            ("optimizer.decay", "0.001"),
            ("optimizer.clip", "Some(1000.0)"),
            ("optimizer.average", "Some(0.9)"),
            ("optimizer.schedule.warmup", "50"),
            ("optimizer.schedule.floor", "0.02"),
        ] {
            fs::write(&path, &text).unwrap();
            let written = write(&path, &nudged(field, NudgeDirection::Up)).unwrap();
            assert_eq!(written[0].new, up, "{field}");
            let session = parse(&fs::read_to_string(&path).unwrap(), &path).unwrap();
            assert_eq!(value(&session, field).as_deref(), Some(up));
        }
    }

    #[test]
    fn a_file_that_is_broken_or_gone_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        let request = nudged("flow.steps", NudgeDirection::Up);
        assert!(
            write(&path, &request)
                .unwrap_err()
                .contains("cannot be read")
        );
        fs::write(&path, "(data: ").unwrap();
        assert_eq!(write(&path, &request).unwrap_err(), BROKEN);
        assert_eq!(fs::read_to_string(&path).unwrap(), "(data: ");
    }

    #[test]
    fn a_step_that_would_be_refused_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        let nodes = TEXT.replace("1, trace: GaussPoints", "2, trace: StepNodes");
        fs::write(&path, &nodes).unwrap();
        let request = nudged("flow.steps", NudgeDirection::Down);
        assert!(write(&path, &request).unwrap_err().contains("at least 2"));
        assert_eq!(fs::read_to_string(&path).unwrap(), nodes);
    }

    #[test]
    fn a_typed_value_is_written_as_the_file_writes_it_and_a_wrong_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        fs::write(&path, TEXT).unwrap();
        let written = write(&path, &typed("flow.steps", "12")).unwrap();
        assert_eq!((written.len(), written[0].new.as_str()), (1, "12"));
        assert_eq!(write(&path, &typed("flow.steps", "12")), Ok(Vec::new()));
        write(&path, &typed("optimizer.lr", "1e-3")).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            TEXT.replace("steps: 1", "steps: 12")
                .replace("// few\n", "// few\n  optimizer: Adam(lr: 0.001),\n")
        );
        let refused = write(&path, &typed("optimizer.lr", "50")).unwrap_err();
        assert!(refused.contains("above 0 and up to 10"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn kinds_and_their_parts_are_typed_as_set_takes_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        let text = TEXT.replace("\n)", "\n  optimizer: Adam(lr: 0.1), // mine\n)");
        fs::write(&path, text).unwrap();
        let of = |field: &str| {
            let text = fs::read_to_string(&path).unwrap();
            value(&parse(&text, &path).unwrap(), field).unwrap_or_default()
        };
        write(&path, &typed("optimizer", "Muon(lr: 0.02)")).unwrap();
        assert_eq!(of("optimizer"), "Muon()");
        assert_eq!(of("optimizer.lr"), "0.02");
        assert_eq!(of("optimizer.momentum"), "0.95");
        write(&path, &typed("optimizer.schedule", "Cosine(warmup: 7)")).unwrap();
        write(&path, &typed("optimizer.schedule.floor", "0.5")).unwrap();
        assert_eq!(of("optimizer.schedule"), "Cosine(warmup: 7, floor: 0.5)");
        write(&path, &typed("start", "Matching(lr: 0.01)")).unwrap();
        assert_eq!(of("start.lr"), "0.01");
        write(&path, &typed("start", "None")).unwrap();
        assert_eq!(of("start"), "None");
        write(&path, &typed("optimizer", "Adam()")).unwrap();
        assert_eq!(of("optimizer.lr"), "0.1");
        assert_eq!(of("optimizer.momentum"), "");
        assert!(fs::read_to_string(&path).unwrap().contains("// mine"));
    }

    #[test]
    fn a_new_file_takes_the_next_free_name_and_overwrites_none() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("moons");
        let name = name.to_str().unwrap();
        for expected in ["moons.ron", "moons-2.ron", "moons-3.ron"] {
            let path = create(name, expected).unwrap();
            assert_eq!(path, folder.path().join(expected));
        }
        let first = fs::read_to_string(folder.path().join("moons.ron")).unwrap();
        assert_eq!(first, "moons.ron");
        assert!(create(folder.path().join("no/moons").to_str().unwrap(), "").is_err());
    }

    #[test]
    fn a_broken_file_has_texts_and_no_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        assert_eq!(look(&path), None);
        fs::write(&path, TEXT.replace("steps: 1", "steps: 0")).unwrap();
        let FileReading { texts, fields } = look(&path).unwrap();
        assert!(fields.is_none());
        assert!(
            texts
                .iter()
                .any(|text| (text.field, text.text.as_str()) == ("flow.steps", "0"))
        );
        fs::write(&path, TEXT).unwrap();
        assert!(look(&path).unwrap().fields.is_some());
    }
}
