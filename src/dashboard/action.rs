//! What keys ask for, as plain data: the table of keys names it, `update` does it. Each pane with keys of its own has an enum.

use super::pane::Pane;
use super::state::value_input::InputEdit;
use crate::session::NudgeDirection;

/// An action that a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask whether to stop; leave when the run is over.
    Quit,
    /// Stop; a second time, leave at once.
    Interrupt,
    /// Pause or go on.
    Pause,
    /// Do one iteration while paused.
    Step,
    /// Show or hide the help.
    Help,
    /// Close what is open.
    Back,
    /// Say yes to a question; zoom otherwise.
    Accept,
    /// Focus the next pane.
    Next,
    /// Focus the pane before.
    Previous,
    /// Focus this pane.
    Focus(Pane),
    /// Show one pane or all.
    Zoom,
    /// Scroll the focused pane up.
    Up,
    /// Scroll the focused pane down.
    Down,
    /// Take the next scale of the loss axes.
    LogAxis,
    /// Show L, C, R alone or times their weights.
    Weighted,
    /// Ask whether to go on from the best parameters; there, from the best by C.
    Restore,
    /// Save the screen and the figures.
    Save,
    /// Draw everything again.
    Repaint,
    /// Stop the process as the shell does.
    Suspend,
    /// Change the losses pane.
    Losses(LossesAction),
    /// Change the flow pane.
    Flow(FlowAction),
    /// Change the settings pane or the session file.
    Settings(SettingsAction),
    /// Change the value that is being typed.
    Input(InputAction),
}

/// An action on the losses pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossesAction {
    /// Show the next page of charts.
    Page,
    /// Show iterations on a linear or a log axis.
    LogX,
    /// Halve the window.
    In,
    /// Double the window.
    Out,
    /// Move the cursor or the window to the left.
    Left,
    /// Move the cursor or the window to the right.
    Right,
    /// Keep the newest iteration in the window.
    Follow,
    /// Show all iterations.
    All,
    /// Include outliers in the range of the values, or mark them at its edge.
    Outliers,
    /// Show or hide the cursor.
    Cursor,
    /// Take the next smoothing.
    Smooth,
}

/// An action on the flow pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowAction {
    /// Show the next view.
    View,
    /// Show the density, or the pair of columns that is shown, with the data over it or without.
    Samples,
    /// Show another pair of columns, this far on in the order of misfit.
    Pair(isize),
    /// Move the particles back along their paths.
    Earlier,
    /// Move the particles on along their paths.
    Later,
    /// Play or stand still.
    Play,
    /// Reverse the direction.
    Turn,
    /// Put another column on an axis.
    Column {
        /// The axis: 0 across, 1 up.
        axis: usize,
        /// The distance to the column, in columns.
        by: isize,
    },
}

/// An action on the settings pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsAction {
    /// Write the next value of the selected field.
    Nudge(NudgeDirection),
    /// Select another part of the selected field, this far on.
    Part(isize),
    /// Take the last edit back.
    Undo,
    /// Open the session file in the user's editor.
    OpenEditor,
    /// Show the list of edits, or the settings again.
    Edits,
    /// Type a value for the selected field.
    Type,
}

/// An action on the value that is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputAction {
    /// Change the text or move the cursor.
    Edit(InputEdit),
    /// Write the value into the session file.
    Write,
    /// Give the value up.
    GiveUp,
}
