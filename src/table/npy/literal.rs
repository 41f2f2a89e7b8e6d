//! Python literals of numbers, strings, booleans, tuples, lists and dictionaries, as JSON: `('x', {'n': (1, 2,)})` is
//! `["x", {"n": [1, 2]}]`. The crates that read Python literals reserve as much memory as the text claims, and recurse as deep as its
//! brackets go; `serde_json` does neither.

/// The JSON of a Python literal; what is no literal becomes no JSON.
pub(super) fn to_json(python: &str) -> String {
    let mut json = String::with_capacity(python.len() + 16);
    let mut rest = python.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\'' | '"' => push_string(&mut json, character, &mut rest),
            '(' | '[' => json.push('['),
            ')' | ']' => close(&mut json, ']'),
            '}' => close(&mut json, '}'),
            letter if letter.is_ascii_alphabetic() => {
                let mut word = String::from(letter);
                while let Some(letter) = rest.next_if(char::is_ascii_alphabetic) {
                    word.push(letter);
                }
                match word.as_str() {
                    "True" => json.push_str("true"),
                    "False" => json.push_str("false"),
                    "None" => json.push_str("null"),
                    // Python 2 wrote 5L for a long 5, and u'x' or b'x' for a string.
                    "L" | "u" | "b" => {}
                    other => json.push_str(other),
                }
            }
            other => json.push(other),
        }
    }
    json
}

/// Closes a bracket; JSON has no comma before it.
fn close(json: &mut String, bracket: char) {
    let text = json.trim_end();
    let length = text.strip_suffix(',').unwrap_or(text).len();
    json.truncate(length);
    json.push(bracket);
}

/// Appends a string up to its closing quote.
fn push_string(json: &mut String, quote: char, rest: &mut impl Iterator<Item = char>) {
    json.push('"');
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some('x') => json.push_str("\\u00"),
                Some('\'') => json.push('\''),
                Some(other) => json.extend(['\\', other]),
                None => {}
            },
            '"' if quote == '\'' => json.push_str("\\\""),
            _ if character == quote => {
                json.push('"');
                return;
            }
            other => json.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_have_the_values_that_python_gives_them() {
        for (python, json) in [
            ("{'a': (1, 2,), }", r#"{"a": [1, 2]}"#),
            (
                "[('x', '<f8'), (\"it's\", '<i8', (3,))]",
                r#"[["x", "<f8"], ["it's", "<i8", [3]]]"#,
            ),
            (
                r"('a(b)', 'say \'x\' \\ \xe9 \u2264', True, None, 5L)",
                r#"["a(b)", "say 'x' \\ \u00e9 \u2264", true, null, 5]"#,
            ),
            (r#"('a"b', u'c')"#, r#"["a\"b", "c"]"#),
        ] {
            assert_eq!(to_json(python), json);
        }
    }
}
