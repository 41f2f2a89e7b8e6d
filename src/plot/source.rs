//! What is drawn, from the files of a run: its metrics, or its parameters with the data of its session.

use std::path::{Path, PathBuf};

use super::flow::Flow;
use super::{Columns, Figure, Losses, What};
use crate::cli;
use crate::follow;
use crate::model::Model;

/// A run directory or a model file, as it is to be drawn.
pub struct Source<'a> {
    args: &'a cli::Plot,
    name: String,
    /// The directory, if it is one.
    run: Option<PathBuf>,
    flow: Option<Flow>,
}

impl<'a> Source<'a> {
    /// Looks at what is given.
    ///
    /// # Errors
    /// When it is neither a directory nor a file.
    pub fn open(args: &'a cli::Plot) -> Result<Self, String> {
        let path = &args.source;
        let metadata = path
            .metadata()
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let directory = metadata.is_dir();
        if !directory {
            regular(path)?;
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
        let mut flow = match self.flow.take() {
            Some(flow) => flow,
            None => self.load()?,
        };
        let figure = self.of_flow(what, &mut flow);
        self.flow = Some(flow);
        figure
    }

    fn of_flow(&self, what: What, flow: &mut Flow) -> Result<Figure, String> {
        let name = &self.name;
        if what == What::Conditional {
            let (density, condition) = flow.conditional(&self.args.columns)?;
            return Ok(super::conditional(&density, &condition, name));
        }
        let columns = Columns::new(flow.names()).choose(&self.args.columns)?;
        let d = flow.picture().dimension;
        if d < 2 && matches!(what, What::Panels | What::Paths) {
            return Err(format!(
                "{name} has one learned column, and these pictures are for two and more: \
                 try --what corner, histogram or conditional"
            ));
        }
        Ok(match what {
            What::Paths if flow.scaled() => {
                super::paths(flow.standardized(), &columns.measured("standardised"), name)
            }
            What::Paths => super::paths(flow.picture(), &columns, name),
            What::Density => super::density(&flow.density()?, &columns, name),
            What::Corner => super::corner(flow.picture(), &columns, name),
            What::Histogram => super::histogram(&flow.log_densities(), name),
            _ => super::panels(flow.picture(), &columns, name),
        })
    }

    fn losses(&self) -> Result<Figure, String> {
        let Some(run) = &self.run else {
            return Err(format!(
                "{}: losses are in a run directory: give that instead of a model",
                self.args.source.display()
            ));
        };
        let mut losses = Losses::default();
        regular(&run.join(follow::METRICS))?;
        follow::events(run, |event| losses.take(event)).map_err(|error| error.to_string())?;
        Ok(super::losses(&losses, &self.name))
    }

    fn load(&self) -> Result<Flow, String> {
        let file = self.model_file()?;
        let model = Model::load(&file).map_err(|error| error.to_string())?;
        Flow::new(model, self.args).map_err(|error| format!("{}: {error:#}", file.display()))
    }

    /// The parameters: the best of a run, else the last.
    fn model_file(&self) -> Result<PathBuf, String> {
        let Some(run) = &self.run else {
            return Ok(self.args.source.clone());
        };
        let files = ["best", "last"].map(|name| run.join(name).with_extension("safetensors"));
        let found = files.into_iter().find(|file| Path::is_file(file));
        found.ok_or_else(|| {
            format!(
                "{} has neither best.safetensors nor last.safetensors: \
                 is it a run directory, and has the run been validated once?",
                run.display()
            )
        })
    }
}

/// Opening what is no file may wait for ever.
fn regular(path: &Path) -> Result<(), String> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) => Err(format!("{} is no file", path.display())),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}
