//! Which columns of the points are shown, and what they are called.

/// Columns of points, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Of all columns, in their order.
    names: Vec<String>,
    /// Indices of those that are shown.
    shown: Vec<usize>,
}

/// Letters of a name on an axis.
const LONGEST: usize = 24;

impl Columns {
    /// All, by their names.
    pub fn new(names: Vec<String>) -> Self {
        let shown = (0..names.len()).collect();
        Columns { names, shown }
    }

    /// So many without names: a letter with a number.
    pub fn numbered(letter: char, count: usize) -> Self {
        Self::new(
            (1..=count)
                .map(|k| format!("{letter}{}", below(k)))
                .collect(),
        )
    }

    /// Those asked for, each by its name or its number from 1; all if none is.
    ///
    /// # Errors
    /// Says which one is not there and which there are.
    pub fn choose(mut self, asked: &[String]) -> Result<Self, String> {
        if asked.is_empty() {
            return Ok(self);
        }
        let find = |word: &String| {
            let number = || word.parse::<usize>().ok()?.checked_sub(1);
            let place = self.names.iter().position(|name| name == word);
            place
                .or_else(number)
                .filter(|k| *k < self.names.len())
                .ok_or_else(|| {
                    let names = self.names.join(", ");
                    format!("there is no column `{word}`: give names or numbers from 1 of {names}")
                })
        };
        self.shown = asked.iter().map(find).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Indices of those that are shown.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// What a column is called, shortened for an axis.
    pub fn name(&self, column: usize) -> String {
        let name = self.names.get(column).map_or("", String::as_str);
        if name.chars().count() <= LONGEST {
            return name.into();
        }
        name.chars().take(LONGEST - 1).chain(['\u{2026}']).collect()
    }

    /// The first two that are shown.
    pub fn pair(&self) -> [usize; 2] {
        let shown = |k: usize| self.shown.get(k).copied();
        [shown(0).unwrap_or(0), shown(1).unwrap_or(1)]
    }
}

/// Two columns of rows of d values; none where there are no such columns.
pub fn points(rows: &[f64], d: usize, [a, b]: [usize; 2]) -> Vec<[f64; 2]> {
    let rows = rows.chunks_exact(d.max(1));
    rows.filter_map(|row| Some([*row.get(a)?, *row.get(b)?]))
        .collect()
}

/// One column of rows of d values.
pub fn column(rows: &[f64], d: usize, k: usize) -> Vec<f64> {
    rows.iter().skip(k).step_by(d.max(1)).copied().collect()
}

/// A number as an index.
fn below(number: usize) -> String {
    let digits = number.to_string();
    let lowered = |c: char| char::from_u32(0x2080 + c.to_digit(10)?);
    digits.chars().filter_map(lowered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_chosen_by_name_or_number() {
        let columns = || Columns::new(["a", "b", "c"].map(String::from).to_vec());
        let choose = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|s| s.to_string()).collect();
            columns().choose(&asked)
        };
        assert_eq!(choose(&[]).unwrap().shown(), [0, 1, 2]);
        assert_eq!(choose(&["c", "1"]).unwrap().pair(), [2, 0]);
        for bad in ["0", "4", "d", ""] {
            let error = choose(&[bad]).unwrap_err();
            assert!(error.contains("a, b, c"), "{error}");
        }
    }

    #[test]
    fn names_without_end_are_shortened_and_missing_ones_numbered() {
        let long = Columns::new(vec!["y".repeat(1000)]);
        assert_eq!(long.name(0).chars().count(), LONGEST);
        assert_eq!(Columns::numbered('x', 12).name(11), "x\u{2081}\u{2082}");
    }

    #[test]
    fn points_are_of_the_columns_asked_for() {
        let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(points(&rows, 3, [2, 0]), [[3.0, 1.0], [6.0, 4.0]]);
        assert!(points(&rows, 1, [0, 1]).is_empty() && points(&rows, 0, [0, 1]).is_empty());
        assert_eq!(column(&rows, 3, 1), [2.0, 5.0]);
    }
}
