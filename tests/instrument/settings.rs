//! The instrument is set by environment variables, all of which may be left out.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `OTFLOW_QUALITY_DATA` | data sets, with commas: names in `sessions/` (of the mixtures: their names), or session files | that of the test |
//! | `OTFLOW_QUALITY_TABLE` | a table in the place of that of the session | |
//! | `OTFLOW_QUALITY_OLD` | the session of the older recipe | `sessions/published/NAME.ron`; for a table what `init` wrote before |
//! | `OTFLOW_QUALITY_SECONDS` | training time of each | 150; of the toys no limit |
//! | `OTFLOW_QUALITY_THREADS` | threads of each | one a core |
//! | `OTFLOW_QUALITY_OUT` | directory of the runs, curves and pictures | `target/tmp/quality` |
//! | `OTFLOW_QUALITY_SEEDS` | seeds of the toys, with commas | 1,2,3 |
//! | `OTFLOW_QUALITY_SHARE` | share of the published iterations of the toys; the schedule is shortened alike | 1 |
//! | `OTFLOW_QUALITY_RUNS` | directory whose runs NAME-SEED stand for the published recipe of the toys, not to be trained again | |
//! | `OTFLOW_PEERS_PYTHON` | a Python with torch, zuko, scipy and numpy; without it the peers are left out | |

use std::env;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::thread::available_parallelism;

pub struct Settings {
    pub data: Vec<String>,
    pub table: Option<PathBuf>,
    pub old: Option<PathBuf>,
    pub seconds: Option<f64>,
    pub threads: usize,
    pub out: PathBuf,
    pub seeds: Vec<u64>,
    pub share: f64,
    pub runs: Option<PathBuf>,
    pub python: Option<PathBuf>,
}

impl Settings {
    /// What is set; `data` where no data sets are.
    pub fn read(data: &[&str]) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let out = path("OTFLOW_QUALITY_OUT")
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("quality"));
        fs::create_dir_all(&out).unwrap();
        let named: Vec<String> = list("OTFLOW_QUALITY_DATA");
        let seeds = list("OTFLOW_QUALITY_SEEDS");
        Settings {
            data: if named.is_empty() {
                data.iter().map(|&name| name.to_owned()).collect()
            } else {
                named
            },
            table: path("OTFLOW_QUALITY_TABLE"),
            old: path("OTFLOW_QUALITY_OLD"),
            seconds: value("OTFLOW_QUALITY_SECONDS"),
            threads: value("OTFLOW_QUALITY_THREADS").unwrap_or(cores),
            out: fs::canonicalize(out).unwrap(),
            seeds: if seeds.is_empty() {
                vec![1, 2, 3]
            } else {
                seeds
            },
            share: value("OTFLOW_QUALITY_SHARE").unwrap_or(1.0),
            runs: path("OTFLOW_QUALITY_RUNS"),
            python: path("OTFLOW_PEERS_PYTHON"),
        }
    }
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

fn path(name: &str) -> Option<PathBuf> {
    text(name).map(PathBuf::from)
}

fn parsed<T: FromStr>(name: &str, text: &str) -> T {
    let value = text.trim().parse();
    value.unwrap_or_else(|_| panic!("{name}: {text:?} is not understood"))
}

fn value<T: FromStr>(name: &str) -> Option<T> {
    text(name).map(|text| parsed(name, &text))
}

fn list<T: FromStr>(name: &str) -> Vec<T> {
    let text = text(name).unwrap_or_default();
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    parts.map(|part| parsed(name, part)).collect()
}
