//! Regions of a density on a grid: where it is above a level, and the levels whose regions hold given masses.
//!
//! ```text
//! region of mass q: {p >= level(q)}      level(q) = the largest with  sum of p over its cells * cell area >= q
//! ```

use contour::ContourBuilder;

use super::scale::FigureScale;
use crate::event::Density;

/// Largest log density that is distinguished from larger ones.
const LARGEST: f64 = 690.0;
/// Position on a colour scale of densities far below it.
const BELOW: f64 = -0.1;

/// A density on a grid of cells.
#[derive(Clone, Debug)]
pub struct DensityGrid {
    /// Densities per unit of area, row by row from the lowest y; all finite.
    pub values: Vec<f64>,
    /// Numbers of cells.
    pub size: GridSize,
    /// Bounds x low, x high, y low, y high.
    pub bounds: [f64; 4],
}

impl DensityGrid {
    /// The density of a grid of log densities; NaN counts as density 0. None for a grid without cells or extent.
    pub fn new(density: &Density) -> Option<Self> {
        let [left, right, low, high] = density.bounds;
        let rows = density.values.len().checked_div(density.across)?;
        let whole = rows > 0 && rows * density.across == density.values.len();
        let area = (right - left) * (high - low);
        let densities = density.values.iter().map(|log| match log {
            log if log.is_nan() => 0.0,
            log => log.min(LARGEST).exp(),
        });
        (whole && area.is_finite() && right > left && high > low).then(|| DensityGrid {
            values: densities.collect(),
            size: GridSize {
                across: density.across,
                up: rows,
            },
            bounds: density.bounds,
        })
    }

    /// The largest density.
    pub fn highest(&self) -> f64 {
        self.values.iter().copied().fold(0.0, f64::max)
    }

    /// This density with every column of the grid divided by its largest value.
    pub fn relative(&self) -> Self {
        let across = self.size.across;
        let mut field = self.clone();
        for k in 0..across {
            let column = || self.values.iter().skip(k).step_by(across).copied();
            let highest = column().fold(f64::MIN_POSITIVE, f64::max);
            let cells = field.values.iter_mut().skip(k).step_by(across);
            cells.for_each(|value| *value /= highest);
        }
        field
    }

    /// The positions of the densities on a colour scale; for those below it, which has lines too, a little below 0.
    pub fn on(&self, colours: FigureScale) -> Self {
        let share = |value: &f64| {
            colours
                .share(*value)
                .map_or(BELOW, |share| share.max(BELOW))
        };
        DensityGrid {
            values: self.values.iter().map(share).collect(),
            ..self.clone()
        }
    }

    /// The integral of the density over the grid.
    pub fn mass(&self) -> f64 {
        self.values.iter().sum::<f64>() * self.cell_area()
    }

    /// The level whose region {p >= level} holds this mass; None if the grid holds less.
    pub fn level(&self, mass: f64) -> Option<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let mut sum = 0.0;
        sorted.into_iter().find(|value| {
            sum += value * self.cell_area();
            sum >= mass && *value > 0.0
        })
    }

    /// The contour lines of a level as closed rings, in coordinates of the bounds; linear between the centres of cells.
    pub fn rings(&self, level: f64) -> Vec<Vec<[f64; 2]>> {
        let GridSize { across, up } = self.size;
        let lines = ContourBuilder::new(across, up, true).lines(&self.values, &[level]);
        let lines = lines.unwrap_or_default().into_iter();
        let rings = lines.flat_map(|line| line.into_inner().0.0);
        rings
            .map(|ring| ring.0.iter().map(|p| self.coordinates(p.x, p.y)).collect())
            .collect()
    }

    /// The coordinates of a position in cells from the lower left.
    fn coordinates(&self, x: f64, y: f64) -> [f64; 2] {
        let [left, right, low, high] = self.bounds;
        let GridSize { across, up } = self.size;
        [
            left + (right - left) * x / across as f64,
            low + (high - low) * y / up as f64,
        ]
    }

    fn cell_area(&self) -> f64 {
        let [left, right, low, high] = self.bounds;
        (right - left) * (high - low) / self.values.len() as f64
    }
}

/// The numbers of cells of a grid.
#[derive(Clone, Copy, Debug)]
pub struct GridSize {
    /// Cells in a row.
    pub across: usize,
    /// Rows of cells.
    pub up: usize,
}

/// The centre of the k-th of n equal cells between two bounds.
pub fn cell_centre(from: f64, to: f64, k: usize, n: usize) -> f64 {
    from + (to - from) * (k as f64 + 0.5) / n as f64
}

/// Centres of a grid's cells within bounds x low, x high, y low, y high, from the lowest row and the left; rows of two values.
pub fn cell_centres([left, right, low, high]: [f64; 4], size: GridSize) -> Vec<f64> {
    let GridSize { across, up } = size;
    let cells = (0..across * up).flat_map(|k| {
        [
            cell_centre(left, right, k % across, across),
            cell_centre(low, high, k / across, up),
        ]
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    /// The standard normal in two dimensions around the middle of a grid of `across` x `up` cells.
    fn normal(across: usize, up: usize) -> Density {
        let bounds = [-6.0, 6.0, -6.0, 6.0];
        let centres = cell_centres(bounds, GridSize { across, up });
        let log = |x: &[f64]| -(x[0] * x[0] + x[1] * x[1]) / 2.0 - (2.0 * PI).ln();
        Density {
            bounds,
            across,
            values: centres.chunks_exact(2).map(log).collect(),
        }
    }

    /// The region of mass q of the normal is a disc of radius sqrt(-2 log(1 - q)).
    #[test]
    fn regions_hold_the_mass_they_claim() {
        let field = DensityGrid::new(&normal(240, 200)).unwrap();
        assert!((field.mass() - 1.0).abs() < 1e-6);
        for mass in [0.5, 0.8, 0.95] {
            let level = field.level(mass).unwrap();
            let exact = (1.0 - mass) / (2.0 * PI);
            assert!(
                (level / exact - 1.0).abs() < 0.01,
                "{mass}: {level} {exact}"
            );
            let radius = (-2.0 * (1.0_f64 - mass).ln()).sqrt();
            let rings = field.rings(level);
            assert_eq!(rings.len(), 1);
            for [x, y] in &rings[0] {
                assert!((x.hypot(*y) - radius).abs() < 0.02, "{mass}: {x} {y}");
            }
        }
    }

    #[test]
    fn a_relative_density_has_its_highest_in_every_column() {
        let grid = Density {
            bounds: [0.0, 1.0, 0.0, 1.0],
            across: 2,
            values: [1.0, 8.0, 4.0, 2.0].map(f64::ln).to_vec(),
        };
        let values = DensityGrid::new(&grid).unwrap().relative().values;
        for (value, exact) in values.iter().zip([0.25, 1.0, 1.0, 0.25]) {
            assert!((value - exact).abs() < 1e-12, "{values:?}");
        }
    }

    /// On a logarithmic scale a contour of the normal is a circle too: share 1 - r^2 / (2 ln 10 decades) at radius r.
    #[test]
    fn contours_on_a_logarithmic_scale_lie_where_the_density_has_fallen_so_far() {
        let field = DensityGrid::new(&normal(240, 240)).unwrap();
        let colours = FigureScale::decades_below(1.0 / (2.0 * PI), 4);
        let shares = field.on(colours);
        assert!(
            shares
                .values
                .iter()
                .all(|share| (BELOW..=1.0).contains(share))
        );
        for share in [0.1, 0.5, 0.9] {
            let radius = ((1.0 - share) * 2.0 * 4.0 * 10f64.ln()).sqrt();
            let rings = shares.rings(share);
            assert_eq!(rings.len(), 1);
            for [x, y] in &rings[0] {
                assert!((x.hypot(*y) - radius).abs() < 0.01, "{share}: {x} {y}");
            }
        }
    }

    #[test]
    fn a_mass_that_is_not_there_has_no_level() {
        let mut density = normal(50, 50);
        density.values.iter_mut().for_each(|log| *log -= 1.0);
        let field = DensityGrid::new(&density).unwrap();
        assert!(field.level(0.95).is_none() && field.level(0.3).is_some());
    }

    #[test]
    fn grids_that_are_none_are_refused_and_no_values_make_it_fail() {
        assert!(DensityGrid::new(&Density::default()).is_none());
        let grid = |bounds, across, values: Vec<f64>| Density {
            bounds,
            across,
            values,
        };
        let unit = [0.0, 1.0, 0.0, 1.0];
        assert!(DensityGrid::new(&grid(unit, 2, vec![0.0; 3])).is_none());
        assert!(DensityGrid::new(&grid([0.0; 4], 1, vec![0.0])).is_none());
        assert!(DensityGrid::new(&grid([0.0, 1e300, 0.0, 1e300], 1, vec![0.0])).is_none());
        let odd = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
            0.0,
            -1e300,
        ];
        for across in [1, 2, 3, 6] {
            let field = DensityGrid::new(&grid(unit, across, odd.to_vec())).unwrap();
            for level in [0.0, 0.5, field.highest(), f64::NAN] {
                field.rings(level);
            }
            assert!(field.values.iter().all(|v| v.is_finite()));
            field.level(0.5);
        }
    }
}
