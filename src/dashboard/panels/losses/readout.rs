//! The title of a chart while there is a cursor: the iteration, the training values there and the nearest validation.

use crate::dashboard::component::Component;
use crate::dashboard::format::number;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::State;
use crate::dashboard::state::losses::LossesView;
use crate::dashboard::state::series::{Bucket, Series, Smoothing};
use crate::dashboard::theme::Theme;

/// The title of a chart, in weighted values; None without a cursor.
pub fn text(state: &State, theme: &Theme, component: Component) -> Option<String> {
    let view = &state.view.losses;
    let at = cursor(state, view)?;
    let read = |bucket, smoothing| values(bucket, smoothing, state.factor(component));
    let mut text = format!("{} @{at}", component.symbol());
    let training = state.training.series(component).nearest(at);
    if let Some(bucket) = training {
        text += &format!(" {}", read(bucket, Smoothing::Off));
    }
    if let Some(bucket) = state.validation.series(component).nearest(at) {
        let symbol = theme.validation(component).text;
        text += &format!(" {symbol} {}", read(bucket, Smoothing::Off));
        if bucket.distance(at) > 0 {
            text += &format!(" @{}", bucket.to);
        }
    }
    // Last, since a narrow chart cuts it.
    if let (Some(bucket), Some(_)) = (training, view.smoothing.factor()) {
        text += &format!(" avg {}", read(bucket, view.smoothing));
    }
    Some(text)
}

/// The cursor's iteration and the values of a curve there; None without a cursor.
pub fn nearest(state: &State, series: &Series) -> Option<String> {
    let at = cursor(state, &state.view.losses)?;
    let bucket = series.nearest(at)?;
    Some(format!("@{at} {}", values(bucket, Smoothing::Off, 1.0)))
}

/// The iteration of the cursor.
fn cursor(state: &State, view: &LossesView) -> Option<u64> {
    view.cursor(view.window(state.span()?))
}

/// The least and the greatest value of a bucket, and that there are others which are not finite.
fn values(bucket: &Bucket, smoothing: Smoothing, factor: f64) -> String {
    let broken = match (bucket.above, bucket.below) {
        (false, false) => "",
        (true, false) => "NaN/inf",
        (false, true) => "-inf",
        (true, true) => "NaN/+-inf",
    };
    match bucket.smooth(smoothing) {
        None => broken.into(),
        Some(ValueRange { low, high }) => {
            let mut text = number(low * factor);
            if low < high {
                text += &format!("..{}", number(high * factor));
            }
            if !broken.is_empty() {
                text += &format!(", {broken}");
            }
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::theme::{Depth, Markers};

    #[test]
    fn the_cursor_reads_training_and_the_nearest_validation() {
        let mut state = fixtures::started();
        for i in 1..=9 {
            state.apply(fixtures::iteration(i, i as f64), 0.0);
        }
        state.apply(fixtures::iteration(10, f64::NAN), 0.0);
        state.apply(fixtures::validation(4, 40.0), 0.0);
        state.apply(fixtures::validation(8, 80.0), 0.0);
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
        };
        let mut read = |cursor| {
            state.view.losses.cursor = cursor;
            text(&state, &theme, Component::R)
        };
        assert_eq!(read(None), None);
        assert_eq!(read(Some(5)).unwrap(), "R @5 5.000 # 40.00 @4");
        assert_eq!(read(Some(8)).unwrap(), "R @8 8.000 # 80.00");
        assert_eq!(read(Some(99)).unwrap(), "R @10 NaN/inf # 80.00 @8");
        state.view.weighted = true;
        assert_eq!(
            text(&state, &theme, Component::R).unwrap(),
            "R @10 NaN/inf # 400.0 @8"
        );
    }

    #[test]
    fn a_bucket_of_many_values_reads_from_least_to_greatest() {
        let mut state = fixtures::started();
        for i in 1..=2049 {
            state.apply(fixtures::iteration(i, (i % 7) as f64), 0.0);
        }
        (state.view.losses.cursor, state.view.losses.smoothing) = (Some(10), Smoothing::Long);
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
        };
        let text = text(&state, &theme, Component::L).unwrap();
        assert!(text.starts_with("L @10 2.000..3.000 avg "), "{text}");
    }
}
