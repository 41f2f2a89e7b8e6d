//! Pictures as SVG and PNG. The functions that draw take plain data and give a [`SvgFigure`].
//!
//! | file | holds |
//! | --- | --- |
//! | `panels.rs`, `paths.rs`, `density.rs`, `losses.rs`, `corner.rs`, `histogram.rs`, `conditional.rs` | a picture each |
//! | `learning.rs` | the picture of `otflow compare` |
//! | `history.rs` | the losses of a run from its events |
//! | `columns.rs` | the columns that are plotted |
//! | `figure.rs` | an SVG document and its PNG |
//! | `axes.rs`, `scale.rs`, `legend.rs`, `colour.rs` | axes, their scales, legends, colours |
//! | `contours.rs` | contour lines and regions of a density |
//!
//! Text is text in the SVG files, and needs no font of the system in the PNG files.

mod axes;
mod colour;
mod columns;
mod conditional;
mod contours;
mod corner;
mod density;
mod figure;
mod histogram;
mod history;
mod learning;
mod legend;
mod losses;
mod panels;
mod paths;
mod scale;
#[cfg(test)]
mod tests;

use clap::ValueEnum;

pub use columns::{PlottedColumns, column};
pub use conditional::{Condition, FixedColumn, conditional};
pub use contours::{GridSize, cell_centres};
pub use corner::corner;
pub use density::density;
pub use figure::{ImageFormat, SvgFigure};
pub use histogram::{LogDensities, histogram};
pub use history::ReadLosses;
pub use learning::{CurvePoint, LearningCurve, learning};
pub use losses::{LossCurves, losses};
pub use panels::panels;
pub use paths::paths;
pub use scale::{FigureScale, Interval};

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PictureKind {
    /// Data x, f(x), the way back, and generated samples.
    Panels,
    /// Paths of particles both ways.
    Paths,
    /// Heat map of the density with the regions that hold 50, 80 and 95% of the mass; for two columns.
    Density,
    /// L, C, R over the iterations; for a run directory.
    Losses,
    /// Every column and pair of columns, data against generated samples.
    Corner,
    /// Log densities of the data against those of generated samples.
    Histogram,
    /// The density of the one learned column given one of the context; see --columns.
    Conditional,
}
