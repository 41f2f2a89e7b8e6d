//! The reading of a session file: its text becomes a session. Every session passes [`parse`], at the start and after every edit.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ron::extensions::Extensions;

use super::excerpt::refuse_encoding;
use super::{Data, Initial, Rejection, Session, check, reject};
use crate::file;

/// Session files are some kilobytes; what is larger is something else.
const LARGEST: u64 = 1 << 20;

/// Reads and checks a session file, or the session that comes from a stream.
///
/// # Errors
/// The refusal of the file.
pub fn load(path: &Path) -> Result<Session, Rejection> {
    match read_stream(path)? {
        Some(StreamedSession { name, text }) => parse(&text, Path::new(name)),
        None => parse(&read(path)?, path),
    }
}

/// A session that came from a stream and can't be read again.
pub struct StreamedSession {
    /// What stands for the name of a file. Without a directory: a table of it is found from the working directory.
    pub name: &'static str,
    /// The text, unchecked.
    pub text: String,
}

/// Reads the text of a session from `-`, a pipe or another open descriptor; None for what is no stream.
///
/// # Errors
/// As of [`read`].
pub fn read_stream(path: &Path) -> Result<Option<StreamedSession>, Rejection> {
    let standard = path == Path::new(file::STANDARD) || path == Path::new("/dev/stdin");
    let name = if standard { "stdin" } else { "pipe" };
    let unreadable =
        |error: io::Error| Rejection::of_file(name.as_ref(), format!("cannot be read: {error}"));
    match file::open_stream(path).map_err(unreadable)? {
        Some(stream) => {
            read_from(&stream, name.as_ref()).map(|text| Some(StreamedSession { name, text }))
        }
        None => Ok(None),
    }
}

/// Reads the text of a session file, unchecked.
///
/// # Errors
/// The refusal of a file that cannot be read, is larger than 1 MiB or is not UTF-8.
pub fn read(path: &Path) -> Result<String, Rejection> {
    let unreadable =
        |error: io::Error| Rejection::of_file(path, format!("cannot be read: {error}"));
    read_from(&file::open(path).map_err(unreadable)?, path)
}

/// Reads the text of a session; `path` is only named in refusals.
fn read_from(file: &File, path: &Path) -> Result<String, Rejection> {
    let mut bytes = Vec::new();
    let unreadable =
        |error: io::Error| Rejection::of_file(path, format!("cannot be read: {error}"));
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Rejection::of_file(
            path,
            "is larger than 1 MiB, so it is no session file".to_owned(),
        ));
    }
    String::from_utf8(bytes).map_err(|error| refuse_encoding(path, &error))
}

/// Parses and checks the text of a session file, with or without the word `Session` before its bracket; `file` is only named in
/// refusals.
///
/// # Errors
/// The refusal of the text.
pub fn parse(text: &str, file: &Path) -> Result<Session, Rejection> {
    // Some editors write a byte-order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // So that `seconds: 60` will do for `seconds: Some(60)`.
    let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    let mut session = options
        .from_str(text)
        .map_err(|error| reject::refuse_syntax(text, file, &error))?;
    check::check(&session).map_err(|violation| reject::refuse_value(text, file, violation))?;
    anchor_paths(&mut session, file);
    Ok(session)
}

/// Makes the paths of a table and of a model absolute: they are relative to the session file, and may be told to a process with
/// another working directory.
fn anchor_paths(session: &mut Session, file: &Path) {
    let anchored = |path: &mut PathBuf| {
        let beside = file.parent().unwrap_or(Path::new("")).join(&*path);
        // Without a working directory it stays as it is.
        *path = std::path::absolute(&beside).unwrap_or(beside);
    };
    if let Data::Table { path, .. } = &mut session.data {
        anchored(path);
    }
    if let Initial::Model(path) = &mut session.start {
        anchored(path);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::session::{
        EMBEDDED, FlowSettings, Gate, Grid, ModelSettings, Optimizer, PictureSettings, Precision,
        RecoverySettings, Schedule, Stepper, StopSettings, Toy, Trace, ValidationSettings, Weights,
        to_ron, value,
    };

    fn read_text(text: &str) -> Result<Session, Rejection> {
        parse(text, Path::new("s.ron"))
    }

    /// Sessions from a small generator: every variant occurs, and numbers of every size.
    fn varied(seed: u64) -> Session {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = move |below: u64| {
            // Marsaglia's xorshift, triple (13, 7, 17).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let schedule = match draw(3) {
            0 => Schedule::Constant,
            1 => Schedule::Halve {
                every: 1 + draw(u64::MAX),
            },
            _ => Schedule::Plateau {
                patience: 1 + draw(9),
                factor: 0.3,
                drops: draw(101),
            },
        };
        let gate = |figure: &str| format!("{figure}<=0.1").parse::<Gate>().unwrap();
        Session {
            data: Data::Toy {
                name: Toy::ALL[draw(8) as usize],
                batch: 1 + draw(10_000_000) as usize,
                resample_every: 1 + draw(100),
            },
            model: ModelSettings {
                width: 1 + draw(8192) as usize,
                precision: if draw(2) == 0 {
                    Precision::F32
                } else {
                    Precision::F64
                },
                seed: draw(u64::MAX),
                ..ModelSettings::default()
            },
            start: match draw(3) {
                0 => Initial::None,
                1 => Initial::Model("/models/best.safetensors".into()),
                _ => Initial::Matching {
                    iterations: 1 + draw(9000),
                    batch: 1 + draw(9000) as usize,
                    group: 1 + draw(4096) as usize,
                    reuse: 1 + draw(99),
                    lr: 10.0 / (1 + draw(u64::MAX)) as f64,
                    every: 1 + draw(999),
                },
            },
            flow: FlowSettings {
                steps: 2 + draw(999) as usize,
                stepper: if draw(2) == 0 {
                    Stepper::Rk4
                } else {
                    Stepper::Euler
                },
                grid: [Grid::Even, Grid::Square, Grid::Drawn][draw(3) as usize],
                trace: [Trace::EveryStage, Trace::StepNodes, Trace::GaussPoints][draw(3) as usize],
            },
            weights: Weights {
                likelihood: draw(1 << 53) as f64 * 1e-8,
                ..Weights::default()
            },
            optimizer: Optimizer::Adam {
                lr: 10.0 / (1 + draw(u64::MAX)) as f64,
                schedule,
                clamp: (draw(2) == 0).then(|| 1.0 / 3.0 + draw(9) as f64),
                decay: draw(2) as f64 * 0.3,
                clip: (draw(2) == 0).then_some(5.0),
                average: (draw(2) == 0).then_some(0.98),
            },
            validation: ValidationSettings {
                steps: 2 + draw(999) as usize,
                ..ValidationSettings::default()
            },
            stop: StopSettings {
                seconds: (draw(2) == 0).then_some(1e300),
                ..StopSettings::default()
            },
            recovery: RecoverySettings {
                rollbacks: draw(1001) as u32,
                factor: 5e-324,
            },
            pictures: PictureSettings {
                every: 0.1 + 0.2,
                samples: 1,
            },
            gates: ["validation_L", "divergence"].map(gate)[..draw(3) as usize].to_vec(),
        }
    }

    #[test]
    fn a_written_session_is_read_as_the_same_session() {
        for seed in 0..300 {
            let session = varied(seed);
            assert_eq!(read_text(&to_ron(&session)), Ok(session));
        }
    }

    #[test]
    fn kinds_of_the_name_none_are_written_like_any_other() {
        let text = r#"(data: Table(path: "/a", transform: {"r#None": None, "b": Log}))"#;
        let session = read_text(text).unwrap();
        let written = to_ron(&session);
        assert!(written.contains("start: None,"), "{written}");
        assert!(
            written.contains(r#"transform: {"b": Log, "r#None": None}"#),
            "{written}"
        );
        assert_eq!(read_text(&written), Ok(session.clone()));
        assert_eq!(
            value(&session, "data.transform").unwrap(),
            r#"{"b": Log, "r#None": None}"#
        );
    }

    #[test]
    fn the_name_before_the_bracket_is_optional() {
        let body = EMBEDDED.split_once("Session").unwrap().1;
        assert_eq!(read_text(body), read_text(EMBEDDED));
        assert!(read_text(body).is_ok());
    }

    #[test]
    fn a_byte_order_mark_and_crlf_make_no_difference() {
        let windows = format!("\u{feff}{}", EMBEDDED.replace('\n', "\r\n"));
        assert_eq!(read_text(&windows), read_text(EMBEDDED));
    }

    #[test]
    fn an_optional_number_may_be_written_without_its_wrapping() {
        let with = |seconds| {
            read_text(&format!(
                "(data: Toy(name: \"moons\"), stop: (seconds: {seconds}))"
            ))
        };
        assert_eq!(with("60"), with("Some(60.0)"));
        assert!(with("60").is_ok());
    }

    #[test]
    fn what_is_no_text_file_is_refused_with_its_name_and_the_reason() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.ron");
        let message = |path: &Path| {
            let rejection = load(path).unwrap_err();
            assert_eq!(rejection.file, path);
            rejection.message
        };
        assert!(message(&path).contains("cannot be read"));
        assert!(message(directory.path()).contains("cannot be read"));
        fs::write(&path, " ".repeat(LARGEST as usize + 1)).unwrap();
        assert!(message(&path).contains("larger than 1 MiB"));
        fs::write(&path, b"(data:\n \xff)").unwrap();
        let rejection = load(&path).unwrap_err();
        assert_eq!((rejection.line, rejection.column), (2, 2));
        assert!(rejection.message.contains("UTF-8"));
    }

    #[test]
    fn a_file_is_read_as_its_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.ron");
        fs::write(&path, EMBEDDED).unwrap();
        assert_eq!(load(&path), read_text(EMBEDDED));
    }
}
