//! The judgement of a text table by its first MiB: where its rows begin, its separator, the marks of its numbers, its names.
//!
//! The separator is the one that gives every row the same number of fields, at least two; of several the one that makes most fields
//! numbers. The format of the numbers is the one under which most fields are numbers; of equals the first of
//!
//! ```text
//!     1234.5    1234,5    1,234.5    1.234,5    1 234,5    1 234.5    1'234.5    1'234,5
//! ```
//!
//! where the second and third change places if commas separate the fields, and where all commas stand before three digits and every
//! column that has some has shorter integers and no longer ones without.

use std::collections::BTreeMap;
use std::str;

use ::csv::{ByteRecord, ReaderBuilder};

use super::dialect::{DecimalMark, Dialect, Encoding, Separator, ThousandsMark};
use super::error::{TableProblem, shorten};
use super::first_line::{ColumnContent, FirstLine, judge_first_line};
use super::naming::{self, DistinctNames};
use super::number::{NumberFormat, is_missing};
use super::select::{Header, Selection, number_columns};
use super::source::BlankRuns;

/// Bytes that are judged.
pub(super) const SAMPLE: usize = 1 << 20;
/// Missing words that are listed.
const LISTED: usize = 10;

/// How a table is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Where the dialect is not that of a plain CSV.
    pub dialect: Dialect,
    /// Whether the first line has the names, where a session has to say so.
    pub header: Header,
    /// What was judged, a line each.
    pub remarks: Vec<String>,
}

/// The judgement of a text table.
pub(super) struct Judgement {
    /// The dialect, all of it judged.
    pub dialect: Dialect,
    pub quote: u8,
    /// What stands before the first record.
    pub lead: Lead,
    /// Whether the first record holds the names.
    pub header_record: bool,
    /// Names of the columns, distinct.
    pub names: Vec<String>,
    pub reading: Reading,
}

/// What stands before the first record: a byte-order mark, a line `sep=;`, comments, blank lines.
#[derive(Default)]
pub(super) struct Lead {
    pub bytes: usize,
    pub lines: u64,
    separator: Option<Separator>,
    /// Last line of the comments, without its mark.
    comment: Option<String>,
}

/// The first part of a text.
pub(super) struct Sample<'a> {
    pub text: &'a [u8],
    /// Whether it is the whole text.
    pub whole: bool,
    pub encoding: Encoding,
}

/// A separator with what it makes of the sample.
struct Layout {
    separator: Separator,
    /// Fields of the first record.
    first: usize,
    /// Fields of most of the others.
    width: usize,
    agreement: Agreement,
    /// Numbers under each of the formats.
    numbers: Vec<(NumberFormat, u64)>,
    /// Share of numbers under the best format among the fields with values.
    share: f64,
}

/// Whether all records have the same number of fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    /// Some records differ.
    None,
    /// The first record has a field less than all others.
    ButTheFirst,
    All,
}

/// The records of a part of a text.
#[derive(Clone, Copy)]
struct Records<'a> {
    text: &'a [u8],
    whole: bool,
    quote: u8,
}

impl Records<'_> {
    /// Calls `see` with every record that is neither blank nor cut off, and with whether it may be a comment.
    fn for_each(self, separator: Separator, mut see: impl FnMut(&ByteRecord, bool)) {
        let mut replaced = Vec::new();
        let text = if separator == Separator::Blanks {
            BlankRuns::new(self.quote).replace(self.text, &mut replaced);
            &replaced
        } else {
            self.text
        };
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator.byte())
            .quote(self.quote)
            .from_reader(text);
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).is_ok_and(|more| more) {
            let cut = !self.whole && reader.position().byte() >= text.len() as u64;
            if !cut && !is_blank(&record) {
                see(
                    &record,
                    record[0].starts_with(b"#") && !is_value(&record[0], NumberFormat::PLAIN),
                );
            }
        }
    }
}

/// Whether a record is a line of nothing but blanks.
pub(super) fn is_blank(record: &ByteRecord) -> bool {
    record.len() <= 1 && record.iter().all(|field| field.trim_ascii().is_empty())
}

/// Whether a field is a number or a missing value.
pub(super) fn is_value(field: &[u8], format: NumberFormat) -> bool {
    str::from_utf8(field.trim_ascii())
        .is_ok_and(|text| format.parse(text).is_some() || is_missing(text))
}

/// Judges a sample, as far as the selection leaves it open.
///
/// # Errors
/// The marks that the selection gives contradict each other, or there is no record.
pub(super) fn judge(sample: &Sample, selection: &Selection) -> Result<Judgement, TableProblem> {
    let lead = Lead::of(sample.text);
    let text = &sample.text[lead.bytes..];
    let quote = quote(text);
    let records = Records {
        text,
        whole: sample.whole,
        quote,
    };
    let wanted = selection.dialect;
    let layout = choose_layout(records, wanted, &lead)?;
    let numbers = choose_format(&layout, records);
    let dialect = Dialect {
        separator: layout.separator,
        decimal: numbers.decimal,
        thousands: numbers.thousands,
        encoding: sample.encoding,
    };
    let mut first = None;
    let mut content = ColumnContent::of_width(layout.width.max(layout.first));
    let mut missing = BTreeMap::new();
    records.for_each(layout.separator, |record, comment| {
        if first.is_none() {
            first = Some(record.clone());
        } else if !(comment && record.len() != layout.width) {
            content.add(record, numbers);
            count_missing(record, &mut missing);
        }
    });
    // The first record may be longer than the sample.
    let first = first.unwrap_or_default();
    let line = judge_first_line(&first, &content, numbers);
    let commented = lead.names(layout.separator, layout.first);
    let named = matches!(line, FirstLine::Names | FirstLine::NumbersAsNames);
    let commented = commented.filter(|_| selection.header != Header::No && !named);
    let header_record = commented.is_none()
        && match selection.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => named || asks_for(&first, &selection.columns),
        };
    let mut remarks = describe_dialect(dialect, &layout, quote);
    remarks.push(describe_names(
        &first,
        line,
        header_record,
        commented.is_some(),
    ));
    let missing: Vec<String> = missing
        .into_keys()
        .map(|word: String| format!("`{}`", shorten(&word)))
        .collect();
    if !missing.is_empty() {
        remarks.push(format!(
            "missing words: {}",
            missing[..missing.len().min(LISTED)].join(", ")
        ));
    }
    let written = if header_record {
        let mut names: Vec<String> = first.iter().map(lossy).collect();
        if layout.agreement == Agreement::ButTheFirst {
            // R leaves the name of the rows' names out; other programs end rows, but not the names, with a separator.
            let place = if content.last_is_empty() {
                names.len()
            } else {
                0
            };
            names.insert(place, String::new());
        }
        names
    } else {
        commented.unwrap_or_else(|| number_columns(layout.first))
    };
    let DistinctNames { names, renamed } = naming::distinct(written);
    remarks.extend(renamed.iter().map(
        |naming::Renamed { column, from, to }| match from.as_str() {
            "" => format!("column {column} has no name: `{to}`"),
            _ => format!(
                "column {column} is one more `{}`: `{}`",
                shorten(from),
                shorten(to)
            ),
        },
    ));
    let header = match (selection.header, line) {
        (Header::Auto, FirstLine::NumbersAsNames) => Header::Yes,
        (Header::Auto, FirstLine::RowWithText) => Header::No,
        (said, _) => said,
    };
    Ok(Judgement {
        dialect,
        quote,
        lead,
        header_record,
        names,
        reading: Reading {
            dialect: dialect.unusual(),
            header,
            remarks,
        },
    })
}

/// Whether columns are asked for that only the first record names.
fn asks_for(first: &ByteRecord, asked: &[String]) -> bool {
    let there: Vec<String> = first.iter().map(lossy).collect();
    let number = |name: &String| {
        name.parse()
            .is_ok_and(|number: usize| (1..=there.len()).contains(&number))
    };
    !asked.is_empty() && !asked.iter().all(number) && asked.iter().all(|name| there.contains(name))
}

/// The text of a field; bytes that are not UTF-8 are replaced.
pub(super) fn lossy(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim().to_owned()
}

fn count_missing(record: &ByteRecord, missing: &mut BTreeMap<String, u64>) {
    for field in record {
        let text = str::from_utf8(field.trim_ascii()).unwrap_or("x");
        if !text.is_empty() && text.parse::<f64>().is_err() && is_missing(text) {
            *missing.entry(text.to_owned()).or_default() += 1;
        }
    }
}

impl Lead {
    fn of(text: &[u8]) -> Self {
        let mut lead = Lead::default();
        if text.starts_with(b"\xef\xbb\xbf") {
            lead.bytes = 3;
        }
        while lead.bytes < text.len() {
            let rest = &text[lead.bytes..];
            let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let line = &rest[..end.unwrap_or(rest.len())];
            let bytes = line.trim_ascii();
            if let Some(separator) = separator_line(line)
                && lead.lines == 0
            {
                lead.separator = Some(separator);
            } else if is_comment(bytes) {
                let names = bytes.trim_ascii_start();
                lead.comment = Some(lossy(&names[1..]));
            } else if !bytes.is_empty() {
                break;
            }
            let after = &rest[line.len()..];
            let line_break = if after.starts_with(b"\r\n") {
                2
            } else {
                after.len().min(1)
            };
            lead.bytes += line.len() + line_break;
            lead.lines += 1;
        }
        lead
    }

    /// The names in the last comment, if they are so many.
    fn names(&self, separator: Separator, width: usize) -> Option<Vec<String>> {
        let comment = self.comment.as_ref()?;
        let records = Records {
            text: comment.as_bytes(),
            whole: true,
            quote: b'"',
        };
        let mut names = None;
        records.for_each(separator, |record, _| {
            names = Some(record.iter().map(lossy).collect())
        });
        names.filter(|names: &Vec<String>| {
            names.len() == width
                && names
                    .iter()
                    .any(|name| !is_value(name.as_bytes(), NumberFormat::PLAIN))
        })
    }
}

/// The separator that Excel's first line `sep=;` names.
fn separator_line(line: &[u8]) -> Option<Separator> {
    match line.strip_prefix(b"sep=")? {
        [byte] => Separator::of_byte(*byte),
        _ => None,
    }
}

/// Whether a line is a comment, and not a row that begins with `#N/A`.
fn is_comment(line: &[u8]) -> bool {
    let mut fields = line.split(|byte| b",;\t| ".contains(byte));
    line.starts_with(b"#")
        && fields
            .next()
            .is_some_and(|field| !is_value(field, NumberFormat::PLAIN))
}

/// The quote: `'` where the first line begins with one and there is no `"`.
fn quote(text: &[u8]) -> u8 {
    if text.starts_with(b"'") && !text.contains(&b'"') {
        b'\''
    } else {
        b'"'
    }
}

/// The formats that the numbers may have, the likelier first.
fn formats(separator: Separator, wanted: Dialect) -> Vec<NumberFormat> {
    use {DecimalMark as D, ThousandsMark as T};
    let (second, third) = if separator == Separator::Comma {
        ((D::Point, T::Comma), (D::Comma, T::None))
    } else {
        ((D::Comma, T::None), (D::Point, T::Comma))
    };
    let all = [
        (D::Point, T::None),
        second,
        third,
        (D::Comma, T::Point),
        (D::Comma, T::Blank),
        (D::Point, T::Blank),
        (D::Point, T::Apostrophe),
        (D::Comma, T::Apostrophe),
    ];
    let all = all.map(|(decimal, thousands)| NumberFormat { decimal, thousands });
    let fits = |format: &NumberFormat| {
        (wanted.decimal == D::Auto || wanted.decimal == format.decimal)
            && (wanted.thousands == T::Auto || wanted.thousands == format.thousands)
    };
    all.into_iter().filter(fits).collect()
}

/// Chooses the separator.
fn choose_layout(records: Records, wanted: Dialect, lead: &Lead) -> Result<Layout, TableProblem> {
    let candidates: Vec<Separator> = match (wanted.separator, lead.separator) {
        (Separator::Auto, Some(named)) => vec![named],
        (Separator::Auto, None) => Separator::ALL.to_vec(),
        (said, _) => vec![said],
    };
    let only = candidates.len() == 1;
    let mut layouts = Vec::new();
    for separator in candidates {
        let byte = separator.byte();
        let there = records.text.contains(&byte)
            || separator == Separator::Blanks && records.text.contains(&b' ');
        if only || there {
            layouts.push(Layout::of(separator, records, wanted)?);
        }
    }
    let best = layouts
        .iter()
        .map(|layout| layout.share)
        .fold(0.0, f64::max);
    layouts.retain(|layout| only || layout.width > 1 && 2.0 * layout.share >= best);
    // Of equals the first.
    let better = |a: &Layout, b: &Layout| {
        a.agreement
            .cmp(&b.agreement)
            .then(a.share.total_cmp(&b.share))
    };
    let chosen = layouts.into_iter().rev().max_by(better);
    chosen.map_or_else(|| Layout::of(Separator::Comma, records, wanted), Ok)
}

impl Layout {
    fn of(separator: Separator, records: Records, wanted: Dialect) -> Result<Self, TableProblem> {
        let mut numbers: Vec<(NumberFormat, u64)> = formats(separator, wanted)
            .into_iter()
            .map(|format| (format, 0))
            .collect();
        if numbers.is_empty() {
            return Err(TableProblem::Line {
                line: 1,
                what: "`dialect` has the same mark for decimals and thousands".into(),
            });
        }
        let (mut first, mut values) = (None, 0);
        let mut rows: BTreeMap<usize, u64> = BTreeMap::new();
        let mut first_numbers = None;
        records.for_each(separator, |record, comment| {
            if first.is_some() && comment {
                return;
            }
            if first.is_some() {
                *rows.entry(record.len()).or_default() += 1;
            }
            let before = (first.is_none()).then(|| (numbers.clone(), values));
            values += count_numbers(record, &mut numbers);
            if let Some(before) = before {
                first = Some(record.len());
                first_numbers = Some((numbers.clone(), values));
                (numbers, values) = before;
            }
        });
        let first = first.unwrap_or(1);
        // A single record is all there is to judge by.
        if let (true, Some(found)) = (rows.is_empty(), first_numbers) {
            (numbers, values) = found;
        }
        let most = rows
            .iter()
            .max_by_key(|&(&width, &times)| (times, width == first));
        let width = most.map_or(first, |(&width, _)| width);
        let agreement = match rows.len() {
            0 | 1 if width == first => Agreement::All,
            1 if width == first + 1 => Agreement::ButTheFirst,
            _ => Agreement::None,
        };
        let found = numbers.iter().map(|&(_, found)| found).max().unwrap_or(0);
        Ok(Layout {
            separator,
            first,
            width,
            agreement,
            numbers,
            share: found as f64 / values.max(1) as f64,
        })
    }

    fn found(&self, decimal: DecimalMark, thousands: ThousandsMark) -> u64 {
        let wanted = NumberFormat { decimal, thousands };
        let of = self.numbers.iter().find(|(format, _)| *format == wanted);
        of.map_or(0, |&(_, found)| found)
    }

    /// Whether every comma may be a decimal mark as well as one between thousands.
    fn has_doubtful_commas(&self) -> bool {
        let commas = self.found(DecimalMark::Comma, ThousandsMark::None);
        commas == self.found(DecimalMark::Point, ThousandsMark::Comma)
            && commas > self.found(DecimalMark::Point, ThousandsMark::None)
    }

    /// The format under which most fields are numbers, of equals the first.
    fn best(&self) -> NumberFormat {
        let best = self.numbers.iter().rev().max_by_key(|(_, found)| *found);
        best.map_or(NumberFormat::PLAIN, |&(format, _)| format)
    }
}

/// Counts the numbers of a record under each format; the number of fields with values.
fn count_numbers(record: &ByteRecord, numbers: &mut [(NumberFormat, u64)]) -> u64 {
    let mut values = 0;
    for field in record {
        let Ok(text) = str::from_utf8(field.trim_ascii()) else {
            values += 1;
            continue;
        };
        let plain = text.parse::<f64>().is_ok();
        if !plain && is_missing(text) {
            continue;
        }
        values += 1;
        let point = text.find('.');
        for (format, found) in numbers.iter_mut() {
            *found += u64::from(match (plain, point) {
                (true, None) => true,
                (true, Some(_)) if format.decimal == DecimalMark::Point => true,
                // Only before three digits can it be a mark of thousands.
                (true, Some(point)) if point > 4 || text.len() != point + 4 => false,
                _ => format.parse(text).is_some(),
            });
        }
    }
    values
}

/// Chooses the format of the numbers.
fn choose_format(layout: &Layout, records: Records) -> NumberFormat {
    let best = layout.best();
    let wanted = NumberFormat {
        decimal: DecimalMark::Point,
        thousands: ThousandsMark::Comma,
    };
    if !layout.has_doubtful_commas() || best == wanted {
        return best;
    }
    // By column: commas, integers of up to three digits and longer ones.
    let mut commas = vec![[0u64; 3]; layout.width];
    records.for_each(layout.separator, |record, comment| {
        for (field, counts) in record.iter().zip(&mut commas).filter(|_| !comment) {
            let text = str::from_utf8(field.trim_ascii()).unwrap_or_default();
            let digits = text.trim_start_matches(['-', '+']);
            let integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            counts[0] += u64::from(text.contains(',') && wanted.parse(text).is_some());
            counts[1] += u64::from(integer && digits.len() <= 3);
            counts[2] += u64::from(integer && digits.len() > 3);
        }
    });
    let mut with = commas.iter().filter(|[commas, ..]| *commas > 0);
    let thousands = with.all(|&[_, short, long]| short > 0 && long == 0);
    if thousands { wanted } else { best }
}

/// The lines on the dialect.
fn describe_dialect(dialect: Dialect, layout: &Layout, quote: u8) -> Vec<String> {
    let mut remarks = Vec::new();
    if layout.first > 1 {
        remarks.push(format!("separator: {}", dialect.separator));
    }
    let mut marks = format!("decimal mark: {}", dialect.decimal);
    if dialect.thousands != ThousandsMark::None {
        marks.push_str(&format!("; between thousands: {}", dialect.thousands));
    }
    if layout.has_doubtful_commas() {
        marks.push_str(match dialect.decimal {
            DecimalMark::Comma => {
                "; it always stands before three digits: if it is between thousands, write `dialect: (thousands: Comma)`"
            }
            _ => "; it always stands before three digits: if it is the decimal mark, write `dialect: (decimal: Comma)`",
        });
    }
    remarks.push(marks);
    if dialect.encoding != Encoding::Utf8 {
        remarks.push(format!("encoding: {}", dialect.encoding));
    }
    if quote != b'"' {
        remarks.push("quotes: '".into());
    }
    remarks
}

/// The line on the names.
fn describe_names(first: &ByteRecord, line: FirstLine, header: bool, commented: bool) -> String {
    const SHOWN: usize = 3;
    let mut shown: Vec<String> = first
        .iter()
        .take(SHOWN)
        .map(|field| shorten(&lossy(field)))
        .collect();
    if first.len() > SHOWN {
        shown.push("…".into());
    }
    let shown = shown.join(", ");
    match (line, header) {
        (FirstLine::NumbersAsNames, true) => format!(
            "names: those of line 1, though they are numbers ({shown}); if it is a row, write `header: No`"
        ),
        (_, true) => format!("names: those of line 1 ({shown})"),
        _ if commented => "names: those of the comment before the rows".into(),
        (FirstLine::PerhapsNames, false) => {
            format!("names: none, but line 1 may be names ({shown}); if it is, write `header: Yes`")
        }
        (_, false) => format!("names: none, line 1 is a row ({shown})"),
    }
}
