//! The state of the losses pane: which iterations its charts show and how. It holds no size of a screen.

use super::series::Smoothing;
use crate::dashboard::axis::AxisScale;
use crate::dashboard::range::IterationSpan;
use crate::dashboard::window::Window;

/// The choices of the losses pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LossesView {
    /// The charts that are shown.
    pub page: ChartPage,
    /// The scale of the values on each page. Log turns symmetric in the charts that hold values not above 0.
    pub scales: PageScales,
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

/// The charts that are shown together, above one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChartPage {
    /// The loss and its parts L, C, R; M in place of the loss while a start by matching lasts.
    #[default]
    Losses,
    /// C, validation C minus training C, and C - H where H is known.
    Fit,
    /// The learning rate, the norm of the gradient, the norm of the step over that of the weights.
    Steps,
    /// M of a start by matching.
    Matching,
}

impl ChartPage {
    /// All pages, in the order in which a key shows them.
    pub const ALL: [Self; 4] = [Self::Losses, Self::Fit, Self::Steps, Self::Matching];

    /// The page after this one, the first after the last; that of a start only if the run has had one.
    pub fn next(self, with_start: bool) -> Self {
        let pages = Self::ALL.len() - usize::from(!with_start);
        Self::ALL[(self as usize + 1) % pages]
    }

    /// The name in the title of the pane.
    pub fn name(self) -> &'static str {
        match self {
            Self::Losses => "losses",
            Self::Fit => "fit",
            Self::Steps => "steps",
            Self::Matching => "matching",
        }
    }
}

/// The scale of the values on each page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageScales([AxisScale; ChartPage::ALL.len()]);

impl Default for PageScales {
    /// Steps and M fall through decades.
    fn default() -> Self {
        Self(ChartPage::ALL.map(|page| match page {
            ChartPage::Losses | ChartPage::Fit => AxisScale::Linear,
            ChartPage::Steps | ChartPage::Matching => AxisScale::Log,
        }))
    }
}

impl PageScales {
    /// The scale of a page.
    pub fn of(self, page: ChartPage) -> AxisScale {
        self.0[page as usize]
    }

    /// Changes the scale of a page.
    pub fn set(&mut self, page: ChartPage, scale: AxisScale) {
        self.0[page as usize] = scale;
    }
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
    /// The range of the values leaves them out; they are marked at its edge.
    #[default]
    Marked,
    /// The range of the values includes them.
    Included,
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
