//! Outputs and sessions where users point: links, pipes, stdout, files mounted alone, folders that take no other file.
#![cfg(target_os = "linux")]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

mod runs;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use runs::{Place, SMALL, code, lines, named, text};
use tempfile::TempDir;

const TABLE: &str = "a,b\n1,2\n3,4\n";
const COLUMN: &str = "b\n2\n4\n";

/// A user that owns nothing.
const NOBODY: u32 = 65534;

/// A folder with the table `t.csv`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), TABLE).unwrap();
    folder
}

/// Runs bash in a folder with `$otflow` set.
fn shell(folder: &Path, script: &str) -> Output {
    let mut bash = Command::new("bash");
    bash.env("otflow", env!("CARGO_BIN_EXE_otflow"));
    bash.args(["-c", script]).current_dir(folder);
    bash.stdin(Stdio::null()).output().unwrap()
}

/// Stdout of a script that ends well.
fn printed(folder: &Path, script: &str) -> String {
    let output = shell(folder, script);
    assert_eq!(code(&output), Some(0), "{script}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Whether a temporary file is left in a folder.
fn left_over(folder: &Path) -> bool {
    let mut entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.any(|entry| entry.file_name().to_string_lossy().starts_with(".otflow"))
}

#[test]
fn every_command_writes_through_a_link_and_keeps_the_mode() {
    let place = Place::new(SMALL);
    place.trains(&["--iterations=2"]);
    let folder = place.folder.path();
    let at = |name: &str| folder.join(name);
    fs::write(at("t.csv"), "x1,x2\n0.5,0.25\n").unwrap();
    for (command, out) in [
        ("sample run -n 2 -o", "s.csv"),
        ("score run t.csv -o", "d.npy"),
        ("convert t.csv", "c.npy"),
        ("export run --csv", "e.csv"),
        ("plot run --what losses --out", "p.svg"),
        ("compare run --out", "q.png"),
        (
            "train small.ron -q --iterations 1 --out run2 --report",
            "r.xml",
        ),
    ] {
        let real = format!("real-{out}");
        fs::write(at(&real), "old").unwrap();
        fs::set_permissions(at(&real), Permissions::from_mode(0o600)).unwrap();
        symlink(&real, at("chain")).unwrap();
        symlink("chain", at(out)).unwrap();
        printed(folder, &format!("$otflow {command} {out}"));
        assert!(at(out).is_symlink() && at("chain").is_symlink(), "{out}");
        let there = fs::metadata(at(&real)).unwrap();
        assert!(there.len() > 3 && there.mode() & 0o777 == 0o600, "{out}");
        fs::remove_file(at("chain")).unwrap();
    }
    symlink("new.ron", at("dangling.ron")).unwrap();
    printed(folder, "$otflow init moons --out dangling.ron");
    assert!(at("dangling.ron").is_symlink() && at("new.ron").is_file());
    assert!(!left_over(folder));
}

#[test]
fn stdout_gets_the_table_alone_where_it_stands() {
    let folder = folder();
    let said = "-: 2 rows, 2 columns\n";
    let output = shell(folder.path(), "$otflow convert t.csv -");
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        (TABLE.into(), said.into())
    );
    let whole = format!("before\n{TABLE}after\n");
    for out in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"] {
        let script = format!(
            "ln -sf /dev/stdout link; {{ echo before; $otflow convert t.csv {out}; echo after; }} > f; cat f"
        );
        assert_eq!(printed(folder.path(), &script), whole, "{out}");
    }
    let third =
        "exec 3> f; echo before >&3; $otflow convert t.csv /dev/fd/3; echo after >&3; cat f";
    let printed_third = printed(folder.path(), third);
    assert!(printed_third.ends_with(&whole), "{printed_third}");
    let appended = "echo before > f; $otflow convert t.csv - >> f; echo after >> f; cat f";
    assert_eq!(printed(folder.path(), appended), whole);
    assert!(fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());
}

#[test]
fn pipes_get_tables_of_both_formats_and_a_reader_may_leave() {
    let folder = folder();
    let piped = "mkfifo p.npy; cat p.npy > q.npy & $otflow convert t.csv p.npy > said; wait; \
        $otflow convert q.npy - 2> said; test -p p.npy";
    assert_eq!(printed(folder.path(), piped), "1,2\n3,4\n");
    let substituted = "$otflow convert t.csv >(cat > got) > said; while ! grep -q 4 got; do sleep 0.01; done; cat got";
    assert_eq!(printed(folder.path(), substituted), TABLE);
    let rows: String = (0..100_000).map(|k| format!("{k}\n")).collect();
    fs::write(folder.path().join("long.csv"), format!("k\n{rows}")).unwrap();
    let left =
        "set -o pipefail; $otflow convert long.csv - 2> said | head -n 2; e=$?; cat said; exit $e";
    assert_eq!(printed(folder.path(), left), "k\n0\n");
    let full = shell(folder.path(), "$otflow convert t.csv /dev/full");
    assert_eq!(code(&full), Some(1), "{}", text(&full.stderr));
}

#[test]
fn what_a_full_stdout_does_not_take_is_an_error_and_a_reader_that_leaves_none() {
    let place = Place::new(SMALL);
    let folder = place.folder.path();
    for command in [
        "--help",
        "--version",
        "help train",
        "man",
        "completions zsh",
        "check small.ron",
    ] {
        let full = shell(folder, &format!("$otflow {command} > /dev/full"));
        let said = text(&full.stderr);
        assert_eq!(code(&full), Some(1), "{command}: {said}");
        assert!(
            said.starts_with("error: cannot write the output: "),
            "{said}"
        );
        printed(
            folder,
            &format!("set -o pipefail; $otflow {command} | true"),
        );
    }
}

#[test]
fn a_model_comes_by_a_pipe() {
    let folder = folder();
    let model =
        env!("CARGO_MANIFEST_DIR").to_owned() + "/tests/reference/swissroll_published.safetensors";
    fs::copy(model, folder.path().join("m.safetensors")).unwrap();
    fs::write(folder.path().join("t.csv"), "a,b\n0.5,0.25\n-1,2\n").unwrap();
    let score = |script: &str| printed(folder.path(), script);
    let by_name = score("$otflow score m.safetensors t.csv -o -");
    for script in [
        "cat m.safetensors | $otflow score - t.csv -o -",
        "$otflow score - t.csv -o - < m.safetensors",
        "$otflow score <(cat m.safetensors) t.csv -o -",
        "exec 3< m.safetensors; $otflow score /dev/fd/3 - -o - < t.csv",
    ] {
        assert_eq!(score(script), by_name, "{script}");
    }
    for (script, fault) in [
        (
            "head -c 99 m.safetensors | $otflow sample - -n 1 -o -",
            "damaged",
        ),
        ("$otflow sample /dev/zero -n 1 -o -", "device"),
        ("cat m.safetensors | $otflow score - - -o -", "is empty"),
    ] {
        let refused = shell(folder.path(), script);
        let said = text(&refused.stderr);
        assert!(
            code(&refused) == Some(2) && said.contains(fault),
            "{script}: {said}"
        );
    }
}

#[test]
fn a_table_is_its_own_output_but_not_its_own_continuation() {
    let folder = folder();
    let path = folder.path().join("t.csv");
    printed(
        folder.path(),
        "ln -s t.csv l; $otflow convert t.csv l --columns b,a; $otflow convert l t.csv --columns a,b",
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), TABLE);
    let refused = shell(folder.path(), "$otflow convert t.csv - >> t.csv");
    assert_eq!(code(&refused), Some(2));
    let message = text(&refused.stderr);
    assert!(
        message.contains("t.csv is read and written at once"),
        "{message}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), TABLE);
}

#[test]
fn a_file_is_written_in_a_folder_that_takes_no_other() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("closed")).unwrap();
    for name in ["closed/open.csv", "closed/shut.csv"] {
        fs::write(at(name), "a longer old text of many characters").unwrap();
    }
    fs::set_permissions(at("closed/open.csv"), Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(at("closed/shut.csv"), Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(at("closed"), Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let convert = |out: &str| {
        let mut otflow = Command::new(env!("CARGO_BIN_EXE_otflow"));
        otflow
            .args(["convert", "t.csv", out])
            .current_dir(folder.path());
        // The system refuses nothing to root.
        if fs::metadata(folder.path()).unwrap().uid() == 0 {
            otflow.uid(NOBODY).gid(NOBODY);
        }
        otflow.output()
    };
    let Ok(output) = convert("closed/open.csv") else {
        eprintln!("left out: another user may not run the program here");
        return;
    };
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(at("closed/open.csv")).unwrap(), TABLE);
    assert_eq!(
        fs::metadata(at("closed/open.csv")).unwrap().mode() & 0o777,
        0o666
    );
    for refused in ["closed/shut.csv", "closed/new.csv"] {
        assert_eq!(code(&convert(refused).unwrap()), Some(1), "{refused}");
    }
    assert!(!left_over(&at("closed")));
    fs::set_permissions(at("closed"), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_file_that_is_mounted_alone_is_written_and_followed() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    if !shell(folder.path(), "unshare -m true").status.success() {
        eprintln!("left out: mounting is not permitted here");
        return;
    }
    for name in ["host", "app"] {
        fs::create_dir(at(name)).unwrap();
        File::create(at(name).join("o.csv")).unwrap();
        File::create(at(name).join("s.ron")).unwrap();
    }
    fs::set_permissions(at("host/o.csv"), Permissions::from_mode(0o640)).unwrap();
    let endless = SMALL.replace("iterations: 40", "iterations: 1000000000");
    fs::write(at("host/s.ron"), &endless).unwrap();
    for (name, rate) in [("inside", "0.06"), ("outside", "0.07")] {
        fs::write(at(name), endless.replace("0.05", rate)).unwrap();
    }
    let script = "unshare -m bash -c '
        for f in o.csv s.ron; do mount --bind host/$f app/$f || exit 9; done
        $otflow convert t.csv app/o.csv --columns b > said || exit 1
        $otflow train app/s.ron --headless -q --watch --threads 1 --out run > log 2>&1 & P=$!
        await() { for k in $(seq 2000); do grep -qs \"$1\" run/$2 && return; sleep 0.01; done; kill $P; exit 3; }
        await iteration metrics.jsonl
        cat inside > app/s.ron; await 0.06 edits.jsonl
        cat outside > host/s.ron; await 0.07 edits.jsonl
        kill -TERM $P; wait $P; exit 0'";
    printed(folder.path(), script);
    assert_eq!(fs::read_to_string(at("host/o.csv")).unwrap(), COLUMN);
    assert_eq!(
        fs::metadata(at("host/o.csv")).unwrap().mode() & 0o777,
        0o640
    );
    assert!(!left_over(&at("app")));
}

#[test]
fn a_session_from_a_pipe_trains_on_the_table_of_the_working_directory() {
    let place = Place::new(SMALL);
    let folder = place.folder.path();
    runs::table(folder);
    let session = r#"(data: Table(path: "t.csv", jitter: {"1": 1.0, "2": 1.0}, batch: 7), model: (width: 6),
        flow: (steps: 3), validation: (every: 2, samples: 50, steps: 4), stop: (iterations: 4))"#;
    fs::write(folder.join("s.ron"), session).unwrap();
    let train = "--headless -q --out";
    printed(folder, &format!("$otflow train s.ron {train} file"));
    let last_row = |run: &str| {
        let rows = lines(&folder.join(run).join("metrics.jsonl"));
        let mut last = named(&rows, "iteration").pop().unwrap().clone();
        last.as_object_mut().unwrap().remove("seconds");
        last
    };
    for (run, script) in [
        ("standard", "cat s.ron | $otflow train - "),
        ("device", "$otflow train /dev/stdin < s.ron "),
        ("pipe", "$otflow train <(sed s/x/x/ s.ron) "),
        ("fifo", "mkfifo f; cat s.ron > f & $otflow train f "),
    ] {
        printed(folder, &format!("{script}{train} {run}"));
        assert_eq!(last_row(run), last_row("file"), "{run}");
        let replayed = printed(folder, &format!("$otflow replay {run}"));
        assert!(replayed.contains("the same bits"), "{replayed}");
    }
    printed(
        folder,
        "$otflow train --resume pipe --iterations 6 -q --headless",
    );
    let watched = printed(
        folder,
        &format!("cat s.ron | $otflow train - --watch {train} watched"),
    );
    assert!(watched.contains("nothing to follow"), "{watched}");
    assert!(printed(folder, "$otflow check - < s.ron").contains("parameters"));
    let nowhere = shell(folder, &format!("$otflow train s.ron {train} -"));
    assert!(text(&nowhere.stderr).contains("a run needs a directory"));
    assert_eq!(code(&nowhere), Some(2));
    let refused = shell(folder, "sed s/7/-7/ s.ron | $otflow check -");
    assert_eq!(code(&refused), Some(2));
    assert!(
        text(&refused.stderr).starts_with("error: stdin:1:"),
        "{}",
        text(&refused.stderr)
    );
}
