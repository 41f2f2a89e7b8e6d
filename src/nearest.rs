//! The nearest valid name to an unknown one, for error messages. A name is proposed where one of these is at least 2/3:
//!
//! ```text
//! 1 - edits / letters of the longer name        of the whole names; of the last part of the valid one, times 0.9
//! (2 + shorter / longer) / 3                    where the shorter name is a part of the longer
//! ```

/// The least likeness of a name that is proposed: at most a third of its letters differ.
const ALIKE: f64 = 2.0 / 3.0;

/// The weight of a likeness to the last part of a name, as of `lr` to `optimizer.lr` and of `C` to `validation_C`.
const LAST_PART: f64 = 0.9;

/// Letters from which on the beginning or the end of a name stands for it.
const FEW: usize = 3;

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

/// The end of a sentence about an unknown name: `; did you mean `NEAREST`?`, or a full stop where no name is alike enough.
pub(crate) fn hint(name: &str, valid: &[&str]) -> String {
    match nearest(name, valid) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => ".".to_owned(),
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
            alike: alike(&lower)
                .max(LAST_PART * alike(last))
                .max(likeness_of_part(&name, &lower)),
            other,
        }
    };
    let all = valid.iter().map(likeness);
    all.reduce(|most, next| if next.alike > most.alike { next } else { most })
}

/// The likeness of two names of which one is a part of the other: its beginning, its end, or the beginnings of all its parts, as `val_C`
/// of `validation_C`. 0 where neither is.
fn likeness_of_part(a: &str, b: &str) -> f64 {
    let letters = |name: &str| name.chars().count();
    let (short, long) = match letters(a) <= letters(b) {
        true => (a, b),
        false => (b, a),
    };
    let parts = |name: &'_ str| {
        name.split(['.', '_'])
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (some, all) = (parts(short), parts(long));
    let abbreviated = some.len() == all.len()
        && some
            .iter()
            .zip(&all)
            .all(|(some, all)| !some.is_empty() && all.starts_with(some));
    let part = long.starts_with(short) || long.ends_with(short) || abbreviated;
    if !part || letters(short) < FEW {
        return 0.0;
    }
    (2.0 + letters(short) as f64 / letters(long) as f64) / 3.0
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
    fn a_part_of_a_name_finds_it() {
        let figures = ["validation_L", "validation_C"];
        assert_eq!(nearest("val_C", &figures), Some("validation_C"));
        let columns = ["lot", "House Price", "price of the land", "area"];
        assert_eq!(nearest("price", &columns), Some("House Price"));
        assert_eq!(nearest("area_m2", &columns), Some("area"));
        assert_eq!(
            nearest("iter", &["iterations", "iteration"]),
            Some("iteration")
        );
    }

    #[test]
    fn a_third_of_the_letters_may_differ_and_no_more() {
        assert_eq!(nearest("F23", &["F32"]), Some("F32"));
        assert_eq!(nearest("abcdef", &["abcdxy"]), Some("abcdxy"));
        for (name, other) in [
            ("abcde", "abcxy"),
            ("x9", "x1"),
            ("or", "color"),
            ("price", "spice"),
        ] {
            assert_eq!(nearest(name, &[other]), None, "{name}");
        }
        let fields = ["optimizer.lr", "model.width", "weights.transport"];
        assert_eq!(hint("learning_rate", &fields), ".");
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
