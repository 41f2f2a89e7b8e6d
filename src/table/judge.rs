//! The judgement of a text table by its first MiB: where its rows begin, its separator, the marks of its numbers, its names.
//!
//! The separator is the one that gives every row the same number of fields, at least two; of several the one that makes most fields
//! numbers; that of a single column where commas or blanks are marks in its numbers (`one_column.rs`). The format of the numbers is the
//! one under which most fields are numbers, of the columns that have more numbers than text; of equals the first of
//!
//! ```text
//!     1234.5    1234,5    1,234.5    1.234,5    1 234,5    1 234.5    1'234.5    1'234,5
//! ```
//!
//! where the second and third change places if commas separate the fields. A mark that always stands before three digits is doubtful
//! (`doubtful.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::str;

use ::csv::ByteRecord;

use super::dialect::{DecimalMark, Dialect, Encoding, Separator, ThousandsMark};
use super::doubtful::{counts_thousands, describe_doubt, doubtful};
use super::error::{TableProblem, shorten};
use super::first_line::{ColumnContent, FirstLine, judge_first_line};
use super::lead::Lead;
use super::naming::{self, DistinctNames, Renamed};
use super::number::{NumberFormat, is_missing};
use super::one_column::is_one_column;
use super::records::{Records, lossy};
use super::select::{Header, Selection, number_columns};

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
    /// The names that several columns have, with what all but the first are called instead.
    pub doubled: BTreeMap<String, Vec<String>>,
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

/// The first part of a text.
pub(super) struct Sample<'a> {
    pub text: &'a [u8],
    /// Whether it is the whole text.
    pub whole: bool,
    pub encoding: Encoding,
}

/// A separator with what it makes of the sample.
pub(super) struct Layout {
    pub separator: Separator,
    /// Fields of the first record.
    pub first: usize,
    /// Fields of most of the others.
    pub width: usize,
    pub agreement: Agreement,
    /// Numbers under each of the formats, in columns of numbers.
    numbers: Vec<(NumberFormat, u64)>,
    /// Share of numbers under the best format among the fields with values.
    pub share: f64,
}

/// Whether all records have the same number of fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    /// Some records differ.
    None,
    /// The first record has a field less than all others.
    ButTheFirst,
    All,
}

/// Judges a sample, as far as the selection leaves it open.
///
/// # Errors
/// The marks that the selection gives contradict each other, or there is no record.
pub(super) fn judge(sample: &Sample, selection: &Selection) -> Result<Judgement, TableProblem> {
    let lead = Lead::of(sample.text);
    let text = &sample.text[lead.bytes..];
    let records = Records::of(text, sample.whole);
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
    let mut missing = BTreeSet::new();
    records.for_each(layout.separator, |record, comment| {
        if first.is_none() {
            first = Some(record.clone());
        } else if !(comment && record.len() != layout.width) {
            content.add(record, numbers);
            add_missing_words(record, &mut missing);
        }
    });
    // There may be none, or one that is longer than the sample.
    let any = first.is_some();
    if !any && sample.whole {
        return Err(TableProblem::Empty);
    }
    let first = first.unwrap_or_default();
    let line = judge_first_line(&first, &content, numbers);
    let commented = lead.names(layout.separator, layout.first);
    let named = matches!(line, FirstLine::Names | FirstLine::NumbersAsNames);
    let commented = commented.filter(|_| selection.header != Header::No && !named);
    let header_record = any
        && commented.is_none()
        && match selection.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => named || asks_for(&first, &selection.columns),
        };
    let DistinctNames { names, renamed } = naming::distinct(match commented {
        Some(ref names) => names.clone(),
        None if header_record => header_names(&first, &layout, &content),
        None => number_columns(layout.first),
    });
    let mut remarks = describe_dialect(dialect, &layout, records.quote);
    let in_comment = commented.is_some();
    remarks.push(describe_names(&first, line, header_record, in_comment));
    if !missing.is_empty() {
        let listed: Vec<&str> = missing.iter().take(LISTED).map(String::as_str).collect();
        remarks.push(format!("missing words: `{}`", listed.join("`, `")));
    }
    remarks.extend(renamed.iter().map(Renamed::describe));
    let mut doubled: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Renamed { from, to, .. } in renamed.into_iter().filter(|one| !one.from.is_empty()) {
        doubled.entry(from).or_default().push(to);
    }
    let header = match (selection.header, line) {
        (Header::Auto, FirstLine::NumbersAsNames) => Header::Yes,
        (Header::Auto, FirstLine::RowWithText) => Header::No,
        (said, _) => said,
    };
    Ok(Judgement {
        dialect,
        quote: records.quote,
        lead,
        header_record,
        names,
        reading: Reading {
            dialect: dialect.unusual(),
            header,
            remarks,
            doubled,
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

/// The names in the first record.
fn header_names(first: &ByteRecord, layout: &Layout, below: &ColumnContent) -> Vec<String> {
    let mut names: Vec<String> = first.iter().map(lossy).collect();
    if layout.agreement == Agreement::ButTheFirst {
        // R leaves out what the names of rows are called; other programs end rows, but not the names, with a separator.
        let place = if below.last_is_empty() {
            names.len()
        } else {
            0
        };
        names.insert(place, String::new());
    }
    names
}

fn add_missing_words(record: &ByteRecord, words: &mut BTreeSet<String>) {
    let texts = record
        .iter()
        .filter_map(|field| str::from_utf8(field.trim_ascii()).ok());
    let named = |text: &&str| !text.is_empty() && text.parse::<f64>().is_err() && is_missing(text);
    words.extend(texts.filter(named).map(str::to_owned));
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
        let there = records.have(byte) || separator == Separator::Blanks && records.have(b' ');
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
    let chosen = match layouts.into_iter().rev().max_by(better) {
        Some(chosen) => chosen,
        None => Layout::of(Separator::Comma, records, wanted)?,
    };
    if only {
        return Ok(chosen);
    }
    // The text of a single column has no tabs.
    let single = Layout::of(Separator::Tab, records, wanted)?;
    let takes_single = is_one_column(&chosen, &single, records);
    Ok(if takes_single { single } else { chosen })
}

impl Layout {
    fn of(separator: Separator, records: Records, wanted: Dialect) -> Result<Self, TableProblem> {
        let formats = formats(separator, wanted);
        if formats.is_empty() {
            return Err(TableProblem::Line {
                line: 1,
                what: "`dialect` has the same mark for decimals and thousands".into(),
            });
        }
        let mut first = None;
        let mut rows: BTreeMap<usize, u64> = BTreeMap::new();
        let (mut first_numbers, mut numbers) = (Vec::new(), Vec::new());
        records.for_each(separator, |record, comment| {
            if first.is_none() {
                first = Some(record.len());
                count_numbers(record, &formats, &mut first_numbers);
            } else if !comment {
                *rows.entry(record.len()).or_default() += 1;
                count_numbers(record, &formats, &mut numbers);
            }
        });
        let first = first.unwrap_or(1);
        // A single record is all there is to judge by.
        if rows.is_empty() {
            numbers = first_numbers;
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
        let all = |index: usize| {
            numbers
                .iter()
                .map(|column| column.found[index])
                .sum::<u64>()
        };
        let found = (0..formats.len()).map(all).max().unwrap_or(0);
        let values = numbers.iter().map(|column| column.values).sum::<u64>();
        // A text that happens to be a number under some format says nothing.
        let of_columns = |index: usize| {
            let columns = numbers.iter();
            let columns = columns.filter(|column| 2 * column.found[index] > column.values);
            columns.map(|column| column.found[index]).sum()
        };
        let numbers = formats.iter().enumerate();
        Ok(Layout {
            separator,
            first,
            width,
            agreement,
            numbers: numbers
                .map(|(index, &format)| (format, of_columns(index)))
                .collect(),
            share: found as f64 / values.max(1) as f64,
        })
    }

    /// Numbers under a format.
    pub fn found(&self, decimal: DecimalMark, thousands: ThousandsMark) -> u64 {
        let wanted = NumberFormat { decimal, thousands };
        let of = self.numbers.iter().find(|(format, _)| *format == wanted);
        of.map_or(0, |&(_, found)| found)
    }

    /// The format under which most fields are numbers, of equals the first.
    pub fn best(&self) -> NumberFormat {
        let best = self.numbers.iter().rev().max_by_key(|(_, found)| *found);
        best.map_or(NumberFormat::PLAIN, |&(format, _)| format)
    }
}

/// The numbers of a column.
#[derive(Clone)]
struct ColumnNumbers {
    /// Fields with values.
    values: u64,
    /// Numbers under each of the formats.
    found: Vec<u64>,
}

/// Counts the numbers of a record under each format.
fn count_numbers(record: &ByteRecord, formats: &[NumberFormat], columns: &mut Vec<ColumnNumbers>) {
    let none = ColumnNumbers {
        values: 0,
        found: vec![0; formats.len()],
    };
    columns.resize(columns.len().max(record.len()), none);
    for (field, column) in record.iter().zip(columns) {
        let Ok(text) = str::from_utf8(field.trim_ascii()) else {
            column.values += 1;
            continue;
        };
        let plain = text.parse::<f64>().is_ok();
        if !plain && is_missing(text) {
            continue;
        }
        column.values += 1;
        let point = text.find('.');
        for (format, found) in formats.iter().zip(&mut column.found) {
            *found += u64::from(match (plain, point) {
                (true, None) => true,
                (true, Some(_)) if format.decimal == DecimalMark::Point => true,
                // Only before three digits can it be a mark of thousands.
                (true, Some(point)) if point > 4 || text.len() != point + 4 => false,
                _ => format.parse(text).is_some(),
            });
        }
    }
}

/// Chooses the format of the numbers.
fn choose_format(layout: &Layout, records: Records) -> NumberFormat {
    let best = layout.best();
    let thousands = doubtful(layout).filter(|thousands| *thousands != best);
    thousands
        .filter(|&thousands| counts_thousands(thousands, layout, records))
        .unwrap_or(best)
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
    if let Some(thousands) = doubtful(layout) {
        marks.push_str(&describe_doubt(thousands, dialect.numbers()));
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
            "names: those of line 1, though there are numbers ({shown}); if it is a row, write `header: No`"
        ),
        (_, true) => format!("names: those of line 1 ({shown})"),
        _ if commented => "names: those of the comment before the rows".into(),
        (FirstLine::PerhapsNames, false) => {
            format!("names: none, but line 1 may be names ({shown}); if it is, write `header: Yes`")
        }
        (_, false) => format!("names: none, line 1 is a row ({shown})"),
    }
}
