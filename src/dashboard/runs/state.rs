//! Everything that the screen of a folder of runs shows, as plain data. News of the runs change it here, keys in `update.rs`.

use std::path::PathBuf;
use std::time::SystemTime;

use super::news::{News, RunNews};
use super::order::{DifferingSetting, RunOrder};
use super::overlay::OverlayView;
use super::row::RunRow;

/// The state of the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunsState {
    /// The folder, as it was given.
    pub folder: PathBuf,
    /// The runs, by their numbers.
    pub rows: Vec<RunRow>,
    /// The settings that differ among them.
    pub differing: Vec<DifferingSetting>,
    /// Whether settings may have changed since those were found.
    settings_changed: bool,
    /// What keys choose.
    pub view: RunsView,
}

/// A part of the screen that can be shown alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The table.
    #[default]
    Table,
    /// The chart.
    Chart,
}

/// What keys choose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunsView {
    /// The order of the table.
    pub order: RunOrder,
    /// The words that a run must have to stand in the table.
    pub filter: String,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// The selected run; None for the first of the table.
    pub selected: Option<usize>,
    /// The runs whose curves are drawn, by their numbers; empty for the first of the table.
    pub marked: Vec<usize>,
    /// The choices of the chart.
    pub overlay: OverlayView,
    /// The part that is shown where there is room for one, and that the zoom shows alone.
    pub part: Part,
    /// Whether one part has the whole screen.
    pub zoom: bool,
    /// The number of help lines above the first one shown; None while the help is closed.
    pub help: Option<usize>,
    /// The answer to a key that could do nothing.
    pub notice: Option<String>,
    /// The request that waits for the event loop.
    pub request: Option<RunsRequest>,
}

/// A request to the event loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunsRequest {
    /// Leave the dashboard.
    Leave,
    /// Show the run with this number.
    Open(usize),
    /// Stop the process as the shell does.
    Suspend,
    /// Draw every cell again.
    Repaint,
}

impl RunsState {
    /// A folder of which nothing was read.
    pub fn new(folder: PathBuf) -> Self {
        RunsState {
            folder,
            ..RunsState::default()
        }
    }

    /// Takes up news of a run.
    pub fn apply(&mut self, RunNews { run, news }: RunNews) {
        if let News::Found { path } = news {
            self.rows.push(RunRow::new(path));
            return;
        }
        let Some(row) = self.rows.get_mut(run) else {
            return;
        };
        match news {
            News::Found { .. } => {}
            News::Again => {
                row.forget();
                self.settings_changed = true;
            }
            News::Events(events) => {
                for event in &events {
                    self.settings_changed |= row.apply(event);
                }
            }
            News::Read { written } => row.set_read(written),
            News::Fault(fault) => row.set_fault(fault),
            News::Gone => row.set_gone(),
        }
    }

    /// Sets the time and finds what follows from the news; true if it is seen.
    pub fn advance(&mut self, now: SystemTime) -> bool {
        let mut seen = false;
        for row in &mut self.rows {
            seen |= row.advance(now);
        }
        if std::mem::take(&mut self.settings_changed) {
            self.differing = DifferingSetting::all(&self.rows);
            seen = true;
        }
        seen
    }
}
