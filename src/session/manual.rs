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
//! A field of a kind that the group is not of is explained in the comment above the group, as `//     field: meaning; ...`.

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

/// Finds the explanation of a field by its dotted name, or of a group; None if the manual does not name it.
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
    let mut kinds = comments(&lines, first).above.into_iter();
    let beside = kinds.find_map(|line| line.trim_start().strip_prefix(&entry))?;
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
}
