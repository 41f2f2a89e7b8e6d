//! The density of generated samples in two columns, smoothed, with the data over it: of more than two columns the model's own has no closed
//! form. The pair of columns is one that fits worst, by the misfit of data and generated samples.
//!
//! ```text
//! p(x) = 1/n sum over i of N(x; x_i, diag h^2)        h_k = s_k sqrt(1 - r^2) n^(-1/6) (Scott)
//! ```
//!
//! s_k is the interquartile range / 1.35, and r the correlation: columns that determine each other nearly would be blurred otherwise.

use ratatui::style::Style;

use super::MARGIN;
use super::axes::{self, ShownPlane};
use super::density::{self, ShadedDensity};
use super::plane::{PlaneFrame, part};
use super::title::fitting;
use crate::dashboard::canvas::Canvas;
use crate::event::{Density, PairMisfit, PairMisfits};

/// Most cells of the density on a side.
const MOST: usize = 120;
/// Cells of the area for each sample of the data, so that the density can be seen.
const ROOM: usize = 8;
/// Rows from which on there is a legend.
const TALL: u16 = 10;
/// Distance in deviations of the smoothing beyond which it is left out.
const REACH: f64 = 3.0;

/// The pair of columns of a picture, and the points in it.
pub struct PairView<'a> {
    /// Samples of the data; none where they are not to be seen.
    pub data: &'a [f64],
    /// Generated samples.
    pub generated: &'a [f64],
    /// The misfits of the pairs.
    pub misfits: &'a PairMisfits,
}

/// Draws the pair of columns that is on the axes.
pub fn draw(view: &PairView, shown: ShownPlane, canvas: &mut Canvas) {
    let names = caption(view.misfits, shown.plane.columns);
    canvas.cut_line(0, fitting(&names, canvas.area.width), Style::new());
    let legend = canvas.area.height >= TALL;
    let rest = &mut canvas.below(if legend { 2 } else { 1 });
    let area = rest.area;
    let (inside, frame) = shown.inside(area, MARGIN);
    let density = smoothed(view.generated, &frame, [inside.width, inside.height]);
    let map = ShadedDensity::new(&density);
    density::draw(&map, &frame, &mut rest.part(inside));
    let most = inside.area() as usize / ROOM;
    density::mark_samples(&map, view.data, most, &frame, &mut rest.part(inside));
    rest.picture(|| density::scene(&map, view.data, &frame, inside));
    axes::draw(&shown.axes(&frame), inside, &mut rest.part(area));
    if legend {
        let units = shown.columns.each_ref().map(|column| column.scale.ln());
        let peak = map.peak - units[0] - units[1];
        density::draw_legend(peak, &mut canvas.below(1));
    }
}

/// What is known of the pair, from long to short: its place in the order of misfit, its distance over the noise level, and their ratio.
fn caption(misfits: &PairMisfits, columns: [usize; 2]) -> Vec<String> {
    let same =
        |pair: &PairMisfit| pair.columns == columns || pair.columns == [columns[1], columns[0]];
    let Some(place) = misfits.pairs.iter().position(same) else {
        return vec![
            "generated, data marked; misfit unknown".into(),
            "generated, data marked".into(),
        ];
    };
    let misfit = misfits.pairs[place].misfit;
    let times = misfit.times_noise();
    let (place, all) = (place + 1, misfits.all);
    vec![
        format!(
            "misfit {place} of {all}: {times}, distance / noise level {misfit}; chance rarely passes 1"
        ),
        format!("misfit {place} of {all}: {times}, distance / noise level {misfit}"),
        format!("misfit {place}/{all}: {times}, {misfit}"),
        format!("misfit {place}/{all}: {times}"),
    ]
}

/// The density of points on a grid over a frame, smoothed; the grid has one cell for each half cell of the screen.
fn smoothed(points: &[f64], frame: &PlaneFrame, [width, height]: [u16; 2]) -> Density {
    let [across, up] =
        [usize::from(width), 2 * usize::from(height)].map(|side| side.clamp(1, MOST));
    let places: Vec<[f64; 2]> = points
        .chunks_exact(frame.dimension())
        .filter_map(|point| frame.place(point))
        .collect();
    let n = points.len() / frame.dimension();
    let mut counts = vec![0.0; across * up];
    for [x, y] in &places {
        let (x, y) = (part(*x, across), part(*y, up));
        counts[y * across + x] += 1.0;
    }
    let narrow = (1.0 - correlation(&places).powi(2)).max(0.0).sqrt();
    let width = |k: usize, count: usize| {
        let spread = narrow * spread(places.iter().map(|place| place[k]));
        (spread * (n.max(1) as f64).powf(-1.0 / 6.0) * count as f64).max(0.5)
    };
    let (wide, tall) = (kernel(width(0, across)), kernel(width(1, up)));
    let rows: Vec<f64> = counts
        .chunks_exact(across)
        .flat_map(|row| blurred(row, &wide))
        .collect();
    let mut values = vec![0.0; across * up];
    for x in 0..across {
        let column: Vec<f64> = rows.iter().skip(x).step_by(across).copied().collect();
        for (y, value) in blurred(&column, &tall).into_iter().enumerate() {
            values[y * across + x] = value;
        }
    }
    let [left, low] = frame.at([0.0, 0.0]);
    let [right, high] = frame.at([1.0, 1.0]);
    let cell = (right - left) / across as f64 * ((high - low) / up as f64);
    let one = (cell * n.max(1) as f64).ln();
    Density {
        bounds: [left, right, low, high],
        across,
        values: values.into_iter().map(|count| count.ln() - one).collect(),
    }
}

/// The interquartile range over that of a standard normal; 0 without values.
fn spread(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted.get((share * sorted.len() as f64) as usize).copied();
    at(0.75)
        .zip(at(0.25))
        .map_or(0.0, |(high, low)| (high - low) / 1.35)
}

/// The correlation of the two coordinates; 0 where one of them is constant.
fn correlation(places: &[[f64; 2]]) -> f64 {
    let n = places.len().max(1) as f64;
    let mean = |product: &dyn Fn(&[f64; 2]) -> f64| places.iter().map(product).sum::<f64>() / n;
    let [x, y] = [mean(&|place| place[0]), mean(&|place| place[1])];
    let xy = mean(&|place| (place[0] - x) * (place[1] - y));
    let xx = mean(&|place| (place[0] - x).powi(2));
    let yy = mean(&|place| (place[1] - y).powi(2));
    let size = (xx * yy).sqrt();
    if size > 0.0 {
        (xy / size).clamp(-1.0, 1.0)
    } else {
        0.0
    }
}

/// Weights of a normal of this deviation, in cells, from the middle outwards; their sum over both sides is 1.
fn kernel(deviation: f64) -> Vec<f64> {
    let reach = (REACH * deviation).ceil() as usize;
    let weight = |k: usize| (-0.5 * (k as f64 / deviation).powi(2)).exp();
    let weights: Vec<f64> = (0..=reach).map(weight).collect();
    let sum = 2.0 * weights.iter().sum::<f64>() - 1.0;
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// The values smoothed by a kernel; what leaves at an end is lost.
fn blurred(values: &[f64], kernel: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; values.len()];
    for (i, &value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        for (k, weight) in kernel.iter().enumerate() {
            let sides = [i.checked_sub(k).filter(|_| k > 0), Some(i + k)];
            for place in sides.into_iter().flatten() {
                if let Some(out) = out.get_mut(place) {
                    *out += weight * value;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::plane::{Aspect, Plane, PlaneBounds};
    use super::*;
    use crate::misfit::Misfit;
    use ratatui::layout::Rect;

    const FLAT: Plane = Plane {
        dimension: 2,
        columns: [0, 1],
    };

    fn frame() -> PlaneFrame {
        let area = Rect::new(0, 0, 40, 20);
        PlaneFrame::fit(FLAT, PlaneBounds::square(4.0), 0.0, area, Aspect::Free)
    }

    fn mass(density: &Density) -> f64 {
        let [left, right, low, high] = density.bounds;
        let cell = (right - left) * (high - low) / density.values.len() as f64;
        density.values.iter().map(|log| log.exp() * cell).sum()
    }

    #[test]
    fn the_mass_of_points_well_inside_is_one_and_points_outside_count_as_missing() {
        let mut points = vec![0.0, 0.0, 1.0, -0.5, -1.0, 0.5, 0.2, 0.1];
        let density = smoothed(&points, &frame(), [40, 20]);
        assert_eq!((density.across, density.values.len()), (40, 40 * 40));
        assert!((mass(&density) - 1.0).abs() < 1e-2, "{}", mass(&density));
        points.extend([99.0, 0.0, f64::NAN, 0.0, 0.0, f64::INFINITY, 1e300, 1e300]);
        let density = smoothed(&points, &frame(), [40, 20]);
        assert!((mass(&density) - 0.5).abs() < 1e-2);
    }

    #[test]
    fn the_smoothing_of_a_single_point_is_a_normal_around_its_cell() {
        let kernel = kernel(2.0);
        let sum = 2.0 * kernel.iter().sum::<f64>() - kernel[0];
        assert!((sum - 1.0).abs() < 1e-12);
        let out = blurred(&[0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0], &kernel);
        assert!((out[3] - 3.0 * kernel[0]).abs() < 1e-12);
        assert_eq!(out[1], out[5]);
        assert!(out[0] < out[1] && out[1] < out[2]);
    }

    #[test]
    fn points_on_a_line_stay_a_line() {
        let points: Vec<f64> = (0..200)
            .flat_map(|k| [f64::from(k) / 50.0 - 2.0; 2])
            .collect();
        let density = smoothed(&points, &frame(), [40, 20]);
        let at = |x: usize, y: usize| density.values[y * 40 + x].exp();
        assert!(
            at(20, 20) > 0.1 && at(26, 20) == 0.0,
            "{} {}",
            at(20, 20),
            at(26, 20)
        );
        assert_eq!(correlation(&[[0.0, 1.0], [1.0, 1.0]]), 0.0);
        assert!((correlation(&[[0.0, 1.0], [1.0, 0.0]]) + 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_points_and_no_area_give_a_density_of_nothing() {
        for (points, size) in [(&[][..], [40, 20]), (&[0.0, 0.0][..], [0, 0])] {
            let density = smoothed(points, &frame(), size);
            assert!(!density.values.iter().any(|value| value.is_nan()));
        }
    }

    #[test]
    fn the_caption_tells_the_place_and_the_noise_level() {
        let pair = |columns, distance| PairMisfit {
            columns,
            misfit: Misfit {
                distance,
                noise: 0.2,
            },
        };
        let misfits = PairMisfits {
            pairs: vec![pair([0, 2], 0.5), pair([1, 0], 0.1)],
            all: 3,
        };
        let text = caption(&misfits, [1, 0]);
        assert!(
            text[2] == "misfit 2/3: 0.5 x noise, 0.100 / 0.200",
            "{text:?}"
        );
        assert_eq!(caption(&misfits, [2, 0]), caption(&misfits, [0, 2]));
        assert!(caption(&misfits, [1, 2])[0].contains("misfit unknown"));
    }
}
