//! `otflow plot`: pictures of a run or a model as PNG or SVG. Also for others: the functions that draw take plain data and give
//! a [`Figure`].
//!
//! | file | holds |
//! | --- | --- |
//! | `panels.rs`, `paths.rs`, `density.rs`, `losses.rs`, `corner.rs`, `histogram.rs`, `conditional.rs` | a picture each |
//! | `learning.rs` | the picture of `otflow compare` |
//! | `source.rs`, `flow.rs`, `history.rs` | what is drawn, from the files of a run |
//! | `columns.rs` | which columns are shown |
//! | `figure.rs` | an SVG document and its PNG |
//! | `axes.rs`, `scale.rs`, `legend.rs`, `colour.rs` | what pictures are made of |
//! | `contours.rs` | regions of a density |
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
mod flow;
mod histogram;
mod history;
mod learning;
mod legend;
mod losses;
mod panels;
mod paths;
mod scale;
mod source;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;

pub use columns::Columns;
pub use conditional::{Condition, conditional};
pub use corner::corner;
pub use density::density;
pub use figure::{Error, Figure, Format};
pub use histogram::{LogDensities, histogram};
pub use learning::{LearningCurve, Reached, learning};
pub use losses::{Curve, Happening, Losses, Mark, losses};
pub use panels::panels;
pub use paths::paths;

use crate::cli;
use crate::file;
use crate::launch::{Exit, refuse};
use crate::say;
use source::Source;

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
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

/// Draws what is asked for and says where it is.
///
/// # Errors
/// When a file can't be written or the kernels can't be started.
pub fn plot(args: &cli::Plot) -> Result<Exit> {
    let outs = match outs(args) {
        Ok(outs) => outs,
        Err(message) => return Ok(refuse(&message)),
    };
    let mut source = match Source::open(args) {
        Ok(source) => source,
        Err(message) => return Ok(refuse(&message)),
    };
    for (what, path, format) in outs {
        let figure = match source.figure(what) {
            Ok(figure) => figure,
            Err(message) => return Ok(refuse(&message)),
        };
        file::replace(&path, &figure.bytes(format)?)?;
        say::out(&path.display().to_string());
    }
    Ok(Exit::Done)
}

/// Where each picture goes: with its name before the ending, if there are several.
fn outs(args: &cli::Plot) -> Result<Vec<(What, PathBuf, Format)>, String> {
    let out = &args.out;
    let format = Format::of(out).ok_or_else(|| Format::expected(out))?;
    let one = args.what.len() == 1;
    let path = |what: What| if one { out.clone() } else { named(out, what) };
    Ok(args
        .what
        .iter()
        .map(|what| (*what, path(*what), format))
        .collect())
}

fn named(out: &Path, what: What) -> PathBuf {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    let ending = out.extension().unwrap_or_default().to_string_lossy();
    let what = what.to_possible_value();
    let what = what.as_ref().map_or("", |value| value.get_name());
    out.with_file_name(format!("{stem}-{what}.{ending}"))
}
