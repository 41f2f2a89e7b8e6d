//! A data set with the sessions that are to learn it, and its true density where that is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use otflow::data::random::{DrawKey, Stream, row_generator};
use otflow::data::{Dataset, SplitPart};
use otflow::session::{Data, Session, load};
use otflow::table::TableWriter;

use super::earlier;
use super::process::run;
use super::settings::Settings;
use crate::mixture::Mixture;

/// Rows drawn of a mixture, all parts together.
const ROWS: u64 = 50_000;

/// Name of the recipe in `earlier.rs`.
const EARLIER: &str = "OT-Flow, earlier recipe";

/// An older way to learn the same data.
pub struct Older {
    pub name: &'static str,
    pub session: Session,
}

pub struct Subject {
    pub name: String,
    pub new: Session,
    pub older: Option<Older>,
    pub truth: Truth,
}

pub enum Truth {
    Unknown,
    Toy(Box<Dataset>),
    Mixture(Mixture),
}

impl Truth {
    /// True log densities of rows of d columns in units of the table.
    pub fn log_densities(&self, rows: &[f64], d: usize) -> Option<Vec<f64>> {
        match self {
            Truth::Unknown => None,
            Truth::Toy(data) => data.log_density(rows),
            Truth::Mixture(mixture) => {
                let densities = rows.chunks(d).map(|row| mixture.log_density(row));
                Some(densities.collect())
            }
        }
    }
}

impl Subject {
    /// Of a session in `sessions/`, or of a session file.
    pub fn of_session(name: &str, settings: &Settings) -> Self {
        let session = |path: &Path| {
            let mut session = load(path).unwrap_or_else(|error| panic!("{}", error.message));
            session.gates.clear();
            if let (Data::Table { path, .. }, Some(table)) = (&mut session.data, &settings.table) {
                *path = fs::canonicalize(table).unwrap();
            }
            session
        };
        let own = ours(name);
        let new = session(&own);
        let published = ours(&format!("published/{name}"));
        let older = |name: &'static str, session: Session| Older { name, session };
        let older = match (&settings.old, &new.data) {
            (Some(path), _) => Some(older("OT-Flow, older recipe", session(path))),
            (None, _) if published.exists() => {
                Some(older("OT-Flow, published recipe", session(&published)))
            }
            (None, Data::Table { .. }) => Some(older(EARLIER, before(&new))),
            (None, Data::Toy { .. }) => None,
        };
        let truth = match &new.data {
            Data::Toy { .. } => Truth::Toy(Box::new(dataset(&new.data, new.model.seed))),
            Data::Table { .. } => Truth::Unknown,
        };
        let name = own.file_stem().unwrap().to_string_lossy().into_owned();
        Subject {
            name,
            new,
            older,
            truth,
        }
    }

    /// Of a mixture: rows drawn of it, learned by the session that `otflow init` writes for them.
    pub fn of_mixture(name: &str, settings: &Settings) -> Self {
        let (mixture, d) = match name {
            "mixture10" => (Mixture::far_apart(10), 10),
            "mixture20" => (Mixture::far_apart(20), 20),
            "twonorm" => (Mixture::twonorm(20), 20),
            other => panic!("the mixtures are mixture10, mixture20 and twonorm, not {other}"),
        };
        let folder = settings.out.join(name);
        fs::create_dir_all(&folder).unwrap();
        let (table, file) = (folder.join("drawn.csv"), folder.join("init.ron"));
        let names: Vec<String> = (1..=d).map(|k| format!("x{k}")).collect();
        let mut writer = TableWriter::create(&table, &names).unwrap();
        for row in 0..ROWS {
            let mut rng = row_generator(
                DrawKey {
                    seed: 1,
                    stream: Stream::Samples,
                    draw: row,
                },
                0,
            );
            writer.write(&mixture.sample(&mut rng)).unwrap();
        }
        writer.finish().unwrap();
        let _ = fs::remove_file(&file);
        let mut init = Command::new(env!("CARGO_BIN_EXE_otflow"));
        run(init.arg("init").arg(&table).arg("--out").arg(&file));
        let new = load(&file).unwrap_or_else(|error| panic!("{}", error.message));
        let session = before(&new);
        Subject {
            name: name.to_owned(),
            older: Some(Older {
                name: EARLIER,
                session,
            }),
            new,
            truth: Truth::Mixture(mixture),
        }
    }
}

/// The file of a name in `sessions/`; other names are those of files.
pub fn ours(name: &str) -> PathBuf {
    let sessions = Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions");
    if name.ends_with(".ron") {
        PathBuf::from(name)
    } else {
        sessions.join(format!("{name}.ron"))
    }
}

pub fn dataset(data: &Data, seed: u64) -> Dataset {
    let opened = Dataset::open(data, seed);
    opened.unwrap_or_else(|error| panic!("{error}; OTFLOW_QUALITY_TABLE names another table"))
}

/// The earlier recipe for the same data.
fn before(new: &Session) -> Session {
    let data = dataset(&new.data, new.model.seed);
    let parts = data.table().unwrap();
    let rows = earlier::Rows {
        training: parts.len(SplitPart::Training),
        validation: parts.len(SplitPart::Validation),
    };
    earlier::session(new, rows, data.dimension() + data.context())
}
