//! How good a density is after how many seconds: this program's recipe, an older one, and other programs (`tests/peers/`), one after
//! the other on the same rows. Nothing is asserted but that everything works, since the figures are the machine's as much as ours:
//!
//!     OTFLOW_PEERS_PYTHON=python3 cargo test --release --test quality tables -- --ignored --nocapture
//!
//! | test | data sets | says |
//! | --- | --- | --- |
//! | `tables` | `diamonds`, whose file has to be beside its session, or any session | C against wall and CPU seconds, test C, L, R |
//! | `mixtures` | `mixture10`, `mixture20`, `twonorm`, by the session that `otflow init` writes | the same, and C - H |
//! | `toys` | the eight, three seeds of the session and of the published one | C - H over 100,000 fresh samples in twice the steps, L, R, seconds |
//!
//! What can be set stands in `instrument/settings.rs`. Curves are left as JSON lines for `otflow compare --peer`, with their picture.
#![cfg(unix)]
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod instrument;
mod mixture;
mod runs;

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use instrument::peers::{self, SECONDS};
use instrument::program::Run;
use instrument::report::{Contender, Report, Test};
use instrument::settings::Settings;
use instrument::subject::Subject;
use instrument::tables::Tables;
use instrument::toys;
use otflow::session::{Session, Toy};

/// One measurement at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
#[ignore = "measures for ten minutes a data set"]
fn tables() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    contest(Settings::read(&["diamonds"]), Subject::of_session);
}

#[test]
#[ignore = "measures for ten minutes a mixture"]
fn mixtures() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let names = ["mixture10", "mixture20", "twonorm"];
    contest(Settings::read(&names), Subject::of_mixture);
}

fn contest(mut settings: Settings, subject: fn(&str, &Settings) -> Subject) {
    settings.seconds.get_or_insert(SECONDS);
    for name in &settings.data {
        let subject = subject(name, &settings);
        let folder = settings.out.join(&subject.name);
        fs::create_dir_all(&folder).unwrap();
        let tables = Tables::write(&subject, &folder);
        let mut contenders = Vec::new();
        let new = learned("OT-Flow", &subject.new, &folder, &tables, &settings);
        contenders.push(new);
        match &subject.older {
            Some(older) => {
                let older = learned(older.name, &older.session, &folder, &tables, &settings);
                contenders.push(older);
            }
            None => println!("without an older recipe: OTFLOW_QUALITY_OLD is not set"),
        }
        contenders.extend(peers::contend(&tables, &settings));
        let report = Report {
            name: &subject.name,
            tables: &tables,
            threads: settings.threads,
            contenders,
        };
        report.print();
        report.save(&folder);
    }
}

/// Trains a session and judges it.
fn learned(
    name: &str,
    session: &Session,
    folder: &Path,
    tables: &Tables,
    settings: &Settings,
) -> Contender {
    println!("{name} ...");
    let run = Run::train(session, &folder.join(name), settings);
    let test = run.judge(session, Some(&tables.test), settings);
    let spent = run.spent.unwrap();
    // An older session may learn other columns than those of `tables`.
    let to_table = test.fine.c_table - test.fine.c;
    Contender {
        name: name.to_owned(),
        curve: run.curve(to_table, tables),
        seconds: run.seconds,
        cpu_seconds: run.seconds * spent.cpu / spent.wall,
        test: Test {
            c_table: test.fine.c_table,
            error: test.fine.c_error,
        },
        flow: Some(test.of_flow()),
    }
}

#[test]
#[ignore = "trains the published recipe of every toy set, three times"]
fn toys() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    toys::compare(&Settings::read(&Toy::ALL.map(Toy::name)));
}
