//! The state of the flow pane: which view, which columns, and where on their paths the particles are. While the paths play, the
//! place of the particles follows from the time alone.

use crate::event::{PairMisfit, Picture, Start};
use crate::session::Data;

/// Seconds that particles take along their paths.
pub const SWEEP: f64 = 5.0;
/// The rest at the end before they start again, as a share of the sweep.
pub const HOLD: f64 = 0.2;

/// Share of its misfit by which a pair may be off the one that has its place, before that takes its place.
const ALIKE: f64 = 0.1;

/// A view of the flow; only one is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowContent {
    /// The data and generated samples; with f(x) and f^-1(f(x)) where there is room.
    #[default]
    Data,
    /// The points f(x) and f^-1(f(x)).
    Inverse,
    /// The density of the model: of two columns, of one, or of one over a given one.
    Density,
    /// The true density, that of the model, and the difference.
    Truth,
    /// The generated samples' density in the pair of columns that fits worst, with the data over it.
    Pair,
    /// The log densities of data and of generated samples.
    LogDensities,
    /// The particles on their paths.
    Paths,
}

impl FlowContent {
    /// The views in the order of their cycle.
    pub const ALL: [Self; 7] = [
        Self::Data,
        Self::Inverse,
        Self::Density,
        Self::Truth,
        Self::Pair,
        Self::LogDensities,
        Self::Paths,
    ];

    /// Whether the view has something to show of a picture.
    fn shows(self, picture: &Picture) -> bool {
        let learned = picture.dimension;
        let column = learned == 1 && picture.context == 0;
        match self {
            Self::Data | Self::Inverse => !column,
            Self::Density => {
                column || picture.density.is_some() && learned == 2 || picture.strip.is_some()
            }
            Self::Truth => picture.density.is_some() && picture.truth.is_some() && learned == 2,
            Self::Pair => picture
                .misfits
                .as_ref()
                .is_some_and(|misfits| !misfits.pairs.is_empty()),
            Self::LogDensities => !picture.log_densities.data.is_empty(),
            Self::Paths => !picture.forward.is_empty(),
        }
    }
}

/// The views that have something to show of a picture, in the order of their cycle.
pub fn views(picture: &Picture) -> Vec<FlowContent> {
    let all = FlowContent::ALL.into_iter();
    all.filter(|content| content.shows(picture)).collect()
}

/// The choices of the flow pane.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowView {
    /// The view that is wanted; a picture may have nothing for it.
    pub content: FlowContent,
    /// Whether the data samples are drawn over the density.
    pub samples: bool,
    /// Whether the data samples are drawn over the pair that fits worst.
    pub pair_samples: bool,
    /// Whether particles go from the normal to the data.
    pub backward: bool,
    /// The columns wanted on the two axes, from 0, the given ones after the learned; there may be fewer.
    pub wanted: [usize; 2],
    /// The place, from 0, in the order of misfit that the columns on the axes are to have; None while the user has chosen columns.
    pub rank: Option<usize>,
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
            pair_samples: true,
            backward: false,
            wanted: [0, 1],
            rank: Some(0),
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

    /// The view that is shown of a picture: the one that is wanted, or the first there is.
    pub fn shown(&self, picture: &Picture) -> FlowContent {
        let views = views(picture);
        let wanted = views.iter().find(|&&view| view == self.content);
        wanted.or(views.first()).copied().unwrap_or_default()
    }

    /// Puts the columns on the axes that have the place in the order of misfit. Those there are stay while their misfit is nearly the same: the order of
    /// pairs that fit alike changes with every picture.
    pub fn follow_misfits(&mut self, picture: &Picture) {
        let Some(misfits) = &picture.misfits else {
            if picture.dimension == 1 && picture.context > 0 && self.rank.is_some() {
                self.wanted = [1, 0];
            }
            return;
        };
        let rank = self
            .rank
            .map(|rank| rank.min(misfits.pairs.len().saturating_sub(1)));
        let Some(next) = rank.and_then(|rank| misfits.pairs.get(rank)) else {
            return;
        };
        let now = misfits
            .pairs
            .iter()
            .find(|pair| pair.columns == self.wanted);
        let levels = |pair: &PairMisfit| pair.misfit.in_noise_levels();
        let stays = |now: &PairMisfit| (levels(now) - levels(next)).abs() <= ALIKE * levels(next);
        if !now.is_some_and(stays) {
            self.wanted = next.columns;
        }
    }

    /// The columns on the two axes of the view that is shown of a picture: of one learned column, its density is over the first given one.
    pub fn axes(&self, picture: &Picture) -> [usize; 2] {
        match (picture.dimension, self.shown(picture)) {
            (1, FlowContent::Density) if picture.context > 0 => [1, 0],
            (1, FlowContent::Paths) => [0, 0],
            _ => self.columns(picture.dimension + picture.context),
        }
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
