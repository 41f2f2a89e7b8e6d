//! An array as the rows of a table: where every column lies. Rows lie in records of equal size, one after the other:
//!
//! | array | runs of records |
//! | --- | --- |
//! | of one axis | a run of one column |
//! | of two axes, C order | a run of all columns |
//! | of two axes, Fortran order | a run for each column |
//! | of one axis with fields | a run of all fields; a field of several elements is as many columns, `field.1`, `field.2`, ... |

use std::io;

use serde_json::Value;

use super::element::ElementType;
use super::header::Header;
use super::source::Source;
use crate::table::error::{TableProblem, shorten};
use crate::table::name_source::NameSource;
use crate::table::select::{check_width, number_columns};

/// An array of one or two axes in a file.
#[derive(Debug)]
pub(super) struct Array {
    pub rows: usize,
    /// Names of all columns.
    pub names: ColumnNames,
    /// The records of all columns, in the order of their names.
    pub runs: Vec<Records>,
}

/// The names of the columns of an array.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ColumnNames {
    /// One column without a name.
    Single,
    /// Columns without names.
    Numbered(usize),
    /// The fields of a structured array.
    Fields(Vec<String>),
}

/// A run of records, one for every row.
#[derive(Clone, Debug)]
pub(super) struct Records {
    source: Source,
    /// Bytes of the source before the first record.
    start: u64,
    /// Bytes of a record, at least 1.
    pub size: usize,
    /// The columns.
    pub fields: Vec<Field>,
}

/// A column in a run of records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub element: ElementType,
    /// Bytes of the record before it.
    pub offset: usize,
}

impl Array {
    /// Reads the header of an array.
    ///
    /// # Errors
    /// The bytes are no NPY, or an array of another kind; the message says what to do in NumPy.
    pub fn read(source: &Source) -> Result<Self, TableProblem> {
        let header = Header::read(source)?;
        let mut record = Record::default();
        record.add("", &header.descr)?;
        let (rows, width, names) = match (header.descr.is_string(), &header.shape[..]) {
            _ if record.size == 0 => return Err(bad_field(&header.descr)),
            (true, &[rows]) => (rows, 1, ColumnNames::Single),
            (true, &[rows, width]) if width > 0 => {
                let columns = usize::try_from(width).unwrap_or(usize::MAX);
                (rows, width, ColumnNames::Numbered(columns))
            }
            (false, &[rows]) if !record.fields.is_empty() => {
                (rows, 1, ColumnNames::Fields(record.names))
            }
            _ => return Err(wrong_shape(&header)),
        };
        let size = record.size;
        let needed = rows
            .checked_mul(width)
            .and_then(|count| count.checked_mul(size as u64));
        let there = source.bytes.saturating_sub(header.start);
        if needed != Some(there) {
            return Err(TableProblem::Format(format!(
                "is cut short or damaged: its header says {rows} x {width} values of {size} bytes, but {there} bytes follow"
            )));
        }
        if let ColumnNames::Numbered(columns) = names {
            check_width(columns)?;
        }
        let rows = usize::try_from(rows)
            .map_err(|_| TableProblem::Format("is too large for this machine".into()))?;
        let run = |start, size, fields| Records {
            source: source.clone(),
            start,
            size,
            fields,
        };
        let runs = match names {
            ColumnNames::Numbered(width) if header.fortran_order => {
                let start = |column| header.start + (column * rows * size) as u64;
                let columns = 0..width;
                columns
                    .map(|column| run(start(column), size, record.fields.clone()))
                    .collect()
            }
            ColumnNames::Numbered(width) => {
                let element = record.fields[0].element;
                let field = |column| Field {
                    element,
                    offset: column * size,
                };
                vec![run(
                    header.start,
                    width * size,
                    (0..width).map(field).collect(),
                )]
            }
            ColumnNames::Single | ColumnNames::Fields(_) => {
                vec![run(header.start, size, record.fields)]
            }
        };
        Ok(Array { rows, names, runs })
    }
}

impl ColumnNames {
    /// The names of the columns of an array that stands alone.
    pub fn alone(&self) -> Vec<String> {
        match self {
            ColumnNames::Single => number_columns(1),
            ColumnNames::Numbered(width) => number_columns(*width),
            ColumnNames::Fields(names) => names.clone(),
        }
    }

    /// The source of [`ColumnNames::alone`].
    pub fn source(&self) -> NameSource {
        match self {
            ColumnNames::Single | ColumnNames::Numbered(_) => NameSource::Numbers,
            ColumnNames::Fields(_) => NameSource::File,
        }
    }
}

impl Records {
    /// The bytes of `count` records from number `first` on.
    pub fn bytes(&self, first: usize, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count * self.size];
        let offset = self.start + (first * self.size) as u64;
        self.source.read(offset, &mut bytes)?;
        Ok(bytes)
    }
}

/// A record while its fields are added.
#[derive(Default)]
struct Record {
    names: Vec<String>,
    fields: Vec<Field>,
    size: usize,
}

impl Record {
    /// Adds an element of this type, or all fields of a record. The array itself has no name.
    fn add(&mut self, name: &str, descr: &Value) -> Result<(), TableProblem> {
        match descr {
            Value::String(kind) => {
                let element =
                    ElementType::named(kind).map_err(|problem| of_field(name, problem))?;
                check_width(self.fields.len() + 1)?;
                self.names.push(name.to_owned());
                self.fields.push(Field {
                    element,
                    offset: self.size,
                });
                self.extend(element.size)
            }
            Value::Array(fields) if !fields.is_empty() => fields
                .iter()
                .try_for_each(|field| self.add_field(name, field)),
            _ => Err(bad_field(descr)),
        }
    }

    /// Adds a field of a record that is itself the field `outer` of another one, or the whole element.
    fn add_field(&mut self, outer: &str, field: &Value) -> Result<(), TableProblem> {
        let bad = || bad_field(field);
        let (name, descr, shape) = match field.as_array().map(Vec::as_slice) {
            Some([name, descr]) => (name, descr, None),
            Some([name, descr, Value::Array(shape)]) => (name, descr, Some(shape)),
            _ => return Err(bad()),
        };
        // A field with a title has a pair of both.
        let name = name.get(1).unwrap_or(name).as_str().ok_or_else(bad)?;
        if name.is_empty() {
            let bytes = descr.as_str().and_then(gap).filter(|_| shape.is_none());
            return self.extend(bytes.ok_or_else(bad)?);
        }
        let name = match outer {
            "" => name.to_owned(),
            outer => format!("{outer}.{name}"),
        };
        let Some(shape) = shape else {
            return self.add(&name, descr);
        };
        let elements = shape.iter().try_fold(1u64, |elements, axis| {
            axis.as_u64().and_then(|axis| elements.checked_mul(axis))
        });
        let elements = elements.and_then(|elements| usize::try_from(elements).ok());
        let elements = elements.ok_or_else(bad)?;
        check_width(elements)?;
        (1..=elements).try_for_each(|number| self.add(&format!("{name}.{number}"), descr))
    }

    fn extend(&mut self, bytes: usize) -> Result<(), TableProblem> {
        let size = self.size.checked_add(bytes);
        self.size = size.filter(|&size| size <= LARGEST).ok_or_else(|| {
            TableProblem::Format(format!("has records of more than {LARGEST} bytes"))
        })?;
        Ok(())
    }
}

/// Bytes that a record may have.
const LARGEST: usize = 1 << 24;

/// The bytes of a gap between fields: NumPy describes it as raw bytes, `|V4`.
fn gap(kind: &str) -> Option<usize> {
    let bytes = kind.strip_prefix("|V")?.parse().ok();
    bytes.filter(|&bytes| bytes > 0)
}

fn bad_field(field: &Value) -> TableProblem {
    let field = field.to_string();
    let field = shorten(&field);
    TableProblem::Format(format!(
        "has a header that is not understood: no field or type `{field}`"
    ))
}

/// The problem of a field, with its name; of an array without fields its own problem.
fn of_field(name: &str, problem: TableProblem) -> TableProblem {
    if name.is_empty() {
        return problem;
    }
    let name = shorten(name);
    TableProblem::Format(format!(
        "in the field `{name}` {problem}; or leave it out: numpy.lib.recfunctions.drop_fields(array, '{name}')"
    ))
}

/// The refusal of an array that has no rows and columns, with what to do about it.
fn wrong_shape(header: &Header) -> TableProblem {
    let what = match (header.descr.is_string(), &header.shape[..]) {
        (false, _) => "save an array with fields as array.ravel(), of one axis",
        (_, []) => "a single number is no table",
        (_, [_, 0]) => "it has no columns",
        _ => "save it as array.reshape(len(array), -1) if the first axis counts the rows",
    };
    TableProblem::Format(format!(
        "is an array of shape {:?}; a table has rows and columns: {what}",
        header.shape
    ))
}
