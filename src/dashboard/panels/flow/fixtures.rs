//! Pictures of every kind of data for tests, made of formulas.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::dashboard::fixtures;
use crate::dashboard::state::State;
use crate::event::{Density, DensityCurve, LogDensitySamples, PairMisfit, PairMisfits, Picture};
use crate::misfit::Misfit;
use crate::scaling::MeanAndScale;
use crate::session;

/// Number of samples.
const N: usize = 300;

/// Number k of a sequence that fills the unit interval evenly; sequences differ by their seeds.
fn even(k: usize, seed: usize) -> f64 {
    let irrational = [
        0.618_033_988_75,
        0.414_213_562_37,
        0.732_050_807_57,
        0.236_067_977_5,
        0.645_751_311_06,
    ];
    (0.5 + (k as f64 + 1.0) * irrational[seed % 5] + 0.1 * seed as f64).fract()
}

/// A number near a normal draw: the sum of four uniform ones, at deviation 1.
fn bell(k: usize, seed: usize) -> f64 {
    let sum: f64 = (0..4).map(|i| even(k * 4 + i, seed)).sum();
    (sum - 2.0) * 3.0_f64.sqrt()
}

fn log_normal(x: f64, mean: f64, deviation: f64) -> f64 {
    -0.5 * ((x - mean) / deviation).powi(2) - (deviation * (2.0 * PI).sqrt()).ln()
}

/// Paths from points to others, all straight: k x 9 x d.
fn straight(from: &[f64], to: &[f64], d: usize, times: &[f64]) -> Vec<f64> {
    let ends = from.chunks(d).zip(to.chunks(d)).take(60);
    let at = |t: &f64, (a, b): (&[f64], &[f64])| -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| a + t * (b - a)).collect()
    };
    ends.flat_map(|ends| times.iter().flat_map(move |t| at(t, ends)))
        .collect()
}

/// A picture of points with these given values, the normal being `mapped`.
fn picture(d: usize, data: Vec<f64>, generated: Vec<f64>, mapped: Vec<f64>) -> Picture {
    let times: Vec<f64> = (0..=8).map(|k| f64::from(k) / 8.0).collect();
    Picture {
        dimension: d,
        restored: data.clone(),
        forward: straight(&data, &mapped, d, &times),
        backward: straight(&mapped, &generated, d, &times),
        data,
        generated,
        mapped,
        times,
        log_densities: LogDensitySamples {
            data: (0..N).map(|k| -8.0 + bell(k, 1)).collect(),
            generated: (0..N).map(|k| -7.4 + 0.7 * bell(k, 2)).collect(),
        },
        density: None,
        ..fixtures::picture()
    }
}

/// The state of a run on a table with these columns, d of them learned, that shows a picture.
fn of_table(names: &[&str], mut picture: Picture) -> State {
    let mut state = fixtures::run();
    let start = state.start.as_mut().unwrap();
    let text = "(data: Table(path: \"houses.csv\"))";
    start.session = session::parse(text, "s.ron".as_ref()).unwrap().into();
    start.columns = names.iter().map(|name| (*name).into()).collect();
    start.dimension = picture.dimension;
    let unit = |k: usize| MeanAndScale {
        mean: [4000.0, 0.8, 61.7, -3.0, 250.0][k % 5],
        scale: [1500.0, 0.25, 1.4, 0.01, 80.0][k % 5],
    };
    picture.units = (0..names.len()).map(unit).collect();
    state.bounds.clear();
    state.set_picture(picture);
    state
}

/// The toy set with its true density.
pub fn toy() -> State {
    let mut state = fixtures::run();
    let mut picture = fixtures::picture();
    let density = picture.density.as_mut().unwrap();
    picture.truth = Some(density.values.clone());
    // The model has too much on the right, too little on the left.
    let across = density.across;
    for (k, value) in density.values.iter_mut().enumerate() {
        *value += if k % across < across / 2 { -0.5 } else { 0.3 };
    }
    picture.log_densities = self::picture(2, Vec::new(), Vec::new(), Vec::new()).log_densities;
    state.set_picture(picture);
    state
}

/// One column with two humps.
pub fn one_column() -> State {
    let hump = |k: usize| if k.is_multiple_of(3) { 1.6 } else { -0.7 };
    let data: Vec<f64> = (0..N).map(|k| hump(k) + 0.4 * bell(k, 0)).collect();
    let generated = (0..N).map(|k| hump(k) + 0.6 * bell(k, 3)).collect();
    let mapped = (0..N).map(|k| bell(k, 4)).collect();
    let density = |x: f64| {
        let [low, high] = [log_normal(x, -0.7, 0.6), log_normal(x, 1.6, 0.6)].map(f64::exp);
        (low * 2.0 / 3.0 + high / 3.0).ln()
    };
    let curve = DensityCurve {
        low: -2.5,
        high: 3.5,
        values: (0..=120)
            .map(|k| density(-2.5 + 0.05 * f64::from(k)))
            .collect(),
    };
    let picture = Picture {
        curve: Some(curve),
        ..picture(1, data, generated, mapped)
    };
    of_table(&["price"], picture)
}

/// One column over two given ones.
pub fn conditional() -> State {
    let given: Vec<f64> = (0..N)
        .flat_map(|k| [3.0 * even(k, 0) - 1.5, bell(k, 1)])
        .collect();
    let ridge = |y: f64| (2.0 * y).sin();
    let around = |spread: f64, seed: usize| -> Vec<f64> {
        let rows = given.chunks(2).enumerate();
        rows.map(|(k, y)| ridge(y[0]) + spread * bell(k, seed))
            .collect()
    };
    let (data, generated) = (around(0.25, 2), around(0.4, 3));
    let mapped = (0..N).map(|k| bell(k, 4)).collect();
    let centre = |k: usize, count: usize| -1.0 + 2.0 * (k as f64 + 0.5) / count as f64;
    let cells = (0..32 * 64).map(|k| {
        let (y, x) = (1.5 * centre(k % 32, 32), 2.0 * centre(k / 32, 64));
        log_normal(x, ridge(y), 0.4)
    });
    let pair = |columns, distance| PairMisfit {
        columns,
        misfit: Misfit {
            distance,
            noise: 0.094,
        },
    };
    let picture = Picture {
        context: 2,
        given: given.clone(),
        strip: Some(Density {
            bounds: [-1.5, 1.5, -2.0, 2.0],
            across: 32,
            values: cells.collect(),
        }),
        misfits: Some(PairMisfits {
            pairs: vec![pair([1, 0], 0.213), pair([2, 0], 0.061)],
            all: 2,
        }),
        ..picture(1, data, generated, mapped)
    };
    of_table(&["price", "carat", "depth"], picture)
}

/// Five columns; the model misses that the second and the fourth go together.
pub fn five_columns() -> State {
    let rows = |together: f64, seed: usize| -> Vec<f64> {
        let row = |k: usize| {
            let mut row: [f64; 5] = std::array::from_fn(|i| bell(k, seed + i));
            row[3] = together * row[1] + (1.0 - together * together).sqrt() * row[3];
            row
        };
        (0..N).flat_map(row).collect()
    };
    let mapped = (0..5 * N).map(|k| bell(k, 2)).collect();
    let pairs = (0..5).flat_map(|up| (0..up).map(move |across| [across, up]));
    let misfit = |columns: [usize; 2]| PairMisfit {
        columns,
        misfit: Misfit {
            distance: match columns {
                [1, 3] => 0.3456,
                [across, up] => 0.1 / (1 + across + 5 * up) as f64,
            },
            noise: 0.15,
        },
    };
    let mut misfits: Vec<PairMisfit> = pairs.map(misfit).collect();
    misfits.sort_by(|a, b| b.misfit.distance.total_cmp(&a.misfit.distance));
    let picture = Picture {
        misfits: Some(PairMisfits {
            pairs: misfits,
            all: 10,
        }),
        ..picture(5, rows(0.95, 0), rows(FRAC_1_SQRT_2 - 0.5, 1), mapped)
    };
    of_table(
        &[
            "price",
            "carat",
            "depth",
            "table",
            "a name that is wider than most",
        ],
        picture,
    )
}
