//! Quantiles of a conditional density on a grid, with the context across and the variable upwards.
//!
//! ```text
//! Q_q(y): the x with  F(x | y) = q      F(x | y) = int^x p / int p over the grid, linear within a cell
//! ```

use super::contours::{DensityGrid, cell_centre};

/// The quantile q of the variable at each context: points (context, quantile), one for a column of the grid; none for a column without
/// any density.
pub fn quantile_line(field: &DensityGrid, q: f64) -> Vec<[f64; 2]> {
    let [left, right, low, high] = field.bounds;
    let (across, up) = (field.size.across, field.size.up);
    let cell = (high - low) / up as f64;
    let points = (0..across).filter_map(|k| {
        let column = field.values.iter().skip(k).step_by(across);
        let cells = cells_below(column, q)?;
        Some([cell_centre(left, right, k, across), low + cells * cell])
    });
    points.collect()
}

/// The least mass of a column within the grid: below 1 the quantiles are those of what lies in the frame.
pub fn least_mass(field: &DensityGrid) -> f64 {
    let [.., low, high] = field.bounds;
    let (across, up) = (field.size.across, field.size.up);
    let mass = |k: usize| {
        let column = field.values.iter().skip(k).step_by(across);
        column.sum::<f64>() * (high - low) / up as f64
    };
    (0..across).map(mass).fold(f64::INFINITY, f64::min)
}

/// The number of cells below the quantile, with a fraction; None where there is no mass.
fn cells_below<'a>(densities: impl Iterator<Item = &'a f64> + Clone, share: f64) -> Option<f64> {
    let mut wanted = share * densities.clone().sum::<f64>();
    for (k, density) in densities.enumerate() {
        if *density > 0.0 && wanted <= *density {
            return Some(k as f64 + wanted / density);
        }
        wanted -= density;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Density;
    use crate::plot::{GridSize, cell_centres};

    /// x given y is normal with mean 2 y and deviation 1 + y / 2.
    fn normal() -> DensityGrid {
        let size = GridSize {
            across: 9,
            up: 2000,
        };
        let bounds = [0.0, 3.0, -20.0, 26.0];
        let log = |cell: &[f64]| {
            let deviation = 1.0 + cell[0] / 2.0;
            let z = (cell[1] - 2.0 * cell[0]) / deviation;
            -z * z / 2.0 - deviation.ln() - (2.0 * std::f64::consts::PI).ln() / 2.0
        };
        let values = cell_centres(bounds, size);
        let values = values.chunks_exact(2).map(log).collect();
        let density = Density {
            bounds,
            across: size.across,
            values,
        };
        DensityGrid::new(&density).unwrap()
    }

    #[test]
    fn quantiles_of_a_normal_conditional_are_its_mean_and_multiples_of_its_deviation() {
        let field = normal();
        assert!((least_mass(&field) - 1.0).abs() < 1e-6);
        // Quantiles of the standard normal.
        let quantiles = [
            (0.05, -1.644_853_627),
            (0.25, -0.674_489_750),
            (0.5, 0.0),
            (0.75, 0.674_489_750),
            (0.95, 1.644_853_627),
        ];
        for (q, z) in quantiles {
            let line = quantile_line(&field, q);
            assert_eq!(line.len(), 9);
            for [y, x] in line {
                let exact = 2.0 * y + z * (1.0 + y / 2.0);
                assert!((x - exact).abs() < 2e-3, "{q}: {x} {exact}");
            }
        }
    }

    #[test]
    fn columns_without_density_have_no_quantile() {
        let density = Density {
            bounds: [0.0, 2.0, 0.0, 4.0],
            across: 2,
            values: [0.25, 0.0, 0.25, 0.0, 0.25, 0.0, 0.25, 0.0]
                .map(f64::ln)
                .to_vec(),
        };
        let field = DensityGrid::new(&density).unwrap();
        assert_eq!(quantile_line(&field, 0.5), [[0.5, 2.0]]);
        assert_eq!(least_mass(&field), 0.0);
    }
}
