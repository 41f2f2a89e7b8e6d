//! `otflow plot`: pictures of a run or a model as PNG or SVG, and films of runs as GIF or animated PNG.
//!
//! | file | holds |
//! | --- | --- |
//! | `source.rs` | the run or model that is drawn |
//! | `flow.rs` | a trained flow with its data, in the units of the pictures |
//! | `film.rs` | the film of a run |

mod film;
mod flow;
mod source;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;

use crate::cli;
use crate::exit::{Exit, refuse};
use crate::file;
use crate::plot::{FilmFormat, ImageFile, ImageFormat, PictureKind};
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
        let bytes = match format {
            OutputFormat::Image(format) => match source.figure(kind) {
                Ok(figure) => {
                    let ImageFile { bytes, warning } = figure.file(format)?;
                    warning.iter().for_each(|text| say::warn(text));
                    bytes
                }
                Err(message) => return Ok(refuse(&message)),
            },
            OutputFormat::Film(format) => match source.film(format) {
                Ok(bytes) => bytes,
                Err(message) => return Ok(refuse(&message)),
            },
        };
        file::write_output(&path, &bytes)?;
        say::of_output(&path, &path.display().to_string());
    }
    Ok(Exit::Done)
}

/// A picture that is asked for, and its file.
struct PictureOutput {
    kind: PictureKind,
    path: PathBuf,
    format: OutputFormat,
}

/// The format of a file.
enum OutputFormat {
    Image(ImageFormat),
    Film(FilmFormat),
}

/// The pictures that are asked for. Where there are several, each has its name before the ending of the file; a stream has room for
/// one, in PNG or GIF if it has no ending.
fn outputs(args: &cli::PlotArgs) -> Result<Vec<PictureOutput>, String> {
    let out = &args.out;
    let one = args.what.len() == 1;
    if !one && file::is_stream(out) {
        let out = out.display();
        return Err(format!(
            "{out} has room for one picture: name a file, or one of --what"
        ));
    }
    refuse_terminal(out)?;
    let nameless = file::is_nameless(out);
    let output = |&kind: &PictureKind| {
        let format = match kind {
            PictureKind::Film => FilmFormat::of(out)
                .or(nameless.then_some(FilmFormat::Gif))
                .map(OutputFormat::Film)
                .ok_or_else(|| FilmFormat::wrong_ending(out))?,
            _ => ImageFormat::of(out)
                .or(nameless.then_some(ImageFormat::Png))
                .map(OutputFormat::Image)
                .ok_or_else(|| ImageFormat::wrong_ending(out))?,
        };
        Ok(PictureOutput {
            kind,
            path: if one { out.clone() } else { named(out, kind) },
            format,
        })
    };
    args.what.iter().map(output).collect()
}

/// Refuses to print the bytes of a picture on a terminal.
pub(super) fn refuse_terminal(out: &Path) -> Result<(), String> {
    match file::is_terminal(out) {
        true => Err(format!(
            "{}: a terminal can't show the bytes of a picture: send stdout into a file or a pipe",
            out.display()
        )),
        false => Ok(()),
    }
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
