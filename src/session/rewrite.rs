//! New values of fields in the text of a session file: everything around a value stays as it is, byte for byte.
//!
//! A field that is not written comes behind the one before it in the table, with the layout it finds there; with its group, if need be.

use std::path::Path;

use thiserror::Error;

use super::fields::{Change, changes, value};
use super::table::rows;
use super::tokens::{self, Token, dotted};
use super::{Session, parse, to_ron};
use crate::event::Rejection;

/// Why values can't be written into a text.
#[derive(Debug, Error, PartialEq)]
pub enum Unwritable {
    /// The text is no valid session before that.
    #[error("{0}")]
    Broken(Rejection),
    /// With the new values it would be none.
    #[error("{}", .0.message.lines().next().unwrap_or_default())]
    Refused(Rejection),
    /// The layout of the text is beyond what is understood here.
    #[error("cannot find where {0} goes in the file")]
    Lost(String),
}

/// `text` with the given fields at the given values, both as [`super::fields`] has them. The result is a valid session
/// that differs from the old one in those fields alone.
pub fn rewrite(text: &str, values: &[(&str, &str)]) -> Result<String, Unwritable> {
    // Never shown: who writes knows the file.
    let file = Path::new("session");
    let old = parse(text, file).map_err(Unwritable::Broken)?;
    let mut new = text.to_owned();
    for &(field, value) in values {
        let lost = || Unwritable::Lost(field.to_owned());
        new = put(&new, &old, field, value).ok_or_else(lost)?;
    }
    let session = parse(&new, file).map_err(Unwritable::Refused)?;
    let asked = |change: &Change| {
        values
            .iter()
            .any(|&(name, new)| match name.strip_prefix(change.field) {
                Some("") => new == change.new,
                Some(part) if part.starts_with('.') => {
                    value(&session, name).as_deref() == Some(new)
                }
                _ => false,
            })
    };
    let stray = changes(&old, &session)
        .into_iter()
        .find(|change| !asked(change));
    match stray {
        Some(change) => Err(Unwritable::Lost(change.field.to_owned())),
        None => Ok(new),
    }
}

fn put(text: &str, old: &Session, field: &str, value: &str) -> Option<String> {
    let tokens = tokens::read(text);
    if let Some(held) = value_tokens(&tokens, field) {
        return Some(replaced(text, held, value));
    }
    let group = field.split('.').next()?;
    if group == field || value_tokens(&tokens, group).is_some() {
        let (outer, key) = field.rsplit_once('.').unwrap_or(("", field));
        let entry = format!("{key}: {value}");
        return match outer.rsplit_once('.') {
            Some((above, inner)) if value_tokens(&tokens, outer).is_none() => {
                inserted(text, &tokens, above, &format!("{inner}: ({entry})"))
            }
            _ => inserted(text, &tokens, outer, &entry),
        };
    }
    let whole = to_ron(old);
    let words = tokens::read(&whole);
    let name = value_tokens(&words, group)?.first()?.text;
    let name = if name == "(" { "" } else { name };
    let key = field.strip_prefix(group)?.strip_prefix('.')?;
    inserted(
        text,
        &tokens,
        "",
        &format!("{group}: {name}({key}: {value})"),
    )
}

/// The tokens of a field's value.
pub(super) fn value_tokens<'t, 'a>(
    tokens: &'t [Token<'a>],
    field: &str,
) -> Option<&'t [Token<'a>]> {
    let names =
        |pair: &[Token]| pair[0].text == ":" && pair[0].field != field && pair[1].field == field;
    let start = 1 + tokens.windows(2).position(names)?;
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" | "," if depth == 0 => return Some(&tokens[start..at]),
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Bytes from the first token to the last.
fn span(tokens: &[Token]) -> std::ops::Range<usize> {
    let start = tokens.first().map_or(0, |token| token.start);
    start..tokens.last().map_or(start, Token::end)
}

/// An optional number keeps its wrapping, or its lack of one.
pub(super) fn replaced(text: &str, held: &[Token], value: &str) -> String {
    let inner = value
        .strip_prefix("Some(")
        .and_then(|rest| rest.strip_suffix(')'));
    let (place, value) = match (held, inner) {
        ([some, _, number @ .., _], Some(inner)) if some.text == "Some" => (number, inner),
        ([number], Some(inner)) if number.text != "None" => (held, inner),
        _ => (held, value),
    };
    let span = span(place);
    format!("{}{value}{}", &text[..span.start], &text[span.end..])
}

/// With a new entry `key: value` in the group `outer`, on a line of its own where its neighbour has one.
fn inserted(text: &str, tokens: &[Token], outer: &str, entry: &str) -> Option<String> {
    let key = entry.split(':').next()?;
    let entries = entries(outer);
    let place = entries.iter().position(|name| *name == key)?;
    let neighbour = entries[..place]
        .iter()
        .rev()
        .find_map(|name| value_tokens(tokens, &dotted(outer, name)));
    let candidates = match neighbour {
        Some(held) => behind(text, tokens, held, entry)?,
        None => at_first(text, value_tokens(tokens, outer)?, entry)?,
    };
    // A line may end inside a comment.
    let found = |text: &String| value_tokens(&tokens::read(text), &dotted(outer, key)).is_some();
    candidates.into_iter().flatten().find(found)
}

/// The names directly below `outer`, in the order of the table.
fn entries(outer: &str) -> Vec<&'static str> {
    let below = |name: &'static str| {
        let rest = name.strip_prefix(outer)?;
        rest.trim_start_matches('.').split('.').next()
    };
    let mut names: Vec<_> = rows().filter_map(|row| below(row.name)).collect();
    names.dedup();
    names
}

/// Behind the entry whose value is `held`: on the next line, or on its own.
fn behind(
    text: &str,
    tokens: &[Token],
    held: &[Token],
    entry: &str,
) -> Option<[Option<String>; 2]> {
    let span = span(held);
    let first = tokens.iter().position(|token| token.start == span.start)?;
    let key = tokens.get(first.checked_sub(2)?)?;
    let mut after = tokens[first + held.len()..].iter();
    let next = after.next()?;
    let (tail, next, comma) = match next.text {
        "," => (next.end(), after.next()?, ","),
        _ => (span.end, next, ""),
    };
    let missing = if comma.is_empty() { "," } else { "" };
    let line = indent(text, key.start)
        .zip(line_end(text, tail, next.start))
        .map(|(indent, at)| {
            let (value, rest) = (&text[..span.end], &text[span.end..at]);
            let end = line_break(text);
            format!(
                "{value}{missing}{rest}{end}{indent}{entry}{comma}{}",
                &text[at..]
            )
        });
    let inline = format!("{}, {entry}{}", &text[..span.end], &text[span.end..]);
    Some([line, Some(inline)])
}

/// Before all entries of a group, whose tokens are given.
fn at_first(text: &str, group: &[Token], entry: &str) -> Option<[Option<String>; 2]> {
    let open = group.iter().position(|token| token.text == "(")?;
    let (open, next) = (&group[open], group.get(open + 1)?);
    let (before, rest) = text.split_at(next.start);
    if next.text == ")" {
        let (before, rest) = text.split_at(open.end());
        return Some([None, Some(format!("{before}{entry}{rest}"))]);
    }
    let line = indent(text, next.start)
        .zip(line_end(text, open.end(), next.start))
        .map(|(indent, at)| {
            let end = line_break(text);
            format!("{}{end}{indent}{entry},{}", &text[..at], &text[at..])
        });
    Some([line, Some(format!("{before}{entry}, {rest}"))])
}

/// What stands before `start` on its line, if it is blank.
fn indent(text: &str, start: usize) -> Option<&str> {
    let before = text[..start].rsplit('\n').next()?;
    before.trim().is_empty().then_some(before)
}

/// The end of the line of `from`, if it comes before `to`.
fn line_end(text: &str, from: usize, to: usize) -> Option<usize> {
    let at = from + text[from..to].find('\n')?;
    Some(if text[..at].ends_with('\r') {
        at - 1
    } else {
        at
    })
}

fn line_break(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::session::{Way, fields, nudge};

    fn moons(rest: &str) -> String {
        format!("(data: Toy(name: \"moons\"){rest})")
    }

    /// Every session file of this repository, and the least one.
    fn texts() -> Vec<String> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sessions");
        let files = fs::read_dir(folder).unwrap();
        let read = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        let mut texts: Vec<String> = read.collect();
        assert!(texts.len() >= 8);
        texts.push(moons(""));
        texts.push(texts[0].replace('\n', "\r\n"));
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
            ("data.missing", ["Drop", "Refuse"]),
            ("data.jitter", ["{\"c\": 0.5}", "{\"a\": 1.0, \"b\": 2.0}"]),
            (
                "data.transform",
                ["{\"c\": Normal}", "{\"a\": Log, \"b\": Logit(0.0, 100.0)}"],
            ),
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
            ("flow.steps", ["7", "9"]),
            ("flow.stepper", ["Euler", "Rk4"]),
            ("flow.trace", ["GaussPoints", "StepNodes"]),
            ("weights.transport", ["0.25", "1e-7"]),
            ("weights.likelihood", ["0.25", "1e-7"]),
            ("weights.hjb", ["0.25", "1e-7"]),
            ("optimizer.lr", ["0.25", "1e-7"]),
            ("optimizer.schedule", ["Constant", "Halve(every: 7)"]),
            ("optimizer.clamp", ["Some(1.5)", "None"]),
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
                    let new = rewrite(&text, &[(name, value)]).unwrap();
                    let changed = changes(&session, &parse(&new, Path::new("s.ron")).unwrap());
                    assert_eq!(changed.len(), usize::from(value != field.value), "{name}");
                    assert!(changed.iter().all(|c| c.field == name && c.new == value));
                    let back = rewrite(&new, &[(name, &field.value)]).unwrap();
                    let written = value_tokens(&tokens::read(&text), name).is_some();
                    assert!(
                        !written
                            || back == text
                            || field.value.contains("Some")
                            || matches!(name, "data.path" | "data.jitter" | "data.transform"),
                        "{back}"
                    );
                    assert_eq!(comments(&new), comments(&text));
                }
            }
        }
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
                for way in [Way::Up, Way::Up, Way::Up, Way::Down, Way::Down] {
                    let session = parse(&text, Path::new("s.ron")).unwrap();
                    let Ok(value) = nudge(&session, field, way) else {
                        break;
                    };
                    match rewrite(&text, &[(field, &value)]) {
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
        let new = rewrite(
            &text,
            &[("optimizer.lr", "0.2"), ("optimizer.clamp", "Some(5.0)")],
        );
        let expected = text
            .replace("1e-1", "0.2")
            .replace("Some( 2 )", "Some( 5.0 )");
        assert_eq!(new.unwrap(), expected);
        let bare = moons(", stop: (seconds: 60)");
        let new = rewrite(&bare, &[("stop.seconds", "Some(100.0)")]).unwrap();
        assert_eq!(new, bare.replace("60", "100.0"));
        let none = rewrite(&bare, &[("stop.seconds", "None")]).unwrap();
        assert_eq!(none, bare.replace("60", "None"));
        let some = rewrite(&none, &[("stop.seconds", "Some(60.0)")]).unwrap();
        assert_eq!(some, bare.replace("60", "Some(60.0)"));
    }

    #[test]
    fn what_is_not_written_comes_where_the_table_has_it() {
        let new = rewrite(&moons(", flow: (steps: 8)"), &[("model.width", "7")]).unwrap();
        assert_eq!(new, moons(", model: (width: 7), flow: (steps: 8)"));
        let new = rewrite(&moons(", flow: (trace: StepNodes)"), &[("flow.steps", "9")]).unwrap();
        assert_eq!(new, moons(", flow: (steps: 9, trace: StepNodes)"));
        let new = rewrite(&moons(", stop: ()"), &[("stop.iterations", "9")]).unwrap();
        assert_eq!(new, moons(", stop: (iterations: 9)"));
        let new = rewrite(&moons(""), &[("optimizer.lr", "0.2")]).unwrap();
        assert_eq!(new, moons(", optimizer: Adam(lr: 0.2)"));
    }

    #[test]
    fn a_new_line_has_the_indentation_and_the_commas_of_its_neighbour() {
        let text = "(\n  data: Toy(name: \"moons\"), // set\n  stop: ( // end\n\t// time\n\tseconds: 9 // s\n  )\n)\n";
        let new = rewrite(text, &[("stop.iterations", "9")]).unwrap();
        assert_eq!(new, text.replace("// end\n", "// end\n\titerations: 9,\n"));
        let new = rewrite(text, &[("weights.hjb", "9.0")]).unwrap();
        assert_eq!(
            new,
            text.replace("// set\n", "// set\n  weights: (hjb: 9.0),\n")
        );
        let new = rewrite(text, &[("gates", "[\"divergence <= 1\"]")]).unwrap();
        let line = "  ),\n  gates: [\"divergence <= 1\"]\n)\n";
        assert_eq!(new, text.replace("  )\n)\n", line));
    }

    #[test]
    fn a_block_comment_over_the_end_of_a_line_is_no_place() {
        let text = "(\n  data: Toy(name: \"moons\"), /* set\n */\n)\n";
        let new = rewrite(text, &[("weights.hjb", "9.0")]).unwrap();
        assert_eq!(new, text.replace(", /*", ", weights: (hjb: 9.0), /*"));
    }

    #[test]
    fn what_would_be_refused_and_what_is_refused_are_told_apart() {
        let nodes = moons(", flow: (trace: StepNodes)");
        let refused = rewrite(&nodes, &[("flow.steps", "1")]).unwrap_err();
        assert!(matches!(refused, Unwritable::Refused(_)));
        assert!(refused.to_string().contains("at least 2"), "{refused}");
        assert!(!refused.to_string().contains('\n'));
        let both = [("flow.steps", "1"), ("flow.trace", "EveryStage")];
        assert!(rewrite(&nodes, &both).is_ok());
        let broken = rewrite("(data: ", &both).unwrap_err();
        assert!(matches!(broken, Unwritable::Broken(_)));
    }

    #[test]
    fn an_attribute_and_raw_names_are_read_over() {
        let text = format!(
            "#![enable(implicit_some)]\n\u{feff}{}",
            moons(", r#stop: (seconds: 60)")
        );
        let text = text.replace('\u{feff}', "");
        let new = rewrite(
            &text,
            &[("stop.seconds", "Some(7.0)"), ("stop.iterations", "9")],
        );
        assert_eq!(
            new.unwrap(),
            text.replace("seconds: 60", "iterations: 9, seconds: 7.0")
        );
    }
}
