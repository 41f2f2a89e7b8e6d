//! The names of the columns of a table. A blank name becomes the number of its column; of doubled ones the second becomes `x_2`, the
//! third `x_3`, and so on, past names that are there.

use std::collections::{HashMap, HashSet};

/// A column that could not keep its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Renamed {
    /// Number of the column, from 1.
    pub column: usize,
    /// Name in the file; empty if it is blank.
    pub from: String,
    /// New name.
    pub to: String,
}

/// The names that tell all columns apart.
pub(super) struct DistinctNames {
    pub names: Vec<String>,
    pub renamed: Vec<Renamed>,
}

/// Makes the names of a file distinct.
pub(super) fn distinct(written: Vec<String>) -> DistinctNames {
    let there: HashSet<String> = written.iter().cloned().collect();
    let mut used = HashSet::new();
    let mut next: HashMap<String, usize> = HashMap::new();
    let mut renamed = Vec::new();
    let mut names = Vec::with_capacity(written.len());
    for (index, from) in written.into_iter().enumerate() {
        let number = (index + 1).to_string();
        let base = if from.is_empty() { &number } else { &from };
        let mut to = base.clone();
        let free = |to: &String| !used.contains(to) && (*to == from || !there.contains(to));
        let count = next.entry(base.clone()).or_insert(2);
        while !free(&to) {
            to = format!("{base}_{count}");
            *count += 1;
        }
        used.insert(to.clone());
        if to != from {
            renamed.push(Renamed {
                column: index + 1,
                from,
                to: to.clone(),
            });
        }
        names.push(to);
    }
    DistinctNames { names, renamed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_names_are_numbered_and_doubled_ones_counted_past_names_that_are_there() {
        let of =
            |names: &[&str]| distinct(names.iter().map(|&name| name.to_owned()).collect()).names;
        assert_eq!(of(&["x", "", ""]), ["x", "2", "3"]);
        assert_eq!(of(&["x", "x", "y", "x"]), ["x", "x_2", "y", "x_3"]);
        assert_eq!(of(&["x", "x", "x_2", "x"]), ["x", "x_3", "x_2", "x_4"]);
        assert_eq!(of(&["2", "", "2"]), ["2", "2_2", "2_3"]);
        assert!(distinct(vec!["a".into(), "b".into()]).renamed.is_empty());
    }
}
