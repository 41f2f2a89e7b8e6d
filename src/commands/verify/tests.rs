//! Reference files against the kernels, whole, changed and broken.

use serde_json::{Value, json};

use super::*;

/// The files whose names start so.
fn files(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with(kind)
    });
    files.sort();
    files
}

const FLOW: &str = "d2_m8_n5_nt4.json";
const MATCHING: &str = "matching_d5_c2_m12_nth3_n7.json";

fn value(name: &str) -> Value {
    let text = std::fs::read_to_string(&files(name)[0]).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn verify_value(value: &Value) -> Result<Agreement> {
    verify_text(&value.to_string(), Path::new("r.json"), Precision::F64)
}

#[test]
fn every_reference_file_agrees_in_both_precisions() {
    let (flows, matching) = (files("d"), files("matching"));
    assert_eq!((flows.len(), matching.len()), (9, 3));
    for file in flows.iter().chain(&matching) {
        for precision in [Precision::F64, Precision::F32] {
            let agreement = verify_file(file, precision).unwrap();
            assert!(agreement.holds(), "{agreement:#?}");
        }
    }
}

#[test]
fn a_file_of_the_start_by_matching_has_the_loss_and_every_tensor() {
    let agreement = verify_file(&files(MATCHING)[0], Precision::F64).unwrap();
    let names: Vec<&str> = agreement.errors.keys().map(String::as_str).collect();
    let tensors = [
        "A",
        "N.layers.0.bias",
        "N.layers.0.weight",
        "N.layers.1.bias",
        "N.layers.1.weight",
        "N.layers.2.bias",
        "N.layers.2.weight",
        "c.bias",
        "c.weight",
    ];
    assert_eq!(names[..9], tensors);
    assert_eq!(names[9..], ["loss", "w.weight"]);
}

#[test]
fn a_changed_value_is_found() {
    for name in [FLOW, MATCHING] {
        let mut reference = value(name);
        let changed = &mut reference["grads"]["A"]["data"][0];
        *changed = json!(changed.as_f64().unwrap() * (1.0 + 1e-8));
        let agreement = verify_value(&reference).unwrap();
        let wrong: Vec<&str> = agreement
            .errors
            .iter()
            .filter(|(_, error)| **error > TOLERANCE_F64)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(wrong, ["A"], "{name}");
        assert!(!agreement.holds());
    }
}

/// What is said of a file with one of its fields at another value.
fn refusal(name: &str, field: &str, other: Value) -> String {
    let mut reference = value(name);
    reference[field] = other;
    format!("{:#}", verify_value(&reference).unwrap_err())
}

#[test]
fn sizes_are_not_believed() {
    let most = u64::MAX;
    for name in [FLOW, MATCHING] {
        for (field, other, message) in [
            ("d", most, "d is 18446744073709551615, not from 1 to 65536"),
            ("m", 65536, "tensor w.weight has shape"),
            ("nTh", 1, "nTh is 1, not from 2 to 65536"),
            ("n", 1 << 60, "x has"),
        ] {
            let error = refusal(name, field, other.into());
            assert!(error.contains(message), "{name}, {field}: {error}");
        }
        let error = refusal(name, "x", json!([]));
        assert!(error.contains("x has 0 rows"), "{error}");
        let tensor = json!({ "A": { "shape": [most, most], "data": [] } });
        let error = refusal(name, "params", tensor);
        let message = "rows of A is 18446744073709551615";
        assert!(error.contains(message), "{error}");
        let error = refusal(name, "grads", json!({}));
        assert!(error.contains("in grads: tensor"), "{error}");
    }
    for (field, other, message) in [
        ("c", 1_u64 << 60, "not from 0 to 65536"),
        ("nt", 1 << 40, "nt is 1099511627776, not from 1 to 1000"),
    ] {
        let error = refusal(FLOW, field, other.into());
        assert!(error.contains(message), "{field}: {error}");
    }
}

#[test]
fn pairs_that_lack_something_are_refused() {
    for (field, other, message) in [
        ("x1", json!([]), "x1 has 0 rows and t 7, 7 expected"),
        ("t", json!([0.5]), "x1 has 7 rows and t 1, 7 expected"),
        ("x1", json!(vec![[0.5]; 7]), "row 0 of x1 has 1 values, 5"),
        (
            "context",
            json!([]),
            "tensor A has shape [8, 8] and 64 values, [6, 6] expected",
        ),
        (
            "context",
            json!([[0.5, 0.5]]),
            "row 1 of x has 5 values and 0 of context, 5 and 2 expected",
        ),
        ("a0", json!("one"), "invalid type"),
        ("kind", json!("guessing"), "expected `flow` or `matching`"),
    ] {
        let error = refusal(MATCHING, field, other);
        assert!(error.contains(message), "{field}: {error}");
    }
    // Read as a flow, it has no steps.
    let error = refusal(MATCHING, "kind", json!("flow"));
    assert!(error.contains("missing field"), "{error}");
}

#[test]
fn a_weight_that_no_flow_has_does_not_pass() {
    let mut reference = value(MATCHING);
    reference["a0"] = json!(0.0);
    let agreement = verify_value(&reference).unwrap();
    assert!(!agreement.holds() && agreement.largest.is_nan());
}

#[test]
fn the_loss_of_a_flow_is_held_to_more_than_its_gradients_in_single_precision() {
    let off_by = |error: f64, kind: ReferenceKind, quantity: &str| Agreement {
        file: PathBuf::new(),
        precision: "f32",
        errors: BTreeMap::from([(quantity.into(), error)]),
        largest: error,
        kind,
    };
    assert!(off_by(1e-5, ReferenceKind::Flow, "A").holds());
    assert!(!off_by(1e-5, ReferenceKind::Flow, "loss").holds());
    assert!(off_by(4e-5, ReferenceKind::Matching, "A").holds());
    assert!(!off_by(6e-5, ReferenceKind::Matching, "loss").holds());
}

#[test]
fn values_that_are_missing_or_not_numbers_do_not_pass() {
    let mut errors = RelativeErrors::default();
    errors.add("short", &[1.0], &[1.0, 2.0]);
    errors.add("nan", &[f64::NAN], &[1.0]);
    errors.add("zero", &[1e-3], &[0.0]);
    assert!(errors.0["short"].is_nan() && errors.0["nan"].is_nan());
    assert_eq!(errors.0["zero"], 1e-3);
}
