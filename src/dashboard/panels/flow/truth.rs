//! The true density of a toy set beside that of the model, and the difference.
//!
//! ```text
//! difference (p - p*) / max p*        TV = half the integral of |p - p*| over the grid
//! ```

use ratatui::style::Style;

use super::MARGIN;
use super::axes::{self, ShownPlane};
use super::density::{self, MapShades, ShadedDensity, draw_map};
use super::point_views::tiles;
use super::title::fitting;
use crate::dashboard::canvas::{Canvas, below};
use crate::dashboard::format::number;
use crate::dashboard::shades;
use crate::event::Density;

/// Draws the density of a model, and its truth in the same cells.
pub fn draw(model: &Density, truth: &[f64], shown: ShownPlane, canvas: &mut Canvas) {
    let truth = &Density {
        values: truth.to_vec(),
        ..model.clone()
    };
    let (known, found) = (ShadedDensity::new(truth), ShadedDensity::new(model));
    let peak = known.peak;
    if !peak.is_finite() || model.values.len() != truth.values.len() {
        canvas.cut_line(0, "no finite density", canvas.theme.alert());
        return;
    }
    let found = found.with_peak(peak);
    let tv = share_text(total_variation(model, truth));
    let names = [
        vec!["truth".to_owned()],
        vec!["model".to_owned()],
        vec![
            format!("model - truth, blue - = less, orange + # more, TV {tv}"),
            format!("model - truth, TV {tv}"),
            format!("diff, TV {tv}"),
            format!("TV {tv}"),
        ],
    ];
    for (k, (tile, names)) in tiles(canvas.area, 3).into_iter().zip(names).enumerate() {
        let area = below(tile, 1);
        let (inside, frame) = shown.inside(area, MARGIN);
        let part = &mut canvas.part(inside);
        match k {
            0 => density::draw(&known, &frame, part),
            1 => density::draw(&found, &frame, part),
            _ => {
                let scale = |log: f64| (log - peak).exp();
                let level = |point| Some(scale(found.value(point)?) - scale(known.value(point)?));
                let shades = MapShades {
                    colour: shades::difference_colour,
                    sign: shades::difference_sign,
                };
                draw_map(level, shades, &frame, part);
            }
        }
        axes::draw(&shown.axes(&frame), inside, &mut canvas.part(area));
        canvas
            .part(tile)
            .cut_line(0, fitting(&names, tile.width), Style::new());
    }
}

/// Half the integral of the absolute difference over the grid.
fn total_variation(model: &Density, truth: &Density) -> f64 {
    let [left, right, low, high] = model.bounds;
    let cell = (right - left) * (high - low) / model.values.len().max(1) as f64;
    let pairs = model.values.iter().zip(&truth.values);
    0.5 * cell * pairs.map(|(p, q)| (p.exp() - q.exp()).abs()).sum::<f64>()
}

fn share_text(share: f64) -> String {
    if share.is_finite() && share < 1e3 {
        format!("{share:.2}")
    } else {
        number(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_apart_have_total_variation_one_and_equal_ones_none() {
        let density = |values: [f64; 2]| Density {
            bounds: [0.0, 2.0, 0.0, 1.0],
            across: 2,
            values: values.map(f64::ln).to_vec(),
        };
        let (left, right) = (density([1.0, 0.0]), density([0.0, 1.0]));
        assert_eq!(total_variation(&left, &right), 1.0);
        assert_eq!(total_variation(&left, &left), 0.0);
        assert_eq!(total_variation(&density([0.75, 0.25]), &left), 0.25);
    }
}
