//! The state of the losses pane: which iterations its charts show and how. It holds no size of a screen.

use super::series::Smoothing;
use crate::dashboard::axis::AxisScale;
use crate::dashboard::range::IterationSpan;
use crate::dashboard::window::Window;

/// The choices of the losses pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LossesView {
    /// The scale of the values. Log turns symmetric in the charts that hold values not above 0.
    pub scale: AxisScale,
    /// Whether iterations stand by decades.
    pub log_x: bool,
    /// The iterations that are shown.
    pub range: IterationRange,
    /// The iteration whose values the titles give.
    pub cursor: Option<u64>,
    /// The average that is drawn over the values.
    pub smoothing: Smoothing,
    /// Whether the range of the values reaches to the outliers.
    pub outliers: Outliers,
    /// The last iteration of a start by matching that is over; 0 without one.
    pub matching_end: u64,
}

/// The iterations that the charts show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IterationRange {
    /// All iterations.
    #[default]
    All,
    /// The newest iteration and a number of iterations before it.
    Newest(u64),
    /// The iterations of a fixed span.
    Fixed(IterationSpan),
}

/// The treatment of values far outside the bulk of a curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outliers {
    /// The range of the values includes them.
    #[default]
    Included,
    /// The range of the values leaves them out; they are marked at its edge.
    Marked,
}

impl LossesView {
    /// The window of the charts on a run whose iterations are `span`.
    pub fn window(&self, span: IterationSpan) -> Window {
        let inside = |iteration: u64| iteration.clamp(span.first, span.last.max(span.first));
        let (first, last) = match self.range {
            IterationRange::All => (span.first, span.last),
            IterationRange::Newest(width) => (inside(span.last.saturating_sub(width)), span.last),
            IterationRange::Fixed(fixed) => (inside(fixed.first), inside(fixed.last)),
        };
        Window {
            first,
            last: last.max(first),
            log: self.log_x,
            matching_end: self.matching_end,
        }
    }

    /// The iteration that is read out: the cursor, or the edge of the window that it is beyond.
    pub fn cursor(&self, window: Window) -> Option<u64> {
        Some(self.cursor?.clamp(window.first, window.last))
    }
}
