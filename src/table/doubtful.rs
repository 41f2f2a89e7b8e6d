//! Marks that may be decimal marks as well as marks between thousands, as every one stands before three digits: `1,234` and `1.234`.
//! They are taken for decimal marks; for marks between thousands if commas separate the fields and are the marks, or if every column that
//! has some has integers below 1000 without and none above. Of points there must be three then, and no commas that separate.

use super::dialect::{DecimalMark, Separator, ThousandsMark};
use super::judge::Layout;
use super::number::NumberFormat;
use super::records::Records;

/// Points before three digits that there must be to be no decimal marks.
const POINTS: u64 = 3;

const COMMAS: NumberFormat = NumberFormat {
    decimal: DecimalMark::Point,
    thousands: ThousandsMark::Comma,
};
const POINTS_AND_COMMAS: NumberFormat = NumberFormat {
    decimal: DecimalMark::Comma,
    thousands: ThousandsMark::Point,
};

/// The format with marks between thousands under which as many fields are numbers as with the same marks for decimals.
pub(super) fn doubtful(layout: &Layout) -> Option<NumberFormat> {
    let plain = layout.found(DecimalMark::Point, ThousandsMark::None);
    let comma = layout.found(DecimalMark::Comma, ThousandsMark::None);
    let of = |format: NumberFormat| layout.found(format.decimal, format.thousands);
    let separated = layout.separator == Separator::Comma && layout.width > 1;
    if comma > plain && of(COMMAS) == comma {
        Some(COMMAS)
    } else if plain > comma
        && of(POINTS_AND_COMMAS) == plain
        && !separated
        && layout.best() == NumberFormat::PLAIN
    {
        Some(POINTS_AND_COMMAS)
    } else {
        None
    }
}

/// The numbers of a column by how they are written.
#[derive(Clone, Copy, Default)]
struct Written {
    marked: u64,
    /// Integers of up to three digits.
    short: u64,
    /// Longer integers.
    long: u64,
}

/// Whether the numbers are those of a count with marks between thousands: short integers have none, and no long one lacks it.
pub(super) fn counts_thousands(thousands: NumberFormat, layout: &Layout, records: Records) -> bool {
    let (mark, least) = match thousands.thousands {
        ThousandsMark::Comma => (',', 1),
        _ => ('.', POINTS),
    };
    let mut columns = vec![Written::default(); layout.width];
    let mut first = true;
    records.for_each(layout.separator, |record, comment| {
        let skipped = comment || std::mem::take(&mut first) && layout.width != record.len();
        for (field, column) in record.iter().zip(&mut columns).filter(|_| !skipped) {
            let text = str::from_utf8(field.trim_ascii()).unwrap_or_default();
            let digits = text.trim_start_matches(['-', '+']);
            let integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            column.marked += u64::from(text.contains(mark) && thousands.parse(text).is_some());
            column.short += u64::from(integer && digits.len() <= 3);
            column.long += u64::from(integer && digits.len() > 3);
        }
    });
    let mut with = columns.iter().filter(|column| column.marked > 0);
    let marked: u64 = columns.iter().map(|column| column.marked).sum();
    marked >= least && with.all(|column| column.short > 0 && column.long == 0)
}

/// What to do about a doubtful mark, after the format that was chosen.
pub(super) fn describe_doubt(thousands: NumberFormat, chosen: NumberFormat) -> String {
    let (taken, other) = if chosen == thousands {
        let decimal = match thousands.thousands {
            ThousandsMark::Comma => "(decimal: Comma)",
            _ => "(decimal: Point)",
        };
        ("is the decimal mark", decimal)
    } else {
        let between = match thousands.thousands {
            ThousandsMark::Comma => "(thousands: Comma)",
            _ => "(thousands: Point)",
        };
        ("is between thousands", between)
    };
    format!("; it always stands before three digits: if it {taken}, write `dialect: {other}`")
}
