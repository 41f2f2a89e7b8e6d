//! The numbers of a text table.
//!
//! ```text
//!     number   = sign? (integer (mark digit*)? | mark digit+) exponent?     or inf, infinity, nan with a sign
//!     integer  = digit+ or, with a thousands mark, one to three digits and groups of three
//!     exponent = (e | E) sign? digit+
//!              | (d | D | q | Q) sign? digit+                                after a decimal mark, else with a sign
//!              | sign three digits, the first not 0                          after one digit at most, a decimal mark and two digits
//! ```
//!
//! The exponents beside e are Fortran's, which writes a decimal mark: `2020Q1` is a quarter and `12.5-100` a range. Hexadecimal
//! numbers, percent signs and `1_000` are text.

use super::dialect::{DecimalMark, ThousandsMark};

/// Characters that a number may have, at most; longer ones are read where they are plain.
const LONGEST: usize = 400;

/// Fields without a value, in upper or lower case; all spellings of NaN are others.
const MISSING: [&str; 46] = [
    "",
    "NA",
    "N/A",
    "n.a.",
    "#N/A",
    "#NA",
    "#N/A N/A",
    "<NA>",
    "<N/A>",
    "(NA)",
    "NaT",
    "null",
    "(null)",
    "<null>",
    "[null]",
    "\\N",
    "none",
    "<none>",
    "(none)",
    "nil",
    "missing",
    "not available",
    "undefined",
    "-",
    "--",
    "---",
    "\u{2013}",
    "\u{2014}",
    ".",
    "..",
    "...",
    "?",
    "1.#IND",
    "-1.#IND",
    "1.#QNAN",
    "-1.#QNAN",
    "#NUM!",
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#NULL!",
    // Excel in German.
    "#NV",
    "#WERT!",
    "#BEZUG!",
    "n.d.",
];

/// Whether a word stands for a missing value.
pub(super) fn is_missing(text: &str) -> bool {
    let payload = |text: &str| {
        text.get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("nan("))
    };
    // Fortran fills a field that is too narrow for its number with stars.
    let stars = !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    // C writes kinds of NaN as nan(ind).
    stars
        || MISSING.iter().any(|word| word.eq_ignore_ascii_case(text))
        || text.ends_with(')') && payload(text.strip_prefix(['-', '+']).unwrap_or(text))
}

/// The marks in the numbers of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumberFormat {
    pub decimal: DecimalMark,
    pub thousands: ThousandsMark,
}

impl NumberFormat {
    /// The format of Rust, C and nearly all programs.
    pub const PLAIN: NumberFormat = NumberFormat {
        decimal: DecimalMark::Point,
        thousands: ThousandsMark::None,
    };

    /// The number that a trimmed text is, perhaps infinite or NaN; None if it is none.
    pub fn parse(self, text: &str) -> Option<f64> {
        if self.decimal == DecimalMark::Point
            && let Ok(value) = text.parse()
        {
            return Some(value);
        }
        self.plain(text)?.parse().ok()
    }

    /// The text of a number, but for infinity and NaN, with a decimal point, no other marks, and e before its exponent; None if it is none.
    pub fn plain(self, text: &str) -> Option<String> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        let mut rest = text;
        let mut plain = String::with_capacity(text.len());
        if let Some(after) = rest.strip_prefix(['-', '\u{2212}']) {
            (rest, plain) = (after, "-".to_owned());
        } else if let Some(after) = rest.strip_prefix('+') {
            rest = after;
        }
        if rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Some(plain + rest);
        }
        let whole = self.take_integer(&mut rest, &mut plain)?;
        let mark = match self.decimal {
            DecimalMark::Comma => ',',
            DecimalMark::Point | DecimalMark::Auto => '.',
        };
        let mut decimals = None;
        if let Some(after) = rest.strip_prefix(mark) {
            plain.push('.');
            rest = after;
            let digits = take_digits(&mut rest, &mut plain);
            // `1, 2` between blanks is no 1.
            if digits == 0 && (mark == ',' || whole == 0) {
                return None;
            }
            decimals = Some(digits);
        } else if whole == 0 {
            return None;
        }
        if rest.is_empty() {
            return Some(plain);
        }
        let exponent = match (rest.strip_prefix(['e', 'E']), decimals) {
            (Some(exponent), _) => exponent,
            (None, Some(2..)) if whole <= 1 && is_bare_exponent(rest) => rest,
            (None, Some(_)) => rest.strip_prefix(['d', 'D', 'q', 'Q'])?,
            (None, None) => rest
                .strip_prefix(['d', 'D', 'q', 'Q'])
                .filter(|exponent| exponent.starts_with(['+', '-']))?,
        };
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        plain.push('e');
        plain.push_str(exponent);
        Some(plain)
    }

    /// Moves the digits before the decimal mark from `rest` to `plain`, without thousands marks; the number of digits, None if the
    /// groups are none.
    fn take_integer(self, rest: &mut &str, plain: &mut String) -> Option<usize> {
        let first = take_digits(rest, plain);
        let leading_zero = plain.ends_with('0') && first == 1;
        let mut digits = first;
        let mut mark = None;
        while let Some(next) = rest.chars().next().filter(|&next| self.is_thousands(next)) {
            let mut after = &rest[next.len_utf8()..];
            // Groups have three digits after one to three, and one mark.
            let sound =
                (1..=3).contains(&first) && !leading_zero && mark.is_none_or(|mark| mark == next);
            if take_digits(&mut after, plain) != 3 || !sound {
                return None;
            }
            mark = Some(next);
            digits += 3;
            *rest = after;
        }
        Some(digits)
    }

    fn is_thousands(self, mark: char) -> bool {
        match self.thousands {
            ThousandsMark::None | ThousandsMark::Auto => false,
            ThousandsMark::Comma => mark == ',',
            ThousandsMark::Point => mark == '.',
            ThousandsMark::Blank => matches!(mark, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}'),
            ThousandsMark::Apostrophe => matches!(mark, '\'' | '\u{2019}'),
        }
    }
}

/// Whether a text is an exponent that Fortran has written without a letter, as it has three digits.
fn is_bare_exponent(text: &str) -> bool {
    text.len() == 4 && text.starts_with(['+', '-']) && !text[1..].starts_with('0')
}

/// Moves leading digits from `rest` to `plain`; how many they were.
fn take_digits(rest: &mut &str, plain: &mut String) -> usize {
    let end = rest.bytes().take_while(u8::is_ascii_digit).count();
    plain.push_str(&rest[..end]);
    *rest = &rest[end..];
    end
}

/// What to do about a text that might have been meant as a number; empty where there is nothing to say.
pub(super) fn hint(text: &str) -> &'static str {
    let other = |decimal, thousands| NumberFormat { decimal, thousands }.parse(text).is_some();
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        ": leave the column out, or list it in `missing`"
    } else if text.contains(['$', '€', '£', '¥']) {
        ": write amounts without their currency"
    } else if text.contains('%') {
        ": write shares without a percent sign"
    } else if text.contains('_') || text.starts_with("0x") || text.starts_with("0X") {
        ": write it in plain decimal digits"
    } else if NumberFormat::PLAIN.parse(text).is_some() {
        " where the decimal mark is a comma: set `dialect: (decimal: Point)`, if all are written so"
    } else if other(DecimalMark::Comma, ThousandsMark::Point) {
        ": with a comma as the decimal mark of all numbers, set `dialect: (decimal: Comma)`"
    } else if other(DecimalMark::Point, ThousandsMark::Comma) {
        ": with a comma between thousands, set `dialect: (thousands: Comma)`"
    } else if other(DecimalMark::Comma, ThousandsMark::Blank)
        || other(DecimalMark::Point, ThousandsMark::Blank)
    {
        ": with a blank between thousands, set `dialect: (thousands: Blank)`"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(decimal: DecimalMark, thousands: ThousandsMark) -> NumberFormat {
        NumberFormat { decimal, thousands }
    }

    #[test]
    fn numbers_of_programs_and_of_fortran_are_read_and_no_others() {
        for (text, value) in [
            ("1.5D+02", 150.0),
            ("15d+2", 1500.0),
            ("1.5d2", 150.0),
            ("-9.31378368D-01", -0.931378368),
            ("1.5Q+02", 150.0),
            ("+5", 5.0),
            ("1e5", 1e5),
            (".5", 0.5),
            ("5.", 5.0),
            ("-.5D0", -0.5),
            ("0.25+102", 0.25e102),
            ("0.25-102", 0.25e-102),
            ("\u{2212}1.5", -1.5),
            ("-inf", f64::NEG_INFINITY),
            ("Infinity", f64::INFINITY),
        ] {
            assert_eq!(NumberFormat::PLAIN.parse(text), Some(value), "{text}");
        }
        for text in [
            "1_000", "0x1F", "5%", "1,5", "1.5D", "1.5DD2", "2020-101", "1.5-2", "1 000", ".", "-",
            "d5", "$5", "1.5.2", "--5", "٣", "2020Q1", "12D3", "1q2", "12.5-100", "0.5-200",
            "0.25-050",
        ] {
            assert_eq!(NumberFormat::PLAIN.parse(text), None, "{text}");
        }
    }

    #[test]
    fn marks_are_those_of_the_format_alone_and_groups_have_three_digits() {
        use {DecimalMark as D, ThousandsMark as T};
        for (marks, text, value) in [
            (format(D::Comma, T::None), "1,5", 1.5),
            (format(D::Comma, T::None), "-0,25D1", -2.5),
            (format(D::Comma, T::None), ",5", 0.5),
            (format(D::Comma, T::None), "7", 7.0),
            (format(D::Comma, T::None), "-inf", f64::NEG_INFINITY),
            (format(D::Comma, T::Point), "1.234.567,5", 1_234_567.5),
            (format(D::Comma, T::Point), "1234,5", 1234.5),
            (format(D::Point, T::Comma), "1,234.5", 1234.5),
            (format(D::Point, T::Comma), "12,345", 12_345.0),
            (format(D::Comma, T::Blank), "1 234,5", 1234.5),
            (
                format(D::Comma, T::Blank),
                "1\u{a0}234\u{a0}567",
                1_234_567.0,
            ),
            (format(D::Comma, T::Blank), "-12\u{202f}345,5", -12_345.5),
            (format(D::Point, T::Apostrophe), "1'234.5", 1234.5),
        ] {
            assert_eq!(marks.parse(text), Some(value), "{text}");
        }
        for (marks, text) in [
            (format(D::Comma, T::None), "1.5"),
            (format(D::Comma, T::None), "1,"),
            (format(D::Comma, T::Point), "1.5"),
            (format(D::Comma, T::Point), "0.123"),
            (format(D::Comma, T::Point), "1234.567"),
            (format(D::Point, T::Comma), "1,23"),
            (format(D::Point, T::Comma), "1,234,5"),
            (format(D::Point, T::Comma), ",234"),
            (format(D::Comma, T::Blank), "1 234\u{a0}567"),
        ] {
            assert_eq!(marks.parse(text), None, "{text}");
        }
    }
}
