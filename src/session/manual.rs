//! The manual of the file format: two sessions whose comments explain every field.
//!
//! ```text
//!     // What the group is.
//!     group: (
//!         // What else is to be known of the field.
//!         field: value, // meaning; what is allowed; default; when an edit applies
//!     ),
//! ```
//!
//! A field of a kind that the group is not of is explained in the comment above the group, as `//     field: meaning; ...`, and a part of a
//! field in the comment above that field, also as `//     Kind(part: value), meaning; ...`.

/// The manual of the fields of toy sets and of all groups but the data of tables.
pub const MANUAL: &str = include_str!("../../sessions/published/8gaussians.ron");
/// The manual of the fields of `data: Table(...)`.
pub const TABLE_MANUAL: &str = include_str!("../../sessions/published/power.ron");

/// The explanation of a field or a group, without the marks of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// Lines of the comment above the field.
    pub above: Vec<&'a str>,
    /// Comment behind the field on its line; empty where there is none.
    pub beside: &'a str,
}

/// The explanation of a field in parts, for a line or two on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMeaning {
    /// What the field means.
    pub meaning: String,
    /// The default value, as the manual tells it; None for what must be given.
    pub default: Option<String>,
}

/// Finds the meaning and the default of a field, or of a part of one, by its dotted name; None if no manual names it.
pub fn meaning(name: &str) -> Option<FieldMeaning> {
    let Explanation { above, beside } = [MANUAL, TABLE_MANUAL]
        .into_iter()
        .find_map(|manual| explain(manual, name))?;
    // The manual writes `name: default ...` where the brackets of a kind are between the name and the comment.
    let beside = beside.strip_prefix(&format!("{name}: ")).unwrap_or(beside);
    let parts: Vec<&str> = beside.split("; ").collect();
    let default = parts
        .iter()
        .find_map(|part| part.strip_prefix("default ").map(str::to_owned));
    let own = parts.first().filter(|part| !part.starts_with("default "));
    let heading = || {
        let line = above.first()?;
        let sentence = line.split(". ").next().unwrap_or(line);
        let sentence = sentence.strip_suffix(": one of").unwrap_or(sentence);
        Some(sentence.trim_end_matches(['.', ',', ':']))
    };
    let meaning = own.copied().or_else(heading)?.to_owned();
    Some(FieldMeaning { meaning, default })
}

/// Finds the explanation of a field by its dotted name, or of a group, or of a part of a field; None if the manual does not name it.
pub fn explain<'a>(manual: &'a str, name: &str) -> Option<Explanation<'a>> {
    let lines: Vec<&str> = manual.lines().collect();
    let (group, key) = (name.split('.').next()?, name.rsplit('.').next()?);
    let first = lines
        .iter()
        .position(|line| line.starts_with(&format!("    {group}: ")))?;
    if name == group {
        return Some(comments(&lines, first));
    }
    let inside = lines[first + 1..].iter();
    let inside = if code(lines[first]).ends_with('(') {
        inside.take_while(|line| !line.starts_with("    )")).count()
    } else {
        0
    };
    let entry = format!("{key}: ");
    let mut own = first + 1..first + 1 + inside;
    if let Some(line) = own.find(|&line| lines[line].trim_start().starts_with(&entry)) {
        return Some(comments(&lines, line));
    }
    let whole = name.rsplit_once('.')?.0;
    let kinds = if whole == group {
        comments(&lines, first).above
    } else {
        explain(manual, whole)?.above
    };
    let beside = kinds
        .iter()
        .find_map(|line| line.trim_start().strip_prefix(&entry))
        .or_else(|| {
            let mut kinds = kinds.iter();
            kinds
                .find_map(|line| line.split_once(&format!("({entry}"))?.1.split_once("), "))
                .map(|(_, beside)| beside)
        })?;
    Some(Explanation {
        above: Vec::new(),
        beside,
    })
}

/// The comments of a line.
fn comments<'a>(lines: &[&'a str], line: usize) -> Explanation<'a> {
    let above = lines[..line].iter().rev();
    let above = above.map_while(|line| line.trim_start().strip_prefix("//"));
    let mut above: Vec<&str> = above
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    above.reverse();
    let beside = lines[line].split_once(" // ").map_or("", |(_, rest)| rest);
    Explanation { above, beside }
}

/// A line without its comment.
fn code(line: &str) -> &str {
    line.split(" //").next().unwrap_or(line).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::field_table::all_fields;

    const TEXT: &str = "// Head.
Session(
    // One of
    //     None
    //     Some(a: 1)
    //         a: first; live
    kind: None, // kind: default None; restart
    // Others.
    other: ( // two
        // Long story.
        // Its end.
        a: 2, // second; live
        inner: (
            b: 3, // third; restart
        ),
    ),
)";

    #[test]
    fn comments_above_and_beside_are_found_by_name() {
        let of = |name: &str| {
            let Explanation { above, beside } = explain(TEXT, name)?;
            Some((above.join("|"), beside))
        };
        let found = |above: &str, beside| Some((above.to_owned(), beside));
        assert_eq!(of("kind.a"), found("", "first; live"));
        assert_eq!(of("kind").unwrap().1, "kind: default None; restart");
        assert_eq!(of("other"), found("Others.", "two"));
        assert_eq!(of("other.a"), found("Long story.|Its end.", "second; live"));
        assert_eq!(of("other.inner.b"), found("", "third; restart"));
        assert_eq!(of("other.c"), None);
        assert_eq!(of("kind.b"), None);
        assert_eq!(of("none"), None);
    }

    #[test]
    fn parts_are_found_above_their_field_as_a_line_or_behind_their_kind() {
        let text = "Session(
    group: A(
        // How it goes: one of
        //     Even(every: 5), in so many; an integer
        //     Odd(a: 1, b: 2), up and down:
        //         b: the way down; a number; 2 when left out
        way: Even(every: 7), // default Even; live
    ),
)";
        let beside = |name| explain(text, name).map(|found| found.beside);
        assert_eq!(beside("group.way.every"), Some("in so many; an integer"));
        let down = "the way down; a number; 2 when left out";
        assert_eq!(beside("group.way.b"), Some(down));
        assert_eq!(beside("group.way.c"), None);
    }

    #[test]
    fn every_field_and_part_has_a_meaning() {
        for field in all_fields() {
            let FieldMeaning { meaning, default } = meaning(field.name).unwrap();
            let told = format!("{}: {meaning:?} {default:?}", field.name);
            assert!(meaning.len() > 4 && meaning.len() < 260, "{told}");
            assert!(!meaning.starts_with("default "), "{told}");
            let part = field.name.matches('.').count() == 2;
            let needed = matches!(field.name, "data.name" | "data.path");
            let split = field.name.starts_with("data.split.");
            assert_eq!(default.is_none(), needed || (part && !split), "{told}");
        }
        let of = |name| meaning(name).unwrap().meaning;
        assert_eq!(of("optimizer.lr"), "learning rate before the schedule");
        assert_eq!(of("optimizer"), "How the loss is minimised");
        assert_eq!(of("optimizer.schedule"), "How the rate falls");
        let halved = "halved after so many iterations";
        assert_eq!(of("optimizer.schedule.every"), halved);
    }
}
