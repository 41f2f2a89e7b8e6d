//! `otflow plot`: pictures of a run or a model as PNG or SVG.
//!
//! | file | holds |
//! | --- | --- |
//! | `source.rs` | what is drawn, from the files of a run |
//! | `flow.rs` | a trained flow with its data, as pictures show it |

mod flow;
mod source;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;

use crate::cli;
use crate::exit::{Exit, refuse};
use crate::file;
use crate::plot::{Format, What};
use crate::say;
use source::Source;

/// Draws what is asked for and says where it is.
///
/// # Errors
/// When a file can't be written or the kernels can't be started.
pub fn plot(args: &cli::PlotArgs) -> Result<Exit> {
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
fn outs(args: &cli::PlotArgs) -> Result<Vec<(What, PathBuf, Format)>, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several_pictures_differ_before_the_ending() {
        let name = named(Path::new("a.b/run.1.png"), What::Losses);
        assert_eq!(name, Path::new("a.b/run.1-losses.png"));
    }
}
