//! The eight 2-D sets: how they are drawn, their exact log densities, and their entropies H, the lower limit of C.
//! C - H is the Kullback-Leibler divergence from the data to the model, in nats.

mod mixture;
mod pinwheel;
mod quadrature;
mod spirals;

use std::f64::consts::PI;

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::session::Toy;
use mixture::Mixture;
use spirals::Spirals;

/// The logarithm of the area of the checkerboard's dark squares, 8 of 2 x 2.
const LOG_AREA: f64 = 5.0 * std::f64::consts::LN_2;

/// The entropy H in nats: closed for the checkerboard, otherwise quadrature of -p log p with the exact density on finer and finer
/// grids, good to the 7 decimals given, and to 1e-6 for the pinwheel, whose density has poles.
pub fn entropy(toy: Toy) -> f64 {
    match toy {
        Toy::EightGaussians => 2.8318804,
        Toy::Checkerboard => LOG_AREA,
        Toy::SwissRoll => 2.6696462,
        Toy::Circles => 3.2681357,
        Toy::Rings => 2.6231828,
        Toy::Moons => 2.3938792,
        Toy::Pinwheel => 2.317788,
        Toy::TwoSpirals => 2.6454503,
    }
}

/// Draws one sample. Functions from `libm` make it the same bits on every machine.
pub fn sample(toy: Toy, rng: &mut impl Rng) -> [f64; 2] {
    match toy {
        Toy::EightGaussians => {
            let angle = f64::from(rng.random_range(0..8u32)) * PI / 4.0;
            add_noise(rng, 0.5, polar(4.0, angle)).map(|x| x / 1.414)
        }
        Toy::Checkerboard => sample_checkerboard(rng),
        Toy::SwissRoll => {
            let t = 1.5 * PI * (1.0 + 2.0 * draw_uniform(rng));
            add_noise(rng, 1.0, polar(t, t)).map(|x| x / 5.0)
        }
        Toy::Circles => sample_ring(rng, &[1.0, 0.5]).map(|x| 3.0 * x),
        Toy::Rings => sample_ring(rng, &[3.0, 2.25, 1.5, 0.75]),
        Toy::Moons => sample_moon(rng),
        Toy::Pinwheel => sample_blade(rng),
        Toy::TwoSpirals => sample_arm(rng),
    }
}

/// Draws a uniform number in [0, 1).
fn draw_uniform(rng: &mut impl Rng) -> f64 {
    rng.random()
}

/// The point at a radius and an angle.
fn polar(radius: f64, angle: f64) -> [f64; 2] {
    let (sin, cos) = libm::sincos(angle);
    [radius * cos, radius * sin]
}

/// Adds normal noise to a point.
fn add_noise(rng: &mut impl Rng, deviation: f64, x: [f64; 2]) -> [f64; 2] {
    x.map(|x| x + deviation * rng.sample::<f64, _>(StandardNormal))
}

/// Draws a point of the dark squares.
fn sample_checkerboard(rng: &mut impl Rng) -> [f64; 2] {
    let x0 = 4.0 * draw_uniform(rng) - 2.0;
    let down = if rng.random() { 2.0 } else { 0.0 };
    [
        2.0 * x0,
        2.0 * (draw_uniform(rng) - down + x0.floor().rem_euclid(2.0)),
    ]
}

/// Draws a point of one of the rings.
fn sample_ring(rng: &mut impl Rng, radii: &[f64]) -> [f64; 2] {
    let radius = radii[rng.random_range(0..radii.len())];
    let angle = 2.0 * PI * draw_uniform(rng);
    add_noise(rng, 0.08, polar(radius, angle))
}

/// Draws a point of one of the moons.
fn sample_moon(rng: &mut impl Rng) -> [f64; 2] {
    let [cos, sin] = polar(1.0, PI * draw_uniform(rng));
    let x = if rng.random() {
        [cos, sin]
    } else {
        [1.0 - cos, 0.5 - sin]
    };
    let [x0, x1] = add_noise(rng, 0.1, x);
    [2.0 * x0 - 1.0, 2.0 * x1 - 0.2]
}

/// Draws a point of one of the blades.
fn sample_blade(rng: &mut impl Rng) -> [f64; 2] {
    let [f0, f1] = [
        1.0 + 0.3 * rng.sample::<f64, _>(StandardNormal),
        0.1 * rng.sample::<f64, _>(StandardNormal),
    ];
    let class = f64::from(rng.random_range(0..5u32));
    let (sin, cos) = libm::sincos(2.0 * PI * class / 5.0 + 0.25 * libm::exp(f0));
    [2.0 * (f0 * cos + f1 * sin), 2.0 * (f1 * cos - f0 * sin)]
}

/// Draws a point of one of the arms.
fn sample_arm(rng: &mut impl Rng) -> [f64; 2] {
    let q = 3.0 * PI * draw_uniform(rng).sqrt();
    let [cos, sin] = polar(q, q);
    let s = [0.5 * draw_uniform(rng) - cos, 0.5 * draw_uniform(rng) + sin];
    let third = if rng.random() { 1.0 / 3.0 } else { -1.0 / 3.0 };
    add_noise(rng, 0.1, s.map(|s| third * s))
}

/// The exact log density of a set, prepared to be evaluated anywhere.
#[derive(Debug)]
pub struct ToyDensity(DensityForm);

#[derive(Debug)]
enum DensityForm {
    Checkerboard,
    Mixture(Mixture),
    Pinwheel,
    Spirals(Spirals),
}

impl ToyDensity {
    /// Prepares the density of a set: places the nodes of its quadrature.
    pub fn new(toy: Toy) -> Self {
        Self(match toy {
            Toy::EightGaussians => DensityForm::Mixture(mixture::eight_gaussians()),
            Toy::Checkerboard => DensityForm::Checkerboard,
            Toy::SwissRoll => DensityForm::Mixture(mixture::swiss_roll(32)),
            Toy::Circles => DensityForm::Mixture(mixture::circles(0.24, &[3.0, 1.5])),
            Toy::Rings => DensityForm::Mixture(mixture::circles(0.08, &[3.0, 2.25, 1.5, 0.75])),
            Toy::Moons => DensityForm::Mixture(mixture::moons(8)),
            Toy::Pinwheel => DensityForm::Pinwheel,
            Toy::TwoSpirals => DensityForm::Spirals(Spirals::new()),
        })
    }

    /// The log density log p(x) in nats, to rounding on and around the data and to 1e-4 of itself at |x| = 50. Finite up to |x| =
    /// 1e6 at the least, but -inf off the dark squares of the checkerboard.
    pub fn log_density(&self, x: [f64; 2]) -> f64 {
        match &self.0 {
            DensityForm::Checkerboard => log_checkerboard(x),
            DensityForm::Mixture(mixture) => mixture.log_density(x),
            DensityForm::Pinwheel => pinwheel::log_density(x),
            DensityForm::Spirals(spirals) => spirals.log_density(x),
        }
    }
}

/// Squares of side 2 on [-4, 4) x [-4, 4), dark where the parities of row and column agree.
fn log_checkerboard(x: [f64; 2]) -> f64 {
    let [column, row] = x.map(|x| (x / 2.0).floor());
    let inside = x.iter().all(|x| (-4.0..4.0).contains(x));
    let dark = (column - row).rem_euclid(2.0) == 0.0;
    if inside && dark {
        -LOG_AREA
    } else {
        f64::NEG_INFINITY
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;
    use crate::data::random::{DrawKey, Stream, WORDS, row_generator};

    /// Figures of a set that were computed apart from this program.
    struct KnownFigures {
        toy: Toy,
        /// C with no flow: E|x|^2 / 2 + log(2 pi)
        no_flow: f64,
        /// C of the best Gaussian: log det(covariance) / 2 + 1 + log(2 pi)
        gaussian: f64,
        /// Standard deviation of -log p
        deviation: f64,
    }

    const TABLE: [KnownFigures; 8] = [
        known(Toy::EightGaussians, 5.9641, 4.2552, 0.9748),
        known(Toy::Checkerboard, 7.1712, 4.4940, 0.0),
        known(Toy::SwissRoll, 3.8024, 3.4658, 0.7703),
        known(Toy::Circles, 4.7080, 3.8922, 0.7744),
        known(Toy::Rings, 3.9537, 3.5873, 0.8786),
        known(Toy::Moons, 3.9113, 3.2946, 0.7477),
        known(Toy::Pinwheel, 4.0379, 3.6263, 0.9742),
        known(Toy::TwoSpirals, 4.3894, 3.7473, 0.7124),
    ];

    const fn known(toy: Toy, no_flow: f64, gaussian: f64, deviation: f64) -> KnownFigures {
        KnownFigures {
            toy,
            no_flow,
            gaussian,
            deviation,
        }
    }

    /// Half a unit of the table's last place, and a little.
    const TABLE_ROUNDING: f64 = 6e-5;

    /// The midpoint rule converges exponentially for a smooth density and is exact for aligned squares; 1e-8 is left of the
    /// pinwheel's poles and tails.
    const MASS: f64 = 1e-8;

    /// H is rounded at 5e-8, and this grid leaves 2e-8 of -p log p between the rings.
    const ENTROPY: f64 = 1e-7;

    /// What the table allows the pinwheel.
    const PINWHEEL_ENTROPY: f64 = 1e-6;

    /// The midpoint rule misses this much of a variance where the density ends in steps.
    const EDGES: f64 = STEP * STEP / 12.0;

    /// Rows drawn of every set.
    const ROWS: u64 = 20_000;

    /// Standard errors a figure may be off.
    const ERRORS: f64 = 4.0;

    /// Side of the square around 0 that holds every set.
    const SIDE: f64 = 12.0;

    /// Cells along it: 20 in a unit, so that they are aligned with the dark squares.
    const CELLS: usize = 240;

    /// Length of a cell.
    const STEP: f64 = SIDE / CELLS as f64;

    fn centre(cell: usize) -> [f64; 2] {
        [cell % CELLS, cell / CELLS].map(|i| (i as f64 + 0.5) * STEP - SIDE / 2.0)
    }

    /// log p at the centres of all cells.
    fn grid(toy: Toy) -> Vec<f64> {
        let density = ToyDensity::new(toy);
        let cells = 0..CELLS * CELLS;
        cells
            .into_par_iter()
            .map(|cell| density.log_density(centre(cell)))
            .collect()
    }

    /// Midpoint rule for the mean of f(x, log p(x)).
    fn mean(grid: &[f64], f: impl Fn([f64; 2], f64) -> f64) -> f64 {
        let inside = grid.iter().enumerate().filter(|(_, log)| log.is_finite());
        inside
            .map(|(cell, &log)| STEP * STEP * log.exp() * f(centre(cell), log))
            .sum()
    }

    fn samples(toy: Toy) -> Vec<[f64; 2]> {
        (0..ROWS)
            .map(|row| {
                sample(
                    toy,
                    &mut row_generator(
                        DrawKey {
                            seed: 1,
                            stream: Stream::Validation,
                            draw: 0,
                        },
                        row,
                    ),
                )
            })
            .collect()
    }

    /// The estimate of a mean.
    struct MeanEstimate {
        mean: f64,
        standard_error: f64,
    }

    fn estimate(values: &[f64]) -> MeanEstimate {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        MeanEstimate {
            mean,
            standard_error: (variance / n).sqrt(),
        }
    }

    #[test]
    fn densities_have_mass_1_and_the_figures_of_the_table_and_samples_fall_where_they_say() {
        // One test, because the grids are most of the work.
        for known in TABLE {
            let grid = grid(known.toy);
            judge_entropy(&known, &grid);
            judge_second_moments(&known, &grid);
            judge_samples(known.toy, &grid);
        }
    }

    fn judge_entropy(known: &KnownFigures, grid: &[f64]) {
        let toy = known.toy;
        let (mass, h) = (mean(grid, |_, _| 1.0), mean(grid, |_, log| -log));
        let spread = mean(grid, |_, log| (log + h).powi(2)).sqrt();
        let tolerance = if toy == Toy::Pinwheel {
            PINWHEEL_ENTROPY
        } else {
            ENTROPY
        };
        assert!((mass - 1.0).abs() < MASS, "{toy:?}: {mass}");
        assert!((h - entropy(toy)).abs() < tolerance, "{toy:?}: {h}");
        assert!(
            (spread - known.deviation).abs() < TABLE_ROUNDING,
            "{toy:?}: {spread}"
        );
    }

    fn judge_second_moments(known: &KnownFigures, grid: &[f64]) {
        let [m0, m1] = [0, 1].map(|i| mean(grid, |x, _| x[i]));
        let [v0, v1] = [0, 1].map(|i| mean(grid, |x, _| x[i] * x[i]));
        let covariance = mean(grid, |x, _| x[0] * x[1]) - m0 * m1;
        let determinant = (v0 - m0 * m0) * (v1 - m1 * m1) - covariance * covariance;
        let no_flow = (2.0 * PI).ln() + 0.5 * (v0 + v1);
        let gaussian = (2.0 * PI).ln() + 1.0 + 0.5 * determinant.ln();
        let edges = if known.toy == Toy::Checkerboard {
            EDGES
        } else {
            0.0
        };
        let tolerance = TABLE_ROUNDING + edges;
        assert!(
            (no_flow - known.no_flow).abs() < tolerance,
            "{:?}: {no_flow}",
            known.toy
        );
        assert!(
            (gaussian - known.gaussian).abs() < tolerance,
            "{:?}: {gaussian}",
            known.toy
        );
    }

    /// Pearson's test over unit squares.
    fn judge_samples(toy: Toy, grid: &[f64]) {
        let mut expected = vec![0.0; (SIDE * SIDE) as usize];
        for (cell, log) in grid.iter().enumerate() {
            expected[square(centre(cell))] += ROWS as f64 * STEP * STEP * log.exp();
        }
        let mut counts = vec![0.0; expected.len()];
        for x in samples(toy) {
            counts[square(x)] += 1.0;
        }
        // The statistic needs more than a few in every square.
        let full: Vec<_> = expected
            .iter()
            .zip(&counts)
            .filter(|(e, _)| **e > 10.0)
            .collect();
        let statistic: f64 = full.iter().map(|(e, n)| (*n - *e).powi(2) / *e).sum();
        let freedom = full.len() as f64;
        let limit = freedom + ERRORS * (2.0 * freedom).sqrt();
        assert!(statistic < limit, "{toy:?}: {statistic} of {freedom}");
    }

    /// The unit square that holds x, or the nearest at the border.
    fn square(x: [f64; 2]) -> usize {
        let [i, j] = x.map(|x| (x + SIDE / 2.0).clamp(0.0, SIDE - 1.0).floor() as usize);
        j * SIDE as usize + i
    }

    #[test]
    fn samples_have_the_entropy_and_the_second_moment_of_the_table() {
        for KnownFigures {
            toy,
            no_flow,
            deviation,
            ..
        } in TABLE
        {
            let (rows, density) = (samples(toy), ToyDensity::new(toy));
            let surprise: Vec<f64> = rows.par_iter().map(|&x| -density.log_density(x)).collect();
            let mean = estimate(&surprise).mean;
            let error = deviation / (ROWS as f64).sqrt();
            // 1e-9 for the checkerboard, whose surprise is constant.
            assert!(
                (mean - entropy(toy)).abs() < ERRORS * error + 1e-9,
                "{toy:?}: {mean}"
            );
            let cost = |x: &[f64; 2]| (2.0 * PI).ln() + 0.5 * (x[0] * x[0] + x[1] * x[1]);
            let MeanEstimate {
                mean,
                standard_error,
            } = estimate(&rows.iter().map(cost).collect::<Vec<_>>());
            assert!(
                (mean - no_flow).abs() < ERRORS * standard_error,
                "{toy:?}: {mean}"
            );
        }
    }

    #[test]
    fn a_row_takes_fewer_words_than_are_set_aside() {
        for KnownFigures { toy, .. } in TABLE {
            for row in 0..ROWS {
                let key = DrawKey {
                    seed: 1,
                    stream: Stream::Training,
                    draw: 0,
                };
                let mut rng = row_generator(key, row);
                let start = rng.get_word_pos();
                sample(toy, &mut rng);
                assert!(
                    rng.get_word_pos() - start < u128::from(WORDS),
                    "{toy:?} {row}"
                );
            }
        }
    }

    #[test]
    fn far_away_every_density_falls_and_stays_finite_but_the_checkerboard() {
        for KnownFigures { toy, .. } in TABLE {
            let density = ToyDensity::new(toy);
            for angle in [0.0, 1.0, 2.5, 4.0] {
                let [near, far, farther] =
                    [25.0, 50.0, 1e6].map(|r| density.log_density(polar(r, angle)));
                let falls = near > far && far > farther && farther.is_finite();
                let expected = toy != Toy::Checkerboard;
                assert_eq!(falls, expected, "{toy:?}: {near} {far} {farther}");
            }
        }
    }

    #[test]
    fn the_checkerboard_is_dark_where_row_and_column_agree_and_nowhere_else() {
        let density = ToyDensity::new(Toy::Checkerboard);
        for x in [[0.1, 0.1], [-0.1, -0.1], [3.9, 3.9], [-4.0, 0.1]] {
            assert_eq!(density.log_density(x), -(32f64.ln()), "{x:?}");
        }
        for x in [[0.1, -0.1], [-0.1, 0.1], [4.1, 4.1], [0.1, 50.0]] {
            assert_eq!(density.log_density(x), f64::NEG_INFINITY, "{x:?}");
        }
    }
}
