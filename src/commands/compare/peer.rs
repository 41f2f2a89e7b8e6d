//! Learning curves of other programs, from a file of JSON lines.
//!
//! ```text
//! {"peer": "OT-CFM", "seconds": 12.5, "validation_C": 3.82}        nats; null where there is no figure
//! {..., "entropy": 2.83}                                           H of the data, where it is known
//! ```
//!
//! Lines of one name are one curve, in order of their seconds; of their values the least so far is drawn. Other fields are left alone.

use std::path::Path;

use serde::Deserialize;

use super::picture::Drawn;
use crate::file;
use crate::plot::{LearningCurve, Reached};

/// What is read of a line.
#[derive(Deserialize)]
struct Line {
    peer: String,
    seconds: f64,
    #[serde(rename = "validation_C")]
    c: Option<f64>,
    entropy: Option<f64>,
}

/// The curves of a file, in order of their first lines.
///
/// # Errors
/// When it can't be read, a line is none of this form, or there is nothing to draw; the message names file and line.
pub fn read(path: &Path) -> Result<Vec<Drawn>, String> {
    let name = path.display();
    let text = file::open(path).and_then(std::io::read_to_string);
    let text = text.map_err(|error| format!("cannot read {name}: {error}"))?;
    let mut curves: Vec<Drawn> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(line).map_err(|error| {
            format!(
                "{name}:{number}: {error}; expected lines as {{\"peer\": \"OT-CFM\", \"seconds\": 12.5, \"validation_C\": 3.82}}"
            )
        })?;
        take(&mut curves, line);
    }
    for drawn in &mut curves {
        improving(&mut drawn.curve.reached);
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

fn take(curves: &mut Vec<Drawn>, line: Line) {
    let at = curves
        .iter()
        .position(|drawn| drawn.curve.name == line.peer);
    let at = at.unwrap_or_else(|| {
        let curve = LearningCurve {
            name: line.peer,
            ..LearningCurve::default()
        };
        curves.push(Drawn {
            curve,
            entropy: None,
        });
        curves.len() - 1
    });
    let Drawn { curve, entropy } = &mut curves[at];
    let seconds = line.seconds;
    curve.seconds = curve.seconds.max(seconds);
    curve.reached.extend(line.c.map(|c| Reached { seconds, c }));
    *entropy = line.entropy.or(*entropy);
}

/// Leaves what is less than everything before it in time.
fn improving(points: &mut Vec<Reached>) {
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

    fn file(text: &str) -> Result<Vec<Drawn>, String> {
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
        let at = |seconds, c| Reached { seconds, c };
        assert_eq!(found[0].curve.reached, [at(2.0, 3.0), at(6.0, 2.75)]);
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
