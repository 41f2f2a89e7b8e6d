//! The loop between keys, events and frames. One turn: fetch events, draw if a frame is due, sleep until a key or the next frame.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use crossterm::execute;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::editor;
use super::gallery::Gallery;
use super::input::Heard;
use super::layout;
use super::other::Other;
use super::pen;
use super::portrait;
use super::stage;
use super::state::State;
use super::steer;
use super::terminal::Jobs;
use super::update::{Wish, update};
use super::{Options, Outcome};
use crate::event::Event;
use crate::feed::{ComparedRun, Feed};
use crate::meter::Instruments;

/// Longest sleep: how late events may be fetched.
const NAP: Duration = Duration::from_millis(100);
/// Least time between two frames.
const CALM: Duration = Duration::from_millis(100);
/// Least time between two frames soon after a key.
const BUSY: Duration = Duration::from_millis(33);
/// How long after a key frames come faster.
const ATTENTION: Duration = Duration::from_secs(1);
/// A frame may follow after this many times the cost of one: at most 2% of a core.
const REST: u32 = 50;

/// Why the turns end, or are interrupted.
#[derive(Debug)]
pub(super) enum End {
    /// The dashboard is left.
    Outcome(Outcome),
    /// The process is to stop as the shell does it.
    Suspend,
    /// The shell has had the terminal.
    Resumed,
    /// The user's editor is to have the terminal.
    Editor,
}

/// The screen, the state behind it, and their clock.
pub(super) struct Desk<'a, W: Write> {
    feed: &'a Feed,
    options: Options,
    screen: Terminal<CrosstermBackend<W>>,
    state: State,
    gallery: Gallery,
    opened: Instant,
    /// The screen is older than the state.
    dirty: bool,
    drawn: Option<Instant>,
    key: Option<Instant>,
    /// Of a frame, smoothed.
    cost: Duration,
    /// Between two frames, smoothed.
    distance: Duration,
}

impl<'a, W: Write> Desk<'a, W> {
    pub(super) fn new(
        feed: &'a Feed,
        options: Options,
        screen: Terminal<CrosstermBackend<W>>,
    ) -> Self {
        let others = feed.others.iter();
        let mut state = State {
            others: others.map(|other| Other::new(other.name.clone())).collect(),
            ..State::default()
        };
        state.view.steer.followed = options.followed;
        Self {
            feed,
            options,
            screen,
            state,
            gallery: Gallery::default(),
            opened: Instant::now(),
            dirty: true,
            drawn: None,
            key: None,
            cost: Duration::ZERO,
            distance: NAP,
        }
    }

    /// One turn; sleeps at most for [`NAP`].
    pub(super) fn turn(&mut self, keys: &Receiver<Heard>) -> Option<End> {
        let gone = self.fetch();
        if let Some(end) = self.end(gone) {
            return Some(end);
        }
        let due = self.dirty && self.wait().is_zero();
        let shown = if due { self.draw() } else { Ok(()) };
        let heard = shown.and_then(|()| self.listen(keys));
        heard.err().map(|error| End::Outcome(Outcome::Lost(error)))
    }

    /// Draws every cell anew at the next turn.
    pub(super) fn repaint(&mut self) -> io::Result<()> {
        self.dirty = true;
        self.drawn = None;
        // Not `clear`, which asks the terminal for its cursor: one that does not answer would hold everything up.
        let area = self.screen.get_frame().area();
        self.screen.resize(area)
    }

    /// Runs the user's editor on the session file, and takes up what comes meanwhile.
    pub(super) fn edit(&mut self, jobs: &Jobs) {
        let start = self.state.start.as_ref();
        let Some(file) = start.and_then(|start| start.file.clone()) else {
            return;
        };
        let editor = editor::choose(|name| std::env::var(name).ok());
        let loan = self.options.switches.loan.clone();
        let meanwhile = || {
            self.fetch();
            // A stop that fails leaves the editor running, and that is all that is asked for.
            let _ = jobs.obey();
        };
        let edited = loan.during(|| editor::run(&editor, &file, meanwhile));
        if let Err(message) = edited {
            steer::warn(&mut self.state, message);
        }
    }

    /// Takes up what has come; true when nothing can come any more.
    fn fetch(&mut self) -> bool {
        let shown = self.state.elapsed() as u64;
        let before = self.state.now;
        let fresh = self.state.edits.fresh_ones(self.state.now);
        self.state.now = self.opened.elapsed().as_secs_f64();
        self.dirty |= self.state.elapsed() as u64 != shown;
        self.dirty |= self.state.edits.fresh_ones(self.state.now) != fresh;
        self.dirty |= stage::moves(&self.state, before);
        if let Some(picture) = self.feed.take_picture() {
            self.state.show(picture);
            self.dirty = true;
        }
        self.dirty |=
            std::mem::replace(&mut self.state.dropped, self.feed.dropped()) != self.state.dropped;
        self.dirty |= self.gallery.news(&mut self.state);
        self.watch();
        if let Some(Instruments { progress, meter }) = self.feed.instruments() {
            self.state.gauge.read(self.state.now, meter.read());
            let before = std::mem::replace(&mut self.state.tiles, progress.tiles());
            self.dirty |= self.state.inside().is_some() && before != self.state.tiles;
        }
        // No more than there are now: a fast trainer must not keep keys waiting.
        for _ in 0..=self.feed.events.len() {
            match self.feed.events.try_recv() {
                Ok(event) => self.state.apply(event, self.state.now),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => {
                    // The end found the ring full.
                    if let Some(end) = self.feed.finished() {
                        self.state.apply(Event::Finished(end), self.state.now);
                        self.dirty = true;
                    }
                    return true;
                }
            }
            self.dirty = true;
        }
        false
    }

    /// What is known besides the events of a run that another process trains.
    fn watch(&mut self) {
        for (other, ComparedRun { feed, .. }) in self.state.others.iter_mut().zip(&self.feed.others)
        {
            for event in feed.events.try_iter().take(feed.events.len()) {
                other.apply(&event);
                self.dirty = true;
            }
        }
        if let Some(heard) = self.feed.heard() {
            // A clock that is behind that of the disk has just heard of it.
            let silence = heard.elapsed().unwrap_or_default().as_secs_f64();
            let before = self.state.silence.replace(silence).unwrap_or(-1.0);
            let ended = self.state.finished.is_some();
            self.dirty |= before as i64 != silence as i64 && !ended;
        }
    }

    /// Whether to leave or to interrupt the loop.
    fn end(&mut self, gone: bool) -> Option<End> {
        let wish = self.state.view.wish.take();
        let leave = self.options.switches.leave.load(Ordering::Relaxed);
        match (wish, self.state.finished.clone()) {
            (Some(Wish::Suspend), _) => return Some(End::Suspend),
            (Some(Wish::Editor), _) => return Some(End::Editor),
            (Some(Wish::Leave), None) => return Some(End::Outcome(Outcome::Abandoned)),
            (None | Some(Wish::Repaint | Wish::Portrait), None) if gone => {
                return Some(End::Outcome(Outcome::Broken));
            }
            (_, None) if self.state.silence.is_some() && leave => {
                return Some(End::Outcome(Outcome::Abandoned));
            }
            (wish, Some(finished)) => {
                // Who watches another process's run has not asked for its end.
                let ends = finished.reason.ends_at_once();
                let asked = ends && self.state.silence.is_none();
                if asked || leave || wish == Some(Wish::Leave) {
                    self.gallery.finish();
                    return Some(End::Outcome(Outcome::Finished(finished)));
                }
            }
            _ => {}
        }
        if wish == Some(Wish::Portrait) {
            let area = self.screen.get_frame().area();
            portrait::take(&mut self.state, &self.options.theme, area);
            self.gallery.order(&mut self.state);
        }
        let repainted = if wish == Some(Wish::Repaint) {
            self.repaint()
        } else {
            Ok(())
        };
        repainted
            .err()
            .map(|error| End::Outcome(Outcome::Lost(error)))
    }

    /// Until the next frame may be drawn.
    fn wait(&self) -> Duration {
        let attentive = self.key.is_some_and(|key| key.elapsed() < ATTENTION);
        let rest = if attentive {
            BUSY
        } else {
            CALM.max(REST * self.cost)
        };
        self.drawn
            .map_or(Duration::ZERO, |drawn| rest.saturating_sub(drawn.elapsed()))
    }

    fn draw(&mut self) -> io::Result<()> {
        let start = Instant::now();
        if let Some(before) = self.drawn.replace(start) {
            self.distance = (3 * self.distance + (start - before)) / 4;
        }
        self.state.cost = self.cost.as_secs_f64() / self.distance.as_secs_f64();
        execute!(self.screen.backend_mut(), BeginSynchronizedUpdate)?;
        self.screen
            .draw(|frame| layout::draw(&self.state, &self.options.theme, frame))?;
        execute!(self.screen.backend_mut(), EndSynchronizedUpdate)?;
        self.cost = (3 * self.cost + start.elapsed()) / 4;
        self.dirty = false;
        Ok(())
    }

    /// Sleeps until a key comes or a frame is due.
    fn listen(&mut self, keys: &Receiver<Heard>) -> io::Result<()> {
        let nap = if self.dirty {
            self.wait().min(NAP)
        } else {
            NAP
        };
        let first = match keys.recv_timeout(nap) {
            Ok(heard) => heard,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(io::Error::other("the terminal can't be read any more"));
            }
        };
        for heard in std::iter::once(first).chain(keys.try_iter()) {
            self.dirty = true;
            if let Heard::Key(key) = heard {
                self.key = Some(Instant::now());
                if let Some(command) = update(&mut self.state, key) {
                    // A trainer that is gone needs no command.
                    let _ = self.feed.commands.send(command);
                }
                if let Some(request) = self.state.view.steer.request.take() {
                    let written = pen::write(&request);
                    steer::answer(&mut self.state, request, written);
                }
            }
        }
        Ok(())
    }
}
