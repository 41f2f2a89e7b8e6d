//! The density of one column: a histogram of the data with the model's density over it, and where there is room one of generated samples
//! below; per unit of the table.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::axes::{self, AxisColumn, AxisRange};
use super::histogram::{Chart, Histogram};
use super::title::{fitting, outside_note};
use crate::dashboard::canvas::{Canvas, below};
use crate::dashboard::range::ValueRange;
use crate::event::{DensityCurve, Picture};

/// Room around the data, as a share of its extent.
const MARGIN: f64 = 0.05;
/// Rows from which on generated samples have a histogram of their own.
const TALL: u16 = 18;

/// Draws the density of a picture of one column, whose data has this range.
pub fn draw(picture: &Picture, range: ValueRange, column: &AxisColumn, canvas: &mut Canvas) {
    let ValueRange { low, high } = range;
    let room = MARGIN * (high - low);
    let room = if room > 0.0 { room } else { 0.5 };
    let ends = [low - room, high + room];
    let area = canvas.area;
    if area.height < TALL {
        draw_part("data", &picture.data, picture, ends, column, canvas);
        return;
    }
    let half = area.height / 2;
    let upper = Rect {
        height: half,
        ..area
    };
    draw_part(
        "data",
        &picture.data,
        picture,
        ends,
        column,
        &mut canvas.part(upper),
    );
    let lower = &mut canvas.part(below(area, half));
    draw_part(
        "generated",
        &picture.generated,
        picture,
        ends,
        column,
        lower,
    );
}

/// Draws the histogram of points with the model's density over it.
fn draw_part(
    name: &str,
    points: &[f64],
    picture: &Picture,
    ends: [f64; 2],
    column: &AxisColumn,
    canvas: &mut Canvas,
) {
    let area = below(canvas.area, 1);
    let bars = Histogram::of(points, ends, area.width.into());
    let curve = picture.curve.as_ref();
    let line = |place| curve.and_then(|curve| density_at(curve, place));
    let chart = Chart {
        bars: &bars,
        line: &line,
    };
    let top = chart.top(area.width);
    let up = AxisRange {
        low: 0.0,
        high: top / column.scale,
        name: String::new(),
    };
    let inside = axes::inside(area, |_| up.clone());
    chart.draw(top, &mut canvas.part(inside));
    let across = column.between(ends[0], ends[1]);
    axes::draw(&[across, up], inside, &mut canvas.part(area));
    let note = outside_note(bars.outside);
    let names = if curve.is_some() {
        vec![
            format!(
                "{name} as bars, the model's density as a line, per unit of {}{note}",
                column.name
            ),
            format!("{name} as bars, model as line{note}"),
            format!("{name}, model{note}"),
        ]
    } else {
        vec![format!("{name}{note}")]
    };
    canvas.cut_line(0, fitting(&names, area.width), Style::new());
}

/// The density of a curve at a place; None outside.
fn density_at(curve: &DensityCurve, place: f64) -> Option<f64> {
    let last = curve.values.len().checked_sub(1).filter(|&last| last > 0)?;
    let share = (place - curve.low) / (curve.high - curve.low);
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    let at = share * last as f64;
    let first = (at as usize).min(last - 1);
    let [from, to] = [curve.values[first], curve.values[first + 1]].map(f64::exp);
    let value = from + (at - first as f64) * (to - from);
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_straight_between_its_places_and_ends_with_them() {
        let curve = |values: &[f64]| DensityCurve {
            low: -1.0,
            high: 1.0,
            values: values.to_vec(),
        };
        let tent = curve(&[f64::NEG_INFINITY, 0.0, 2.0_f64.ln()]);
        let at = |place| density_at(&tent, place);
        assert_eq!([-1.0, -0.5, 0.0].map(at), [Some(0.0), Some(0.5), Some(1.0)]);
        assert!((at(1.0).unwrap() - 2.0).abs() < 1e-12);
        assert_eq!([-1.1, 1.1, f64::NAN].map(at), [None; 3]);
        assert_eq!(density_at(&curve(&[f64::NAN; 3]), 0.0), None);
        assert_eq!(density_at(&curve(&[1.0]), 0.0), None);
        assert_eq!(density_at(&curve(&[]), 0.0), None);
    }
}
