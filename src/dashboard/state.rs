//! Everything the screen shows: a fold over the trainer's events, which is in `fold.rs`, and what follows from it.

mod fold;

use std::collections::VecDeque;

use super::component::Component;
use super::edits::{Edit, Edits};
use super::gauge::Gauge;
use super::history::History;
use super::journal::{Journal, Mark};
use super::matching::Matching;
use super::other::Other;
use super::pace::Pace;
use super::update::View;
use crate::event::{Best, Finished, Losses, Picture, Start};
use crate::session::Rejection;
use crate::session::SessionField;

/// Seconds without an event from which on the screen shows how far the iteration is.
const LOOK: f64 = 0.5;

/// What an iteration did to the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Its learning rate.
    pub lr: f64,
    /// Norm of the gradient.
    pub gradient: f64,
    /// Norm of the change over that of the parameters.
    pub update: f64,
}

/// The last validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validated {
    /// Its losses.
    pub losses: Losses,
    /// C - H and its standard error, nats.
    pub divergence: Option<(f64, f64)>,
}

/// Everything the screen shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Seconds since the dashboard was opened.
    pub now: f64,
    /// What the run started with.
    pub start: Option<Start>,
    /// The settings in force.
    pub fields: Vec<SessionField>,
    /// Last iteration done.
    pub iteration: u64,
    /// Its losses.
    pub losses: Option<Losses>,
    /// What it did to the parameters.
    pub step: Option<Step>,
    /// Where the time goes.
    pub gauge: Gauge,
    /// Tiles of the pass in hand that are done, and all of them.
    pub tiles: (usize, usize),
    /// The last validation.
    pub validated: Option<Validated>,
    /// The best validation.
    pub best: Option<Best>,
    /// The start by matching, if the run has had one.
    pub matching: Option<Matching>,
    /// Training curves.
    pub training: History,
    /// Validation curves.
    pub validation: History,
    /// Ticks on the charts, without the best validation.
    pub marks: VecDeque<Mark>,
    /// The last accepted edit.
    pub edit: Option<Edit>,
    /// All edits.
    pub edits: Edits,
    /// The session file as it stands was refused.
    pub rejection: Option<Rejection>,
    /// What happened.
    pub journal: Journal,
    /// Training time and speed.
    pub pace: Pace,
    /// The last picture of the flow.
    pub picture: Option<Picture>,
    /// Lowest and highest value of each column of all data seen in pictures, as far as it is finite.
    pub bounds: Vec<Option<[f64; 2]>>,
    /// Training is paused.
    pub paused: bool,
    /// How the run ended.
    pub finished: Option<Finished>,
    /// What the user looks at.
    pub view: View,
    /// Events that were lost.
    pub dropped: u64,
    /// Share of one core that drawing takes, 0 to 1.
    pub cost: f64,
    /// Seconds since the process that trains this run was last heard of; None if it is this one.
    pub silence: Option<f64>,
    /// Runs to be compared with this one.
    pub others: Vec<Other>,
}

impl State {
    /// Training time now, seconds; also between the events of long iterations.
    pub fn elapsed(&self) -> f64 {
        let idle = self.paused || self.finished.is_some() || self.silent();
        self.pace.elapsed(if idle { None } else { Some(self.now) })
    }

    /// Seconds to the nearer of the two limits; of that by iterations nothing is known while a start by matching lasts.
    pub fn left(&self) -> Option<f64> {
        if self.finished.is_some() || self.silent() {
            return None;
        }
        let iterations = self.setting("stop.iterations");
        let known = iterations.filter(|_| self.matching_left().is_none());
        let iterations = known.map(|total| total - self.iteration as f64);
        let by_count = iterations
            .zip(self.pace.rate())
            .map(|(left, rate)| left / rate);
        let by_time = self
            .setting("stop.seconds")
            .map(|limit| limit - self.elapsed());
        by_count.into_iter().chain(by_time).reduce(f64::min)
    }

    /// Share of the iteration in hand that is done, where it takes longer than a look.
    pub fn inside(&self) -> Option<f64> {
        let (done, tiles) = self.tiles;
        let idle = self.paused || self.finished.is_some() || tiles == 0;
        let long = self.pace.since(self.now) > LOOK;
        (long && !idle).then(|| done as f64 / tiles as f64)
    }

    /// Value of a setting as a number; `Some(x)` counts as x.
    pub fn setting(&self, name: &str) -> Option<f64> {
        let value = &self.fields.iter().find(|field| field.name == name)?.value;
        let value = value
            .strip_prefix("Some(")
            .and_then(|rest| rest.strip_suffix(')'))
            .unwrap_or(value);
        value.replace('_', "").parse().ok()
    }

    /// What a curve is multiplied by: its weight in force, or 1.
    pub fn factor(&self, component: Component) -> f64 {
        let weight = component.weight().filter(|_| self.view.weighted);
        weight.and_then(|name| self.setting(name)).unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::event::Event;

    #[test]
    fn the_weights_in_force_scale_the_curves_only_when_asked() {
        let mut state = sample::started();
        let weight = state.fields.iter_mut();
        let mut weight = weight.filter(|field| field.name == "weights.hjb");
        weight.next().unwrap().value = "2.5".into();
        assert_eq!(state.factor(Component::R), 1.0);
        state.view.weighted = true;
        assert_eq!(state.factor(Component::R), 2.5);
        assert_eq!(state.factor(Component::Loss), 1.0);
    }

    #[test]
    fn time_stands_still_while_paused_and_goes_on_between_events() {
        let mut state = sample::started();
        state.apply(sample::iteration(1, 5.0), 10.0);
        state.now = 12.0;
        assert_eq!(state.elapsed(), 7.0);
        state.apply(
            Event::Paused {
                iteration: 1,
                paused: true,
            },
            12.0,
        );
        state.now = 20.0;
        assert_eq!(state.elapsed(), 7.0);
        state.apply(
            Event::Paused {
                iteration: 1,
                paused: false,
            },
            20.0,
        );
        state.now = 21.0;
        assert_eq!(state.elapsed(), 8.0);
    }
}
