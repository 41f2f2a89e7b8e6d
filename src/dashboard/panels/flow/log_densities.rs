//! The histogram of log p over samples of the data, as bars, and over generated samples, as a line: of a good model they are alike.

use ratatui::style::Style;

use super::axes::{self, AxisRange};
use super::histogram::{Chart, Histogram};
use super::title::{fitting, outside_note};
use crate::dashboard::canvas::{Canvas, below};
use crate::dashboard::format::number;
use crate::event::LogDensitySamples;

/// Distance below the median up to which log densities are shown, in distances from the median to the lowest hundredth.
const REACH: f64 = 3.0;

/// Draws the histograms.
pub fn draw(log: &LogDensitySamples, canvas: &mut Canvas) {
    let area = below(canvas.area, 1);
    let Some(ends) = ends(log) else {
        canvas.cut_line(0, "no finite log density", canvas.theme.alert());
        return;
    };
    let most = usize::from(area.width / 2);
    let bars = Histogram::of(&log.data, ends, most);
    let generated = Histogram::of(&log.generated, ends, most);
    let line = |place| Some(generated.at(place));
    let chart = Chart {
        bars: &bars,
        line: &line,
    };
    let top = chart.top(area.width);
    let axis = |low, high, name: &str| AxisRange {
        low,
        high,
        name: name.into(),
    };
    let up = axis(0.0, top, "");
    let inside = axes::inside(area, |_| up.clone());
    chart.draw(top, &mut canvas.part(inside));
    let across = axis(ends[0], ends[1], "log p, nats");
    axes::draw(&[across, up], inside, &mut canvas.part(area));
    let note = outside_note(bars.outside + generated.outside);
    let [data, model] = [&log.data, &log.generated].map(|values| mean(values));
    let names = [
        format!(
            "log p of data as bars, mean {data}; of generated as line, mean {model} nats{note}"
        ),
        format!("data as bars, mean {data}; model, mean {model} nats"),
        format!("data as bars {data}, model {model}"),
        format!("data {data}, model {model}"),
    ];
    canvas.cut_line(0, fitting(&names, area.width), Style::new());
}

/// The interval that is shown: to the highest log density, from the lowest, where that is not too far below the median. None without finite
/// values.
fn ends(log: &LogDensitySamples) -> Option<[f64; 2]> {
    let lowest = |values: &[f64]| {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let (rare, median) = (sorted[sorted.len() / 100], sorted[sorted.len() / 2]);
        Some([least.max(median - REACH * (median - rare)), most])
    };
    let both = [&log.data, &log.generated].map(|values| lowest(values));
    let joined = both
        .into_iter()
        .flatten()
        .reduce(|[a, b], [c, d]| [a.min(c), b.max(d)])?;
    let [low, high] = joined;
    Some(if high > low {
        joined
    } else {
        [low - 0.5, high + 0.5]
    })
}

/// The mean of the finite values, as text.
fn mean(values: &[f64]) -> String {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let n = finite.len() as f64;
    match finite.is_empty() {
        true => "none".into(),
        false => number(finite.iter().map(|value| value / n).sum()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_rows_far_below_do_not_stretch_the_axis() {
        let mut data: Vec<f64> = (0..1000).map(|k| -f64::from(k) / 1000.0).collect();
        data.extend([-1e9, f64::NAN, f64::NEG_INFINITY]);
        let log = LogDensitySamples {
            data,
            generated: vec![0.5],
        };
        let [low, high] = ends(&log).unwrap();
        assert_eq!(high, 0.5);
        assert!((-2.1..=-1.5).contains(&low), "{low}");
        assert_eq!(ends(&LogDensitySamples::default()), None);
        assert_eq!(mean(&[1.0, f64::NAN, 4.0]), "2.500");
    }
}
