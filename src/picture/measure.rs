//! Measures of points and paths: inverse error, straightness, and bounds and grid of a density. Rows are row-major with d values.
//!
//! ```text
//! inverse error |x - f^-1(f(x))|        straightness = mean over the paths of  length / |end - start|
//! ```

use crate::event::InverseError;

/// Distance of the ends below which a path does not count.
const NOWHERE: f64 = 1e-12;
/// Margin around the data, as a share of its extent.
const MARGIN: f64 = 0.15;
/// Share of the values at each end that may lie outside a range, where there are enough of them.
const RARE: f64 = 0.01;
/// Smallest number of values of which some may lie outside.
const ENOUGH: usize = 50;

/// The sum of the distances |x - f^-1(f(x))| of rows, and the largest.
#[derive(Default)]
pub struct InverseErrorSum {
    sum: f64,
    max: f64,
    rows: usize,
}

impl InverseErrorSum {
    /// Adds the distances between rows x and y of d values.
    pub fn add(&mut self, x: &[f64], y: &[f64], d: usize) {
        for (x, y) in x.chunks_exact(d).zip(y.chunks_exact(d)) {
            let error = distance(x, y);
            self.sum += error;
            self.rows += 1;
            // NaN stays, as nothing is greater.
            if error > self.max || error.is_nan() {
                self.max = error;
            }
        }
    }

    /// The mean and the largest distance; without rows the mean is NaN.
    pub fn error(&self) -> InverseError {
        InverseError {
            mean: self.sum / self.rows as f64,
            max: self.max,
        }
    }
}

/// The mean and the largest distance between rows x and y of d values; None without rows.
pub fn inverse_error(x: &[f64], y: &[f64], d: usize) -> Option<InverseError> {
    let mut sum = InverseErrorSum::default();
    sum.add(x, y, d);
    (sum.rows > 0).then(|| sum.error())
}

/// The straightness of paths of `nodes` nodes of d values: mean of length over distance between the ends. None where no path goes
/// anywhere.
pub fn straightness(paths: &[f64], nodes: usize, d: usize) -> Option<f64> {
    let ratio = |path: &[f64]| {
        let first = &path[..d];
        let last = &path[path.len() - d..];
        let length: f64 = path
            .windows(2 * d)
            .step_by(d)
            .map(|step| distance(&step[..d], &step[d..]))
            .sum();
        let chord = distance(first, last);
        let ratio = length / chord;
        (chord >= NOWHERE && ratio.is_finite()).then_some(ratio)
    };
    let ratios: Vec<f64> = paths.chunks_exact(nodes * d).filter_map(ratio).collect();
    (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64)
}

/// The Euclidean distance.
fn distance(x: &[f64], y: &[f64]) -> f64 {
    let squares = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y));
    squares.sum::<f64>().sqrt()
}

/// The range of the finite values, but at each end at most half as long again as that of all but a hundredth of them: a few values far from all
/// others do not count. None without finite values.
pub fn usual_range(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (&least, &most) = sorted.first().zip(sorted.last())?;
    let rare = (RARE * sorted.len() as f64) as usize;
    let (low, high) = (sorted[rare], sorted[sorted.len() - 1 - rare]);
    let room = 0.5 * (high - low);
    if sorted.len() < ENOUGH || room <= 0.0 {
        return Some([least, most]);
    }
    Some([least.max(low - room), most.min(high + room)])
}

/// The range with a margin on both sides; around a single value, or a half on both sides of 0 without any.
pub fn with_margin(range: Option<[f64; 2]>) -> [f64; 2] {
    let Some([from, to]) = range else {
        return [-0.5, 0.5];
    };
    let extent = to - from;
    if extent > 0.0 {
        [from - MARGIN * extent, to + MARGIN * extent]
    } else {
        [from - 0.5, from + 0.5]
    }
}

/// Bounds x low, x high, y low, y high around the finite values of rows of two, with a margin; the unit square around 0 without any.
pub fn bounds_around(rows: &[f64]) -> [f64; 4] {
    let mut sides = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
    for row in rows.chunks_exact(2) {
        for (side, &value) in sides.iter_mut().zip(row) {
            if value.is_finite() {
                *side = [side[0].min(value), side[1].max(value)];
            }
        }
    }
    let [[left, right], [low, high]] =
        sides.map(|side| with_margin(side[0].is_finite().then_some(side)));
    [left, right, low, high]
}

/// A grid of equal cells within bounds x low, x high, y low, y high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellGrid {
    /// Bounds, edge to edge.
    pub bounds: [f64; 4],
    /// Number of cells in a row.
    pub across: usize,
    /// Number of rows.
    pub up: usize,
}

impl CellGrid {
    /// A grid of at most `cells` nearly square cells, and at least one.
    pub fn square(bounds: [f64; 4], cells: usize) -> Self {
        let [left, right, low, high] = bounds;
        let across = (cells as f64 * (right - left) / (high - low))
            .sqrt()
            .round() as usize;
        let across = across.clamp(1, cells.max(1));
        CellGrid {
            bounds,
            across,
            up: (cells / across).max(1),
        }
    }

    /// The centres of all cells, from the lowest row and the left; rows of two values.
    pub fn centres(&self) -> Vec<f64> {
        let &CellGrid {
            bounds: [left, right, low, high],
            across,
            up,
        } = self;
        let centre = |k: usize, count: usize| (k as f64 + 0.5) / count as f64;
        let cell = |k: usize| {
            [
                left + (right - left) * centre(k % across, across),
                low + (high - low) * centre(k / across, up),
            ]
        };
        (0..across * up).flat_map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn a_straight_path_has_one_and_a_half_circle_half_of_pi() {
        let straight = [0.0, 0.0, 1.0, 1.0, 3.0, 3.0];
        assert!((straightness(&straight, 3, 2).unwrap() - 1.0).abs() < 1e-15);
        let nodes = 1001;
        let arc: Vec<f64> = (0..nodes)
            .flat_map(|k| {
                let angle = PI * k as f64 / (nodes - 1) as f64;
                [angle.cos(), angle.sin()]
            })
            .collect();
        // 1000 chords in place of the arc: short by (pi/1000)^2 / 24.
        assert!((straightness(&arc, nodes, 2).unwrap() - PI / 2.0).abs() < 1e-6);
    }

    #[test]
    fn paths_that_go_nowhere_or_are_not_finite_do_not_count() {
        let paths = [1.0, 2.0, 1.0, f64::NAN, 2.0, 3.0, 0.0, 3.0, 1.0];
        assert_eq!(straightness(&paths, 3, 1), Some(5.0));
        assert_eq!(straightness(&[1.0, 2.0, 1.0], 3, 1), None);
        assert_eq!(straightness(&[], 3, 1), None);
    }

    #[test]
    fn the_error_has_its_mean_and_its_largest() {
        let error = inverse_error(&[0.0, 0.0, 1.0, 1.0], &[3.0, 4.0, 1.0, 2.0], 2).unwrap();
        assert_eq!((error.mean, error.max), (3.0, 5.0));
        let broken = inverse_error(&[0.0, 1.0], &[f64::NAN, 1.5], 1).unwrap();
        assert!(broken.mean.is_nan() && broken.max.is_nan());
        assert_eq!(inverse_error(&[], &[], 2), None);
    }

    #[test]
    fn the_frame_holds_the_finite_points_and_has_room() {
        let [left, right, low, high] =
            bounds_around(&[0.0, 1.0, 2.0, f64::NAN, f64::INFINITY, 1.0]);
        assert!(left < 0.0 && right > 2.0);
        assert_eq!((low, high), (0.5, 1.5));
        assert_eq!(bounds_around(&[]), [-0.5, 0.5, -0.5, 0.5]);
    }

    #[test]
    fn a_range_leaves_out_a_few_values_far_from_the_others() {
        let even = || (0..=200).map(f64::from);
        assert_eq!(usual_range(even()), Some([0.0, 200.0]));
        let far = || even().chain([1e9, f64::NAN, f64::NEG_INFINITY]);
        // 2 of 202 values may be outside at each end: 2 and 199 are left, and room of 98.5.
        assert_eq!(usual_range(far()), Some([0.0, 297.5]));
        assert_eq!(usual_range([3.0, 1e9].into_iter()), Some([3.0, 1e9]));
        let same = std::iter::repeat_n(7.0, 99).chain([8.0]);
        assert_eq!(usual_range(same), Some([7.0, 8.0]));
        assert_eq!(usual_range([f64::NAN].into_iter()), None);
        assert_eq!(with_margin(Some([0.0, 1.0])), [-0.15, 1.15]);
        assert_eq!(with_margin(Some([2.0, 2.0])), [1.5, 2.5]);
        assert_eq!(with_margin(None), [-0.5, 0.5]);
    }

    #[test]
    fn cells_are_nearly_square_and_their_centres_lie_inside() {
        let grid = CellGrid::square([0.0, 4.0, -1.0, 1.0], 2048);
        let centres = grid.centres();
        assert_eq!((grid.across, grid.up, centres.len()), (64, 32, 2 * 2048));
        assert_eq!(
            centres[..4],
            [1.0 / 32.0, -31.0 / 32.0, 3.0 / 32.0, -31.0 / 32.0]
        );
        for cells in [0, 1, 2, 7] {
            let grid = CellGrid::square([0.0, 1e6, 0.0, 1.0], cells);
            assert!(grid.across >= 1 && grid.centres().len() <= 2 * cells.max(1));
        }
    }
}
