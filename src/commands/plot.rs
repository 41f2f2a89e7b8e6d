//! `otflow plot`: pictures of a run or a model as PNG or SVG.
//!
//! | file | holds |
//! | --- | --- |
//! | `source.rs` | the run or model that is drawn |
//! | `flow.rs` | a trained flow with its data, in the units of the pictures |

mod flow;
mod source;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;

use crate::cli;
use crate::exit::{Exit, refuse};
use crate::file;
use crate::plot::{ImageFormat, PictureKind};
use crate::say;
use source::PlotSource;

/// Draws the pictures that are asked for and prints the names of their files.
///
/// # Errors
/// When a file can't be written or the kernels can't be started.
pub fn plot(args: &cli::PlotArgs) -> Result<Exit> {
    let outputs = match outputs(args) {
        Ok(outputs) => outputs,
        Err(message) => return Ok(refuse(&message)),
    };
    let mut source = match PlotSource::open(args) {
        Ok(source) => source,
        Err(message) => return Ok(refuse(&message)),
    };
    for PictureOutput { kind, path, format } in outputs {
        let figure = match source.figure(kind) {
            Ok(figure) => figure,
            Err(message) => return Ok(refuse(&message)),
        };
        file::replace(&path, &figure.bytes(format)?)?;
        say::out(&path.display().to_string());
    }
    Ok(Exit::Done)
}

/// A picture that is asked for, and its file.
struct PictureOutput {
    kind: PictureKind,
    path: PathBuf,
    format: ImageFormat,
}

/// The pictures that are asked for. Where there are several, each has its name before the ending of the file.
fn outputs(args: &cli::PlotArgs) -> Result<Vec<PictureOutput>, String> {
    let out = &args.out;
    let format = ImageFormat::of(out).ok_or_else(|| ImageFormat::wrong_ending(out))?;
    let one = args.what.len() == 1;
    let output = |&kind: &PictureKind| PictureOutput {
        kind,
        path: if one { out.clone() } else { named(out, kind) },
        format,
    };
    Ok(args.what.iter().map(output).collect())
}

/// The path with the name of the picture before the ending.
fn named(out: &Path, kind: PictureKind) -> PathBuf {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    let ending = out.extension().unwrap_or_default().to_string_lossy();
    let kind = kind.to_possible_value();
    let kind = kind.as_ref().map_or("", |value| value.get_name());
    out.with_file_name(format!("{stem}-{kind}.{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several_pictures_differ_before_the_ending() {
        let name = named(Path::new("a.b/run.1.png"), PictureKind::Losses);
        assert_eq!(name, Path::new("a.b/run.1-losses.png"));
    }
}
