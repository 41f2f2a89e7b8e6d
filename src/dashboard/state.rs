//! The state of the dashboard: plain data. It changes in two places only, `fold.rs` (events and readings) and `update.rs` (keys);
//! what follows from it is computed in `derived.rs`. The parts have a file each, those of a pane by the pane's name.

pub mod comparison;
mod derived;
pub mod differences;
pub mod edits;
pub mod flow;
mod fold;
pub mod log;
pub mod losses;
pub mod matching;
pub mod measures;
pub mod rate;
pub mod series;
pub mod settings;
pub mod throughput;
pub mod trainer;
pub mod training_clock;
pub mod value_input;

use std::collections::VecDeque;

use super::pane::Pane;
use super::range::ValueRange;
use crate::event::{Best, Figures, Finished, Losses, Picture, Start};
use crate::session::{Rejection, SessionField};
use crate::verdict::Evidence;
use comparison::ComparedCurves;
use differences::Differences;
use edits::{Edit, EditHistory};
use flow::FlowView;
use log::{ChartTick, EventLog};
use losses::LossesView;
use matching::MatchingStart;
use measures::MeasureSeries;
use otflow_kernels::progress::Tiles;
use rate::RateInForce;
use series::LossSeries;
use settings::SettingsView;
use throughput::MeterReadings;
use training_clock::TrainingClock;

/// Everything that the screen shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Seconds since the dashboard was opened.
    pub now: f64,
    /// The first event of the run; None before it.
    pub start: Option<Start>,
    /// The settings in force.
    pub fields: Vec<SessionField>,
    /// The values of the session file that are not in force.
    pub differences: Differences,
    /// The learning rate in force; None before an iteration has told it.
    pub rate: Option<RateInForce>,
    /// The last iteration that has ended.
    pub iteration: u64,
    /// The losses of the last iteration.
    pub losses: Option<Losses>,
    /// The change that the last iteration made to the parameters.
    pub step: Option<OptimizerStep>,
    /// The last readings of the meter.
    pub readings: MeterReadings,
    /// The tiles of the pass that is being computed.
    pub tiles: Tiles,
    /// The last validation.
    pub validated: Option<Figures>,
    /// The best validation by the loss in force.
    pub best: Option<Best>,
    /// The best validation by C.
    pub best_c: Option<Best>,
    /// The start by matching, if the run has had one.
    pub matching: Option<MatchingStart>,
    /// The training curves.
    pub training: LossSeries,
    /// The validation curves.
    pub validation: LossSeries,
    /// The curves besides the losses.
    pub measures: MeasureSeries,
    /// The ticks on the charts, without that of the best validation.
    pub ticks: VecDeque<ChartTick>,
    /// The last accepted edit.
    pub edit: Option<Edit>,
    /// All edits of the session file.
    pub edits: EditHistory,
    /// The reason why the session file as it stands was refused.
    pub rejection: Option<Rejection>,
    /// The lines of the log.
    pub log: EventLog,
    /// The training time and the speed of training.
    pub clock: TrainingClock,
    /// The last picture of the flow.
    pub picture: Option<Picture>,
    /// The usual range of each column of the data, learned and given, over all pictures so far.
    pub bounds: Vec<Option<ValueRange>>,
    /// Whether training is paused.
    pub paused: bool,
    /// The end of the run; None while it goes on.
    pub finished: Option<Finished>,
    /// The choices of the user: what is looked at, and how.
    pub view: View,
    /// What the events show of how training goes.
    pub evidence: Evidence,
    /// The number of events that were lost.
    pub dropped: u64,
    /// The share of one core that drawing takes, 0 to 1.
    pub cost: f64,
    /// Seconds since the process that trains this run was last heard of; None if it is this one.
    pub silence: Option<f64>,
    /// The runs that this one is compared with.
    pub compared: Vec<ComparedCurves>,
}

/// The choices of the user: what is looked at, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The pane that keys act on.
    pub focus: Pane,
    /// Whether the focused pane is shown alone.
    pub zoom: bool,
    /// The box above the panes.
    pub popup: Option<Popup>,
    /// The choices of the losses pane.
    pub losses: LossesView,
    /// The choices of the flow pane.
    pub flow: FlowView,
    /// The choices of the settings pane.
    pub settings: SettingsView,
    /// Whether L, C, R are shown times their weights.
    pub weighted: bool,
    /// The number of log lines below the last one shown.
    pub log_scroll: usize,
    /// The number of help lines above the first one shown.
    pub help_scroll: usize,
    /// Whether a pause was asked for; the trainer may still be in an iteration.
    pub pause_wanted: bool,
    /// Whether the run was opened from the table of many, to which one goes back by leaving it.
    pub within_runs: bool,
    /// Whether the run was asked to stop.
    pub stopping: bool,
    /// The request that waits for the event loop.
    pub request: Option<LoopRequest>,
}

/// A box above the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Popup {
    /// The list of keys.
    Help,
    /// What the numbers and words of the screen mean.
    Terms,
    /// The question whether to stop.
    Quit,
    /// The question from which parameters to go on.
    Restore,
}

/// A request to the event loop: what neither a change of the state nor a command to the trainer can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopRequest {
    /// Leave the dashboard.
    Leave,
    /// Stop the process as the shell does.
    Suspend,
    /// Draw every cell again.
    Repaint,
    /// Open the session file in the user's editor.
    OpenEditor,
    /// Save the screen and the figures.
    Save,
}

/// The change that an iteration made to the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerStep {
    /// The learning rate.
    pub lr: f64,
    /// The norm of the gradient.
    pub gradient: f64,
    /// The norm of the change over the norm of the parameters.
    pub update: f64,
}
