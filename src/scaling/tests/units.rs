//! The units of a table: standardised, mapped, whitened, and the ways back.

use super::super::*;
use super::{fitted, kinds};

fn column(name: &str, mean: f64, scale: f64) -> Column {
    Column {
        name: name.into(),
        mean,
        scale,
        transform: None,
        lattice: None,
    }
}

fn scaling() -> Scaling {
    Scaling {
        whitening: None,
        columns: vec![
            column("a", 1.0, 2.0),
            column("b", -3.0, 0.5),
            column("y", 10.0, 4.0),
        ],
    }
}

/// With a logarithm in the place of b, whose deviation is 6 and whose mean is 2 in its own units.
fn mapped() -> Scaling {
    let mut scaling = scaling();
    let raw = MeanAndScale {
        mean: 2.0,
        scale: 6.0,
    };
    scaling.columns[1].transform = Some(ColumnTransform {
        map: ColumnMap::Log,
        raw,
    });
    scaling
}

const ALL: ColumnRange = ColumnRange { first: 0, width: 3 };
const GIVEN: ColumnRange = ColumnRange { first: 2, width: 1 };

#[test]
fn the_way_back_leads_to_the_rows() {
    let rows = [3.0, -2.0, 2.0, 1.0, -3.5, 10.0];
    let mut scaled = rows;
    scaling().standardize(&mut scaled, ALL, Units::Data);
    assert_eq!(scaled, [1.0, 2.0, -2.0, 0.0, -1.0, 0.0]);
    scaling().restore(&mut scaled, ALL, Units::Data);
    assert_eq!(scaled, rows);
    for way in [Scaling::standardize, Scaling::restore] {
        way(&scaling(), &mut scaled, ALL, Units::Standardized);
        assert_eq!(scaled, rows);
    }
}

#[test]
fn columns_may_stand_alone_and_only_the_learned_ones_count_in_the_determinant() {
    let mut given = [14.0, 6.0];
    scaling().standardize(&mut given, GIVEN, Units::Data);
    assert_eq!(given, [1.0, -1.0]);
    // log 2 + log 1/2
    assert_eq!(scaling().log_determinant(2), 0.0);
    assert_eq!(scaling().log_determinant(3), 4.0_f64.ln());
    assert_eq!(scaling().offsets(&[1.0, 2.0, 3.0], 3), [0.0]);
}

#[test]
fn a_column_with_a_map_is_standardised_by_what_it_is_without() {
    let e = std::f64::consts::E;
    let mut rows = [3.0, e, 2.0];
    mapped().standardize(&mut rows, ALL, Units::Data);
    // (log e + 3) / (1/2)
    assert_eq!(rows, [1.0, 8.0, -2.0]);
    // log of 1/x / (1/2) * 6 at e
    let offset = mapped().offsets(&rows, 2)[0];
    assert!((offset - (12.0_f64.ln() - 1.0)).abs() < 1e-15, "{offset}");
    // log 2 + log 6
    assert!((mapped().log_determinant(2) - 12.0_f64.ln()).abs() < 1e-15);
    mapped().restore(&mut rows, ALL, Units::Standardized);
    assert!((rows[1] - (e - 2.0) / 6.0).abs() < 1e-15, "{rows:?}");
    mapped().standardize(&mut rows, ALL, Units::Standardized);
    assert!((rows[1] - 8.0).abs() < 1e-14, "{rows:?}");
}

#[test]
fn columns_without_a_map_are_written_as_ever_and_maps_come_back_bit_for_bit() {
    let plain = serde_json::to_string(&scaling().columns[0]).unwrap();
    assert_eq!(plain, r#"{"name":"a","mean":1.0,"scale":2.0}"#);
    for kind in kinds() {
        let mut scaling = mapped();
        let raw = scaling.columns[1].raw();
        let map = fitted(&kind);
        scaling.columns[1].transform = Some(ColumnTransform { map, raw });
        let text = serde_json::to_string(&scaling).unwrap();
        let read: Scaling = serde_json::from_str(&text).unwrap();
        assert_eq!(read, scaling, "{}", kind.name);
        assert!(read.columns.iter().all(Column::is_sound), "{}", kind.name);
    }
}

/// [`mapped`], its learned columns whitened by L = [[2, 0], [1, 0.5]].
fn whitened() -> Scaling {
    let whitening = Whitening::of(&[4.0, 2.0, 2.0, 1.25], 2).unwrap();
    Scaling {
        whitening: Some(whitening),
        ..mapped()
    }
}

/// [`whitened`] with b before a: b of variance 1.25 and a of 4 - 2 * 2 / 1.25; then a map after each of them.
fn made_normal() -> Scaling {
    let whitening = Whitening::ordered(&[4.0, 2.0, 2.0, 1.25], &[1, 0]).unwrap();
    let knot = |x: f64, u: f64| Knot { x, u };
    let bent = Spline::through(&[knot(-1.0, -2.0), knot(0.5, 0.0), knot(9.0, 3.0)]);
    let straight = Spline::through(&[knot(0.0, 0.0), knot(1.0, 2.0)]);
    Scaling {
        whitening: Some(whitening.with_maps(vec![straight, bent])),
        ..mapped()
    }
}

#[test]
fn columns_may_be_whitened_in_another_order_and_mapped_then() {
    let mut w = [3.0, std::f64::consts::E, 2.0];
    let start = w;
    made_normal().standardize(&mut w, ALL, Units::Data);
    // z = (1, 8): v_1 = 8 / sqrt(1.25), v_2 = (1 - 8 * 2 / 1.25) / sqrt(0.8), which is left of the knots.
    assert!((w[0] - 2.0 * 8.0 / 1.25_f64.sqrt()).abs() < 1e-13, "{w:?}");
    let v = (1.0 - 12.8) / 0.8_f64.sqrt();
    let whitening = made_normal().whitening.unwrap();
    let mut z = [1.0, 8.0];
    whitening.decorrelate(&mut z);
    assert!((z[1] - v).abs() < 1e-13, "{z:?}");
    made_normal().restore(&mut w, ALL, Units::Data);
    for (back, start) in w.iter().zip(start) {
        assert!((back - start).abs() < 1e-12, "{w:?}");
    }
}

#[test]
fn whitening_takes_the_learned_columns_after_their_maps_and_leaves_the_given_ones() {
    let rows = [3.0, std::f64::consts::E, 2.0];
    for units in [Units::Data, Units::Standardized] {
        let mut w = rows;
        if units == Units::Standardized {
            // (3 - 1) / 2, (e - 2) / 6, (2 - 10) / 4
            w = [1.0, (rows[1] - 2.0) / 6.0, -2.0];
        }
        let start = w;
        whitened().standardize(&mut w, ALL, units);
        // z = (1, 8): w_1 = 1 / 2, w_2 = (8 - 1/2) / 0.5.
        for (got, want) in w.iter().zip([0.5, 15.0, -2.0]) {
            assert!((got - want).abs() < 1e-13, "{units:?}: {w:?}");
        }
        whitened().restore(&mut w, ALL, units);
        for (back, start) in w.iter().zip(start) {
            assert!((back - start).abs() < 1e-13, "{units:?}: {w:?}");
        }
    }
    let mut given = [14.0, 6.0];
    whitened().standardize(&mut given, GIVEN, Units::Data);
    assert_eq!(given, [1.0, -1.0]);
    let mut learned = [3.0, std::f64::consts::E];
    let span = ColumnRange { first: 0, width: 2 };
    whitened().standardize(&mut learned, span, Units::Data);
    assert!((learned[1] - 15.0).abs() < 1e-13, "{learned:?}");
}

/// log |dw/ds| of the first two columns at s, by central differences.
fn log_jacobian(scaling: &Scaling, s: [f64; 3]) -> f64 {
    let moved = |k: usize, by: f64| {
        let mut row = s;
        row[k] += by;
        scaling.standardize(&mut row, ALL, Units::Standardized);
        row
    };
    let h = 1e-5;
    let slope = |k: usize, of: usize| (moved(k, h)[of] - moved(k, -h)[of]) / (2.0 * h);
    (slope(0, 0) * slope(1, 1) - slope(0, 1) * slope(1, 0))
        .abs()
        .ln()
}

#[test]
fn offsets_are_the_logarithm_of_the_determinant_of_all_that_is_done_to_the_columns() {
    for scaling in [scaling(), mapped(), whitened(), made_normal()] {
        for s in [[0.3, 0.2, 5.0], [-2.0, 1.5, -1.0], [4.0, -0.25, 0.0]] {
            let mut row = s;
            scaling.standardize(&mut row, ALL, Units::Standardized);
            let offset = scaling.offsets(&row, 2)[0];
            let by_differences = log_jacobian(&scaling, s);
            assert!(
                (offset - by_differences).abs() < 1e-8,
                "{scaling:?}: {offset}, {by_differences} by differences"
            );
        }
    }
}

#[test]
fn a_row_beyond_a_bound_stays_infinite_and_one_without_a_number_stays_without() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let mut rows = [3.0, -1.0, 2.0, inf, 1.0, 2.0, nan, -1.0, 2.0];
    whitened().standardize(&mut rows, ALL, Units::Data);
    assert!(rows[1] == -inf && rows[3] == inf && rows[6].is_nan());
    assert!(rows[..6].iter().all(|value| !value.is_nan()), "{rows:?}");
}

#[test]
fn a_scaling_is_a_list_of_columns_as_ever_and_an_object_only_with_whitening() {
    let json = |scaling: &Scaling| serde_json::to_value(scaling).unwrap();
    let plain = json(&mapped());
    assert!(plain.is_array());
    let object = json(&whitened());
    assert_eq!(object["columns"], plain);
    assert_eq!(object["whitening"], serde_json::json!([[2.0], [1.0, 0.5]]));
    for scaling in [scaling(), mapped(), whitened(), made_normal()] {
        let read: Scaling = serde_json::from_value(json(&scaling)).unwrap();
        assert_eq!(read, scaling);
    }
    // As the first version of this program wrote it.
    let old = r#"[{"name":"a","mean":1.0,"scale":2.0},{"name":"b","mean":-3.0,"scale":0.5},{"name":"y","mean":10.0,"scale":4.0}]"#;
    assert_eq!(serde_json::from_str::<Scaling>(old).unwrap(), scaling());
    assert_eq!(serde_json::to_string(&scaling()).unwrap(), old);
    let half = serde_json::json!({ "columns": plain });
    assert!(serde_json::from_value::<Scaling>(half).is_err());
}

#[test]
fn what_is_rounded_stays_between_the_bounds() {
    let mut column = column("a", 0.0, 1.0);
    let raw = MeanAndScale {
        mean: 0.0,
        scale: 1.0,
    };
    let (low, high) = (-2.0, 2.0);
    column.transform = Some(ColumnTransform {
        map: ColumnMap::Logit(Bounds { low, high }),
        raw,
    });
    // A class of -1 and 1.
    column.lattice = Some(Lattice {
        step: 2.0,
        base: 1.0,
    });
    let scaling = Scaling {
        whitening: None,
        columns: vec![column],
    };
    let mut rows = [low.next_up(), -1.2, 0.3, high.next_down()];
    scaling.round(&mut rows, 1);
    assert_eq!(rows, [-1.0, -1.0, 1.0, 1.0]);
}
