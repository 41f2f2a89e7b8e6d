//! The tokens of a RON text, each with the dotted name of the field it belongs to. By them a refusal finds its place.
//!
//! The tokens serve messages and rewriting; only the RON parser decides what is valid, so any text gives tokens here.

/// The deepest nesting that is read. RON has the same limit; it also bounds the length of dotted names.
const DEEPEST: usize = 128;

/// A word, number, string or single sign.
#[derive(Debug, PartialEq)]
pub(super) struct Token<'a> {
    /// Text of the token.
    pub text: &'a str,
    /// Byte offset of the token in the whole text.
    pub start: usize,
    /// Dotted name of the innermost field whose value holds the token; empty at the top.
    pub field: String,
}

impl Token<'_> {
    /// Byte offset past the end of the token.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Reads all tokens, without comments, as far as nesting is not too deep.
pub(super) fn read(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token> = Vec::new();
    // One entry for every open bracket: the field that is open in it.
    let mut open = vec![String::new()];
    let mut at = skip_blank(text, 0);
    while at < text.len() && open.len() <= DEEPEST {
        let token = &text[at..at + length(&text[at..])];
        if matches!(token, ")" | "]" | "}") && open.len() > 1 {
            open.pop();
        }
        let field = last_named(&open);
        match token {
            "(" | "[" | "{" => open.push(String::new()),
            "," => clear_last(&mut open),
            ":" => name_last(&mut open, tokens.last()),
            _ => {}
        }
        tokens.push(Token {
            text: token,
            start: at,
            field,
        });
        at = skip_blank(text, at + token.len());
    }
    tokens
}

/// The dotted name of `inner` as a field of `outer`.
pub(super) fn dotted(outer: &str, inner: &str) -> String {
    if outer.is_empty() {
        inner.to_owned()
    } else {
        format!("{outer}.{inner}")
    }
}

/// The first token of the value of a field; past `Some(` if there is one.
pub(super) fn value_of<'t, 'a>(tokens: &'t [Token<'a>], field: &str) -> Option<&'t Token<'a>> {
    let of_field = |token: &&Token| token.field == field && token.text != ":";
    let mut values = tokens.iter().filter(of_field);
    let first = values.next()?;
    if first.text == "Some" {
        values.nth(1)
    } else {
        Some(first)
    }
}

fn last_named(open: &[String]) -> String {
    open.iter()
        .rev()
        .find(|name| !name.is_empty())
        .cloned()
        .unwrap_or_default()
}

fn clear_last(open: &mut [String]) {
    if let Some(last) = open.last_mut() {
        last.clear();
    }
}

/// Names the field that opens at a colon by the token before it.
fn name_last(open: &mut [String], before: Option<&Token>) {
    clear_last(open);
    let outer = last_named(open);
    if let (Some(last), Some(key)) = (open.last_mut(), before) {
        *last = dotted(&outer, key.text.trim_start_matches("r#"));
    }
}

/// Offset of the first byte from `at` on that is neither white nor in a comment.
fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start().len();
        let comment = comment_length(&rest[blank..]);
        at += blank + comment;
        if comment == 0 {
            return at;
        }
    }
}

/// Bytes of the comment that the text starts with; block comments nest. An open one goes to the end.
fn comment_length(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if depth > 0 && text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            // No comment has begun, or the last one has ended.
            return if at > 2 { at } else { 0 };
        }
    }
    at
}

/// Bytes of the token that the text starts with; at least one character.
fn length(text: &str) -> usize {
    let hashes = text
        .strip_prefix('r')
        .map_or(0, |rest| rest.len() - rest.trim_start_matches('#').len());
    if text.starts_with('r') && text[1 + hashes..].starts_with('"') {
        return raw_length(text, hashes);
    }
    let first = text.chars().next().unwrap_or(' ');
    if matches!(first, '"' | '\'') {
        return quoted_length(text, first);
    }
    let word = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
    word.max(first.len_utf8())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-' | '#')
}

/// `r##"..."##`
fn raw_length(text: &str, hashes: usize) -> usize {
    let opening = hashes + 2;
    let closing = format!("\"{}", &text[1..1 + hashes]);
    text[opening..]
        .find(&closing)
        .map_or(text.len(), |at| opening + at + closing.len())
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<(&str, String)> {
        read(text)
            .into_iter()
            .map(|token| (token.text, token.field))
            .collect()
    }

    #[test]
    fn every_token_knows_the_field_whose_value_it_is_in() {
        let text = "S(data: Toy(name: \"x\", n: 3), r#lr: -1.5e-3)";
        let tokens = named(text);
        let fields: Vec<&str> = tokens.iter().map(|(_, field)| field.as_str()).collect();
        let texts: Vec<&str> = tokens.iter().map(|(text, _)| *text).collect();
        assert_eq!(
            texts,
            [
                "S", "(", "data", ":", "Toy", "(", "name", ":", "\"x\"", ",", "n", ":", "3", ")",
                ",", "r#lr", ":", "-1.5e-3", ")"
            ]
        );
        assert_eq!(
            fields,
            [
                "",
                "",
                "",
                "",
                "data",
                "data",
                "data",
                "data",
                "data.name",
                "data.name",
                "data",
                "data",
                "data.n",
                "data",
                "data",
                "",
                "",
                "lr",
                ""
            ]
        );
    }

    #[test]
    fn comments_and_strings_hide_what_looks_like_structure() {
        let text = "(/* a: ( /* b */ : */ a: \"x\\\"(:\", // c: (\n b: r#\"\"(\"#, c: '(', d: 1)";
        assert_eq!(value_of(&read(text), "a").unwrap().text, "\"x\\\"(:\"");
        assert_eq!(value_of(&read(text), "b").unwrap().text, "r#\"\"(\"#");
        assert_eq!(value_of(&read(text), "d").unwrap().text, "1");
    }

    #[test]
    fn the_value_in_an_option_is_found_without_its_wrapping() {
        assert_eq!(
            value_of(&read("(a: Some( -1.0 ))"), "a").unwrap().text,
            "-1.0"
        );
        assert_eq!(value_of(&read("(a: None)"), "a").unwrap().text, "None");
        assert_eq!(value_of(&read("(a: 1)"), "b"), None);
    }

    #[test]
    fn no_text_is_too_broken_to_be_read() {
        for text in [
            "", "(", ")", "))(a:", ":", "\"", "r#\"", "/*", "/", "'", "/* /*", "a:b:c", "é:'", "r",
            "//",
        ] {
            for token in read(text) {
                assert_eq!(&text[token.start..token.end()], token.text);
            }
        }
        assert!(read(&"(a:".repeat(100_000)).len() < 1000);
    }
}
