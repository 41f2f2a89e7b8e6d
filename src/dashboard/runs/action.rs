//! What keys of the screen of a folder ask for, as plain data: the table of keys names it, `update` does it.

/// An action that a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunsAction {
    /// Leave.
    Quit,
    /// Show the selected run in the dashboard of one run.
    Open,
    /// Draw the curve of the selected run, or do not any more.
    Mark,
    /// Draw those of the first runs of the table.
    UnmarkAll,
    /// Select another run, so many rows further down.
    Select(isize),
    /// Select the first run.
    First,
    /// Select the last run.
    Last,
    /// Sort by the next column.
    Sort,
    /// Reverse the order.
    Reverse,
    /// Type a filter.
    Filter,
    /// Close what is open; else show all runs.
    Back,
    /// Show another quantity.
    Quantity,
    /// Show it over iterations or over seconds.
    Abscissa,
    /// Take the next scale of the values.
    LogAxis,
    /// Show iterations or seconds on a linear or a log axis.
    LogX,
    /// Include outliers in the range of the values, or mark them at its edge.
    Outliers,
    /// Show or hide the cursor.
    Cursor,
    /// Move the cursor by so many steps.
    MoveCursor(i8),
    /// Act on the other part of the screen.
    OtherPart,
    /// Show one part or both.
    Zoom,
    /// Show or hide the help.
    Help,
    /// Draw everything again.
    Repaint,
    /// Stop the process as the shell does.
    Suspend,
    /// Change the filter that is being typed.
    Input(FilterInput),
}

/// A change of the filter that is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterInput {
    /// Add a letter.
    Insert(char),
    /// Remove the last letter.
    Backspace,
    /// Remove all.
    Clear,
    /// Keep it.
    Keep,
    /// Give it up.
    GiveUp,
}
