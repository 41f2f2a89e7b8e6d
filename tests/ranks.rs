//! The real program under `mpirun`: the same bits for any number of ranks and threads, resumed on another number, and what
//! becomes of a run when a rank is killed, stopped, or not like the others.
//!
//! Needs the feature `mpi` and Open MPI's `mpirun`.
#![cfg(target_os = "linux")]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod runs;

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use otflow::checkpoint::{Checkpoint, Latest};
use otflow::model::TrainedModel;
use runs::several::{self, GONE, Held, PATIENCE, endless, metrics, process, until};
use runs::{Place, SMALL, STARTING, SWITCHING, models, resume, same, table};

/// Ranks and threads of each.
const RANKS: [(usize, usize); 6] = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (4, 1)];

/// `mpirun` of so many ranks of a command.
fn mpirun(ranks: usize, command: &Command) -> Command {
    let mut mpirun = several::mpirun();
    mpirun.args(["--oversubscribe", "-n", &ranks.to_string()]);
    mpirun.arg(command.get_program()).args(command.get_args());
    command
        .get_current_dir()
        .into_iter()
        .for_each(|folder| _ = mpirun.current_dir(folder));
    mpirun
}

fn output(mut command: Command) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = [stdout, stderr].concat();
    (status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn any_number_of_ranks_and_threads_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let rows = table(folder.path());
    let single = |text: &str| text.replace("width: 6", "width: 6, precision: F32");
    for text in [SMALL, SWITCHING, STARTING, &rows, &single(&rows)] {
        let alone = Place::new(text);
        alone.trains(&[]);
        for (ranks, threads) in RANKS {
            let place = Place::new(text);
            let train = place.train(&["--threads", &threads.to_string()]);
            let (code, told) = output(mpirun(ranks, &train));
            assert_eq!(code, Some(0), "{ranks} x {threads}: {told}");
            assert_eq!(told.matches("finished").count(), 1, "{told}");
            same(&place, &alone.left(), &format!("{ranks} x {threads}"));
        }
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_ranks_to_the_same_bits() {
    let place = Place::new(SMALL);
    place.trains(&[]);
    let other = Place::new(SMALL);
    let first = other.train(&["--iterations", "11"]);
    assert_eq!(output(mpirun(3, &first)).0, Some(0));
    for (ranks, iterations) in [(2, "23"), (1, "31"), (4, "40")] {
        let next = resume(&other.run(), &["--iterations", iterations]);
        let (code, told) = output(mpirun(ranks, &next));
        assert_eq!(code, Some(0), "{told}");
    }
    assert_eq!(models(&other.run()), models(&place.run()));
}

#[test]
fn an_edit_takes_hold_on_all_ranks_and_replays_on_one() {
    let text = endless().replace("batch: 20000", "batch: 2000");
    let place = Place::new(&text);
    let train = place.train(&["--watch=poll", "--threads", "1"]);
    let mut child = mpirun(3, &train).stdout(Stdio::null()).spawn().unwrap();
    until(|| metrics(&place).contains("\"iteration\":3,"));
    // One that has the best parameters judged anew.
    let edited = text.replace("lr: 0.05", "lr: 0.03");
    let edited = edited.replace("samples: 50, steps: 4", "samples: 50, steps: 5");
    fs::write(place.session(), edited).unwrap();
    until(|| {
        let all = metrics(&place);
        let edit = r#""field":"optimizer.lr","old":"0.05","new":"0.03""#;
        let after = all.split_once(edit).map_or("", |(_, after)| after);
        after.contains("\"event\":\"validation\"")
    });
    kill(process(&place, 0).unwrap(), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    let mut replay = Command::new(env!("CARGO_BIN_EXE_otflow"));
    replay.arg("replay").arg(place.run());
    let (code, told) = output(replay);
    assert_eq!(code, Some(0), "{told}");
}

/// Sends a rank of three a signal in mid-run; mpirun's code and all that was told.
fn lose(rank: usize, signal: Signal) -> (Place, Option<i32>, String) {
    harm(rank, &[], |process| {
        kill(process, signal).unwrap();
        None
    })
}

/// Does something to a rank of three in mid-run: what is held by that, and how long the others bear it; mpirun's code and all
/// that was told.
fn harm(
    rank: usize,
    arguments: &[&str],
    how: impl FnOnce(Pid) -> Option<(Held, Duration)>,
) -> (Place, Option<i32>, String) {
    let place = Place::new(&endless());
    let arguments = [&["--threads", "1"], arguments].concat();
    let mut command = mpirun(3, &place.train(&arguments));
    let out = place.folder.path().join("out");
    let file = fs::File::create(&out).unwrap();
    let command = command.stdout(file.try_clone().unwrap()).stderr(file);
    let mut child = command.spawn().unwrap();
    until(|| metrics(&place).contains("\"event\":\"validation\""));
    let held = how(process(&place, rank).unwrap());
    let since = Instant::now();
    until(|| {
        held.iter().for_each(|(held, _)| held.bury());
        child.try_wait().unwrap().is_some()
    });
    let code = child.wait().unwrap().code();
    let verdict = held.map_or(PATIENCE, |(_, verdict)| verdict);
    assert!(since.elapsed() < verdict + GONE, "{:?}", since.elapsed());
    (0..3).for_each(|rank| assert_eq!(process(&place, rank), None, "rank {rank} is left"));
    let Latest { damaged, .. } = Checkpoint::latest(&place.run()).unwrap();
    assert_eq!(damaged, None);
    let told = fs::read_to_string(out).unwrap();
    (place, code, told)
}

#[test]
fn a_rank_that_hangs_ends_the_run_which_goes_on_later() {
    let (place, code, told) = lose(2, Signal::SIGSTOP);
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("is lost: nothing heard of it for 5.0 s"),
        "{told}"
    );
    assert!(told.contains("warning     rank 2 ("), "{told}");
    let log = fs::read_to_string(place.run().join("log.txt")).unwrap();
    assert!(
        log.contains("is lost") && log.contains("a rank was lost"),
        "{log}"
    );
    let done = TrainedModel::load(&place.run().join("last.safetensors")).unwrap();
    let done = done.origin.unwrap().iteration;
    let more = (done + 1).to_string();
    let mut next = resume(&place.run(), &["--iterations", &more]);
    let told = next.output().unwrap();
    assert!(told.status.success(), "{told:?}");
    let mut replay = Command::new(env!("CARGO_BIN_EXE_otflow"));
    let replayed = replay.arg("replay").arg(place.run()).output().unwrap();
    assert!(replayed.status.success(), "{replayed:?}");
}

#[test]
fn a_first_rank_that_hangs_is_told_of_by_the_others() {
    let (_, code, told) = lose(0, Signal::SIGSTOP);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("rank 0 ("), "{told}");
    assert!(
        told.contains("is lost: nothing heard of it for 5.0 s"),
        "{told}"
    );
}

#[test]
fn usr1_to_all_ranks_saves_a_checkpoint_and_the_run_goes_on() {
    let place = Place::new(&endless());
    let mut child = mpirun(2, &place.train(&[]))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until(|| metrics(&place).contains("iteration"));
    for rank in [0, 1] {
        kill(process(&place, rank).unwrap(), Signal::SIGUSR1).unwrap();
    }
    let log = || fs::read_to_string(place.run().join("log.txt")).unwrap();
    until(|| log().contains(" saved "));
    let rows = metrics(&place).len();
    until(|| metrics(&place).len() > rows);
    kill(process(&place, 0).unwrap(), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert!(log().contains("stopped by signal 15"));
}

/// Holds one thread of a rank: the program goes on beating.
fn hang(rank: usize, thread: &str) -> (Place, Option<i32>, String) {
    let standstill = Duration::from_secs(4);
    harm(rank, &["--standstill", "4"], |process| {
        Some((Held::new(process, thread), standstill))
    })
}

#[test]
fn a_rank_that_hangs_in_its_computation_ends_the_run_though_it_beats() {
    let (place, code, told) = hang(2, "kernel-0");
    assert_eq!(code, Some(1), "{told}");
    let why = "is lost: it has not moved for 4.0 s, and others wait for it";
    assert!(told.contains("warning     rank 2 ("), "{told}");
    let log = fs::read_to_string(place.run().join("log.txt")).unwrap();
    assert!(
        log.contains(why) && log.contains("a rank was lost"),
        "{log}"
    );
    TrainedModel::load(&place.run().join("last.safetensors")).unwrap();
}

#[test]
fn a_first_rank_whose_trainer_hangs_is_told_of_by_the_others() {
    let (_, code, told) = hang(0, "trainer");
    assert_eq!(code, Some(1), "{told}");
    let why = "is lost: it has not moved for 4.0 s, and others wait for it";
    assert!(told.contains("rank 0 (") && told.contains(why), "{told}");
}

#[test]
fn a_rank_that_is_killed_ends_the_run() {
    let (place, code, told) = lose(1, Signal::SIGKILL);
    // mpirun's code is that of the rank that was killed.
    assert_eq!(code, Some(128 + 9), "{told}");
    let log = fs::read_to_string(place.run().join("log.txt")).unwrap();
    assert!(
        log.contains("rank 1 (") && log.contains("a rank was lost"),
        "{log}"
    );
}

#[test]
fn a_first_rank_that_is_killed_ends_all() {
    let (_, code, told) = lose(0, Signal::SIGKILL);
    assert_eq!(code, Some(128 + 9), "{told}");
}

#[test]
fn a_signal_to_the_first_rank_ends_the_run_with_the_parameters_written() {
    let (place, code, told) = lose(0, Signal::SIGTERM);
    assert_eq!(code, Some(128 + 15), "{told}");
    assert!(told.contains("stopped by signal 15"), "{told}");
    TrainedModel::load(&place.run().join("last.safetensors")).unwrap();
}

/// Two ranks of one command and a third of another: what is told.
fn mixed(first: &Command, third: &Command) -> (Option<i32>, String) {
    let mut command = mpirun(2, first);
    command.args([":", "-n", "1"]);
    command.arg(third.get_program()).args(third.get_args());
    output(command)
}

#[test]
fn ranks_that_differ_are_named_and_nothing_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&table(folder.path()));
    let train = place.train(&[]);
    let refused = |other: &Command, what: &str| {
        let (code, told) = mixed(&train, other);
        assert_eq!(code, Some(1), "{told}");
        let sentence = format!("has another {what} than rank 0");
        assert_eq!(told.matches(&sentence).count(), 1, "{told}");
        assert!(told.contains("error: rank 2 ("), "{told}");
        assert!(!place.run().exists());
    };
    refused(&place.train(&["--iterations", "7"]), "session");
    // Another build, which only its bytes tell.
    let program = folder.path().join("otflow");
    fs::copy(env!("CARGO_BIN_EXE_otflow"), &program).unwrap();
    let file = fs::File::options().append(true).open(&program).unwrap();
    std::io::Write::write_all(&mut &file, b"\n").unwrap();
    drop(file);
    let mut other = Command::new(&program);
    other.args(train.get_args());
    refused(&other, "program");
}

#[test]
fn a_rank_that_cannot_begin_says_why_alone() {
    let place = Place::new(SMALL);
    let absent = Place::new(SMALL);
    fs::remove_file(absent.session()).unwrap();
    let (code, told) = mixed(&place.train(&[]), &absent.train(&[]));
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(told.matches("error: ").count(), 1, "{told}");
    assert!(told.contains("cannot be read") && !place.run().exists());
    // A mistake that all ranks find is told once.
    let (code, told) = output(mpirun(3, &absent.train(&[])));
    assert_eq!(
        (code, told.matches("error: ").count()),
        (Some(2), 1),
        "{told}"
    );
}
