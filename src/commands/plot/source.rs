//! The source of the pictures of `otflow plot`: a run directory or a model file. Losses are drawn from the metrics of a run, all other
//! pictures from the parameters and the data of the session.

use std::path::{Path, PathBuf};

use super::film::film;
use super::flow::{FlowSource, PlottedFlow};
use crate::cli;
use crate::commands::model_file::load_model;
use crate::file;
use crate::plot::{
    self, DensityMap, FilmFormat, HistogramTop, LossCurves, PictureKind, PlottedColumns,
    ReadLosses, SvgFigure,
};
use crate::run::read::{self, run_of};
use crate::say;

/// A run directory or a model file that pictures are drawn of.
pub struct PlotSource<'a> {
    args: &'a cli::PlotArgs,
    /// Name of the run or model, for the titles.
    name: String,
    /// Run directory; None for a model file in none.
    run: Option<PathBuf>,
    /// The flow, once it was loaded.
    flow: Option<PlottedFlow>,
}

impl<'a> PlotSource<'a> {
    /// Opens the run directory or the model file of the arguments.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(args: &'a cli::PlotArgs) -> Result<Self, String> {
        let path = &args.source;
        let mut name = name_of(path);
        if !file::is_stream(path) {
            let metadata = path
                .metadata()
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            if !metadata.is_dir() {
                name.set_extension("");
            }
        }
        let run = run_of(path.clone());
        Ok(PlotSource {
            args,
            name: name.to_string_lossy().into_owned(),
            run: run.is_dir().then_some(run),
            flow: None,
        })
    }

    /// Draws one picture.
    ///
    /// # Errors
    /// When its data can't be read, or the model has no such picture.
    pub fn figure(&mut self, kind: PictureKind) -> Result<SvgFigure, String> {
        if kind == PictureKind::Losses {
            return self.losses();
        }
        let mut flow = match self.flow.take() {
            Some(flow) => flow,
            None => self.load()?,
        };
        let figure = self.figure_of_flow(kind, &mut flow);
        self.flow = Some(flow);
        figure
    }

    /// Makes the film of the run; the bytes of its file.
    ///
    /// # Errors
    /// When this is no run, or one that can't be trained again.
    pub fn film(&self, format: FilmFormat) -> Result<Vec<u8>, String> {
        let Some(run) = &self.run else {
            return Err(format!(
                "{}: a film is of a run directory, which is trained again: give that instead of a model",
                self.args.source.display()
            ));
        };
        film(run, &name_of(run).to_string_lossy(), format, self.args)
    }

    /// Draws a picture of the flow.
    fn figure_of_flow(
        &self,
        kind: PictureKind,
        flow: &mut PlottedFlow,
    ) -> Result<SvgFigure, String> {
        let name = &self.name;
        let caption = flow.caption(name);
        if kind == PictureKind::Conditional {
            let map = flow.conditional(&self.args.columns)?;
            return Ok(plot::conditional(&map, None, &caption));
        }
        let columns = PlottedColumns::new(flow.names()).choose(&self.args.columns)?;
        let d = flow.picture().dimension;
        if d < 2 && matches!(kind, PictureKind::Panels | PictureKind::Paths) {
            return Err(format!(
                "{name} has one learned column, and these pictures are for two and more: \
                 try --what density, corner, histogram or conditional"
            ));
        }
        Ok(match kind {
            PictureKind::Paths => {
                let columns = match flow.path_units() {
                    Some(units) => columns.with_unit(units),
                    None => columns,
                };
                plot::paths(flow.standardized(), &columns, &flow.path_caption(name))
            }
            PictureKind::Density if d == 1 => {
                plot::curve(&flow.curve()?, &columns.name(0), None, &caption)
            }
            PictureKind::Density => {
                let map = DensityMap {
                    density: &flow.density(&columns)?,
                    points: &flow.data_points(&columns),
                    brightest: None,
                };
                plot::density(&map, &columns, &caption)
            }
            PictureKind::Corner => {
                plot::corner(flow.picture(), &columns, HistogramTop::OfBoth, &caption)
            }
            PictureKind::Histogram => plot::histogram(&flow.log_densities(), &caption),
            _ => plot::panels(flow.picture(), &columns, &caption),
        })
    }

    /// Draws the losses of a run.
    fn losses(&self) -> Result<SvgFigure, String> {
        let Some(run) = &self.run else {
            return Err(format!(
                "{}: losses are in a run directory: give that instead of a model",
                self.args.source.display()
            ));
        };
        if let Some(fault) = read::fault(run) {
            return Err(fault);
        }
        let ReadLosses { losses, complaint } = LossCurves::read(run)?;
        complaint.iter().for_each(|text| say::err(text));
        Ok(plot::losses(&losses, &name_of(run).to_string_lossy()))
    }

    /// Loads the flow with its data.
    fn load(&self) -> Result<PlottedFlow, String> {
        let source = &self.args.source;
        PlottedFlow::new(FlowSource::from(load_model(source)?), self.args)
            .map_err(|error| format!("{}: {error:#}", source.display()))
    }
}

/// The last name of a path, behind all links.
fn name_of(path: &Path) -> PathBuf {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use clap::Parser;
    use tempfile::TempDir;

    use super::*;
    use crate::cli::{Cli, ProgramCommand};
    use crate::commands::plot::plot;
    use crate::data::Dataset;
    use crate::exit::Exit;
    use crate::run::{line, synthetic};
    use crate::session;
    use crate::trainer::Trainer;

    const TOY: &str = r#"(data: Toy(name: "moons", batch: 50), model: (width: 4), validation: (samples: 20, steps: 4))"#;

    /// A run directory with parameters after an iteration of a session, and the metrics of a synthetic run.
    fn run(session: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let session = Arc::new(session::parse(session, Path::new("tiny.ron")).unwrap());
        let data = Arc::new(Dataset::open(&session.data, session.model.seed).unwrap());
        let mut trainer = Trainer::new(session, data, 1).unwrap();
        trainer.iterate(&mut |_| ());
        let model = trainer.last_model();
        model.save(&folder.path().join("last.safetensors")).unwrap();
        let lines: String = synthetic::events().iter().map(line::json).collect();
        fs::write(folder.path().join("metrics.jsonl"), lines).unwrap();
        folder
    }

    fn asked(source: &Path, more: &[&str]) -> cli::PlotArgs {
        let source = source.to_str().unwrap();
        let args = [&["otflow", "plot", source], more].concat();
        match Cli::parse_from(args).command {
            Some(ProgramCommand::Plot(plot)) => plot,
            other => panic!("{other:?}"),
        }
    }

    /// Of one picture: its SVG, or why there is none.
    fn drawn(source: &Path, more: &[&str]) -> Result<String, String> {
        let args = asked(
            source,
            &[&["--out=a.svg", "--n=30", "--steps=4"], more].concat(),
        );
        let figure = PlotSource::open(&args)?.figure(args.what[0]);
        figure.map(|figure| figure.svg())
    }

    #[test]
    fn a_run_of_a_toy_set_has_every_picture_but_the_conditional_one() {
        let run = run(TOY);
        let out = run.path().join("f.png");
        let out = out.to_str().unwrap();
        let what = "--what=panels,paths,density,losses,corner,histogram";
        let args = asked(run.path(), &["--out", out, what, "--n=30", "--steps=4"]);
        assert_eq!(plot(&args).unwrap(), Exit::Done);
        for what in [
            "panels",
            "paths",
            "density",
            "losses",
            "corner",
            "histogram",
        ] {
            let bytes = fs::read(run.path().join(format!("f-{what}.png"))).unwrap();
            assert_eq!(bytes[..4], *b"\x89PNG", "{what}");
        }
        let refused = drawn(run.path(), &["--what=conditional"]).unwrap_err();
        assert!(refused.contains("2 learned and 0 given"), "{refused}");
        let reversed = drawn(run.path(), &["--columns=x2,1"]).unwrap();
        assert!(reversed.find(">\nx2").is_some() && reversed.find("x2") < reversed.find("x1"));
        assert!(drawn(run.path(), &["--columns=x3"]).is_err());
    }

    #[test]
    fn the_seed_draws_other_points_and_the_same_seed_the_same() {
        let run = run(TOY);
        let of = |seed| drawn(run.path(), &[seed]).unwrap();
        assert_eq!(of("--seed=3"), of("--seed=3"));
        assert_ne!(of("--seed=3"), of("--seed=4"));
    }

    /// A table of y and of x = 1000 y + 50 sin(row), of which p(x | y) is learned.
    #[test]
    fn a_conditional_density_is_drawn_in_the_units_of_its_table() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        let row = |k: u32| {
            let y = f64::from(k % 17);
            format!("{y},{},{}\n", 1000.0 * y + 50.0 * f64::from(k).sin(), k % 5)
        };
        let rows: String = (0..300).map(row).collect();
        fs::write(&table, format!("size,price,kind\n{rows}")).unwrap();
        let session = format!(
            r#"(data: Table(path: {table:?}, given: ["size", "kind"], batch: 50), model: (width: 4),
                validation: (samples: 20, steps: 4))"#
        );
        let run = run(&session);
        let svg = drawn(run.path(), &["--what=conditional"]).unwrap();
        for words in [
            "p(price | size) (per unit of price)",
            "kind = ",
            "10000",
            "15",
        ] {
            assert!(svg.contains(words), "{words}");
        }
        let svg = drawn(run.path(), &["--what=conditional", "--columns=kind"]).unwrap();
        assert!(svg.contains("p(price | kind)") && svg.contains("size = "));
        assert!(
            drawn(run.path(), &["--what=corner"])
                .unwrap()
                .contains("10000")
        );
        for what in ["panels", "paths", "density"] {
            let error = drawn(run.path(), &[&format!("--what={what}")]).unwrap_err();
            assert!(error.contains("histogram"), "{what}: {error}");
        }
        fs::remove_file(&table).unwrap();
        let gone = drawn(run.path(), &["--what=corner"]).unwrap_err();
        assert!(gone.contains("t.csv"), "{gone}");
    }

    #[test]
    fn what_is_no_run_and_no_model_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("junk.safetensors"), b"\0\xff junk").unwrap();
        fs::create_dir(at("empty")).unwrap();
        fs::create_dir_all(at("odd/metrics.jsonl")).unwrap();
        let published = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reference/swissroll_published.safetensors");
        let panels = "--what=panels";
        for (source, what, words) in [
            (at("none"), panels, "cannot read"),
            (at("junk.safetensors"), panels, "not a safetensors file"),
            (at("junk.safetensors"), "--what=losses", "run directory"),
            (at("empty"), panels, "neither best.safetensors nor"),
            (at("empty"), "--what=losses", "metrics.jsonl"),
            (at("odd"), "--what=losses", "no ordinary file"),
            (published, panels, "does not say on what it was trained"),
        ] {
            let error = drawn(&source, &[what]).unwrap_err();
            assert!(error.contains(words), "{error}");
            let name = source.file_name().unwrap().to_str().unwrap();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_published_checkpoint_is_drawn_on_the_data_of_a_session() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let published = folder.join("tests/reference/swissroll_published.safetensors");
        let session = |name: &str| format!("--session={}", folder.join(name).display());
        let svg = drawn(
            &published,
            &[
                "--what=panels",
                &session("sessions/published/swissroll.ron"),
            ],
        );
        assert!(svg.unwrap().contains("swissroll_published"));
        let other = drawn(
            &published,
            &["--what=panels", &session("sessions/published/power.ron")],
        );
        assert!(other.is_err());
    }

    #[test]
    fn an_ending_that_is_no_picture_is_refused_and_a_place_that_is_not_there_is_an_error() {
        let run = run(TOY);
        let exit = |out: &Path| {
            let args = ["--out", out.to_str().unwrap(), "--what=losses"];
            plot(&asked(run.path(), &args))
        };
        assert_eq!(exit(&run.path().join("f.pdf")).unwrap(), Exit::Refused);
        let error = exit(&run.path().join("gone/f.png"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("gone"), "{error}");
    }
}
