//! What a key saves: the screen as it is seen, as SVG, PNG and text, and figures of the flow and the losses.

pub mod figures;
pub mod screenshot;

use std::path::PathBuf;

use super::state::State;
use crate::plot::{FigureSize, SvgFigure};

/// A picture as an SVG document.
pub struct SvgPicture {
    /// The document.
    pub svg: String,
    /// Its size, px.
    pub size: FigureSize,
}

impl From<SvgFigure> for SvgPicture {
    fn from(figure: SvgFigure) -> Self {
        SvgPicture {
            svg: figure.svg(),
            size: figure.size(),
        }
    }
}

/// The place of saved files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The directory of the run; the current folder if there is none.
    pub directory: PathBuf,
    /// The beginning of the files' names.
    pub stem: String,
}

impl Destination {
    /// The place of what is saved now.
    pub fn of(state: &State) -> Self {
        let start = state.start.as_ref();
        let directory = start.and_then(|start| start.run.clone());
        Self {
            directory: directory.unwrap_or_else(|| ".".into()),
            stem: format!("screen-{}", state.iteration),
        }
    }
}
