//! The text of a field's value in a session file: its tokens, its bytes, and another value in its place.

use std::ops::Range;

use super::field_table::{FIELDS, FieldDefinition};
use super::tokens::{self, Token};

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

/// The text of every field that a text gives a value, valid or not.
pub fn written_texts(text: &str) -> Vec<WrittenText> {
    let tokens = tokens::read(text);
    let written = |field: &FieldDefinition| {
        let value = value_tokens(&tokens, field.name)?;
        Some(WrittenText {
            field: field.name,
            text: text[byte_range(value)].to_owned(),
        })
    };
    FIELDS.iter().filter_map(written).collect()
}

/// A field with the text of its value in a session file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenText {
    /// Dotted name.
    pub field: &'static str,
    /// Text of the value, not checked.
    pub text: String,
}

/// The bytes from the first token to the last.
pub(super) fn byte_range(tokens: &[Token]) -> Range<usize> {
    let start = tokens.first().map_or(0, |token| token.start);
    start..tokens.last().map_or(start, Token::end)
}

/// Replaces a value in a text by another one; an optional number keeps its wrapping, or its lack of one.
pub(super) fn replace_value(text: &str, old_value: &[Token], value: &str) -> String {
    let inner = value
        .strip_prefix("Some(")
        .and_then(|rest| rest.strip_suffix(')'));
    let (place, value) = match (old_value, inner) {
        ([some, _, number @ .., _], Some(inner)) if some.text == "Some" => (number, inner),
        ([number], Some(inner)) if number.text != "None" => (old_value, inner),
        _ => (old_value, value),
    };
    let span = byte_range(place);
    format!("{}{value}{}", &text[..span.start], &text[span.end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_a_broken_file_are_found_as_far_as_it_goes() {
        let text = "(data: Toy(name: \"moons\"), optimizer: Adam(lr: 20 /* ! */, clip: Some(1)), flow: (steps: x), stop: (";
        let found: Vec<(&str, String)> = written_texts(text)
            .into_iter()
            .map(|written| (written.field, written.text))
            .collect();
        let told = |field| found.iter().find(|(name, _)| *name == field);
        let text = |field| told(field).map(|(_, text)| text.as_str());
        assert_eq!(text("optimizer.lr"), Some("20"));
        assert_eq!(text("optimizer.clip"), Some("Some(1)"));
        assert_eq!(text("flow.steps"), Some("x"));
        assert_eq!(text("stop.iterations"), None);
    }
}
