//! Pictures as SVG and PNG, and films of them as GIF and APNG. The functions that draw take plain data and give a [`SvgFigure`].
//!
//! | file | holds |
//! | --- | --- |
//! | `panels.rs`, `paths.rs`, `density.rs`, `curve.rs`, `losses.rs`, `corner.rs`, `histogram.rs`, `conditional.rs` | a picture each |
//! | `film.rs`, `film/` | pictures one after the other, as GIF or APNG |
//! | `learning.rs` | the picture of `otflow compare` |
//! | `history.rs` | the losses of a run from its events |
//! | `columns.rs` | the columns that are plotted |
//! | `figure.rs`, `render.rs` | an SVG document, and its pixels |
//! | `axes.rs`, `scale.rs`, `extent.rs`, `legend.rs`, `colour.rs` | axes, their scales, the ranges of values, legends, colours |
//! | `caption.rs`, `overlay.rs` | title and note; dots and lines over a map |
//! | `contours.rs`, `quantiles.rs` | contour lines and regions of a density; quantiles of a conditional one |
//!
//! Text is text in the SVG files, and needs no font of the system in the PNG files where DejaVu Sans has its letters.

mod axes;
mod caption;
mod colour;
mod columns;
mod conditional;
mod contours;
mod corner;
mod curve;
mod density;
mod extent;
mod figure;
mod film;
mod histogram;
mod history;
mod learning;
mod legend;
mod losses;
mod overlay;
mod panels;
mod paths;
mod quantiles;
mod render;
mod scale;
#[cfg(test)]
mod tests;

use clap::ValueEnum;

pub use caption::{Caption, FigureUnits};
pub use columns::{PlottedColumns, column, points};
pub use conditional::{Condition, ConditionalMap, FixedColumn, conditional};
pub use contours::{GridSize, cell_centres};
pub use corner::{HistogramTop, corner};
pub use curve::{ColumnDensity, curve};
pub use density::{DensityMap, density, highest};
pub use extent::Interval;
pub use figure::{FigureSize, ImageFormat, SvgFigure};
pub use film::{Film, FilmFormat, Pace, frame_iterations};
pub use histogram::{LogDensities, histogram};
pub use history::ReadLosses;
pub use learning::{CurvePoint, LearningCurve, learning};
pub use losses::{LossCurves, losses};
pub use panels::panels;
pub use paths::paths;
pub use render::{ImageFile, png};
pub use scale::FigureScale;

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PictureKind {
    /// Data x, f(x), the way back, and generated samples.
    Panels,
    /// Paths of particles both ways.
    Paths,
    /// The density: of two columns a map with the regions that hold 50, 80 and 95% of the mass, of one a curve over histograms.
    Density,
    /// L, C, R over the iterations; for a run directory.
    Losses,
    /// Every column and pair of columns, data against generated samples, with their misfits.
    Corner,
    /// Log densities of the data against those of generated samples.
    Histogram,
    /// The density of the one learned column given one of the context, with its quantiles; see --columns.
    Conditional,
    /// How the density came to be, as GIF or APNG: a recorded run is trained again, and shown more often at its beginning.
    Film,
}
