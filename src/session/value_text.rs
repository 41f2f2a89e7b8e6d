//! The text of a field's value in a session file: its tokens, its bytes, and another value in its place.

use std::ops::Range;

use super::tokens::Token;

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
