//! The loop between keys, news of the runs and frames. One turn: take news, draw if a frame is due, sleep until a key or the next frame.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, TryRecvError};
use crossterm::execute;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use super::layout;
use super::news::RunNews;
use super::state::{RunsRequest, RunsState};
use super::update::{paste, update};
use crate::dashboard::frame_pacer::FramePacer;
use crate::dashboard::input::{TerminalInput, await_input};
use crate::dashboard::options::Switches;
use crate::dashboard::theme::Theme;

/// Longest time for which news are taken up before keys are looked at: those of many runs at the start are many.
const TAKING: Duration = Duration::from_millis(20);

/// How the screen of a folder was left.
#[derive(Debug)]
pub enum RunsExit {
    /// By a key or a signal.
    Left,
    /// To look at this run.
    Open(PathBuf),
    /// The thread that reads the directories has panicked; the message is on the terminal.
    Broken,
    /// The terminal died.
    Lost(io::Error),
}

/// A pause of the screen, or its end.
pub(in crate::dashboard) enum RunsInterruption {
    /// The screen is left.
    Exit(RunsExit),
    /// The process is to stop as the shell does.
    Suspend,
}

/// The state of the screen of a folder, which outlives looks at single runs.
pub struct RunsDashboard {
    news: Receiver<RunNews>,
    theme: Theme,
    switches: Switches,
    state: RunsState,
    pacer: FramePacer,
}

impl RunsDashboard {
    /// The dashboard of a folder whose runs are told of by `news`.
    pub fn new(folder: PathBuf, news: Receiver<RunNews>, theme: Theme, switches: Switches) -> Self {
        Self {
            news,
            theme,
            switches,
            state: RunsState::new(folder),
            pacer: FramePacer::new(),
        }
    }

    /// Tells the user in the bottom line why nothing happens.
    pub fn tell(&mut self, notice: String) {
        self.state.view.notice = Some(notice);
        self.pacer.dirty = true;
    }

    /// Makes one turn; it sleeps at most for a tenth of a second.
    pub(in crate::dashboard) fn turn<W: Write>(
        &mut self,
        screen: &mut Terminal<CrosstermBackend<W>>,
        keys: &Receiver<TerminalInput>,
    ) -> Option<RunsInterruption> {
        let lost = |error| Some(RunsInterruption::Exit(RunsExit::Lost(error)));
        if !self.take_news() {
            return Some(RunsInterruption::Exit(RunsExit::Broken));
        }
        if self.switches.leave.load(Ordering::Relaxed) {
            return Some(RunsInterruption::Exit(RunsExit::Left));
        }
        match self.state.view.request.take() {
            Some(RunsRequest::Leave) => return Some(RunsInterruption::Exit(RunsExit::Left)),
            Some(RunsRequest::Suspend) => return Some(RunsInterruption::Suspend),
            Some(RunsRequest::Open(run)) => {
                let path = self.state.rows[run].path.clone();
                return Some(RunsInterruption::Exit(RunsExit::Open(path)));
            }
            Some(RunsRequest::Repaint) => {
                if let Err(error) = self.repaint(screen) {
                    return lost(error);
                }
            }
            None => {}
        }
        let shown = match self.pacer.is_due() {
            true => self.draw(screen),
            false => Ok(()),
        };
        match shown.and_then(|()| self.listen(screen, keys)) {
            Ok(()) => None,
            Err(error) => lost(error),
        }
    }

    /// Draws every cell anew at the next turn.
    pub(in crate::dashboard) fn repaint<W: Write>(
        &mut self,
        screen: &mut Terminal<CrosstermBackend<W>>,
    ) -> io::Result<()> {
        self.pacer.repaint();
        // Not `clear`, which asks the terminal for its cursor: one that does not answer would hold everything up.
        let area = screen.get_frame().area();
        screen.resize(area)
    }

    /// Takes up what has come; false if nothing can come any more.
    fn take_news(&mut self) -> bool {
        let begun = Instant::now();
        let open = loop {
            match self.news.try_recv() {
                Ok(news) => {
                    self.state.apply(news);
                    self.pacer.dirty = true;
                }
                Err(TryRecvError::Empty) => break true,
                Err(TryRecvError::Disconnected) => break false,
            }
            if begun.elapsed() > TAKING {
                break true;
            }
        };
        self.pacer.dirty |= self.state.advance(SystemTime::now());
        open
    }

    fn draw<W: Write>(&mut self, screen: &mut Terminal<CrosstermBackend<W>>) -> io::Result<()> {
        self.pacer.begin();
        execute!(screen.backend_mut(), BeginSynchronizedUpdate)?;
        screen.draw(|frame| layout::screen(&self.state, &self.theme, frame.buffer_mut()))?;
        execute!(screen.backend_mut(), EndSynchronizedUpdate)?;
        self.pacer.end();
        Ok(())
    }

    /// Sleeps until a key comes or a frame is due.
    fn listen<W: Write>(
        &mut self,
        screen: &mut Terminal<CrosstermBackend<W>>,
        keys: &Receiver<TerminalInput>,
    ) -> io::Result<()> {
        for heard in await_input(keys, self.pacer.sleep())? {
            self.pacer.dirty = true;
            match heard {
                TerminalInput::Key(key) => {
                    self.pacer.hear_key();
                    update(&mut self.state, key);
                }
                TerminalInput::Pasted(text) => paste(&mut self.state, &text),
                TerminalInput::Resized(size) => screen.resize(Rect::from(size))?,
            }
        }
        Ok(())
    }
}
