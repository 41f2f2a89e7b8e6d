//! What is drawn, from the files of a run: its parameters, its session and its metrics.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use otflow_kernels::engine::{Engine, engine, with_rows};
use otflow_kernels::objective::log_density;

use super::{Columns, Figure, LogDensities, Losses, What};
use crate::cli;
use crate::data::Dataset;
use crate::event::Picture;
use crate::follow;
use crate::model::Model;
use crate::session::{self, Flow, Session};
use crate::trainer::{Snapshot, picture, precision, scheme, shape};

/// Steps of the integration, unless the session has more or they are asked for: errors below anything that shows.
const STEPS: usize = 32;
/// Cells of the grid of a density.
const CELLS: usize = 160 * 160;

/// A run directory or a model file, as it is to be drawn.
pub struct Source<'a> {
    args: &'a cli::Plot,
    name: String,
    /// The directory, if it is one.
    run: Option<PathBuf>,
    flow: Option<Trained>,
}

/// A model with its data, ready to be asked.
struct Trained {
    session: Arc<Session>,
    data: Dataset,
    engine: Box<dyn Engine>,
    columns: Columns,
    picture: Picture,
}

impl<'a> Source<'a> {
    /// Looks at what is given.
    ///
    /// # Errors
    /// When it is neither a run directory nor a file.
    pub fn open(args: &'a cli::Plot) -> Result<Self, String> {
        let path = &args.source;
        let metadata = path
            .metadata()
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let directory = metadata.is_dir();
        if !directory && !metadata.is_file() {
            let path = path.display();
            return Err(format!(
                "{path} is neither a run directory nor a model file (.safetensors)"
            ));
        }
        let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
        let name = if directory {
            whole.file_name()
        } else {
            whole.file_stem()
        };
        Ok(Source {
            args,
            name: name.unwrap_or_default().to_string_lossy().into_owned(),
            run: directory.then(|| path.clone()),
            flow: None,
        })
    }

    /// Draws one picture.
    ///
    /// # Errors
    /// When what it shows is not there, or is not for this model.
    pub fn figure(&mut self, what: What) -> Result<Figure, String> {
        if what == What::Losses {
            return self.losses();
        }
        if self.flow.is_none() {
            self.flow = Some(self.load()?);
        }
        let Some(trained) = &mut self.flow else {
            return Err("no model".into());
        };
        let (columns, picture, name) = (&trained.columns, &trained.picture, &self.name);
        match what {
            What::Panels | What::Paths if picture.dimension < 2 => Err(format!(
                "{name} has one learned column; panels and paths are for two and more: try corner, histogram or conditional"
            )),
            What::Panels => Ok(super::panels(picture, columns, name)),
            What::Paths => Ok(super::paths(picture, columns, name)),
            What::Density => match &picture.density {
                Some(density) => Ok(super::density(density, columns, name)),
                None => Err(format!(
                    "a density is shown for two columns, and {name} has {}: try corner or histogram",
                    picture.dimension
                )),
            },
            What::Corner => Ok(super::corner(picture, columns, name)),
            What::Histogram => Ok(super::histogram(&trained.log_densities(), name)),
            What::Conditional => Err(format!("{name} is not conditional: it has no context")),
            What::Losses => self.losses(),
        }
    }

    fn losses(&self) -> Result<Figure, String> {
        let Some(run) = &self.run else {
            return Err(format!(
                "{}: losses are in a run directory: give that instead of a model",
                self.args.source.display()
            ));
        };
        let mut losses = Losses::default();
        follow::events(run, |event| losses.take(event)).map_err(|error| error.to_string())?;
        Ok(super::losses(&losses, &self.name))
    }

    fn load(&self) -> Result<Trained, String> {
        let file = self.model_file()?;
        let model = Model::load(&file).map_err(|error| error.to_string())?;
        let origin = model.origin.as_ref().ok_or_else(|| {
            let file = file.display();
            format!("{file} does not say on what it was trained, so there is no data to show")
        })?;
        let session = session::parse(&origin.session, &file).map_err(|error| error.to_string())?;
        let session = Arc::new(self.adapted(session));
        let data = Dataset::new(&session.data, session.model.seed);
        let columns = Columns::numbered('x', data.dimension()).choose(&self.args.columns)?;
        if shape(&session, &data) != model.shape {
            let file = file.display();
            return Err(format!(
                "{file}: its network has another size than its session says"
            ));
        }
        let mut engine = engine(model.shape, precision(&session), 0)
            .map_err(|error| format!("cannot start the worker threads: {error}"))?;
        let snapshot = Snapshot {
            iteration: origin.iteration,
            session: Arc::clone(&session),
            theta: model.theta,
            samples: self.args.n as usize,
            cells: CELLS,
        };
        let picture = picture(&data, &mut *engine, &snapshot);
        Ok(Trained {
            session,
            data,
            engine,
            columns,
            picture,
        })
    }

    /// With the steps and the seed that are asked for.
    fn adapted(&self, mut session: Session) -> Session {
        let steps = &mut session.validation.steps;
        *steps = self.args.steps.map_or((*steps).max(STEPS), usize::from);
        session.model.seed = self.args.seed.unwrap_or(session.model.seed);
        session
    }

    /// The parameters: the best of a run, else the last.
    fn model_file(&self) -> Result<PathBuf, String> {
        let Some(run) = &self.run else {
            return Ok(self.args.source.clone());
        };
        let files = ["best", "last"].map(|name| run.join(name).with_extension("safetensors"));
        let found = files.into_iter().find(|file| Path::is_file(file));
        found.ok_or_else(|| {
            let run = run.display();
            format!("{run} has neither best.safetensors nor last.safetensors: is it a run directory that has come to its first validation?")
        })
    }
}

impl Trained {
    /// Of the points of the picture, under the model.
    fn log_densities(&mut self) -> LogDensities {
        let picture = &self.picture;
        let flow = Flow {
            steps: self.session.validation.steps,
            ..self.session.flow
        };
        let (scheme, a0, d) = (
            scheme(&flow),
            self.session.weights.transport,
            picture.dimension,
        );
        let mut of = |rows: &[f64]| -> Vec<f64> {
            let mut states = vec![0.0; rows.len() / d * (d + 3)];
            with_rows(rows, d + self.data.context(), |samples| {
                self.engine.states(samples, &scheme, a0, &mut states);
            });
            states.chunks_exact(d + 3).map(log_density).collect()
        };
        LogDensities {
            data: of(&picture.data),
            generated: of(&picture.generated),
        }
    }
}
