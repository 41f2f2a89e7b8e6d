//! Events as TensorBoard reads them: a file of records, each
//!
//! ```text
//! length u64 | masked CRC-32C of those 8 bytes | data, a protobuf `Event` | masked CRC-32C of the data
//! ```
//!
//! little-endian, with masked(c) = rotate_right(c, 15) + 0xa282ead8. Iterations are the scalars `training/loss`, `L`, `C`, `R`,
//! `lr`, `gradient`, `update`, those of a start by matching `training/M` and the same three, validations `validation/loss`, `L`, `C`, `R`, `divergence`, all rounded to f32 as the format
//! has them; the session is the text `session`, edits the text `edits`. The step is the iteration.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crc::{CRC_32_ISCSI, Crc};
use prost::Message;

use crate::event::{Event, Losses};
use crate::file::naming;
use crate::session::to_ron;

/// CRC-32C; iSCSI is where it comes from.
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
/// `DT_STRING` of TensorFlow's types.
const STRING: i32 = 7;
/// The part of a name by which TensorBoard knows an event file.
const MARK: &str = "tfevents";

/// `Event` of tensorboard/compat/proto/event.proto; the tags are those of the format, here and below.
#[derive(Message)]
struct Logged {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<LoggedSummary>,
}

#[derive(Message)]
struct LoggedSummary {
    #[prost(message, repeated, tag = "1")]
    values: Vec<Value>,
}

#[derive(Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
    #[prost(message, optional, tag = "8")]
    tensor: Option<Tensor>,
    #[prost(message, optional, tag = "9")]
    metadata: Option<Metadata>,
}

#[derive(Message)]
struct Tensor {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<TensorShape>,
    #[prost(string, repeated, tag = "8")]
    strings: Vec<String>,
}

/// The shape without sides, of a single value.
#[derive(Message)]
struct TensorShape {}

#[derive(Message)]
struct Metadata {
    #[prost(message, optional, tag = "1")]
    plugin: Option<Plugin>,
}

#[derive(Message)]
struct Plugin {
    #[prost(string, tag = "1")]
    name: String,
}

/// The event file of `run` in `directory`, which is made where it is missing. TensorBoard takes a directory for one run, so
/// one that holds another event file is refused.
pub(crate) fn prepare(run: &Path, directory: &Path) -> io::Result<PathBuf> {
    let start = started(run).duration_since(UNIX_EPOCH).unwrap_or_default();
    let own = format!("events.out.{MARK}.{:010}.otflow", start.as_secs());
    fs::create_dir_all(directory).map_err(naming("create", directory))?;
    for entry in fs::read_dir(directory).map_err(naming("read", directory))? {
        let name = entry.map_err(naming("read", directory))?.file_name();
        if name != *own && name.to_string_lossy().contains(MARK) {
            let message = format!(
                "{} has an event file of another run, {}: give a directory of its own",
                directory.display(),
                name.to_string_lossy()
            );
            return Err(io::Error::new(ErrorKind::AlreadyExists, message));
        }
    }
    Ok(directory.join(own))
}

/// The time when a run began, which is when its `session.ron` was written; 1970 where there is none.
pub(crate) fn started(run: &Path) -> SystemTime {
    let metadata = fs::metadata(run.join("session.ron"));
    metadata
        .and_then(|metadata| metadata.modified())
        .unwrap_or(UNIX_EPOCH)
}

/// The first record of a file; `wall` in seconds since 1970.
pub(crate) fn head(wall: f64) -> Vec<u8> {
    framed(&Logged {
        wall_time: wall,
        step: 0,
        file_version: Some("brain.Event:2".into()),
        summary: None,
    })
}

/// The record of an event; None for one that is neither curve nor text.
pub(crate) fn record(event: &Event, wall: f64) -> Option<Vec<u8>> {
    let (iteration, values) = match event {
        Event::Start(start) => {
            let session = format!("```\n{}```", to_ron(&start.session));
            (0, vec![text("session", session)])
        }
        Event::Iteration {
            iteration,
            lr,
            gradient,
            update,
            losses,
            ..
        } => {
            let others = [("lr", *lr), ("gradient", *gradient), ("update", *update)];
            let mut values = scalars("training", losses);
            values.extend(others.map(|(name, value)| scalar("training", name, value)));
            (*iteration, values)
        }
        Event::Matching {
            iteration,
            lr,
            gradient,
            update,
            m,
            ..
        } => {
            let values = [
                ("M", *m),
                ("lr", *lr),
                ("gradient", *gradient),
                ("update", *update),
            ];
            (
                *iteration,
                values
                    .map(|(name, value)| scalar("training", name, value))
                    .into(),
            )
        }
        Event::Validation {
            iteration, figures, ..
        } => {
            let divergence = figures
                .divergence
                .map(|value| scalar("validation", "divergence", value));
            let mut values = scalars("validation", &figures.losses);
            values.extend(divergence);
            (*iteration, values)
        }
        Event::Edit {
            iteration,
            field,
            old,
            new,
            applies,
        } => {
            let edit = format!("`{field}`: `{old}` to `{new}` ({applies})");
            (*iteration, vec![text("edits", edit)])
        }
        _ => return None,
    };
    Some(framed(&Logged {
        wall_time: wall,
        step: i64::try_from(iteration).unwrap_or(i64::MAX),
        file_version: None,
        summary: Some(LoggedSummary { values }),
    }))
}

fn scalars(group: &str, losses: &Losses) -> Vec<Value> {
    let Losses { loss, l, c, r } = *losses;
    let losses = [("loss", loss), ("L", l), ("C", c), ("R", r)];
    losses
        .map(|(name, value)| scalar(group, name, value))
        .into()
}

fn scalar(group: &str, name: &str, value: f64) -> Value {
    Value {
        tag: format!("{group}/{name}"),
        simple_value: Some(value as f32),
        tensor: None,
        metadata: None,
    }
}

/// A text, which is read as Markdown.
fn text(tag: &str, text: String) -> Value {
    let name = "text".into();
    Value {
        tag: tag.into(),
        simple_value: None,
        tensor: Some(Tensor {
            dtype: STRING,
            shape: Some(TensorShape {}),
            strings: vec![text],
        }),
        metadata: Some(Metadata {
            plugin: Some(Plugin { name }),
        }),
    }
}

fn framed(event: &Logged) -> Vec<u8> {
    let data = event.encode_to_vec();
    let length = (data.len() as u64).to_le_bytes();
    let (first, last) = (masked(&length), masked(&data));
    [&length[..], &first, &data, &last].concat()
}

fn masked(bytes: &[u8]) -> [u8; 4] {
    let crc = CRC.checksum(bytes);
    crc.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bytes are those of the record writer of tensorboard 2.21.0 for the same messages.
    #[test]
    fn records_are_those_of_tensorboard_itself() {
        assert_eq!(
            hex(&head(1.5)),
            "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"
        );
        let all = synthetic::events();
        assert_eq!(
            hex(&record(&all[13], 1_700_000_000.25).unwrap()),
            "82000000000000007b3fc35f0900001040fc54d94110042a75\
             0a160a0f76616c69646174696f6e2f6c6f7373150000a942\
             0a130a0c76616c69646174696f6e2f4c158716993e\
             0a130a0c76616c69646174696f6e2f43153b013140\
             0a130a0c76616c69646174696f6e2f52154694f63c\
             0a1c0a1576616c69646174696f6e2f646976657267656e636515499d803cc93d545c"
        );
        assert_eq!(
            hex(&record(&all[4], 2.0).unwrap()),
            "4e00000000000000c4b905ad09000000000000004010022a41\
             0a3f0a056564697473422c08071200\
             4226606f7074696d697a65722e6c72603a2060302e316020746f2060302e30356020286c69766529\
             4a080a060a0474657874e1a05364"
        );
    }

    #[test]
    fn every_curve_has_its_name() {
        let record = record(&synthetic::iteration(7, 1.0, 0.1, 0.5), 0.0).unwrap();
        let event = Logged::decode(&record[12..record.len() - 4]).unwrap();
        let values = event.summary.unwrap().values;
        let names: Vec<&str> = values.iter().map(|value| value.tag.as_str()).collect();
        let all = ["loss", "L", "C", "R", "lr", "gradient", "update"];
        assert_eq!(names, all.map(|name| format!("training/{name}")));
        assert_eq!((event.step, values[4].simple_value), (7, Some(0.1)));
    }

    #[test]
    fn a_matching_iteration_has_its_loss_and_the_curves_of_every_step() {
        let record = record(&synthetic::matching(7, 1.0, 2.5), 0.0).unwrap();
        let event = Logged::decode(&record[12..record.len() - 4]).unwrap();
        let values = event.summary.unwrap().values;
        let told: Vec<_> = values
            .iter()
            .map(|v| (v.tag.as_str(), v.simple_value))
            .collect();
        let expected = [
            ("M", 2.5),
            ("lr", 0.02),
            ("gradient", 1.5),
            ("update", 0.125),
        ];
        let expected = expected.map(|(name, value)| (format!("training/{name}"), Some(value)));
        let expected = expected
            .each_ref()
            .map(|(name, value)| (name.as_str(), *value));
        assert_eq!((event.step, told), (7, expected.to_vec()));
    }

    #[test]
    fn a_directory_with_the_events_of_another_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let board = folder.path().join("a/board");
        let own = prepare(folder.path(), &board).unwrap();
        fs::write(&own, "").unwrap();
        assert_eq!(prepare(folder.path(), &board).unwrap(), own);
        fs::write(board.join("events.out.tfevents.7.host"), "").unwrap();
        let error = prepare(folder.path(), &board).unwrap_err().to_string();
        assert!(
            error.contains("tfevents.7.host: give a directory"),
            "{error}"
        );
    }
}
