//! The pictures of `otflow plot` as PNG files, beside the screen that the same key saves: the flow as it was last pictured, in the
//! columns that are looked at, and the losses of the run's record. They are drawn on a thread of their own, one set at a time.

use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};

use super::journal::Kind;
use super::portrait;
use super::stage;
use super::state::State;
use crate::event::Picture;
use crate::file;
use crate::plot::{self, LossCurves, PlottedColumns, SvgFigure};

/// How long pictures in hand are waited for when the dashboard is left.
const PATIENCE: Duration = Duration::from_secs(2);

/// A line for the log.
type Line = (Kind, String);

/// Where pictures are made.
#[derive(Debug, Default)]
pub struct Gallery {
    /// What is told of the set in hand; ends with it.
    lines: Option<Receiver<Line>>,
}

impl Gallery {
    /// Begins with the pictures of what `state` shows; the log says so if it can't.
    pub fn order(&mut self, state: &mut State) {
        if self.lines.is_some() {
            let text = "pictures not saved: the last ones are still being drawn";
            state.tell(Kind::Warning, text.into());
            return;
        }
        let Some(order) = Order::of(state) else {
            return;
        };
        match order.begin() {
            Ok(lines) => self.lines = Some(lines),
            Err(error) => state.tell(Kind::Warning, format!("pictures not saved: {error}")),
        }
    }

    /// Puts what has become of them into the log; true if that is anything new.
    pub fn news(&mut self, state: &mut State) -> bool {
        let mut told = false;
        while let Some(lines) = &self.lines {
            match lines.try_recv() {
                Ok((kind, text)) => state.tell(kind, text),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => self.lines = None,
            }
            told = true;
        }
        told
    }

    /// Until the set in hand is done, but not for long.
    pub fn finish(&self) {
        let deadline = Instant::now() + PATIENCE;
        let next = |lines: &Receiver<Line>| lines.recv_deadline(deadline);
        while self.lines.as_ref().is_some_and(|lines| next(lines).is_ok()) {}
    }
}

/// One set of pictures.
struct Order {
    directory: PathBuf,
    /// What the names of the files begin with.
    stem: String,
    /// What the titles begin with.
    run: String,
    /// Whether the directory has the run's metrics.
    recorded: bool,
    picture: Option<Picture>,
    columns: PlottedColumns,
}

impl Order {
    /// None before the run has begun.
    fn of(state: &State) -> Option<Self> {
        let start = state.start.as_ref()?;
        let (directory, stem) = portrait::destination(state);
        let name = |column| stage::name(start, column);
        let columns = PlottedColumns::new((0..start.dimension).map(name).collect());
        let shown = state.view.stage.columns(start.dimension);
        let columns = columns.choose(&shown.map(name)).ok()?;
        Some(Order {
            directory,
            stem,
            run: start.name.clone(),
            recorded: start.run.is_some(),
            picture: state.picture.clone(),
            columns: match stage::unit(start) {
                Some(unit) => columns.with_unit(unit),
                None => columns,
            },
        })
    }

    fn begin(self) -> io::Result<Receiver<Line>> {
        let (tell, lines) = unbounded();
        let body = move || {
            let saved = self.all(&tell);
            let names = match &saved[..] {
                [] => return,
                [one] => (*one).to_owned(),
                more => format!("{{{}}}", more.join(",")),
            };
            let (stem, place) = (&self.stem, self.directory.display());
            let text = format!("saved {stem}-{names}.png in {place}");
            let _ = tell.send((Kind::Note, text));
        };
        thread::Builder::new().name("gallery".into()).spawn(body)?;
        Ok(lines)
    }

    /// The pictures that were written; what failed is told.
    fn all(&self, tell: &Sender<Line>) -> Vec<&'static str> {
        let flow = self.picture.iter().flat_map(|picture| self.flow(picture));
        let losses = self.recorded.then(|| ("losses", self.losses()));
        let mut saved = Vec::new();
        for (what, figure) in flow.chain(losses) {
            let name = format!("{}-{what}.png", self.stem);
            match figure.and_then(|figure| self.save(&name, &figure)) {
                Ok(()) => saved.push(what),
                // Nobody who listens: the dashboard was left.
                Err(error) => _ = tell.send((Kind::Warning, format!("{name} not saved: {error}"))),
            }
        }
        saved
    }

    /// What can be drawn of points in so many columns.
    fn flow(&self, picture: &Picture) -> Vec<(&'static str, Result<SvgFigure, String>)> {
        let (columns, run) = (&self.columns, &self.run);
        let mut figures = match picture.dimension {
            0 | 1 => vec![("corner", plot::corner(picture, columns, run))],
            _ => vec![
                ("panels", plot::panels(picture, columns, run)),
                ("paths", plot::paths(picture, columns, run)),
            ],
        };
        let density = picture.density.as_ref();
        figures.extend(density.map(|density| ("density", plot::density(density, columns, run))));
        figures
            .into_iter()
            .map(|(what, figure)| (what, Ok(figure)))
            .collect()
    }

    fn losses(&self) -> Result<SvgFigure, String> {
        // Lines that are no events are the follower's to tell.
        let read = LossCurves::read(&self.directory)?;
        Ok(plot::losses(&read.losses, &self.run))
    }

    fn save(&self, name: &str, figure: &SvgFigure) -> Result<(), String> {
        let bytes = figure.png().map_err(|error| error.to_string())?;
        file::replace(&self.directory.join(name), &bytes).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::sample;
    use super::*;
    use crate::run::{line, synthetic};

    /// A run of the sample whose directory is `folder`, in which it has a record.
    fn recorded(folder: &Path) -> State {
        let mut state = sample::run();
        state.start.as_mut().unwrap().run = Some(folder.into());
        let lines: String = synthetic::events().iter().map(line::json).collect();
        fs::write(folder.join("metrics.jsonl"), lines).unwrap();
        state
    }

    /// The log's lines after the pictures are done.
    fn told(state: &mut State) -> Vec<Line> {
        let mut gallery = Gallery::default();
        let before = state.journal.lines().len();
        gallery.order(state);
        while gallery.lines.is_some() {
            gallery.news(state);
            thread::yield_now();
        }
        let lines = state.journal.lines().iter().skip(before);
        lines.map(|line| (line.kind, line.text.clone())).collect()
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
        assert_eq!(told(&mut state), [(Kind::Note, text)]);
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
        let mut picture = sample::picture();
        (picture.dimension, picture.density) = (1, None);
        state.show(picture.clone());
        state.start.as_mut().unwrap().dimension = 1;
        assert!(told(&mut state)[0].1.contains("400-{corner,losses}.png"));
        picture.dimension = 5;
        state.show(picture);
        state.start.as_mut().unwrap().dimension = 5;
        let lines = told(&mut state);
        assert!(lines[0].1.contains("-{panels,paths,losses}.png"));
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
        let kinds: Vec<Kind> = lines.iter().map(|line| line.0).collect();
        assert_eq!(kinds, [Kind::Warning, Kind::Warning, Kind::Note]);
        assert!(lines[0].1.starts_with("screen-400-paths.png not saved: "));
        assert!(lines[1].1.starts_with("screen-400-losses.png not saved: "));
        assert!(
            lines[2]
                .1
                .contains("saved screen-400-{panels,density}.png in")
        );
    }

    #[test]
    fn a_second_set_waits_for_nobody_and_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = recorded(folder.path());
        let mut gallery = Gallery::default();
        gallery.order(&mut state);
        gallery.order(&mut state);
        let last = state.journal.lines().back().unwrap();
        assert!(last.text.contains("still being drawn"), "{}", last.text);
    }
}
