//! Pictures of a run that another process trains, made here from the parameters it writes, whenever they are new.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use otflow_kernels::parameters::Shape;

use crate::data::Dataset;
use crate::event::{Event, Start};
use crate::feed::Publisher;
use crate::model::{ModelOrigin, TrainedModel};
use crate::picture::{ParametersAt, PictureThread};
use crate::problem::shape;
use crate::session::{self, Session};

/// Looks at the parameters of one run.
pub(super) struct Pictures {
    session: Arc<Session>,
    shape: Shape,
    painter: PictureThread,
    /// The latest parameters, or the best ones of a run that has no others.
    files: [PathBuf; 2],
    /// The mark of the file that was read last.
    seen: Option<(SystemTime, u64)>,
    /// Parameters whose picture is not ordered yet.
    waiting: Option<TrainedModel>,
}

impl Pictures {
    /// Makes pictures of the run in `start.run`.
    ///
    /// # Errors
    /// When a thread cannot be started, or the run's table is not there any more.
    pub(super) fn new(start: &Start, publisher: Arc<Publisher>) -> anyhow::Result<Self> {
        let session = Arc::clone(&start.session);
        let directory = start.run.clone().unwrap_or_default();
        let data = Arc::new(Dataset::open(&session.data, session.model.seed)?);
        Ok(Pictures {
            shape: shape(&session, &data),
            painter: PictureThread::start(&session, data, publisher)?,
            files: ["last", "best"].map(|name| directory.join(name).with_extension("safetensors")),
            session,
            seen: None,
            waiting: None,
        })
    }

    /// Takes the parameters for new ones once more.
    pub(super) fn forget(&mut self) {
        self.seen = None;
    }

    /// Orders a picture of parameters that are new; that they were written, if it finds such.
    ///
    /// # Errors
    /// When the parameters can't be read or are not of this run; the picture before stays.
    pub(super) fn look(&mut self, publisher: &Publisher) -> Result<Option<Event>, String> {
        let mut news = None;
        let found = self.files.iter().find_map(|file| {
            let metadata = fs::metadata(file).ok()?;
            Some((file, (metadata.modified().ok()?, metadata.len())))
        });
        if let Some((file, known_by)) = found
            && self.seen != Some(known_by)
        {
            self.seen = Some(known_by);
            let model = TrainedModel::load(file).map_err(|error| error.to_string())?;
            if model.shape != self.shape {
                let file = file.display();
                return Err(format!(
                    "{file} is not of this run: its network has another size"
                ));
            }
            news = Some(Event::Checkpoint {
                iteration: iteration(&model),
                path: file.clone(),
            });
            self.waiting = Some(model);
        }
        let session = &self.session;
        self.waiting = self.waiting.take().filter(|model| {
            let edited = model.origin.as_ref().and_then(in_force);
            let session = edited.unwrap_or_else(|| Arc::clone(session));
            let parameters = ParametersAt {
                iteration: iteration(model),
                theta: &model.theta,
            };
            !self.painter.order_if_due(publisher, &session, parameters)
        });
        Ok(news)
    }
}

fn iteration(model: &TrainedModel) -> u64 {
    model.origin.as_ref().map_or(0, |origin| origin.iteration)
}

/// The session with the edits made until then.
fn in_force(origin: &ModelOrigin) -> Option<Arc<Session>> {
    let parsed = session::parse(&origin.session, "metadata".as_ref());
    parsed.ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Wires, connect};
    use crate::run::synthetic;
    use crate::session::to_ron;

    fn model(iteration: u64, shape: Shape) -> TrainedModel {
        TrainedModel {
            shape,
            precision: session::Precision::F64,
            theta: vec![0.01; shape.parameters()],
            scaling: None,
            name_source: None,
            origin: Some(ModelOrigin {
                version: "0.1.0".into(),
                session: to_ron(&synthetic::session()),
                iteration,
                validation: None,
            }),
        }
    }

    #[test]
    fn new_parameters_make_a_picture_and_others_a_message() {
        let folder = tempfile::tempdir().unwrap();
        let Wires {
            publisher,
            feed,
            entries: _,
        } = connect();
        let publisher = Arc::new(publisher);
        let mut start = synthetic::start();
        start.run = Some(folder.path().to_owned());
        let mut pictures = Pictures::new(&start, Arc::clone(&publisher)).unwrap();
        assert_eq!(pictures.look(&publisher), Ok(None), "no file yet");
        let shape = pictures.shape;
        let save = |name, model: TrainedModel| model.save(&folder.path().join(name)).unwrap();
        save("best.safetensors", model(40, shape));
        let news = pictures.look(&publisher).unwrap();
        let path = folder.path().join("best.safetensors");
        let iteration = 40;
        assert_eq!(news, Some(Event::Checkpoint { iteration, path }));
        let picture = loop {
            assert_eq!(pictures.look(&publisher), Ok(None));
            if let Some(picture) = feed.take_picture() {
                break picture;
            }
            std::thread::yield_now();
        };
        assert_eq!((picture.iteration, picture.dimension), (40, 2));
        assert!(pictures.waiting.is_none(), "one picture of one file");
        let other = Shape {
            m: shape.m + 1,
            ..shape
        };
        save("last.safetensors", model(50, other));
        let message = pictures.look(&publisher).unwrap_err();
        assert!(message.contains("another size"), "{message}");
        assert_eq!(pictures.look(&publisher), Ok(None), "told once");
    }
}
