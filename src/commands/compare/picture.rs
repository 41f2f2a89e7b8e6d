//! The picture of `otflow compare`: the learning curves of the runs and of other programs.

use std::path::{Path, PathBuf};

use super::curve::CurveWithEntropy;
use super::peer;
use super::run::ComparedRun;
use super::stretch::Stretch;
use crate::cli;
use crate::commands::plot::refuse_terminal;
use crate::file;
use crate::plot::{ImageFile, ImageFormat, LearningCurve, learning};
use crate::say;

/// A picture that is asked for, with the curves of other programs.
pub struct ComparisonPlot<'a> {
    path: &'a Path,
    format: ImageFormat,
    title: &'a str,
    peers: Vec<CurveWithEntropy>,
}

impl<'a> ComparisonPlot<'a> {
    /// Reads the curves of other programs; None if no picture is asked for.
    ///
    /// # Errors
    /// When the ending of the picture stands for no format, or a file of curves can't be read.
    pub fn open(args: &'a cli::CompareArgs) -> Result<Option<Self>, String> {
        let Some(path) = &args.out else {
            return Ok(None);
        };
        let format = ImageFormat::of(path)
            .or(file::is_nameless(path).then_some(ImageFormat::Png))
            .ok_or_else(|| ImageFormat::wrong_ending(path))?;
        refuse_terminal(path)?;
        let peers: Result<Vec<Vec<CurveWithEntropy>>, String> =
            args.peer.iter().map(|path| peer::read(path)).collect();
        Ok(Some(ComparisonPlot {
            path,
            format,
            title: &args.title,
            peers: peers?.concat(),
        }))
    }

    /// Draws these curves, in this order, then those of other programs, and writes the file.
    ///
    /// # Errors
    /// When there is no curve at all, or the file can't be written.
    pub fn draw(self, mut drawn: Vec<CurveWithEntropy>) -> anyhow::Result<()> {
        drawn.extend(self.peers);
        if drawn.is_empty() {
            anyhow::bail!("{}: there is nothing to draw", self.path.display());
        }
        let curves: Vec<LearningCurve> = drawn.iter().map(|drawn| drawn.curve.clone()).collect();
        let figure = learning(&curves, common_entropy(&drawn), self.title);
        let ImageFile { bytes, warning } = figure.file(self.format)?;
        warning.iter().for_each(|text| say::warn(text));
        file::write_output(self.path, &bytes)?;
        Ok(())
    }
}

/// The curves of stretches of runs that have a validation; the others are left out with a message.
pub fn stretch_curves(stretches: &[Stretch]) -> Vec<CurveWithEntropy> {
    let curves = stretches.iter().map(Stretch::curve);
    let (drawn, empty): (Vec<_>, Vec<_>) = curves.partition(|drawn| !drawn.curve.is_empty());
    for CurveWithEntropy { curve, .. } in empty {
        say::err(&format!(
            "left out of the picture: {} has no validation",
            curve.name
        ));
    }
    drawn
}

/// The curves of the runs that have a validation; the others are left out with a message.
pub fn run_curves(runs: &[ComparedRun]) -> Vec<CurveWithEntropy> {
    let short = |run: &ComparedRun| {
        let path = PathBuf::from(&run.run);
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| run.run.clone())
    };
    let names: Vec<String> = runs.iter().map(short).collect();
    let alone = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let mut drawn = Vec::new();
    for (run, name) in runs.iter().zip(&names) {
        let name = if alone(name) { name } else { &run.run };
        let curve = LearningCurve {
            name: name.clone(),
            points: run.points.clone(),
            seconds: run.seconds,
        };
        if curve.is_empty() {
            say::err(&format!(
                "left out of the picture: {} has no validation so far",
                run.run
            ));
        } else {
            let entropy = run.entropy;
            drawn.push(CurveWithEntropy { curve, entropy });
        }
    }
    drawn
}

/// The entropy H, if it is the same for all curves for which it is known.
fn common_entropy(drawn: &[CurveWithEntropy]) -> Option<f64> {
    let mut known = drawn.iter().filter_map(|drawn| drawn.entropy);
    let first = known.next()?;
    known.all(|entropy| entropy == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::CurvePoint;

    fn run(path: &str, entropy: Option<f64>) -> ComparedRun {
        ComparedRun {
            run: path.into(),
            points: vec![CurvePoint {
                seconds: 1.0,
                c: 3.0,
            }],
            entropy,
            ..ComparedRun::default()
        }
    }

    #[test]
    fn directories_name_the_curves_and_paths_do_where_two_are_alike() {
        let names = |paths: &[&str]| -> Vec<String> {
            let runs: Vec<ComparedRun> = paths.iter().map(|path| run(path, None)).collect();
            let drawn = run_curves(&runs).into_iter();
            drawn.map(|drawn| drawn.curve.name).collect()
        };
        assert_eq!(names(&["a/x", "b/y/", "."]), ["x", "y", "."]);
        assert_eq!(names(&["a/x", "b/x", "z"]), ["a/x", "b/x", "z"]);
    }

    #[test]
    fn the_entropy_is_drawn_where_it_is_one() {
        let entropy = |entropies: &[Option<f64>]| {
            let runs: Vec<ComparedRun> = entropies.iter().map(|h| run("x", *h)).collect();
            common_entropy(&run_curves(&runs))
        };
        assert_eq!(entropy(&[Some(2.5), None, Some(2.5)]), Some(2.5));
        assert_eq!(entropy(&[Some(2.5), Some(2.0)]), None);
        assert_eq!(entropy(&[None]), None);
    }
}
