//! The film of a run: its density after iterations that are closer together at the beginning. The run is trained again, as only its last
//! checkpoints are kept, its models are taken on the way, and drawn on axes and colours that are the same in all frames.

use std::path::Path;
use std::sync::Arc;

use indicatif::ProgressBar;

use super::flow::{FlowSource, PlottedFlow};
use crate::cli;
use crate::commands::progress::{WHOLE, progress_bar};
use crate::data::Dataset;
use crate::event::{Density, Picture};
use crate::plot::{
    self, Caption, ColumnDensity, ConditionalMap, DensityMap, Film, FilmFormat, HistogramTop, Pace,
    PlottedColumns, SvgFigure, frame_iterations,
};
use crate::replay::{ModelAt, ReplayedRun};
use crate::say;
use crate::session;

/// Largest width of a frame that is not asked for, pixels.
const WIDTH: f64 = 900.0;
/// Time that the last frame is held, hundredths of a second.
const HELD: u16 = 300;

/// Makes the film of a run; the bytes of its file.
///
/// # Errors
/// When the run can't be trained again to the bits that it had, its data can't be read, or the film is too large.
pub fn film(
    run: &Path,
    name: &str,
    format: FilmFormat,
    args: &cli::PlotArgs,
) -> Result<Vec<u8>, String> {
    let said = |error: anyhow::Error| format!("no film of {}: {error:#}", run.display());
    let replayed = ReplayedRun::open(run).map_err(said)?;
    let (first, last) = replayed.iterations();
    let iterations = frame_iterations(first, last, args.film.frames.into());
    let named = args.session.as_deref().map(session::load).transpose();
    let named = named.map_err(|error| said(error.into()))?;
    let session = named.map_or_else(|| Arc::clone(&replayed.start().session), Arc::new);
    let data = Dataset::open(&session.data, session.model.seed);
    let data = Arc::new(data.map_err(|error| said(error.into()))?);
    say::err(&format!(
        "training {} again, {} iterations, for {} frames",
        run.display(),
        last - first,
        iterations.len()
    ));
    let bar = progress_bar();
    let show = |bar: &ProgressBar, part: f64| bar.set_position((WHOLE * part) as u64);
    let all = (last - first).max(1) as f64;
    let trained = replayed.models(
        &iterations,
        Arc::clone(&data),
        &session.data,
        cli::threads(args.film.threads),
        &mut |iteration| {
            bar.set_message(format!("iteration {iteration} of {last}"));
            show(&bar, (iteration - first) as f64 / all);
        },
    );
    bar.finish_and_clear();
    let models = trained.map_err(said)?;
    let n = models.len();
    let bar = progress_bar();
    let mut contents = Vec::new();
    for (k, model) in models.into_iter().enumerate() {
        bar.set_message(format!("density {} of {n}", k + 1));
        contents.push(FrameContent::of(model, &data, name, args)?);
        show(&bar, (k + 1) as f64 / n as f64);
    }
    bar.finish_and_clear();
    // What is there in the end decides: the first iterations may pass through a narrow density that would leave the others dark.
    let last = contents
        .last()
        .ok_or_else(|| format!("no film of {}: it has no iterations", run.display()))?;
    let highest = last.highest();
    let figure = |k: usize| contents[k].figure(highest);
    let shown = last.figure(highest);
    let warning = shown.warning_of_boxes();
    warning.iter().for_each(|text| say::warn(text));
    let own = shown.size().width;
    let film = Film {
        frames: n,
        figure: &figure,
        width: args.film.width.map_or(own.min(WIDTH) as u32, u32::from),
        pace: Pace {
            frame: (100.0 / f64::from(args.film.rate)).round() as u16,
            last: HELD,
        },
    };
    let bar = progress_bar();
    let bytes = film.bytes(format, &mut |k| {
        bar.set_message(format!("frame {k} of {n}"));
        show(&bar, k as f64 / n as f64);
    });
    bar.finish_and_clear();
    bytes.map_err(|error| format!("no film of {}: {error}", run.display()))
}

/// What a frame shows.
struct FrameContent {
    caption: Caption,
    columns: PlottedColumns,
    shown: Shown,
}

/// The density of a frame, by the columns of the model.
enum Shown {
    /// Of two columns: a map, with points of the data.
    Map {
        density: Density,
        points: Vec<[f64; 2]>,
    },
    /// Of one column: a curve.
    Curve(ColumnDensity),
    /// Of one column given others.
    Conditional(ConditionalMap),
    /// Of more columns: samples, of the columns that are plotted.
    Samples(Box<Picture>),
}

impl FrameContent {
    fn of(
        at: ModelAt,
        data: &Arc<Dataset>,
        name: &str,
        args: &cli::PlotArgs,
    ) -> Result<Self, String> {
        let source = FlowSource {
            model: at.model,
            figures: at.figures,
            data: Some(Arc::clone(data)),
        };
        let flow = PlottedFlow::new(source, args);
        let mut flow = flow.map_err(|error| format!("iteration {}: {error:#}", at.iteration))?;
        let columns = PlottedColumns::new(flow.names());
        let shape = flow.shape();
        let caption = flow.caption(name);
        let (columns, shown) = match (shape.d, shape.context) {
            (1, 0) => (columns, Shown::Curve(flow.curve()?)),
            (1, _) => (
                columns,
                Shown::Conditional(flow.conditional(&args.columns)?),
            ),
            (2, 0) => {
                let columns = columns.choose(&args.columns)?;
                let density = flow.density(&columns)?;
                let points = flow.data_points(&columns);
                (columns, Shown::Map { density, points })
            }
            _ => {
                let two: Vec<String> = ["1", "2"].map(String::from).into();
                let asked = if args.columns.is_empty() {
                    &two
                } else {
                    &args.columns
                };
                let picture = Picture {
                    forward: Vec::new(),
                    backward: Vec::new(),
                    ..flow.picture().clone()
                };
                (columns.choose(asked)?, Shown::Samples(Box::new(picture)))
            }
        };
        Ok(FrameContent {
            caption,
            columns,
            shown,
        })
    }

    /// The value that the axis of densities, or their brightest colour, has to reach.
    fn highest(&self) -> f64 {
        match &self.shown {
            Shown::Map { density, .. } => plot::highest(density),
            Shown::Curve(density) => density.highest(),
            Shown::Conditional(map) => map.highest(),
            Shown::Samples(_) => 0.0,
        }
    }

    fn figure(&self, highest: f64) -> SvgFigure {
        let (columns, caption) = (&self.columns, &self.caption);
        match &self.shown {
            Shown::Map { density, points } => {
                let map = DensityMap {
                    density,
                    points,
                    brightest: Some(highest),
                };
                plot::density(&map, columns, caption)
            }
            Shown::Curve(density) => plot::curve(density, &columns.name(0), Some(highest), caption),
            Shown::Conditional(map) => plot::conditional(map, Some(highest), caption),
            Shown::Samples(picture) => {
                plot::corner(picture, columns, HistogramTop::OfData, caption)
            }
        }
    }
}
