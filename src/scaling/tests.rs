//! Maps over columns of every kind.

mod units;

use std::f64::consts::TAU;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::data::random::{Stream, generator};
use crate::session::Transform;

/// A column to be made normal.
struct SampleColumn {
    name: &'static str,
    values: Vec<f64>,
    jitter: f64,
}

fn kind(
    name: &'static str,
    n: usize,
    jitter: f64,
    mut draw: impl FnMut(&mut dyn Rng) -> f64,
) -> SampleColumn {
    let mut rng = generator(n as u64, Stream::Samples);
    SampleColumn {
        name,
        values: (0..n).map(|_| draw(&mut rng)).collect(),
        jitter,
    }
}

fn uniform(rng: &mut dyn Rng) -> f64 {
    rng.random()
}

fn normal(rng: &mut dyn Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Columns that a map could stumble over.
fn kinds() -> Vec<SampleColumn> {
    let mut outlier = kind("an outlier", 2000, 0.0, normal);
    outlier.values[1000] = 1e9;
    let two = |rng: &mut dyn Rng| f64::from(uniform(rng) < 0.03);
    let integers = |rng: &mut dyn Rng| (5.0 * normal(rng)).round();
    let zeros = |rng: &mut dyn Rng| match uniform(rng) < 0.4 {
        true => 0.0,
        false => 1e3 * uniform(rng),
    };
    vec![
        kind("normal", 5000, 0.0, normal),
        kind("two rows", 2, 0.0, uniform),
        kind("thirty rows", 30, 0.0, normal),
        kind("uniform", 5000, 0.0, |rng| 1e6 + uniform(rng)),
        kind("lognormal", 5000, 0.0, |rng| (2.0 * normal(rng)).exp()),
        kind("cauchy", 20_000, 0.0, |rng| {
            (0.5 * TAU * uniform(rng)).tan()
        }),
        kind("ten decades", 20_000, 0.0, |rng| {
            10_f64.powf(10.0 * uniform(rng) - 5.0)
        }),
        kind("two peaks", 5000, 0.0, |rng| {
            1e-3 * normal(rng) + (uniform(rng) < 0.5) as u8 as f64
        }),
        kind("two values", 1000, 0.0, two),
        kind("two values in noise", 1000, 1.0, two),
        kind("two values in little noise", 1000, 1e-6, two),
        kind("integers", 5000, 0.0, integers),
        kind("integers in noise", 5000, 1.0, integers),
        kind("zeros", 5000, 0.0, zeros),
        kind("zeros in noise", 5000, 0.01, zeros),
        kind("near duplicates", 5000, 0.0, |rng| {
            0.3 + 1e-16 * (9.0 * uniform(rng)).floor() + (uniform(rng) < 0.2) as u8 as f64
        }),
        kind("tiny", 1000, 0.0, |rng| 1e-100 * uniform(rng)),
        outlier,
    ]
}

fn fitted(kind: &SampleColumn) -> ColumnMap {
    ColumnMap::fit(Transform::Normal, kind.values.clone(), kind.jitter).unwrap()
}

/// Values of a column, between them and beyond them.
fn around(kind: &SampleColumn) -> Vec<f64> {
    let mut values = kind.values.clone();
    values.sort_by(f64::total_cmp);
    let range = values[values.len() - 1] - values[0];
    let middles: Vec<f64> = values
        .windows(2)
        .map(|pair| 0.5 * (pair[0] + pair[1]))
        .collect();
    let even = (-100..=200).map(|k| values[0] + range * f64::from(k) / 100.0);
    let mut around: Vec<f64> = values.iter().copied().chain(middles).chain(even).collect();
    around.sort_by(f64::total_cmp);
    around.dedup();
    around
}

#[test]
fn a_fitted_map_rises_and_leads_back_to_a_billionth_of_the_range() {
    for kind in kinds() {
        let (map, name) = (fitted(&kind), kind.name);
        let around = around(&kind);
        let range = around[around.len() - 1] - around[0];
        let mut before = f64::NEG_INFINITY;
        for x in &around {
            let u = map.value(*x);
            assert!(
                u >= before && u.is_finite(),
                "{name}: {u} at {x} after {before}"
            );
            before = u;
            let off = (map.inverse(u) - x).abs();
            assert!(off <= 1e-9 / 3.0 * range, "{name}: {off} at {x} of {range}");
            let slope = map.log_slope(u);
            assert!(slope.is_finite(), "{name}: {slope} at {x}");
        }
        assert!(
            map.value(f64::NAN).is_nan() && map.inverse(f64::NAN).is_nan(),
            "{name}"
        );
        let far = [around[0] - 1e6 * range, around[0] + 1e6 * range];
        assert!(
            far.iter().all(|x| map.log_slope(map.value(*x)).is_finite()),
            "{name}"
        );
    }
}

#[test]
fn the_slope_is_that_of_the_map() {
    for kind in kinds() {
        let (map, name) = (fitted(&kind), kind.name);
        let around = around(&kind);
        let gaps = around
            .windows(2)
            .filter(|pair| pair[1] - pair[0] > 1e-9 * pair[1].abs());
        for pair in gaps {
            let x = 0.5 * (pair[0] + pair[1]);
            let slope = libm::exp(map.log_slope(map.value(x)));
            // A step by which u changes by some 1e-6: rounding takes 1e-9 of the difference then, and bending 1e-6.
            let h = (1e-6 / slope).min(0.25 * (pair[1] - pair[0]));
            if h < 1e-10 * x.abs() {
                continue;
            }
            let (low, high) = (x - h, x + h);
            let difference = (map.value(high) - map.value(low)) / (high - low);
            let room = 1e-3 + 1e-14 * (1.0 + map.value(x).abs()) / (slope * h);
            assert!(
                (difference / slope - 1.0).abs() < room,
                "{name}: {difference} {slope} at {x}"
            );
        }
    }
}

#[test]
fn the_slope_is_continuous_at_the_knots_and_straight_beyond_them() {
    for kind in kinds() {
        let (map, name) = (fitted(&kind), kind.name);
        let ColumnMap::Normal(spline) = &map else {
            panic!()
        };
        let knots = serde_json::to_value(spline).unwrap();
        let numbers =
            |key: &str| -> Vec<f64> { serde_json::from_value(knots[key].clone()).unwrap() };
        let (x, u, slopes) = (numbers("x"), numbers("u"), numbers("slope"));
        let pieces = x.windows(2).zip(u.windows(2));
        let secants = pieces.map(|(x, u)| (u[1] - u[0]) / (x[1] - x[0]));
        let steepest = secants.fold(0.0, f64::max);
        for ((x, u), slope) in x.iter().zip(&u).zip(&slopes) {
            assert!((map.value(*x) - u).abs() < 1e-12, "{name}");
            for beside in [u.next_down(), *u, u.next_up()] {
                let beside = libm::exp(map.log_slope(beside));
                // Beside a steep piece the slope leaves a low one by the root of the distance.
                let room = 1e-3 * slope + 1e-6 * steepest;
                assert!(
                    (beside - slope).abs() < room,
                    "{name}: {beside} and {slope} at {x}"
                );
            }
        }
        let last = x.len() - 1;
        let range = x[last] - x[0];
        for (end, off) in [(0, -range), (last, range)] {
            let line = u[end] + slopes[end] * off;
            assert!(
                (map.value(x[end] + off) / line - 1.0).abs() < 1e-12,
                "{name}"
            );
        }
    }
}

fn log_normal(u: f64) -> f64 {
    -0.5 * (u * u + TAU.ln())
}

/// A density, and draws from it.
struct DensityCase {
    name: &'static str,
    draw: fn(&mut dyn Rng) -> f64,
    log: fn(f64) -> f64,
}

const KNOWN: [DensityCase; 5] = [
    DensityCase {
        name: "normal",
        draw: normal,
        log: log_normal,
    },
    DensityCase {
        name: "uniform",
        draw: uniform,
        log: |_| 0.0,
    },
    DensityCase {
        name: "exponential",
        draw: |rng| -(1.0 - uniform(rng)).ln(),
        log: |x| -x,
    },
    DensityCase {
        name: "lognormal",
        draw: |rng| (2.0 * normal(rng)).exp(),
        log: |x| log_normal(0.5 * x.ln()) - (2.0 * x).ln(),
    },
    DensityCase {
        name: "cauchy",
        draw: |rng| (0.5 * TAU * uniform(rng)).tan(),
        log: |x| -(0.5 * TAU * (1.0 + x * x)).ln(),
    },
];

#[test]
fn new_values_of_a_column_have_nearly_the_density_they_were_drawn_by() {
    for known in KNOWN {
        // A knot costs half a nat over all rows: so much for 12, 30 and 50, and room for chance.
        for (n, near) in [(250, 0.1), (2000, 0.02), (40_000, 0.007)] {
            let map = fitted(&kind("", n, 0.0, known.draw));
            let new = kind("", 100_003, 0.0, known.draw).values;
            let short = |x: &f64| {
                let u = map.value(*x);
                (known.log)(*x) - log_normal(u) - map.log_slope(u)
            };
            let short = new.iter().map(short).sum::<f64>() / new.len() as f64;
            let name = known.name;
            assert!(short.abs() < near, "{name}, {n} rows: {short} nats");
        }
    }
}

#[test]
fn logarithm_and_log_odds_keep_to_their_bounds() {
    let logit = ColumnMap::Logit(Bounds {
        low: -2.0,
        high: 6.0,
    });
    for (map, low, high, inside) in [
        (
            ColumnMap::Log,
            0.0,
            f64::INFINITY,
            [1e-300, 1e-5, 1.0, 3e5, 1e300],
        ),
        (
            ColumnMap::Above(-2.0),
            -2.0,
            f64::INFINITY,
            [-2.0 + 1e-9, -1.0, 2.0, 3e5, 1e300],
        ),
        (logit, -2.0, 6.0, [-2.0 + 1e-9, -1.0, 2.0, 5.5, 6.0 - 1e-9]),
    ] {
        for x in inside {
            let u = map.value(x);
            assert!((map.inverse(u) - x).abs() <= 1e-13 * x.abs(), "{map}: {x}");
            let h = 1e-3 * (x - low).min(high - x);
            let slope = (map.value(x + h) - map.value(x - h)) / (2.0 * h);
            assert!((map.log_slope(u) - slope.ln()).abs() < 0.01, "{map}: {x}");
        }
        assert_eq!(map.value(low), f64::NEG_INFINITY);
        assert_eq!(map.value(low - 1.0), f64::NEG_INFINITY);
        assert_eq!(map.value(high), f64::INFINITY);
        assert!(map.value(f64::NAN).is_nan() && map.inverse(f64::NAN).is_nan());
        for u in [-1e4, -800.0, -50.0, 50.0, 800.0, 1e4] {
            let x = map.inverse(u);
            assert!(low < x && x < high, "{map}: {x} at {u}");
            assert!(map.log_slope(u).is_finite());
        }
        let bounds = map.bounds();
        // Noise around a value on a bound may stay, and comes back from the other side.
        assert!(
            bounds.contain(low, 1.0)
                && !bounds.contain(low, 0.0)
                && !bounds.contain(low - 0.1, 1.0)
        );
        assert_eq!(bounds.fold(low - 0.25), low + 0.25);
        assert!(low < bounds.fold(low) && bounds.fold(1e9) < high);
        assert_eq!(bounds.fold(low + 0.25), low + 0.25);
    }
    let (above, below) = (ColumnMap::Above(-6.0), ColumnMap::Below(6.0));
    for x in [-1e300, -5.0, 0.0, 5.5, 6.0 - 1e-9, 6.0, 7.0] {
        let u = below.value(x);
        assert_eq!(u, -above.value(-x));
        assert_eq!(below.inverse(u), -above.inverse(-u));
        assert_eq!(below.log_slope(u), above.log_slope(-u));
    }
    assert_eq!(ColumnMap::Log.value(1.0), 0.0);
    assert_eq!(
        ColumnMap::Logit(Bounds {
            low: 0.0,
            high: 4.0
        })
        .value(2.0),
        0.0
    );
}

#[test]
fn an_inverse_hyperbolic_sine_is_straight_near_its_center_and_a_logarithm_far_from_it() {
    let map = ColumnMap::Asinh(Center {
        center: 3.0,
        scale: 0.5,
    });
    let off = |x: f64, want: f64| (map.value(x) - want).abs() / want.abs();
    assert_eq!(map.value(3.0), 0.0);
    // asinh of 1e-3 and of 1e9: its series at 0 and at infinity.
    assert!(off(3.0005, 1e-3 - 1e-9 / 6.0) < 1e-12);
    assert!(off(3.0 + 5e8, 2e9_f64.ln()) < 1e-15 && off(3.0 - 5e8, -2e9_f64.ln()) < 1e-15);
    for x in [-1e300, -1e5, 2.0, 2.9999, 3.0, 3.7, 1e4, 1e300] {
        let u = map.value(x);
        assert!((map.inverse(u) - x).abs() <= 1e-12 * x.abs(), "{x}");
        // 1 / sqrt((x - center)^2 + scale^2)
        let slope = -libm::log((x - 3.0_f64).hypot(0.5));
        assert!(
            (map.log_slope(u) - slope).abs() < 1e-12 * (1.0 + slope.abs()),
            "{x}"
        );
    }
    assert!(map.value(f64::NAN).is_nan() && map.inverse(f64::NAN).is_nan());
    assert!(map.log_slope(1e4).is_finite());
}

#[test]
fn a_constant_column_has_no_map() {
    for jitter in [0.0, 1.0] {
        let fit = |values: &[f64]| ColumnMap::fit(Transform::Normal, values.to_vec(), jitter);
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[3.0]), None);
        assert_eq!(fit(&[3.0; 100]).is_none(), jitter == 0.0);
        assert!(fit(&[3.0, 4.0]).is_some());
    }
    assert_eq!(ColumnMap::fit(Transform::None, vec![1.0, 2.0], 0.0), None);
}

#[test]
fn maps_that_are_none_are_found_out() {
    let sound = |map: &str| {
        let map = serde_json::from_str::<ColumnMap>(map);
        map.is_ok_and(|map| map.is_sound())
    };
    assert!(sound(r#"{"Normal":{"x":[0,1],"u":[0,2],"slope":[1,1]}}"#));
    assert!(sound(r#""Log""#) && sound(r#"{"Logit":{"low":0,"high":1}}"#));
    assert!(sound(r#"{"Above":-1}"#) && sound(r#"{"Below":0}"#));
    assert!(sound(r#"{"Asinh":{"center":1,"scale":2}}"#));
    for map in [
        r#"{"Normal":{"x":[],"u":[],"slope":[]}}"#,
        r#"{"Normal":{"x":[0,1],"u":[0,2],"slope":[1]}}"#,
        r#"{"Normal":{"x":[0,0],"u":[0,2],"slope":[1,1]}}"#,
        r#"{"Normal":{"x":[0,1],"u":[2,0],"slope":[1,1]}}"#,
        r#"{"Normal":{"x":[0,1],"u":[0,2],"slope":[1,0]}}"#,
        r#"{"Logit":{"low":1,"high":1}}"#,
        r#"{"Above":1e999}"#,
        r#"{"Asinh":{"center":1,"scale":0}}"#,
        r#""Root""#,
    ] {
        assert!(!sound(map), "{map}");
    }
}
