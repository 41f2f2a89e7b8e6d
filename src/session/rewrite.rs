//! New values of fields in the text of a session file: everything around a value stays as it is, byte for byte.
//!
//! A field that is not written comes behind the one before it in the table, with the layout it finds there; with its group, if need be.
//! Another kind of a group takes over what stands in its brackets, as far as it has such fields.

#[cfg(test)]
mod tests;

use std::path::Path;

use thiserror::Error;

use super::fields::{ABSENT, Change, changes, value};
use super::range::Held;
use super::set::{Assignment, is_within, set};
use super::table::{FIELDS, rows};
use super::tokens::{self, Token, dotted};
use super::{Session, parse, to_ron};
use crate::session::Rejection;

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
/// that differs from the old one in those fields alone, and where one is the kind of a group, in the defaults of the others
/// there.
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
        let of = |name: &str| values.iter().find(|value| value.0 == name);
        if let Some((_, new)) = of(change.field) {
            return *new == change.new;
        }
        let part = |&(name, new): &(&str, &str)| {
            is_within(name, change.field) && value(&session, name).as_deref() == Some(new)
        };
        let kind = change.field.split('.').next().and_then(of);
        kind.is_some() || values.iter().any(part)
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
    match value_tokens(&tokens, field) {
        None if value == ABSENT => return Some(text.to_owned()),
        Some(held) if value == ABSENT => return removed(text, &tokens, held),
        Some(held) if has_entries(held) && value.ends_with("()") => {
            return another_kind(text, old, field, value);
        }
        Some(held) => return Some(replaced(text, held, value)),
        None => {}
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
    let held = value_tokens(&words, group)?;
    let name = held.first().filter(|_| held.len() > 1)?.text;
    let name = if name == "(" { "" } else { name };
    let key = field.strip_prefix(group)?.strip_prefix('.')?;
    inserted(
        text,
        &tokens,
        "",
        &format!("{group}: {name}({key}: {value})"),
    )
}

/// Whether the value is a name with entries in its brackets, or with nothing there.
fn has_entries(held: &[Token]) -> bool {
    let text = |at: usize| held.get(at).map(|token| token.text);
    text(1) == Some("(") && (text(2) == Some(")") || text(3) == Some(":"))
}

/// The kind of a group in the place of another one; entries that it does not have go.
fn another_kind(text: &str, old: &Session, field: &str, value: &str) -> Option<String> {
    let tokens = tokens::read(text);
    let word = value_tokens(&tokens, field)?.first()?;
    let name = value.strip_suffix("()")?;
    let mut new = format!("{}{name}{}", &text[..word.start], &text[word.end()..]);
    let (field, value) = (field.to_owned(), value.to_owned());
    let there = set(old, &[Assignment { field, value }]).ok()?;
    for row in FIELDS {
        let tokens = tokens::read(&new);
        let held = value_tokens(&tokens, row.name);
        let gone = (row.held)(old) != Held::Absent && (row.held)(&there) == Held::Absent;
        if let Some(held) = held.filter(|_| gone) {
            new = removed(&new, &tokens, held)?;
        }
    }
    Some(new)
}

/// Without the entry whose value is `held`: with its line and the comment there, if no other entry stands on it.
fn removed(text: &str, tokens: &[Token], held: &[Token]) -> Option<String> {
    let span = span(held);
    let first = tokens.iter().position(|token| token.start == span.start)?;
    let key = first.checked_sub(2)?;
    let (start, next) = (tokens[key].start, tokens.get(first + held.len())?);
    let end = if next.text == "," {
        next.end()
    } else {
        span.end
    };
    let line = text[end..].split_inclusive('\n').next().unwrap_or("");
    let rest = line.trim();
    if let Some(indent) = indent(text, start).filter(|_| rest.is_empty() || rest.starts_with("//"))
    {
        let (before, after) = (&text[..start - indent.len()], &text[end + line.len()..]);
        return Some(format!("{before}{after}"));
    }
    let before = match tokens.get(key.checked_sub(1)?)? {
        comma if comma.text == "," && next.text != "," => comma.start,
        _ => start,
    };
    let after = text[end..].trim_start_matches(' ');
    Some(format!("{}{after}", &text[..before]))
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
    names.retain(|name| !name.is_empty());
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
