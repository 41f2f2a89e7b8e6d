//! The refusal of a session text: the place, the field's dotted name, what is allowed, the nearest valid name.
//!
//! The span of a RON error tells where the parser stood, which may be past the value or before a blank; the token there is the
//! place.

use std::path::Path;

use ron::Error as Ron;
use ron::error::{Position, SpannedError};

use super::Rejection;
use super::check::Violation;
use super::excerpt::refuse_at;
use super::field_table::{FieldDefinition, all_fields};
use super::tokens::{self, Token, dotted, value_of};
use crate::nearest::{describe_unknown, describe_unknown_with_hint};

/// Makes the refusal of a value that was read but is not allowed.
pub(super) fn refuse_value(text: &str, file: &Path, violation: Violation) -> Rejection {
    let tokens = tokens::read(text);
    let start = value_of(&tokens, violation.field).map_or(0, |token| token.start);
    refuse_at(text, file, start, &violation.message)
}

/// Makes the refusal of what RON or serde could not read.
pub(super) fn refuse_syntax(text: &str, file: &Path, error: &SpannedError) -> Rejection {
    let tokens = tokens::read(text);
    let Some(last) = tokens.last() else {
        return Rejection::of_file(
            file,
            "the file is empty; the least is (data: Toy(name: \"8gaussians\"))".to_owned(),
        );
    };
    let begun = matches!(
        error.code,
        Ron::Message(_)
            | Ron::IntegerOutOfBounds
            | Ron::InvalidValueForType { .. }
            | Ron::NoSuchStructField { .. }
            | Ron::DuplicateStructField { .. }
            | Ron::NoSuchEnumVariant { .. }
            | Ron::ExpectedDifferentStructName { .. }
            | Ron::UnclosedBlockComment
    );
    let stood = if begun {
        error.span.start
    } else {
        error.span.end
    };
    let stood = byte_offset(text, stood);
    match tokens.iter().find(|token| token.end() > stood) {
        Some(at) => {
            let fault = explain(&tokens, at, stood, &error.code);
            refuse_at(text, file, fault.start, &fault.message)
        }
        None => refuse_at(text, file, last.end(), &describe_error(&error.code)),
    }
}

/// A fault in a text, and where it begins.
struct TextFault {
    /// Byte offset in the text.
    start: usize,
    message: String,
}

/// Explains an error; the parser `stood` in or before the token `at`.
fn explain(tokens: &[Token], at: &Token, stood: usize, code: &Ron) -> TextFault {
    let fault = |start, message| TextFault { start, message };
    let field = all_fields().find(|field| field.name == at.field);
    match code {
        Ron::NoSuchStructField {
            expected, found, ..
        } => fault(at.start, describe_unknown_field(&at.field, found, expected)),
        Ron::NoSuchEnumVariant {
            expected, found, ..
        } => fault(
            at.start,
            format!(
                "`{}`: {}",
                at.field,
                describe_unknown("variant", found, expected)
            ),
        ),
        Ron::DuplicateStructField { field, .. } => fault(
            at.start,
            format!("`{}` is given twice", dotted(&at.field, field)),
        ),
        Ron::MissingStructField { field, .. } => {
            let group = tokens
                .iter()
                .find(|token| token.field == at.field && token.text != ":");
            fault(
                group.map_or(at.start, |token| token.start),
                describe_missing(&dotted(&at.field, field)),
            )
        }
        Ron::ExpectedStructLike if word_without_brackets(tokens, at).is_some() => {
            let word = word_without_brackets(tokens, at).unwrap_or(at);
            let (field, text) = (&word.field, word.text);
            fault(
                word.start,
                format!("`{field}`: `{text}` needs brackets, as `{text}()`"),
            )
        }
        Ron::Message(message) => fault(at.start, format!("`{}`: {message}", at.field)),
        code => match field {
            Some(field) if concerns_value(code, at, stood) => {
                fault(at.start, describe_wrong_type(field, at))
            }
            _ => fault(at.start.max(stood), describe_error(code)),
        },
    }
}

/// The name of a variant before this token, if it is there without the brackets that the parser asks for.
fn word_without_brackets<'t, 'a>(tokens: &'t [Token<'a>], at: &Token) -> Option<&'t Token<'a>> {
    let before = tokens.iter().take_while(|token| token.start < at.start);
    before
        .last()
        .filter(|token| token.text.starts_with(char::is_alphabetic))
}

/// Whether the error is about the value at this token rather than about what should follow it.
fn concerns_value(code: &Ron, at: &Token, stood: usize) -> bool {
    match code {
        Ron::ExpectedInteger
        | Ron::ExpectedFloat
        | Ron::ExpectedString
        | Ron::ExpectedIdentifier
        | Ron::ExpectedArray
        | Ron::IntegerOutOfBounds
        | Ron::InvalidIntegerDigit { .. }
        | Ron::InvalidValueForType { .. }
        | Ron::InvalidIdentifier(_)
        | Ron::SuggestRawIdentifier(_)
        | Ron::FloatUnderscore
        | Ron::UnderscoreAtBeginning => true,
        // The parser took `32` of `32.0` for an integer.
        Ron::ExpectedComma => at.start < stood,
        _ => false,
    }
}

/// The message for a value of a wrong type.
fn describe_wrong_type(field: &FieldDefinition, at: &Token) -> String {
    format!(
        "`{}` must be {}, found `{}`",
        field.name, field.allowed, at.text
    )
}

/// The message for a field that is missing.
fn describe_missing(field: &str) -> String {
    let allowed = all_fields()
        .find(|known| known.name == field)
        .map(|known| known.allowed.to_string());
    let allowed = allowed.map_or(String::new(), |allowed| format!("; it must be {allowed}"));
    format!("`{field}` is missing{allowed}")
}

/// The message for a field that is unknown here but may be known elsewhere.
fn describe_unknown_field(group: &str, found: &str, expected: &[&str]) -> String {
    let kind = format!(
        "field of `{}`",
        if group.is_empty() { "session" } else { group }
    );
    if all_fields().any(|field| field.name == dotted(group, found)) {
        let hint = format!("another kind of `{group}`");
        return describe_unknown_with_hint(&kind, found, &hint, expected);
    }
    let namesake = |field: &&FieldDefinition| field.name.rsplit('.').next() == Some(found);
    let elsewhere: Vec<_> = all_fields()
        .filter(namesake)
        .map(|field| format!("`{}`", field.name))
        .collect();
    if elsewhere.is_empty() {
        return describe_unknown(&kind, found, expected);
    }
    describe_unknown_with_hint(&kind, found, &elsewhere.join(" or "), expected)
}

/// The reason of RON, in terms of what to do.
fn describe_error(code: &Ron) -> String {
    match code {
        Ron::ExpectedComma => "expected `,` or a closing bracket".to_owned(),
        Ron::ExpectedMapColon => "expected `:` and a value after the name of a field".to_owned(),
        Ron::ExpectedIdentifier | Ron::SuggestRawIdentifier(_) => {
            "expected the name of a field".to_owned()
        }
        Ron::ExceededRecursionLimit => "nested too deeply for a session".to_owned(),
        Ron::Eof => "the file ends before the session does".to_owned(),
        code => code.to_string(),
    }
}

/// Byte offset of a position of RON: lines and characters from 1.
fn byte_offset(text: &str, position: Position) -> usize {
    let lines = text.split_inclusive('\n').take(position.line - 1);
    let line_start: usize = lines.map(str::len).sum();
    let line = text[line_start..].chars().take(position.col - 1);
    line_start + line.map(char::len_utf8).sum::<usize>()
}
