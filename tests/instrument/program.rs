//! A run of this program, and its judge.

use std::fs;
use std::path::{Path, PathBuf};

use otflow::session::{Session, to_ron};
use serde::Deserialize;
use serde_json::Value;

use super::process::{Spent, run};
use super::report::{OfFlow, Point};
use super::settings::Settings;
use super::tables::Tables;
use crate::runs::{lines, named, otflow};

/// A run that has ended.
pub struct Run {
    pub path: PathBuf,
    /// Training time, seconds.
    pub seconds: f64,
    /// From the start of the process to its end; None for a run that was there before.
    pub spent: Option<Spent>,
}

/// What `otflow evaluate --json` says of some rows.
#[derive(Clone, Debug, Deserialize)]
pub struct Evaluation {
    #[serde(rename = "L")]
    pub l: f64,
    #[serde(rename = "C")]
    pub c: f64,
    #[serde(rename = "R")]
    pub r: f64,
    /// In units of the table.
    #[serde(rename = "C_data")]
    pub c_table: f64,
    #[serde(rename = "C_se")]
    pub c_error: f64,
    pub divergence: Option<f64>,
    pub divergence_se: Option<f64>,
    pub inverse_error: f64,
}

/// The same rows judged in the steps of the validation, and in twice as many.
pub struct Judged {
    pub coarse: Evaluation,
    pub fine: Evaluation,
}

impl Run {
    /// Trains a session into a directory, in place of what is there.
    pub fn train(session: &Session, path: &Path, settings: &Settings) -> Self {
        let _ = fs::remove_dir_all(path);
        let mut file = path.as_os_str().to_owned();
        file.push(".ron");
        fs::write(&file, to_ron(session)).unwrap();
        let mut command = otflow("train");
        command.arg(&file).arg("--headless").arg("--out").arg(path);
        command.args(["--threads", &settings.threads.to_string()]);
        if let Some(seconds) = settings.seconds {
            command.args(["--seconds", &seconds.to_string()]);
        }
        let spent = run(&mut command).spent;
        Run {
            spent: Some(spent),
            ..Run::open(path)
        }
    }

    /// One that is there.
    pub fn open(path: &Path) -> Self {
        let summary = fs::read(path.join("summary.json"));
        let summary = summary.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        Run {
            path: path.to_owned(),
            seconds: summary["seconds"].as_f64().unwrap(),
            spent: None,
        }
    }

    pub fn model(&self) -> PathBuf {
        self.path.join("best.safetensors")
    }

    /// C of the validations whose parameters were kept, in the units of the curves; `to_table` is C in units of the table, less that of
    /// the events, which are in the deviations of the run's own columns. CPU seconds are in proportion: the threads are busy all the time.
    pub fn curve(&self, to_table: f64, tables: &Tables) -> Vec<Point> {
        let share = self.spent.map_or(f64::NAN, |spent| spent.cpu / spent.wall);
        let events = lines(&self.path.join("metrics.jsonl"));
        let kept = named(&events, "validation").into_iter();
        let kept = kept.filter(|event| event["best"] == true);
        let point = |event: &Value| {
            let seconds = event["seconds"].as_f64()?;
            // A toy set is validated with samples of its own.
            let divergence = event["divergence"].as_f64().zip(tables.entropy);
            let c = match divergence {
                Some((divergence, entropy)) => divergence + entropy.all,
                None => tables.of_curves(event["C"].as_f64()? + to_table),
            };
            Some(Point {
                seconds,
                cpu_seconds: seconds * share,
                c,
            })
        };
        kept.filter_map(point).collect()
    }

    /// Over the rows of a table, or fresh samples of its toy set.
    pub fn judge(&self, session: &Session, data: Option<&Path>, settings: &Settings) -> Judged {
        let steps = session.validation.steps;
        let mut command = otflow("evaluate");
        command.arg(self.model()).args(data).arg("--json");
        command.args(["--threads", &settings.threads.to_string()]);
        command.args(["--steps", &format!("{steps},{}", 2 * steps)]);
        let found: Vec<Evaluation> = serde_json::from_str(&run(&mut command).stdout).unwrap();
        let [coarse, fine]: [Evaluation; 2] = found.try_into().unwrap();
        Judged { coarse, fine }
    }
}

impl Judged {
    pub fn of_flow(&self) -> OfFlow {
        OfFlow {
            l: self.fine.l,
            r: self.fine.r,
            inverse_error: self.coarse.inverse_error,
            coarse: self.coarse.c - self.fine.c,
        }
    }
}
