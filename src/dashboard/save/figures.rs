//! The figures of `otflow plot` as PNG files, beside the screen that the same key saves: the flow as it was last pictured, in the
//! columns that are looked at, and the losses of the run's record. They are drawn on a thread of their own, one set at a time.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};

use super::Destination;
use crate::dashboard::state::State;
use crate::dashboard::state::flow::{column_name, unit};
use crate::dashboard::state::log::LogKind;
use crate::event::Picture;
use crate::file;
use crate::plot::{self, LossCurves, PlottedColumns, SvgFigure};

/// Longest wait for unfinished figures when the dashboard is left.
const PATIENCE: Duration = Duration::from_secs(2);

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
    /// Begins with the figures of what `state` shows; the log tells if it can't.
    pub fn begin(&mut self, state: &mut State) {
        if self.lines.is_some() {
            let text = "pictures not saved: the last ones are still being drawn";
            state.log_line(LogKind::Warning, text.into());
            return;
        }
        let Some(set) = FigureSet::of(state) else {
            return;
        };
        match set.begin() {
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

/// The figures that one key saves.
struct FigureSet {
    destination: Destination,
    /// The name of the run, with which the titles begin.
    run: String,
    /// Whether the directory has the run's metrics.
    recorded: bool,
    picture: Option<Picture>,
    columns: PlottedColumns,
}

/// A figure as it is saved.
struct NamedFigure {
    /// The part of the file's name that says what is on the figure.
    name: &'static str,
    /// The figure, or why it can't be drawn.
    figure: Result<SvgFigure, String>,
}

impl FigureSet {
    /// The figures of what `state` shows; None before the run has begun.
    fn of(state: &State) -> Option<Self> {
        let start = state.start.as_ref()?;
        let name = |column| column_name(start, column);
        let columns = PlottedColumns::new((0..start.dimension).map(name).collect());
        let shown = state.view.flow.columns(start.dimension);
        let columns = columns.choose(&shown.map(name)).ok()?;
        Some(FigureSet {
            destination: Destination::of(state),
            run: start.name.clone(),
            recorded: start.run.is_some(),
            picture: state.picture.clone(),
            columns: match unit(start) {
                Some(unit) => columns.with_unit(unit),
                None => columns,
            },
        })
    }

    fn begin(self) -> io::Result<Receiver<LogText>> {
        let (tell, lines) = unbounded();
        let body = move || {
            let saved = self.all(&tell);
            let names = match &saved[..] {
                [] => return,
                [one] => (*one).to_owned(),
                more => format!("{{{}}}", more.join(",")),
            };
            let Destination { directory, stem } = &self.destination;
            let place = directory.display();
            let text = format!("saved {stem}-{names}.png in {place}");
            let _ = tell.send(LogText::note(text));
        };
        thread::Builder::new().name("figures".into()).spawn(body)?;
        Ok(lines)
    }

    /// Draws and writes the figures; the names of those that were written. What failed is told.
    fn all(&self, tell: &Sender<LogText>) -> Vec<&'static str> {
        let flow = self.picture.iter().flat_map(|picture| self.flow(picture));
        let losses = self.recorded.then(|| NamedFigure {
            name: "losses",
            figure: self.losses(),
        });
        let mut saved = Vec::new();
        for NamedFigure { name: what, figure } in flow.chain(losses) {
            let name = format!("{}-{what}.png", self.destination.stem);
            match figure.and_then(|figure| self.save(&name, &figure)) {
                Ok(()) => saved.push(what),
                // Nobody who listens: the dashboard was left.
                Err(error) => {
                    let text = format!("{name} not saved: {error}");
                    let _ = tell.send(LogText::warning(text));
                }
            }
        }
        saved
    }

    /// The figures of the flow that can be drawn of points of their dimension.
    fn flow(&self, picture: &Picture) -> Vec<NamedFigure> {
        let (columns, run) = (&self.columns, &self.run);
        let named = |name, figure| NamedFigure {
            name,
            figure: Ok(figure),
        };
        let mut figures = match picture.dimension {
            0 | 1 => vec![named("corner", plot::corner(picture, columns, run))],
            _ => vec![
                named("panels", plot::panels(picture, columns, run)),
                named("paths", plot::paths(picture, columns, run)),
            ],
        };
        if let Some(density) = &picture.density {
            figures.push(named("density", plot::density(density, columns, run)));
        }
        figures
    }

    fn losses(&self) -> Result<SvgFigure, String> {
        // Lines that are no events are the follower's to tell.
        let losses = LossCurves::read(&self.destination.directory)?.losses;
        Ok(plot::losses(&losses, &self.run))
    }

    fn save(&self, name: &str, figure: &SvgFigure) -> Result<(), String> {
        let bytes = figure.png().map_err(|error| error.to_string())?;
        file::replace(&self.destination.directory.join(name), &bytes)
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::state::log::LogLine;
    use crate::run::{line, synthetic};

    /// A run of the sample whose directory is `folder`, in which it has a record.
    fn recorded(folder: &Path) -> State {
        let mut state = fixtures::run();
        state.start.as_mut().unwrap().run = Some(folder.into());
        let lines: String = synthetic::events().iter().map(line::json).collect();
        fs::write(folder.join("metrics.jsonl"), lines).unwrap();
        state
    }

    /// The log's lines after the pictures are done.
    fn told(state: &mut State) -> Vec<LogText> {
        let mut figures = FigureSaver::default();
        let before = state.log.lines().len();
        figures.begin(state);
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
        let text = format!("saved screen-400-{{{}}}.png in {place}", names.join(","));
        assert_eq!(told(&mut state), [LogText::note(text)]);
        for name in names {
            let path = folder.path().join(format!("screen-400-{name}.png"));
            let bytes = fs::read(path).unwrap();
            assert_eq!(bytes[..4], *b"\x89PNG", "{name}");
        }
        assert_eq!(files(folder.path()).len(), 5, "and the record");
    }

    #[test]
    fn one_column_has_no_plane_and_many_have_no_density() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = recorded(folder.path());
        let mut picture = fixtures::picture();
        (picture.dimension, picture.density) = (1, None);
        state.set_picture(picture.clone());
        state.start.as_mut().unwrap().dimension = 1;
        assert!(told(&mut state)[0].text.contains("400-{corner,losses}.png"));
        picture.dimension = 5;
        state.set_picture(picture);
        state.start.as_mut().unwrap().dimension = 5;
        let lines = told(&mut state);
        assert!(lines[0].text.contains("-{panels,paths,losses}.png"));
    }

    #[test]
    fn before_the_first_event_there_is_nothing_to_draw() {
        assert_eq!(told(&mut State::default()), []);
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
                .contains("saved screen-400-{panels,density}.png in")
        );
    }

    #[test]
    fn a_second_set_waits_for_nobody_and_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = recorded(folder.path());
        let mut figures = FigureSaver::default();
        figures.begin(&mut state);
        figures.begin(&mut state);
        let last = state.log.lines().back().unwrap();
        assert!(last.text.contains("still being drawn"), "{}", last.text);
    }
}
