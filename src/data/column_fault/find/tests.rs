//! Faults of drawn columns, and columns without one.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::data::random::{Stream, generator};
use crate::session::Transform;

fn drawn(n: usize, draw: impl Fn(&mut dyn Rng) -> f64) -> Vec<f64> {
    let mut rng = generator(5, Stream::Samples);
    (0..n).map(|_| draw(&mut rng)).collect()
}

fn uniform(rng: &mut dyn Rng) -> f64 {
    rng.random()
}

fn normal(rng: &mut dyn Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn exponential(rng: &mut dyn Rng) -> f64 {
    -uniform(rng).ln()
}

fn arcsine(rng: &mut dyn Rng) -> f64 {
    (1.57 * uniform(rng)).sin().powi(2)
}

fn found_with(values: &[f64], jitter: f64, map: Option<&ColumnMap>) -> Vec<FaultKind> {
    let mut sample = ColumnSample::default();
    for (row, value) in values.iter().enumerate() {
        sample.extremes.add(*value, row);
        sample.all.add(*value, row);
        sample.values.push(*value);
    }
    let column = JudgedColumn {
        name: "a",
        jitter,
        map,
    };
    let faults = find_faults(&column, sample);
    faults.into_iter().map(|fault| fault.kind).collect()
}

fn found(values: &[f64], jitter: f64) -> Vec<FaultKind> {
    found_with(values, jitter, None)
}

/// Values of which one in `every` is another one.
fn with(mut values: Vec<f64>, every: usize, other: f64) -> Vec<f64> {
    values
        .iter_mut()
        .step_by(every)
        .for_each(|value| *value = other);
    values
}

#[test]
fn good_columns_have_no_fault() {
    for n in [20, 200, 5000] {
        for (name, values, jitter) in [
            ("normal", drawn(n, normal), 0.0),
            ("far from 0", drawn(n, |rng| 1e6 + normal(rng)), 0.0),
            ("above 0", drawn(n, |rng| 9.0 + normal(rng)), 0.0),
            ("uniform", drawn(n, |rng| uniform(rng) - 0.5), 0.0),
            ("integers", drawn(n, |rng| (9.0 * normal(rng)).round()), 1.0),
            (
                "two peaks",
                drawn(n, |rng| normal(rng) + 20.0 * uniform(rng).round()),
                0.0,
            ),
            ("a class", drawn(n, |rng| (2.0 * uniform(rng)).floor()), 1.0),
        ] {
            assert_eq!(found(&values, jitter), [], "{name}, {n} rows");
        }
    }
    for width in [1.0, 7.0, 100.0] {
        let values = drawn(5000, |rng| width * uniform(rng));
        assert_eq!(found(&values, 0.0), [], "uniform to {width}");
    }
}

#[test]
fn sentinels_are_told_with_their_share() {
    let sentinel = |value, share| FaultKind::Sentinel { value, share };
    for (other, jitter) in [(-999.0, 0.0), (9999.0, 0.1), (-1.0, 0.1), (1e30, 0.0)] {
        let values = drawn(400, |rng| (10.0 * (60.0 + normal(rng))).round() / 10.0);
        let values = with(values, 20, other);
        assert_eq!(found(&values, jitter), [sentinel(other, 0.05)]);
    }
    let two = with(with(drawn(2000, normal), 20, -999.0), 50, -99.0);
    let [first, second] = &found(&two, 0.0)[..] else {
        panic!("two sentinels");
    };
    assert!(matches!(first, FaultKind::Sentinel { value: -999.0, .. }));
    assert_eq!(*second, sentinel(-99.0, 0.02));
}

#[test]
fn several_sentinels_at_both_ends_are_told_together() {
    // -888 is no further from -999 than the width of a column with it.
    let normal = drawn(2000, |rng| 20.0 + 5.0 * normal(rng));
    let values = with(with(with(normal, 20, -999.0), 25, -888.0), 40, 9999.0);
    let found = found(&values, 0.0);
    let told = found.iter().map(|fault| match fault {
        FaultKind::Sentinel { value, .. } => *value,
        other => panic!("{other:?}"),
    });
    assert_eq!(told.collect::<Vec<f64>>(), [-999.0, -888.0, 9999.0]);
}

#[test]
fn most_of_the_rows_do_not_stand_for_missing_values() {
    let values = drawn(2000, |rng| match uniform(rng) < 0.7 {
        true => 5.0,
        false => 900.0 + normal(rng),
    });
    assert!(matches!(
        found(&values, 0.0)[..],
        [FaultKind::Atom { value: 5.0, .. }]
    ));
    // Rounded ones with noise: the spike lies five steps from 0.
    let rounded: Vec<f64> = values.iter().map(|x| x.round()).collect();
    assert!(matches!(
        found(&rounded, 1.0)[..],
        [FaultKind::Atom { value: 5.0, .. }]
    ));
}

#[test]
fn a_code_at_an_end_is_suspected_and_a_number_of_the_column_is_not() {
    let suspected = |values: &[f64], jitter| {
        let found = found(values, jitter).into_iter();
        let suspects = found.filter_map(|fault| match fault {
            FaultKind::Suspect { value, .. } => Some(value),
            _ => None,
        });
        suspects.collect::<Vec<f64>>()
    };
    let counts = |from: f64, to: f64| {
        drawn(2000, move |rng| {
            from + ((to + 1.0 - from) * uniform(rng)).floor()
        })
    };
    let cut = drawn(2000, |rng| normal(rng).clamp(-1.0, 1.0));
    for (values, jitter, code) in [
        (with(counts(1.0, 60.0), 10, -1.0), 1.0, Some(-1.0)),
        (with(drawn(2000, exponential), 10, -1.0), 0.0, Some(-1.0)),
        (with(counts(0.0, 90.0), 10, 99.0), 1.0, Some(99.0)),
        // The last of a hundred counts, a column cut at -1, one from -1 on.
        (counts(0.0, 99.0), 1.0, None),
        (cut, 0.0, None),
        (counts(-1.0, 60.0), 1.0, None),
        (counts(-20.0, 60.0), 1.0, None),
    ] {
        assert_eq!(
            suspected(&values, jitter),
            code.into_iter().collect::<Vec<_>>()
        );
    }
}

#[test]
fn one_row_far_out_is_no_tail() {
    let mut values = drawn(2000, normal);
    values[7] = 200.0;
    assert!(matches!(
        found(&values, 0.0)[..],
        [FaultKind::FarRows { .. }]
    ));
    // Two groups of rows are neither.
    let groups = drawn(2000, |rng| match uniform(rng) < 0.95 {
        true => normal(rng),
        false => 1e4 + normal(rng),
    });
    assert_eq!(found(&groups, 0.0), []);
}

#[test]
fn an_atom_beside_values_that_do_not_recur_is_no_rounding() {
    let values = drawn(2000, |rng| match uniform(rng) < 0.6 {
        true => 0.0,
        false => exponential(rng),
    });
    assert!(matches!(
        found(&values, 0.0)[..],
        [FaultKind::Atom { value: 0.0, .. }]
    ));
    // Neither where the others are rounded, and all have noise.
    let tenths: Vec<f64> = values.iter().map(|x| (10.0 * x).round() / 10.0).collect();
    assert!(matches!(
        found(&tenths, 0.1)[0],
        FaultKind::Atom { value: 0.0, .. }
    ));
}

#[test]
fn a_value_far_out_is_told_with_its_row_until_a_map_brings_it_near() {
    let asinh = ColumnMap::fit(Transform::Asinh(0.5, 0.05), vec![], 0.0);
    for far in [1e9, -1e12, 1e4] {
        let mut values = drawn(2000, |rng| 0.5 + 0.05 * normal(rng));
        values[1234] = far;
        let faults = found(&values, 0.0);
        let [
            FaultKind::Outlier {
                share,
                width,
                value,
                row,
            },
        ] = faults[..]
        else {
            panic!("{faults:?}");
        };
        // 1999 normal values have a range of 6 to 9 deviations.
        let widths = 0.05 * 6.0 / far.abs()..0.05 * 9.0 / far.abs();
        assert_eq!((share, value, row), (0.9995, far, 1235));
        assert!(widths.contains(&width), "{width}");
        assert_eq!(found_with(&values, 0.0, asinh.as_ref()), []);
    }
}

#[test]
fn heavy_tails_are_told_until_a_map_takes_them() {
    let asinh = ColumnMap::fit(Transform::Asinh(0.0, 1.0), vec![], 0.0);
    // Cauchy; a tail index of 1.2 on both sides; of 0.7.
    for power in [1.0, 1.0 / 1.2, 1.0 / 0.7] {
        let tail = |rng: &mut dyn Rng| {
            let size = uniform(rng).powf(-power) - 1.0;
            if uniform(rng) < 0.5 { size } else { -size }
        };
        let values = drawn(3000, tail);
        let faults = found(&values, 0.0);
        let told = matches!(
            faults[..],
            [FaultKind::HeavyTail { .. }] | [FaultKind::Outlier { .. }]
        );
        assert!(told, "{power}: {faults:?}");
        assert_eq!(found_with(&values, 0.0, asinh.as_ref()), [], "{power}");
    }
}

#[test]
fn atoms_and_rounded_values_are_told() {
    let inflated = |rng: &mut dyn Rng| match uniform(rng) < 0.3 {
        true => 0.0,
        false => 5.0 + normal(rng),
    };
    let rounded = |rng: &mut dyn Rng| (1e4 * inflated(rng)).round() / 1e4;
    let atoms = [
        (drawn(2000, inflated), 0.0, 0.0),
        (drawn(2000, rounded), 1e-4, 0.0),
        (with(drawn(2000, normal), 50, 0.25), 0.0, 0.25),
    ];
    for (values, jitter, at) in atoms {
        let times = values.iter().filter(|value| **value == at).count();
        let share = times as f64 / 2000.0;
        let atom = FaultKind::Atom { value: at, share };
        assert_eq!(found(&values, jitter)[0], atom);
    }
    for step in [1.0, 0.1] {
        let values = drawn(1000, |rng| (5.0 * normal(rng) / step).round() * step);
        let faults = found(&values, 0.0);
        assert!(matches!(
            faults[..],
            [FaultKind::Rounded { rows: 1000, .. }]
        ));
    }
}

#[test]
fn columns_with_their_mass_at_an_end_get_bounds() {
    use ColumnBounds::{Above, Below, Between};
    let counts = |rng: &mut dyn Rng| (4.0 * exponential(rng)).floor();
    let gamma = |rng: &mut dyn Rng| exponential(rng) + exponential(rng);
    for (values, jitter, bounds) in [
        (drawn(2000, exponential), 0.0, Above(0.0)),
        (drawn(2000, gamma), 0.0, Above(0.0)),
        (drawn(2000, |rng| normal(rng).exp()), 0.0, Above(0.0)),
        (drawn(2000, |rng| -exponential(rng)), 0.0, Below(0.0)),
        (drawn(2000, arcsine), 0.0, Between(0.0, 1.0)),
        (
            drawn(2000, |rng| 100.0 * arcsine(rng)),
            0.0,
            Between(0.0, 100.0),
        ),
        // Zero is a count, so the noise around it is inside.
        (drawn(2000, counts), 1.0, Above(-0.5)),
        (drawn(2000, |rng| 1.0 + counts(rng)), 1.0, Above(0.5)),
    ] {
        assert_eq!(found(&values, jitter), [FaultKind::Bounded(bounds)]);
        let map = ColumnMap::fit(bounds.map(), vec![], 0.0);
        assert_eq!(found_with(&values, jitter, map.as_ref()), []);
    }
    // A value on the bound without noise cannot be inside.
    let zero = with(drawn(2000, exponential), 2000, 0.0);
    assert_eq!(found(&zero, 0.0), []);
}
