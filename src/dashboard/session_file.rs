//! The writer of the session file: it does what the settings pane asks for. The text is read anew each time: the file is the truth,
//! and several quick steps add up.

use super::state::settings::{BROKEN, FileChange, FileRequest, WrittenField};
use crate::file;
use crate::session::{Assignment, nudge, parse, read, rewrite, value};

/// Writes the values of a request; the error is a line for the user.
pub fn write(request: &FileRequest) -> Result<Vec<WrittenField>, String> {
    let path = &request.file;
    let text = read(path).map_err(|rejection| rejection.to_string())?;
    let session = parse(&text, path).map_err(|_| BROKEN)?;
    let values: Vec<Assignment> = match &request.change {
        FileChange::Nudge { field, way } => {
            vec![Assignment::new(field, &nudge(&session, field, *way)?)]
        }
        FileChange::Undo(saved) => saved
            .edits
            .iter()
            .map(|edit| Assignment::new(&edit.field, &edit.old))
            .collect(),
    };
    let new = rewrite(&text, &values).map_err(|error| error.to_string())?;
    if new != text {
        file::overwrite(path, new.as_bytes()).map_err(|error| error.to_string())?;
    }
    let written = |Assignment { field, value: new }| WrittenField {
        old: value(&session, &field).unwrap_or_default(),
        field,
        new,
    };
    Ok(values.into_iter().map(written).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::dashboard::state::edits::{Edit, EditHistory};
    use crate::session::{Applies, NudgeDirection};

    const TEXT: &str =
        "(\n  data: Toy(name: \"moons\"),\n  flow: (steps: 1, trace: GaussPoints), // few\n)\n";

    fn nudged(path: &Path, field: &'static str, way: NudgeDirection) -> FileRequest {
        FileRequest {
            file: path.into(),
            change: FileChange::Nudge { field, way },
        }
    }

    fn undone(path: &Path, edits: &mut EditHistory) -> FileRequest {
        FileRequest {
            file: path.into(),
            change: FileChange::Undo(edits.take_last_save().unwrap()),
        }
    }

    #[test]
    fn quick_steps_add_up_and_comments_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        fs::write(&path, TEXT).unwrap();
        let request = nudged(&path, "flow.steps", NudgeDirection::Up);
        write(&request).unwrap();
        let written = write(&request).unwrap();
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
        write(&undone(&path, &mut edits)).unwrap();
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
        write(&nudged(&path, "optimizer", NudgeDirection::Up)).unwrap();
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
        write(&undone(&path, &mut edits)).unwrap();
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
            let written = write(&nudged(&path, field, NudgeDirection::Up)).unwrap();
            assert_eq!(written[0].new, up, "{field}");
            let session = parse(&fs::read_to_string(&path).unwrap(), &path).unwrap();
            assert_eq!(value(&session, field).as_deref(), Some(up));
        }
    }

    #[test]
    fn a_file_that_is_broken_or_gone_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        let request = nudged(&path, "flow.steps", NudgeDirection::Up);
        assert!(write(&request).unwrap_err().contains("cannot be read"));
        fs::write(&path, "(data: ").unwrap();
        assert_eq!(write(&request).unwrap_err(), BROKEN);
        assert_eq!(fs::read_to_string(&path).unwrap(), "(data: ");
    }

    #[test]
    fn a_step_that_would_be_refused_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.ron");
        let nodes = TEXT.replace("1, trace: GaussPoints", "2, trace: StepNodes");
        fs::write(&path, &nodes).unwrap();
        let request = nudged(&path, "flow.steps", NudgeDirection::Down);
        assert!(write(&request).unwrap_err().contains("at least 2"));
        assert_eq!(fs::read_to_string(&path).unwrap(), nodes);
    }
}
