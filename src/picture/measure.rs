//! Figures and grids of points, row-major with d values a row.

use crate::event::InverseError;

/// Distances below this are none.
const NOWHERE: f64 = 1e-12;
/// Room around the data, as a share of its extent.
const MARGIN: f64 = 0.15;

/// |x - y| over the rows; None without rows.
pub fn inverse_error(x: &[f64], y: &[f64], d: usize) -> Option<InverseError> {
    let (mut sum, mut max, mut n) = (0.0, 0.0, 0);
    for (x, y) in x.chunks_exact(d).zip(y.chunks_exact(d)) {
        let error = distance(x, y);
        (sum, n) = (sum + error, n + 1);
        if error > max || error.is_nan() {
            max = error;
        }
    }
    (n > 0).then(|| InverseError {
        mean: sum / f64::from(n),
        max,
    })
}

/// Mean of length over distance between the ends, for paths of so many nodes; None when none goes anywhere.
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

fn distance(x: &[f64], y: &[f64]) -> f64 {
    let squares = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y));
    squares.sum::<f64>().sqrt()
}

/// x low, x high, y low, y high around the finite ones of rows of two values, with room; the unit square around 0 without any.
pub fn frame(rows: &[f64]) -> [f64; 4] {
    let mut sides = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
    for row in rows.chunks_exact(2) {
        for (side, &value) in sides.iter_mut().zip(row) {
            if value.is_finite() {
                *side = [side[0].min(value), side[1].max(value)];
            }
        }
    }
    let [[left, right], [low, high]] = sides.map(|[from, to]| {
        let extent = to - from;
        match extent {
            _ if extent > 0.0 => [from - MARGIN * extent, to + MARGIN * extent],
            _ if from.is_finite() => [from - 0.5, from + 0.5],
            _ => [-0.5, 0.5],
        }
    });
    [left, right, low, high]
}

/// Cells in a row of a grid of at most so many nearly square cells, and the centres of all, from the lowest row and the left.
pub fn grid([left, right, low, high]: [f64; 4], cells: usize) -> (usize, Vec<f64>) {
    let (wide, tall) = (right - left, high - low);
    let across = (cells as f64 * wide / tall).sqrt().round() as usize;
    let across = across.clamp(1, cells.max(1));
    let up = (cells / across).max(1);
    let centre = |k: usize, count: usize| (k as f64 + 0.5) / count as f64;
    let centres = (0..across * up).flat_map(|k| {
        [
            left + wide * centre(k % across, across),
            low + tall * centre(k / across, up),
        ]
    });
    (across, centres.collect())
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
        let [left, right, low, high] = frame(&[0.0, 1.0, 2.0, f64::NAN, f64::INFINITY, 1.0]);
        assert!(left < 0.0 && right > 2.0);
        assert_eq!((low, high), (0.5, 1.5));
        assert_eq!(frame(&[]), [-0.5, 0.5, -0.5, 0.5]);
    }

    #[test]
    fn cells_are_nearly_square_and_their_centres_lie_inside() {
        let (across, centres) = grid([0.0, 4.0, -1.0, 1.0], 2048);
        assert_eq!((across, centres.len()), (64, 2 * 2048));
        assert_eq!(
            centres[..4],
            [1.0 / 32.0, -31.0 / 32.0, 3.0 / 32.0, -31.0 / 32.0]
        );
        for cells in [0, 1, 2, 7] {
            let (across, centres) = grid([0.0, 1e6, 0.0, 1.0], cells);
            assert!(across >= 1 && centres.len() <= 2 * cells.max(1));
        }
    }
}
