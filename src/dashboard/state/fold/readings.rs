//! What the event loop reads besides events: the time, the meter, the progress of an iteration, pictures of the flow, the events of
//! other runs. A change that the screen need not show at once returns whether it does.

use std::path::PathBuf;

use crate::dashboard::range::ValueRange;
use crate::dashboard::state::comparison::ComparedCurves;
use crate::dashboard::state::differences::{FileNews, FileReading};
use crate::dashboard::state::log::LogKind;
use crate::dashboard::state::settings::FileRequest;
use crate::dashboard::state::{LoopRequest, State};
use crate::event::{Event, Picture};
use crate::meter::MeterReading;
use crate::picture::usual_range;
use otflow_kernels::progress::Tiles;

/// The session file, of which events have told something.
#[derive(Clone, Debug, PartialEq)]
pub struct UnreadFile {
    /// The file.
    pub path: PathBuf,
    /// What they have told.
    pub news: FileNews,
}

impl State {
    /// Sets the time; true if the screen shows the difference.
    pub fn advance(&mut self, now: f64) -> bool {
        let (before, shown) = (self.now, self.elapsed() as u64);
        let fresh = self.edits.count_fresh(before);
        self.now = now;
        self.elapsed() as u64 != shown
            || self.edits.count_fresh(now) != fresh
            || self.particles_moved_since(before)
    }

    /// Sets the picture of the flow, widens the ranges of its columns, and puts the columns on the axes that fit worst.
    pub fn set_picture(&mut self, picture: Picture) {
        let columns = [
            (&picture.data, picture.dimension),
            (&picture.given, picture.context),
        ];
        let columns = columns.into_iter().flat_map(|(rows, width)| {
            (0..width).map(move |k| rows.iter().skip(k).step_by(width).copied())
        });
        for (k, values) in columns.enumerate() {
            if self.bounds.len() <= k {
                self.bounds.push(None);
            }
            if let Some([low, high]) = usual_range(values) {
                let range = ValueRange { low, high };
                let bounds = &mut self.bounds[k];
                *bounds = Some(bounds.map_or(range, |bounds| bounds.join(range)));
            }
        }
        self.view.flow.follow_misfits(&picture);
        self.picture = Some(picture);
    }

    /// Adds a reading of the meter, which alone is no reason to draw.
    pub fn add_reading(&mut self, reading: MeterReading) {
        self.readings.push(self.now, reading);
    }

    /// Sets the tiles of the present pass over the batch; true if the screen shows the difference.
    pub fn set_tiles(&mut self, tiles: Tiles) -> bool {
        let before = std::mem::replace(&mut self.tiles, tiles);
        self.inside().is_some() && before != tiles
    }

    /// Sets the number of events that were lost; true if it has changed.
    pub fn set_dropped(&mut self, dropped: u64) -> bool {
        std::mem::replace(&mut self.dropped, dropped) != dropped
    }

    /// Sets the seconds since the process that trains this run was last heard of; true if the screen shows the difference.
    pub fn set_silence(&mut self, silence: f64) -> bool {
        let before = self.silence.replace(silence).unwrap_or(-1.0);
        before as i64 != silence as i64 && self.finished.is_none()
    }

    /// Changes the curves by an event of a run that this one is compared with.
    pub fn apply_compared(&mut self, number: usize, event: &Event) {
        if let Some(run) = self.compared.get_mut(number) {
            run.apply(event);
        }
    }

    /// Forgets what the events of the run have told, which come once more. What the user has chosen stays, and what comes from elsewhere.
    pub fn forget_run(&mut self) {
        let old = std::mem::take(self);
        *self = State {
            now: old.now,
            readings: old.readings,
            tiles: old.tiles,
            picture: old.picture,
            bounds: old.bounds,
            view: old.view,
            dropped: old.dropped,
            cost: old.cost,
            silence: old.silence,
            compared: old.compared,
            ..State::default()
        };
    }

    /// Forgets the curves of a run that this one is compared with, which come once more.
    pub fn forget_compared(&mut self, number: usize) {
        if let Some(run) = self.compared.get_mut(number) {
            *run = ComparedCurves::new(std::mem::take(&mut run.name));
        }
    }

    /// Sets the share of one core that drawing takes.
    pub fn set_cost(&mut self, cost: f64) {
        self.cost = cost;
    }

    /// Takes the request that waits for the event loop.
    pub fn take_request(&mut self) -> Option<LoopRequest> {
        self.view.request.take()
    }

    /// Takes the session file whose changes reach the run, if events have told something new of it.
    pub fn take_unread_file(&mut self) -> Option<UnreadFile> {
        let view = &mut self.view.settings;
        let news = std::mem::take(&mut view.news);
        let unread = view.followed && news != FileNews::None;
        let path = self.start.as_ref().filter(|_| unread)?.file.clone()?;
        Some(UnreadFile { path, news })
    }

    /// Sets what the session file has.
    pub fn set_file(&mut self, reading: FileReading, news: FileNews) {
        self.differences.add_reading(reading, news, &self.fields);
    }

    /// Takes the file that a session without one has got; it is followed from now on.
    pub fn adopt_file(&mut self, path: PathBuf) {
        let text = format!("wrote the session to {}, which is followed", path.display());
        self.log_line(LogKind::Note, text);
        if let Some(start) = &mut self.start {
            start.file = Some(path);
        }
        self.view.settings.followed = true;
    }

    /// Takes the change of the session file that waits for the event loop.
    pub fn take_file_request(&mut self) -> Option<FileRequest> {
        self.view.settings.request.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;

    fn range(low: f64, high: f64) -> Option<ValueRange> {
        Some(ValueRange { low, high })
    }

    #[test]
    fn the_frame_of_the_flow_grows_with_the_data_and_ignores_what_is_not_finite() {
        let mut state = fixtures::started();
        state.set_picture(Picture {
            dimension: 2,
            data: vec![0.0, 1.0, f64::NAN, 9.0],
            ..Picture::default()
        });
        state.set_picture(Picture {
            dimension: 2,
            data: vec![-2.0, 0.5],
            ..Picture::default()
        });
        assert_eq!(state.bounds, [range(-2.0, 0.0), range(0.5, 9.0)]);
    }
}
