//! Whether commas or blanks are marks in the numbers of a single column, not separators.

use super::dialect::{Separator, ThousandsMark};
use super::judge::{Agreement, Layout};
use super::records::Records;

/// Whether the text is better read as a single column: all its lines after the first are numbers, and they are no rows of the chosen
/// layout, because
///
/// ```text
///     12,5           there is one name, or none, and lines have different numbers of fields
///     1 045          a part begins with a zero before a digit, as fractions and groups of thousands do
///     1.234,50       the numbers have marks between thousands that no table with commas between its fields has
/// ```
pub(super) fn is_one_column(chosen: &Layout, single: &Layout, records: Records) -> bool {
    let separates = matches!(chosen.separator, Separator::Comma | Separator::Blanks);
    let rows = chosen.agreement == Agreement::All && chosen.width == 1;
    if !separates || rows || single.width != 1 || single.share < 1.0 {
        return false;
    }
    let lines = Lines::of(chosen.separator, records);
    let commas = chosen.separator == Separator::Comma;
    match chosen.agreement {
        _ if chosen.first > 1 && !lines.first_has_digits => false,
        _ if lines.zero_led => true,
        Agreement::All => {
            let grouped = chosen.best().thousands;
            commas && !matches!(grouped, ThousandsMark::None | ThousandsMark::Comma)
        }
        // Names of rows, as R writes them, count.
        Agreement::ButTheFirst => chosen.first == 1 && (commas || !lines.count),
        Agreement::None => chosen.first == 1 || single.best().thousands != ThousandsMark::None,
    }
}

/// The lines of a text in the fields of a separator.
struct Lines {
    /// Whether a field after the first begins with a zero before a digit, or the first is `-0`.
    zero_led: bool,
    /// Whether all fields of the first line begin with a digit or sign.
    first_has_digits: bool,
    /// Whether the first fields after the first line count.
    count: bool,
}

impl Lines {
    fn of(separator: Separator, records: Records) -> Self {
        let (mut lines, mut number) = (
            Lines {
                zero_led: false,
                first_has_digits: true,
                count: true,
            },
            0,
        );
        let mut last: Option<u64> = None;
        records.for_each(separator, |record, _| {
            number += 1;
            let starts = |field: &[u8]| {
                field
                    .first()
                    .is_some_and(|c| c.is_ascii_digit() || b"+-".contains(c))
            };
            if number == 1 {
                lines.first_has_digits = record.iter().all(starts);
            }
            let zero_led =
                |field: &[u8]| matches!(field, [b'0', second, ..] if second.is_ascii_digit());
            lines.zero_led |=
                record.iter().skip(1).any(zero_led) || record.len() > 1 && &record[0] == b"-0";
            if number > 1 {
                let name = str::from_utf8(&record[0])
                    .ok()
                    .and_then(|name| name.parse().ok());
                lines.count &= name
                    .is_some_and(|name| last.is_none_or(|last| Some(name) == last.checked_add(1)));
                last = name;
            }
        });
        lines
    }
}
