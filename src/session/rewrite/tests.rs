//! Rewriting every field of every session, and taking it back.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::session::{MANUAL, NudgeDirection, fields, nudge};

fn moons(rest: &str) -> String {
    format!("(data: Toy(name: \"moons\"){rest})")
}

/// Writes pairs of a field and its value.
fn rewrite_pairs(text: &str, pairs: &[(&str, &str)]) -> Result<String, Unwritable> {
    let assignments = pairs.iter();
    let assignments = assignments.map(|(field, value)| Assignment::new(field, value));
    rewrite(text, &assignments.collect::<Vec<_>>())
}

/// Every session file of this repository, and the least one.
fn texts() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sessions");
    let folders = [folder.join("published"), folder];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "ron"));
    let mut texts: Vec<String> = files
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    assert!(texts.len() >= 16);
    texts.push(moons(""));
    texts.push(MANUAL.replace('\n', "\r\n"));
    texts
}

/// A value other than the one held, for every field.
fn others() -> Vec<(&'static str, [&'static str; 2])> {
    vec![
        ("data.name", ["\"rings\"", "\"moons\""]),
        ("data.path", ["\"/a.csv\"", "\"/b.npy\""]),
        ("data.columns", ["[\"a\", \"b\"]", "[\"1\"]"]),
        ("data.given", ["[\"c\"]", "[\"2\", \"3\"]"]),
        ("data.header", ["Yes", "No"]),
        (
            "data.dialect",
            ["(separator: Tab, decimal: Comma)", "(encoding: Utf16Le)"],
        ),
        ("data.missing", ["[\"-999\", \"unknown\"]", "Drop"]),
        ("data.jitter", ["{\"c\": 0.5}", "{\"a\": 1.0, \"b\": 2.0}"]),
        ("data.transform", ["{\"c\": Log}", "{\"a\": Normal}"]),
        (
            "data.bounds",
            ["{\"c\": Above(0.5)}", "{\"d\": Between(0.0, 1.0)}"],
        ),
        ("data.round", ["{\"c\": 0.5}", "{\"a\": 1.0, \"b\": 2.0}"]),
        ("data.whiten", ["Yes", "No"]),
        ("data.split.test", ["0.25", "0.125"]),
        ("data.split.validation", ["0.25", "0.125"]),
        ("data.split.shuffle", ["Some(7)", "None"]),
        ("data.batch", ["7", "8"]),
        ("data.resample_every", ["7", "8"]),
        ("model.width", ["7", "8"]),
        ("model.layers", ["7", "8"]),
        ("model.rank", ["7", "8"]),
        ("model.precision", ["F32", "F64"]),
        ("model.seed", ["7", "8"]),
        ("start", ["None", "Model(\"/a.safetensors\")"]),
        ("start.iterations", ["7", "8"]),
        ("start.batch", ["7", "8"]),
        ("start.group", ["7", "8"]),
        ("start.reuse", ["7", "9"]),
        ("start.lr", ["0.25", "1e-7"]),
        ("start.every", ["7", "8"]),
        ("flow.steps", ["7", "9"]),
        ("flow.stepper", ["Euler", "Rk4"]),
        ("flow.trace", ["GaussPoints", "StepNodes"]),
        ("flow.grid", ["Square", "Even"]),
        ("weights.transport", ["0.25", "1e-7"]),
        ("weights.likelihood", ["0.25", "1e-7"]),
        ("weights.hjb", ["0.25", "1e-7"]),
        ("optimizer", ["Muon()", "Adam()"]),
        ("optimizer.lr", ["0.25", "1e-7"]),
        ("optimizer.schedule", ["Constant", "Halve(every: 7)"]),
        ("optimizer.momentum", ["0.25", "1e-7"]),
        ("optimizer.clamp", ["Some(1.5)", "None"]),
        ("optimizer.decay", ["0.25", "1e-7"]),
        ("optimizer.clip", ["Some(1.5)", "None"]),
        ("optimizer.average", ["Some(0.25)", "None"]),
        ("validation.every", ["7", "8"]),
        ("validation.samples", ["7", "8"]),
        ("validation.steps", ["7", "9"]),
        ("stop.iterations", ["7", "8"]),
        ("stop.seconds", ["Some(1.5)", "None"]),
        ("recovery.rollbacks", ["7", "8"]),
        ("recovery.factor", ["0.25", "0.125"]),
        ("pictures.every", ["0.25", "7.0"]),
        ("pictures.samples", ["7", "8"]),
        ("gates", ["[\"divergence <= 0.5\"]", "[]"]),
    ]
}

#[test]
fn every_field_of_every_session_is_written_and_taken_back() {
    for text in texts() {
        let session = parse(&text, Path::new("s.ron")).unwrap();
        let held = fields(&session);
        assert!(held.len() > 20);
        for field in &held {
            let others = others();
            let find = others.iter().find(|(name, _)| *name == field.name);
            let &(name, values) = find.unwrap();
            for value in values {
                let new = rewrite_pairs(&text, &[(name, value)]).unwrap();
                let changed = changes(&session, &parse(&new, Path::new("s.ron")).unwrap());
                let of_it = |c: &Change| c.field == name && c.new == value;
                let edited = changed.iter().filter(|c| of_it(c)).count();
                assert_eq!(edited, usize::from(value != field.value), "{name}");
                let kind = matches!(name, "start" | "optimizer");
                assert!(kind || changed.iter().all(of_it), "{name}");
                let back = rewrite_pairs(&new, &[(name, &field.value)]).unwrap();
                let written = value_tokens(&tokens::read(&text), name).is_some();
                assert!(
                    !written
                        || back == text
                        || field.value.contains("Some")
                        || matches!(name, "start" | "data.path" | "data.jitter")
                        || matches!(name, "data.transform" | "data.bounds" | "data.round"),
                    "{back}"
                );
                assert_eq!(comments(&new), comments(&text));
            }
        }
    }
}

/// After a change of the kind and back by the edits that it made.
fn there_and_back(text: &str, kind: (&str, &str)) -> (String, String) {
    let session = |text: &str| parse(text, Path::new("s.ron")).unwrap();
    let new = rewrite_pairs(text, &[kind]).unwrap();
    let edits = changes(&session(text), &session(&new));
    let old: Vec<_> = edits.iter().map(|c| (c.field, c.old.as_str())).collect();
    let back = rewrite_pairs(&new, &old).unwrap();
    assert_eq!(session(&back), session(text), "{back}");
    (new, back)
}

#[test]
fn another_kind_takes_over_what_it_has_and_comes_back_by_its_edits() {
    let adam = moons(", optimizer: Adam( lr : 0.2 /* fast */, clip: 3)");
    let (muon, back) = there_and_back(&adam, ("optimizer", "Muon()"));
    assert_eq!((muon, back), (adam.replace("Adam", "Muon"), adam.clone()));
    let lines = "(\n  data: Toy(name: \"moons\"),\n  optimizer: Muon(\n    lr: 0.3, // fast\n    momentum: 0.8, // long\n    clip: 3,\n  ),\n)\n";
    let (adam, back) = there_and_back(lines, ("optimizer", "Adam()"));
    let shorter = lines
        .replace("Muon", "Adam")
        .replace("    momentum: 0.8, // long\n", "");
    assert_eq!(adam, shorter);
    assert_eq!(back, lines.replace(" // long", ""));
    for (held, expected) in [
        ("momentum: 0.8", ""),
        ("momentum: 0.8, clip: 3", "clip: 3"),
        ("lr: 1, momentum: 0.8", "lr: 1"),
        ("lr: 1, momentum: 0.8,", "lr: 1, "),
        ("lr: 1, momentum: 0.8, clip: 3", "lr: 1, clip: 3"),
    ] {
        let muon = moons(&format!(", optimizer: Muon({held})"));
        let (adam, _) = there_and_back(&muon, ("optimizer", "Adam()"));
        assert_eq!(adam, moons(&format!(", optimizer: Adam({expected})")));
    }
    let (muon, _) = there_and_back(&moons(""), ("optimizer", "Muon()"));
    assert_eq!(muon, moons(", optimizer: Muon()"));
}

#[test]
fn another_start_comes_back_with_its_numbers() {
    let matching = moons(", start: Matching(batch: 9, lr: 0.1)");
    for kind in ["None", "Model(\"/a\")"] {
        let (new, _) = there_and_back(&matching, ("start", kind));
        assert_eq!(new, moons(&format!(", start: {kind}")));
        there_and_back(&new, ("start", "Matching()"));
    }
    there_and_back(&moons(""), ("start", "Matching()"));
    let values = [("start", "Matching()"), ("start.lr", "0.1")];
    let new = rewrite_pairs(&moons(", stop: ()"), &values).unwrap();
    assert_eq!(new, moons(", start: Matching(lr: 0.1), stop: ()"));
    let lost = rewrite_pairs(&moons(""), &values[1..]).unwrap_err();
    assert_eq!(lost, Unwritable::Lost("start.lr".to_owned()));
}

fn comments(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.find("//").map(|at| &line[at..]))
        .collect()
}

#[test]
fn many_steps_up_and_down_stay_valid() {
    for text in texts() {
        for (field, _) in others() {
            let mut text = text.clone();
            use NudgeDirection::{Down, Up};
            for direction in [Up, Up, Up, Down, Down] {
                let session = parse(&text, Path::new("s.ron")).unwrap();
                let Ok(value) = nudge(&session, field, direction) else {
                    break;
                };
                match rewrite_pairs(&text, &[(field, &value)]) {
                    Ok(new) => text = new,
                    Err(Unwritable::Refused(_)) => break,
                    Err(other) => panic!("{field} {value}: {other}"),
                }
            }
        }
    }
}

#[test]
fn comments_and_layout_around_a_value_stay() {
    let text = moons(", optimizer:Adam( lr :  1e-1 /* a: 1, */ , // lr: 3\n clamp: Some( 2 ))");
    let new = rewrite_pairs(
        &text,
        &[("optimizer.lr", "0.2"), ("optimizer.clamp", "Some(5.0)")],
    );
    let expected = text
        .replace("1e-1", "0.2")
        .replace("Some( 2 )", "Some( 5.0 )");
    assert_eq!(new.unwrap(), expected);
    let bare = moons(", stop: (seconds: 60)");
    let new = rewrite_pairs(&bare, &[("stop.seconds", "Some(100.0)")]).unwrap();
    assert_eq!(new, bare.replace("60", "100.0"));
    let none = rewrite_pairs(&bare, &[("stop.seconds", "None")]).unwrap();
    assert_eq!(none, bare.replace("60", "None"));
    let some = rewrite_pairs(&none, &[("stop.seconds", "Some(60.0)")]).unwrap();
    assert_eq!(some, bare.replace("60", "Some(60.0)"));
}

#[test]
fn what_is_not_written_comes_where_the_table_has_it() {
    let new = rewrite_pairs(&moons(", flow: (steps: 8)"), &[("model.width", "7")]).unwrap();
    assert_eq!(new, moons(", model: (width: 7), flow: (steps: 8)"));
    let new = rewrite_pairs(&moons(", flow: (trace: StepNodes)"), &[("flow.steps", "9")]).unwrap();
    assert_eq!(new, moons(", flow: (steps: 9, trace: StepNodes)"));
    let new = rewrite_pairs(&moons(", stop: ()"), &[("stop.iterations", "9")]).unwrap();
    assert_eq!(new, moons(", stop: (iterations: 9)"));
    let new = rewrite_pairs(&moons(""), &[("optimizer.lr", "0.2")]).unwrap();
    assert_eq!(new, moons(", optimizer: Adam(lr: 0.2)"));
}

#[test]
fn a_new_line_has_the_indentation_and_the_commas_of_its_neighbour() {
    let text = "(\n  data: Toy(name: \"moons\"), // set\n  stop: ( // end\n\t// time\n\tseconds: 9 // s\n  )\n)\n";
    let new = rewrite_pairs(text, &[("stop.iterations", "9")]).unwrap();
    assert_eq!(new, text.replace("// end\n", "// end\n\titerations: 9,\n"));
    let new = rewrite_pairs(text, &[("weights.hjb", "9.0")]).unwrap();
    assert_eq!(
        new,
        text.replace("// set\n", "// set\n  weights: (hjb: 9.0),\n")
    );
    let new = rewrite_pairs(text, &[("gates", "[\"divergence <= 1\"]")]).unwrap();
    let line = "  ),\n  gates: [\"divergence <= 1\"]\n)\n";
    assert_eq!(new, text.replace("  )\n)\n", line));
}

#[test]
fn a_block_comment_over_the_end_of_a_line_is_no_place() {
    let text = "(\n  data: Toy(name: \"moons\"), /* set\n */\n)\n";
    let new = rewrite_pairs(text, &[("weights.hjb", "9.0")]).unwrap();
    assert_eq!(new, text.replace(", /*", ", weights: (hjb: 9.0), /*"));
}

#[test]
fn what_would_be_refused_and_what_is_refused_are_told_apart() {
    let nodes = moons(", flow: (trace: StepNodes)");
    let refused = rewrite_pairs(&nodes, &[("flow.steps", "1")]).unwrap_err();
    assert!(matches!(refused, Unwritable::Refused(_)));
    assert!(refused.to_string().contains("at least 2"), "{refused}");
    assert!(!refused.to_string().contains('\n'));
    let both = [("flow.steps", "1"), ("flow.trace", "EveryStage")];
    assert!(rewrite_pairs(&nodes, &both).is_ok());
    let broken = rewrite_pairs("(data: ", &both).unwrap_err();
    assert!(matches!(broken, Unwritable::Broken(_)));
}

#[test]
fn an_attribute_and_raw_names_are_read_over() {
    let text = format!(
        "#![enable(implicit_some)]\n\u{feff}{}",
        moons(", r#stop: (seconds: 60)")
    );
    let text = text.replace('\u{feff}', "");
    let new = rewrite_pairs(
        &text,
        &[("stop.seconds", "Some(7.0)"), ("stop.iterations", "9")],
    );
    assert_eq!(
        new.unwrap(),
        text.replace("seconds: 60", "iterations: 9, seconds: 7.0")
    );
}
