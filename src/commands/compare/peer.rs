//! Reading learning curves of other programs from a file of JSON lines.
//!
//! ```text
//! {"peer": "OT-CFM", "seconds": 12.5, "validation_C": 3.82}        nats; null where there is no figure
//! {..., "entropy": 2.83}                                           H of the data, where it is known
//! ```
//!
//! Lines of the same name are one curve, in order of their seconds; the least value so far is drawn. Other fields are ignored.

use std::path::Path;

use serde::Deserialize;

use super::curve::CurveWithEntropy;
use crate::file;
use crate::plot::{CurvePoint, LearningCurve};

/// A line of the file.
#[derive(Deserialize)]
struct PeerRecord {
    peer: String,
    seconds: f64,
    #[serde(rename = "validation_C")]
    c: Option<f64>,
    entropy: Option<f64>,
}

/// Reads the curves of a file, in order of their first lines.
///
/// # Errors
/// When the file can't be read, a line has another form, or there is nothing to draw; the message names file and line.
pub fn read(path: &Path) -> Result<Vec<CurveWithEntropy>, String> {
    let name = path.display();
    let text = file::open(path).and_then(std::io::read_to_string);
    let text = text.map_err(|error| format!("cannot read {name}: {error}"))?;
    let mut curves: Vec<CurveWithEntropy> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let line: PeerRecord = serde_json::from_str(line).map_err(|error| {
            format!(
                "{name}:{number}: {error}; expected lines as {{\"peer\": \"OT-CFM\", \"seconds\": 12.5, \"validation_C\": 3.82}}"
            )
        })?;
        add(&mut curves, line);
    }
    for drawn in &mut curves {
        keep_improving(&mut drawn.curve.points);
    }
    match curves.iter().find(|drawn| drawn.curve.is_empty()) {
        Some(drawn) => Err(format!(
            "{name}: no line of {:?} has a validation_C at more than 0 seconds",
            drawn.curve.name
        )),
        None if curves.is_empty() => Err(format!("{name} has no lines")),
        None => Ok(curves),
    }
}

/// Adds a line to its curve.
fn add(curves: &mut Vec<CurveWithEntropy>, line: PeerRecord) {
    let at = curves
        .iter()
        .position(|drawn| drawn.curve.name == line.peer);
    let at = at.unwrap_or_else(|| {
        let curve = LearningCurve {
            name: line.peer,
            ..LearningCurve::default()
        };
        curves.push(CurveWithEntropy {
            curve,
            entropy: None,
        });
        curves.len() - 1
    });
    let CurveWithEntropy { curve, entropy } = &mut curves[at];
    let seconds = line.seconds;
    curve.seconds = curve.seconds.max(seconds);
    curve
        .points
        .extend(line.c.map(|c| CurvePoint { seconds, c }));
    *entropy = line.entropy.or(*entropy);
}

/// Sorts the points by time and keeps those that are less than all before them.
fn keep_improving(points: &mut Vec<CurvePoint>) {
    points.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let mut least = f64::INFINITY;
    points.retain(|point| {
        let better = point.c < least;
        least = least.min(point.c);
        better
    });
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(text: &str) -> Result<Vec<CurveWithEntropy>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peers.jsonl");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn lines_of_a_name_are_a_curve_of_the_least_so_far() {
        let text = r#"
            {"peer": "b", "seconds": 4, "validation_C": 3.5, "test_C": 1}
            {"peer": "a", "seconds": 1, "validation_C": 5.0, "entropy": 2.5}
            {"peer": "b", "seconds": 2, "validation_C": 3.0}
            {"peer": "b", "seconds": 8, "validation_C": null, "final": true}
            {"peer": "b", "seconds": 6, "validation_C": 2.75}
        "#;
        let found = file(text).unwrap();
        let names: Vec<&str> = found
            .iter()
            .map(|drawn| drawn.curve.name.as_str())
            .collect();
        assert_eq!(names, ["b", "a"]);
        let at = |seconds, c| CurvePoint { seconds, c };
        assert_eq!(found[0].curve.points, [at(2.0, 3.0), at(6.0, 2.75)]);
        assert_eq!(found[0].curve.seconds, 8.0);
        assert_eq!((found[0].entropy, found[1].entropy), (None, Some(2.5)));
    }

    #[test]
    fn what_is_none_of_the_form_is_refused_with_its_line() {
        let line = r#"{"peer": "b", "seconds": 4, "validation_C": 3.5}"#;
        for (text, words) in [
            ("", "has no lines"),
            ("seconds,C\n1,2\n", "peers.jsonl:1: "),
            (
                &format!("{line}\n\n{{\"peer\": \"b\"}}"),
                "peers.jsonl:3: missing field `seconds`",
            ),
            (
                r#"{"peer": "b", "seconds": 4}"#,
                "no line of \"b\" has a validation_C",
            ),
            (
                r#"{"peer": "b", "seconds": 0, "validation_C": 1}"#,
                "more than 0 seconds",
            ),
        ] {
            let message = file(text).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
        let gone = read(Path::new("gone.jsonl")).unwrap_err();
        assert!(gone.starts_with("cannot read gone.jsonl: "), "{gone}");
    }
}
