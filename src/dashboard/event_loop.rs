//! The loop between keys, events and frames. One turn: fetch events, draw if a frame is due, sleep until a key or the next frame.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};
use crossterm::execute;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame_pacer::FramePacer;
use super::input::{TerminalInput, await_input};
use super::layout;
use super::options::Options;
use super::outcome::Outcome;
use super::pixels::{FlowPixels, Haste};
use super::save::figures::FigureSaver;
use super::save::screenshot;
use super::session_file;
use super::state::comparison::ComparedCurves;
use super::state::differences::FileNews;
use super::state::settings::{FileRequest, SettingsView, WrittenField};
use super::state::{LoopRequest, State, View};
use super::terminal::JobControl;
use super::update::paste::paste;
use super::update::{settings, update};
use super::user_editor;
use crate::event::Event;
use crate::feed::{ComparedFeed, Feed};
use crate::meter::Instruments;
use crate::session::reload::FileWatcher;

/// Longest sleep while pictures of the flow pane are being drawn: how late they may be put on the screen.
const BUSY_SLEEP: Duration = Duration::from_millis(10);

/// The reason why the loop ends or is interrupted.
#[derive(Debug)]
pub(super) enum LoopExit {
    /// The dashboard is left.
    Outcome(Outcome),
    /// The process is to stop as the shell does.
    Suspend,
    /// The shell has had the terminal.
    Resumed,
    /// The user's editor is to have the terminal.
    OpenEditor,
}

/// Whether more events can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeedState {
    Open,
    /// The trainer is gone, and all its events were fetched.
    Closed,
}

/// The screen, the state behind it, and their clock.
pub(super) struct EventLoop<'a, W: Write> {
    feed: &'a Feed,
    options: Options,
    screen: Terminal<CrosstermBackend<W>>,
    state: State,
    /// The pictures in the flow pane; None where the terminal has none.
    pixels: Option<FlowPixels>,
    figures: FigureSaver,
    /// Follows the file that a session without one has got here.
    watcher: Option<FileWatcher>,
    opened: Instant,
    pacer: FramePacer,
}

impl<'a, W: Write> EventLoop<'a, W> {
    pub(super) fn new(
        feed: &'a Feed,
        options: Options,
        screen: Terminal<CrosstermBackend<W>>,
    ) -> Self {
        let runs = feed.others.iter();
        let settings = SettingsView {
            followed: options.followed,
            unwritten: options.unwritten.is_some(),
            ..SettingsView::default()
        };
        let state = State {
            compared: runs
                .map(|run| ComparedCurves::new(run.name.clone()))
                .collect(),
            view: View {
                settings,
                within_runs: options.within_runs,
                ..View::default()
            },
            ..State::default()
        };
        // Without a thread for them there are no pictures, and that is all.
        let pixels = options.graphics.and_then(|one| FlowPixels::new(one).ok());
        Self {
            feed,
            options,
            screen,
            state,
            pixels,
            figures: FigureSaver::default(),
            watcher: None,
            opened: Instant::now(),
            pacer: FramePacer::new(),
        }
    }

    /// Makes one turn; it sleeps at most for a tenth of a second.
    pub(super) fn turn(&mut self, keys: &Receiver<TerminalInput>) -> Option<LoopExit> {
        let feed = self.fetch();
        if let Some(exit) = self.follow_request(feed) {
            return Some(exit);
        }
        let shown = match self.pacer.is_due() {
            true => self.draw(),
            false => Ok(()),
        };
        let heard = shown.and_then(|()| self.listen(keys));
        heard
            .err()
            .map(|error| LoopExit::Outcome(Outcome::Lost(error)))
    }

    /// Draws every cell anew at the next turn.
    pub(super) fn repaint(&mut self) -> io::Result<()> {
        self.pacer.repaint();
        // Not `clear`, which asks the terminal for its cursor: one that does not answer would hold everything up.
        let area = self.screen.get_frame().area();
        self.resize(area)
    }

    /// Clears the screen, which has this area from now on.
    fn resize(&mut self, area: Rect) -> io::Result<()> {
        if let Some(pixels) = &mut self.pixels {
            pixels.forget(self.screen.backend_mut())?;
        }
        self.screen.resize(area)
    }

    /// Runs the user's editor on the session file, and fetches what comes meanwhile.
    pub(super) fn open_editor(&mut self, jobs: &JobControl) {
        let start = self.state.start.as_ref();
        let file = start.and_then(|start| start.file.clone());
        let file = match file.map_or_else(|| self.write_first(), Ok) {
            Ok(file) => file,
            Err(message) => return self.state.warn(message),
        };
        let editor = user_editor::choose(|name| std::env::var(name).ok());
        let terminal = self.options.switches.terminal.clone();
        let meanwhile = || {
            self.fetch();
            // A stop that fails leaves the editor running, and that is all that is asked for.
            let _ = jobs.stop_if_asked();
        };
        let edited = terminal.give_to_editor(|| user_editor::run(&editor, &file, meanwhile));
        if let Err(message) = edited {
            self.state.warn(message);
        }
    }

    /// Fetches what has come and changes the state by it.
    fn fetch(&mut self) -> FeedState {
        self.pacer.dirty |= self.state.advance(self.opened.elapsed().as_secs_f64());
        if let Some(picture) = self.feed.take_picture() {
            self.state.set_picture(picture);
            self.pacer.dirty = true;
        }
        self.pacer.dirty |= self.state.set_dropped(self.feed.dropped());
        self.pacer.dirty |= self.figures.report(&mut self.state);
        let haste = self.haste();
        self.pacer.dirty |= self.pixels.as_mut().is_some_and(|one| one.poll(haste));
        self.fetch_other_processes();
        if let Some(Instruments { progress, meter }) = self.feed.instruments() {
            self.state.add_reading(meter.read());
            self.pacer.dirty |= self.state.set_tiles(progress.tiles());
        }
        let feed = self.fetch_events();
        self.read_session_file();
        feed
    }

    /// Reads the session file where an event has told that it has changed.
    fn read_session_file(&mut self) {
        let Some(unread) = self.state.take_unread_file() else {
            return;
        };
        if let Some(reading) = session_file::look(&unread.path) {
            self.state.set_file(reading, unread.news);
            self.pacer.dirty = true;
        }
    }

    /// Writes a session that has no file into one, and follows that.
    fn write_first(&mut self) -> Result<PathBuf, String> {
        let unwritten = self.options.unwritten.as_ref();
        let (session, start) = unwritten
            .zip(self.state.start.as_ref())
            .ok_or("this session has no file")?;
        let path = session_file::create(&start.name, &session.text)?;
        self.watcher = Some((session.follow)(&path)?);
        self.state.adopt_file(path.clone());
        // Before the first edit: what differs is what the command line sets.
        if let Some(reading) = session_file::look(&path) {
            self.state.set_file(reading, FileNews::Taken);
        }
        Ok(path)
    }

    /// Makes a change in the session file, which a session without one gets first.
    fn write(&mut self, request: &FileRequest) -> Result<Vec<WrittenField>, String> {
        let file = match (&request.file, &self.options.unwritten) {
            (Some(file), _) => file.clone(),
            (None, Some(session)) => {
                // What is refused leaves no file behind.
                session_file::changed(&session.text, "session".as_ref(), &request.change)?;
                self.write_first()?
            }
            (None, None) => return Err("this session has no file".into()),
        };
        session_file::write(&file, &request.change)
    }

    /// Fetches the events of the run.
    fn fetch_events(&mut self) -> FeedState {
        if self.feed.begins_afresh() {
            self.state.forget_run();
        }
        // No more than there are now: a fast trainer must not keep keys waiting.
        for _ in 0..=self.feed.events.len() {
            match self.feed.events.try_recv() {
                Ok(event) => self.state.apply(event, self.state.now),
                Err(TryRecvError::Empty) => return FeedState::Open,
                Err(TryRecvError::Disconnected) => {
                    // The end found the ring full.
                    if let Some(end) = self.feed.finished() {
                        self.state.apply(Event::Finished(end), self.state.now);
                        self.pacer.dirty = true;
                    }
                    return FeedState::Closed;
                }
            }
            self.pacer.dirty = true;
        }
        FeedState::Open
    }

    /// Fetches the events of the runs compared with, and when the process that trains this run was last heard of.
    fn fetch_other_processes(&mut self) {
        for (number, ComparedFeed { feed, .. }) in self.feed.others.iter().enumerate() {
            if feed.begins_afresh() {
                self.state.forget_compared(number);
            }
            for event in feed.events.try_iter().take(feed.events.len()) {
                self.state.apply_compared(number, &event);
                self.pacer.dirty = true;
            }
        }
        if let Some(heard) = self.feed.heard() {
            // A clock that is behind that of the disk has just heard of it.
            let silence = heard.elapsed().unwrap_or_default().as_secs_f64();
            self.pacer.dirty |= self.state.set_silence(silence);
        }
    }

    /// Does what the keys ask of the loop; returns an exit if the loop is to end or to be interrupted.
    fn follow_request(&mut self, feed: FeedState) -> Option<LoopExit> {
        let request = self.state.take_request();
        let leave = self.options.switches.leave.load(Ordering::Relaxed);
        match (request, self.state.finished.clone()) {
            (Some(LoopRequest::Suspend), _) => return Some(LoopExit::Suspend),
            (Some(LoopRequest::OpenEditor), _) => return Some(LoopExit::OpenEditor),
            (Some(LoopRequest::Leave), None) => return Some(LoopExit::Outcome(Outcome::Abandoned)),
            (None | Some(LoopRequest::Repaint | LoopRequest::Save), None)
                if feed == FeedState::Closed =>
            {
                return Some(LoopExit::Outcome(Outcome::Broken));
            }
            (_, None) if self.state.silence.is_some() && leave => {
                return Some(LoopExit::Outcome(Outcome::Abandoned));
            }
            (request, Some(finished)) => {
                // Who watches another process's run has not asked for its end.
                let ends = finished.reason.ends_at_once();
                let asked = ends && self.state.silence.is_none();
                if asked || leave || request == Some(LoopRequest::Leave) {
                    self.figures.finish();
                    return Some(LoopExit::Outcome(Outcome::Finished(Box::new(finished))));
                }
            }
            _ => {}
        }
        let done = match request {
            Some(LoopRequest::Save) => {
                self.save();
                Ok(())
            }
            Some(LoopRequest::Repaint) => self.repaint(),
            _ => Ok(()),
        };
        done.err()
            .map(|error| LoopExit::Outcome(Outcome::Lost(error)))
    }

    /// Saves the screen, and begins with its PNG and the figures.
    fn save(&mut self) {
        let area = self.screen.get_frame().area();
        let screen = screenshot::save(&mut self.state, &self.options.theme, area);
        self.figures.begin(&mut self.state, screen);
    }

    /// Whether the user waits for an answer to a key.
    fn haste(&self) -> Haste {
        if self.pacer.follows_key() {
            Haste::AfterKey
        } else {
            Haste::None
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let cost = self.pacer.begin();
        let pixels = self.pixels.as_ref().map_or(0.0, FlowPixels::cost);
        self.state.set_cost(cost + pixels);
        execute!(self.screen.backend_mut(), BeginSynchronizedUpdate)?;
        self.draw_frame()?;
        execute!(self.screen.backend_mut(), EndSynchronizedUpdate)?;
        self.pacer.end();
        Ok(())
    }

    /// Draws the cells, and the pictures where there are any.
    fn draw_frame(&mut self) -> io::Result<()> {
        let haste = self.haste();
        let (state, theme) = (&self.state, &self.options.theme);
        let Some(pixels) = &mut self.pixels else {
            self.screen
                .draw(|frame| layout::draw(state, theme, frame))?;
            return Ok(());
        };
        let mut cells = Buffer::empty(self.screen.get_frame().area());
        let scenes = layout::screen_with_scenes(state, theme, &mut cells);
        let out = self.screen.backend_mut();
        pixels.erase(scenes, &state.view.flow, &mut cells, haste, out)?;
        self.screen.draw(|frame| *frame.buffer_mut() = cells)?;
        pixels.place(self.screen.backend_mut())
    }

    /// Sleeps until a key comes or a frame is due.
    fn listen(&mut self, keys: &Receiver<TerminalInput>) -> io::Result<()> {
        let sleep = self.pacer.sleep();
        let busy = self.pixels.as_ref().is_some_and(FlowPixels::busy);
        let sleep = if busy { sleep.min(BUSY_SLEEP) } else { sleep };
        for heard in await_input(keys, sleep)? {
            self.pacer.dirty = true;
            let key = match heard {
                TerminalInput::Key(key) => key,
                TerminalInput::Pasted(text) => {
                    paste(&mut self.state, &text);
                    continue;
                }
                TerminalInput::Resized(size) => {
                    self.resize(Rect::from(size))?;
                    continue;
                }
            };
            self.pacer.hear_key();
            if let Some(command) = update(&mut self.state, key) {
                // A trainer that is gone needs no command.
                let _ = self.feed.commands.send(command);
            }
            if let Some(request) = self.state.take_file_request() {
                let written = self.write(&request);
                settings::answer(&mut self.state, request, written);
            }
        }
        Ok(())
    }
}
