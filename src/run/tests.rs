//! The run directory as it is written.

use super::*;
use crate::event::Event;
use crate::feed::{Wires, connect};
use crate::session::Precision;
use otflow_kernels::parameters::Shape;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};

fn text(directory: &RunDirectory, file: &str) -> String {
    fs::read_to_string(directory.path().join(file)).unwrap()
}

fn objects(directory: &RunDirectory, file: &str) -> Vec<Value> {
    text(directory, file)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn names(objects: &[Value]) -> Vec<&str> {
    objects
        .iter()
        .map(|object| object["event"].as_str().unwrap())
        .collect()
}

/// A directory with the synthetic run in it.
fn recorded(parent: &Path) -> RunDirectory {
    let directory = RunDirectory::create(parent, "8gaussians", "Session()\r\n// as typed").unwrap();
    let Wires {
        publisher,
        feed: _feed,
        entries: records,
    } = connect();
    let recording = record(&directory, records, |event| panic!("{event:?}")).unwrap();
    synthetic::events()
        .into_iter()
        .for_each(|event| publisher.publish(event));
    drop(publisher);
    recording.finish().result.unwrap();
    directory
}

#[test]
fn directories_of_the_same_second_are_distinct() {
    let parent = tempfile::tempdir().unwrap();
    let create = || {
        RunDirectory::numbered(parent.path(), "rings-20260101-120000", "")
            .unwrap()
            .path
    };
    let made: BTreeSet<PathBuf> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let suffixes = ["", "-2", "-3", "-4", "-5", "-6", "-7", "-8"];
    let expected =
        suffixes.map(|suffix| parent.path().join(format!("rings-20260101-120000{suffix}")));
    assert_eq!(made, BTreeSet::from(expected));
}

#[test]
fn a_directory_carries_session_and_time_in_its_name_and_the_session_as_typed() {
    let parent = tempfile::tempdir().unwrap();
    let directory =
        RunDirectory::create(&parent.path().join("runs"), "my rings", "Session(\r\n)").unwrap();
    let name = directory.path().file_name().unwrap().to_str().unwrap();
    let stamp = name.strip_prefix("my rings-").unwrap();
    let shape: String = stamp
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(shape, "00000000-000000");
    assert_eq!(text(&directory, "session.ron"), "Session(\r\n)");
}

#[test]
fn a_given_directory_must_be_empty_and_is_left_alone_otherwise() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("a").join("b");
    let directory = RunDirectory::create_at(&path, "first").unwrap();
    let error = RunDirectory::create_at(&path, "second").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
    assert!(
        error
            .to_string()
            .starts_with(&format!("{} is not empty", path.display()))
    );
    assert_eq!(text(&directory, "session.ron"), "first");
    let race = RunDirectory::claim(path.clone(), "third").unwrap_err();
    assert_eq!(race.kind(), ErrorKind::AlreadyExists);
    assert_eq!(text(&directory, "session.ron"), "first");
}

#[test]
fn metrics_and_edits_hold_the_events_as_they_are_printed() {
    let parent = tempfile::tempdir().unwrap();
    let directory = recorded(parent.path());
    let events = synthetic::events().into_iter();
    let events = events.filter(|event| !matches!(event, Event::Checkpoint { .. }));
    let printed: String = events.map(|event| line::json(&event)).collect();
    assert_eq!(text(&directory, "metrics.jsonl"), printed);
    let edits = objects(&directory, "edits.jsonl");
    assert_eq!(names(&edits), ["edit"]);
    assert_eq!(
        (&edits[0]["iteration"], &edits[0]["field"]),
        (&2.into(), &"optimizer.lr".into())
    );
    assert!(printed.contains(&text(&directory, "edits.jsonl")));
}

#[test]
fn the_log_tells_what_happened_with_the_time() {
    let parent = tempfile::tempdir().unwrap();
    let log = text(&recorded(parent.path()), "log.txt");
    let told: Vec<&str> = log
        .lines()
        .filter_map(|line| line.get(30..40))
        .map(str::trim)
        .collect();
    for kind in [
        "start", "edit", "rejected", "rollback", "rate", "warning", "finished",
    ] {
        assert!(told.contains(&kind), "{kind} is not in\n{log}");
    }
    assert!(!told.contains(&"iteration"));
    assert!(log[..19].parse::<jiff::civil::DateTime>().is_ok());
}

#[test]
fn a_start_says_how_many_ranks_there_are_where_there_are_several() {
    let alone = synthetic::start();
    let shared = Box::new(crate::event::Shared {
        ranks: 3,
        hosts: vec!["a".into(), "b".into()],
    });
    let several = crate::event::Start {
        shared: Some(shared),
        ..alone.clone()
    };
    let started = |start| Event::Start(start);
    let json = line::json(&started(several.clone()));
    let object: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(object["ranks"], 3);
    assert_eq!(object["hosts"], serde_json::json!(["a", "b"]));
    assert_eq!(
        serde_json::from_str::<Event>(&json).unwrap(),
        started(several.clone())
    );
    let mut summary = summary::Summary::default();
    summary.apply(&started(several.clone()));
    assert_eq!(serde_json::to_value(&summary).unwrap()["ranks"], 3);
    let words = line::words(&started(several.clone())).unwrap();
    assert!(words.contains("3 ranks x 2 threads, "), "{words}");
    assert_eq!(several.workers(), "3 ranks x 2 threads");
    // As older programs wrote it.
    let json = line::json(&started(alone.clone()));
    assert!(!json.contains("ranks") && !json.contains("hosts"), "{json}");
    assert_eq!(
        serde_json::from_str::<Event>(&json).unwrap(),
        started(alone.clone())
    );
    assert_eq!(alone.workers(), "2 threads");
}

#[test]
fn the_summary_holds_the_run_in_one_object() {
    let parent = tempfile::tempdir().unwrap();
    let summary: Value =
        serde_json::from_str(&text(&recorded(parent.path()), "summary.json")).unwrap();
    let start = synthetic::start();
    for (key, expected) in [
        ("schema", Value::from(start.schema)),
        ("version", start.version.into()),
        ("compiled", start.compiled.into()),
        ("threads", start.threads.into()),
        ("entropy", start.entropy.into()),
        ("iterations", 4.into()),
        ("seconds", 21.5.into()),
        ("reason", "iterations".into()),
        ("edits", 1.into()),
        ("rejected", 1.into()),
        ("rollbacks", 1.into()),
    ] {
        assert_eq!(summary[key], expected, "{key}");
    }
    for key in [
        "iteration",
        "loss",
        "L",
        "C",
        "R",
        "C_se",
        "divergence",
        "divergence_se",
    ] {
        assert!(summary["best"][key].is_number(), "{key}");
    }
    assert_eq!(
        (
            &summary["gates"][0]["passed"],
            &summary["gates"][1]["passed"]
        ),
        (&true.into(), &false.into())
    );
    assert_eq!(summary["gates"][1]["gate"], "validation_L <= 0.1");
    assert_eq!(summary["gates"][1]["value"], 0.299);
    assert_eq!(summary["gates"][1]["missed"], "missed by 0.199");
}

#[test]
fn a_directory_that_is_gone_neither_stops_the_writer_nor_goes_unsaid() {
    let parent = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(parent.path(), "rings", "")
        .and_then(|directory| directory.with_tensorboard(None))
        .unwrap();
    fs::remove_dir_all(directory.path()).unwrap();
    let Wires {
        publisher,
        feed: _feed,
        entries: records,
    } = connect();
    let (warn, warnings) = crossbeam_channel::unbounded();
    let recording = record(&directory, records, move |event| {
        if let Event::Warning { message } = event {
            warn.send(message).unwrap();
        }
    })
    .unwrap();
    synthetic::events()
        .into_iter()
        .for_each(|event| publisher.publish(event));
    drop(publisher);
    let error = recording.finish().result.unwrap_err().to_string();
    let warnings: Vec<String> = warnings.iter().collect();
    for file in [
        "metrics.jsonl",
        "edits.jsonl",
        "log.txt",
        "tfevents",
        "summary.json",
    ] {
        assert!(error.contains(file), "{error}");
        assert_eq!(
            warnings
                .iter()
                .filter(|warning| warning.contains(file))
                .count(),
            1,
            "{warnings:?}"
        );
    }
}

/// The file of metrics is a pipe that nobody reads: a disk that hangs.
#[cfg(unix)]
#[test]
fn a_disk_that_hangs_holds_training_in_bounded_memory_and_loses_nothing() {
    use nix::sys::stat::Mode;
    let parent = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(parent.path(), "rings", "").unwrap();
    let pipe = directory.path().join("metrics.jsonl");
    fs::remove_file(&pipe).unwrap();
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let Wires {
        publisher,
        feed,
        entries: records,
    } = connect();
    let wire = records.clone();
    let recording = record(&directory, records, |event| panic!("{event:?}")).unwrap();
    let count = 20_000;
    let training = std::thread::spawn(move || {
        publisher.publish(Event::Start(synthetic::start()));
        for i in 1..=count {
            publisher.publish(synthetic::iteration(i, 0.5, 0.1, 0.5));
        }
    });
    let told = feed.events.iter().find_map(|event| match event {
        Event::Warning { message } => Some(message),
        _ => None,
    });
    assert!(told.unwrap().contains("training waits"));
    assert!(wire.is_full() && !training.is_finished());
    drop(wire);
    // Also for writing, so that nobody who opens it waits any more.
    let pipe = File::options().read(true).write(true).open(&pipe).unwrap();
    let lines = BufReader::new(pipe.try_clone().unwrap()).lines();
    let lines = lines.take(count as usize + 2).map(Result::unwrap);
    let reading = std::thread::spawn(move || lines.collect::<Vec<String>>());
    training.join().unwrap();
    // A pipe can't be synced.
    assert!(recording.finish().result.is_err());
    let lines = reading.join().unwrap();
    let rows = lines.iter().filter(|line| line.contains("\"iteration\""));
    assert_eq!(rows.count(), count as usize);
    assert!(lines.iter().any(|line| line.contains("training waits")));
}

/// The events without their wall times, which are bytes 13 to 20 of a record and count for the last four.
fn timeless(mut records: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(length) = records.first_chunk() {
        let (record, rest) = records.split_at(16 + u64::from_le_bytes(*length) as usize);
        all.push(record[21..record.len() - 4].to_vec());
        records = rest;
    }
    all
}

#[test]
fn the_event_file_grows_with_the_run_and_is_that_of_an_export() {
    let parent = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(parent.path(), "rings", "")
        .and_then(|directory| directory.with_tensorboard(None))
        .unwrap();
    let path = directory.tensorboard.clone().unwrap();
    assert!(path.starts_with(directory.path().join("tensorboard")));
    let Wires {
        publisher,
        feed: _feed,
        entries: records,
    } = connect();
    let recording = record(&directory, records, |event| panic!("{event:?}")).unwrap();
    let events = synthetic::events();
    publisher.publish(events[0].clone());
    while fs::read(&path).map_or(0, |bytes| timeless(&bytes).len()) < 2 {
        std::thread::yield_now();
    }
    let rest = events.into_iter().skip(1);
    rest.for_each(|event| publisher.publish(event));
    drop(publisher);
    recording.finish().result.unwrap();
    let live = timeless(&fs::read(&path).unwrap());
    let args = crate::cli::ExportArgs {
        run: directory.path().to_owned(),
        csv: None,
        tensorboard: Some(path.parent().unwrap().to_owned()),
    };
    crate::commands::export::export(&args).unwrap();
    assert_eq!(timeless(&fs::read(&path).unwrap()), live);
    assert_eq!(live.len(), 1 + 1 + 4 + 2 + 2);
}

#[test]
fn models_are_saved_under_their_name() {
    let parent = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(parent.path(), "rings", "").unwrap();
    let shape = Shape {
        d: 1,
        context: 0,
        m: 2,
        layers: 2,
        rank: 2,
    };
    let theta = vec![0.25; shape.parameters()];
    let model = TrainedModel {
        shape,
        precision: Precision::F32,
        theta,
        scaling: None,
        name_source: None,
        origin: None,
    };
    let path = directory.save_model("best", &model).unwrap();
    assert_eq!(path, directory.path().join("best.safetensors"));
    assert_eq!(TrainedModel::load(&path).unwrap(), model);
}

#[test]
fn json_numbers_read_back_exactly_and_others_are_null() {
    let values = [0.1 + 0.2, -5e-324, f64::MAX, f64::NAN, f64::NEG_INFINITY];
    for lr in values {
        let losses = crate::event::Losses::default();
        let text = line::json(&Event::Iteration {
            gradient: 1.0,
            update: 0.1,
            iteration: 1,
            seconds: 0.0,
            lr,
            losses,
        });
        let object: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object["lr"].as_f64(), lr.is_finite().then_some(lr));
        assert_eq!(object["lr"].is_null(), !lr.is_finite());
    }
}

#[cfg(unix)]
#[test]
fn an_event_that_json_can_not_tell_is_a_line_all_the_same() {
    use std::os::unix::ffi::OsStringExt;
    let path = PathBuf::from(std::ffi::OsString::from_vec(vec![0xff]));
    let text = line::json(&Event::Checkpoint { iteration: 1, path });
    let object: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(object["event"], "warning");
}
