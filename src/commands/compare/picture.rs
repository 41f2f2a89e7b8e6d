//! The learning curves of the runs and of other programs, as a picture.

use std::path::{Path, PathBuf};

use super::{Run, peer};
use crate::cli;
use crate::file;
use crate::plot::{Format, LearningCurve, learning};
use crate::say;

/// A curve, with the entropy of what it learned where that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// C over the seconds.
    pub curve: LearningCurve,
    /// H, nats.
    pub entropy: Option<f64>,
}

/// A picture that is asked for, with what can be known of it before any run is read.
pub struct Picture<'a> {
    path: &'a Path,
    format: Format,
    title: &'a str,
    peers: Vec<Drawn>,
}

impl<'a> Picture<'a> {
    /// Reads the files of other programs; None if no picture is asked for.
    ///
    /// # Errors
    /// When the ending is that of no picture, or a file has not the form.
    pub fn open(args: &'a cli::CompareArgs) -> Result<Option<Self>, String> {
        let Some(path) = &args.out else {
            return Ok(None);
        };
        let format = Format::of(path).ok_or_else(|| Format::expected(path))?;
        let peers: Result<Vec<Vec<Drawn>>, String> =
            args.peer.iter().map(|path| peer::read(path)).collect();
        Ok(Some(Picture {
            path,
            format,
            title: &args.title,
            peers: peers?.concat(),
        }))
    }

    /// Writes it, first the runs in this order; one without a validation is named and left out.
    ///
    /// # Errors
    /// When there is no curve at all, or the file can't be written.
    pub fn draw(self, runs: &[Run]) -> anyhow::Result<()> {
        let mut drawn = of_runs(runs);
        drawn.extend(self.peers);
        if drawn.is_empty() {
            anyhow::bail!("{}: there is nothing to draw", self.path.display());
        }
        let curves: Vec<LearningCurve> = drawn.iter().map(|drawn| drawn.curve.clone()).collect();
        let figure = learning(&curves, floor(&drawn), self.title);
        file::replace(self.path, &figure.bytes(self.format)?)?;
        Ok(())
    }
}

fn of_runs(runs: &[Run]) -> Vec<Drawn> {
    let short = |run: &Run| {
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
            reached: run.reached.clone(),
            seconds: run.seconds,
        };
        if curve.is_empty() {
            say::err(&format!(
                "left out of the picture: {} has no validation so far",
                run.run
            ));
        } else {
            let entropy = run.entropy;
            drawn.push(Drawn { curve, entropy });
        }
    }
    drawn
}

/// H, if all that is known of it is the same.
fn floor(drawn: &[Drawn]) -> Option<f64> {
    let mut known = drawn.iter().filter_map(|drawn| drawn.entropy);
    let first = known.next()?;
    known.all(|entropy| entropy == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Reached;

    fn run(path: &str, entropy: Option<f64>) -> Run {
        Run {
            run: path.into(),
            reached: vec![Reached {
                seconds: 1.0,
                c: 3.0,
            }],
            entropy,
            ..Run::default()
        }
    }

    #[test]
    fn directories_name_the_curves_and_paths_do_where_two_are_alike() {
        let names = |paths: &[&str]| -> Vec<String> {
            let runs: Vec<Run> = paths.iter().map(|path| run(path, None)).collect();
            let drawn = of_runs(&runs).into_iter();
            drawn.map(|drawn| drawn.curve.name).collect()
        };
        assert_eq!(names(&["a/x", "b/y/", "."]), ["x", "y", "."]);
        assert_eq!(names(&["a/x", "b/x", "z"]), ["a/x", "b/x", "z"]);
    }

    #[test]
    fn the_entropy_is_drawn_where_it_is_one() {
        let floor = |entropies: &[Option<f64>]| {
            let runs: Vec<Run> = entropies.iter().map(|h| run("x", *h)).collect();
            super::floor(&of_runs(&runs))
        };
        assert_eq!(floor(&[Some(2.5), None, Some(2.5)]), Some(2.5));
        assert_eq!(floor(&[Some(2.5), Some(2.0)]), None);
        assert_eq!(floor(&[None]), None);
    }
}
