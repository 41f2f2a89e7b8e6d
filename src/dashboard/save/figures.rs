//! The PNG files that a key saves: the screen, and figures of `otflow plot` (the flow as it was last pictured, in the columns that are
//! looked at, and the losses of the run's record). They are drawn on a thread of their own, one set at a time.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};

use super::{Destination, SvgPicture};
use crate::dashboard::state::State;
use crate::dashboard::state::flow::{column_name, unit};
use crate::dashboard::state::log::LogKind;
use crate::event::Picture;
use crate::file;
use crate::plot::{
    self, Caption, DensityMap, FigureUnits, HistogramTop, LossCurves, PlottedColumns, SvgFigure,
    points,
};

/// Longest wait for unfinished figures when the dashboard is left.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pixels of a PNG for a unit of its SVG.
const PIXELS: f32 = 2.0;

/// A line for the log.
#[derive(Debug, PartialEq)]
struct LogText {
    kind: LogKind,
    text: String,
}

impl LogText {
    fn note(text: String) -> Self {
        let kind = LogKind::Note;
        Self { kind, text }
    }

    fn warning(text: String) -> Self {
        let kind = LogKind::Warning;
        Self { kind, text }
    }
}

/// The thread that draws figures, if it is at work.
#[derive(Debug, Default)]
pub struct FigureSaver {
    /// What the thread tells; ends with it.
    lines: Option<Receiver<LogText>>,
}

impl FigureSaver {
    /// Begins with the screen and the figures of what `state` shows; the log tells if it can't.
    pub fn begin(&mut self, state: &mut State, screen: SvgPicture) {
        if self.lines.is_some() {
            let text = "pictures not saved: the last ones are still being drawn";
            state.log_line(LogKind::Warning, text.into());
            return;
        }
        match FigureSet::of(state, screen).begin() {
            Ok(lines) => self.lines = Some(lines),
            Err(error) => state.log_line(LogKind::Warning, format!("pictures not saved: {error}")),
        }
    }

    /// Puts the results into the log; true if there are new ones.
    pub fn report(&mut self, state: &mut State) -> bool {
        let mut told = false;
        while let Some(lines) = &self.lines {
            match lines.try_recv() {
                Ok(LogText { kind, text }) => state.log_line(kind, text),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => self.lines = None,
            }
            told = true;
        }
        told
    }

    /// Waits until the figures are saved, but not for long.
    pub fn finish(&self) {
        let deadline = Instant::now() + PATIENCE;
        let next = |lines: &Receiver<LogText>| lines.recv_deadline(deadline);
        while self.lines.as_ref().is_some_and(|lines| next(lines).is_ok()) {}
    }
}

/// The pictures that one key saves.
struct FigureSet {
    destination: Destination,
    screen: SvgPicture,
    /// The figures of the run; None before it has begun.
    run: Option<RunFigures>,
}

/// The figures of a run.
struct RunFigures {
    /// The name of the run, with which the titles begin.
    name: String,
    /// The directory that has the run's metrics, if there is one.
    recorded: Option<PathBuf>,
    picture: Option<Picture>,
    /// The units of points and densities.
    units: FigureUnits,
    columns: PlottedColumns,
}

/// A picture as it is saved.
struct NamedPicture {
    /// What is on it: the end of the file's name, as `-losses`; empty for the screen.
    name: &'static str,
    /// The picture, or why it can't be drawn.
    drawn: Result<SvgPicture, String>,
}

impl FigureSet {
    /// The screen, and the figures of what `state` shows.
    fn of(state: &State, screen: SvgPicture) -> Self {
        FigureSet {
            destination: Destination::of(state),
            screen,
            run: RunFigures::of(state),
        }
    }

    fn begin(self) -> io::Result<Receiver<LogText>> {
        let (tell, lines) = unbounded();
        let body = move || {
            let Destination { directory, stem } = self.destination.clone();
            let saved = self.all(&tell);
            if saved.is_empty() {
                return;
            }
            let names = match &saved[..] {
                [one] => (*one).to_owned(),
                more => format!("{{{}}}", more.join(",")),
            };
            let text = format!("saved {stem}{names}.png in {}", directory.display());
            let _ = tell.send(LogText::note(text));
        };
        thread::Builder::new().name("figures".into()).spawn(body)?;
        Ok(lines)
    }

    /// Draws and writes the pictures; the names of those that were written. What failed is told.
    fn all(self, tell: &Sender<LogText>) -> Vec<&'static str> {
        let screen = NamedPicture {
            name: "",
            drawn: Ok(self.screen),
        };
        let screen = std::iter::once(screen);
        let flow = self.run.iter().flat_map(RunFigures::flow);
        let losses = self.run.iter().filter_map(RunFigures::losses);
        let (mut saved, mut warned) = (Vec::new(), BTreeSet::new());
        for NamedPicture { name: what, drawn } in screen.chain(flow).chain(losses) {
            let Destination { directory, stem } = &self.destination;
            let name = format!("{stem}{what}.png");
            let write = |SvgPicture { svg, size }| {
                let image = plot::png(&svg, size, PIXELS).map_err(|error| error.to_string())?;
                let written = file::replace(&directory.join(&name), &image.bytes);
                written.map_err(|error| error.to_string())?;
                Ok(image.warning)
            };
            match drawn.and_then(write) {
                Ok(warning) => {
                    saved.push(what);
                    if let Some(text) = warning.filter(|text| warned.insert(text.clone())) {
                        let _ = tell.send(LogText::warning(text));
                    }
                }
                // Nobody who listens: the dashboard was left.
                Err(error) => {
                    let text = format!("{name} not saved: {error}");
                    let _ = tell.send(LogText::warning(text));
                }
            }
        }
        saved
    }
}

impl RunFigures {
    /// The figures of what `state` shows; None before the run has begun.
    fn of(state: &State) -> Option<Self> {
        let start = state.start.as_ref()?;
        let name = |column| column_name(start, column);
        let columns = PlottedColumns::new((0..start.dimension).map(name).collect());
        let shown = state.view.flow.columns(start.dimension);
        let columns = columns.choose(&shown.map(name)).ok()?;
        Some(RunFigures {
            name: start.name.clone(),
            recorded: start.run.clone(),
            picture: state.picture.clone(),
            units: match unit(start) {
                Some(_) => FigureUnits::Standardized,
                None => FigureUnits::Data,
            },
            columns: match unit(start) {
                Some(unit) => columns.with_unit(unit),
                None => columns,
            },
        })
    }

    /// The figures of the flow that can be drawn of points of their dimension.
    fn flow(&self) -> Vec<NamedPicture> {
        let Some(picture) = &self.picture else {
            return Vec::new();
        };
        let columns = &self.columns;
        let caption = &Caption {
            run: self.name.clone(),
            iteration: picture.iteration,
            units: self.units,
            figures: None,
        };
        let named = |name, figure: SvgFigure| NamedPicture {
            name,
            drawn: Ok(figure.into()),
        };
        let mut figures = match picture.dimension {
            0 | 1 => vec![named(
                "-corner",
                plot::corner(picture, columns, HistogramTop::OfBoth, caption),
            )],
            _ => vec![
                named("-panels", plot::panels(picture, columns, caption)),
                named("-paths", plot::paths(picture, columns, caption)),
            ],
        };
        if let Some(density) = &picture.density {
            // The picture has its grid in the order of its columns.
            let columns = &columns.in_order();
            let map = DensityMap {
                density,
                points: &points(&picture.data, picture.dimension, [0, 1]),
                brightest: None,
            };
            figures.push(named("-density", plot::density(&map, columns, caption)));
        }
        figures
    }

    /// The losses of a run that is recorded.
    fn losses(&self) -> Option<NamedPicture> {
        // Lines that are no events are the follower's to tell.
        let read = LossCurves::read(self.recorded.as_deref()?);
        let drawn = read.map(|read| plot::losses(&read.losses, &self.name).into());
        Some(NamedPicture {
            name: "-losses",
            drawn,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::state::log::LogLine;
    use crate::plot::FigureSize;
    use crate::run::{line, synthetic};

    /// A run of the sample whose directory is `folder`, in which it has a record.
    fn recorded(folder: &Path) -> State {
        let mut state = fixtures::run();
        state.start.as_mut().unwrap().run = Some(folder.into());
        let lines: String = synthetic::events().iter().map(line::json).collect();
        fs::write(folder.join("metrics.jsonl"), lines).unwrap();
        state
    }

    /// A screen with a word on it.
    fn screen() -> SvgPicture {
        let size = FigureSize {
            width: 80.0,
            height: 20.0,
        };
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='80' height='20' font-family='DejaVu Sans Mono'>\
                   <text x='1' y='15'>flow</text></svg>";
        SvgPicture {
            svg: svg.into(),
            size,
        }
    }

    /// The log's lines after the pictures are done.
    fn told(state: &mut State) -> Vec<LogText> {
        let mut figures = FigureSaver::default();
        let before = state.log.lines().len();
        figures.begin(state, screen());
        while figures.lines.is_some() {
            figures.report(state);
            thread::yield_now();
        }
        let lines = state.log.lines().iter().skip(before);
        let told = |line: &LogLine| LogText {
            kind: line.kind,
            text: line.text.clone(),
        };
        lines.map(told).collect()
    }

    fn files(folder: &Path) -> Vec<String> {
        let files = fs::read_dir(folder).unwrap();
        let name = |file: io::Result<fs::DirEntry>| file.unwrap().file_name().into_string();
        let mut names: Vec<String> = files.map(|file| name(file).unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_flow_and_the_losses_are_saved_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = recorded(folder.path());
        let place = folder.path().display();
        let names = ["panels", "paths", "density", "losses"];
        let ends: Vec<String> = names.iter().map(|name| format!(",-{name}")).collect();
        let text = format!("saved screen-400{{{}}}.png in {place}", ends.concat());
        assert_eq!(told(&mut state), [LogText::note(text)]);
        for name in names {
            let path = folder.path().join(format!("screen-400-{name}.png"));
            let bytes = fs::read(path).unwrap();
            assert_eq!(bytes[..4], *b"\x89PNG", "{name}");
        }
        assert_eq!(files(folder.path()).len(), 6, "and screen and record");
    }

    #[test]
    fn one_column_has_no_plane_and_many_have_no_density() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = recorded(folder.path());
        let mut picture = fixtures::picture();
        (picture.dimension, picture.density) = (1, None);
        state.set_picture(picture.clone());
        state.start.as_mut().unwrap().dimension = 1;
        assert!(
            told(&mut state)[0]
                .text
                .contains("400{,-corner,-losses}.png")
        );
        picture.dimension = 5;
        state.set_picture(picture);
        state.start.as_mut().unwrap().dimension = 5;
        let lines = told(&mut state);
        assert!(lines[0].text.contains("{,-panels,-paths,-losses}.png"));
    }

    #[test]
    fn before_the_first_event_there_is_the_screen_alone() {
        let set = FigureSet::of(&State::default(), screen());
        let folder = tempfile::tempdir().unwrap();
        let set = FigureSet {
            destination: Destination {
                directory: folder.path().into(),
                ..set.destination
            },
            ..set
        };
        let lines: Vec<LogText> = set.begin().unwrap().iter().collect();
        let place = folder.path().display();
        assert_eq!(
            lines,
            [LogText::note(format!("saved screen-0.png in {place}"))]
        );
        let png = fs::read(folder.path().join("screen-0.png")).unwrap();
        assert_eq!(png[16..24], [0, 0, 0, 160, 0, 0, 0, 40]);
    }

    #[test]
    fn what_cannot_be_written_is_told_for_each_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = recorded(folder.path());
        fs::create_dir(folder.path().join("screen-400-paths.png")).unwrap();
        fs::remove_file(folder.path().join("metrics.jsonl")).unwrap();
        let lines = told(&mut state);
        let kinds: Vec<LogKind> = lines.iter().map(|line| line.kind).collect();
        assert_eq!(kinds, [LogKind::Warning, LogKind::Warning, LogKind::Note]);
        assert!(
            lines[0]
                .text
                .starts_with("screen-400-paths.png not saved: ")
        );
        assert!(
            lines[1]
                .text
                .starts_with("screen-400-losses.png not saved: ")
        );
        assert!(
            lines[2]
                .text
                .contains("saved screen-400{,-panels,-density}.png in")
        );
    }

    #[test]
    fn a_second_set_waits_for_nobody_and_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = recorded(folder.path());
        let mut figures = FigureSaver::default();
        figures.begin(&mut state, screen());
        figures.begin(&mut state, screen());
        let last = state.log.lines().back().unwrap();
        assert!(last.text.contains("still being drawn"), "{}", last.text);
    }
}
