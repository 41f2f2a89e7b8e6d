//! The state of the flow pane: which view, which columns, and where on their paths the particles are. While the paths play, the
//! place of the particles follows from the time alone.

use crate::event::Start;
use crate::session::Data;

/// Seconds that particles take along their paths.
pub const SWEEP: f64 = 5.0;
/// The rest at the end before they start again, as a share of the sweep.
pub const HOLD: f64 = 0.2;

/// A view of the flow; only one is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowContent {
    /// The data and generated samples; with f(x) and f^-1(f(x)) where there is room.
    #[default]
    Data,
    /// The points f(x) and f^-1(f(x)).
    Inverse,
    /// The density of the model.
    Density,
    /// The particles on their paths.
    Paths,
}

/// The choices of the flow pane.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowView {
    /// The view that is shown.
    pub content: FlowContent,
    /// Whether the data samples are drawn over the density.
    pub samples: bool,
    /// Whether particles go from the normal to the data.
    pub backward: bool,
    /// The columns wanted on the two axes, from 0; there may be fewer.
    pub wanted: [usize; 2],
    /// The share of the path done when play began, or at which the particles stand still.
    pub reached: f64,
    /// The time at which play began; None while the particles stand still.
    pub playing_since: Option<f64>,
}

impl Default for FlowView {
    fn default() -> Self {
        Self {
            content: FlowContent::default(),
            samples: false,
            backward: false,
            wanted: [0, 1],
            reached: 0.0,
            playing_since: None,
        }
    }
}

impl FlowView {
    /// The share of the path that the particles have done, 0 to 1.
    pub fn share(&self, now: f64) -> f64 {
        let played = self
            .playing_since
            .map_or(0.0, |since| (now - since) / SWEEP);
        ((self.reached + played) % (1.0 + HOLD)).clamp(0.0, 1.0)
    }

    /// The time of the flow: 0 at the data, 1 at the normal.
    pub fn time(&self, now: f64) -> f64 {
        let share = self.share(now);
        if self.backward { 1.0 - share } else { share }
    }

    /// The columns on the two axes for points of a dimension.
    pub fn columns(&self, dimension: usize) -> [usize; 2] {
        self.wanted
            .map(|column| column.min(dimension.saturating_sub(1)))
    }
}

/// The name of a column of the points, from 0; its number in the record of a run that has no names.
pub fn column_name(start: &Start, column: usize) -> String {
    let name = start.columns.get(column).cloned();
    name.unwrap_or_else(|| format!("x{}", column + 1))
}

/// The unit of the points, if it is not that of the data.
pub fn unit(start: &Start) -> Option<&'static str> {
    matches!(start.session.data, Data::Table { .. }).then_some("standardised")
}
