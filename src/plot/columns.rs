//! The columns of points that are plotted, and their names on the axes.

/// The names of all columns of points, and the choice of those that are plotted.
#[derive(Clone, Debug, PartialEq)]
pub struct PlottedColumns {
    /// Names of all columns, in order.
    names: Vec<String>,
    /// Indices of the plotted columns.
    shown: Vec<usize>,
    /// Unit that is appended to every name; None for none.
    unit: Option<&'static str>,
}

/// Largest number of letters of a name on an axis.
const LONGEST: usize = 24;

impl PlottedColumns {
    /// A choice of all columns.
    pub fn new(names: Vec<String>) -> Self {
        let shown = (0..names.len()).collect();
        PlottedColumns {
            names,
            shown,
            unit: None,
        }
    }

    /// This choice with a unit appended to every name.
    pub fn with_unit(self, unit: &'static str) -> Self {
        PlottedColumns {
            unit: Some(unit),
            ..self
        }
    }

    /// The choice of columns by their names or numbers from 1; all for an empty list.
    ///
    /// # Errors
    /// When there is no such column; the message names it and lists those that there are.
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

    /// This choice with all columns plotted, in their order.
    pub fn in_order(&self) -> Self {
        PlottedColumns {
            shown: (0..self.names.len()).collect(),
            ..self.clone()
        }
    }

    /// Indices of the plotted columns.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// The name of a column, shortened for an axis.
    pub fn name(&self, column: usize) -> String {
        self.short(column, LONGEST)
    }

    /// The name of a column in at most `letters` letters, and at least one.
    pub fn short(&self, column: usize, letters: usize) -> String {
        let name = self.names.get(column).map_or("", String::as_str);
        let mut name: String = match name.chars().nth(letters) {
            None => name.into(),
            Some(_) => name
                .chars()
                .take(letters.max(1) - 1)
                .chain(['\u{2026}'])
                .collect(),
        };
        if let Some(unit) = self.unit {
            name.push_str(&format!(" ({unit})"));
        }
        name
    }

    /// Indices of the first two plotted columns.
    pub fn pair(&self) -> [usize; 2] {
        let shown = |k: usize| self.shown.get(k).copied();
        [shown(0).unwrap_or(0), shown(1).unwrap_or(1)]
    }
}

/// Points from two columns of rows of d values; empty where there are no such columns.
pub fn points(rows: &[f64], d: usize, [a, b]: [usize; 2]) -> Vec<[f64; 2]> {
    let rows = rows.chunks_exact(d.max(1));
    rows.filter_map(|row| Some([*row.get(a)?, *row.get(b)?]))
        .collect()
}

/// Values of one column of rows of d values.
pub fn column(rows: &[f64], d: usize, k: usize) -> Vec<f64> {
    rows.iter().skip(k).step_by(d.max(1)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_chosen_by_name_or_number() {
        let columns = || PlottedColumns::new(["a", "b", "c"].map(String::from).to_vec());
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
    fn names_without_end_are_shortened() {
        let long = PlottedColumns::new(vec!["y".repeat(1000)]);
        assert_eq!(long.name(0).chars().count(), LONGEST);
        let unit = long.with_unit("mm").name(0);
        assert!(unit.ends_with("\u{2026} (mm)"), "{unit}");
    }

    #[test]
    fn points_are_of_the_columns_asked_for() {
        let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(points(&rows, 3, [2, 0]), [[3.0, 1.0], [6.0, 4.0]]);
        assert!(points(&rows, 1, [0, 1]).is_empty() && points(&rows, 0, [0, 1]).is_empty());
        assert_eq!(column(&rows, 3, 1), [2.0, 5.0]);
    }
}
