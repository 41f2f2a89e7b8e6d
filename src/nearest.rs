//! The nearest valid name to an unknown one, for error messages.

/// The share of letters (0 to 1) below which a suggestion would mislead; two letters swapped in a name of two are just alike enough.
const ALIKE: f64 = 0.5;

/// The weight of a likeness to the last part of a name, as of `lr` to `optimizer.lr` and of `C` to `validation_C`.
const LAST_PART: f64 = 0.9;

/// The message `unknown KIND `NAME`; did you mean `NEAREST`? Valid: ...`
pub(super) fn describe_unknown(kind: &str, name: &str, valid: &[&str]) -> String {
    let hint = hint(name, valid);
    format!("unknown {kind} `{name}`{hint} Valid: {}", valid.join(", "))
}

/// The message of [`describe_unknown`] with a suggestion of the caller's.
pub(super) fn describe_unknown_with_hint(
    kind: &str,
    name: &str,
    hint: &str,
    valid: &[&str],
) -> String {
    format!(
        "unknown {kind} `{name}`; did you mean {hint}? Valid: {}",
        valid.join(", ")
    )
}

/// The end of a sentence about an unknown name: `; did you mean `NEAREST`?`, with less confidence `; the nearest is `NEAREST`.`, or a
/// full stop where no name has anything in common with it.
pub(crate) fn hint(name: &str, valid: &[&str]) -> String {
    if let Some(near) = nearest(name, valid) {
        return format!("; did you mean `{near}`?");
    }
    match most_alike(name, valid) {
        Some(Likeness { alike, other }) if alike > 0.0 => format!("; the nearest is `{other}`."),
        _ => ".".to_owned(),
    }
}

/// The valid name most like `name`, if one is alike enough.
pub(crate) fn nearest<'a>(name: &str, valid: &[&'a str]) -> Option<&'a str> {
    let most = most_alike(name, valid)?;
    (most.alike >= ALIKE).then_some(most.other)
}

/// How much another name is like the one that is unknown.
struct Likeness<'a> {
    /// The share of letters, 0 to 1.
    alike: f64,
    other: &'a str,
}

/// The valid name most like `name`, the first of several; None where there is none.
fn most_alike<'a>(name: &str, valid: &[&'a str]) -> Option<Likeness<'a>> {
    let name = name.to_lowercase();
    let alike = |other: &str| strsim::normalized_damerau_levenshtein(&name, other);
    let likeness = |&other: &&'a str| {
        let lower = other.to_lowercase();
        let last = lower.rsplit(['.', '_']).next().unwrap_or_default();
        Likeness {
            alike: alike(&lower).max(LAST_PART * alike(last)),
            other,
        }
    };
    let all = valid.iter().map(likeness);
    all.reduce(|most, next| if next.alike > most.alike { next } else { most })
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
    fn the_last_part_of_a_name_finds_it() {
        let names = ["divergence", "validation_loss", "validation_C"];
        assert_eq!(nearest("C", &names), Some("validation_C"));
        assert_eq!(nearest("los", &names), Some("validation_loss"));
        assert_eq!(
            nearest("width", &["start.lr", "model.width"]),
            Some("model.width")
        );
    }

    #[test]
    fn a_name_that_is_little_like_any_gets_the_nearest_all_the_same() {
        assert_eq!(nearest("val_C", &["validation_L", "validation_C"]), None);
        assert_eq!(
            describe_unknown("figure", "val_C", &["validation_L", "validation_C"]),
            "unknown figure `val_C`; the nearest is `validation_C`. Valid: validation_L, validation_C"
        );
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
