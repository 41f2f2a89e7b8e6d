//! New values of fields in the text of a session file: everything around a value stays as it is, byte for byte.
//!
//! A field that the text does not have is inserted behind the field before it in the table, with the layout there; with its group,
//! if the text does not have that either. Another kind of a group keeps the entries in the brackets, as far as it has such fields.

#[cfg(test)]
mod tests;

use std::path::Path;

use thiserror::Error;

use super::field_table::{FIELDS, all_fields};
use super::field_value::{ABSENT, FieldValue};
use super::fields::{Change, changes, value};
use super::set::{Assignment, is_within, set};
use super::tokens::{self, Token, dotted};
use super::value_text::{byte_range, replace_value, value_tokens};
use super::{Rejection, Session, parse, to_ron};

/// The reason why values can't be written into a text.
#[derive(Debug, Error, PartialEq)]
pub enum Unwritable {
    /// The text is no valid session.
    #[error("{0}")]
    Broken(Rejection),
    /// The text would be no valid session with the new values.
    #[error("{}", .0.message.lines().next().unwrap_or_default())]
    Refused(Rejection),
    /// The layout of the text is not understood.
    #[error("cannot find where {0} goes in the file")]
    Lost(String),
}

/// Writes values of fields into the text of a session; values are as [`super::fields`] has them.
///
/// The result is a valid session that differs from the old one in those fields alone, and where one is the kind of a group, in the
/// defaults of the other fields of that group.
///
/// # Errors
/// The reason why the values can't be written.
pub fn rewrite(text: &str, values: &[Assignment]) -> Result<String, Unwritable> {
    // Never shown: who writes knows the file.
    let file = Path::new("session");
    let old = parse(text, file).map_err(Unwritable::Broken)?;
    let mut new = text.to_owned();
    for assignment in values {
        let lost = || Unwritable::Lost(assignment.field.clone());
        new = write_one(&new, &old, assignment).ok_or_else(lost)?;
    }
    let session = parse(&new, file).map_err(Unwritable::Refused)?;
    let asked = |change: &Change| {
        let find = |name: &str| values.iter().find(|one| one.field == name);
        if let Some(one) = find(change.field) {
            return one.value == change.new;
        }
        let part = |one: &Assignment| {
            is_within(&one.field, change.field)
                && value(&session, &one.field).as_ref() == Some(&one.value)
        };
        let kind = change.field.split('.').next().and_then(find);
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

/// The text with one field at another value; None where its layout is not understood.
fn write_one(text: &str, old: &Session, assignment: &Assignment) -> Option<String> {
    let Assignment { field, value } = assignment;
    let tokens = tokens::read(text);
    match value_tokens(&tokens, field) {
        None if value == ABSENT => return Some(text.to_owned()),
        Some(old_value) if value == ABSENT => return remove_entry(text, &tokens, old_value),
        Some(old_value) if has_entries(old_value) && value.ends_with("()") => {
            return replace_kind(text, old, assignment);
        }
        Some(old_value) => return Some(replace_value(text, old_value, value)),
        None => {}
    }
    let group = field.split('.').next()?;
    if group == field || value_tokens(&tokens, group).is_some() {
        let (outer, key) = field.rsplit_once('.').unwrap_or(("", field));
        let entry = format!("{key}: {value}");
        return match outer.rsplit_once('.') {
            Some((above, inner)) if value_tokens(&tokens, outer).is_none() => {
                insert_entry(text, &tokens, above, &format!("{inner}: ({entry})"))
            }
            _ => insert_entry(text, &tokens, outer, &entry),
        };
    }
    let whole = to_ron(old);
    let words = tokens::read(&whole);
    let old_value = value_tokens(&words, group)?;
    let name = old_value.first().filter(|_| old_value.len() > 1)?.text;
    let name = if name == "(" { "" } else { name };
    let key = field.strip_prefix(group)?.strip_prefix('.')?;
    let entry = format!("{group}: {name}({key}: {value})");
    insert_entry(text, &tokens, "", &entry)
}

/// Whether the value is a name with entries in its brackets, or with nothing there.
fn has_entries(old_value: &[Token]) -> bool {
    let text = |at: usize| old_value.get(at).map(|token| token.text);
    text(1) == Some("(") && (text(2) == Some(")") || text(3) == Some(":"))
}

/// The text with another kind of a group; entries that the new kind does not have are removed.
fn replace_kind(text: &str, old: &Session, assignment: &Assignment) -> Option<String> {
    let tokens = tokens::read(text);
    let word = value_tokens(&tokens, &assignment.field)?.first()?;
    let name = assignment.value.strip_suffix("()")?;
    let mut new = format!("{}{name}{}", &text[..word.start], &text[word.end()..]);
    let there = set(old, std::slice::from_ref(assignment)).ok()?;
    for field in FIELDS {
        let tokens = tokens::read(&new);
        let old_value = value_tokens(&tokens, field.name);
        let gone =
            (field.value)(old) != FieldValue::Absent && (field.value)(&there) == FieldValue::Absent;
        if let Some(old_value) = old_value.filter(|_| gone) {
            new = remove_entry(&new, &tokens, old_value)?;
        }
    }
    Some(new)
}

/// The text without the entry whose value is `old_value`, and without its line and the comment there if no other entry is on it.
fn remove_entry(text: &str, tokens: &[Token], old_value: &[Token]) -> Option<String> {
    let span = byte_range(old_value);
    let first = tokens.iter().position(|token| token.start == span.start)?;
    let key = first.checked_sub(2)?;
    let (start, next) = (tokens[key].start, tokens.get(first + old_value.len())?);
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

/// The text with a new entry `key: value` in the group `outer`, on a line of its own where its neighbour has one.
fn insert_entry(text: &str, tokens: &[Token], outer: &str, entry: &str) -> Option<String> {
    let key = entry.split(':').next()?;
    let entries = entries(outer);
    let place = entries.iter().position(|name| *name == key)?;
    let neighbour = entries[..place]
        .iter()
        .rev()
        .find_map(|name| value_tokens(tokens, &dotted(outer, name)));
    let candidates = match neighbour {
        Some(value) => insert_behind(text, tokens, value, entry)?,
        None => insert_first(text, value_tokens(tokens, outer)?, entry)?,
    };
    // A line may end inside a comment.
    let found = |text: &String| value_tokens(&tokens::read(text), &dotted(outer, key)).is_some();
    let Insertions {
        own_line,
        same_line,
    } = candidates;
    own_line.into_iter().chain([same_line]).find(found)
}

/// The names directly below `outer`, in the order of the table.
fn entries(outer: &str) -> Vec<&'static str> {
    let below = |name: &'static str| {
        let rest = name.strip_prefix(outer)?;
        rest.trim_start_matches('.').split('.').next()
    };
    let mut names: Vec<_> = all_fields().filter_map(|field| below(field.name)).collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    names
}

/// The text with a new entry, by the line that it comes on.
struct Insertions {
    /// The entry on a line of its own, if its neighbour has one.
    own_line: Option<String>,
    /// The entry on the line of its neighbour.
    same_line: String,
}

/// Inserts an entry behind the one whose value is `neighbour`.
fn insert_behind(
    text: &str,
    tokens: &[Token],
    neighbour: &[Token],
    entry: &str,
) -> Option<Insertions> {
    let span = byte_range(neighbour);
    let first = tokens.iter().position(|token| token.start == span.start)?;
    let key = tokens.get(first.checked_sub(2)?)?;
    let mut after = tokens[first + neighbour.len()..].iter();
    let next = after.next()?;
    let (tail, next, comma) = match next.text {
        "," => (next.end(), after.next()?, ","),
        _ => (span.end, next, ""),
    };
    let missing = if comma.is_empty() { "," } else { "" };
    let own_line = indent(text, key.start)
        .zip(line_end(text, tail, next.start))
        .map(|(indent, at)| {
            let (value, rest) = (&text[..span.end], &text[span.end..at]);
            let end = line_break(text);
            format!(
                "{value}{missing}{rest}{end}{indent}{entry}{comma}{}",
                &text[at..]
            )
        });
    Some(Insertions {
        own_line,
        same_line: format!("{}, {entry}{}", &text[..span.end], &text[span.end..]),
    })
}

/// Inserts an entry before all entries of a group, whose tokens are given.
fn insert_first(text: &str, group: &[Token], entry: &str) -> Option<Insertions> {
    let open = group.iter().position(|token| token.text == "(")?;
    let (open, next) = (&group[open], group.get(open + 1)?);
    let (before, rest) = text.split_at(next.start);
    if next.text == ")" {
        let (before, rest) = text.split_at(open.end());
        return Some(Insertions {
            own_line: None,
            same_line: format!("{before}{entry}{rest}"),
        });
    }
    let own_line = indent(text, next.start)
        .zip(line_end(text, open.end(), next.start))
        .map(|(indent, at)| {
            let end = line_break(text);
            format!("{}{end}{indent}{entry},{}", &text[..at], &text[at..])
        });
    Some(Insertions {
        own_line,
        same_line: format!("{before}{entry}, {rest}"),
    })
}

/// The text before `start` on its line, if it is blank.
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
