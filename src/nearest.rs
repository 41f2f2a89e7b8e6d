//! The nearest valid name to an unknown one, for error messages.

/// The share of letters (0 to 1) below which a suggestion would mislead; two letters swapped in a name of two are just alike enough.
const ALIKE: f64 = 0.5;

/// The message `unknown KIND `NAME`; did you mean `NEAREST`? Valid: ...`
pub(super) fn describe_unknown(kind: &str, name: &str, valid: &[&str]) -> String {
    let near = nearest(name, valid).map(|near| format!("`{near}`"));
    describe_unknown_with_hint(kind, name, near.as_deref(), valid)
}

/// The message of [`describe_unknown`] with a suggestion of the caller's.
pub(super) fn describe_unknown_with_hint(
    kind: &str,
    name: &str,
    hint: Option<&str>,
    valid: &[&str],
) -> String {
    let hint = hint.map_or(".".to_owned(), |hint| format!("; did you mean {hint}?"));
    format!("unknown {kind} `{name}`{hint} Valid: {}", valid.join(", "))
}

/// The valid name most like `name`, if one is alike enough.
pub(crate) fn nearest<'a>(name: &str, valid: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let likeness =
        |other: &str| strsim::normalized_damerau_levenshtein(&name, &other.to_lowercase());
    valid
        .iter()
        .map(|&other| (likeness(other), other))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_finds_the_name_that_was_meant() {
        let names = ["width", "layers", "rank", "precision", "seed"];
        for (typed, meant) in [
            ("widht", "width"),
            ("Width", "width"),
            ("layer", "layers"),
            ("presicion", "precision"),
        ] {
            assert_eq!(nearest(typed, &names), Some(meant));
        }
    }

    #[test]
    fn a_name_like_no_other_gets_no_suggestion_but_the_list() {
        assert_eq!(nearest("xyzzy", &["width", "rank"]), None);
        assert_eq!(
            describe_unknown("field", "xyzzy", &["a", "b"]),
            "unknown field `xyzzy`. Valid: a, b"
        );
    }
}
