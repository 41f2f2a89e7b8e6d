//! The size of the terminal: as the system tells it, else as COLUMNS and LINES do. A side of 0 cells is one that the system does not know,
//! as on serial consoles and in some containers.

use std::io;

use ratatui::layout::Size;

/// The longest side that a variable may give, in cells; what is larger is an error, and would cost memory.
const LONGEST: u16 = 1000;

/// The size in cells; None where nothing tells it.
pub fn terminal_size() -> Option<Size> {
    let [width, height] = sides(crossterm::terminal::size(), |name| std::env::var(name).ok());
    Some(Size::new(width?, height?))
}

/// The columns alone.
pub fn terminal_columns() -> Option<u16> {
    sides(crossterm::terminal::size(), |name| std::env::var(name).ok())[0]
}

/// Columns and rows, each as the system tells it, else as its variable does.
fn sides(
    told: io::Result<(u16, u16)>,
    variable: impl Fn(&str) -> Option<String>,
) -> [Option<u16>; 2] {
    let (columns, rows) = told.unwrap_or_default();
    [("COLUMNS", columns), ("LINES", rows)].map(|(name, told)| {
        let given = || variable(name)?.trim().parse().ok();
        let known = (told > 0).then_some(told);
        known.or_else(|| given().filter(|given| (1..=LONGEST).contains(given)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_the_system_does_not_know_is_that_of_its_variable() {
        let set = |name: &str| match name {
            "COLUMNS" => Some(" 132 ".to_owned()),
            _ => Some("43".to_owned()),
        };
        assert_eq!(sides(Ok((80, 24)), set), [Some(80), Some(24)]);
        assert_eq!(sides(Ok((0, 0)), set), [Some(132), Some(43)]);
        assert_eq!(sides(Ok((80, 0)), set), [Some(80), Some(43)]);
        let gone = Err(io::ErrorKind::NotFound.into());
        assert_eq!(sides(gone, set), [Some(132), Some(43)]);
    }

    #[test]
    fn a_variable_that_is_no_size_is_as_none() {
        for text in ["", "0", "-1", "wide", "1001", "99999999"] {
            let sides = sides(Ok((0, 0)), |_| Some(text.to_owned()));
            assert_eq!(sides, [None, None], "{text}");
        }
        assert_eq!(sides(Ok((0, 0)), |_| None), [None, None]);
    }
}
